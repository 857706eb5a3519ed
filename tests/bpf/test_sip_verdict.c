/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SIP that the kernel does not settle: each reason to leave it to the agent, with
 * the frame as it came, and each one to drop it. Rules, limits, networks, and
 * where calls stay while a set changes
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "carom/sipkey.h"
#include "sipbed.h"

#define VIA "Via: SIP/2.0/UDP 192.0.2.10:5062;branch=z9hG4bKabc\n"
#define IDS                                                                    \
	"From: <sip:alice@192.0.2.10>;tag=a1\nTo: <sip:bob@192.0.2.1>\n"       \
	"Call-ID: call-1@192.0.2.10\n"
#define MF "Max-Forwards: 70\n"
#define CS "CSeq: 1 INVITE\n"
#define INV "INVITE sip:bob@192.0.2.1 SIP/2.0\n"
#define RR "Record-Route: <sip:192.0.2.1:5060;lr>\n"

static void test_odd(void **state)
{
	static const struct {
		const char *what, *in;
		int reason;
	} casev[] = {
		{"keep-alive", "\n\n", CAROM_R_SIP_NOT_SIP},
		{"another version", "INVITE sip:bob@192.0.2.1 SIP/3.0\n\n",
		 CAROM_R_SIP_START},
		{"tel URI", "INVITE tel:+4930 SIP/2.0\n\n", CAROM_R_SIP_URI},
		{"escaped URI", "INVITE sip:%41@192.0.2.1 SIP/2.0\n\n",
		 CAROM_R_SIP_URI},
		{"no header", INV "nonsense\n\n", CAROM_R_SIP_LINE},
		{"folded", INV VIA "Subject: a\n b\n\n", CAROM_R_SIP_FOLDED},
		{"Max-Forwards is no number",
		 INV VIA "Max-Forwards: x\n" IDS CS "\n", CAROM_R_SIP_SYNTAX},
		{"branch of RFC 2543",
		 INV "Via: SIP/2.0/UDP 192.0.2.10;branch=1\n" MF IDS CS "\n",
		 CAROM_R_SIP_SYNTAX},
		{"rport that is filled already",
		 INV
		 "Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKabc;rport=5\n" MF
			 IDS CS "\n",
		 CAROM_R_SIP_SYNTAX},
		{"received already",
		 INV "Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKabc"
		     ";received=192.0.2.77\n" MF IDS CS "\n",
		 CAROM_R_SIP_SYNTAX},
		{"two Call-ID", INV VIA MF IDS CS "Call-ID: x\n\n",
		 CAROM_R_SIP_TWICE},
		{"no CSeq", INV VIA MF IDS "\n", CAROM_R_SIP_MISSING},
		{"Content-Length too great",
		 INV VIA MF IDS CS "Content-Length: 3\n\nab",
		 CAROM_R_SIP_LENGTH},
		{"CSeq of another method", INV VIA MF IDS "CSeq: 1 BYE\n\n",
		 CAROM_R_SIP_CSEQ},
		{"by TCP, it says",
		 INV "Via: SIP/2.0/TCP 192.0.2.10;branch=z9hG4bKabc\n" MF IDS CS
		     "\n",
		 CAROM_R_SIP_TRANSPORT},
		{"no hop is left", INV VIA "Max-Forwards: 0\n" IDS CS "\n",
		 CAROM_R_SIP_MAX_FORWARDS},
		{"no Max-Forwards", INV VIA IDS CS "\n",
		 CAROM_R_SIP_MAX_FORWARDS},
		{"Proxy-Require",
		 INV VIA MF IDS CS "Proxy-Require: privacy\n\n",
		 CAROM_R_SIP_REQUIRE},
		{"keep-alive OPTIONS",
		 "OPTIONS sip:192.0.2.1 SIP/2.0\n" VIA MF IDS
		 "CSeq: 1 OPTIONS\n\n",
		 CAROM_R_SIP_LOCAL},
		{"the ACK of the agent's own reply",
		 "ACK sip:bob@192.0.2.1 SIP/2.0\n" VIA MF
		 "From: <sip:alice@192.0.2.10>;tag=a1\n"
		 "To: <sip:bob@192.0.2.1>;tag=cm-0123456789abcdef\n"
		 "Call-ID: call-1@192.0.2.10\nCSeq: 1 ACK\n\n",
		 CAROM_R_SIP_LOCAL},
		{"our own Via on top",
		 INV "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKabc\n" MF IDS CS
		     "\n",
		 CAROM_R_SIP_LOCAL},
		{"a name in the Request-URI",
		 "INVITE sip:bob@elsewhere.example SIP/2.0\n" VIA MF IDS CS
		 "\n",
		 CAROM_R_SIP_HOST},
		{"a name in Route",
		 INV VIA MF "Route: <sip:edge.example;lr>\n" IDS CS "\n",
		 CAROM_R_SIP_HOST},
		{"a strict router",
		 INV VIA MF "Route: <sip:198.51.100.20>\n" IDS CS "\n",
		 CAROM_R_SIP_STRICT},
		{"a control character in our own Route",
		 INV VIA MF "Route: <sip:192.0.2.1:5060;l\x7f>\n" IDS CS "\n",
		 CAROM_R_SIP_URI},
		{"a control character in the Route behind ours",
		 INV VIA MF "Route: <sip:192.0.2.1;lr>,"
			    "<sip:198.51.100.20;lr;x\x01>\n" IDS CS "\n",
		 CAROM_R_SIP_URI},
		{"own Route with a token",
		 INV VIA MF "Route: <sip:f0@192.0.2.1;lr>\n" IDS CS "\n",
		 CAROM_R_SIP_FLOW},
		{"a token of another edge, behind one of ours",
		 INV VIA MF
		 "Route: <sip:192.0.2.1;lr>\n"
		 "Route: "
		 "<sip:f1024c63364079c404c000020b13c40123456789abcdef@198.51."
		 "100.20;lr>\n" IDS CS "\n",
		 CAROM_R_SIP_FLOW},
		{"a token of another edge",
		 INV VIA MF
		 "Route: "
		 "<sip:f1024c63364079c404c000020b13c40123456789abcdef@198.51."
		 "100.20;lr>\n" IDS CS "\n",
		 CAROM_R_SIP_FLOW},
		{"by another transport, in a Route",
		 INV VIA MF
		 "Route: <sip:198.51.100.20;transport=tcp;lr>\n" IDS CS "\n",
		 CAROM_R_SIP_TRANSPORT},
		{"by another transport, in the Request-URI",
		 "INVITE sip:bob@198.51.100.20;transport=TCP SIP/2.0\n" VIA MF
			 IDS CS "\n",
		 CAROM_R_SIP_TRANSPORT},
		{"to a stranger (open relay)",
		 "INVITE sip:bob@203.0.113.30 SIP/2.0\n" VIA MF IDS CS "\n",
		 CAROM_R_SIP_REFUSED},
		{"to a stranger by Route",
		 INV VIA MF "Route: <sip:203.0.113.30;lr>\n" IDS CS "\n",
		 CAROM_R_SIP_REFUSED},
	};
	struct sipbed *s = *state;

	sb_reset(s);
	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		struct sb m = {.what = casev[i].what,
			       .in = casev[i].in,
			       .reason = casev[i].reason};

		sb_run(s, &m);
	}
}

/* From a source that may send anywhere: never to nobody, all, or ourselves */
static void test_forbidden(void **state)
{
	static const char *const hostv[] = {"0.0.0.0",     "127.0.0.1",
					    "224.0.0.1",   "255.255.255.255",
					    "192.0.2.1:9", "198.51.100.1:5070"};
	struct sipbed *s = *state;
	char text[1024];

	sb_reset(s);
	for (size_t i = 0; i < ARRAY_SIZE(hostv); i++) {
		struct sb m = {.what = hostv[i],
			       .src = B4,
			       .in = text,
			       .reason = CAROM_R_SIP_DEST};

		snprintf(text, sizeof(text),
			 "INVITE sip:x@%s SIP/2.0\n" VIA MF IDS CS "\n",
			 hostv[i]);
		sb_run(s, &m);
	}
	/* nobody answers there, and no device leads to it */
	struct sb m = {
		.what = "no neighbour",
		.src = B4,
		.in = "INVITE sip:x@198.51.100.77 SIP/2.0\n" VIA MF IDS CS "\n",
		.reason = CAROM_R_SIP_ROUTE};

	sb_run(s, &m);
}

static void test_size(void **state)
{
	struct sipbed *s = *state;
	static char big[2400], pad[2300];
	struct sb m = {.what = "grows beyond the MTU",
		       .in = big,
		       .reason = CAROM_R_SIP_BIG};

	sb_reset(s);
	memset(pad, 'x', sizeof(pad) - 1);
	snprintf(big, sizeof(big), INV VIA MF IDS CS "\n%.*s", 1230, pad);
	sb_run(s, &m);
	m.what = "longer than what is looked at";
	m.reason = CAROM_R_SIP_LONG;
	snprintf(big, sizeof(big), INV VIA MF IDS CS "\n%.*s", 2030, pad);
	sb_run(s, &m);
	m.what = "no headroom";
	m.reason = CAROM_R_HEADROOM;
	m.in = INV VIA MF IDS CS "\n";
	if (bed_scarce(s->bed, 200))
		sb_run(s, &m);
	s->bed->meta = 0;
}

/* A wrong checksum leaves wrong, by odd and even bytes that the message grows:
 * nobody launders it */
static void test_wrong_checksum(void **state)
{
	static const uint16_t sportv[] = {5062, 562};
	struct sipbed *s = *state;
	struct sb m = {.what = "checksum wrong",
		       .in = INV "Via: SIP/2.0/UDP 192.0.2.10:5062;rport"
				 ";branch=z9hG4bKabc\n" MF IDS CS "\nbody",
		       .sum = SUM_WRONG};

	sb_reset(s);
	for (size_t i = 0; i < ARRAY_SIZE(sportv); i++) {
		m.sport = sportv[i];
		assert_int_not_equal(sb_sum_out(s, &m), 0);
	}
	m.sum = SUM_RIGHT;
	assert_int_equal(sb_sum_out(s, &m), 0);
}

static void test_nobody(void **state)
{
	struct sipbed *s = *state;
	static const uint16_t none[1] = {SIP_NONE};
	struct sip_rule reg = {.methods = 1u << SCAN_M_REGISTER};
	struct sb m = {.what = "nobody is usable",
		       .in = INV VIA MF "From: <sip:a@x>;tag=1\nTo: <sip:b@x>\n"
					"Call-ID: nobody\n" CS "\n",
		       .reason = CAROM_R_SIP_NOBODY};

	sb_reset(s);
	fp_sip_set(s->sip, 0, 1, 0, none, 1);
	sb_run(s, &m);
	fp_sip_set(s->sip, 0, 1, 0, NULL, 0);
	sb_run(s, &m);
	m.what = "no rule";
	m.reason = CAROM_R_SIP_NO_RULE;
	fp_sip_rules(s->sip, &reg, 1);
	sb_run(s, &m);
	m.what = "digest";
	m.reason = CAROM_R_SIP_AUTH;
	fp_sip_rules(s->sip, &(struct sip_rule){.set = 0}, 1);
	fp_sip_set(s->sip, 0, 1, SIP_SET_AUTH, (uint16_t[]){0}, 1);
	sb_run(s, &m);
	m.what = "Path";
	m.reason = CAROM_R_SIP_FLOW;
	m.in = "REGISTER sip:192.0.2.1 SIP/2.0\n" VIA MF IDS
	       "CSeq: 1 REGISTER\n\n";
	fp_sip_set(s->sip, 0, 1, SIP_SET_PATH, (uint16_t[]){0}, 1);
	sb_run(s, &m);
	m.what = "behind a NAT, and to be called back";
	m.in = INV VIA MF IDS CS "\n";
	m.sport = 6000;
	fp_sip_set(s->sip, 0, 1, SIP_SET_PATH | SIP_SET_RR, (uint16_t[]){0}, 1);
	sb_run(s, &m);
}

#define ASK(line, head)                                                        \
	line VIA MF "From: <sip:a@x>;tag=1\nTo: <sip:b@x>\n"                   \
		    "Call-ID: call-1@192.0.2.10\n" head "\n"
#define ASKED(line, head)                                                      \
	line "@a\n" VIA "Max-Forwards: 69\n"                                   \
	     "From: <sip:a@x>;tag=1\nTo: <sip:b@x>\n"                          \
	     "Call-ID: call-1@192.0.2.10\n" head "\n"

static void test_rules(void **state)
{
	struct sipbed *s = *state;
	struct sip_rule rulev[4] = {
		{.methods = 1u << SCAN_M_SUBSCRIBE | 1u << SCAN_M_PUBLISH,
		 .flags = SIP_RULE_PRESENCE,
		 .set = 2},
		{.domain = 7, .set = 2},
		{.set = 2},
		{.set = 0},
	};
	static const struct {
		const char *what, *in, *out, *to;
	} casev[] = {
		{"presence",
		 ASK("SUBSCRIBE sip:b@192.0.2.1 SIP/2.0\n",
		     "CSeq: 1 SUBSCRIBE\no: Presence.winfo\n"),
		 ASKED("SUBSCRIBE sip:b@192.0.2.1 SIP/2.0\n",
		       "CSeq: 1 SUBSCRIBE\no: Presence.winfo\n"),
		 C4},
		{"another event",
		 ASK("SUBSCRIBE sip:b@192.0.2.1 SIP/2.0\n",
		     "CSeq: 1 SUBSCRIBE\nEvent: dialog\n"),
		 ASKED("SUBSCRIBE sip:b@192.0.2.1 SIP/2.0\n",
		       "CSeq: 1 SUBSCRIBE\nEvent: dialog\n"),
		 B4},
		{"domain", ASK("INVITE sip:b@Conf.Example.com SIP/2.0\n", CS),
		 ASKED("INVITE sip:b@Conf.Example.com SIP/2.0\n", CS), C4},
		{"another domain",
		 ASK("INVITE sip:b@example.com SIP/2.0\n", CS),
		 ASKED("INVITE sip:b@example.com SIP/2.0\n", CS), B4},
		{"user's prefix of twelve",
		 ASK("INVITE sip:conference-9@192.0.2.1 SIP/2.0\n", CS),
		 ASKED("INVITE sip:conference-9@192.0.2.1 SIP/2.0\n", CS), C4},
		{"not that prefix",
		 ASK("INVITE sip:conference@192.0.2.1 SIP/2.0\n", CS),
		 ASKED("INVITE sip:conference@192.0.2.1 SIP/2.0\n", CS), B4},
		{"another method, no body",
		 ASK("MESSAGE sip:b@192.0.2.1 SIP/2.0\n", "CSeq: 9 MESSAGE\n"),
		 ASKED("MESSAGE sip:b@192.0.2.1 SIP/2.0\n",
		       "CSeq: 9 MESSAGE\n"),
		 B4},
	};
	struct sa c = addr(C4, 5060);
	struct pl name;

	sb_reset(s);
	pl_set_str(&name, "conference-");
	fp_sip_rule_user(&rulev[2], &name);
	pl_set_str(&name, "conf.example.COM");
	fp_sip_domain(s->sip, &name, 7);
	pl_set_str(&name, "example.com");
	fp_sip_domain(s->sip, &name, 8);
	fp_sip_rules(s->sip, rulev, 4);
	fp_sip_target(s->sip, 2, 5, &c, true);
	fp_sip_set(s->sip, 2, 9, 0, (uint16_t[]){5, 5, 5}, 3);
	fp_sip_set(s->sip, 0, 1, 0, (uint16_t[]){0}, 1);
	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		struct sb m = {.what = casev[i].what,
			       .in = casev[i].in,
			       .out = casev[i].out,
			       .to = casev[i].to,
			       .via_port = 5062};

		sb_run(s, &m);
	}
	fp_sip_target(s->sip, 2, 5, NULL, false);
}

/* Kamailio's algorithm 0 over six targets: kamcmd dispatcher.hash says so */
static void test_kamailio_hash(void **state)
{
	static const struct {
		const char *callid;
		unsigned slot;
	} casev[] = {{"a84b4c76e66710@pc33.atlanta.com", 4},
		     {"1-12345@127.0.0.1", 1},
		     {"f81d4fae-7dec-11d0-a765-00a0c91e6bf6@foo.bar.com", 4},
		     {"x", 5}};
	struct sipbed *s = *state;
	char in[512], out[512];

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		uint16_t slotv[6] = {0, 0, 0, 0, 0, 0};
		struct sb m = {.what = casev[i].callid,
			       .in = in,
			       .out = out,
			       .to = C4,
			       .callid = casev[i].callid,
			       .via_port = 5062};

		sb_reset(s);
		slotv[casev[i].slot] = 1;
		fp_sip_set(s->sip, 0, 1, SIP_SET_KAMAILIO, slotv, 6);
		snprintf(in, sizeof(in),
			 "MESSAGE sip:b@192.0.2.1 SIP/2.0\n" VIA
			 "Max-Forwards: 70\nf: <sip:a@x>;tag=1\nt: <sip:b@x>\n"
			 "i: %s\nCSeq: 1 MESSAGE\n\n",
			 casev[i].callid);
		snprintf(out, sizeof(out),
			 "MESSAGE sip:b@192.0.2.1 SIP/2.0\n@a\n" VIA
			 "Max-Forwards: 69\nf: <sip:a@x>;tag=1\nt: <sip:b@x>\n"
			 "i: %s\nCSeq: 1 MESSAGE\n\n",
			 casev[i].callid);
		sb_run(s, &m);
	}
}

#define STICK(line, head)                                                      \
	line VIA MF "f: <sip:a@x>;tag=1\nt: <sip:b@x>\ni: stick\n" head "\n"
#define STUCK(line, head)                                                      \
	line "@a\n" VIA "Max-Forwards: 69\n"                                   \
	     "f: <sip:a@x>;tag=1\nt: <sip:b@x>\ni: stick\n" head "\n"

/* The set changes between INVITE and CANCEL */
static void test_sticky(void **state)
{
	struct sipbed *s = *state;
	struct sa b = addr(B4, 5060);
	struct sb inv = {.what = "INVITE",
			 .via_port = 5062,
			 .callid = "stick",
			 .in = STICK(INV, CS),
			 .out = STUCK(INV, CS)};
	struct sb can = {.what = "CANCEL after the change",
			 .via_port = 5062,
			 .callid = "stick",
			 .in = STICK("CANCEL sip:bob@192.0.2.1 SIP/2.0\n",
				     "CSeq: 1 CANCEL\n"),
			 .out = STUCK("CANCEL sip:bob@192.0.2.1 SIP/2.0\n",
				      "CSeq: 1 CANCEL\n")};

	sb_reset(s);
	fp_sip_set(s->sip, 0, 1, 0, (uint16_t[]){0}, 1);
	sb_run(s, &inv);
	fp_sip_set(s->sip, 0, 1, 0, (uint16_t[]){1}, 1);
	sb_run(s, &can);
	inv.what = "retransmitted, its target still there";
	sb_run(s, &inv);
	assert_int_equal(fp_sip_target(s->sip, 0, 0, &b, false), 0);
	can.what = "CANCEL, the target dead";
	sb_run(s, &can);
	inv.what = "retransmitted, its target dead: to the other";
	inv.to = C4;
	sb_run(s, &inv);
	can.what = "and its CANCEL with it";
	can.to = C4;
	sb_run(s, &can);
	fp_sip_target(s->sip, 0, 0, &b, true);
}

/* An INVITE that the agent sent by TCP: what ends it is of the same transaction only
 * if it goes that way, too */
static void test_streamed(void **state)
{
	struct sipbed *s = *state;
	struct siphash h;
	struct sb can = {.what = "CANCEL of a call by TCP",
			 .in = STICK("CANCEL sip:bob@192.0.2.1 SIP/2.0\n",
				     "CSeq: 1 CANCEL\n"),
			 .reason = CAROM_R_SIP_TRANSPORT};
	struct sb ack = {
		.what = "ACK of the same",
		.in = STICK("ACK sip:bob@192.0.2.1 SIP/2.0\n", "CSeq: 1 ACK\n"),
		.reason = CAROM_R_SIP_TRANSPORT};
	struct sb inv = {.what = "INVITE, which the agent sees if it is long",
			 .via_port = 5062,
			 .callid = "stick",
			 .in = STICK(INV, CS),
			 .out = STUCK(INV, CS)};
	uint64_t call;

	sb_reset(s);
	fp_sip_set(s->sip, 0, 1, 0, (uint16_t[]){0}, 1);
	siphash_start(&h, SB_KEY0, SB_KEY1);
	siphash_word(&h, SIP_KEY_CALL);
	sipkey_mem(&h, "stick", 5);
	call = siphash_end(&h);
	assert_int_equal(fp_sip_remember(s->sip, 0, 0, call, true), 0);
	assert_true(fp_sip_streamed(s->sip, 0, call));
	assert_false(fp_sip_streamed(s->sip, 1, call));
	sb_packet(s, &can);
	sb_packet(s, &ack);
	sb_packet(s, &inv);
	sb_packet(s, &can);
	assert_int_equal(fp_sip_remember(s->sip, 0, 0, call, false), 0);
	can.what = "CANCEL, the INVITE was a datagram after all";
	can.reason = 0;
	can.via_port = 5062;
	can.callid = "stick";
	can.out = STUCK("CANCEL sip:bob@192.0.2.1 SIP/2.0\n",
			"CSeq: 1 CANCEL\n");
	sb_packet(s, &can);
}

#define ELSEWHERE(line, head)                                                  \
	line VIA MF "f: <sip:a@x>;tag=1\nt: <sip:b@x>\ni: elsewhere\n" head "\n"

static uint64_t moved(struct sipbed *s, const char *in)
{
	const struct sb m = {.in = in};
	struct tally before, after;

	bed_tally(s->bed, &before);
	sb_send(s, &m);
	bed_tally(s->bed, &after);
	return after.packets[CAROM_R_SIP_MOVED] -
	       before.packets[CAROM_R_SIP_MOVED];
}

/* The set changes, and CANCEL and ACK come of calls whose INVITE another edge
 * had: both nodes may have them */
static void test_moved(void **state)
{
	static const char cancel[] = ELSEWHERE(
		"CANCEL sip:bob@192.0.2.1 SIP/2.0\n", "CSeq: 1 CANCEL\n");
	static const char ack[] = ELSEWHERE("ACK sip:bob@192.0.2.1 SIP/2.0\n",
					    "CSeq: 1 ACK\n");
	static const char bye[] = ELSEWHERE("BYE sip:bob@192.0.2.1 SIP/2.0\n",
					    "CSeq: 2 BYE\n");
	struct sipbed *s = *state;

	sb_reset(s);
	assert_int_equal(moved(s, cancel), 0);
	fp_sip_set(s->sip, 0, 1, 0, (uint16_t[]){1}, 1);
	assert_int_equal(moved(s, cancel), 1);
	assert_int_equal(moved(s, ack), 1);
	assert_int_equal(moved(s, bye), 0);
	/* told again what it knows: nothing has changed since */
	fp_sip_set(s->sip, 0, 1, 0, (uint16_t[]){1}, 1);
	assert_int_equal(moved(s, cancel), 1);
}

static void test_networks(void **state)
{
	struct sipbed *s = *state;
	struct sa net = addr("192.0.2.0", 0), host = addr(A4, 0);
	struct sb m = {.what = "denied",
		       .in = ASK(INV, CS),
		       .out = NULL,
		       .via_port = 5062,
		       .reason = CAROM_R_SIP_DENIED};

	sb_reset(s);
	fp_sip_set(s->sip, 0, 1, 0, (uint16_t[]){0}, 1);
	fp_sip_net(s->sip, &net, 24, SIP_NET_DENY, SIP_NONE);
	sb_run(s, &m);
	m.what = "the longer prefix allows";
	m.reason = 0;
	m.out = ASKED(INV, CS);
	fp_sip_net(s->sip, &host, 32, SIP_NET_ALLOW, SIP_NONE);
	sb_run(s, &m);
	m.what = "a trunk has its own set, and no digest";
	fp_sip_set(s->sip, 0, 1, SIP_SET_AUTH, (uint16_t[]){0}, 1);
	fp_sip_set(s->sip, 2, 9, SIP_SET_AUTH, (uint16_t[]){5}, 1);
	struct sa c = addr(C4, 5060);

	fp_sip_target(s->sip, 2, 5, &c, true);
	fp_sip_net(s->sip, &host, 32, SIP_NET_TRUSTED, 2);
	m.to = C4;
	sb_run(s, &m);
	fp_sip_target(s->sip, 2, 5, NULL, false);
}

/* Where a set asks for digest: the untrusted don't get round it by naming a node,
 * and what is inside a dialog, ACK and CANCEL are the kernel's */
static void test_digest(void **state)
{
	struct sipbed *s = *state;
	static const struct {
		const char *what, *start, *to, *head;
		int reason;
	} casev[] = {
		{"by rule", "INVITE sip:b@192.0.2.1", "", CS, CAROM_R_SIP_AUTH},
		{"by rule, inside a dialog", "INVITE sip:b@192.0.2.1", ";tag=2",
		 CS, CAROM_R_SIP_AUTH},
		{"ACK by rule", "ACK sip:b@192.0.2.1", ";tag=2",
		 "CSeq: 1 ACK\n", CAROM_R_SIP_FORWARDED},
		{"CANCEL by rule", "CANCEL sip:b@192.0.2.1", "",
		 "CSeq: 1 CANCEL\n", CAROM_R_SIP_FORWARDED},
		{"node in the Request-URI", "INVITE sip:b@" B4, "", CS,
		 CAROM_R_SIP_AUTH},
		{"node in a Route", "INVITE sip:b@192.0.2.1", "",
		 "Route: <sip:" B4 ";lr>\n" CS, CAROM_R_SIP_AUTH},
		{"node behind an own Route", "INVITE sip:b@192.0.2.1", "",
		 "Route: <sip:192.0.2.1;lr>\nRoute: <sip:" B4 ";lr>\n" CS,
		 CAROM_R_SIP_AUTH},
		{"a network that is trusted", "INVITE sip:b@" C4, "", CS,
		 CAROM_R_SIP_AUTH},
		{"that network, inside a dialog", "BYE sip:b@" C4, ";tag=2",
		 "CSeq: 1 BYE\n", CAROM_R_SIP_FORWARDED},
		{"node, inside a dialog", "BYE sip:b@" B4, ";tag=2",
		 "CSeq: 1 BYE\n", CAROM_R_SIP_FORWARDED},
		{"node, ACK", "ACK sip:b@" B4, "", "CSeq: 1 ACK\n",
		 CAROM_R_SIP_FORWARDED},
		{"node, CANCEL", "CANCEL sip:b@" B4, "", "CSeq: 1 CANCEL\n",
		 CAROM_R_SIP_FORWARDED},
		{"node, REGISTER", "REGISTER sip:" B4, ";tag=2",
		 "CSeq: 1 REGISTER\n", CAROM_R_SIP_AUTH},
		{"node, PUBLISH", "PUBLISH sip:b@" B4, ";tag=2",
		 "CSeq: 1 PUBLISH\n", CAROM_R_SIP_AUTH},
	};
	const struct sa host = addr(A4, 0);
	char in[1024];

	sb_reset(s);
	fp_sip_conf(s->sip)->flags |= SIP_CONF_AUTH;
	fp_sip_set(s->sip, 0, 1, SIP_SET_AUTH, (uint16_t[]){0}, 1);
	/* gone from its set, and trusted still */
	fp_sip_target(s->sip, 0, 1, NULL, false);
	for (int trusted = 0; trusted < 2; trusted++) {
		for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
			const struct sb m = {.in = in};
			const int want = trusted ? CAROM_R_SIP_FORWARDED
						 : casev[i].reason;
			struct tally before, after;

			bed_tally(s->bed, &before);
			(void)snprintf(
				in, sizeof(in),
				"%s SIP/2.0\n" VIA MF
				"From: <sip:a@x>;tag=1\nTo: <sip:b@x>%s\n"
				"Call-ID: digest\n%s\n",
				casev[i].start, casev[i].to, casev[i].head);
			sb_send(s, &m);
			bed_tally(s->bed, &after);
			if (after.packets[want] != before.packets[want] + 1)
				fail_msg("%s%s", casev[i].what,
					 trusted ? ", trusted" : "");
		}
		fp_sip_net(s->sip, &host, 32, SIP_NET_TRUSTED, SIP_NONE);
	}
}

static void test_flood(void **state)
{
	struct sipbed *s = *state;
	struct sip_conf *c = fp_sip_conf(s->sip);
	struct sb m = {.what = "within its burst",
		       .in = ASK(INV, CS),
		       .out = ASKED(INV, CS),
		       .via_port = 5062};

	sb_reset(s);
	fp_sip_set(s->sip, 0, 1, 0, (uint16_t[]){0}, 1);
	/* one in an hour, three at once */
	c->limit[SIP_CLASS_INVITE] = (struct sip_limit){
		.interval = 3600000000000ull, .burst = 2 * 3600000000000ull};
	for (int i = 0; i < 3; i++)
		sb_run(s, &m);
	m.what = "over it";
	m.out = NULL;
	m.reason = CAROM_R_SIP_FLOOD;
	sb_run(s, &m);
	m.what = "another class has its own";
	m.reason = 0;
	m.in = ASK("MESSAGE sip:b@192.0.2.1 SIP/2.0\n", "CSeq: 9 MESSAGE\n");
	m.out = ASKED("MESSAGE sip:b@192.0.2.1 SIP/2.0\n", "CSeq: 9 MESSAGE\n");
	sb_run(s, &m);
	m.what = "a node has no limit";
	m.src = B4;
	m.to = A4;
	m.tport = 5062;
	m.via_host = "198.51.100.20";
	m.via_port = 0;
	m.rport = 5060;
	m.in = "INVITE sip:a@192.0.2.10:5062 SIP/2.0\n"
	       "Via: SIP/2.0/UDP 198.51.100.20;branch=z9hG4bKabc\n" MF IDS CS
	       "\n";
	m.out = "INVITE sip:a@192.0.2.10:5062 SIP/2.0\n@a\n"
		"Via: SIP/2.0/UDP 198.51.100.20;branch=z9hG4bKabc\n"
		"Max-Forwards: 69\n" IDS CS "\n";
	for (int i = 0; i < 5; i++)
		sb_run(s, &m);
	c->limit[SIP_CLASS_INVITE].interval = 0;
}

/* Whom we trust has to come by the device that leads back; others may come by
 * any */
static void test_way_back(void **state)
{
	static const char ask[] =
		"INVITE sip:a@192.0.2.10:5062 SIP/2.0\n"
		"Via: SIP/2.0/UDP 198.51.100.20;branch=z9hG4bKabc\n" MF IDS CS
		"\n";
	static const char asked[] =
		"INVITE sip:a@192.0.2.10:5062 SIP/2.0\n@a\n"
		"Via: SIP/2.0/UDP 198.51.100.20;branch=z9hG4bKabc\n"
		"Max-Forwards: 69\n" IDS CS "\n";
	static const char tag_ask[] =
		"INVITE sip:a@192.0.2.10:5062 SIP/2.0\n"
		"Via: SIP/2.0/UDP 203.0.113.30;branch=z9hG4bKabc\n" MF IDS CS
		"\n";
	static const char tag_asked[] =
		"INVITE sip:a@192.0.2.10:5062 SIP/2.0\n@a\n"
		"Via: SIP/2.0/UDP 203.0.113.30;branch=z9hG4bKabc\n"
		"Max-Forwards: 69\n" IDS CS "\n";
	struct sipbed *s = *state;
	struct sip_conf *c = fp_sip_conf(s->sip);
	const struct sb node = {.in = ask,
				.out = asked,
				.src = B4,
				.to = A4,
				.tport = 5062,
				.via_host = B4,
				.rport = 5060,
				.sport = 5060};
	const struct sb trunk = {.in = tag_ask,
				 .out = tag_asked,
				 .src = T4,
				 .to = A4,
				 .tport = 5062,
				 .via_host = T4,
				 .rport = 5060,
				 .sport = 5060};
	const struct sa host = addr(T4, 0);
	struct sb m;

	sb_reset(s);
	fp_sip_set(s->sip, 0, 1, 0, (uint16_t[]){0}, 1);
	fp_sip_net(s->sip, &host, 32, SIP_NET_TRUSTED, SIP_NONE);
	c->flags |= SIP_CONF_REVERSE;
	for (int i = 0; i < 2; i++) { /* the second time from the cache */
		m = node;
		m.what = "a node, by its device";
		sb_run(s, &m);
		m = trunk;
		m.what = "a trusted network, by its VLAN";
		sb_run(s, &m);
		m = node;
		m.out = NULL;
		m.reason = CAROM_R_SIP_SPOOFED;
		m.what = "a node's address, by another device";
		m.in_dev = s->bed->lan;
		sb_packet(s, &m);
		m.what = "a node's address, by its device with a tag";
		m.in_dev = s->bed->wan;
		m.vlan = TAG_ID;
		sb_packet(s, &m);
		m = trunk;
		m.out = NULL;
		m.reason = CAROM_R_SIP_SPOOFED;
		m.what = "a trusted address, without its tag";
		m.in_dev = s->bed->wan;
		sb_packet(s, &m);
	}
	m = node;
	m.out = NULL;
	m.reason = CAROM_R_SIP_SPOOFED;
	m.what = "a fragment with a node's address";
	m.in_dev = s->bed->lan;
	m.frag = 0x2000;
	sb_packet(s, &m);
	m = (struct sb){.what = "anybody, by any device",
			.in = ASK(INV, CS),
			.out = ASKED(INV, CS),
			.via_port = 5062,
			.in_dev = s->bed->wan};
	sb_packet(s, &m);
	c->flags &= ~SIP_CONF_REVERSE;
	m = node;
	m.what = "a node, by another device, where that is allowed";
	m.in_dev = s->bed->lan;
	sb_packet(s, &m);
}

struct seen {
	unsigned n;
	struct sip_copy c;
	char text[2048];
};

static void copied(const struct sip_copy *c, const char *text, void *arg)
{
	struct seen *seen = arg;

	seen->n++;
	seen->c = *c;
	memcpy(seen->text, text, c->len);
	seen->text[c->len] = '\0';
}

static void test_copies(void **state)
{
	struct sipbed *s = *state;
	struct sip_count c0, c1;
	struct seen seen = {.n = 0};
	struct sb m = {.what = "copied",
		       .in = ASK(INV, CS),
		       .out = ASKED(INV, CS),
		       .via_port = 5062,
		       .notes = NOTE(SIP_COPIED)};

	sb_reset(s);
	fp_sip_set(s->sip, 0, 1, 0, (uint16_t[]){0}, 1);
	assert_int_equal(fp_sip_copies(s->sip, copied, &seen), 0);
	seen.n = 0;
	fp_sip_count(s->sip, SCAN_M_INVITE, &c0);
	fp_sip_conf(s->sip)->copy_every = 1;
	sb_run(s, &m);
	fp_sip_count(s->sip, SCAN_M_INVITE, &c1);
	assert_int_equal(c1.packets, c0.packets + 1);
	assert_int_equal(fp_sip_copies(s->sip, copied, &seen), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.c.sport, 5062);
	assert_int_equal(seen.c.tport, 5060);
	/* as it came, Max-Forwards and all */
	assert_non_null(strstr(seen.text, "Max-Forwards: 70\r\n"));
	assert_null(strstr(seen.text, "192.0.2.1:5060;branch"));

	/* nobody reads: the ring fills, and copies are lost, but no message */
	for (unsigned i = 0; i < SIP_COPY_BYTES / 256; i++) {
		struct tally t;

		bed_tally(s->bed, &t);
		if (t.packets[CAROM_R_SIP_COPY_LOST])
			break;
		sb_send(s, &m);
	}
	m.notes = NOTE(SIP_COPY_LOST);
	sb_run(s, &m);
}

/* Both ends of a hop */
struct hop {
	unsigned n;
	struct sip_copy cv[2];
	char textv[2][2048];
};

static void hopped(const struct sip_copy *c, const char *text, void *arg)
{
	struct hop *hop = arg;
	const unsigned i = hop->n++;

	assert_in_range(i, 0, 1);
	hop->cv[i] = *c;
	memcpy(hop->textv[i], text, c->len);
	hop->textv[i][c->len] = '\0';
}

static void forget(const struct sip_copy *c, const char *text, void *arg)
{
	(void)c;
	(void)text;
	(void)arg;
}

static void test_hops(void **state)
{
	struct sipbed *s = *state;
	struct hop hop = {.n = 0};
	char text[2048];
	struct tally t;
	uint64_t hops;
	struct sb m = {.what = "a hop",
		       .in = ASK(INV, CS),
		       .out = ASKED(INV, CS),
		       .via_port = 5062};

	sb_reset(s);
	fp_sip_set(s->sip, 0, 1, 0, (uint16_t[]){0}, 1);
	fp_sip_conf(s->sip)->hop_every = 1;
	assert_int_equal(fp_sip_hops(s->sip, forget, NULL), 0);
	bed_tally(s->bed, &t);
	hops = t.packets[CAROM_R_SIP_HOP];
	sb_send(s, &m);
	assert_int_equal(fp_sip_hops(s->sip, hopped, &hop), 0);
	assert_int_equal(hop.n, 2);
	bed_tally(s->bed, &t);
	assert_int_equal(t.packets[CAROM_R_SIP_HOP], hops + 2);
	/* as it came */
	text[sb_expand(text, sizeof(text), m.in, &m)] = '\0';
	assert_string_equal(hop.textv[0], text);
	assert_int_equal(hop.cv[0].flags, 0);
	assert_int_equal(hop.cv[0].sport, 5062);
	/* as it left: from us, what the node got */
	assert_int_equal(hop.cv[1].flags, SIP_COPY_LEFT);
	assert_memory_equal(hop.cv[1].dst, hop.cv[0].to, 16);
	assert_int_equal(hop.cv[1].dport, hop.cv[0].tport);
	assert_memory_equal(hop.cv[1].src, hop.cv[0].dst, 16);
	text[sb_expand(text, sizeof(text), m.out, &m)] = '\0';
	assert_string_equal(hop.textv[1], text);

	/* dropped: it came, no more */
	hop.n = 0;
	m.in = "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK"
	       "000000000000000000\n" VIA IDS CS "\n";
	sb_send(s, &m);
	assert_int_equal(fp_sip_hops(s->sip, hopped, &hop), 0);
	assert_int_equal(hop.n, 1);
	assert_int_equal(hop.cv[0].reason, CAROM_R_SIP_FORGED);
	assert_int_equal(hop.cv[0].tport, 0);

	/* what the agent gets it has itself */
	hop.n = 0;
	m.in = "INVITE sip:bob@203.0.113.30 SIP/2.0\n" VIA MF IDS CS "\n";
	sb_send(s, &m);
	assert_int_equal(fp_sip_hops(s->sip, hopped, &hop), 0);
	assert_int_equal(hop.n, 0);

	/* a call that is none of the sample */
	fp_sip_conf(s->sip)->hop_every = UINT32_MAX;
	m.in = ASK(INV, CS);
	sb_send(s, &m);
	assert_int_equal(fp_sip_hops(s->sip, hopped, &hop), 0);
	assert_int_equal(hop.n, 0);

	/* nobody reads: copies are lost, but no message */
	fp_sip_conf(s->sip)->hop_every = 1;
	for (unsigned i = 0; i < SIP_COPY_BYTES / 256; i++) {
		bed_tally(s->bed, &t);
		if (t.packets[CAROM_R_SIP_HOP_LOST])
			break;
		sb_send(s, &m);
	}
	assert_int_not_equal(t.packets[CAROM_R_SIP_HOP_LOST], 0);
	fp_sip_conf(s->sip)->hop_every = 0;
}

static void test_off(void **state)
{
	struct sipbed *s = *state;
	struct sb m = {.what = "the agent has not switched it on",
		       .in = ASK(INV, CS),
		       .reason = -1};

	sb_reset(s);
	fp_sip_on(s->sip, false);
	sb_run(s, &m);
	fp_sip_on(s->sip, true);
	m.what = "another port";
	m.dport = 5070;
	sb_run(s, &m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_forbidden),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_wrong_checksum),
		cmocka_unit_test(test_way_back),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_kamailio_hash),
		cmocka_unit_test(test_sticky),
		cmocka_unit_test(test_streamed),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_hops),
		cmocka_unit_test(test_off),
	};

	return cmocka_run_group_tests(tests, sb_setup, sb_teardown);
}
