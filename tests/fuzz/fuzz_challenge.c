/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same REGISTER to the XDP program and to a whole registrar (regbed.h): what the
 * program answers the registrar challenges with the same bytes, but for nonces that it
 * takes for its own, to the same address. All else goes up as it came. The first byte
 * says how the registrar is configured, and from where; the second whether a message
 * follows, or what to change in a good one (SIPTEXT_RECIPE).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "digest/nonce.h"
#include "frame.h"
#include "must.h"
#include "regbed.h"
#include "sipmutate.h"
#include "siptext.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct regbed *bed;
static unsigned long answered, passed;

static void say(void)
{
	fprintf(stderr, "answered: %lu, passed up: %lu\n", answered, passed);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	void *state = NULL;
	(void)argc;
	(void)argv;

	MUST(!geteuid());
	MUST(!libre_init());
	MUST(!regbed_setup(&state));
	bed = state;
	atexit(say);
	return 0;
}

/* ---- the message --------------------------------------------------------------- */

static const char good[] =
	"REGISTER sip:example.com SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 192.0.2.10:5062;branch=z9hG4bKabc;rport\r\n"
	"Max-Forwards: 70\r\nFrom: \"A\" <sip:alice@example.com>;tag=a1\r\n"
	"To: <sip:alice@example.com>\r\nCall-ID: call-1@192.0.2.10\r\n"
	"CSeq: 1 REGISTER\r\nContact: <sip:alice@192.0.2.10:5062>;q=0.5\r\n"
	"Expires: 600\r\nUser-Agent: x\r\nContent-Length: 0\r\n\r\n";

/* A word or some bytes into n bytes of text, over others or between them */
static size_t put(char *text, size_t n, size_t at, size_t over, const char *p,
		  size_t len)
{
	if (over > n - at)
		over = n - at;
	if (n - over + len > REGBED_TEXT - 600)
		return n;
	memmove(text + at + len, text + at + over, n - at - over);
	memcpy(text + at, p, len);
	return n - over + len;
}

/* Each change takes four bytes: what, where (two), with what */
static size_t change(char *text, const uint8_t *data, size_t size)
{
	size_t n = strlen(good);

	memcpy(text, good, n);
	for (; size >= 4; data += 4, size -= 4) {
		const size_t at = (data[1] << 8 | data[2]) % n;
		const char *word = sip_wordv[data[3] % sip_wordc];
		const char byte = (char)data[3];
		unsigned seed = data[1] << 16 | data[2] << 8 | data[3];

		switch (data[0] & 3) {
		case 0:
			n = put(text, n, at, data[0] >> 2 & 15, word,
				strlen(word));
			break;
		case 1:
			n = put(text, n, at, data[0] >> 2 & 1, &byte, 1);
			break;
		case 2:
			n = put(text, n, at, data[0] >> 2 & 31, "", 0);
			break;
		default:
			n = sip_move_line((uint8_t *)text, n, REGBED_TEXT - 600,
					  (data[0] >> 2) % 3, &seed);
		}
		if (!n)
			break;
	}
	return n;
}

static size_t message(char *text, const uint8_t *data, size_t size, bool recipe)
{
	if (recipe)
		return change(text, data, size);
	if (size > SCAN_LEN_MAX)
		size = SCAN_LEN_MAX;
	memcpy(text, data, size);
	return size;
}

/* ---- both ------------------------------------------------------------------------ */

static void different(const char *what, const char *text, size_t n,
		      const struct regbed_reply *want,
		      const struct regbed_reply *got)
{
	fprintf(stderr,
		"%s; in:\n%.*s\nkernel's to port %u:\n%.*s\n"
		"registrar's to port %u:\n%.*s\n",
		what, (int)n, text, sa_port(&got->dst), (int)got->len,
		got->text, sa_port(&want->dst), (int)want->len, want->text);
	abort();
}

static bool is_nonce(const char *text, const struct pl *realm,
		     enum digest_alg alg, const struct sa *src)
{
	const struct nonce_scope s = {
		.key = {1, 2}, .realm = *realm, .alg = alg, .src = src};
	const struct pl pl = {text, SIP_NONCE_LEN};
	uint64_t id, when;

	return nonce_check(&s, &pl, (uint64_t)time(NULL), 300, &id, &when) ==
	       NONCE_GOOD;
}

static void compare(const char *text, size_t n, const struct sa *src,
		    const struct sa *dst, const struct pkt *out,
		    const struct regbed_conf *conf)
{
	static struct regbed_reply want, got;
	char noncev[REGBED_NONCES][SIP_NONCE_LEN + 1];
	char theirs[REGBED_NONCES][SIP_NONCE_LEN + 1];
	struct frame f;
	struct pl realm;
	size_t c;

	MUST(frame_look(&f, out) && frame_ip_right(&f) && !udp_verify(f.ip));
	memset(&got, 0, sizeof(got));
	got.len = f.udplen - 8u;
	memcpy(got.text, f.payload, got.len);
	if (f.v6)
		sa_set_in6(&got.dst, f.dst, f.dport);
	else
		sa_set_in(&got.dst, frame_get32(f.dst), f.dport);
	regbed_ask(&want, src, dst, text, n);
	c = regbed_nonces(&got, noncev);
	if (c != regbed_nonces(&want, theirs) || got.len != want.len ||
	    memcmp(got.text, want.text, got.len) != 0)
		different("not the same bytes", text, n, &want, &got);
	if (!sa_cmp(&got.dst, &want.dst, SA_ALL))
		different("to another address", text, n, &want, &got);
	MUST(f.sport == sa_port(dst));
	MUST(c == (conf->algc ? conf->algc : 1));
	MUST(!re_regex(got.text, got.len, "realm=\"[^\"]+\"", &realm));
	for (size_t i = 0; i < c; i++)
		MUST(is_nonce(noncev[i], &realm,
			      conf->algc ? conf->algv[i] : DIGEST_MD5, src));
}

static const struct regbed_conf confv[] = {
	{.realm = NULL},
	{.realm = "a realm of all",
	 .algv = {DIGEST_SHA256, DIGEST_MD5},
	 .algc = 2},
	{.algv = {DIGEST_SHA512_256, DIGEST_SHA256, DIGEST_MD5}, .algc = 3},
	{.open = true},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[REGBED_TEXT];
	static struct pkt in, out;
	static int before = -1;
	const bool v6 = size && *data & 4;
	const struct sa src = addr(v6 ? A6 : A4, 5062);
	const struct sa dst = addr(v6 ? LAN6 : LAN4, REGBED_PORT);
	struct spec spec = {.dmac = bed->bed->mac_lan,
			    .smac = mac_a,
			    .src = v6 ? A6 : A4,
			    .dst = v6 ? LAN6 : LAN4,
			    .sport = 5062,
			    .dport = REGBED_PORT,
			    .payload = text};
	int action;

	if (size < SIPTEXT_HEAD)
		return 0;
	if ((*data & 3) != before) {
		before = *data & 3;
		regbed_configure(bed, &confv[before]);
	}
	regbed_kernel(bed, true);
	spec.sum = (enum pkt_sum)(*data >> 3 & 3);
	spec.paylen = message(text, data + SIPTEXT_HEAD, size - SIPTEXT_HEAD,
			      data[1] & SIPTEXT_RECIPE);
	if (!spec.paylen || spec.paylen > 3000)
		return 0;
	pkt_build(&in, &spec);
	action = bed_run(bed->bed, bed->bed->lan, &in, &out);
	if (action == XDP_TX) {
		MUST(spec.sum != SUM_WRONG && !(v6 && spec.sum == SUM_ZERO));
		compare(text, spec.paylen, &src, &dst, &out, &confv[before]);
		++answered;
	} else {
		MUST(action == XDP_PASS);
		MUST(in.len == out.len && !memcmp(in.b, out.b, in.len));
		++passed;
	}
	return 0;
}
