/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies for the agent: the packet as it was received, of what was asked for
 * and of nothing else; a full ring loses the copy and not the packet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include "sides.h"

#define SSRC 0x0a0b0c0d
#define DTMF_PT 101

static struct side sides[SIDES];

struct copies {
	unsigned n;
	struct tap last;
	uint8_t pkt[CAROM_TAP_SNAP];
};

static struct copies copies;
static struct fp_tap *tap;

static void tap_handler(const struct tap *t, const uint8_t *pkt, void *arg)
{
	struct copies *c = arg;

	c->n++;
	c->last = *t;
	assert_true(t->caplen <= sizeof(c->pkt));
	memcpy(c->pkt, pkt, t->caplen);
}

static void collect(void)
{
	memset(&copies, 0, sizeof(copies));
	fp_tap_flush(tap);
}

static struct fp_leg tapped(const struct side *in, const struct side *out)
{
	struct fp_leg l = side_leg(in, out);

	l.rtcp_ok = true;
	l.dtmf_pt = DTMF_PT;
	return l;
}

static void check_copy(struct bed *bed, const struct gold *g, uint16_t flags)
{
	size_t l3 = pkt_l3(&g->in), l4 = pkt_l4(&g->in);
	const struct leg *leg = leg_at(bed, g->in.dst, IN_PORT);
	struct pkt in;
	uint32_t slot;
	struct sa sa;

	collect();
	pkt_build(&in, &g->in);
	assert_int_equal(copies.n, 1);
	assert_int_equal(copies.last.caplen, in.len - g->in.pad - l3);
	assert_memory_equal(copies.pkt, in.b + l3, copies.last.caplen);
	assert_int_equal(copies.last.payload, l4 + 8 - l3);
	assert_int_equal(copies.last.flags, flags);
	assert_int_equal((uint32_t)(copies.last.time >> LEG_SEEN_SHIFT),
			 leg->seen);
	sa = addr(g->in.dst, IN_PORT);
	assert_int_equal(fp_slot(bed->fp, &sa, &slot), 0);
	assert_int_equal(copies.last.slot, slot);
}

/* From every side, odd lengths, padding, SSRC rewriting and all */
static void test_as_received(void **state)
{
	struct rtpspec r = {.pt = 8, .seq = 1, .ts = 2, .ssrc = SSRC};
	struct bed *bed = *state;
	uint8_t p[1600];

	for (int i = 0; i < SIDES; i++) {
		for (size_t n = 0; n < 1400; n += 277) {
			const struct side *out = &sides[(i + 2) % SIDES];
			struct fp_leg l = tapped(&sides[i], out);
			size_t len = rtp_build(p, &r, n);
			struct gold g = side_gold("tap", &sides[i], out, p,
						  len);

			l.tap = true;
			bed_clear(bed);
			leg_put(bed, &l);
			g.in.pad = g.out.pad = 3;
			g.notes = NOTE(TAPPED);
			gold_run(bed, &g);
			check_copy(bed, &g, side_v6(&sides[i]) ? TAP_V6 : 0);
			assert_int_equal(copies.last.ssrc, SSRC);
		}
	}
}

static void test_before_rewriting(void **state)
{
	struct rtpspec r = {.pt = 8, .seq = 1, .ts = 2, .ssrc = SSRC};
	const struct side *in = &sides[SIDE_LAN4], *out = &sides[SIDE_WAN4];
	struct fp_leg l = tapped(in, out);
	struct bed *bed = *state;
	uint8_t p[64], sent[64];
	struct gold g;

	l.tap = l.ssrc_rewrite = true;
	l.ssrc_out = r.ssrc + 1;
	bed_clear(bed);
	leg_put(bed, &l);
	g = side_gold("SSRC", in, out, p, rtp_build(p, &r, 20));
	r.ssrc = l.ssrc_out;
	rtp_build(sent, &r, 20);
	g.out.payload = sent;
	g.notes = NOTE(TAPPED);
	gold_run(bed, &g);
	check_copy(bed, &g, 0);
	assert_int_equal(copies.last.ssrc, SSRC);
}

/* What is copied by which switch */
static void test_switches(void **state)
{
	static const struct {
		bool tap, rtcp, dtmf;
		bool speech, event, report; /* copied? */
	} casev[] = {
		{0, 0, 0, 0, 0, 0}, {1, 0, 0, 1, 1, 0}, {0, 1, 0, 0, 0, 1},
		{0, 0, 1, 0, 1, 0}, {1, 1, 0, 1, 1, 1}, {1, 0, 1, 1, 1, 0},
		{0, 1, 1, 0, 1, 1}, {1, 1, 1, 1, 1, 1},
	};
	const struct side *in = &sides[SIDE_LAN4], *out = &sides[SIDE_WAN4];
	struct rtpspec r = {.seq = 1, .ts = 2, .ssrc = SSRC};
	struct bed *bed = *state;
	uint8_t p[64];

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		struct fp_leg l = tapped(in, out);
		struct gold g;

		l.tap = casev[i].tap;
		l.tap_rtcp = casev[i].rtcp;
		l.tap_dtmf = casev[i].dtmf;
		bed_clear(bed);
		leg_put(bed, &l);
		r.pt = 8;
		g = side_gold("speech", in, out, p, rtp_build(p, &r, 20));
		g.notes = casev[i].speech ? NOTE(TAPPED) : 0;
		gold_run(bed, &g);
		r.pt = DTMF_PT;
		g = side_gold("event", in, out, p, rtp_build(p, &r, 4));
		g.notes = casev[i].event ? NOTE(TAPPED) : 0;
		gold_run(bed, &g);
		collect();
		g = side_gold("RTCP", in, out, p, rtcp_build(p, SSRC));
		g.notes = casev[i].report ? NOTE(TAPPED) : 0;
		gold_run(bed, &g);
		if (casev[i].report)
			check_copy(bed, &g, TAP_RTCP);
		else
			collect();
		assert_int_equal(copies.n, casev[i].report);
	}
}

/* What is not relayed is not copied */
static void test_dropped_not_copied(void **state)
{
	const struct side *in = &sides[SIDE_LAN4], *out = &sides[SIDE_WAN4];
	struct rtpspec r = {.pt = 8, .seq = 1, .ts = 2, .ssrc = SSRC};
	struct fp_leg l = tapped(in, out);
	struct bed *bed = *state;
	uint8_t p[64];
	struct gold g = side_drop("stranger", in, CAROM_R_STRANGER, p,
				  rtp_build(p, &r, 20));

	l.tap = l.tap_rtcp = l.tap_dtmf = true;
	bed_clear(bed);
	leg_put(bed, &l);
	g.in.sport++;
	gold_run(bed, &g);
	collect();
	assert_int_equal(copies.n, 0);
}

/* A call between two legs of this host: each records for itself */
static void test_hairpin(void **state)
{
	const struct side *in = &sides[SIDE_LAN4], *out = &sides[SIDE_WAN4];
	struct rtpspec r = {.pt = 8, .seq = 1, .ts = 2, .ssrc = SSRC};
	struct bed *bed = *state;
	struct fp_leg l1 = tapped(in, out), l2 = tapped(in, out);
	uint8_t p[64];
	struct gold g = side_gold("hairpin", in, out, p, rtp_build(p, &r, 20));
	uint32_t slot;

	l1.peer_local = addr(LAN4, 30040);
	l1.peer_remote = l2.local = addr(WAN4, 30050);
	l2.remote = l1.peer_local;
	l2.tap = true;
	bed_clear(bed);
	leg_put(bed, &l1);
	leg_put(bed, &l2);
	g.notes = NOTE(TAPPED);
	gold_run(bed, &g);
	collect();
	assert_int_equal(copies.n, 1);
	assert_int_equal(fp_slot(bed->fp, &l2.local, &slot), 0);
	assert_int_equal(copies.last.slot, slot);
	assert_memory_equal(copies.pkt + copies.last.payload, p, 32);
}

static void test_ring_full(void **state)
{
	const struct side *in = &sides[SIDE_LAN4], *out = &sides[SIDE_WAN4];
	struct rtpspec r = {.pt = 8, .seq = 1, .ts = 2, .ssrc = SSRC};
	struct fp_leg l = tapped(in, out);
	struct bed *bed = *state;
	static uint8_t p[1500];
	struct gold g = side_gold("ring full", in, out, p,
				  rtp_build(p, &r, 1400));
	unsigned fits = CAROM_TAP_BYTES / (1400 + 12 + 28), n;
	const struct leg_aux *x;
	struct pkt frame, got;

	l.tap = true;
	bed_clear(bed);
	leg_put(bed, &l);
	x = aux_at(bed, in->local, IN_PORT);
	pkt_build(&frame, &g.in);
	for (n = 0; n < 2 * fits && !x->count[CAROM_R_TAP_LOST]; n++)
		assert_int_equal(bed_run(bed, in->dev, &frame, &got),
				 XDP_REDIRECT);
	assert_in_range(n, fits * 9 / 10, fits);
	g.notes = NOTE(TAP_LOST);
	gold_run(bed, &g);
	assert_int_equal(x->count[CAROM_R_TAP_LOST], 2);
	collect();
	assert_int_equal(copies.n, n - 1);
	g.notes = NOTE(TAPPED);
	gold_run(bed, &g);
	check_copy(bed, &g, 0);
}

static int setup(void **state)
{
	struct bed *bed;
	int err;

	bed_setup(state);
	bed = *state;
	sides_init(bed, sides);
	err = libre_init();
	if (!err)
		err = fp_tap_alloc(&tap, bed->fp, 1000, tap_handler, &copies);
	if (err)
		fail_msg("taps: %s", strerror(err));
	return 0;
}

static int teardown(void **state)
{
	tap = mem_deref(tap);
	libre_close();
	return bed_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_received),
		cmocka_unit_test(test_before_rewriting),
		cmocka_unit_test(test_switches),
		cmocka_unit_test(test_dropped_not_copied),
		cmocka_unit_test(test_hairpin),
		cmocka_unit_test(test_ring_full),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
