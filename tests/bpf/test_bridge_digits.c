/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digits that a member dials: told, and made what the other end knows.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "../unit/goertzel.h"
#include "audio/digit.h"
#include "bridge/play.h"
#include "bridgebed.h"
#include "rtp/event.h"

enum { SPEECH = 5, DIGIT = 10 /* packets of 20 ms */, STEP = 160 };

static struct bridge_heard heardv[8];
static unsigned heardc;
static struct phone ph;

static void event_handler(struct bridge *b, unsigned side, unsigned type,
			  const struct sa *src, const uint8_t *p, size_t n,
			  void *arg)
{
	(void)b;
	(void)src;
	(void)arg;
	if (type != BRIDGE_DIGIT)
		return;
	assert_int_equal(side, 0);
	assert_int_equal(n, sizeof(heardv[0]));
	assert_in_range(heardc, 0, ARRAY_SIZE(heardv) - 1);
	memcpy(&heardv[heardc++], p, n);
}

static void cancel(void *arg)
{
	(void)arg;
	re_cancel();
}

/* What the worker has told comes here */
static void turn(void)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, 20, cancel, NULL);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
}

static void up(struct bridge_member mv[2])
{
	bb.eventh = event_handler;
	heardc = 0;
	bb_up(PLANE_XDP, mv);
	phone_open(&ph, "PCMU", 96);
}

/* A digit by event: `n` packets, each 20 ms longer, and its end three times */
static void dial(uint8_t event, unsigned n, unsigned lost)
{
	for (unsigned i = 0; i < n + 2; i++) {
		const unsigned len = STEP * (i < n ? i + 1 : n);
		struct rtp_head h = ph.h;
		uint8_t p[RTP_HEADER + EVENT_BYTES];

		h.pt = 101;
		h.marker = !i;
		rtp_write(p, &h);
		p[12] = event;
		p[13] = (uint8_t)((i + 1 >= n ? 0x80 : 0) | 10);
		p[14] = (uint8_t)(len >> 8);
		p[15] = (uint8_t)len;
		if (i != lost)
			bb_put(&bb_sides[SIDE_LAN4], IN_PORT, p, sizeof(p));
		++ph.h.seq;
	}
	ph.h.ts += STEP * n;
}

static void speak(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		size_t len = phone_packet(&ph);

		bb_put(&bb_sides[SIDE_LAN4], IN_PORT, ph.pkt, len);
		phone_next(&ph, bb_codec("PCMU"));
	}
}

/* An event is heard as its tones by who knows no events, for as long, in the stream:
 * speech before, the digit, speech behind; a packet that was lost takes nothing */
static void events_to_tones(const char *codec, unsigned lost)
{
	struct codec_param prm = {.codec = bb_codec(codec)};
	struct bridge_member mv[2];
	const unsigned all = SPEECH + DIGIT + SPEECH;
	struct ear ear = {NULL};
	uint32_t rate;
	uint8_t p[2000];
	size_t part;
	double amp;

	bb_transcoding(mv, "PCMU", codec);
	mv[0].ptv[101] = (struct bridge_pt){.act = BRIDGE_TONE, .clock = 8000};
	mv[0].hear = true;
	up(mv);
	assert_int_equal(codec_dec_alloc(&ear.dec, &prm), 0);
	rate = codec_dec_rate(ear.dec);
	part = rate / 50;
	bb.heardn = 0;
	speak(SPEECH);
	dial(6, DIGIT, lost);
	speak(SPEECH);
	for (unsigned i = 0; i < all; i++) {
		size_t n = bb_get(p, WIRE_WAIT);

		if (!n)
			fail_msg("%s: %u of %u packets", codec, i, all);
		ear_hear(&ear, p, n, prm.codec->clock / 50);
	}
	assert_int_equal(bb_get(p, 50), 0);
	/* -13 dBm0 each, where 3.17 is full scale */
	amp = 32767 * pow(10, -16.17 / 20);
	for (unsigned f = 0; f < 2; f++) {
		const double a = goertzel(bb.heard + part * (SPEECH + 2),
					  part * (DIGIT - 4), f ? 1477 : 770,
					  rate);

		if (fabs(20 * log10(a / amp)) > 2)
			fail_msg("%s: tone %u: %.0f, not %.0f", codec, f, a,
				 amp);
	}
	assert_true(goertzel(bb.heard + part * (SPEECH + DIGIT + 2), part * 2,
			     770, rate) < amp / 20);
	turn();
	assert_int_equal(heardc, 1);
	assert_int_equal(heardv[0].event, 6);
	assert_int_equal(heardv[0].ms, DIGIT * 20);
	assert_int_equal(heardv[0].volume, 10);
	assert_false(heardv[0].tone);
	mem_deref(ear.dec);
	mem_deref(ph.enc);
	bb_down();
}

static void test_events_to_tones(void **state)
{
	(void)state;
	events_to_tones("PCMA", DIGIT + 9);
	events_to_tones("PCMA", 0);
	events_to_tones("PCMA", 4);
	events_to_tones("G722", DIGIT + 9);
	events_to_tones("opus", DIGIT + 9);
}

/* A phone that sends a digit as tones */
static void dial_tones(struct tone *t, uint8_t event, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		int16_t pcm[STEP];
		size_t len;

		digit_sound(t, event, 10, true);
		tone_render(t, pcm, STEP);
		assert_int_equal(codec_encode(ph.enc, pcm, STEP,
					      ph.pkt + RTP_HEADER, &len),
				 0);
		rtp_write(ph.pkt, &ph.h);
		bb_put(&bb_sides[SIDE_LAN4], IN_PORT, ph.pkt, RTP_HEADER + len);
		phone_next(&ph, bb_codec("PCMU"));
	}
}

/* Tones become an event for who knows those: one begin, a length that grows, three
 * ends, and no step in the stream around it */
static void test_tones_to_events(void **state)
{
	struct bridge_member mv[2];
	struct rtp_head h, last = {0}, event = {0};
	unsigned events = 0, ends = 0, sound = 0, len = 0;
	struct tone *t;
	uint8_t p[2000];
	size_t n;
	(void)state;

	bb_transcoding(mv, "PCMU", "PCMA");
	mv[0].event_pt = 101;
	mv[0].event_clock = 8000;
	mv[0].hear = true;
	up(mv);
	assert_int_equal(tone_alloc(&t, 8000), 0);
	speak(SPEECH);
	dial_tones(t, 11, DIGIT);
	speak(SPEECH);
	while ((n = bb_get(p, 200))) {
		assert_int_equal(rtp_read(&h, p, n), 0);
		if (sound || events)
			assert_int_equal(h.seq, (uint16_t)(last.seq + 1));
		last = h;
		if (h.pt != 101) {
			assert_int_equal(h.pt, 97);
			++sound;
			continue;
		}
		assert_int_equal(p[12], 11);
		assert_int_equal(p[13] & 0x3f, 10);
		if (!events)
			event = h;
		assert_int_equal(h.marker, !events++);
		assert_int_equal(h.ts, event.ts);
		ends += p[13] >> 7;
		assert_true((unsigned)(p[14] << 8 | p[15]) >= len);
		len = (unsigned)(p[14] << 8 | p[15]);
	}
	assert_int_equal(ends, 3);
	/* it takes up to 60 ms until a digit is known, and as long until it is over */
	assert_in_range(len, STEP * (DIGIT - 4), STEP * (DIGIT + 3));
	assert_in_range(sound, 2 * SPEECH - 3, 2 * SPEECH + 3);
	assert_int_equal(sound + len / STEP, 2 * SPEECH + DIGIT);
	turn();
	assert_int_equal(heardc, 1);
	assert_int_equal(heardv[0].event, 11);
	assert_true(heardv[0].tone);
	assert_in_range(heardv[0].volume, 9, 11);
	assert_in_range(heardv[0].ms, 20 * (DIGIT - 4), 20 * (DIGIT + 3));
	mem_deref(t);
	mem_deref(ph.enc);
}

/* What came since the last look */
struct got {
	unsigned sound, begins, events, ends, len;
	uint8_t pt; /* of the last event */
	uint8_t event, volume;
	uint32_t ts; /* the same          */
};

static struct got look(void)
{
	struct got g = {0};
	struct rtp_head h;
	uint8_t p[2000];
	size_t n;

	while ((n = bb_get(p, 100))) {
		assert_int_equal(rtp_read(&h, p, n), 0);
		if (h.pt == 97) {
			++g.sound;
			continue;
		}
		assert_int_equal(n, RTP_HEADER + EVENT_BYTES);
		++g.events;
		g.begins += h.marker;
		g.ends += p[13] >> 7;
		g.len = (unsigned)(p[14] << 8 | p[15]);
		g.pt = h.pt;
		g.event = p[12];
		g.volume = p[13] & 0x3f;
		g.ts = h.ts;
	}

	return g;
}

/* While a digit is dialled, events are given up: its event ends there and then, and what
 * is left of it is sound; once there are events again, the next one is a new one */
static void test_events_given_up(void **state)
{
	struct bridge_member mv[2];
	struct got g, h;
	struct tone *t;
	(void)state;

	bb_transcoding(mv, "PCMU", "PCMA");
	mv[0].event_pt = 101;
	mv[0].event_clock = 8000;
	up(mv);
	assert_int_equal(tone_alloc(&t, 8000), 0);
	dial_tones(t, 11, DIGIT);
	g = look();
	assert_int_equal(g.begins, 1);
	assert_int_equal(g.ends, 0);
	mv[0].event_clock = 0;
	assert_int_equal(bridge_change(bb.b, 0, &mv[0]), 0);
	h = look();
	assert_int_equal(h.events, 3);
	assert_int_equal(h.ends, 3);
	assert_int_equal(h.ts, g.ts);
	assert_int_equal(h.len, g.len);
	dial_tones(t, 11, DIGIT);
	g = look();
	assert_int_equal(g.events, 0);
	assert_int_equal(g.sound, DIGIT);
	speak(SPEECH);
	(void)look();

	mv[0].event_clock = 8000;
	assert_int_equal(bridge_change(bb.b, 0, &mv[0]), 0);
	dial_tones(t, 11, DIGIT);
	speak(SPEECH);
	g = look();
	assert_int_equal(g.begins, 1);
	assert_int_equal(g.ends, 3);
	assert_in_range(g.len, STEP * (DIGIT - 4), STEP * (DIGIT + 3));
	assert_int_not_equal(g.ts, h.ts);
	mem_deref(t);
	mem_deref(ph.enc);
}

/* A digit that is dialled while something else changes is one digit, under its new type */
static void test_changed_meanwhile(void **state)
{
	struct bridge_member mv[2];
	struct got g, h;
	struct tone *t;
	(void)state;

	bb_transcoding(mv, "PCMU", "PCMA");
	mv[0].event_pt = 101;
	mv[0].event_clock = 8000;
	mv[0].hear = true;
	up(mv);
	assert_int_equal(tone_alloc(&t, 8000), 0);
	dial_tones(t, 7, DIGIT);
	g = look();
	assert_int_equal(g.begins, 1);
	mv[0].event_pt = 102;
	assert_int_equal(bridge_change(bb.b, 0, &mv[0]), 0);
	dial_tones(t, 7, DIGIT);
	speak(SPEECH);
	h = look();
	assert_int_equal(h.begins, 0);
	assert_int_equal(h.ends, 3);
	assert_int_equal(h.pt, 102);
	assert_int_equal(h.ts, g.ts);
	assert_in_range(h.len, STEP * (2 * DIGIT - 4), STEP * (2 * DIGIT + 3));
	turn();
	assert_int_equal(heardc, 1);
	assert_int_equal(heardv[0].event, 7);
	mem_deref(t);
	mem_deref(ph.enc);
}

/* What the far end is played ends a digit that it was being sent */
static void test_played_meanwhile(void **state)
{
	const struct bridge_play pl = {.codec = bb_codec("PCMA"),
				       .pt = 97,
				       .ptime = 20,
				       .complexity = -1,
				       .event_pt = -1,
				       .silence = true};
	struct bridge_member mv[2];
	struct rtp_head h;
	struct tone *t;
	uint8_t p[2000];
	(void)state;

	bb_transcoding(mv, "PCMU", "PCMA");
	mv[0].event_pt = 101;
	mv[0].event_clock = 8000;
	up(mv);
	assert_int_equal(tone_alloc(&t, 8000), 0);
	dial_tones(t, 7, DIGIT);
	(void)look();
	assert_int_equal(bridge_play(bb.b, 1, &pl), 0);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(rtp_read(&h, p, bb_get(p, WIRE_WAIT)), 0);
		assert_int_equal(h.pt, i < 3 ? 101 : 97);
		if (i < 3)
			assert_int_equal(p[13] & 0x80, 0x80);
	}
	mem_deref(t);
	mem_deref(ph.enc);
}

/* Its legs go back to the kernel meanwhile: the event ends before, and what the kernel sends
 * goes on behind that */
static void test_left_meanwhile(void **state)
{
	struct bridge_member mv[2];
	struct rtp_head h, last = {0};
	unsigned ends = 0, events = 0;
	struct fp_leg l;
	struct tone *t;
	uint8_t p[2000];
	uint32_t ssrc;
	size_t n;
	(void)state;

	bb_transcoding(mv, "PCMU", "PCMA");
	mv[0].event_pt = 101;
	mv[0].event_clock = 8000;
	up(mv);
	assert_int_equal(tone_alloc(&t, 8000), 0);
	speak(SPEECH);
	dial_tones(t, 11, DIGIT);
	while (!events) {
		n = bb_get(p, WIRE_WAIT);
		assert_int_equal(rtp_read(&last, p, n), 0);
		events += last.pt == 101;
	}
	l = leg_plain(mv[0].local, mv[0].remote, mv[1].local, mv[1].remote);
	l.state = LEG_AGENT;
	l.ssrc_rewrite = bridge_stream(bb.b, 1, &ssrc);
	l.ssrc_out = ssrc;
	leg_put(bb.bed, &l);
	assert_int_equal(bridge_leave(bb.b, bb.bed->fp, 1000), 0);
	speak(1);
	while ((n = bb_get(p, 200))) {
		assert_int_equal(rtp_read(&h, p, n), 0);
		assert_int_equal(h.seq, (uint16_t)(last.seq + 1));
		ends += h.pt == 101 && (p[h.off + 1] & 0x80);
		last = h;
	}
	assert_int_equal(ends, 3);
	/* by the kernel, as it was sent */
	assert_int_equal(last.pt, 96);
	mem_deref(t);
	mem_deref(ph.enc);
}

/* Tones that are not to go on are silence, from where they are known to be digits; what is
 * said around them goes on in the same stream */
static void test_muted(void **state)
{
	struct codec_param prm = {.codec = bb_codec("PCMA")};
	struct bridge_member mv[2];
	struct rtp_head h, first = {0}, last = {0};
	struct codec_dec *dec;
	unsigned sound = 0;
	struct tone *t;
	uint8_t p[2000];
	size_t n, k;
	(void)state;

	bb_transcoding(mv, "PCMU", "PCMA");
	mv[0].guard.mode = GUARD_DROP;
	up(mv);
	assert_int_equal(codec_dec_alloc(&dec, &prm), 0);
	assert_int_equal(tone_alloc(&t, 8000), 0);
	memset(bb.heard, 0, sizeof(bb.heard));
	speak(SPEECH);
	dial_tones(t, 5, DIGIT);
	speak(SPEECH);
	while ((n = bb_get(p, 200))) {
		assert_int_equal(rtp_read(&h, p, n), 0);
		if (sound++)
			assert_int_equal(h.seq, (uint16_t)(last.seq + 1));
		else
			first = h;
		last = h;
		assert_int_equal(codec_decode(dec, p + h.off, h.len,
					      bb.heard + (h.ts - first.ts), &k),
				 0);
	}
	assert_in_range(sound, 2 * SPEECH, 2 * SPEECH + 5);
	assert_int_equal(last.ts - first.ts, (2 * SPEECH + DIGIT - 1) * STEP);
	/* no more of it than 60 ms */
	assert_true(goertzel(bb.heard + STEP * (SPEECH + 3), STEP * (DIGIT - 3),
			     770, 8000) < 50);
	mem_deref(t);
	mem_deref(dec);
	mem_deref(ph.enc);
}

/* Events that go through as they are are told once, each */
static void test_told(void **state)
{
	struct bridge_member mv[2];
	uint8_t p[2000];
	(void)state;

	bb_transcoding(mv, "PCMU", "PCMA");
	mv[0].ptv[101].clock = 8000;
	mv[0].hear = true;
	up(mv);
	dial(1, 4, 9);
	speak(1);
	/* its end is lost, thrice: the next one tells of it */
	dial(2, 3, 9);
	ph.h.ts += 1600;
	for (unsigned i = 0; i < 3; i++) {
		struct rtp_head h = ph.h;
		uint8_t e[RTP_HEADER + EVENT_BYTES] = {0};

		h.pt = 101;
		rtp_write(e, &h);
		e[12] = 3;
		e[13] = 7;
		e[15] = (uint8_t)(80 * (i + 1));
		bb_put(&bb_sides[SIDE_LAN4], IN_PORT, e, sizeof(e));
		++ph.h.seq;
	}
	ph.h.ts += 1600;
	dial(4, 2, 9);
	while (bb_get(p, 100))
		;
	turn();
	assert_int_equal(heardc, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(heardv[i].event, i + 1);
	assert_int_equal(heardv[0].ms, 80);
	assert_int_equal(heardv[2].ms, 30);
	assert_int_equal(heardv[2].volume, 7);
	mem_deref(ph.enc);
}

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
		cmocka_unit_test_teardown(test_events_to_tones, bb_clear),
		cmocka_unit_test_teardown(test_tones_to_events, bb_clear),
		cmocka_unit_test_teardown(test_told, bb_clear),
		cmocka_unit_test_teardown(test_events_given_up, bb_clear),
		cmocka_unit_test_teardown(test_changed_meanwhile, bb_clear),
		cmocka_unit_test_teardown(test_played_meanwhile, bb_clear),
		cmocka_unit_test_teardown(test_left_meanwhile, bb_clear),
		cmocka_unit_test_teardown(test_muted, bb_clear),
		cmocka_unit_test_teardown(test_replaced, bb_clear),
		cmocka_unit_test_teardown(test_frequencies, bb_clear),
		cmocka_unit_test_teardown(test_replaced_by_event, bb_clear),
		cmocka_unit_test_teardown(test_endless, bb_clear),
	};

	return cmocka_run_group_tests(tests, bb_setup, bb_teardown);
}
