/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/neg_answer.c  An answer's formats, as the offerer is told of them
 */
#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include "media/neg_priv.h"

enum { PTIME_USUAL = 20 /* RFC 3551 4.5: what is not said is meant so */ };

/** An answer that is being worked on */
struct answering {
	struct neg_answer *a;
	const struct neg_offer *n;
	const struct neg_answer_policy *p;
	struct neg_fmts own;  /* what the answer says                     */
	struct neg_fmts recv; /* what the offerer receives                */
	struct neg_err *e;
};

static bool usable(const struct answering *an, const struct neg_fmt *f)
{
	return neg_usable(f, an->p->codech, an->p->arg);
}

static bool any_usable(const struct answering *an, const struct neg_fmts *f)
{
	for (unsigned i = 0; i < f->n; i++) {
		if (usable(an, &f->v[i]))
			return true;
	}

	return false;
}

/* What was asked of a codec that we offered holds for encoding it */
static void take_own(struct answering *an, const struct sdpx_media *sm)
{
	neg_take(&an->own, sm);

	for (unsigned i = 0; i < an->own.n; i++) {
		struct neg_fmt *f = &an->own.v[i];
		const struct neg_fmt *o = neg_like(&an->n->out, f);

		if (!o)
			continue;
		f->bitrate = o->bitrate;
		f->ptime = o->ptime;
		f->complexity = o->complexity;
	}
}

/* The offerer's number and the answerer's parameters: the line stays as it was
 * written where the numbers are the same */
static void put_common(struct answering *an, const struct neg_fmt *mine,
		       const struct neg_fmt *own)
{
	struct neg_fmts *back = &an->a->back;
	struct neg_fmt *to = &back->v[back->n];

	if (back->n >= NEG_FMTS || neg_by_pt(back, mine->pt))
		return;

	*to = *mine;
	to->src = own && own->pt == mine->pt ? own->src : -1;
	if (own)
		memcpy(to->fmtp, own->fmtp, sizeof(to->fmtp));
	++back->n;
}

/* The first of those that are to be taken whatever the answerer says */
static const struct neg_fmt *accepted(const struct answering *an)
{
	for (unsigned i = 0; i < an->n->mine.n; i++) {
		const struct neg_fmt *f = &an->n->mine.v[i];

		if (!f->accept || neg_aside(f))
			continue;
		if (neg_like(&an->own, f))
			return f;
		if (usable(an, f) && any_usable(an, &an->own))
			return f;
	}

	return NULL;
}

static bool put_codecs(struct answering *an)
{
	const struct neg_fmts *mine = &an->n->mine;
	const struct neg_fmt *f = accepted(an);

	if (f) {
		put_common(an, f, neg_like(&an->own, f));
		return true;
	}

	for (unsigned i = 0; i < an->own.n; i++) {
		const struct neg_fmt *own = &an->own.v[i];

		f = neg_aside(own) ? NULL : neg_like(mine, own);
		if (f && neg_like(&an->n->out, own))
			put_common(an, f, own);
	}
	if (an->a->back.n)
		return true;

	for (unsigned i = 0; i < mine->n && any_usable(an, &an->own); i++) {
		if (!usable(an, &mine->v[i]))
			continue;
		put_common(an, &mine->v[i], NULL);
		return true;
	}

	return false;
}

static bool beside(const struct neg_fmts *f, uint32_t clock)
{
	for (unsigned i = 0; i < f->n; i++) {
		if (!neg_aside(&f->v[i]) && f->v[i].clock == clock)
			return true;
	}

	return false;
}

static const struct neg_fmt *event_of(const struct neg_fmts *f, uint32_t clock)
{
	for (unsigned i = 0; i < f->n; i++) {
		if (neg_is_event(&f->v[i]) &&
		    (!clock || f->v[i].clock == clock))
			return &f->v[i];
	}

	return NULL;
}

/* Events go back where the answerer has them, or we make tones of them. In the
 * clock of what they go beside, if the offerer has them so */
static void put_events(struct answering *an)
{
	const struct neg_fmts *mine = &an->n->mine;
	const struct neg_fmt *any = event_of(mine, 0);
	bool put = false;

	if (!any || (!event_of(&an->own, 0) && !an->n->dtmf))
		return;

	for (unsigned i = 0; i < mine->n; i++) {
		const struct neg_fmt *f = &mine->v[i];

		if (!neg_is_event(f) || !beside(&an->a->back, f->clock))
			continue;
		put_common(an, f, event_of(&an->own, f->clock));
		put = true;
	}
	if (!put)
		put_common(an, any, event_of(&an->own, any->clock));
}

static void put_noise(struct answering *an)
{
	for (unsigned i = 0; i < an->own.n; i++) {
		const struct neg_fmt *own = &an->own.v[i];
		const struct neg_fmt *f = neg_like(&an->n->mine, own);

		if (f && neg_aside(own) && !neg_is_event(own))
			put_common(an, f, own);
	}
}

/* The first codec, and what goes beside it in its clock */
static void one_codec(struct neg_fmts *f)
{
	const struct neg_fmt *first = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < f->n; i++) {
		if (!neg_aside(&f->v[i])) {
			if (first)
				continue;
			first = &f->v[n];
		}
		if (n != i)
			f->v[n] = f->v[i];
		++n;
	}
	f->n = n;
}

static int make_back(struct answering *an)
{
	struct neg_fmts *back = &an->a->back;

	/* it goes back as it came */
	if (!an->n->engaged) {
		*back = an->own;
	} else {
		if (!put_codecs(an))
			return neg_fail(an->e, ENOTSUP,
					"the answer has no codec in common "
					"with the offer, and none that could "
					"be transcoded");
		put_noise(an);
		put_events(an);
	}
	if (an->p->single_codec)
		one_codec(back);

	an->a->changed = back->n != an->own.n;
	for (unsigned i = 0; i < back->n && !an->a->changed; i++)
		an->a->changed = back->v[i].src != an->own.v[i].src;

	return 0;
}

static void put(struct neg_fmts *f, const struct neg_fmt *x)
{
	if (f->n < NEG_FMTS && !neg_by_pt(f, x->pt))
		f->v[f->n++] = *x;
}

/* The offerer gets what it was told, with its own parameters: it need not listen for
 * what it offered and was not answered (RFC 3264 7) */
static void make_recv(struct answering *an)
{
	const struct neg_fmts *mine = &an->n->mine, *back = &an->a->back;
	struct neg_fmts *recv = &an->recv;
	const struct neg_fmt *f;

	for (unsigned i = 0; i < back->n; i++) {
		f = neg_like(mine, &back->v[i]);
		if (f)
			put(recv, f);
	}
}

/* What it answers is what it will send (RFC 3264 6.1), under the numbers that were
 * offered; but some send with those that they receive with, and some what they did
 * not answer */
static unsigned make_told(struct neg_fmts *told, const struct answering *an)
{
	unsigned sure;

	const struct neg_fmts *out = &an->n->out;
	const struct neg_fmt *o;

	for (unsigned i = 0; i < an->own.n; i++) {
		o = neg_like(out, &an->own.v[i]);
		if (o)
			put(told, o);
	}
	sure = told->n;
	for (unsigned i = 0; i < out->n; i++)
		put(told, &out->v[i]);
	for (unsigned i = 0; i < an->own.n; i++)
		put(told, &an->own.v[i]);

	return sure;
}

static uint32_t ptime_or(uint32_t a, uint32_t b)
{
	return a ? a : b;
}

static int make_plans(struct answering *an, const struct sdpx_media *sm)
{
	const struct neg_offer *n = an->n;
	struct neg_answer *a = an->a;
	struct neg_fmts *told = mem_zalloc(sizeof(*told), NULL);
	const uint32_t back = ptime_or(n->ptime_back, sm->ptime);
	const uint32_t out = ptime_or(n->ptime, n->ptime_mine);
	/* without a wish to transcode, nothing is */
	neg_codec_h *codech = n->engaged ? an->p->codech : NULL;
	struct neg_wish wish = {.dtmf = n->dtmf};

	if (!told)
		return ENOMEM;

	a->ptime = n->ptime_back;
	make_recv(an);

	wish.sure = a->back.n;
	wish.ptime = ptime_or(n->ptime, sm->ptime);
	wish.repack = n->ptime && n->ptime != ptime_or(back, PTIME_USUAL);
	neg_plan(&a->forth, &a->back, &an->own, &wish, codech, an->p->arg);

	wish.sure = make_told(told, an);
	wish.ptime = ptime_or(n->ptime_back, n->ptime_mine);
	wish.repack = n->ptime_back &&
		      n->ptime_back != ptime_or(out, PTIME_USUAL);
	neg_plan(&a->home, told, &an->recv, &wish, codech, an->p->arg);
	mem_deref(told);

	return 0;
}

int neg_answer(struct neg_answer *a, const struct neg_offer *n,
	       const struct sdpx_media *sm, const struct neg_answer_policy *p,
	       struct neg_err *e)
{
	struct answering *an;
	int err;

	if (!a || !n || !sm || !p)
		return EINVAL;

	an = mem_zalloc(sizeof(*an), NULL);
	if (!an)
		return ENOMEM;

	memset(a, 0, sizeof(*a));
	an->a = a;
	an->n = n;
	an->p = p;
	an->e = e;
	take_own(an, sm);
	err = make_back(an);
	if (!err)
		err = make_plans(an, sm);
	mem_deref(an);

	return err;
}
