/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bridges that take their legs from the kernel: what it sent goes on.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "../unit/goertzel.h"
#include "bridge/play.h"
#include "bridgebed.h"

enum { RELAYED = 5, OURS = 5, SSRC_OUT = 0xbeef };

enum way { PASSED, ENCODED, PLAYED };

static struct phone ph;

static void say(void)
{
	size_t n = phone_packet(&ph);

	bb_put(&bb_sides[SIDE_LAN4], IN_PORT, ph.pkt, n);
	phone_next(&ph, bb_codec("PCMU"));
}

/* What came first, by the kernel */
static void relay(const struct bridge_member mv[2], bool substitute,
		  struct rtp_head *last)
{
	uint8_t p[2000];

	for (unsigned i = 0; i < 2; i++) {
		struct fp_leg l = leg_plain(mv[i].local, mv[i].remote,
					    mv[!i].local, mv[!i].remote);

		l.clock_rate = 8000;
		l.ssrc_rewrite = substitute;
		l.ssrc_out = SSRC_OUT;
		leg_put(bb.bed, &l);
	}
	for (unsigned i = 0; i < RELAYED; i++) {
		size_t n;

		/* who begins anew under substitution has offsets */
		if (substitute && i == 2) {
			ph.h.ssrc = 99;
			ph.h.seq = 7;
			ph.h.ts = 1000;
		}
		say();
		n = bb_get(p, WIRE_WAIT);
		assert_int_equal(rtp_read(last, p, n), 0);
	}
}

static void enter(enum way way, bool substitute)
{
	struct bridge_play pl = {.codec = bb_codec("PCMU"),
				 .pt = 96,
				 .ptime = 20,
				 .event_pt = -1,
				 .silence = true};
	struct bridge_member mv[2];
	struct rtp_head h, last;
	uint8_t p[2000];
	size_t n;

	bb_transcoding(mv, "PCMU", "PCMA");
	if (way != ENCODED) {
		mv[0].ptv[96] = (struct bridge_pt){.act = BRIDGE_PASS,
						   .pt = 96};
		mv[1].codec = NULL;
		mv[0].codecc = 0;
	}
	mv[0].go_on = mv[1].go_on = true;
	bb.ssrc_out = substitute ? SSRC_OUT : 0;
	phone_open(&ph, "PCMU", 96);
	relay(mv, substitute, &last);
	assert_int_equal(last.ssrc, substitute ? SSRC_OUT : 7);
	bb_up(PLANE_XDP, mv);
	if (way == PLAYED)
		assert_int_equal(bridge_play(bb.b, 1, &pl), 0);
	for (unsigned i = 0; i < OURS; i++) {
		if (way != PLAYED)
			say();
		n = bb_get(p, WIRE_WAIT);
		assert_true(n > 0);
		assert_int_equal(rtp_read(&h, p, n), 0);
		assert_int_equal(h.ssrc, last.ssrc);
		assert_int_equal(h.seq, (uint16_t)(last.seq + 1));
		/* what comes has its time, what we make that of the clock */
		if (way != PLAYED || i)
			assert_int_equal(h.ts, last.ts + 160);
		else
			assert_in_range(h.ts - last.ts, 1, 8000);
		assert_int_equal(h.marker, way != PASSED && !i);
		last = h;
	}
	mem_deref(ph.enc);
}

static void test_passed(void **state)
{
	(void)state;
	enter(PASSED, false);
}

static void test_passed_substituted(void **state)
{
	(void)state;
	enter(PASSED, true);
}

static void test_encoded(void **state)
{
	(void)state;
	enter(ENCODED, false);
}

static void test_encoded_substituted(void **state)
{
	(void)state;
	enter(ENCODED, true);
}

static void test_played(void **state)
{
	(void)state;
	enter(PLAYED, false);
}

/* Nothing was relayed: what is played begins here */
static void test_fresh(void **state)
{
	struct bridge_play pl = {.codec = bb_codec("PCMU"),
				 .pt = 96,
				 .ptime = 20,
				 .event_pt = -1,
				 .silence = true};
	struct bridge_member mv[2];
	struct rtp_head h;
	uint8_t p[2000];
	size_t n;
	(void)state;

	bb_transcoding(mv, "PCMU", "PCMA");
	mv[0].go_on = mv[1].go_on = true;
	bb_up(PLANE_XDP, mv);
	assert_int_equal(bridge_play(bb.b, 1, &pl), 0);
	n = bb_get(p, WIRE_WAIT);
	assert_int_equal(rtp_read(&h, p, n), 0);
	assert_int_equal(h.ssrc, mv[1].ssrc);
	assert_int_equal(h.seq, (uint16_t)(mv[1].seq + 1));
}

/* Who may have been played something before is sent a stream of ours from the first packet
 * on, whether the other says something before the player begins or not */
static void test_anew(void **state)
{
	struct bridge_play pl = {.codec = bb_codec("PCMU"),
				 .pt = 96,
				 .ptime = 20,
				 .event_pt = -1,
				 .silence = true};
	struct bridge_member mv[2];
	uint8_t p[2000];
	size_t n;
	(void)state;

	for (unsigned said = 0; said < 2; said++) {
		struct rtp_head h;

		bb_transcoding(mv, "PCMU", "PCMA");
		mv[0].ptv[96] = (struct bridge_pt){.act = BRIDGE_PASS,
						   .pt = 96};
		mv[1].codec = NULL;
		mv[0].codecc = 0;
		mv[1].anew = true;
		phone_open(&ph, "PCMU", 96);
		bb_up(PLANE_XDP, mv);
		for (unsigned i = 0; i < said + OURS; i++) {
			if (i < said)
				say();
			else if (i == said)
				assert_int_equal(bridge_play(bb.b, 1, &pl), 0);
			n = bb_get(p, WIRE_WAIT);
			assert_int_equal(rtp_read(&h, p, n), 0);
			assert_int_equal(h.ssrc, mv[1].ssrc);
			assert_int_equal(h.seq, (uint16_t)(mv[1].seq + 1 + i));
		}
		mem_deref(ph.enc);
		bb_down();
	}
}

/* A packet that was heard: its sound, at its time */
static void place(struct codec_dec *dec, const uint8_t *p,
		  const struct rtp_head *h, uint32_t zero)
{
	int16_t pcm[CODEC_SAMPLES_MAX];
	size_t n;

	assert_int_equal(codec_decode(dec, p + h->off, h->len, pcm, &n), 0);
	assert_int_equal(n, 160);
	assert_in_range(h->ts - zero + n, n, ARRAY_SIZE(bb.heard));
	memcpy(bb.heard + (h->ts - zero), pcm, n * sizeof(*pcm));
	if (h->ts - zero + n > bb.heardn)
		bb.heardn = h->ts - zero + n;
}

/* From the kernel to the agent, which encodes for another codec, and back, while a tone is
 * sent: what is heard, each packet placed by its timestamp, is that tone without a step:
 * no sample is further from its neighbour than the tone's slope, and its phase holds over
 * all of it. Nothing is lost or comes twice */
static void test_no_audible_step(void **state)
{
	enum { PART = 20 };
	struct codec_param ulaw = {.codec = bb_codec("PCMU")},
			   alaw = {.codec = bb_codec("PCMA")};
	struct codec_dec *decv[2];
	struct bridge_member mv[2];
	struct rtp_head h, last = {0};
	uint32_t zero = 0, ssrc;
	uint8_t p[2000];
	size_t n;
	(void)state;

	assert_int_equal(codec_dec_alloc(&decv[0], &ulaw), 0);
	assert_int_equal(codec_dec_alloc(&decv[1], &alaw), 0);
	bb_transcoding(mv, "PCMU", "PCMA");
	mv[0].go_on = mv[1].go_on = true;
	phone_open(&ph, "PCMU", 96);
	relay(mv, false, &last);
	bb.heardn = 0;
	memset(bb.heard, 0, sizeof(bb.heard));
	ph.at = 0;
	for (unsigned i = 0; i < 3 * PART; i++) {
		const bool ours = i >= PART && i < 2 * PART;

		if (i == PART)
			bb_up(PLANE_XDP, mv);
		if (i == 2 * PART) {
			struct fp_leg l = leg_plain(mv[0].local, mv[0].remote,
						    mv[1].local, mv[1].remote);

			l.state = LEG_AGENT;
			l.clock_rate = 8000;
			l.ssrc_rewrite = bridge_stream(bb.b, 1, &ssrc);
			l.ssrc_out = ssrc;
			assert_true(l.ssrc_rewrite);
			leg_put(bb.bed, &l);
			assert_int_equal(bridge_leave(bb.b, bb.bed->fp, 1000),
					 0);
		}
		say();
		n = bb_get(p, WIRE_WAIT);
		assert_int_equal(rtp_read(&h, p, n), 0);
		assert_int_equal(h.pt, ours ? 97 : 96);
		assert_int_equal(h.ssrc, last.ssrc);
		assert_int_equal(h.seq, (uint16_t)(last.seq + 1));
		if (!i)
			zero = h.ts;
		place(decv[ours], p, &h, zero);
		last = h;
	}
	assert_int_equal(bb.heardn, 3 * PART * 160);
	for (size_t i = 1; i < bb.heardn; i++) {
		const int step = bb.heard[i] - bb.heard[i - 1];

		/* a 1 kHz tone of 8000 moves by 6200 a sample */
		if (step > 6800 || step < -6800)
			fail_msg("a step of %d at %zu", step, i);
	}
	assert_true(tone_snr(bb.heard, bb.heardn, TONE, 8000) > 30);
	mem_deref(decv[0]);
	mem_deref(decv[1]);
	mem_deref(ph.enc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_passed, bb_clear),
		cmocka_unit_test_teardown(test_passed_substituted, bb_clear),
		cmocka_unit_test_teardown(test_encoded, bb_clear),
		cmocka_unit_test_teardown(test_encoded_substituted, bb_clear),
		cmocka_unit_test_teardown(test_played, bb_clear),
		cmocka_unit_test_teardown(test_fresh, bb_clear),
		cmocka_unit_test_teardown(test_anew, bb_clear),
		cmocka_unit_test_teardown(test_no_audible_step, bb_clear),
	};

	return cmocka_run_group_tests(tests, bb_setup, bb_teardown);
}
