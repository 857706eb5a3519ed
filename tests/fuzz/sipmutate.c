/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A mutator that knows lines and words of SIP. Linked, libFuzzer uses it.
 */
#include <string.h>
#include "must.h"
#include "sipmutate.h"
#include "siptext.h"
#include "torture.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed);

const char *const sip_wordv[] = {
	" ",
	"\t",
	"\r\n ",
	";",
	",",
	"\"",
	"<",
	">",
	"%",
	"@",
	":",
	";rport",
	";received=192.0.2.10",
	";branch=z9hG4bKx",
	";lr",
	";tag=x",
	"?x=y",
	"[",
	"::ffff:",
	"Route: <sip:192.0.2.1;lr>\r\n",
	"Route: <sip:198.51.100.20;lr>, <sip:192.0.2.10>\r\n",
	"Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKy\r\n",
	"Max-Forwards: 70\r\n",
	"l: 0\r\n",
	"Record-Route: <sip:192.0.2.1;lr>\r\n",
	";rport=5",
	";maddr=192.0.2.7",
	";transport=udp",
	";transport=TCP",
	"%41",
	"0",
	"\n",
	"\r",
	"198.51.100.21",
	"255.255.255.255",
	"[2001:db8:2::20]",
	"example.com",
	"Proxy-Require: x\r\n",
	"Event: presence\r\n",
	"Contact: <sip:x@y>\r\n",
};
const size_t sip_wordc = ARRAY_SIZE(sip_wordv);

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 8;
}

/* Start and length, with the end, of the line that holds this byte */
static size_t line_at(const uint8_t *p, size_t n, size_t at, size_t *len)
{
	size_t from = at, to = at;

	while (from && p[from - 1] != '\n')
		--from;
	while (to < n && p[to] != '\n')
		++to;
	*len = (to < n ? to + 1 : n) - from;
	return from;
}

size_t sip_move_line(uint8_t *p, size_t n, size_t max, unsigned how,
		     unsigned *seed)
{
	static uint8_t line[SIPTEXT_MAX];
	size_t len, at = line_at(p, n, next_random(seed) % n, &len), to;

	memcpy(line, p + at, len);
	if (how != 1) {
		memmove(p + at, p + at + len, n - at - len);
		n -= len;
	}
	if (!how || !n || n + len > max)
		return n;
	to = line_at(p, n, next_random(seed) % n, &(size_t){0});
	memmove(p + to + len, p + to, n - to);
	memcpy(p + to, line, len);
	return n + len;
}

/* Text of ours in front of a line or of a byte */
static size_t insert(uint8_t *p, size_t n, size_t max, unsigned *seed)
{
	const unsigned i = next_random(seed) % sip_wordc;
	const size_t len = strlen(sip_wordv[i]);
	size_t at = next_random(seed) % n;

	if (n + len > max)
		return n;
	if (len > 16)
		at = line_at(p, n, at, &(size_t){0});
	memmove(p + at + len, p + at, n - at);
	memcpy(p + at, sip_wordv[i], len);
	return n + len;
}

static size_t torture(uint8_t *p, size_t max, unsigned *seed)
{
	static struct torture_text t;

	MUST(!torture_read(&t, torturev[next_random(seed) % torturec].name,
			   "000000000000000000"));
	if (t.inlen > max || t.inlen > SIPTEXT_MAX)
		return 0;
	memcpy(p, t.in, t.inlen);
	return t.inlen;
}

/* Most of what a message is changed into is refused by all: a recipe makes one that
 * is all but good */
static size_t recipe(uint8_t *data, unsigned *seed)
{
	for (size_t i = 0; i < 11; i++)
		data[i] = (uint8_t)next_random(seed);
	data[1] |= SIPTEXT_RECIPE;
	return next_random(seed) % 2 ? 7 : 11;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed)
{
	const unsigned what = next_random(&seed) % 64;
	uint8_t *p = data + SIPTEXT_HEAD;
	size_t n = size - SIPTEXT_HEAD;

	if (max > SIPTEXT_MAX)
		max = SIPTEXT_MAX;
	if (max <= 32)
		return LLVMFuzzerMutate(data, size, max);
	if (size <= SIPTEXT_HEAD || size > max || what < 20)
		return recipe(data, &seed);
	max -= SIPTEXT_HEAD;
	if (what < 23)
		data[0] = (uint8_t)next_random(&seed);
	if (data[1] & SIPTEXT_RECIPE)
		return SIPTEXT_HEAD + LLVMFuzzerMutate(p, n, 30);
	if (what < 24) {
		n = torture(p, max, &seed);
		return SIPTEXT_HEAD + n;
	}
	if (what < 34)
		return SIPTEXT_HEAD + sip_move_line(p, n, max, what % 3, &seed);
	if (what < 44)
		return SIPTEXT_HEAD + insert(p, n, max, &seed);
	return SIPTEXT_HEAD + LLVMFuzzerMutate(p, n, max);
}
