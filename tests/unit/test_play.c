/* SPDX-License-Identifier: BSD-2-Clause */
/* Files, digits and silence that a call is played: who hears them, how, and where its
 * legs are meanwhile */
#include "play_fix.h"

#define EVENTS "a=rtpmap:101 telephone-event/8000\r\n"
#define CRYPTO                                                                 \
	"a=crypto:1 AES_CM_128_HMAC_SHA1_80 "                                  \
	"inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n"

/* @return Alice's port with us */
static uint16_t call(struct fix *f, const char *pts, const char *answer_pts)
{
	offer(f, opts("c", "A", NULL), audio(ALICE, 4000, pts, EVENTS));
	answer(f, opts("c", "A", "B"),
	       audio(BOB, 5000, answer_pts, EVENTS "a=ptime:30\r\n"));

	return out_port(f, 0);
}

static struct media_sel sel(const char *tag)
{
	struct media_sel s = {.all = !tag};

	pl_set_str(&s.call_id, "c");
	if (tag)
		pl_set_str(&s.from_tag, tag);

	return s;
}

static struct media_clip file(const char *name)
{
	struct media_clip c = {.times = 1};

	pl_set_str(&c.sound.file, name);

	return c;
}

static int play(struct fix *f, const char *tag, const char *name)
{
	const struct media_clip c = file(name);
	const struct media_sel s = sel(tag);
	uint64_t ms = 0;
	int err = media_play(f->m, &s, &c, &ms, &f->e);

	if (!err)
		assert_int_equal(ms, SAMPLES * 1000 / RATE);

	return err;
}

/* A relayed call goes to the agent, the file in the codec of who hears it, and back */
static void relayed(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	const uint16_t a = call(f, "8 0 101", "0 101");

	assert_int_equal(leg(f, a)->state, LEG_RELAY);
	assert_int_equal(play(f, "B", "tone.wav"), 0);
	assert_int_equal(fb->n, 1);
	assert_int_equal(fb->plays, 1);
	assert_true(fb->playing[B]);
	assert_string_equal(fb->play[B].codec->name, "PCMU");
	assert_int_equal(fb->play[B].pt, 0);
	assert_int_equal(fb->play[B].ptime, 30);
	assert_int_equal(fb->play[B].times, 1);
	assert_non_null(fb->play[B].clip);
	assert_int_equal(leg(f, a)->state, LEG_AGENT);
	assert_int_equal(leg(f, a)->why, LEG_WHY_PLAYING);
	/* what they say to each other goes through as it is */
	assert_int_equal(fb->mv[A].ptv[0].act, BRIDGE_PASS);
	assert_int_equal(fb->mv[A].ptv[101].act, BRIDGE_PASS);
	assert_int_equal(fb->mv[A].ptv[101].pt, 101);
	assert_null(fb->mv[A].codec);

	fb->playing[B] = false;
	fake_event(B, BRIDGE_PLAYED, NULL, NULL, 0);
	turn();
	assert_int_equal(fb->n, 0);
	assert_int_equal(fb->left, 1);
	assert_int_equal(leg(f, a)->state, LEG_RELAY);
	assert_int_equal(leg(f, a)->why, LEG_WHY_NOTHING);
}

/* The word that all was played was lost */
static void word_lost(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	const uint16_t a = call(f, "0 101", "0 101");

	assert_int_equal(play(f, "A", "tone.wav"), 0);
	turn();
	assert_int_equal(leg(f, a)->state, LEG_AGENT);
	fb->playing[A] = false;
	for (unsigned i = 0; i < 1000 && fb->n; i++)
		turn();
	assert_int_equal(fb->n, 0);
	assert_int_equal(leg(f, a)->state, LEG_RELAY);
}

static void stopped(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	const uint16_t a = call(f, "0", "0");
	struct media_sel s = sel("A");
	uint64_t pos = 0;

	assert_int_equal(media_play_stop(f->m, &s, &pos, &f->e), ENOENT);
	assert_string_equal(f->e.msg, "nothing is played");
	assert_int_equal(play(f, "A", "tone.wav"), 0);
	s = sel("B");
	assert_int_equal(media_play_stop(f->m, &s, &pos, &f->e), ENOENT);
	s = sel("A");
	assert_int_equal(media_play_stop(f->m, &s, &pos, &f->e), 0);
	assert_int_equal(pos, 1234);
	assert_int_equal(fb->n, 0);
	assert_int_equal(leg(f, a)->state, LEG_RELAY);
}

/* One file after another, and to both */
static void replaced(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct clip *c;

	call(f, "0", "0");
	assert_int_equal(play(f, "A", "tone.wav"), 0);
	c = fb->play[A].clip;
	assert_int_equal(play(f, NULL, "other.wav"), 0);
	assert_int_equal(fb->n, 1);
	assert_true(fb->playing[A] && fb->playing[B]);
	assert_ptr_not_equal(fb->play[A].clip, c);
	assert_ptr_equal(fb->play[A].clip, fb->play[B].clip);
	/* what was read once is there */
	assert_int_equal(play(f, "A", "tone.wav"), 0);
	assert_ptr_equal(fb->play[A].clip, c);
	/* one that was written anew is read anew */
	write_wav("other.wav", SAMPLES + 8);
	assert_int_equal(
		media_play(f->m, &(struct media_sel){0}, NULL, NULL, &f->e),
		ENOENT);
	write_wav("other.wav", SAMPLES);
}

/* A file's bytes in the request, and one of a number */
static void other_ways(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	const struct media_sel s = sel("A");
	struct media_clip c = {.times = 1};
	uint8_t *wav = malloc(WAV_HEAD + 2 * 800);
	char text[4096];
	size_t n = sizeof(text);
	uint64_t ms;

	assert_non_null(wav);
	call(f, "0", "0");
	assert_int_equal(base64_encode(wav,
				       wav_tone(wav, RATE, 1, 800, 440, 8000),
				       text, &n),
			 0);
	c.sound.blob = (struct pl){text, n};
	assert_int_equal(media_play(f->m, &s, &c, &ms, &f->e), 0);
	assert_int_equal(ms, 100);
	assert_int_equal(clip_len(fb->play[A].clip), 800);
	c.sound.blob.l = n / 2 - 1;
	assert_int_equal(media_play(f->m, &s, &c, &ms, &f->e), EINVAL);
	assert_string_equal(f->e.msg, "blob: no base64");
	pl_set_str(&c.sound.blob, "aGVsbG8gd29ybGQ=");
	assert_int_equal(media_play(f->m, &s, &c, &ms, &f->e), EBADMSG);
	free(wav);

	c.sound.blob = pl_null;
	pl_set_str(&c.sound.id, "42");
	assert_int_equal(media_play(f->m, &s, &c, &ms, &f->e), 0);
	assert_int_equal(clip_len(fb->play[A].clip), SAMPLES);
	pl_set_str(&c.sound.id, "43");
	assert_int_equal(media_play(f->m, &s, &c, &ms, &f->e), ENOENT);
	assert_non_null(strstr(f->e.msg, "/by-id/43: No such file"));
	pl_set_str(&c.sound.id, "../tone.wav");
	assert_int_equal(media_play(f->m, &s, &c, &ms, &f->e), EINVAL);
}

/* A re-offer in another codec: it goes on from where it was */
static void renegotiated(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();

	call(f, "0 8", "0");
	assert_int_equal(play(f, "A", "tone.wav"), 0);
	assert_string_equal(fb->play[A].codec->name, "PCMU");
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "8", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "8", NULL));
	assert_true(fb->playing[A]);
	assert_string_equal(fb->play[A].codec->name, "PCMA");
	assert_int_equal(fb->play[A].start_ms, 1234);
	/* one that changes nothing of it leaves it alone */
	fb->plays = 0;
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "8", NULL));
	answer(f, opts("c", "A", "B"), audio(BOB, 5002, "8", NULL));
	assert_int_equal(fb->plays, 0);
	assert_true(fb->playing[A]);
}

static int dial(struct fix *f, const char *tag, unsigned event)
{
	const struct media_digit d = {.event = (uint8_t)event,
				      .volume = 8,
				      .ms = 250,
				      .pause_ms = 100};
	const struct media_sel s = sel(tag);

	return media_play_dtmf(f->m, &s, &d, &f->e);
}

/* Alice dials: Bob gets events, in whatever number he knows them by; later digits
 * queue up */
static void digits(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	const uint16_t a = call(f, "0 101", "0 101");

	assert_int_equal(dial(f, "A", 11), 0);
	assert_true(fb->playing[B]);
	assert_false(fb->playing[A]);
	assert_int_equal(fb->play[B].dial.n, 1);
	assert_int_equal(fb->play[B].dial.v[0].event, 11);
	assert_int_equal(fb->play[B].dial.v[0].ms, 250);
	assert_int_equal(fb->play[B].event_pt, 101);
	assert_int_equal(fb->play[B].event_clock, 8000);
	assert_int_equal(dial(f, "A", 5), 0);
	assert_int_equal(fb->plays, 1);
	assert_int_equal(fb->digits, 1);
	assert_int_equal(fb->digit.event, 5);
	/* it was over just now: the digit comes first in what follows */
	fb->playing[B] = false;
	assert_int_equal(dial(f, "A", 6), 0);
	assert_int_equal(fb->plays, 2);
	assert_int_equal(fb->play[B].dial.n, 1);
	assert_int_equal(fb->play[B].dial.v[0].event, 6);
	fb->playing[B] = false;
	fake_event(B, BRIDGE_PLAYED, NULL, NULL, 0);
	turn();
	assert_int_equal(leg(f, a)->state, LEG_RELAY);

	/* who does not know them gets tones */
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "0 101", EVENTS));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_int_equal(dial(f, "A", 1), 0);
	assert_int_equal(fb->play[B].event_pt, -1);
	assert_string_equal(fb->play[B].codec->name, "PCMU");
}

/* Alice's phone says its digits by INFO: Bob gets events */
static void digits_by_info(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	const struct pl type = PL("application/dtmf-relay");
	const struct pl body = PL("Signal=*\r\nDuration=160\r\n");
	const struct pl flash = PL("Signal=16\r\n"), no = PL("x");
	const struct media_sel s = sel("A");

	call(f, "0 101", "0 101");
	assert_int_equal(media_dtmf_info(f->m, &s, &type, &body, &f->e), 0);
	assert_true(fb->playing[B]);
	assert_int_equal(fb->play[B].event_pt, 101);
	assert_int_equal(fb->play[B].dial.v[0].event, 10);
	assert_int_equal(fb->play[B].dial.v[0].ms, 160);
	assert_int_equal(media_dtmf_info(f->m, &s, &type, &flash, &f->e),
			 ENOTSUP);
	assert_non_null(strstr(f->e.msg, "no digit"));
	assert_int_equal(media_dtmf_info(f->m, &s, &no, &body, &f->e), ENOTSUP);
	assert_int_equal(media_dtmf_info(f->m, &s, &type, &no, &f->e), EBADMSG);
	assert_int_equal(fb->digits, 0);
}

/* Digits that wait when a re-INVITE has the bridge made anew, or the codec changed, are
 * dialled behind it; so are they when a file begins or is stopped */
static void digits_kept(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct media_sel s = sel("B");
	uint64_t pos;

	call(f, "0 101", "0 101");
	assert_int_equal(dial(f, "A", 11), 0);
	assert_int_equal(dial(f, "A", 5), 0);
	fb->dial_left = (struct bridge_dialling){
		{{.event = 11, .pause_ms = 70}, {.event = 5, .ms = 250}}, 2};
	offer(f, opts("c", "A", "B"), audio(ALICE, 4000, "8 101", EVENTS));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "8 101", EVENTS));
	assert_string_equal(fb->play[B].codec->name, "PCMA");
	assert_int_equal(fb->play[B].dial.n, 2);
	assert_memory_equal(fb->play[B].dial.v, fb->dial_left.v,
			    sizeof(fb->dial_left.v[0]) * 2);

	assert_int_equal(play(f, "B", "tone.wav"), 0);
	assert_int_equal(fb->play[B].dial.n, 2);
	fb->dial_left.n = 1;
	assert_int_equal(media_play_stop(f->m, &s, &pos, &f->e), 0);
	assert_null(fb->play[B].clip);
	assert_int_equal(fb->play[B].dial.n, 1);
	assert_true(fb->playing[B]);
	fb->dial_left.n = 0;
	assert_int_equal(play(f, "B", "tone.wav"), 0);
	assert_int_equal(fb->play[B].dial.n, 0);
	assert_int_equal(media_play_stop(f->m, &s, &pos, &f->e), 0);
	assert_int_equal(fb->n, 0);
}

/* Of a call in a codec that nobody can make here, digits can be dialled all the same */
static void strange_codec(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	static const char amr[] = "a=rtpmap:97 AMR/8000\r\n" EVENTS;

	offer(f, opts("c", "A", NULL), audio(ALICE, 4000, "97 101", amr));
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "97 101", amr));
	assert_int_equal(play(f, "B", "tone.wav"), ENOTSUP);
	assert_string_equal(f->e.msg, "its codec cannot be made here");
	assert_int_equal(fb->n, 0);
	assert_int_equal(dial(f, "A", 1), 0);
	assert_null(fb->play[B].codec);
	assert_int_equal(fb->play[B].event_pt, 101);
}

/* Silence lasts, and a file is heard in it */
static void silence(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	const uint16_t a = call(f, "0", "0");
	struct media_sel s = sel("A"), hears = sel("B");
	uint64_t pos;

	assert_int_equal(media_silence(f->m, &s, true, &f->e), 0);
	assert_true(fb->play[B].silence);
	assert_true(fb->playing[B]);
	assert_false(fb->playing[A]);
	assert_int_equal(play(f, "B", "tone.wav"), 0);
	assert_true(fb->play[B].silence);
	assert_non_null(fb->play[B].clip);
	assert_int_equal(media_play_stop(f->m, &hears, &pos, &f->e), 0);
	assert_true(fb->playing[B]);
	assert_null(fb->play[B].clip);
	assert_int_equal(leg(f, a)->state, LEG_AGENT);
	assert_int_equal(media_silence(f->m, &s, false, &f->e), 0);
	assert_int_equal(fb->n, 0);
	assert_int_equal(leg(f, a)->state, LEG_RELAY);
	assert_int_equal(media_silence(f->m, &s, false, &f->e), 0);
}

/* Bob has put Alice on hold, without an address: she is played music, and is not heard
 * by anybody */
static void on_hold(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	const uint16_t a = call(f, "0", "0");

	offer(f, opts("c", "B", "A"), audio("0.0.0.0", 5000, "0", NULL));
	answer(f, opts("c", "B", "A"), audio(ALICE, 4000, "0", NULL));
	assert_int_equal(leg(f, a)->state, LEG_HELD);
	assert_int_equal(play(f, "A", "tone.wav"), 0);
	assert_int_equal(leg(f, a)->state, LEG_AGENT);
	assert_true(fb->playing[A]);
	assert_true(fb->mv[B].silent);
	assert_false(fb->mv[A].silent);
	assert_int_equal(play(f, "B", "tone.wav"), ENOENT);
	assert_string_equal(f->e.msg, "who is to hear it is on hold");

	fb->playing[A] = false;
	fake_event(A, BRIDGE_PLAYED, NULL, NULL, 0);
	turn();
	assert_int_equal(leg(f, a)->state, LEG_HELD);
	assert_int_equal(fb->n, 0);
}

/* Who is blocked is not heard, but hears */
static void blocked(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	struct media_sel s = sel("A");

	call(f, "0", "0");
	assert_int_equal(media_block(f->m, &s, true, &f->e), 0);
	assert_int_equal(play(f, "A", "tone.wav"), 0);
	assert_true(fb->playing[A]);
}

static void refused(void **state)
{
	struct fix *f = *state;
	const struct media_sel nobody = sel("X");
	const struct media_clip c = file("tone.wav");
	uint64_t ms;

	assert_int_equal(play(f, "A", "tone.wav"), ENOENT);
	assert_string_equal(f->e.msg, "Unknown call-id");
	offer(f, opts("c", "A", NULL), audio(ALICE, 4000, "0", NULL));
	assert_int_equal(play(f, "A", "tone.wav"), ENOENT);
	assert_string_equal(f->e.msg, "nobody has answered yet");
	assert_int_equal(dial(f, "A", 1), ENOENT);
	answer(f, opts("c", "A", "B"), audio(BOB, 5000, "0", NULL));
	assert_int_equal(play(f, "A", "gone.wav"), ENOENT);
	assert_non_null(strstr(f->e.msg, "gone.wav: No such file"));
	assert_int_equal(play(f, "A", "../etc/passwd"), EINVAL);
	assert_int_equal(play(f, "A", "a/../b"), EINVAL);
	assert_int_equal(play(f, "A", ""), EINVAL);
	assert_int_equal(play(f, "A", "/etc/passwd"), EBADMSG);
	assert_int_equal(play(f, "A", "/tmp"), EBADMSG);
	assert_non_null(strstr(f->e.msg, "no regular file"));
	assert_int_equal(play(f, "A", "empty.wav"), EBADMSG);
	assert_int_equal(media_play(f->m, &nobody, &c, &ms, &f->e), ENOENT);
	assert_string_equal(f->e.msg, "no party of the call matches");
	assert_int_equal(fake_bridges()->n, 0);
}

/* What the worker cannot play leaves the legs with the kernel, and the call as it was */
static void impossible(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	const uint16_t a = call(f, "0", "0");

	fb->play_err = ENOMEM;
	assert_int_equal(play(f, "A", "tone.wav"), EIO);
	assert_string_equal(f->e.msg, "the media workers cannot play it");
	assert_int_equal(fb->n, 0);
	assert_int_equal(leg(f, a)->state, LEG_RELAY);
	assert_int_equal(leg(f, a)->why, LEG_WHY_NOTHING);
	fb->play_err = 0;
	assert_int_equal(play(f, "A", "tone.wav"), 0);
	assert_int_equal(leg(f, a)->state, LEG_AGENT);
}

/* Keys that only the parties have */
static void encrypted(void **state)
{
	struct fix *f = *state;

	offer(f, opts("c", "A", NULL),
	      profile(ALICE, 4000, "RTP/SAVP", "0", CRYPTO));
	answer(f, opts("c", "A", "B"),
	       profile(BOB, 5000, "RTP/SAVP", "0", CRYPTO));
	assert_int_equal(play(f, "A", "tone.wav"), ENOTSUP);
	assert_string_equal(f->e.msg, "its media is encrypted from end to end");
}

static void restart(struct fix *f)
{
	struct fake_bridges *fb = fake_bridges();

	f->m = mem_deref(f->m);
	memset(fb->playing, 0, sizeof(fb->playing));
	memset(fb->play, 0, sizeof(fb->play));
	f->conf.plane = fake_plane();
	fix_start(f);
	f->conf.plane = mem_deref(f->conf.plane);
}

/* The play of Alice's stream */
static struct play *played(const struct fix *f)
{
	const struct media_call *c = list_ledata(list_head(&f->m->calll));
	const struct party *p = list_ledata(list_head(&c->parties));
	const struct stream *s = list_ledata(list_head(&p->streams));

	return s->play;
}

static void store(const struct fix *f)
{
	assert_int_equal(call_store(list_ledata(list_head(&f->m->calll))), 0);
}

/* An agent that starts anew goes on with the file, in the codec that it knows of, where
 * it would be by now */
static void restarted(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	const uint16_t a = call(f, "0 101", "0 101");

	assert_int_equal(play(f, "A", "tone.wav"), 0);
	/* as if it had been asked to play it three times, 700 ms ago */
	played(f)->times = 3;
	played(f)->began -= 700;
	store(f);
	restart(f);
	assert_int_equal(leg(f, a)->state, LEG_AGENT);
	assert_int_equal(leg(f, a)->why, LEG_WHY_PLAYING);
	assert_true(fb->playing[A]);
	assert_false(fb->playing[B]);
	/* what numbers she has had by now is not known */
	assert_true(fb->mv[A].anew && !fb->mv[A].go_on);
	assert_false(fb->mv[B].anew);
	assert_non_null(fb->play[A].clip);
	assert_int_equal(fb->play[A].times, 2);
	assert_in_range(fb->play[A].start_ms, 200, 499);
	assert_int_equal(fb->play[A].event_pt, 101);
	assert_string_equal(fb->play[A].codec->name, "PCMU");
	/* and when it is over, it is over for the next agent, too */
	fb->playing[A] = false;
	fake_event(A, BRIDGE_PLAYED, NULL, NULL, 0);
	turn();
	assert_int_equal(leg(f, a)->state, LEG_RELAY);
	restart(f);
	assert_int_equal(leg(f, a)->state, LEG_RELAY);
	assert_int_equal(fb->n, 0);
	/* what was stopped is not begun again */
	assert_int_equal(play(f, "A", "tone.wav"), 0);
	{
		const struct media_sel s = sel("A");
		uint64_t pos;

		assert_int_equal(media_play_stop(f->m, &s, &pos, &f->e), 0);
	}
	restart(f);
	assert_false(fb->playing[A]);
}

/* Its end has come while there was no agent: by its length, by the time that was given to
 * it, or because the file is gone */
static void ended(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	const uint16_t a = call(f, "0", "0");
	char path[64], aside[64];

	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(play(f, "A", "tone.wav"), 0);
		played(f)->times = i ? 0 : 2;
		played(f)->began -= 1000;
		if (i == 1)
			played(f)->until = tmr_jiffies() - 1;
		store(f);
		(void)snprintf(path, sizeof(path), "%s/tone.wav", dir);
		(void)snprintf(aside, sizeof(aside), "%s/aside.wav", dir);
		if (i == 2)
			assert_int_equal(rename(path, aside), 0);
		restart(f);
		if (i == 2)
			assert_int_equal(rename(aside, path), 0);
		assert_false(fb->playing[A]);
		assert_int_equal(fb->n, 0);
		assert_int_equal(leg(f, a)->state, LEG_RELAY);
	}
}

/* Silence lasts until it is taken back, whoever is the agent then; so does a block */
static void silent_yet(void **state)
{
	struct fix *f = *state;
	struct fake_bridges *fb = fake_bridges();
	const uint16_t a = call(f, "0", "0");
	const struct media_sel s = sel("A");

	assert_int_equal(media_silence(f->m, &s, true, &f->e), 0);
	restart(f);
	assert_true(fb->playing[B]);
	assert_true(fb->play[B].silence);
	assert_null(fb->play[B].clip);
	assert_int_equal(leg(f, a)->state, LEG_AGENT);
	assert_int_equal(media_silence(f->m, &s, false, &f->e), 0);
	assert_int_equal(leg(f, a)->state, LEG_RELAY);
	restart(f);
	assert_int_equal(leg(f, a)->state, LEG_RELAY);

	assert_int_equal(media_block(f->m, &s, true, &f->e), 0);
	assert_int_equal(leg(f, a)->state, LEG_BLOCKED);
	restart(f);
	assert_int_equal(leg(f, a)->state, LEG_BLOCKED);
	assert_int_equal(media_block(f->m, &s, false, &f->e), 0);
	assert_int_equal(leg(f, a)->state, LEG_RELAY);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(impossible), T(relayed),       T(word_lost),
		T(stopped),    T(replaced),      T(renegotiated),
		T(digits),     T(strange_codec), T(digits_kept),
		T(silence),    T(on_hold),       T(blocked),
		T(refused),    T(encrypted),     T(restarted),
		T(ended),      T(silent_yet),    T(digits_by_info),
		T(other_ways),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
