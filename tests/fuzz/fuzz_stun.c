/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * STUN that comes to a media port, as it is, or with an integrity and fingerprint that
 * are right whatever is in it. An answer is short, and of this request; RTCP that
 * comes to one that ends here is read beside. The full side gets the same, as many
 * messages as there are, in a time of its own, and lines of candidates.
 */
#include <stdlib.h>
#include <string.h>
#include "ice/full.h"
#include "ice/lite.h"
#include "must.h"
#include "rtp/report.h"

enum { HEADER = 20, MI = 24, FP = 8, MOST = 1200, ANSWER_MAX = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct lite us = {.ufrag = "abcdefgh",
			       .pwd = "0123456789abcdef01234567"};

static void len_put(uint8_t *p, size_t n)
{
	p[2] = (uint8_t)((n - HEADER) >> 8);
	p[3] = (uint8_t)(n - HEADER);
}

/* A Binding request with these attributes, and what makes it ours */
static size_t sealed(uint8_t *p, const uint8_t *attrs, size_t n)
{
	static const uint8_t head[HEADER] = "\0\1\0\0\x21\x12\xa4\x42"
					    "0123456789a";
	static const uint8_t user[] = "\0\x06\0\x0c"
				      "abcdefgh:xyz";
	uint32_t crc;

	n &= ~(size_t)3;
	memcpy(p, head, HEADER);
	memcpy(p + HEADER, user, sizeof(user) - 1);
	memcpy(p + HEADER + sizeof(user) - 1, attrs, n);
	n += HEADER + sizeof(user) - 1;
	len_put(p, n + MI);
	memcpy(p + n, "\0\x08\0\x14", 4);
	hmac_sha1((const uint8_t *)us.pwd, strlen(us.pwd), p, n, p + n + 4, 20);
	n += MI;
	len_put(p, n + FP);
	crc = (uint32_t)crc32(0, p, (unsigned)n) ^ 0x5354554e;
	memcpy(p + n, "\x80\x28\0\x04", 4);
	for (unsigned i = 0; i < 4; i++)
		p[n + 4 + i] = (uint8_t)(crc >> (24 - 8 * i));

	return n + FP;
}

static void message(const uint8_t *p, size_t n)
{
	struct mbuf *out = mbuf_alloc(64);
	struct sa src;
	enum lite_got got;

	MUST(out && !sa_set_str(&src, "192.0.2.1", 1234));
	got = lite_recv(&us, &src, p, n, out);
	if (got == LITE_NOTHING) {
		MUST(!out->end);
	} else {
		MUST(n >= HEADER && out->end >= HEADER &&
		     out->end <= ANSWER_MAX);
		MUST(!memcmp(out->buf + 4, p + 4, HEADER - 4));
	}
	mem_deref(out);
}

/* Whatever comes, it asks its peers alone or who has asked by right, and not often */
static void sent(const struct sa *dst, const uint8_t *p, size_t n, void *arg)
{
	unsigned *count = arg;

	MUST(sa_isset(dst, SA_ALL) && n >= HEADER && n <= MOST && p);
	++*count;
}

static void candidate(struct full *x, const uint8_t *p, size_t n, uint64_t now)
{
	const struct pl pl = {(const char *)p, n};
	uint32_t prio;
	struct sa sa;

	if (full_cand_decode(&sa, &prio, &pl))
		return;
	MUST(prio && sa_isset(&sa, SA_ALL) && !sa_is_any(&sa));
	(void)full_candidate(x, &sa, prio, now);
}

static void full_take(struct full *x, const struct sa *src, const uint8_t *p,
		      size_t n, uint64_t now)
{
	struct mbuf *no;

	if (full_recv(x, false, src, p, n, now, &no))
		MUST(!no);
	MUST(!no || (no->end >= HEADER && no->end <= ANSWER_MAX));
	mem_deref(no);
}

/* Each message: how long to wait, what it is, its length, itself */
static void full_side(const uint8_t *p, size_t n)
{
	uint8_t msg[MOST + 256];
	unsigned count = 0;
	const struct full_conf conf = {.us = us,
				       .controlling = n & 1,
				       .ufrag = "xyz1",
				       .pwd = us.pwd,
				       .peer_lite = n & 2,
				       .sendh = sent,
				       .arg = &count};
	uint64_t now = 1000;
	struct full *x;
	struct sa src;

	MUST(!full_alloc(&x, &conf, now));
	while (n >= 3) {
		const size_t len = p[2] < n - 3 ? p[2] : n - 3;
		const unsigned before = count;

		MUST(!sa_set_str(&src, p[1] & 8 ? "192.0.2.1" : "2001:db8::1",
				 1000 + (p[1] >> 4)));
		if ((p[1] & 3) == 0)
			candidate(x, p + 3, len, now);
		else if ((p[1] & 3) == 1)
			full_take(x, &src, p + 3, len, now);
		else
			full_take(x, &src, msg, sealed(msg, p + 3, len), now);
		(void)full_tick(x, now);
		MUST(count - before <= 2 + FULL_CANDS);
		now += p[0] * 4ul;
		MUST(full_tick(x, now) >= -1);
		MUST(full_state(x) != FULL_UP ||
		     sa_isset(full_selected(x), SA_ALL));
		p += 3 + len;
		n -= 3 + len;
	}
	mem_deref(x);
}

static void reports(const uint8_t *p, size_t n)
{
	struct report_out out = {.ssrc = 1};
	struct report_in in = {.started = true, .ssrc = 2};

	report_read(&out, &in, p, n, 1000000000, 1700000000000000000);
	MUST(out.rtt_us < 31 * 1000000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy, p[MOST + 256];

	if (size < 1 || size > MOST)
		return 0;
	copy = malloc(size);
	MUST(copy);
	memcpy(copy, data + 1, size - 1);
	message(copy, size - 1);
	reports(copy, size - 1);
	free(copy);
	message(p, sealed(p, data + 1, size - 1));
	full_side(data, size);

	return 0;
}
