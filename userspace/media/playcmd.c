/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/playcmd.c  Play, dial and silence: commands about a call's sound
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/dtmfinfo.h"
#include "media/play.h"
#include "media/sounds.h"
#include "media/terms.h"

/** One command, while it goes through the streams of a call */
struct doing {
	struct media_call *call;
	struct clip *clip;
	const struct media_clip *what;
	const struct media_digit *digit;
	bool on;
	uint64_t pos; /* ms: of who was stopped first */
	unsigned n;   /* streams that it was done to  */
	struct media_err *e;
};

/** @param s  That was selected. @return 0, ENOENT (another one may do), else an error */
typedef int(each_h)(struct doing *d, struct stream *s);

static int for_each(struct doing *d, const struct media_sel *sel, each_h *h)
{
	struct le *pe, *se;
	int err = 0;

	for (pe = list_head(&d->call->parties); pe; pe = pe->next) {
		struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next) {
			struct stream *s = se->data;

			if (!sel_has(sel, p, s) ||
			    str_casecmp(s->cur.type, "audio"))
				continue;
			err = h(d, s);
			if (!err)
				++d->n;
			else if (err != ENOENT)
				return err;
		}
	}
	if (d->n)
		return 0;
	if (d->e && d->e->msg[0])
		return ENOENT;

	return media_fail(d->e, ENOENT, "no party of the call matches");
}

/* The bridges know of it, and the legs; what could not be done is undone */
static int carry_out(struct doing *d)
{
	int err = call_apply(d->call);

	/* what could be played is known now */
	if (!err)
		err = call_store(d->call);

	return err ? media_fail(d->e, err, "play: %m", err) : 0;
}

static int begin(struct doing *d, struct media *m, const struct media_sel *sel,
		 struct media_err *e)
{
	d->e = e;
	if (e)
		e->msg[0] = '\0';
	d->call = sel ? call_find(m, &sel->call_id) : NULL;

	return d->call ? 0 : media_fail(e, ENOENT, "Unknown call-id");
}

/* ---- play ------------------------------------------------------------------- */

static int play_one(struct doing *d, struct stream *s)
{
	struct bridge_member m;
	char *file = NULL;
	struct play *p;
	int err;

	err = play_able(s, d->e);
	if (err)
		return err;
	agent_encoder(&m, s);
	if (!m.codec)
		return media_fail(d->e, ENOTSUP,
				  "its codec cannot be made here");
	err = sounds_name(&file, &d->what->sound, d->e);
	if (!err)
		err = play_get(&p, s);
	if (err) {
		mem_deref(file);
		return err;
	}
	play_suspend(s);
	mem_deref(p->clip);
	mem_deref(p->file);
	p->clip = mem_ref(d->clip);
	p->file = file;
	p->pos = d->what->start_ms;
	p->times = d->what->times;
	p->moh = false;
	p->until = d->what->max_ms ? tmr_jiffies() + d->what->max_ms : 0;

	return 0;
}

/* Does anybody hear it? The log says why not */
static bool is_played(const struct doing *d)
{
	struct le *pe, *se;

	for (pe = list_head(&d->call->parties); pe; pe = pe->next) {
		const struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next) {
			const struct stream *s = se->data;

			if (s->play && s->play->clip == d->clip)
				return true;
		}
	}

	return false;
}

int media_play(struct media *m, const struct media_sel *sel,
	       const struct media_clip *what, uint64_t *duration,
	       struct media_err *e)
{
	struct doing d = {.what = what};
	int err;

	err = begin(&d, m, sel, e);
	if (err)
		return err;
	err = sounds_get(&d.clip, m->sounds, &what->sound, e);
	if (err)
		return err;
	err = for_each(&d, sel, play_one);
	if (!err)
		err = carry_out(&d);
	if (!err && !is_played(&d))
		err = media_fail(e, EIO, "the media workers cannot play it");
	if (!err)
		*duration = clip_ms(d.clip);
	mem_deref(d.clip);

	return err;
}

static int stop_one(struct doing *d, struct stream *s)
{
	struct play *p = s->play;

	if (!p || !p->clip)
		return ENOENT;
	play_suspend(s);
	if (!d->n)
		d->pos = p->pos;
	p->clip = mem_deref(p->clip);
	p->moh = false;
	p->until = 0;
	if (!p->silence && !p->dial.n)
		s->play = mem_deref(p);

	return 0;
}

int media_play_stop(struct media *m, const struct media_sel *sel, uint64_t *pos,
		    struct media_err *e)
{
	struct doing d = {0};
	int err;

	err = begin(&d, m, sel, e);
	if (err)
		return err;
	if (for_each(&d, sel, stop_one))
		return media_fail(e, ENOENT, "nothing is played");
	*pos = d.pos;

	return carry_out(&d);
}

/* ---- silence ---------------------------------------------------------------- */

/* What s says is replaced: for its peer */
static int silence_one(struct doing *d, struct stream *s)
{
	struct stream *t = stream_peer(s);
	struct bridge_member m;
	struct play *p;
	int err;

	if (!t)
		return media_fail(d->e, ENOENT, "nobody has answered yet");
	if (!d->on && (!t->play || !t->play->silence))
		return 0;
	if (d->on) {
		err = play_able(t, d->e);
		if (err)
			return err;
		agent_encoder(&m, t);
		if (!m.codec)
			return media_fail(d->e, ENOTSUP,
					  "its codec cannot be made here");
	}
	err = play_get(&p, t);
	if (err)
		return err;
	play_suspend(t);
	p->silence = d->on;
	if (!p->silence && !p->clip && !p->dial.n)
		t->play = mem_deref(p);

	return 0;
}

int media_silence(struct media *m, const struct media_sel *sel, bool on,
		  struct media_err *e)
{
	struct doing d = {.on = on};
	int err;

	err = begin(&d, m, sel, e);
	if (!err)
		err = for_each(&d, sel, silence_one);

	return err ? err : carry_out(&d);
}

/* ---- digits ------------------------------------------------------------------ */

int play_dial(struct stream *t, const struct bridge_digit *digit,
	      struct media_err *e)
{
	struct play *p;
	int err;

	err = play_able(t, e);
	if (err)
		return err;
	err = t->play ? agent_digit(t, digit) : ENOENT;
	/* nothing was played, or it was over just now */
	if (err == ENOENT) {
		err = play_get(&p, t);
		if (err)
			return err;
		play_suspend(t);
		if (p->dial.n == PLAY_DIGITS)
			err = ENOSPC;
		else
			p->dial.v[p->dial.n++] = *digit;
	}

	return err == ENOSPC ? media_fail(e, err, "%u digits wait to be played",
					  PLAY_DIGITS)
			     : err;
}

/* s dials: its peer hears it */
static int dial_one(struct doing *d, struct stream *s)
{
	const struct bridge_digit digit = {
		.event = d->digit->event,
		.volume = d->digit->volume,
		.ms = d->digit->ms,
		.pause_ms = d->digit->pause_ms,
	};
	struct stream *t = stream_peer(s);

	return t ? play_dial(t, &digit, d->e)
		 : media_fail(d->e, ENOENT, "nobody has answered yet");
}

int media_play_dtmf(struct media *m, const struct media_sel *sel,
		    const struct media_digit *digit, struct media_err *e)
{
	struct doing d = {.digit = digit};
	int err;

	err = begin(&d, m, sel, e);
	if (!err)
		err = for_each(&d, sel, dial_one);

	return err ? err : carry_out(&d);
}

enum { INFO_VOLUME = 8, INFO_PAUSE_MS = 100 }; /* a body has neither */

int media_dtmf_info(struct media *m, const struct media_sel *sel,
		    const struct pl *type, const struct pl *body,
		    struct media_err *e)
{
	struct media_digit digit = {.volume = INFO_VOLUME,
				    .pause_ms = INFO_PAUSE_MS};
	struct dtmfinfo d;
	const int err = dtmfinfo_decode(&d, type, body);

	if (err == ENOTSUP)
		return media_fail(e, err, "SIP INFO: no digit of %r", type);
	if (err)
		return media_fail(e, err,
				  "SIP INFO: no digit can be read in its body");
	digit.event = d.event;
	digit.ms = d.ms;

	return media_play_dtmf(m, sel, &digit, e);
}
