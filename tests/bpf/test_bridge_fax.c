/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bridge between sound and T.38, with packets on the wires of the bed: what one end
 * says by IFP packets the other one hears as tones, and the reverse.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <cmocka.h>
#include <spandsp.h>
#include "../unit/goertzel.h"
#include "bridgebed.h"

enum {
	CED_HZ = 2100, /* of a machine that answers (T.30)           */
	CED = 0x04,    /* IFP packets that are indicators            */
	V21_PREAMBLE = 0x06,
	SECOND = 8000,
};

/* a speaks T.38 and b by sound, or the reverse */
static void fax_up(struct bridge_member mv[2], unsigned t38, const char *codec)
{
	struct bridge_member *m = &mv[!t38];

	bb_member(&mv[0], &bb_sides[SIDE_LAN4], IN_PORT);
	bb_member(&mv[1], &bb_sides[SIDE_WAN4], OUT_PORT);
	mv[t38].t38 = true;
	mv[t38].fax.ec = UDPTL_EC_REDUNDANCY;
	m->codecv[0].codec = m->codec = bb_codec(codec);
	m->codecc = 1;
	m->ptv[96] = (struct bridge_pt){.act = BRIDGE_DECODE};
	m->pt = 96;
	bb_up(PLANE_XDP, mv);
}

/* Sound goes on all the time, as one stream: a second of it */
static void listen_to(struct ear *e, const struct codec *c)
{
	uint8_t p[2000];

	bb.heardn = 0;
	while (bb.heardn < SECOND) {
		size_t n = bb_get(p, WIRE_WAIT);

		assert_true(n > 0);
		ear_hear(e, p, n, c->clock / 50);
	}
}

static double loud(double hz)
{
	return goertzel(bb.heard + SECOND / 2, SECOND / 2, hz, SECOND);
}

static void to_sound(const char *codec)
{
	/* sequence numbers 0 and 2: the one in between comes as a copy */
	static const uint8_t none[] = {0, 0, 1, 0, 0, 0};
	static const uint8_t ced[] = {0, 2, 1, CED, 0, 1, 1, 0};
	struct codec_param prm = {.codec = bb_codec(codec), .rate = SECOND};
	struct bridge_member mv[2];
	struct bridge_stats st;
	struct fax_stats fs;
	struct ear ear = {NULL};

	fax_up(mv, 0, codec);
	assert_int_equal(codec_dec_alloc(&ear.dec, &prm), 0);
	bb_put(&bb_sides[SIDE_LAN4], IN_PORT, none, sizeof(none));
	listen_to(&ear, prm.codec);
	assert_true(loud(CED_HZ) < 10);
	bb_put(&bb_sides[SIDE_LAN4], IN_PORT, ced, sizeof(ced));
	/* it begins after a pause (T.30 4.1.1) */
	listen_to(&ear, prm.codec);
	listen_to(&ear, prm.codec);
	assert_true(loud(CED_HZ) > 1000);

	bb_put(&bb_sides[SIDE_LAN4], IN_PORT, none, 3);
	listen_to(&ear, prm.codec);
	bridge_stats(bb.b, 0, &st);
	assert_int_equal(st.packets, 3);
	assert_int_equal(st.malformed, 1);
	assert_true(bridge_fax(bb.b, 0, &fs));
	assert_false(bridge_fax(bb.b, 1, &fs));
	assert_int_equal(fs.udptl.datagrams, 3);
	assert_int_equal(fs.udptl.received, 3);
	assert_int_equal(fs.udptl.recovered, 1);
	assert_int_equal(fs.udptl.malformed, 1);
	mem_deref(ear.dec);
	bb_down();
}

static void test_to_sound(void **state)
{
	(void)state;
	to_sound("PCMU");
	to_sound("G722");
}

/* The indicator of a datagram of ours; -1: it has none */
static int indicator(const uint8_t *p, size_t n)
{
	assert_in_range(n, 6, 1400);

	return p[2] == 1 ? p[3] : -1;
}

/* A machine that answers: its tone, then what it can, by V.21 */
static void test_from_sound(void **state)
{
	struct codec_param prm = {.codec = bb_codec("PCMU"), .complexity = -1};
	struct rtp_head h = {.pt = 96, .seq = 65500, .ts = 4294960000u};
	uint8_t p[2000] = {0}, pkt[RTP_HEADER + CODEC_BYTES_MAX];
	fax_state_t *fax = fax_init(NULL, false);
	struct bridge_member mv[2];
	struct bridge_stats st;
	struct fax_stats fs;
	struct codec_enc *enc;
	bool came = false;
	int16_t pcm[160];
	size_t n, last = 0;
	(void)state;

	assert_non_null(fax);
	fax_set_transmit_on_idle(fax, true);
	fax_up(mv, 1, "PCMU");
	assert_int_equal(codec_enc_alloc(&enc, &prm), 0);
	for (unsigned i = 0; i < 400 && !came; i++) {
		assert_int_equal(fax_tx(fax, pcm, 160), 160);
		assert_int_equal(
			codec_encode(enc, pcm, 160, pkt + RTP_HEADER, &n), 0);
		rtp_write(pkt, &h);
		/* one is lost */
		if (i != 10)
			bb_put(&bb_sides[SIDE_LAN4], IN_PORT, pkt,
			       RTP_HEADER + n);
		++h.seq;
		h.ts += 160;
		/* not before it has been heard: the wire holds only so many */
		last = bb_get(p, i % 8 ? 0 : 2);
		came = last && indicator(p, last) == V21_PREAMBLE;
	}
	assert_true(came);
	/* three times the same: nothing follows that would have its copy */
	assert_int_equal(bb_get(pkt, WIRE_WAIT), last);
	assert_memory_equal(p, pkt, last);
	bridge_stats(bb.b, 0, &st);
	assert_int_equal(st.lost, 1);
	assert_true(st.decoded >= 100);
	assert_true(bridge_fax(bb.b, 1, &fs));
	assert_true(fs.udptl.sent >= 1);
	assert_int_equal(fs.unsent, 0);
	mem_deref(enc);
	fax_free(fax);
}

/* A change of the sound's side leaves the fax as it is; one of T.38 begins anew. T.38
 * itself stays: that would be another bridge */
static void test_change(void **state)
{
	static const uint8_t none[] = {0, 0, 1, 0, 0, 0};
	struct bridge_member mv[2], m;
	struct fax_stats fs;
	struct ear ear = {NULL};
	struct codec_param prm = {.codec = bb_codec("PCMA"), .rate = SECOND};
	(void)state;

	fax_up(mv, 0, "PCMU");
	bb_put(&bb_sides[SIDE_LAN4], IN_PORT, none, sizeof(none));
	do {
		uint8_t p[2000];

		assert_true(bb_get(p, WIRE_WAIT) > 0);
		assert_true(bridge_fax(bb.b, 0, &fs));
	} while (!fs.udptl.received);

	m = mv[1];
	m.codecv[0].codec = m.codec = bb_codec("PCMA");
	assert_int_equal(bridge_change(bb.b, 1, &m), 0);
	assert_true(bridge_fax(bb.b, 0, &fs));
	assert_int_equal(fs.udptl.received, 1);
	m = mv[0];
	m.fax.local_tcf = true;
	assert_int_equal(bridge_change(bb.b, 0, &m), 0);
	assert_true(bridge_fax(bb.b, 0, &fs));
	assert_int_equal(fs.udptl.received, 0);
	m.t38 = false;
	assert_int_equal(bridge_change(bb.b, 0, &m), EINVAL);

	bb.heardn = 0;
	assert_int_equal(codec_dec_alloc(&ear.dec, &prm), 0);
	listen_to(&ear, prm.codec);
	mem_deref(ear.dec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_to_sound, bb_clear),
		cmocka_unit_test_teardown(test_from_sound, bb_clear),
		cmocka_unit_test_teardown(test_change, bb_clear),
	};

	return cmocka_run_group_tests(tests, bb_setup, bb_teardown);
}
