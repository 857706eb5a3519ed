/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SIP as it leaves: each byte of requests and responses that the kernel settles
 * (docs/sip.md)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "sipbed.h"

#define FROM "From: <sip:alice@192.0.2.10>;tag=a1\n"
#define TO "To: <sip:bob@192.0.2.1>\n"
#define TO_TAG "To: <sip:bob@192.0.2.1>;tag=b1\n"
#define CALL "Call-ID: call-1@192.0.2.10\n"
#define VIA "Via: SIP/2.0/UDP 192.0.2.10:5062;branch=z9hG4bKabc\n"
#define VIA_R "Via: SIP/2.0/UDP 192.0.2.10:5062;rport;branch=z9hG4bKabc\n"
#define VIA_RR                                                                 \
	"Via: SIP/2.0/UDP 192.0.2.10:5062;rport=5062;branch=z9hG4bKabc"        \
	";received=192.0.2.10\n"
#define REST FROM TO CALL "CSeq: 1 INVITE\nContent-Length: 0\n\n"
#define RR "Record-Route: <sip:192.0.2.1:5060;lr>\n"
#define RR_W "Record-Route: <sip:198.51.100.1:5060;lr>\n"

static void test_invite(void **state)
{
	struct sipbed *s = *state;
	struct sb m = {
		.what = "new INVITE to the set",
		.reason = CAROM_R_SIP_FORWARDED,
		.in = "INVITE sip:bob@192.0.2.1 SIP/2.0\n" VIA_R
		      "Max-Forwards: 70\n" REST,
		.out = "INVITE sip:bob@192.0.2.1 SIP/2.0\n@a\n" RR VIA_RR
		       "Max-Forwards: 69\n" REST,
		.via_port = 5062,
	};

	sb_differential(s);
	sb_reset(s);
	sb_run(s, &m);
	m.what = "the same again";
	sb_run(s, &m);
	m.what = "checksum left to an offload";
	m.sum = SUM_PARTIAL;
	sb_run(s, &m);
	m.what = "no checksum";
	m.sum = SUM_ZERO;
	sb_run(s, &m);
	m.sum = SUM_RIGHT;
	m.what = "without rport, as it came";
	m.in = "INVITE sip:bob@192.0.2.1 SIP/2.0\n" VIA
	       "Max-Forwards: 10\n" REST;
	m.out = "INVITE sip:bob@192.0.2.1 SIP/2.0\n@a\n" RR VIA
		"Max-Forwards: 09\n" REST;
	sb_run(s, &m);
	m.what = "another Via in the same line";
	m.in = "INVITE sip:bob@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP "
	       "192.0.2.10:5062;rport;branch=z9hG4bKabc , SIP/2.0/UDP "
	       "x;branch=z9hG4bKd\nMax-Forwards: 10\n" REST;
	m.out = "INVITE sip:bob@192.0.2.1 SIP/2.0\n@a\n" RR
		"Via: SIP/2.0/UDP 192.0.2.10:5062;rport=5062;branch=z9hG4bKabc"
		";received=192.0.2.10 , SIP/2.0/UDP x;branch=z9hG4bKd\n"
		"Max-Forwards: 09\n" REST;
	sb_run(s, &m);
	m.what = "white space behind rport";
	m.in = "INVITE sip:bob@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP "
	       "192.0.2.10:5062;rport ;branch=z9hG4bKabc\n"
	       "Max-Forwards: 10\n" REST;
	m.out = "INVITE sip:bob@192.0.2.1 SIP/2.0\n@a\n" RR
		"Via: SIP/2.0/UDP 192.0.2.10:5062;rport=5062 ;branch=z9hG4bKabc"
		";received=192.0.2.10\nMax-Forwards: 09\n" REST;
	sb_run(s, &m);
	m.what = "compact, any case, any order";
	m.in = "INVITE sip:bob@192.0.2.1 SIP/2.0\nt: <sip:bob@192.0.2.1>\n"
	       "mAX-fORWARDS \t:  100\nf: <sip:a@b>;tag=x\n"
	       "V : sip/2.0/udp 192.0.2.10:5062 ;Branch=z9hG4bKabc\n"
	       "I:call-1@192.0.2.10\ncseq:1 INVITE\nl:0\n\n";
	m.out = "INVITE sip:bob@192.0.2.1 SIP/2.0\n@a\n" RR
		"t: <sip:bob@192.0.2.1>\n"
		"mAX-fORWARDS \t:  099\nf: <sip:a@b>;tag=x\n"
		"V : sip/2.0/udp 192.0.2.10:5062 ;Branch=z9hG4bKabc\n"
		"I:call-1@192.0.2.10\ncseq:1 INVITE\nl:0\n\n";
	sb_run(s, &m);
}

static void test_received(void **state)
{
	struct sipbed *s = *state;
	struct sb m = {
		.what = "sent-by is a name",
		.in = "INVITE sip:bob@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP "
		      "pc33.example.com;branch=z9hG4bKabc\n"
		      "Max-Forwards: 70\n" REST,
		.out = "INVITE sip:bob@192.0.2.1 SIP/2.0\n@a\n" RR
		       "Via: SIP/2.0/UDP pc33.example.com;branch=z9hG4bKabc"
		       ";received=192.0.2.10\nMax-Forwards: 69\n" REST,
		.via_host = "pc33.example.com",
		.rport = 5060,
	};

	sb_reset(s);
	sb_run(s, &m);
	m.what = "sent-by is a private address";
	m.via_host = "10.0.0.7";
	m.via_port = 5070;
	m.rport = 5070;
	m.in = "INVITE sip:bob@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP "
	       "10.0.0.7:5070;branch=z9hG4bKabc\nMax-Forwards: 70\n" REST;
	m.out = "INVITE sip:bob@192.0.2.1 SIP/2.0\n@a\n" RR
		"Via: SIP/2.0/UDP 10.0.0.7:5070;branch=z9hG4bKabc"
		";received=192.0.2.10\nMax-Forwards: 69\n" REST;
	sb_run(s, &m);
	m.what = "its port has zeros in front";
	m.in = "INVITE sip:bob@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP "
	       "10.0.0.7:0005070;branch=z9hG4bKabc\nMax-Forwards: 70\n" REST;
	m.out = "INVITE sip:bob@192.0.2.1 SIP/2.0\n@a\n" RR
		"Via: SIP/2.0/UDP 10.0.0.7:0005070;branch=z9hG4bKabc"
		";received=192.0.2.10\nMax-Forwards: 69\n" REST;
	sb_run(s, &m);
	m.what = "rport by force";
	m.in = "INVITE sip:bob@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP "
	       "10.0.0.7:5070;branch=z9hG4bKabc\nMax-Forwards: 70\n" REST;
	fp_sip_conf(s->sip)->flags |= SIP_CONF_FORCE_RPORT;
	m.rport = 5062;
	m.out = "INVITE sip:bob@192.0.2.1 SIP/2.0\n@a\n" RR
		"Via: SIP/2.0/UDP 10.0.0.7:5070;branch=z9hG4bKabc"
		";rport=5062;received=192.0.2.10\nMax-Forwards: 69\n" REST;
	sb_run(s, &m);
}

/* INVITE, its retransmission, CANCEL and the ACK of a non-2xx: one branch, one
 * target (RFC 3261 16.11) */
static void test_cancel_ack(void **state)
{
	struct sipbed *s = *state;
	struct sb m = {
		.what = "CANCEL",
		.in = "CANCEL sip:bob@192.0.2.1 SIP/2.0\n" VIA
		      "Max-Forwards: 70\n" FROM TO CALL
		      "CSeq: 1 CANCEL\nContent-Length: 0\n\n",
		.out = "CANCEL sip:bob@192.0.2.1 SIP/2.0\n@a\n" VIA
		       "Max-Forwards: 69\n" FROM TO CALL
		       "CSeq: 1 CANCEL\nContent-Length: 0\n\n",
		.via_port = 5062,
	};

	sb_reset(s);
	sb_run(s, &m);
	m.what = "ACK of a non-2xx";
	m.in = "ACK sip:bob@192.0.2.1 SIP/2.0\n" VIA
	       "Max-Forwards: 70\n" FROM TO_TAG CALL
	       "CSeq: 1 ACK\nContent-Length: 0\n\n";
	m.out = "ACK sip:bob@192.0.2.1 SIP/2.0\n@a\n" VIA
		"Max-Forwards: 69\n" FROM TO_TAG CALL
		"CSeq: 1 ACK\nContent-Length: 0\n\n";
	sb_run(s, &m);
}

#define BYE(routes)                                                            \
	"BYE sip:farm@198.51.100.20:5060 SIP/2.0\n" VIA                        \
	"Max-Forwards: 70\n" routes FROM TO_TAG CALL                           \
	"CSeq: 2 BYE\nContent-Length: 4\n\nbody"
#define BYE_OUT(routes)                                                        \
	"BYE sip:farm@198.51.100.20:5060 SIP/2.0\n@a\n" VIA                    \
	"Max-Forwards: 69\n" routes FROM TO_TAG CALL                           \
	"CSeq: 2 BYE\nContent-Length: 4\n\nbody"

static void test_routes(void **state)
{
	static const struct {
		const char *what, *in, *out, *to;
	} casev[] = {
		{"own Route popped, next by the Request-URI",
		 BYE("Route: <sip:192.0.2.1:5060;lr>\n"), BYE_OUT(""), B4},
		{"own Route popped, next by the Route",
		 BYE("Route: <sip:192.0.2.1;lr>\n"
		     "Route: <sip:198.51.100.21;lr>\n"),
		 BYE_OUT("Route: <sip:198.51.100.21;lr>\n"), C4},
		{"in one line",
		 BYE("Route: <sip:192.0.2.1;lr>, <sip:198.51.100.21;lr>;x=y\n"),
		 BYE_OUT("Route: <sip:198.51.100.21;lr>;x=y\n"), C4},
		{"two of ours in one line",
		 BYE("ROUTE:<sip:192.0.2.1;lr> ,<sip:192.0.2.1:5060;lr>,"
		     "<sip:198.51.100.21:5060;lr>\n"),
		 BYE_OUT("ROUTE:<sip:198.51.100.21:5060;lr>\n"), C4},
		{"two of ours in two lines",
		 BYE("Route: <sip:192.0.2.1;lr>\nRoute: <sip:192.0.2.1;lr>\n"),
		 BYE_OUT(""), B4},
		{"two of ours, one line and a half",
		 BYE("Route: <sip:192.0.2.1;lr>\n"
		     "Route: <sip:192.0.2.1;lr>,<sip:198.51.100.21;lr>\n"),
		 BYE_OUT("Route: <sip:198.51.100.21;lr>\n"), C4},
		{"a token in the second of ours leads back: popped",
		 BYE("Route: <sip:192.0.2.1;lr>\n"
		     "Route: "
		     "<sip:f1024c63364079c404c000020b13c40123456789abcdef@192."
		     "0.2.1;lr>\n"),
		 BYE_OUT(""), B4},
		{"the bare form: a node's alone stays",
		 BYE("Route: <sip:198.51.100.21;lr>\n"),
		 BYE_OUT("Route: <sip:198.51.100.21;lr>\n"), C4},
		{"no Route, a node in the Request-URI", BYE(""), BYE_OUT(""),
		 B4},
		{"Routes before Via, Max-Forwards last",
		 "BYE sip:farm@198.51.100.20:5060 SIP/2.0\n"
		 "Route: <sip:192.0.2.1;lr>\n" VIA FROM TO_TAG CALL
		 "CSeq: 2 BYE\nMax-Forwards: 70\n\n",
		 "BYE sip:farm@198.51.100.20:5060 SIP/2.0\n@a\n" VIA FROM TO_TAG
			 CALL "CSeq: 2 BYE\nMax-Forwards: 69\n\n",
		 B4},
	};
	struct sipbed *s = *state;

	sb_reset(s);
	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		struct sb m = {.what = casev[i].what,
			       .in = casev[i].in,
			       .out = casev[i].out,
			       .to = casev[i].to,
			       .via_port = 5062};

		sb_run(s, &m);
	}
}

/* What a node sends may go anywhere; with a Record-Route where its set asks */
static void test_outbound(void **state)
{
	struct sipbed *s = *state;
	struct sb m = {
		.what = "a node calls a phone",
		.src = B4,
		.sport = 5060,
		.to = A4,
		.tport = 5062,
		.in = "INVITE sip:alice@192.0.2.10:5062 SIP/2.0\n"
		      "Route: <sip:192.0.2.1;lr>\n"
		      "Via: SIP/2.0/UDP 198.51.100.20;branch=z9hG4bKabc\n"
		      "Max-Forwards: 70\n" REST,
		.out = "INVITE sip:alice@192.0.2.10:5062 SIP/2.0\n@a\n" RR
		       "Via: SIP/2.0/UDP 198.51.100.20;branch=z9hG4bKabc\n"
		       "Max-Forwards: 69\n" REST,
		.via_host = B4,
		.rport = 5060,
	};

	sb_reset(s);
	sb_run(s, &m);
	m.what = "two listeners: Record-Route twice";
	sb_two(s);
	m.dst = WAN4;
	m.from = LAN4;
	m.listener = 2;
	m.in = "INVITE sip:alice@192.0.2.10:5062 SIP/2.0\n"
	       "Route: <sip:198.51.100.1;lr>\n"
	       "Via: SIP/2.0/UDP 198.51.100.20;branch=z9hG4bKabc\n"
	       "Max-Forwards: 70\n" REST;
	m.out = "INVITE sip:alice@192.0.2.10:5062 SIP/2.0\n@a\n" RR RR_W
		"Via: SIP/2.0/UDP 198.51.100.20;branch=z9hG4bKabc\n"
		"Max-Forwards: 69\n" REST;
	sb_run(s, &m);
	m = (struct sb){
		.what = "and the other way",
		.from = WAN4,
		.in = "INVITE sip:bob@192.0.2.1 SIP/2.0\n" VIA
		      "Max-Forwards: 70\n" REST,
		.out = "INVITE sip:bob@192.0.2.1 SIP/2.0\n@w\n" RR_W RR VIA
		       "Max-Forwards: 69\n" REST,
		.via_port = 5062,
	};
	sb_run(s, &m);
}

/* Nodes that have our shared address too take nothing from it */
static void test_twin(void **state)
{
	static const uint16_t first[1] = {0};
	struct sipbed *s = *state;
	struct sb m = {
		.what = "a set of twins: from the address that is ours alone",
		.in = "INVITE sip:bob@192.0.2.1 SIP/2.0\n" VIA
		      "Max-Forwards: 70\n" REST,
		.out = "INVITE sip:bob@192.0.2.1 SIP/2.0\n@a\n" RR VIA
		       "Max-Forwards: 69\n" REST,
		.via_port = 5062,
	};

	sb_reset(s);
	sb_two(s);
	assert_int_equal(fp_sip_exit(s->sip, SIP_EXIT_OWN, false, 0), 0);
	assert_int_equal(
		fp_sip_set(s->sip, 0, 1, SIP_SET_RR | SIP_SET_OWN, first, 1),
		0);
	s->policy->setv[0].flags |= SIP_SET_OWN;
	s->policy->listenerv[0].own = true;
	sb_run(s, &m);
	m.what = "inside a dialog, by its Route";
	m.in = BYE("Route: <sip:192.0.2.1:5060;lr>\n");
	m.out = BYE_OUT("");
	sb_run(s, &m);
	s->policy->setv[0].flags &= ~SIP_SET_OWN;
	s->policy->listenerv[0].own = false;
	assert_int_equal(fp_sip_set(s->sip, 0, 1, SIP_SET_RR, first, 1), 0);
	m.what = "another set: as it leaves by the device";
	m.from = WAN4;
	m.out = "BYE sip:farm@198.51.100.20:5060 SIP/2.0\n@w\n" VIA
		"Max-Forwards: 69\n" FROM TO_TAG CALL
		"CSeq: 2 BYE\nContent-Length: 4\n\nbody";
	sb_run(s, &m);
}

static void test_response(void **state)
{
	struct sipbed *s = *state;
	struct sb m = {
		.what = "200 back to the phone",
		.src = B4,
		.sport = 5060,
		.to = A4,
		.tport = 5062,
		.reply = A4,
		.in = "SIP/2.0 200 OK\n@a\n" VIA_RR
		      "Record-Route: <sip:192.0.2.1:5060;lr>\n" FROM TO_TAG CALL
		      "CSeq: 1 INVITE\nContent-Length: 5\n\nsdp\n",
		.out = "SIP/2.0 200 OK\n" VIA_RR
		       "Record-Route: <sip:192.0.2.1:5060;lr>\n" FROM TO_TAG
			       CALL
		       "CSeq: 1 INVITE\nContent-Length: 5\n\nsdp\n",
		.via_port = 5062,
	};

	sb_reset(s);
	sb_run(s, &m);
	m.what = "compact, Via not first";
	m.in = "SIP/2.0 180 Ringing\n" FROM "v: SIP/2.0/UDP 192.0.2.1:5060"
	       ";branch=z9hG4bK@b;x\nv:SIP/2.0/UDP 192.0.2.10:5062"
	       ";branch=z9hG4bKabc\n" TO_TAG CALL "CSeq: 1 INVITE\n\n";
	m.out = "SIP/2.0 180 Ringing\n" FROM "v:SIP/2.0/UDP 192.0.2.10:5062"
		";branch=z9hG4bKabc\n" TO_TAG CALL "CSeq: 1 INVITE\n\n";
	sb_run(s, &m);
	m.what = "both Via in one line, as sipp sends them";
	m.in = "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch="
	       "z9hG4bK@b , SIP/2.0/UDP 192.0.2.10:5062"
	       ";branch=z9hG4bKabc, SIP/2.0/UDP x;branch=z9hG4bKd\n" FROM TO_TAG
		       CALL "CSeq: 1 INVITE\n\n";
	m.out = "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.10:5062"
		";branch=z9hG4bKabc, SIP/2.0/UDP x;branch=z9hG4bKd\n" FROM
			TO_TAG CALL "CSeq: 1 INVITE\n\n";
	sb_run(s, &m);
	m.what = "two listeners: it leaves by the one that the request came to";
	sb_two(s);
	m.dst = WAN4;
	m.from = LAN4;
	m.in = "SIP/2.0 200 OK\n@w\n" VIA FROM TO_TAG CALL "CSeq: 1 INVITE\n\n";
	m.out = "SIP/2.0 200 OK\n" VIA FROM TO_TAG CALL "CSeq: 1 INVITE\n\n";
	sb_run(s, &m);
	m.what = "the request came by a connection, though its Via says UDP";
	m.listener = 3;
	m.in = "SIP/2.0 200 OK\n@w\n" VIA FROM TO_TAG CALL "CSeq: 1 INVITE\n\n";
	m.out = NULL;
	m.reason = CAROM_R_SIP_TRANSPORT;
	sb_run(s, &m);
	m.listener = 0;
	m.what = "a forged branch goes nowhere";
	m.in = "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 198.51.100.1:5060;branch="
	       "z9hG4bK000000000000000000\n" VIA FROM TO_TAG CALL
	       "CSeq: 1 INVITE\n\n";
	m.out = NULL;
	m.reason = CAROM_R_SIP_FORGED;
	sb_run(s, &m);
	m.what = "our branch, another next Via";
	m.in = "SIP/2.0 200 OK\n@w\nVia: SIP/2.0/UDP 192.0.2.10:5063;branch="
	       "z9hG4bKabc\n" FROM TO_TAG CALL "CSeq: 1 INVITE\n\n";
	sb_run(s, &m);
	m.what = "our branch, sent elsewhere by received";
	m.in = "SIP/2.0 200 OK\n@w\nVia: SIP/2.0/UDP 192.0.2.10:5062;branch="
	       "z9hG4bKabc;received=198.51.100.21\n" FROM TO_TAG CALL
	       "CSeq: 1 INVITE\n\n";
	sb_run(s, &m);
	m.what = "a Via of somebody else on top";
	m.in = "SIP/2.0 200 OK\n" VIA VIA FROM TO_TAG CALL "CSeq: 1 INVITE\n\n";
	m.reason = CAROM_R_SIP_NOT_OURS;
	sb_run(s, &m);
	m.what = "an answer to our own probe";
	m.in = "SIP/2.0 200 OK\n@w\n" FROM TO_TAG CALL "CSeq: 1 OPTIONS\n\n";
	m.reason = CAROM_R_SIP_LOCAL;
	sb_run(s, &m);
}

static void test_ipv6(void **state)
{
	struct sipbed *s = *state;
	struct sip_rule any = {.set = 1};
	struct sb m = {
		.what = "IPv6",
		.src = A6,
		.dst = LAN6,
		.to = B6,
		.via_host = A6,
		.rport = 5062,
		.listener = 1,
		.in = "INVITE sip:bob@[2001:db8:1::1] SIP/2.0\n"
		      "Via: SIP/2.0/UDP [2001:db8:1::10];rport"
		      ";branch=z9hG4bKabc\nMax-Forwards: 70\n" REST,
		.out = "INVITE sip:bob@[2001:db8:1::1] SIP/2.0\n"
		       "Via: SIP/2.0/UDP [2001:db8:1::1]:5060"
		       ";branch=z9hG4bK@b\n"
		       "Record-Route: <sip:[2001:db8:1::1]:5060;lr>\n"
		       "Via: SIP/2.0/UDP [2001:db8:1::10];rport=5062"
		       ";branch=z9hG4bKabc;received=2001:db8:1:0:0:0:0:10\n"
		       "Max-Forwards: 69\n" REST,
	};

	sb_reset(s);
	assert_int_equal(fp_sip_rules(s->sip, &any, 1), 0);
	s->policy->rulev[0] = any;
	sb_run(s, &m);
	m.what = "its response";
	m.reply = A6;
	m.src = B6;
	m.to = A6;
	m.tport = 5062;
	m.in = "SIP/2.0 200 OK\nVia: SIP/2.0/UDP [2001:db8:1::1]:5060"
	       ";branch=z9hG4bK@b\nVia: SIP/2.0/UDP [2001:db8:1::10]"
	       ";rport=5062;branch=z9hG4bKabc"
	       ";received=2001:db8:1:0:0:0:0:10\n" FROM TO_TAG CALL
	       "CSeq: 1 INVITE\n\n";
	m.out = "SIP/2.0 200 OK\nVia: SIP/2.0/UDP [2001:db8:1::10]"
		";rport=5062;branch=z9hG4bKabc"
		";received=2001:db8:1:0:0:0:0:10\n" FROM TO_TAG CALL
		"CSeq: 1 INVITE\n\n";
	sb_run(s, &m);
	m.what = "the node is of the other family";
	m.src = A6;
	m.out = NULL;
	m.reason = CAROM_R_SIP_FAMILY;
	any.set = 0;
	assert_int_equal(fp_sip_rules(s->sip, &any, 1), 0);
	s->policy->rulev[0] = any;
	m.in = "INVITE sip:bob@[2001:db8:1::1] SIP/2.0\nVia: SIP/2.0/UDP "
	       "[2001:db8:1::10];branch=z9hG4bKabc\nMax-Forwards: 70\n" REST;
	sb_run(s, &m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_invite),
		cmocka_unit_test(test_received),
		cmocka_unit_test(test_cancel_ack),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_outbound),
		cmocka_unit_test(test_twin),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_ipv6),
	};

	return cmocka_run_group_tests(tests, sb_setup, sb_teardown);
}
