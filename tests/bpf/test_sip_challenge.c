/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A REGISTER without credentials, as the kernel answers it and as the registrar does:
 * byte for byte the same, but for the nonces, which the registrar knows for its own
 * (docs/registrar.md)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "digest/nonce.h"
#include "regbed.h"
#include "sides.h"

#define VIA "Via: SIP/2.0/UDP 192.0.2.10:5062;branch=z9hG4bKabc;rport\n"
#define FROM "From: <sip:alice@example.com>;tag=a1\n"
#define TO "To: <sip:alice@example.com>\n"
#define CALL "Call-ID: call-1@192.0.2.10\n"
#define CSEQ "CSeq: 1 REGISTER\n"
#define REST "Contact: <sip:alice@192.0.2.10:5062>\nExpires: 600\n\n"
#define START "REGISTER sip:example.com SIP/2.0\n"
#define PLAIN START VIA FROM TO CALL CSEQ REST
#define WITH_VIA(via) START via FROM TO CALL CSEQ REST
#define WITH_TO(to) START VIA FROM to CALL CSEQ REST
#define WITH(line) START VIA FROM TO CALL CSEQ line REST

/** A REGISTER: zeroes stand for one from A4:5062 to LAN4:5070 */
struct ask {
	const char *what, *text;
	const char *src, *dst;
	uint16_t sport, dport;
	const uint8_t *dmac; /**< NULL: of the interface that it comes to     */
	enum pkt_sum sum;
	uint16_t vlan;
	size_t pad;
	int reason; /**< why it goes up; 0: it is answered          */
	int action; /**< with a reason: XDP_*; 0: XDP_PASS          */
};

#define ASK(what_, ...)                                                        \
	{                                                                      \
		.what = what_, .text = __VA_ARGS__                             \
	}

static size_t expand(char *to, const char *s)
{
	size_t n = 0;

	for (; *s; s++) {
		if (*s == '\n')
			to[n++] = '\r';
		to[n++] = *s;
	}
	return n;
}

static struct spec frame_of(const struct regbed *r, const struct ask *a,
			    const char *text, size_t n)
{
	return (struct spec){
		.dmac = a->dmac   ? a->dmac
			: a->vlan ? r->bed->mac_wan
				  : r->bed->mac_lan,
		.smac = a->vlan ? mac_t : mac_a,
		.vlan = {a->vlan},
		.src = a->src ? a->src : A4,
		.dst = a->dst ? a->dst : LAN4,
		.sport = a->sport ? a->sport : 5062,
		.dport = a->dport ? a->dport : REGBED_PORT,
		.sum = a->sum,
		.pad = a->pad,
		.payload = text,
		.paylen = n,
	};
}

/* What the registrar says to it. @return whether it is a challenge */
static bool registrar_says(struct regbed_reply *reply, const struct ask *a,
			   const char *text, size_t n)
{
	const struct sa src = addr(a->src ? a->src : A4,
				   a->sport ? a->sport : 5062);
	const struct sa dst = addr(a->dst ? a->dst : LAN4,
				   a->dport ? a->dport : REGBED_PORT);

	regbed_ask(reply, &src, &dst, text, n);
	return reply->len > 12 && !memcmp(reply->text, "SIP/2.0 401 ", 12);
}

static uint64_t count_of(const struct regbed *r, int reason)
{
	struct tally t;

	bed_tally(r->bed, &t);
	return t.packets[reason];
}

/* Nonces of the kernel's, good for whom they were given to */
static void check_nonce(const struct ask *a, const char *nonce,
			const struct nonce_scope *scope)
{
	const struct pl text = {nonce, SIP_NONCE_LEN};
	const uint64_t now = (uint64_t)time(NULL);
	uint64_t id, when;

	if (nonce_check(scope, &text, now, 300, &id, &when) != NONCE_GOOD)
		fail_msg("%s: nonce %s is not one of ours", a->what, nonce);
	if (nonce_check(scope, &text, now + 302, 300, &id, &when) != NONCE_OLD)
		fail_msg("%s: nonce %s does not grow old", a->what, nonce);
}

/* The nonces of a reply, which are in the order of algorithms */
static void check_nonces(const struct ask *a, char noncev[][SIP_NONCE_LEN + 1],
			 size_t n, const char *realm,
			 const enum digest_alg *algv)
{
	const struct sa src = addr(a->src ? a->src : A4, 0);
	struct nonce_scope s = {.key = {1, 2}, .src = &src};

	pl_set_str(&s.realm, realm);
	for (size_t i = 0; i < n; i++) {
		s.alg = algv[i];
		check_nonce(a, noncev[i], &s);
	}
}

/* Put it through both. @return how many nonces there were */
static size_t run(struct regbed *r, const struct ask *a,
		  char noncev[REGBED_NONCES][SIP_NONCE_LEN + 1])
{
	static char text[REGBED_TEXT];
	static struct regbed_reply want, got;
	const size_t n = expand(text, a->text);
	const struct spec in = frame_of(r, a, text, n);
	const int reason = a->reason ? a->reason : CAROM_R_SIP_CHALLENGED;
	const uint64_t before = count_of(r, reason);
	char theirs[REGBED_NONCES][SIP_NONCE_LEN + 1];
	struct pkt p, out, golden;
	struct spec o = in;
	int action;
	size_t c;

	pkt_build(&p, &in);
	action = bed_run(r->bed, a->vlan ? r->bed->wan : r->bed->lan, &p, &out);
	if (count_of(r, reason) != before + 1)
		fail_msg("%s: not counted as %s", a->what,
			 fp_reason_name((unsigned)reason));
	if (a->reason) {
		assert_int_equal(action, a->action ? a->action : XDP_PASS);
		assert_int_equal(out.len, p.len);
		assert_memory_equal(out.b, p.b, p.len);
		return 0;
	}
	if (action != XDP_TX)
		fail_msg("%s: verdict %d", a->what, action);
	if (!registrar_says(&want, a, text, n))
		fail_msg("%s: the registrar does not challenge it", a->what);
	got.len = out.len - a->pad - pkt_l4(&in) - 8;
	memcpy(got.text, out.b + pkt_l4(&in) + 8, got.len);
	c = regbed_nonces(&got, noncev);
	assert_int_equal(c, regbed_nonces(&want, theirs));
	if (got.len != want.len || memcmp(got.text, want.text, got.len) != 0)
		fail_msg("%s: kernel's:\n%.*s\nregistrar's:\n%.*s", a->what,
			 (int)got.len, got.text, (int)want.len, want.text);
	/* the frame around it: back to where it came from, whatever it said */
	o.smac = in.dmac;
	o.dmac = in.smac;
	o.src = in.dst;
	o.dst = in.src;
	o.sport = in.dport;
	o.dport = sa_port(&want.dst);
	o.sum = SUM_RIGHT;
	o.frag = strchr(o.src, ':') ? 0 : 0x4000;
	o.payload = out.b + pkt_l4(&in) + 8;
	o.paylen = got.len;
	o.pad = 0;
	pkt_build(&golden, &o);
	assert_int_equal(golden.len + a->pad, out.len);
	if (memcmp(golden.b, out.b, golden.len) != 0)
		fail_msg("%s: frame differs", a->what);
	return c;
}

/* It is answered here, with one nonce, for MD5 */
static void answered(struct regbed *r, const struct ask *a)
{
	static const enum digest_alg md5[] = {DIGEST_MD5};
	char noncev[REGBED_NONCES][SIP_NONCE_LEN + 1];

	assert_int_equal(run(r, a, noncev), 1);
	check_nonces(a, noncev, 1, "example.com", md5);
}

static void up(struct regbed *r, const char *what, const char *text, int reason)
{
	const struct ask a = {.what = what, .text = text, .reason = reason};
	char noncev[REGBED_NONCES][SIP_NONCE_LEN + 1];

	(void)run(r, &a, noncev);
}

/* ---- what is answered ------------------------------------------------------ */

static void test_plain(void **state)
{
	static const struct ask v[] = {
		ASK("plain", PLAIN),
		ASK("from another port than its Via says", PLAIN,
		    .sport = 40001),
		ASK("no checksum", PLAIN, .sum = SUM_ZERO),
		ASK("checksum left to an offload", PLAIN, .sum = SUM_PARTIAL),
		ASK("bytes behind the packet", PLAIN, .pad = 7),
		ASK("no rport: to the port of the Via",
		    WITH_VIA("Via: SIP/2.0/UDP "
			     "192.0.2.10:5099;branch=z9hG4bKa\n"),
		    .sport = 40001),
		ASK("no rport, no port",
		    WITH_VIA(
			    "Via: SIP/2.0/UDP phone.example;branch=z9hG4bKa\n"),
		    .sport = 40001),
		ASK("rport first", WITH_VIA("Via: SIP/2.0/UDP "
					    "[2001:db8::9];rport;branch=z9hG4bK"
					    "b;x\n")),
		ASK("rport in between, capitals, compact",
		    WITH_VIA("v: SIP/2.0/UDP "
			     "10.0.0.1;a=b;RPORT;branch=z9hG4bKb\n")),
		ASK("a branch as of RFC 2543",
		    WITH_VIA("Via: SIP/2.0/UDP 10.0.0.1;branch=1;rport\n")),
		ASK("odd spaces in front of values",
		    START "Via:   SIP/2.0/UDP 10.0.0.1;rport;branch=z9hG4bKb\n"
			  "From :  \"A\" <sip:a@b>;tag=1\n" TO CALL CSEQ REST),
		ASK("another order, compact names", START
		    "i: x\nt: \"Alice <\" <sip:alice@example.com>;a=b\n" CSEQ
		    "Max-Forwards: 70\nf: sip:b@b;tag=2\n"
		    "l: 0\n" VIA "\n"),
		ASK("a name in front of To",
		    WITH_TO("To: Alice A <sip:alice@EXAMPLE.com:5080;a=b>\n")),
		ASK("whatever else it has",
		    WITH("User-Agent: x\nSupported: path, outbound, gruu\n"
			 "Proxy-Authorization: Digest username=\"a\"\n"
			 "X-Folded-Not: 1\nAllow: INVITE, ACK\n")),
		ASK("a Request-URI that is an address",
		    "REGISTER sip:203.0.113.9:5060 SIP/2.0\n" VIA FROM TO CALL
			    CSEQ REST),
		ASK("one of IPv6",
		    "REGISTER sip:[2001:db8::1] SIP/2.0\n" VIA FROM TO CALL CSEQ
			    REST),
		ASK("another domain of ours in it",
		    "REGISTER sip:" LAN4
		    " SIP/2.0\n" VIA FROM TO CALL CSEQ REST),
		ASK("in capitals",
		    "REGISTER sip:EXAMPLE.COM;x=y SIP/2.0\n" VIA FROM TO CALL
			    CSEQ REST),
		ASK("max-forwards used up", WITH("Max-Forwards: 0\n")),
		ASK("a body",
		    START VIA FROM TO CALL CSEQ "Content-Length: 4\n\nbody"),
		ASK("IPv6", PLAIN, .src = A6, .dst = LAN6),
		ASK("IPv6 without rport",
		    WITH_VIA("Via: SIP/2.0/UDP "
			     "[2001:db8:1::10]:5062;branch=z\n"),
		    .src = A6, .dst = LAN6),
		ASK("IPv6, checksum left to an offload", PLAIN, .src = A6,
		    .dst = LAN6, .sum = SUM_PARTIAL),
		ASK("with a tag", PLAIN, .src = T4, .vlan = TAG_ID),
	};
	struct regbed *r = *state;

	regbed_configure(r, &(struct regbed_conf){.open = false});
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		answered(r, &v[i]);
}

/* Each domain its realm, or one for all; algorithms in the order configured */
static void test_realms(void **state)
{
	const struct regbed_conf three = {
		.realm = "one for all",
		.algv = {DIGEST_SHA512_256, DIGEST_SHA256, DIGEST_MD5},
		.algc = 3};
	const enum digest_alg md5[] = {DIGEST_MD5};
	struct ask a = {.what = "another domain",
			.text = WITH_TO("To: <sip:alice@" LAN4 ">\n")};
	char noncev[REGBED_NONCES][SIP_NONCE_LEN + 1];
	struct regbed *r = *state;

	regbed_configure(r, &(struct regbed_conf){.open = false});
	assert_int_equal(run(r, &a, noncev), 1);
	check_nonces(&a, noncev, 1, LAN4, md5);
	a.what = "three algorithms";
	regbed_configure(r, &three);
	assert_int_equal(run(r, &a, noncev), 3);
	check_nonces(&a, noncev, 3, "one for all", three.algv);
	a.text = PLAIN;
	assert_int_equal(run(r, &a, noncev), 3);
	check_nonces(&a, noncev, 3, "one for all", three.algv);
}

/* The same once more: the same answer, but another nonce */
static void test_again(void **state)
{
	const struct ask a = {.what = "again", .text = PLAIN};
	char one[REGBED_NONCES][SIP_NONCE_LEN + 1];
	char other[REGBED_NONCES][SIP_NONCE_LEN + 1];
	struct regbed *r = *state;

	regbed_configure(r, &(struct regbed_conf){.open = false});
	assert_int_equal(run(r, &a, one), 1);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(run(r, &a, other), 1);
		assert_string_not_equal(one[0], other[0]);
		memcpy(one[0], other[0], sizeof(one[0]));
	}
}

/* ---- what is not ------------------------------------------------------------ */

static void test_up(void **state)
{
	static const struct {
		const char *what, *text;
		int reason; /* 0: CAROM_R_SIP_LOCAL */
	} v[] = {
		ASK("credentials",
		    WITH("Authorization: Digest username=\"a\"\n")),
		ASK("in capitals, at the end",
		    WITH("AUTHORIZATION : Digest username=\"a\"\n")),
		ASK("two of them",
		    WITH("Authorization: a b\nAuthorization: c d\n")),
		ASK("an extension is required", WITH("Require: gruu\n")),
		ASK("of a proxy", WITH("Proxy-Require: x\n")),
		ASK("a Route", WITH("Route: <sip:" LAN4 ":5070;lr>\n")),
		ASK("a second Via", WITH_VIA(VIA VIA)),
		ASK("in the same line",
		    WITH_VIA("Via: SIP/2.0/UDP 10.0.0.1;rport;branch=z9hG4bKb, "
			     "SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKc\n")),
		ASK("received is there already",
		    WITH_VIA("Via: SIP/2.0/UDP 10.0.0.1;received=10.0.0.2;"
			     "branch=z9hG4bKb\n")),
		ASK("rport has a value",
		    WITH_VIA("Via: SIP/2.0/UDP "
			     "10.0.0.1;rport=7;branch=z9hG4bKb\n")),
		ASK("spaces in a Via", WITH_VIA("Via: SIP/2.0/UDP 10.0.0.1; "
						"rport;branch=z9hG4bKb\n")),
		ASK("behind it", WITH_VIA("Via: SIP/2.0/UDP "
					  "10.0.0.1;rport;branch=z9hG4bKb \n")),
		ASK("by TCP",
		    WITH_VIA("Via: SIP/2.0/TCP "
			     "10.0.0.1;rport;branch=z9hG4bKb\n"),
		    .reason = CAROM_R_SIP_TRANSPORT),
		ASK("a To-tag", WITH_TO("To: <sip:alice@example.com>;tag=b\n")),
		ASK("a domain of others in To",
		    WITH_TO("To: <sip:alice@example.net>\n")),
		ASK("nobody in To", WITH_TO("To: <sip:example.com>\n")),
		ASK("a password in To", WITH_TO("To: <sip:a:b@example.com>\n")),
		ASK("a name with a <", WITH_TO("To: <sip:a<b@example.com>\n")),
		ASK("a name with a backslash",
		    WITH_TO("To: <sip:a\\b@example.com>\n")),
		ASK("a name with an escape",
		    WITH_TO("To: <sip:%61@example.com>\n")),
		ASK("To without brackets",
		    WITH_TO("To: sip:alice@example.com\n")),
		ASK("To is sips", WITH_TO("To: <sips:alice@example.com>\n")),
		ASK("a domain of others",
		    "REGISTER sip:example.net SIP/2.0\n" VIA FROM TO CALL CSEQ
			    REST),
		ASK("a tel number",
		    "REGISTER tel:+1 SIP/2.0\n" VIA FROM TO CALL CSEQ REST,
		    .reason = CAROM_R_SIP_URI),
		ASK("another method",
		    "SUBSCRIBE sip:a@example.com SIP/2.0\n" VIA FROM TO CALL
		    "CSeq: 1 SUBSCRIBE\n" REST),
		ASK("no From-tag",
		    START VIA
		    "From: <sip:alice@example.com>\n" TO CALL CSEQ REST,
		    .reason = CAROM_R_SIP_MISSING),
		ASK("CSeq of another method",
		    START VIA FROM TO CALL "CSeq: 1 INVITE\n" REST,
		    .reason = CAROM_R_SIP_CSEQ),
		ASK("no Call-ID", START VIA FROM TO CSEQ REST,
		    .reason = CAROM_R_SIP_MISSING),
		ASK("two Call-IDs", WITH(CALL), .reason = CAROM_R_SIP_TWICE),
		ASK("a folded header", WITH("Subject: a\n b\n"),
		    .reason = CAROM_R_SIP_FOLDED),
		ASK("cut short", WITH("Content-Length: 9\n"),
		    .reason = CAROM_R_SIP_LENGTH),
	};
	struct regbed *r = *state;

	regbed_configure(r, &(struct regbed_conf){.open = false});
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		up(r, v[i].what, v[i].text,
		   v[i].reason ? v[i].reason : CAROM_R_SIP_LOCAL);
}

/* To all, or to many: there is no address to send from */
static void test_link(void **state)
{
	static const uint8_t all[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	static const uint8_t many[] = {0x01, 0x00, 0x5e, 0x00, 0x01, 0x4b};
	const struct ask v[] = {
		ASK("broadcast", PLAIN, .dmac = all,
		    .reason = CAROM_R_SIP_LOCAL),
		ASK("multicast", PLAIN, .dmac = many,
		    .reason = CAROM_R_SIP_LOCAL),
	};
	char noncev[REGBED_NONCES][SIP_NONCE_LEN + 1];
	struct regbed *r = *state;

	regbed_configure(r, &(struct regbed_conf){.open = false});
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		(void)run(r, &v[i], noncev);
}

#define SHORT                                                                  \
	"REGISTER sip:example.com SIP/2.0\nv:SIP/2.0/UDP a;branch=z9hG4bK1\n"  \
	"f:<sip:a@a>;tag=1\nt:<sip:a@example.com>\ni:1\nCSeq:1 REGISTER\n"

/* Whoever forges its source has to send a third of what comes of it */
static void test_times(void **state)
{
	static const struct regbed_conf three = {
		.algv = {DIGEST_SHA512_256, DIGEST_SHA256, DIGEST_MD5},
		.algc = 3};
	const struct ask small = ASK("short", SHORT "\n",
				     .reason = CAROM_R_SIP_LOCAL);
	const struct ask plain = ASK("as phones are", PLAIN);
	char text[REGBED_TEXT], noncev[REGBED_NONCES][SIP_NONCE_LEN + 1];
	struct ask a = ASK("one nonce", SHORT "\n");
	static struct regbed_reply reply;
	struct regbed *r = *state;
	size_t n, len, i;

	regbed_configure(r, &(struct regbed_conf){.open = false});
	assert_int_equal(run(r, &a, noncev), 1);
	regbed_configure(r, &three);
	(void)run(r, &small, noncev);
	assert_int_equal(run(r, &plain, noncev), 3);
	/* filled up to the byte that is enough */
	n = expand(text, SHORT "\n");
	assert_true(registrar_says(&reply, &small, text, n));
	len = (reply.len + 2) / 3;
	assert_true(len > n + 6 && len < sizeof(text) / 2);
	n = (size_t)snprintf(text, sizeof(text), "%sX:", SHORT);
	for (i = expand((char[REGBED_TEXT]){0}, SHORT "\n") + 4; i < len; i++)
		text[n++] = 'x';
	memcpy(text + n, "\n\n", 3);
	a.what = "just long enough";
	a.text = text;
	assert_int_equal(run(r, &a, noncev), 3);
	memcpy(text + n - 1, "\n\n", 3);
	a.what = "a byte less";
	a.reason = CAROM_R_SIP_LOCAL;
	(void)run(r, &a, noncev);
}

/* Whose frame is broken is the host's to drop */
static void test_broken(void **state)
{
	const struct ask v[] = {
		ASK("checksum is wrong", PLAIN, .sum = SUM_WRONG,
		    .reason = CAROM_R_SIP_LOCAL),
		ASK("IPv6, checksum is wrong", PLAIN, .src = A6, .dst = LAN6,
		    .sum = SUM_WRONG, .reason = CAROM_R_SIP_LOCAL),
		ASK("IPv6 without a checksum", PLAIN, .src = A6, .dst = LAN6,
		    .sum = SUM_ZERO, .reason = CAROM_R_SIP_CHECKSUM),
		ASK("from ourselves", PLAIN, .src = LAN4,
		    .reason = CAROM_R_SIP_LOCAL),
		ASK("from everybody", PLAIN, .src = "224.0.0.1",
		    .reason = CAROM_R_SIP_LOCAL),
		ASK("from nobody", PLAIN, .src = "0.0.0.0",
		    .reason = CAROM_R_SIP_LOCAL),
	};
	char noncev[REGBED_NONCES][SIP_NONCE_LEN + 1];
	struct regbed *r = *state;
	struct spec in;
	struct pkt p, out;
	static char text[REGBED_TEXT];

	regbed_configure(r, &(struct regbed_conf){.open = false});
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		(void)run(r, &v[i], noncev);
	in = frame_of(r, &v[3], text, expand(text, PLAIN));
	in.src = A4;
	pkt_build(&p, &in);
	p.b[pkt_l3(&in) + 10] ^= 1; /* the IP header's */
	assert_int_equal(bed_run(r->bed, r->bed->lan, &p, &out), XDP_PASS);
	assert_memory_equal(out.b, p.b, p.len);
}

/* An answer that just fits the wire, and one that does not */
static void test_long(void **state)
{
	const struct regbed_conf three = {
		.algv = {DIGEST_SHA512_256, DIGEST_SHA256, DIGEST_MD5},
		.algc = 3};
	static const char form[] = START VIA
		"From: <sip:a@b>;tag=1;v=%0200d;w=%0200d;x=%0200d;y=%0*d\n" TO
			CALL CSEQ "\n";
	static char text[REGBED_TEXT], wire[REGBED_TEXT];
	static struct regbed_reply reply;
	struct ask a = {.what = "as long as the wire takes", .text = text};
	char noncev[REGBED_NONCES][SIP_NONCE_LEN + 1];
	struct regbed *r = *state;
	int room;

	regbed_configure(r, &three);
	snprintf(text, sizeof(text), form, 0, 0, 0, 1, 0);
	assert_true(registrar_says(&reply, &a, wire, expand(wire, text)));
	room = 1500 - 28 - (int)reply.len;
	assert_in_range(room, 1, 250);
	snprintf(text, sizeof(text), form, 0, 0, 0, 1 + room, 0);
	assert_int_equal(run(r, &a, noncev), 3);
	a.what = "a byte more";
	a.reason = CAROM_R_SIP_BIG;
	snprintf(text, sizeof(text), form, 0, 0, 0, 2 + room, 0);
	(void)run(r, &a, noncev);
}

/* Frames with so little room behind, and what the kernel does about it */
static void test_room(void **state)
{
	enum { FRAME = 4096 - 256 - 320 /* with no room at all behind */ };
	const struct regbed_conf three = {
		.algv = {DIGEST_SHA512_256, DIGEST_SHA256, DIGEST_MD5},
		.algc = 3};
	static char text[REGBED_TEXT], wire[REGBED_TEXT];
	static const int morev[] = {1, 200, 260, 340};
	static const int leftv[] = {0, 0, 150, 100};
	static struct regbed_reply reply;
	struct ask a = {.text = text};
	char noncev[REGBED_NONCES][SIP_NONCE_LEN + 1];
	struct regbed *r = *state;

	regbed_configure(r, &three);
	assert_true(registrar_says(&reply, &a, wire,
				   expand(wire, strcpy(text, PLAIN))));
	for (size_t i = 0; i < ARRAY_SIZE(morev); i++) {
		const int more = (int)(reply.len - expand(wire, PLAIN));
		size_t n;

		/* a header that is not repeated makes the answer grow less */
		assert_true(more - morev[i] > 12);
		snprintf(text, sizeof(text), WITH("Subject: %0*d\n"),
			 more - morev[i] - 11, 0);
		n = expand(wire, text);
		assert_int_equal(reply.len - n, morev[i]);
		a.pad = FRAME - 14 - 28 - n - (size_t)leftv[i];
		a.what = i == 0   ? "a byte in front"
			 : i == 1 ? "many"
			 : i == 2 ? "at both ends"
				  : "not enough";
		a.reason = i == 3 ? CAROM_R_HEADROOM : 0;
		assert_int_equal(run(r, &a, noncev), i == 3 ? 0 : 3);
	}
}

/* ---- who is asked ------------------------------------------------------------- */

static void uncounted(struct regbed *r, const char *what, const struct ask *a)
{
	static char text[REGBED_TEXT];
	struct tally t0, t1;
	struct pkt p, out;
	const struct spec in = frame_of(r, a, text, expand(text, a->text));

	pkt_build(&p, &in);
	bed_tally(r->bed, &t0);
	if (bed_run(r->bed, r->bed->lan, &p, &out) != XDP_PASS)
		fail_msg("%s: does not pass", what);
	bed_tally(r->bed, &t1);
	if (memcmp(&t0, &t1, sizeof(t0)) != 0)
		fail_msg("%s: is counted", what);
}

static void test_state(void **state)
{
	struct regbed *r = *state;
	struct ask a = {.what = "the agent is dead",
			.text = PLAIN,
			.reason = CAROM_R_SIP_LOCAL};
	char noncev[REGBED_NONCES][SIP_NONCE_LEN + 1];

	regbed_configure(r, &(struct regbed_conf){.open = false});
	regbed_kernel(r, false);
	(void)run(r, &a, noncev);
	regbed_kernel(r, true);
	a.reason = 0;
	a.what = "it is alive";
	answered(r, &a);
	regbed_configure(r, &(struct regbed_conf){.open = true});
	a.what = "nobody is asked for credentials";
	a.reason = CAROM_R_SIP_LOCAL;
	(void)run(r, &a, noncev);
	a.dport = 5071;
	uncounted(r, "another port", &a);
	a.dport = 0;
	a.text = "OPTIONS sip:example.com SIP/2.0\n" VIA FROM TO CALL
		 "CSeq: 1 OPTIONS\n\n";
	uncounted(r, "OPTIONS", &a);
	assert_int_equal(fp_sip_registrar_clear(r->sip), 0);
	a.text = PLAIN;
	uncounted(r, "no registrar at all", &a);
	fp_local_no_registrar(r->bed->fp);
	uncounted(r, "nor its address", &a);
}

/* Where this node is an edge, its networks and limits hold for the registrar, too */
static void test_networks(void **state)
{
	struct regbed *r = *state;
	struct sip_conf *c = fp_sip_conf(r->sip);
	const struct sa a4 = addr(A4, 0);
	struct ask a = {.what = "denied",
			.text = PLAIN,
			.reason = CAROM_R_SIP_DENIED,
			.action = XDP_DROP};
	char noncev[REGBED_NONCES][SIP_NONCE_LEN + 1];

	regbed_configure(r, &(struct regbed_conf){.open = false});
	fp_sip_on(r->sip, true);
	assert_int_equal(fp_sip_net(r->sip, &a4, 32, SIP_NET_DENY, SIP_NONE),
			 0);
	(void)run(r, &a, noncev);
	assert_int_equal(fp_sip_net_del(r->sip, &a4, 32), 0);
	a.reason = a.action = 0;
	c->limit[SIP_CLASS_REGISTER].interval = 3600000000000ull;
	a.what = "the one that it may send";
	answered(r, &a);
	a.what = "over its limit";
	a.reason = CAROM_R_SIP_FLOOD;
	a.action = XDP_DROP;
	(void)run(r, &a, noncev);
	a.what = "credentials cost it nothing";
	a.reason = CAROM_R_SIP_LOCAL;
	a.action = 0;
	a.text = WITH("Authorization: Digest username=\"a\"\n");
	(void)run(r, &a, noncev);
	assert_int_equal(fp_sip_net(r->sip, &a4, 32, SIP_NET_ALLOW, SIP_NONE),
			 0);
	a.what = "no limits";
	a.reason = 0;
	a.text = PLAIN;
	answered(r, &a);
	assert_int_equal(fp_sip_net_del(r->sip, &a4, 32), 0);
	c->limit[SIP_CLASS_REGISTER].interval = 0;
	fp_sip_on(r->sip, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),    cmocka_unit_test(test_realms),
		cmocka_unit_test(test_again),    cmocka_unit_test(test_up),
		cmocka_unit_test(test_broken),   cmocka_unit_test(test_long),
		cmocka_unit_test(test_room),     cmocka_unit_test(test_state),
		cmocka_unit_test(test_networks), cmocka_unit_test(test_link),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, regbed_setup, regbed_teardown);
}
