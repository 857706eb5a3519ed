/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bridges that give their legs back to the kernel.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <cmocka.h>
#include "bridgebed.h"

/* Back to the kernel while packets come: what the receiver has is one stream still, its
 * numbers ours, and nothing is missing */
static void leave_with(bool transcoded)
{
	enum { BURST = 12, PARTS = 6 };
	struct bridge_member mv[2];
	struct rtp_head h, last = {.seq = 0};
	struct phone ph;
	struct fp_leg l;
	uint8_t p[2000] = {0};
	uint32_t ssrc;
	unsigned got = 0;
	size_t n;

	bb_transcoding(mv, "PCMU", "PCMA");
	if (!transcoded) {
		mv[0].ptv[96] = (struct bridge_pt){.act = BRIDGE_PASS,
						   .pt = 96};
		mv[1].codec = NULL;
		mv[0].codecc = 0;
	}
	bb_up(PLANE_XDP, mv);
	phone_open(&ph, "PCMU", 96);
	for (unsigned part = 0; part < PARTS; part++) {
		for (unsigned i = 0; i < BURST; i++) {
			n = phone_packet(&ph);
			bb_put(&bb_sides[SIDE_LAN4], IN_PORT, ph.pkt, n);
			phone_next(&ph, bb_codec("PCMU"));
		}
		if (part != PARTS / 2)
			continue;
		/* one is through: it is known what it says */
		n = bb_get(p, WIRE_WAIT);
		assert_int_equal(rtp_read(&last, p, n), 0);
		++got;
		l = leg_plain(mv[0].local, mv[0].remote, mv[1].local,
			      mv[1].remote);
		l.state = LEG_AGENT;
		l.ssrc_rewrite = bridge_stream(bb.b, 1, &ssrc);
		l.ssrc_out = ssrc;
		assert_int_equal(l.ssrc_rewrite, transcoded);
		leg_put(bb.bed, &l);
		assert_int_equal(bridge_leave(bb.b, bb.bed->fp, 1000), 0);
	}
	for (; got < PARTS * BURST; got++) {
		n = bb_get(p, WIRE_WAIT);
		if (!n)
			fail_msg("%u of %u arrived", got, PARTS * BURST);
		assert_int_equal(rtp_read(&h, p, n), 0);
		assert_int_equal(h.seq, (uint16_t)(last.seq + 1));
		assert_int_equal(h.ssrc, last.ssrc);
		assert_in_range((uint32_t)(h.ts - last.ts), 1, 800);
		last = h;
	}
	/* the last ones by the kernel, as they were sent */
	assert_int_equal(h.pt, 96);
	mem_deref(ph.enc);
}

static void test_leave_passed(void **state)
{
	(void)state;
	leave_with(false);
}

static void test_leave_encoded(void **state)
{
	(void)state;
	leave_with(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_leave_passed, bb_clear),
		cmocka_unit_test_teardown(test_leave_encoded, bb_clear),
	};

	return cmocka_run_group_tests(tests, bb_setup, bb_teardown);
}
