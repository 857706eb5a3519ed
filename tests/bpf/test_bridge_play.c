/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a member is played: sound, digits, silence, in its own stream, instead of what
 * the other says.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "../unit/goertzel.h"
#include "../unit/wavfile.h"
#include "bridge/play.h"
#include "bridgebed.h"

enum { FREQ = 440, LOUD = 9000, FAR = 1 /* side that is played to */ };

static struct clip *clip_tone(uint32_t rate, unsigned ms)
{
	const size_t n = (size_t)rate * ms / 1000;
	uint8_t *wav = malloc(WAV_HEAD + 2 * n);
	struct clip *c;

	assert_non_null(wav);
	assert_int_equal(
		clip_mem(&c, wav, wav_tone(wav, rate, 1, n, FREQ, LOUD), NULL),
		0);
	free(wav);
	return c;
}

/* Both speak `name`, and each is sent what the other says as it is */
static void passing(struct bridge_member mv[2], uint8_t pt)
{
	bb_member(&mv[0], &bb_sides[SIDE_LAN4], IN_PORT);
	bb_member(&mv[1], &bb_sides[SIDE_WAN4], OUT_PORT);
	for (int i = 0; i < 2; i++) {
		mv[i].ptv[pt] = (struct bridge_pt){.act = BRIDGE_PASS,
						   .pt = pt};
		mv[i].ptv[101] = (struct bridge_pt){.act = BRIDGE_PASS,
						    .pt = 101};
	}
}

static struct bridge_play playing(const char *name, uint8_t pt)
{
	return (struct bridge_play){
		.codec = name ? bb_codec(name) : NULL,
		.pt = pt,
		.ptime = 20,
		.complexity = -1,
		.bitrate = 32000,
		.event_pt = -1,
		.times = 1,
	};
}

/* The near party sends `n` packets, of which the far one gets all, or none */
static void talk(struct phone *ph, const char *name, unsigned n,
		 struct rtp_head *last)
{
	uint8_t p[2000] = {0};

	for (unsigned i = 0; i < n; i++) {
		size_t len = phone_packet(ph);

		bb_put(&bb_sides[SIDE_LAN4], IN_PORT, ph->pkt, len);
		phone_next(ph, bb_codec(name));
		if (!last)
			continue;
		len = bb_get(p, WIRE_WAIT);
		assert_int_equal(rtp_read(last, p, len), 0);
		assert_memory_equal(p + RTP_HEADER, ph->pkt + RTP_HEADER,
				    len - RTP_HEADER);
	}
}

static void wait_played(void)
{
	for (unsigned i = 0; i < WIRE_WAIT && bridge_playing(bb.b, FAR); i++)
		usleep(1000);
	assert_false(bridge_playing(bb.b, FAR));
}

/* Hear n packets, a step apart; the first one goes on behind `before` */
static void hear(struct ear *ear, unsigned n, uint32_t step,
		 const struct rtp_head *before)
{
	uint8_t p[2000];
	size_t len;

	for (unsigned i = 0; i < n; i++) {
		len = bb_get(p, WIRE_WAIT);
		assert_true(len > 0);
		ear_hear(ear, p, len, step);
		if (i || !before)
			continue;
		assert_int_equal(ear->last.ssrc, before->ssrc);
		assert_int_equal(ear->last.seq, (uint16_t)(before->seq + 1));
		assert_true(ear->last.marker);
		assert_in_range(ear->last.ts - before->ts, step, 100 * step);
	}
}

static void loud(const char *what, double freq, uint32_t rate, size_t skip,
		 double amp)
{
	double a = goertzel(bb.heard + skip, bb.heardn - skip, freq, rate);

	if (fabs(20 * log10(a / amp)) > 2.5)
		fail_msg("%s: amplitude %.0f of %.0f Hz, not %.0f", what, a,
			 freq, amp);
}

/* A file is heard instead of the other, in the stream that there is, which goes on
 * behind it; whatever its rate and the codec are */
static void test_clip(void **state)
{
	static const struct {
		const char *name;
		uint32_t rate;
	} v[] = {
		{"PCMU", 8000},  {"PCMU", 44100}, {"PCMA", 11025},
		{"G722", 16000}, {"opus", 48000}, {"opus", 8000},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		const struct codec *codec = bb_codec(v[i].name);
		const uint32_t step = codec->clock / 50;
		struct codec_param prm = {.codec = codec};
		struct bridge_play pl = playing(v[i].name, 96);
		struct rtp_head before = {0}, after = {0};
		struct bridge_member mv[2];
		struct bridge_stats st;
		struct ear ear = {NULL};
		struct phone ph;

		passing(mv, 96);
		bb_up(PLANE_XDP, mv);
		phone_open(&ph, v[i].name, 96);
		assert_int_equal(codec_dec_alloc(&ear.dec, &prm), 0);
		bb.heardn = 0;
		talk(&ph, v[i].name, 3, &before);
		assert_int_equal(before.ssrc, 7);
		pl.clip = clip_tone(v[i].rate, 400);
		assert_int_equal(bridge_play(bb.b, FAR, &pl), 0);
		mem_deref(pl.clip);
		talk(&ph, v[i].name, 2, NULL);
		hear(&ear, 20, step, &before);
		loud(v[i].name, FREQ, codec_dec_rate(ear.dec),
		     bb.heardn / 10 * 3, LOUD);
		wait_played();
		bridge_stats(bb.b, FAR, &st);
		assert_in_range(st.played, 20, 21);
		/* a file's end may leave some milliseconds for one more */
		if (st.played == 21)
			hear(&ear, 1, step, NULL);
		talk(&ph, v[i].name, 3, &after);
		assert_int_equal(after.ssrc, 7);
		assert_int_equal(after.seq, (uint16_t)(ear.last.seq + 3));
		assert_in_range(after.ts - ear.last.ts, 3 * step, 103 * step);
		mem_deref(ear.dec);
		mem_deref(ph.enc);
		bb_down();
	}
}

/* Where it is transcoded, what was decoded last and what is played are one stream */
static void test_clip_transcoding(void **state)
{
	struct codec_param prm = {.codec = bb_codec("PCMA")};
	struct bridge_play pl = playing("PCMA", 97);
	struct bridge_member mv[2];
	struct bridge_stats st;
	struct ear ear = {NULL};
	struct rtp_head last;
	struct phone ph;
	uint8_t p[2000];
	size_t n;
	(void)state;

	bb_transcoding(mv, "PCMU", "PCMA");
	bb_up(PLANE_XDP, mv);
	phone_open(&ph, "PCMU", 96);
	assert_int_equal(codec_dec_alloc(&ear.dec, &prm), 0);
	bb.heardn = 0;
	talk(&ph, "PCMU", 1, NULL);
	hear(&ear, 1, 160, NULL);
	last = ear.last;
	ear.started = false;
	pl.clip = clip_tone(8000, 200);
	assert_int_equal(bridge_play(bb.b, FAR, &pl), 0);
	mem_deref(pl.clip);
	talk(&ph, "PCMU", 5, NULL);
	bb.heardn = 0;
	hear(&ear, 10, 160, &last);
	loud("played", FREQ, 8000, 0, LOUD);
	wait_played();
	last = ear.last;
	n = phone_packet(&ph);
	bb_put(&bb_sides[SIDE_LAN4], IN_PORT, ph.pkt, n);
	n = bb_get(p, WIRE_WAIT);
	assert_int_equal(rtp_read(&ear.last, p, n), 0);
	assert_int_equal(ear.last.seq, (uint16_t)(last.seq + 1));
	assert_int_equal(ear.last.ts, last.ts + 160);
	assert_int_equal(ear.last.ssrc, last.ssrc);
	assert_true(ear.last.marker);
	bridge_stats(bb.b, 0, &st);
	assert_int_equal(st.decoded, 7);
	mem_deref(ear.dec);
	mem_deref(ph.enc);
}

/* From the middle, more than once, no longer than asked; stopped, it says where */
static void test_clip_parts(void **state)
{
	struct codec_param prm = {.codec = bb_codec("PCMU")};
	struct bridge_play pl = playing("PCMU", 0);
	struct bridge_member mv[2];
	struct bridge_stats st;
	struct ear ear = {NULL};
	struct bridge_left left = {.times = 0};
	(void)state;

	passing(mv, 0);
	bb_up(PLANE_XDP, mv);
	assert_int_equal(codec_dec_alloc(&ear.dec, &prm), 0);
	pl.clip = clip_tone(8000, 100);
	pl.start_ms = 40;
	pl.times = 2;
	assert_int_equal(bridge_play(bb.b, FAR, &pl), 0);
	hear(&ear, 3 + 5, 160, NULL);
	wait_played();
	bridge_stats(bb.b, FAR, &st);
	assert_int_equal(st.played, 8);

	pl.start_ms = 0;
	pl.times = 0;
	pl.max_ms = 240;
	assert_int_equal(bridge_play(bb.b, FAR, &pl), 0);
	ear.started = false;
	bb.heardn = 0;
	hear(&ear, 12, 160, NULL);
	/* 100 ms are 44 periods: it goes round without a step */
	for (size_t i = 1; i < bb.heardn; i++)
		assert_in_range(bb.heard[i] - bb.heard[i - 1] + 4000, 0, 8000);
	wait_played();
	bridge_stats(bb.b, FAR, &st);
	assert_int_equal(st.played, 20);
	assert_false(bridge_playing(bb.b, FAR));

	pl.max_ms = 0;
	pl.times = 3;
	assert_int_equal(bridge_play(bb.b, FAR, &pl), 0);
	ear.started = false;
	hear(&ear, 6, 160, NULL);
	assert_true(bridge_play_stop(bb.b, FAR, &left));
	assert_false(bridge_play_stop(bb.b, FAR, NULL));
	/* the worker may have sent more than we have heard */
	assert_in_range(left.times, 1, 2);
	assert_int_equal(left.pos_ms % 20, 0);
	assert_int_equal(left.dial.n, 0);
	mem_deref(pl.clip);
	mem_deref(ear.dec);
}

/* A file of three seconds whose first second was read, on disk */
static struct clip *clip_file(int *fd)
{
	const size_t n = 3 * 8000;
	uint8_t wav[WAV_HEAD + 2 * 3 * 8000];
	char path[] = "/tmp/carom-play-XXXXXX";
	const size_t len = wav_tone(wav, 8000, 1, n, FREQ, LOUD);
	struct clip *c;

	*fd = mkstemp(path);
	assert_true(*fd >= 0);
	assert_int_equal(write(*fd, wav, len), len);
	assert_int_equal(clip_open(&c, path, NULL), 0);
	(void)unlink(path);
	return c;
}

/* It begins where nothing has been read yet: silence until then, and none of it is
 * left out. What turns out to end before that is over */
static void test_clip_unread(void **state)
{
	struct codec_param prm = {.codec = bb_codec("PCMU")};
	struct bridge_play pl = playing("PCMU", 0);
	struct bridge_left left = {.times = 0};
	struct bridge_member mv[2];
	struct ear ear = {NULL};
	int fd;
	(void)state;

	passing(mv, 0);
	bb_up(PLANE_XDP, mv);
	assert_int_equal(codec_dec_alloc(&ear.dec, &prm), 0);
	pl.clip = clip_tone(8000, 3000);
	pl.start_ms = 2995;
	assert_int_equal(bridge_play(bb.b, FAR, &pl), 0);
	bb.heardn = 0;
	hear(&ear, 5, 160, NULL);
	for (size_t i = 0; i < bb.heardn; i++)
		assert_in_range(bb.heard[i] + 16, 0, 32);
	assert_true(bridge_play_stop(bb.b, FAR, &left));
	assert_int_equal(left.pos_ms, 2995);
	mem_deref(pl.clip);

	pl.clip = clip_file(&fd);
	pl.start_ms = 1000;
	assert_int_equal(bridge_play(bb.b, FAR, &pl), 0);
	ear.started = false;
	hear(&ear, 3, 160, NULL);
	assert_true(bridge_playing(bb.b, FAR));
	assert_int_equal(ftruncate(fd, WAV_HEAD + 2 * 8000), 0);
	while (clip_load(pl.clip, 1000))
		;
	wait_played();
	(void)close(fd);
	mem_deref(pl.clip);
	mem_deref(ear.dec);
}

/* Digits where the member knows telephone-event, and the other's packets go on */
static void test_digit_events(void **state)
{
	const struct bridge_digit dv[] = {
		{.event = 11, .volume = 8, .ms = 100, .pause_ms = 60},
		{.event = 5, .volume = 8, .ms = 50, .pause_ms = 40},
	};
	struct bridge_play pl = playing(NULL, 0);
	struct bridge_member mv[2];
	struct rtp_head h, first = {0}, last = {0};
	unsigned lenv[] = {160, 320, 480, 640, 800, 800,
			   800, 160, 320, 400, 400, 400};
	struct phone ph;
	uint8_t p[2000];
	(void)state;

	passing(mv, 0);
	bb_up(PLANE_XDP, mv);
	phone_open(&ph, "PCMU", 0);
	talk(&ph, "PCMU", 2, &last);
	assert_int_equal(bridge_digit(bb.b, FAR, &dv[0]), ENOENT);
	pl.event_pt = 101;
	pl.event_clock = 8000;
	pl.dial = (struct bridge_dialling){{dv[0]}, 1};
	assert_int_equal(bridge_play(bb.b, FAR, &pl), 0);
	assert_int_equal(bridge_digit(bb.b, FAR, &dv[1]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(lenv); i++) {
		const bool second = i >= 7, end = lenv[i] % 400 == 0;
		size_t n = bb_get(p, WIRE_WAIT);

		assert_int_equal(n, RTP_HEADER + 4);
		assert_int_equal(rtp_read(&h, p, n), 0);
		assert_int_equal(h.pt, 101);
		assert_int_equal(h.seq, (uint16_t)(last.seq + 1 + i));
		assert_int_equal(h.ssrc, last.ssrc);
		assert_int_equal(h.marker, !i || i == 7);
		if (!i || i == 7) {
			if (i)
				assert_int_equal(h.ts - first.ts, 1280);
			else
				assert_true(h.ts - last.ts >= 160);
			first = h;
		}
		assert_int_equal(h.ts, first.ts);
		assert_int_equal(p[12], second ? 5 : 11);
		assert_int_equal(p[13], (end ? 0x80 : 0) | 8);
		assert_int_equal(p[14] << 8 | p[15], lenv[i]);
	}
	wait_played();
	h.seq = (uint16_t)(last.seq + ARRAY_SIZE(lenv));
	talk(&ph, "PCMU", 1, &last);
	assert_int_equal(last.seq, (uint16_t)(h.seq + 1));
	assert_int_equal(last.ssrc, 7);
	mem_deref(ph.enc);
}

/* Digits where it does not: tones, each for its time, with silence between */
static void test_digit_tones(void **state)
{
	static const double low[] = {697, 770, 852, 941};
	static const double high[] = {1209, 1336, 1477, 1633};
	static const char pad[] = "123A456B789C*0#D";
	static const char events[] = "0123456789*#ABCD";
	struct codec_param prm = {.codec = bb_codec("PCMA")};
	struct bridge_play pl = playing("PCMA", 8);
	struct bridge_member mv[2];
	struct ear ear = {NULL};
	(void)state;

	passing(mv, 8);
	bb_up(PLANE_XDP, mv);
	assert_int_equal(codec_dec_alloc(&ear.dec, &prm), 0);
	pl.silence = true;
	assert_int_equal(bridge_play(bb.b, FAR, &pl), 0);
	hear(&ear, 1, 160, NULL);
	for (unsigned ev = 0; ev < 16; ev++) {
		const struct bridge_digit d = {.event = (uint8_t)ev,
					       .volume = 10,
					       .ms = 100,
					       .pause_ms = 60};
		const size_t at = (size_t)(strchr(pad, events[ev]) - pad);
		/* -13 dBm0 each, where 3.17 is full scale */
		const double amp = 32767 * pow(10, -16.17 / 20);

		assert_int_equal(bridge_digit(bb.b, FAR, &d), 0);
		do {
			bb.heardn = 0;
			hear(&ear, 1, 160, NULL);
		} while (goertzel(bb.heard, 160, low[at / 4], 8000) < 1000);
		hear(&ear, 4, 160, NULL);
		loud("low tone", low[at / 4], 8000, 160, amp);
		loud("high tone", high[at % 4], 8000, 160, amp);
		bb.heardn = 0;
		hear(&ear, 3, 160, NULL);
		/* what fades takes 5 ms */
		for (size_t i = 80; i < bb.heardn; i++)
			assert_in_range(bb.heard[i] + 100, 0, 200);
	}
	/* silence lasts until it is stopped */
	assert_true(bridge_playing(bb.b, FAR));
	assert_true(bridge_play_stop(bb.b, FAR, NULL));
	mem_deref(ear.dec);
}

/* Stopped while digits wait, a player says which nobody has heard; the one that was begun
 * has ended; another player dials the rest, apart from it */
static void test_digits_left(void **state)
{
	const struct bridge_digit dv[] = {
		{.event = 7, .volume = 8, .ms = 5000, .pause_ms = 60},
		{.event = 7, .volume = 9, .ms = 40, .pause_ms = 40},
		{.event = 8, .volume = 9, .ms = 40, .pause_ms = 40},
	};
	struct bridge_play pl = playing(NULL, 0);
	struct bridge_left left = {.times = 0};
	struct bridge_member mv[2];
	struct rtp_head h = {0};
	unsigned n = 0, ends = 0, len = 0;
	uint8_t p[2000], seen[3] = {0};
	uint32_t tsv[3] = {0};
	(void)state;

	passing(mv, 0);
	bb_up(PLANE_XDP, mv);
	pl.event_pt = 101;
	pl.event_clock = 8000;
	pl.dial = (struct bridge_dialling){{dv[0], dv[1]}, 2};
	assert_int_equal(bridge_play(bb.b, FAR, &pl), 0);
	assert_int_equal(bridge_digit(bb.b, FAR, &dv[2]), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_true(bb_get(p, WIRE_WAIT) > 0);
	assert_true(bridge_play_stop(bb.b, FAR, &left));
	while (bb_get(p, 50)) {
		ends += p[13] >> 7;
		len = (unsigned)(p[14] << 8 | p[15]);
	}
	assert_int_equal(ends, 3);
	assert_in_range(len, 3 * 160, 50 * 160);
	assert_int_equal(left.dial.n, 3);
	assert_int_equal(left.dial.v[0].ms, 0);
	assert_int_equal(left.dial.v[0].pause_ms, 60);
	for (unsigned i = 1; i < 3; i++) {
		assert_int_equal(left.dial.v[i].event, dv[i].event);
		assert_int_equal(left.dial.v[i].volume, dv[i].volume);
		assert_int_equal(left.dial.v[i].ms, dv[i].ms);
		assert_int_equal(left.dial.v[i].pause_ms, dv[i].pause_ms);
	}

	pl.dial = left.dial;
	assert_int_equal(bridge_play(bb.b, FAR, &pl), 0);
	wait_played();
	while (bb_get(p, 50)) {
		assert_int_equal(rtp_read(&h, p, RTP_HEADER + 4), 0);
		if (h.marker) {
			assert_in_range(n, 0, 1);
			tsv[n] = h.ts;
			seen[n++] = p[12];
		}
	}
	assert_int_equal(n, 2);
	assert_int_equal(seen[0], 7);
	assert_int_equal(seen[1], 8);
	assert_int_equal(tsv[1] - tsv[0], 80 * 8);
}

/* The same of tones: one that was too short to be heard is dialled again, one that was
 * heard is not */
static void test_tones_left(void **state)
{
	const struct bridge_digit d = {
		.event = 7, .volume = 8, .ms = 200, .pause_ms = 60};
	struct bridge_play pl = playing("PCMU", 0);
	struct bridge_left left = {.times = 0};
	struct bridge_member mv[2];
	uint8_t p[2000];
	(void)state;

	passing(mv, 0);
	bb_up(PLANE_XDP, mv);
	pl.dial = (struct bridge_dialling){{d, d}, 2};
	assert_int_equal(bridge_play(bb.b, FAR, &pl), 0);
	assert_true(bb_get(p, WIRE_WAIT) > 0);
	assert_true(bridge_play_stop(bb.b, FAR, &left));
	assert_int_equal(left.dial.n, 2);
	assert_int_equal(left.dial.v[0].ms, 200);
	assert_int_equal(bridge_play(bb.b, FAR, &pl), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_true(bb_get(p, WIRE_WAIT) > 0);
	assert_true(bridge_play_stop(bb.b, FAR, &left));
	assert_int_equal(left.dial.n, 2);
	assert_int_equal(left.dial.v[0].ms, 0);
	assert_int_equal(left.dial.v[1].ms, 200);
}

/* What cannot be played is refused, and too many digits are */
static void test_refused(void **state)
{
	struct bridge_digit d = {.event = 16, .ms = 100};
	struct bridge_play pl = playing(NULL, 0);
	struct bridge_member mv[2];
	unsigned n = 0;
	int err;
	(void)state;

	passing(mv, 0);
	bb_up(PLANE_XDP, mv);
	assert_int_equal(bridge_play(bb.b, FAR, &pl), EINVAL);
	pl = playing("PCMU", 0);
	pl.ptime = 61;
	assert_int_equal(bridge_play(bb.b, FAR, &pl), EINVAL);
	pl = playing("PCMU", 0);
	pl.silence = true;
	assert_int_equal(bridge_play(bb.b, 2, &pl), EINVAL);
	assert_int_equal(bridge_play(bb.b, FAR, &pl), 0);
	assert_int_equal(bridge_digit(bb.b, FAR, &d), EINVAL);
	d.event = 1;
	d.ms = 0;
	assert_int_equal(bridge_digit(bb.b, FAR, &d), EINVAL);
	d.ms = PLAY_DIGIT_MS_MAX;
	while (!(err = bridge_digit(bb.b, FAR, &d)))
		++n;
	assert_int_equal(err, ENOSPC);
	assert_int_equal(n, PLAY_DIGITS);
	/* it ends with its bridge, in the middle */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_clip, bb_clear),
		cmocka_unit_test_teardown(test_clip_transcoding, bb_clear),
		cmocka_unit_test_teardown(test_clip_parts, bb_clear),
		cmocka_unit_test_teardown(test_clip_unread, bb_clear),
		cmocka_unit_test_teardown(test_digit_events, bb_clear),
		cmocka_unit_test_teardown(test_digit_tones, bb_clear),
		cmocka_unit_test_teardown(test_digits_left, bb_clear),
		cmocka_unit_test_teardown(test_tones_left, bb_clear),
		cmocka_unit_test_teardown(test_refused, bb_clear),
	};

	return cmocka_run_group_tests(tests, bb_setup, bb_teardown);
}
