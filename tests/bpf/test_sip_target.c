/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_sip_target.c  Which target of a set a message goes to: rules, tables, and where a call was before
 */
#include "carom/sipkey.h"
#include "siptext.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_kamailio_hash),
		cmocka_unit_test(test_sticky),
		cmocka_unit_test(test_streamed),
		cmocka_unit_test(test_moved),
	};

	return cmocka_run_group_tests(tests, sb_setup, sb_teardown);
}
