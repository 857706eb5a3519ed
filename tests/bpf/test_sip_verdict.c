/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SIP that the kernel does not settle: each reason to leave it to the agent, with
 * the frame as it came, and each one to drop it. Limits, networks
 */
#include "siptext.h"

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
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_off),
	};

	return cmocka_run_group_tests(tests, sb_setup, sb_teardown);
}
