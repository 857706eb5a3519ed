/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls to registered users, as the kernel settles them and as the agent does
 * (docs/sip.md, Registered users)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "edge/key.h"
#include "sipusers.h"

#define FROM "From: <sip:alice@example.com>;tag=a1\n"
#define TO "To: <sip:bob@example.com>\n"
#define TO_TAG "To: <sip:bob@example.com>;tag=b1\n"
#define CALL "Call-ID: call-1@192.0.2.10\n"
#define VIA "Via: SIP/2.0/UDP 192.0.2.10:5062;branch=z9hG4bKabc\n"
#define RR "Record-Route: <sip:192.0.2.1:5060;lr>\n"
#define REQ(m, uri, to)                                                        \
	m " " uri " SIP/2.0\n" VIA "Max-Forwards: 70\n" FROM to CALL           \
	  "CSeq: 1 " m "\nContent-Length: 0\n\n"
#define OUT(m, uri, rr, to)                                                    \
	m " " uri " SIP/2.0\n@a\n" rr VIA "Max-Forwards: 69\n" FROM to CALL    \
	  "CSeq: 1 " m "\nContent-Length: 0\n\n"
#define BOB "sip:bob@example.com"
#define AT "sip:bob-0x5581@203.0.113.30:5070"
#define AT2 "sip:bob@203.0.113.30:5080;transport=udp;ob"

/* INVITE to the user, to what and where it goes */
static struct sb invite(const char *what, const char *out, uint16_t port)
{
	return (struct sb){
		.what = what,
		.in = REQ("INVITE", BOB, TO),
		.out = out,
		.to = T4,
		.tport = port,
		.via_port = 5062,
	};
}

static void test_call(void **state)
{
	struct sipbed *s = *state;
	struct sb m = invite("INVITE of a registered user",
			     OUT("INVITE", AT, RR, TO), 5070);

	sb_differential(s);
	sb_reset(s);
	su_open(s, SIP_RULE_RR);
	su_bind(s, "bob", AT, NULL, NULL, 0, 60);
	sb_run(s, &m);
	m.what = "the same again";
	sb_run(s, &m);
	m.what = "checksum left to an offload";
	m.sum = SUM_PARTIAL;
	sb_run(s, &m);
	m.sum = SUM_RIGHT;
	m.what = "CANCEL";
	m.in = REQ("CANCEL", BOB, TO);
	m.out = OUT("CANCEL", AT, "", TO);
	sb_run(s, &m);
	m.what = "ACK of a refusal";
	m.in = REQ("ACK", BOB, TO_TAG);
	m.out = OUT("ACK", AT, "", TO_TAG);
	sb_run(s, &m);
	m.what = "his domain in capitals, a port, a parameter";
	m.in = REQ("MESSAGE", "sip:bob@EXAMPLE.com:5060;user=phone", TO);
	m.out = OUT("MESSAGE", AT, "", TO);
	sb_run(s, &m);
	m.what = "own Route in front";
	m.in = "INVITE " BOB " SIP/2.0\nRoute: <sip:192.0.2.1;lr>\n" VIA
	       "Max-Forwards: 70\n" FROM TO CALL "CSeq: 1 INVITE\n\n";
	m.out = "INVITE " AT " SIP/2.0\n@a\n" RR VIA
		"Max-Forwards: 69\n" FROM TO CALL "CSeq: 1 INVITE\n\n";
	sb_run(s, &m);
}

/* Who is no user is the next rule's; who is, and not there, the agent's */
static void test_others(void **state)
{
	struct sipbed *s = *state;
	struct sb m = {
		.what = "nobody of the name: the next rule",
		.in = REQ("INVITE", "sip:carol@example.com", TO),
		.out = OUT("INVITE", "sip:carol@example.com", RR, TO),
		.via_port = 5062,
	};

	sb_reset(s);
	su_open(s, SIP_RULE_RR);
	su_bind(s, "bob", AT, NULL, NULL, 0, 60);
	sb_run(s, &m);
	m.what = "the case of a user's name counts";
	m.in = REQ("INVITE", "sip:BOB@example.com", TO);
	m.out = OUT("INVITE", "sip:BOB@example.com", RR, TO);
	sb_run(s, &m);
	m.what = "the same user of another domain of ours: an address";
	m.in = REQ("INVITE", "sip:bob@192.0.2.1", TO);
	m.out = OUT("INVITE", "sip:bob@192.0.2.1", RR, TO);
	sb_run(s, &m);
	m.what = "REGISTER is never his";
	m.in = REQ("REGISTER", BOB, TO);
	m.out = OUT("REGISTER", BOB, "", TO);
	sb_run(s, &m);
	m.out = NULL;
	m.reason = CAROM_R_SIP_CONTACT;
	su_bind(s, "hal", "sip:ida@example.com", NULL, NULL, 0, 60);
	m.what = "a contact that is a user of ours";
	m.in = REQ("INVITE", "sip:hal@example.com", TO);
	sb_run(s, &m);
	su_unbind(s, "carol");
	m.what = "known, and not registered";
	m.in = REQ("INVITE", "sip:carol@example.com", TO);
	sb_run(s, &m);
	m.what = "a GRUU";
	m.in = REQ("INVITE", "sip:bob@example.com;gr=urn:uuid:1", TO);
	sb_run(s, &m);
	m.what = "a temporary one";
	m.in = REQ("INVITE", "sip:xyzzy@example.com;gr", TO);
	sb_packet(s, &m);
	su_bind(s, "dora", "sip:dora@203.0.113.30:5070;transport=tcp", NULL,
		NULL, 0, 60);
	m.what = "registered by TCP";
	m.in = REQ("INVITE", "sip:dora@example.com", TO);
	sb_packet(s, &m);
	su_bind(s, "eve", AT, "<sip:proxy.example.net;lr>", NULL, 0, 60);
	m.what = "behind another proxy";
	m.in = REQ("INVITE", "sip:eve@example.com", TO);
	sb_packet(s, &m);
	su_bind(s, "fay", "sip:fay@127.0.0.1:5070", NULL, NULL, 0, 60);
	m.what = "a contact where nothing is sent";
	m.in = REQ("INVITE", "sip:fay@example.com", TO);
	sb_run(s, &m);
	su_bind(s, "gil", AT, NULL, NULL, 0, 0);
	m.what = "one that has expired";
	m.in = REQ("INVITE", "sip:gil@example.com", TO);
	sb_run(s, &m);
}

/* What is asked for credentials; ACK and CANCEL can't be sent again with them */
static void test_digest(void **state)
{
	struct sipbed *s = *state;
	struct sb m = invite("digest is asked for", NULL, 5070);

	sb_reset(s);
	su_open(s, SIP_RULE_AUTH);
	su_bind(s, "bob", AT, NULL, NULL, 0, 60);
	m.reason = CAROM_R_SIP_AUTH;
	sb_run(s, &m);
	m.what = "not of a CANCEL, whose INVITE went by the agent";
	m.in = "CANCEL " BOB " SIP/2.0\n" VIA "Max-Forwards: 70\n" FROM TO
	       "Call-ID: call-d\nCSeq: 1 CANCEL\n\n";
	m.reason = CAROM_R_SIP_MOVED;
	sb_packet(s, &m);
	m.reason = CAROM_R_SIP_FORWARDED;
	m.what = "nor of a node";
	m.src = B4;
	m.sport = 5060;
	m.via_host = B4;
	m.via_port = 5060;
	m.rport = 5060;
	m.in = "INVITE " BOB " SIP/2.0\nVia: SIP/2.0/UDP 198.51.100.20:5060"
	       ";branch=z9hG4bKabc\nMax-Forwards: 70\n" FROM TO CALL
	       "CSeq: 1 INVITE\n\n";
	m.out = "INVITE " AT " SIP/2.0\n@a\nVia: SIP/2.0/UDP 198.51.100.20:5060"
		";branch=z9hG4bKabc\nMax-Forwards: 69\n" FROM TO CALL
		"CSeq: 1 INVITE\n\n";
	sb_run(s, &m);
}

/* The phone registers from elsewhere while the call rings (RFC 3261 16.11) */
static void test_moved(void **state)
{
	struct sipbed *s = *state;
	struct sb m = invite("before", OUT("INVITE", AT, RR, TO), 5070);
	struct sip_user u, then;

	sb_reset(s);
	su_open(s, SIP_RULE_RR);
	su_bind(s, "bob", AT, NULL, NULL, 0, 60);
	sb_run(s, &m);
	assert_true(su_get(s, "bob", &then));
	su_bind(s, "bob", AT, NULL, NULL, 0, 60);
	assert_true(su_get(s, "bob", &u));
	assert_int_equal(u.changed, then.changed);
	su_bind(s, "bob", AT2, NULL, NULL, 0, 60);
	assert_true(su_get(s, "bob", &u));
	assert_true(u.changed > then.changed && u.id != then.id);
	m.what = "the INVITE again: the agent's, and to where it went";
	m.out = NULL;
	m.reason = CAROM_R_SIP_MOVED;
	sb_packet(s, &m);
	m.what = "another call";
	m.reason = CAROM_R_SIP_FORWARDED;
	m.callid = "call-2";
	m.tport = 5080;
	m.in = "INVITE " BOB " SIP/2.0\n" VIA "Max-Forwards: 70\n" FROM TO
	       "Call-ID: call-2\nCSeq: 1 INVITE\n\n";
	m.out = "INVITE " AT2 " SIP/2.0\n@a\n" RR VIA
		"Max-Forwards: 69\n" FROM TO
		"Call-ID: call-2\nCSeq: 1 INVITE\n\n";
	sb_run(s, &m);
}

/* The agent's word on a message: verdict, code, destination, start line */
static void agent(struct sipbed *s, const char *what, const char *text,
		  uint16_t code, uint16_t port, const char *begins)
{
	static struct msg m;
	struct forward_in in = {.src = addr(A4, 5062)};
	struct mbuf *mb = mbuf_alloc(1024);
	struct forward_out o;
	enum forward_verdict v;

	for (; *text; text++) {
		if (*text == '\n')
			(void)mbuf_write_u8(mb, '\r');
		(void)mbuf_write_u8(mb, (uint8_t)*text);
	}
	in.text = (struct pl){(char *)mb->buf, mb->end};
	v = forward(s->policy, &in, &m, &o);
	if (v != (code ? FORWARD_REPLY : FORWARD_SEND) || o.code != code)
		fail_msg("%s: %d, %u (%s)", what, v, o.code,
			 o.why ? o.why : "");
	if (!code && sa_port(&o.dst) != port)
		fail_msg("%s: to port %u", what, sa_port(&o.dst));
	if (!code &&
	    strncmp((char *)mbuf_buf(o.mb), begins, strlen(begins)) != 0)
		fail_msg("%s: %.*s", what, (int)mbuf_get_left(o.mb),
			 (char *)mbuf_buf(o.mb));
	mem_deref(o.contact);
	mem_deref(o.mb);
	mem_deref(mb);
}

#define INVITE(uri) REQ("INVITE", uri, TO)
#define CALL2(m, uri, to)                                                      \
	m " " uri " SIP/2.0\n" VIA "Max-Forwards: 70\n" FROM to                \
	  "Call-ID: 2\nCSeq: 1 " m "\n\n"

static void test_agent(void **state)
{
	struct sipbed *s = *state;

	sb_reset(s);
	su_open(s, SIP_RULE_RR);
	su_bind(s, "bob", AT, NULL, NULL, 0, 60);
	/* the kernel sent the first INVITE of this call */
	sb_send(s, &(struct sb){.what = "INVITE", .in = INVITE(BOB)});
	su_bind(s, "bob", AT2, NULL, NULL, 0, 60);
	agent(s, "the INVITE again", INVITE(BOB), 0, 5070, "INVITE " AT " ");
	agent(s, "its CANCEL", REQ("CANCEL", BOB, TO), 0, 5070, "CANCEL " AT);
	agent(s, "its ACK", REQ("ACK", BOB, TO_TAG), 0, 5070, "ACK " AT " ");
	agent(s, "another request", REQ("MESSAGE", BOB, TO), 0, 5080,
	      "MESSAGE " AT2 " ");
	agent(s, "another call", CALL2("INVITE", BOB, TO), 0, 5080,
	      "INVITE " AT2 " ");
	agent(s, "sips: is called", REQ("MESSAGE", "sips:bob@example.com", TO),
	      480, 0, "");
	su_unbind(s, "bob");
	agent(s, "not there any more", REQ("MESSAGE", BOB, TO), 480, 0, "");
	agent(s, "where its INVITE went", CALL2("CANCEL", BOB, TO), 0, 5080,
	      "CANCEL " AT2 " ");
	su_forget(s, "bob");
	agent(s, "the same, of a user that is no more", REQ("CANCEL", BOB, TO),
	      0, 5070, "CANCEL " AT " ");
	agent(s, "who is it", REQ("MESSAGE", BOB, TO), 0, 5060,
	      "MESSAGE " BOB " ");
}

/* Inside a dialog whoever called him names his Contact */
static void test_dialog(void **state)
{
	struct sipbed *s = *state;
	struct sb m = {
		.what = "ACK to a phone's contact",
		.to = T4,
		.tport = 5070,
		.via_port = 5062,
		.in = REQ("ACK", AT, TO_TAG),
		.out = OUT("ACK", AT, "", TO_TAG),
	};

	sb_reset(s);
	su_open(s, SIP_RULE_RR);
	su_bind(s, "bob", AT, NULL, NULL, 0, 60);
	sb_run(s, &m);
	m.what = "BYE by its Route";
	m.in = "BYE " AT " SIP/2.0\nRoute: <sip:192.0.2.1;lr>\n" VIA
	       "Max-Forwards: 70\n" FROM TO_TAG CALL "CSeq: 2 BYE\n\n";
	m.out = "BYE " AT " SIP/2.0\n@a\n" VIA
		"Max-Forwards: 69\n" FROM TO_TAG CALL "CSeq: 2 BYE\n\n";
	sb_run(s, &m);
	m.out = NULL;
	m.reason = CAROM_R_SIP_REFUSED;
	m.what = "outside of one it may not";
	m.in = REQ("INVITE", AT, TO);
	sb_run(s, &m);
	m.what = "nor to another port";
	m.in = REQ("BYE", "sip:bob@203.0.113.30:5071", TO_TAG);
	sb_run(s, &m);
	su_bind(s, "bob", "sip:bob@203.0.113.30:5072", NULL, NULL, 0, 0);
	m.what = "nor when that has expired";
	m.in = REQ("BYE", "sip:bob@203.0.113.30:5072", TO_TAG);
	sb_run(s, &m);
}

/* Phones that are gone leave the kernel's table, a few at a time */
static void test_sweep(void **state)
{
	struct sipbed *s = *state;
	char uri[64], user[16];
	size_t n = 0;

	sb_reset(s);
	su_open(s, SIP_RULE_RR);
	for (unsigned i = 0; i < 20; i++) {
		snprintf(user, sizeof(user), "u%u", i);
		snprintf(uri, sizeof(uri), "sip:u@203.0.113.30:%u", 6000 + i);
		su_bind(s, user, uri, NULL, NULL, 0, i % 2 ? 0 : 60);
	}
	for (unsigned i = 0; i < 12; i++)
		n += fp_sip_phones_sweep(s->sip, 2);
	assert_int_equal(n, 10);
	for (unsigned i = 0; i < 20; i++) {
		const struct sa sa = addr(T4, (uint16_t)(6000 + i));

		assert_int_equal(fp_sip_phone_at(s->sip, &sa), !(i % 2));
	}
	assert_int_equal(fp_sip_phones_sweep(s->sip, 1000), 0);
}

/* The token of a phone that a NAT hides at T4, as the edge makes it */
static const char *token(struct sipbed *s, uint16_t port)
{
	static char text[KEY_TOKEN];
	struct key_flow f = {.transp = MSG_UDP};

	f.peer = addr(T4, port);
	f.holder = addr(LAN4, 5060);
	key_token(text, s->policy, &f);
	return text;
}

#define HIDDEN "sip:bob@10.0.0.7:5060;ob"

static void test_hidden(void **state)
{
	static char out[2048], in[2048];
	struct sipbed *s = *state;
	struct sb m = invite("a phone behind a NAT: its token for the caller",
			     out, 40000);
	struct sip_user u;

	sb_reset(s);
	su_open(s, SIP_RULE_RR);
	su_bind(s, "bob", HIDDEN, NULL, T4, 40000, 60);
	assert_true(su_get(s, "bob", &u) && u.token_len);
	m.callid = "call-n";
	m.in = "INVITE " BOB " SIP/2.0\n" VIA "Max-Forwards: 70\n" FROM TO
	       "Call-ID: call-n\nCSeq: 1 INVITE\n\n";
	snprintf(out, sizeof(out),
		 "INVITE " HIDDEN " SIP/2.0\n@a\n" RR
		 "Record-Route: <sip:%s@192.0.2.1:5060;lr>\n" VIA
		 "Max-Forwards: 69\n" FROM TO
		 "Call-ID: call-n\nCSeq: 1 INVITE\n\n",
		 token(s, 40000));
	sb_run(s, &m);
	m.what = "with its own Path, the same";
	snprintf(in, sizeof(in), "<sip:%s@192.0.2.1:5060;lr;ob>",
		 token(s, 40000));
	su_bind(s, "bob", HIDDEN, in, NULL, 0, 60);
	m.callid = "call-h";
	m.in = "INVITE " BOB " SIP/2.0\n" VIA "Max-Forwards: 70\n" FROM TO
	       "Call-ID: call-h\nCSeq: 1 INVITE\n\n";
	snprintf(out, sizeof(out),
		 "INVITE " HIDDEN " SIP/2.0\n@a\n" RR
		 "Record-Route: <sip:%s@192.0.2.1:5060;lr>\n" VIA
		 "Max-Forwards: 69\n" FROM TO
		 "Call-ID: call-h\nCSeq: 1 INVITE\n\n",
		 token(s, 40000));
	sb_run(s, &m);
	m = invite("ACK, by its token", out, 40000);
	m.in = in;
	snprintf(in, sizeof(in),
		 "ACK " HIDDEN " SIP/2.0\n" VIA
		 "Route: <sip:%s@192.0.2.1:5060;lr>,<sip:192.0.2.1:5060;lr>\n"
		 "Max-Forwards: 70\n" FROM TO_TAG CALL "CSeq: 1 ACK\n\n",
		 token(s, 40000));
	snprintf(out, sizeof(out),
		 "ACK " HIDDEN " SIP/2.0\n@a\n" VIA
		 "Max-Forwards: 69\n" FROM TO_TAG CALL "CSeq: 1 ACK\n\n");
	sb_run(s, &m);
	m.what = "outside a dialog by a token: not for strangers";
	m.out = NULL;
	m.reason = CAROM_R_SIP_FLOW;
	snprintf(in, sizeof(in),
		 "MESSAGE " HIDDEN " SIP/2.0\n" VIA
		 "Route: <sip:%s@192.0.2.1:5060;lr>\n"
		 "Max-Forwards: 70\n" FROM TO CALL "CSeq: 1 MESSAGE\n\n",
		 token(s, 40000));
	sb_run(s, &m);
	m.what = "a good token of nobody who is registered";
	snprintf(in, sizeof(in),
		 "BYE " HIDDEN " SIP/2.0\n" VIA
		 "Route: <sip:%s@192.0.2.1:5060;lr>\n"
		 "Max-Forwards: 70\n" FROM TO_TAG CALL "CSeq: 1 BYE\n\n",
		 token(s, 40001));
	sb_run(s, &m);
	m.what = "a forged one";
	in[strlen("BYE " HIDDEN " SIP/2.0\n" VIA "Route: <sip:f00040")] ^= 1;
	sb_run(s, &m);
}

/* The other way: what the phone behind the NAT sends to whom it talks to */
static void test_hidden_calls(void **state)
{
	static char in[2048];
	struct sipbed *s = *state;
	struct sb m = {
		.what = "its BYE, the token in the second Route",
		.src = T4,
		.sport = 40000,
		.to = A4,
		.tport = 5062,
		.via_host = "10.0.0.7",
		.via_port = 5060,
		.rport = 40000,
		.in = in,
		.out = "BYE sip:alice@192.0.2.10:5062 SIP/2.0\n@a\n"
		       "Via: SIP/2.0/UDP 10.0.0.7:5060;rport=40000"
		       ";branch=z9hG4bKabc;received=203.0.113.30\n"
		       "Max-Forwards: 69\n" FROM TO_TAG CALL "CSeq: 1 BYE\n\n",
	};

	sb_reset(s);
	su_open(s, SIP_RULE_RR);
	su_bind(s, "bob", HIDDEN, NULL, T4, 40000, 60);
	su_bind(s, "alice", "sip:alice@192.0.2.10:5062", NULL, NULL, 0, 60);
	snprintf(in, sizeof(in),
		 "BYE sip:alice@192.0.2.10:5062 SIP/2.0\n"
		 "Via: SIP/2.0/UDP 10.0.0.7:5060;rport;branch=z9hG4bKabc\n"
		 "Route: <sip:192.0.2.1:5060;lr>\n"
		 "Route: <sip:%s@192.0.2.1:5060;lr>\n"
		 "Max-Forwards: 70\n" FROM TO_TAG CALL "CSeq: 1 BYE\n\n",
		 token(s, 40000));
	sb_run(s, &m);
	m.what = "the token first, though it leads back: any Route of ours";
	snprintf(in, sizeof(in),
		 "BYE sip:alice@192.0.2.10:5062 SIP/2.0\n"
		 "Via: SIP/2.0/UDP 10.0.0.7:5060;rport;branch=z9hG4bKabc\n"
		 "Route: <sip:%s@192.0.2.1:5060;lr>\n"
		 "Max-Forwards: 70\n" FROM TO_TAG CALL "CSeq: 1 BYE\n\n",
		 token(s, 40000));
	sb_run(s, &m);
	m.what = "its own INVITE gets a token: the agent's";
	m.out = NULL;
	m.reason = CAROM_R_SIP_FLOW;
	snprintf(in, sizeof(in),
		 "INVITE sip:alice@example.com SIP/2.0\n"
		 "Via: SIP/2.0/UDP 10.0.0.7:5060;rport;branch=z9hG4bKabc\n"
		 "Max-Forwards: 70\n" FROM TO CALL "CSeq: 1 INVITE\n\n");
	sb_packet(s, &m);
}

/* IPv6: a phone at T6 that says another address */
static void test_hidden6(void **state)
{
	static char in[2048], out[2048];
	struct key_flow f = {.transp = MSG_UDP, .listener = 1};
	struct sipbed *s = *state;
	struct sb m = {
		.what = "IPv6: BYE by a token",
		.src = A6,
		.dst = LAN6,
		.to = T6,
		.tport = 40000,
		.via_host = A6,
		.rport = 5062,
		.listener = 1,
		.in = in,
		.out = out,
	};
	char text[KEY_TOKEN];

	sb_reset(s);
	su_open(s, SIP_RULE_RR);
	su_bind(s, "bob", "sip:bob@[2001:db8::77]:5060", NULL, T6, 40000, 60);
	f.peer = addr(T6, 40000);
	f.holder = addr(LAN6, 5060);
	key_token(text, s->policy, &f);
	snprintf(in, sizeof(in),
		 "BYE sip:bob@[2001:db8::77]:5060 SIP/2.0\n"
		 "Via: SIP/2.0/UDP [2001:db8:1::10];rport;branch=z9hG4bKabc\n"
		 "Route: <sip:%s@[2001:db8:1::1]:5060;lr>\n"
		 "Max-Forwards: 70\n" FROM TO_TAG CALL "CSeq: 1 BYE\n\n",
		 text);
	snprintf(out, sizeof(out),
		 "BYE sip:bob@[2001:db8::77]:5060 SIP/2.0\n"
		 "Via: SIP/2.0/UDP [2001:db8:1::1]:5060;branch=z9hG4bK@b\n"
		 "Via: SIP/2.0/UDP [2001:db8:1::10];rport=5062"
		 ";branch=z9hG4bKabc;received=2001:db8:1:0:0:0:0:10\n"
		 "Max-Forwards: 69\n" FROM TO_TAG CALL "CSeq: 1 BYE\n\n");
	sb_run(s, &m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_agent),
		cmocka_unit_test(test_dialog),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_hidden_calls),
		cmocka_unit_test(test_hidden6),
		cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests(tests, sb_setup, sb_teardown);
}
