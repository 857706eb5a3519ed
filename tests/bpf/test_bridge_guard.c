/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_bridge_guard.c  Something else in the place of digits: tones, silence, events
 */
#include "digitsbed.h"

/* What was heard of a digit that was not to be heard: the events, and the sound by time */
struct replaced {
	unsigned events, ends, len;
	uint8_t event, volume;
	double digit, zero,
		sine; /* how loud 6, 0 and 400 Hz are, in its place */
};

static double loud(const int16_t *pcm, size_t n, double low, double high)
{
	const double a = goertzel(pcm, n, low, 8000);
	const double b = goertzel(pcm, n, high, 8000);

	return a < b ? a : b;
}

static struct replaced replace(const struct guard *g, bool tones)
{
	struct codec_param prm = {.codec = bb_codec("PCMA")};
	const unsigned skip = tones ? 4 : 1;
	const int16_t *at = bb.heard + STEP * (SPEECH + skip);
	const size_t n = STEP * (DIGIT - skip - 1);
	struct replaced r = {0};
	struct bridge_member mv[2];
	struct rtp_head h, first = {0};
	struct codec_dec *dec;
	unsigned sound = 0;
	struct tone *t;
	uint8_t p[2000];
	size_t len, k;

	bb_transcoding(mv, "PCMU", "PCMA");
	mv[0].ptv[101].clock = 8000;
	mv[0].guard = *g;
	mv[0].hear = true;
	up(mv);
	assert_int_equal(codec_dec_alloc(&dec, &prm), 0);
	assert_int_equal(tone_alloc(&t, 8000), 0);
	memset(bb.heard, 0, sizeof(bb.heard));
	speak(SPEECH);
	if (tones)
		dial_tones(t, 6, DIGIT);
	else
		dial(6, DIGIT, DIGIT + 9);
	speak(SPEECH);
	while ((len = bb_get(p, 80))) {
		assert_int_equal(rtp_read(&h, p, len), 0);
		if (h.pt == 102) {
			++r.events;
			r.ends += p[13] >> 7;
			r.event = p[12];
			r.volume = p[13] & 0x3f;
			r.len = (unsigned)(p[14] << 8 | p[15]);
			continue;
		}
		if (!sound++)
			first = h;
		assert_in_range(h.ts - first.ts, 0, 100 * STEP);
		assert_int_equal(codec_decode(dec, p + h.off, h.len,
					      bb.heard + (h.ts - first.ts), &k),
				 0);
	}
	assert_true(sound >= 2 * SPEECH);
	r.digit = loud(at, n, 770, 1477);
	r.zero = loud(at, n, 941, 1336);
	r.sine = goertzel(at, n, 400, 8000);
	/* who listens to digits hears what was dialled */
	turn();
	assert_int_equal(heardc, 1);
	assert_int_equal(heardv[0].event, 6);
	mem_deref(t);
	mem_deref(dec);
	mem_deref(ph.enc);
	bb_down();

	return r;
}

/* Silence, a sine or another digit in the place of one, event or tone: of a tone at most the
 * first 60 ms are heard, of an event nothing */
static void test_replaced(void **state)
{
	/* -10 dBm0, where 3.17 is full scale; of a digit each sine has half */
	const double full = 32767 * pow(10, -13.17 / 20);
	const double half = 32767 * pow(10, -16.17 / 20);
	struct guard g = {.volume = 10};
	struct replaced r;
	(void)state;

	for (int tones = 0; tones < 2; tones++) {
		g.mode = GUARD_SILENCE;
		r = replace(&g, tones);
		assert_int_equal(r.events, 0);
		assert_true(r.digit < 50 && r.zero < 50 && r.sine < 50);

		g.mode = GUARD_TONE;
		r = replace(&g, tones);
		assert_int_equal(r.events, 0);
		assert_true(r.digit < 50);
		assert_true(fabs(20 * log10(r.sine / full)) < 2);

		g.mode = GUARD_ZERO;
		r = replace(&g, tones);
		assert_true(r.digit < 50);
		if (tones) {
			assert_true(fabs(20 * log10(r.zero / half)) < 2);
			continue;
		}
		assert_true(r.zero < 50);
		assert_int_equal(r.events, DIGIT + 2);
		assert_int_equal(r.ends, 3);
		assert_int_equal(r.event, 0);
		assert_int_equal(r.volume, 10);
		assert_int_equal(r.len, STEP * DIGIT);
	}
	g.mode = GUARD_DIGIT;
	g.digit = 11;
	assert_int_equal(replace(&g, false).event, 11);
	g.mode = GUARD_RANDOM;
	for (unsigned i = 0; i < 3; i++) {
		r = replace(&g, false);
		assert_in_range(r.event, 0, 9);
		assert_int_not_equal(r.event, 6);
	}
	g.mode = GUARD_DROP;
	assert_int_equal(replace(&g, false).events, 0);
}

/* Frequencies are gone through, digit by digit */
static void test_frequencies(void **state)
{
	const struct guard g = {.mode = GUARD_TONE,
				.volume = 10,
				.freqc = 2,
				.freqv = {600, 900}};
	static const double hzv[] = {600, 900, 600};
	struct codec_param prm = {.codec = bb_codec("PCMA")};
	struct bridge_member mv[2];
	struct ear ear = {NULL};
	uint8_t p[2000];
	(void)state;

	bb_transcoding(mv, "PCMU", "PCMA");
	mv[0].ptv[101].clock = 8000;
	mv[0].guard = g;
	up(mv);
	assert_int_equal(codec_dec_alloc(&ear.dec, &prm), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(hzv); i++) {
		bb.heardn = 0;
		dial((uint8_t)i, DIGIT, DIGIT + 9);
		for (unsigned k = 0; k < DIGIT; k++) {
			const size_t n = bb_get(p, WIRE_WAIT);

			assert_true(n > 0);
			ear_hear(&ear, p, n, STEP);
		}
		assert_true(goertzel(bb.heard + STEP, STEP * (DIGIT - 2),
				     hzv[i], 8000) > 5000);
		assert_true(goertzel(bb.heard + STEP, STEP * (DIGIT - 2),
				     1500 - hzv[i], 8000) < 200);
	}
	mem_deref(ear.dec);
	mem_deref(ph.enc);
}

/* The other knows events, and this one dials by tones: another digit's event */
static void test_replaced_by_event(void **state)
{
	struct bridge_member mv[2];
	struct tone *t;
	struct got g;
	(void)state;

	bb_transcoding(mv, "PCMU", "PCMA");
	mv[0].event_pt = 101;
	mv[0].event_clock = 8000;
	mv[0].guard = (struct guard){
		.mode = GUARD_DIGIT, .digit = 9, .volume = 20};
	up(mv);
	assert_int_equal(tone_alloc(&t, 8000), 0);
	dial_tones(t, 6, DIGIT);
	speak(SPEECH);
	g = look();
	assert_int_equal(g.begins, 1);
	assert_int_equal(g.ends, 3);
	assert_int_equal(g.event, 9);
	assert_int_equal(g.volume, 20);
	mem_deref(t);
	mem_deref(ph.enc);
}

/* A packet that says that it is late by eight seconds is answered by no flood */
static void test_endless(void **state)
{
	const uint8_t pay[EVENT_BYTES] = {6, 10, 0xff, 0xff};
	struct bridge_member mv[2];
	uint8_t p[2000], ev[RTP_HEADER + EVENT_BYTES];
	struct rtp_head h, first;
	unsigned n;
	(void)state;

	bb_transcoding(mv, "PCMU", "PCMA");
	mv[0].ptv[101] = (struct bridge_pt){.act = BRIDGE_TONE, .clock = 8000};
	up(mv);
	speak(1);
	n = (unsigned)bb_get(p, WIRE_WAIT);
	assert_int_equal(rtp_read(&first, p, n), 0);
	h = ph.h;
	h.pt = 101;
	h.marker = true;
	rtp_write(ev, &h);
	memcpy(ev + RTP_HEADER, pay, sizeof(pay));
	bb_put(&bb_sides[SIDE_LAN4], IN_PORT, ev, sizeof(ev));
	for (n = 0; bb_get(p, 50) > 0; n++)
		;
	assert_in_range(n, 5, 11);
	/* its time is the time that it says */
	++ph.h.seq;
	ph.h.ts += 0xffff;
	speak(1);
	n = (unsigned)bb_get(p, WIRE_WAIT);
	assert_int_equal(rtp_read(&h, p, n), 0);
	assert_in_range(h.ts - first.ts, 0xffff, 0xffff + 2 * STEP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_replaced),
		T(test_frequencies),
		T(test_replaced_by_event),
		T(test_endless),
	};

	return cmocka_run_group_tests(tests, bb_setup, bb_teardown);
}
