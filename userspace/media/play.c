/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/play.c  What is played to a stream's party, and what becomes of it
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "base/log.h"
#include "media/play.h"
#include "media/terms.h"

enum { LOOK_MS = 2000 /* the word that all was played may be lost */ };

static void destructor(void *arg)
{
	struct play *p = arg;

	tmr_cancel(&p->tmr);
	mem_deref(p->clip);
	mem_deref(p->file);
}

int play_get(struct play **pp, struct stream *s)
{
	if (!s->play) {
		s->play = mem_zalloc(sizeof(*s->play), destructor);
		if (!s->play)
			return ENOMEM;
		s->play->s = s;
		tmr_init(&s->play->tmr);
	}
	*pp = s->play;

	return 0;
}

bool play_on(const struct stream *s)
{
	return s->play != NULL;
}

int play_able(const struct stream *s, struct media_err *e)
{
	const struct stream *t = stream_peer(s);
	struct bridge_member m;

	if (!s->party->call->m->plane)
		return media_fail(e, ENOTSUP,
				  "there are no media workers: see "
				  "media.workers");
	if (str_casecmp(s->cur.type, "audio"))
		return media_fail(e, ENOTSUP, "no audio");
	if (!t || !t->cur.known || stream_peer(t) != s)
		return media_fail(e, ENOENT, "nobody has answered yet");
	if (!s->iface || !t->iface || !s->cur.active || !t->cur.active)
		return media_fail(e, ENOENT, "there is no audio now");
	if (s->cur.held)
		return media_fail(e, ENOENT, "who is to hear it is on hold");
	if (!s->terms && !s->note)
		return media_fail(e, ENOTSUP,
				  "its media is encrypted from end to end");
	agent_encoder(&m, s);
	if (!m.codec && agent_events(s, NULL) < 0)
		return media_fail(e, ENOTSUP,
				  "no codec of its own can be made here");

	return 0;
}

/* As of now */
static void describe(struct bridge_play *bp, const struct play *p)
{
	const uint64_t now = tmr_jiffies();
	struct bridge_member m;

	memset(bp, 0, sizeof(*bp));
	agent_encoder(&m, p->s);
	bp->codec = m.codec;
	bp->pt = m.pt;
	memcpy(bp->fmtp, m.fmtp, sizeof(bp->fmtp));
	bp->ptime = m.ptime;
	bp->bitrate = m.bitrate;
	bp->complexity = m.complexity;
	bp->event_pt = agent_events(p->s, &bp->event_clock);
	bp->clip = p->clip;
	bp->start_ms = p->pos;
	bp->times = p->times;
	if (p->until)
		bp->max_ms = p->until > now ? p->until - now : 1;
	bp->silence = p->silence;
	bp->dial = p->dial;
}

static bool same_how(const struct bridge_play *a, const struct bridge_play *b)
{
	return a->codec == b->codec && a->pt == b->pt && a->ptime == b->ptime &&
	       a->bitrate == b->bitrate && a->complexity == b->complexity &&
	       a->event_pt == b->event_pt && a->event_clock == b->event_clock &&
	       !str_cmp(a->fmtp, b->fmtp);
}

/* Nothing is left: its legs go where they belong */
static void over(void *arg)
{
	struct play *p = arg;
	struct stream *s = p->s;
	struct media_call *c = s->party->call;
	int err;

	if (agent_playing(s)) {
		tmr_start(&p->tmr, LOOK_MS, over, p);
		return;
	}
	(void)agent_play_stop(s, NULL);
	s->play = mem_deref(p);
	err = call_apply(c);
	if (!err)
		err = call_store(c);
	if (err)
		log_warn("media: call %s: behind what was played: %m", c->id,
			 err);
}

/* Not at once: who tells it is in the middle of what would go */
void play_over(struct stream *s)
{
	if (s->play)
		tmr_start(&s->play->tmr, 0, over, s->play);
}

void play_suspend(struct stream *s)
{
	struct play *p = s->play;
	struct bridge_left left;

	if (p && p->on && agent_play_stop(s, &left)) {
		p->pos = left.pos_ms;
		p->times = left.times;
		p->dial = left.dial;
	}
	if (p)
		p->on = NULL;
}

static int play_apply(struct stream *s)
{
	struct play *p = s->play;
	struct bridge_play bp;
	int err;

	if (!p || !s->agent)
		return 0;
	describe(&bp, p);
	if (p->on == s->agent) {
		if (same_how(&bp, &p->now))
			return 0;
		play_suspend(s);
		describe(&bp, p);
	}
	err = agent_play(s, &bp);
	if (err)
		return err;
	p->on = s->agent;
	p->began = play_wall();
	p->now = bp;
	p->dial.n = 0;
	tmr_start(&p->tmr, LOOK_MS, over, p);

	return 0;
}

bool plays_apply(struct media_call *c)
{
	struct le *pe, *se;
	bool all = true;

	for (pe = list_head(&c->parties); pe; pe = pe->next) {
		struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next) {
			struct stream *s = se->data;
			const int err = play_apply(s);

			if (!err)
				continue;
			/* no reason to end the call */
			log_warn("media: call %s: cannot play to %J: %m", c->id,
				 &s->local, err);
			s->play = mem_deref(s->play);
			all = false;
		}
	}

	return all;
}
