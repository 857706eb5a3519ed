/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bridges on a media worker, with packets on the wires of the bed: codecs changed,
 * one stream without a step. What is heard at the far end is judged by its tone.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "bridgebed.h"

static void test_any_to_any(void **state)
{
	static const char *const namev[] = {"PCMU", "PCMA", "G722",
					    "opus", "GSM",  "G726-32"};
	uint8_t p[2000] = {0};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(namev); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(namev); k++) {
			struct codec_param prm = {.codec = bb_codec(namev[k])};
			struct bridge_member mv[2];
			struct bridge_stats st;
			struct ear ear = {NULL};
			struct phone ph;
			char what[64];

			bb_transcoding(mv, namev[i], namev[k]);
			bb_up(PLANE_XDP, mv);
			phone_open(&ph, namev[i], 96);
			assert_int_equal(codec_dec_alloc(&ear.dec, &prm), 0);
			bb.heardn = 0;
			for (unsigned x = 0; x < PACKETS; x++) {
				size_t n = phone_packet(&ph);

				bb_put(&bb_sides[SIDE_LAN4], IN_PORT, ph.pkt,
				       n);
				phone_next(&ph, bb_codec(namev[i]));
				n = bb_get(p, WIRE_WAIT);
				assert_int_equal(p[1] & 0x7f, 97);
				/* the first one begins a talkspurt */
				assert_int_equal(p[1] >> 7, !x);
				ear_hear(&ear, p, n, prm.codec->clock / 50);
			}
			assert_int_equal(ear.packets, PACKETS);
			(void)snprintf(what, sizeof(what), "%s to %s", namev[i],
				       namev[k]);
			tone_heard(what, codec_dec_rate(ear.dec));
			bridge_stats(bb.b, 0, &st);
			assert_int_equal(st.packets, PACKETS);
			assert_int_equal(st.decoded, PACKETS);
			assert_int_equal(st.encoded, PACKETS);
			assert_int_equal(st.lost + st.late + st.malformed, 0);
			mem_deref(ear.dec);
			mem_deref(ph.enc);
			bb_down();
		}
	}
}

/* Lost, late, out of order: the far end's stream has no hole, and sounds */
static void test_disturbed(void **state)
{
	struct codec_param prm = {.codec = bb_codec("PCMA")};
	struct bridge_member mv[2];
	struct bridge_stats st;
	struct ear ear = {NULL};
	struct phone ph;
	uint8_t p[2000], kept[200];
	size_t n, keptn = 0;
	(void)state;

	bb_transcoding(mv, "PCMU", "PCMA");
	bb_up(PLANE_XDP, mv);
	phone_open(&ph, "PCMU", 96);
	assert_int_equal(codec_dec_alloc(&ear.dec, &prm), 0);
	bb.heardn = 0;
	for (unsigned x = 0; x < 2 * PACKETS; x++) {
		n = phone_packet(&ph);
		if (x == 30 || x == 60 || x == 61) {
			; /* lost */
		} else if (x == 40) {
			memcpy(kept, ph.pkt, n);
			keptn = n;
		} else {
			bb_put(&bb_sides[SIDE_LAN4], IN_PORT, ph.pkt, n);
		}
		if (x == 41)
			bb_put(&bb_sides[SIDE_LAN4], IN_PORT, kept, keptn);
		phone_next(&ph, bb_codec("PCMU"));
	}
	while ((n = bb_get(p, 200)))
		ear_hear(&ear, p, n, 160);
	assert_int_equal(ear.packets, 2 * PACKETS);
	tone_heard("disturbed", 8000);
	for (size_t i = 1; i < bb.heardn; i++) {
		int step = bb.heard[i] - bb.heard[i - 1];

		/* a 1 kHz tone moves by 6200 a sample; a click by more */
		if (step > 9000 || step < -9000)
			fail_msg("a click of %d at %zu", step, i);
	}
	bridge_stats(bb.b, 0, &st);
	assert_int_equal(st.lost, 3);
	assert_int_equal(st.concealed, 60);
	assert_int_equal(st.late, 0);
	mem_deref(ear.dec);
	mem_deref(ph.enc);
}

/* A pause that was not sent stays one; an event keeps its time while it lasts */
static void test_pause_and_event(void **state)
{
	struct bridge_member mv[2];
	struct rtp_head h, first, ev;
	struct phone ph;
	uint8_t p[2000] = {0};
	size_t n;
	(void)state;

	bb_transcoding(mv, "PCMU", "G722");
	bb_up(PLANE_XDP, mv);
	phone_open(&ph, "PCMU", 96);
	n = phone_packet(&ph);
	bb_put(&bb_sides[SIDE_LAN4], IN_PORT, ph.pkt, n);
	n = bb_get(p, WIRE_WAIT);
	assert_int_equal(rtp_read(&first, p, n), 0);
	phone_next(&ph, bb_codec("PCMU"));
	/* digit 5, three packets of 20 ms and its end three times */
	ev = ph.h;
	ev.pt = 101;
	for (unsigned i = 0; i < 6; i++) {
		uint16_t dur = htons((uint16_t)(160 * (i < 3 ? i + 1 : 4)));
		uint8_t e[RTP_HEADER + 4] = {0};

		ev.marker = !i;
		rtp_write(e, &ev);
		++ev.seq;
		e[12] = 5;
		e[13] = (uint8_t)((i >= 3 ? 0x80 : 0) | 10);
		memcpy(e + 14, &dur, 2);
		bb_put(&bb_sides[SIDE_LAN4], IN_PORT, e, sizeof(e));
		n = bb_get(p, WIRE_WAIT);
		assert_int_equal(n, sizeof(e));
		assert_int_equal(rtp_read(&h, p, n), 0);
		assert_int_equal(h.pt, 102);
		assert_int_equal(h.marker, !i);
		assert_int_equal(h.seq, (uint16_t)(first.seq + 1 + i));
		assert_int_equal(h.ts, first.ts + 160);
		assert_int_equal(h.ssrc, first.ssrc);
		assert_memory_equal(p + 12, e + 12, 4);
	}
	/* 80 ms of event, half a second of nothing: sound again */
	ph.h.seq = ev.seq;
	ph.h.ts += 640 + 4000;
	n = phone_packet(&ph);
	bb_put(&bb_sides[SIDE_LAN4], IN_PORT, ph.pkt, n);
	n = bb_get(p, WIRE_WAIT);
	assert_int_equal(rtp_read(&h, p, n), 0);
	assert_true(h.marker);
	assert_int_equal(h.seq, (uint16_t)(first.seq + 7));
	assert_int_equal(h.ts, first.ts + 160 + 640 + 4000);
	mem_deref(ph.enc);
}

/* An event's length is in the clock of who gets it, as far as 16 bits go */
static void test_event_clock(void **state)
{
	static const uint16_t durv[][2] = {
		{160, 960}, {10922, 65532}, {10923, 65535}, {65535, 65535}};
	struct bridge_member mv[2];
	struct rtp_head h, ev;
	struct phone ph;
	uint8_t p[2000] = {0};
	size_t n;
	(void)state;

	bb_transcoding(mv, "PCMU", "opus");
	mv[0].ptv[101].clock = 8000;
	mv[0].ptv[101].clock_to = 48000;
	bb_up(PLANE_XDP, mv);
	phone_open(&ph, "PCMU", 96);
	ev = ph.h;
	ev.pt = 101;
	for (unsigned i = 0; i < ARRAY_SIZE(durv); i++) {
		uint8_t e[RTP_HEADER + 4] = {0};

		rtp_write(e, &ev);
		++ev.seq;
		e[12] = 7;
		e[13] = 10;
		e[14] = (uint8_t)(durv[i][0] >> 8);
		e[15] = (uint8_t)durv[i][0];
		bb_put(&bb_sides[SIDE_LAN4], IN_PORT, e, sizeof(e));
		n = bb_get(p, WIRE_WAIT);
		assert_int_equal(n, sizeof(e));
		assert_int_equal(rtp_read(&h, p, n), 0);
		assert_int_equal(h.pt, 102);
		assert_memory_equal(p + 12, e + 12, 2);
		assert_int_equal(p[14] << 8 | p[15], durv[i][1]);
	}
	mem_deref(ph.enc);
}

/* From packets as they are to packets that are made, and back: one stream */
static void test_change(void **state)
{
	struct bridge_member mv[2], plain[2];
	struct rtp_head h, last = {.seq = 0};
	struct phone ph;
	uint8_t p[2000] = {0};
	size_t n;
	(void)state;

	bb_transcoding(mv, "PCMU", "PCMA");
	memcpy(plain, mv, sizeof(mv));
	for (int i = 0; i < 2; i++) {
		plain[i].ptv[96] = (struct bridge_pt){.act = BRIDGE_PASS,
						      .pt = 96};
		plain[i].codec = NULL;
		plain[i].codecc = 0;
		plain[i].ptv[97].act = BRIDGE_DROP;
	}
	bb_up(PLANE_XDP, plain);
	phone_open(&ph, "PCMU", 96);
	for (unsigned x = 0; x < 60; x++) {
		if (x == 20 || x == 40) {
			const struct bridge_member *v = x == 20 ? mv : plain;

			/* who is sent what is made, before who makes it need be */
			assert_int_equal(
				bridge_change(bb.b, x == 20, &v[x == 20]), 0);
			assert_int_equal(
				bridge_change(bb.b, x != 20, &v[x != 20]), 0);
		}
		n = phone_packet(&ph);
		bb_put(&bb_sides[SIDE_LAN4], IN_PORT, ph.pkt, n);
		phone_next(&ph, bb_codec("PCMU"));
		n = bb_get(p, WIRE_WAIT);
		assert_int_equal(rtp_read(&h, p, n), 0);
		assert_int_equal(h.pt, x >= 20 && x < 40 ? 97 : 96);
		if (x) {
			assert_int_equal(h.seq, (uint16_t)(last.seq + 1));
			assert_int_equal(h.ts, last.ts + 160);
			assert_int_equal(h.ssrc, last.ssrc);
		}
		last = h;
	}
	mem_deref(ph.enc);
}

/* Packets that come in heaps of three, 60 ms apart: they are held back, nothing is lost,
 * and the tone is whole */
static void test_jitter(void **state)
{
	enum { ALL = 120, HEAP = 3 };
	struct codec_param prm = {.codec = bb_codec("PCMA")};
	struct bridge_member mv[2];
	struct bridge_stats st;
	struct ear ear = {NULL};
	struct phone ph;
	uint8_t p[2000];
	size_t n;
	(void)state;

	bb_transcoding(mv, "PCMU", "PCMA");
	mv[0].jitter_ms = 100;
	bb_up(PLANE_XDP, mv);
	phone_open(&ph, "PCMU", 96);
	assert_int_equal(codec_dec_alloc(&ear.dec, &prm), 0);
	bb.heardn = 0;
	for (unsigned x = 0; x < ALL; x++) {
		n = phone_packet(&ph);
		bb_put(&bb_sides[SIDE_LAN4], IN_PORT, ph.pkt, n);
		phone_next(&ph, bb_codec("PCMU"));
		if (x % HEAP == HEAP - 1)
			(void)usleep(HEAP * 20000);
	}
	while ((n = bb_get(p, 200)))
		ear_hear(&ear, p, n, 160);
	assert_int_equal(ear.packets, ALL);
	tone_heard("in heaps", 8000);
	bridge_stats(bb.b, 0, &st);
	assert_int_equal(st.lost + st.late + st.concealed, 0);
	assert_in_range(st.target_us, 36000, 100000);
	/* how long depends on how evenly this machine sends */
	assert_in_range(st.held_us, 1, st.target_us);
	mem_deref(ear.dec);
	mem_deref(ph.enc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_any_to_any, bb_clear),
		cmocka_unit_test_teardown(test_disturbed, bb_clear),
		cmocka_unit_test_teardown(test_pause_and_event, bb_clear),
		cmocka_unit_test_teardown(test_event_clock, bb_clear),
		cmocka_unit_test_teardown(test_change, bb_clear),
		cmocka_unit_test_teardown(test_jitter, bb_clear),
	};

	return cmocka_run_group_tests(tests, bb_setup, bb_teardown);
}
