/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_sip_copy.c  Copies of what passes: for carom capture, and of each hop
 */
#include "siptext.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_hops),
	};

	return cmocka_run_group_tests(tests, sb_setup, sb_teardown);
}
