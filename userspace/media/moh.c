/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/moh.c  Music on hold: what who is put on hold hears
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "base/log.h"
#include "media/dict.h"
#include "media/moh.h"
#include "media/play.h"
#include "media/sounds.h"
#include "media/terms.h"

struct moh {
	char *file;        /* as sounds_get() takes it; NULL: a blob   */
	struct clip *clip; /* the blob's                               */
	bool sendrecv;     /* the direction that who is held is told   */
	bool zero;
};

static void destructor(void *arg)
{
	struct moh *h = arg;

	mem_deref(h->file);
	mem_deref(h->clip);
}

int moh_take(struct party *p, const struct media_opts *o, struct media_err *e)
{
	const struct media_moh *m = &o->moh;
	struct clip *clip = NULL;
	struct moh *h;
	int err;

	if (!m->on)
		return 0;
	if (!p->call->m->plane)
		return media_fail(e, ENOTSUP,
				  "moh: there are no media workers: see "
				  "media.workers");
	/* what is not there is said now, and not to who waits */
	err = sounds_get(&clip, p->call->m->sounds, &m->sound, e);
	if (err)
		return err;
	h = mem_zalloc(sizeof(*h), destructor);
	if (!h) {
		mem_deref(clip);
		return ENOMEM;
	}
	h->sendrecv = m->sendrecv;
	h->zero = m->zero;
	if (m->sound.blob.l)
		h->clip = mem_ref(clip);
	mem_deref(clip);
	err = sounds_name(&h->file, &m->sound, e);
	if (err) {
		mem_deref(h);
		return err;
	}
	mem_deref(p->moh);
	p->moh = h;

	return 0;
}

/* ---- SDPs ------------------------------------------------------------------- */

static bool is_hold(bool held, enum sdp_dir dir)
{
	return held || dir == SDP_SENDONLY || dir == SDP_INACTIVE;
}

void moh_offer(struct moh_edit v[SDPX_MEDIA_MAX], const struct party *p,
	       const struct sdpx *sdp)
{
	const struct moh *h = p->moh;

	for (size_t i = 0; h && i < sdpx_mediac(sdp); i++) {
		const struct sdpx_media *sm = sdpx_media(sdp, i);

		if (pl_strcasecmp(&sm->type, "audio") || !sm->port ||
		    !is_hold(sm->held, sm->dir))
			continue;
		v[i].on = true;
		v[i].dir = h->sendrecv ? SDP_SENDRECV : SDP_SENDONLY;
		v[i].zero = h->zero;
	}
}

void moh_answer(struct moh_edit v[SDPX_MEDIA_MAX], const struct party *p,
		const struct sdpx *sdp)
{
	for (size_t i = 0; p->moh && i < sdpx_mediac(sdp); i++) {
		const struct stream *s = stream_find(p, (unsigned)i);

		if (!s || str_casecmp(s->cur.type, "audio"))
			continue;
		v[i].on = s->cur.dir == SDP_SENDONLY ||
			  s->cur.dir == SDP_INACTIVE;
		v[i].dir = s->cur.dir == SDP_SENDONLY ? SDP_RECVONLY
						      : SDP_INACTIVE;
	}
}

/* ---- sound ------------------------------------------------------------------ */

static bool holds(const struct stream *s)
{
	return s->party->moh && s->cur.known && s->cur.active &&
	       is_hold(s->cur.held, s->cur.dir);
}

/* It says that it hears */
static bool hears(const struct stream *t)
{
	return t->cur.dir == SDP_RECVONLY || t->cur.dir == SDP_SENDRECV;
}

static int begin(const struct moh *h, struct stream *t, struct media_err *e)
{
	struct media *m = t->party->call->m;
	const uint32_t s = m->conf.moh_max_duration;
	struct media_sound sound = {.file = PL_INIT};
	struct bridge_member how;
	char *file = NULL;
	struct clip *clip;
	struct play *p;
	int err;

	err = play_able(t, e);
	if (err)
		return err;
	agent_encoder(&how, t);
	if (!how.codec)
		return media_fail(e, ENOTSUP, "its codec cannot be made here");
	if (h->file) {
		pl_set_str(&sound.file, h->file);
		err = sounds_get(&clip, m->sounds, &sound, e);
		if (!err)
			err = str_dup(&file, h->file);
	} else {
		clip = mem_ref(h->clip);
	}
	if (!err)
		err = play_get(&p, t);
	if (err) {
		mem_deref(file);
		return err;
	}
	play_suspend(t);
	mem_deref(p->clip);
	mem_deref(p->file);
	p->clip = clip;
	p->file = file;
	p->pos = 0;
	p->times = m->conf.moh_max_repeats;
	p->until = s ? tmr_jiffies() + (uint64_t)s * 1000 : 0;
	p->moh = true;

	return 0;
}

static void stop(struct stream *t)
{
	struct play *p = t->play;

	play_suspend(t);
	p->moh = false;
	p->clip = mem_deref(p->clip);
	p->file = mem_deref(p->file);
	p->until = 0;
	if (!p->silence && !p->dial.n)
		t->play = mem_deref(p);
}

static bool look(struct stream *s)
{
	struct stream *t = stream_peer(s);
	const bool on = t && t->play && t->play->moh;
	const bool wanted = t && stream_peer(t) == s && holds(s) && hears(t);
	struct media_err e = {""};

	if (!t || on == wanted)
		return false;
	if (on)
		stop(t);
	else if (begin(s->party->moh, t, &e))
		log_warn("media: call %s: no music on hold: %s",
			 s->party->call->id, e.msg);

	return true;
}

bool moh_look(struct media_call *c)
{
	struct le *pe, *se;
	bool changed = false;

	for (pe = list_head(&c->parties); pe; pe = pe->next) {
		struct party *p = pe->data;

		for (se = list_head(&p->streams); se; se = se->next) {
			struct stream *s = se->data;

			if (p->moh && !str_casecmp(s->cur.type, "audio"))
				changed |= look(s);
		}
	}

	return changed;
}

/* ---- store ------------------------------------------------------------------ */

int moh_put(struct odict *o, const struct party *p)
{
	const struct moh *h = p->moh;
	struct odict *x;
	int err;

	if (!h || !h->file)
		return 0;
	err = dict_add(&x, o, "moh", ODICT_OBJECT);
	if (err)
		return err;
	err |= dict_str(x, "file", h->file);
	err |= dict_int(x, "sendrecv", h->sendrecv);
	err |= dict_int(x, "zero", h->zero);

	return err;
}

static bool flag(const struct odict *o, const char *key)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_INT, key);

	return e && e->u.integer;
}

int moh_load(struct party *p, const struct odict *o)
{
	const struct odict_entry *e = odict_get_type(o, ODICT_OBJECT, "moh");
	const char *file = e ? odict_string(e->u.odict, "file") : NULL;
	int err;

	if (!file)
		return 0;
	p->moh = mem_zalloc(sizeof(*p->moh), destructor);
	if (!p->moh)
		return ENOMEM;
	p->moh->sendrecv = flag(e->u.odict, "sendrecv");
	p->moh->zero = flag(e->u.odict, "zero");
	err = str_dup(&p->moh->file, file);
	if (err)
		p->moh = mem_deref(p->moh);

	return err;
}
