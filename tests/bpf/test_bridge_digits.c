/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_bridge_digits.c  Digits that a member dials: told, and made what the other end knows
 */
#include "bridge/play.h"
#include "digitsbed.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_events_to_tones),
		T(test_tones_to_events),
		T(test_told),
		T(test_events_given_up),
		T(test_changed_meanwhile),
		T(test_played_meanwhile),
		T(test_left_meanwhile),
		T(test_muted),
	};

	return cmocka_run_group_tests(tests, bb_setup, bb_teardown);
}
