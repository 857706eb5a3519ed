/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/neg_plan.c  What becomes of each payload type that a party sends
 */
#include <string.h>
#include "media/neg_priv.h"

/** What a plan is made from */
struct planner {
	struct neg_plan *pl;
	const struct neg_fmts *told, *own;
	const struct neg_wish *wish;
	neg_codec_h *codech;
	void *arg;
};

static const struct neg_fmt *first_event(const struct neg_fmts *f, unsigned n,
					 uint32_t clock)
{
	const struct neg_fmt *any = NULL;

	for (unsigned i = 0; i < f->n && i < n; i++) {
		const struct neg_fmt *x = &f->v[i];

		if (!neg_is_event(x))
			continue;
		if (x->clock == clock)
			return x;
		if (!any)
			any = x;
	}

	return any;
}

/* The sender's first codec, if the receiver has it: then only what else is sent
 * loses anything. Else the receiver's first one */
static void choose_enc(struct planner *p)
{
	const struct neg_fmt *enc = NULL;

	for (unsigned i = 0; i < p->told->n && !enc; i++) {
		if (neg_aside(&p->told->v[i]))
			continue;
		enc = neg_like(p->own, &p->told->v[i]);
		break;
	}
	if (enc && !neg_usable(enc, p->codech, p->arg))
		enc = NULL;

	for (unsigned i = 0; i < p->own->n && !enc; i++) {
		if (neg_usable(&p->own->v[i], p->codech, p->arg))
			enc = &p->own->v[i];
	}

	p->pl->has_enc = enc != NULL;
	if (enc)
		p->pl->enc = *enc;
}

/* All that is said has to be decoded: to listen for tones in it, to put some into
 * it, or because packets of another length are wanted */
static bool decodes_all(const struct planner *p)
{
	const bool told = first_event(p->told, p->wish->sure, 0) != NULL;
	const bool own = first_event(p->own, p->own->n, 0) != NULL;

	return p->pl->has_enc &&
	       (p->wish->repack || (p->wish->dtmf && told != own));
}

static void plan_codec(struct planner *p, struct neg_way *w, bool all,
		       bool sure)
{
	const struct neg_fmt *y = neg_like(p->own, &w->fmt);
	const bool can = p->pl->has_enc &&
			 neg_usable(&w->fmt, p->codech, p->arg);

	if (can && (all || !y)) {
		w->act = NEG_DECODE;
		w->to = p->pl->enc.pt;
		p->pl->transcode |= sure;
	} else if (y) {
		w->act = NEG_PASS;
		w->to = y->pt;
		p->pl->rewrite |= sure && y->pt != w->pt;
	}
}

static void plan_event(struct planner *p, struct neg_way *w, bool sure)
{
	const struct neg_fmt *y = first_event(p->own, p->own->n, w->fmt.clock);

	if (y) {
		w->act = p->pl->transcode || y->clock != w->fmt.clock
				 ? NEG_EVENT
				 : NEG_PASS;
		w->to = y->pt;
		w->clock = y->clock;
		p->pl->rewrite |= sure && y->pt != w->pt;
	} else if (p->wish->dtmf && p->pl->has_enc) {
		w->act = NEG_TONE;
		w->to = p->pl->enc.pt;
	}
}

static void plan_noise(struct planner *p, struct neg_way *w, bool sure)
{
	const struct neg_fmt *y = neg_like(p->own, &w->fmt);

	if (!y)
		return;

	w->act = NEG_PASS;
	w->to = y->pt;
	p->pl->rewrite |= sure && y->pt != w->pt;
}

static void plan_detect(struct planner *p)
{
	const struct neg_fmt *ev;

	if (!p->wish->dtmf || !p->pl->transcode ||
	    first_event(p->told, p->wish->sure, 0))
		return;

	ev = first_event(p->own, p->own->n, p->pl->enc.clock);
	if (!ev)
		return;

	p->pl->detect = true;
	p->pl->event = ev->pt;
	p->pl->event_clock = ev->clock;
}

static void plan(struct planner *p)
{
	struct neg_plan *pl = p->pl;
	bool all;

	choose_enc(p);
	all = decodes_all(p);

	for (unsigned i = 0; i < p->told->n; i++) {
		struct neg_way *w = &pl->v[pl->n++];

		w->fmt = p->told->v[i];
		w->pt = w->fmt.pt;
		if (!neg_aside(&w->fmt))
			plan_codec(p, w, all, i < p->wish->sure);
	}

	/* these go another way when there is something decoded beside them */
	for (unsigned i = 0; i < pl->n; i++) {
		struct neg_way *w = &pl->v[i];

		if (neg_is_event(&w->fmt))
			plan_event(p, w, i < p->wish->sure);
		else if (neg_aside(&w->fmt))
			plan_noise(p, w, i < p->wish->sure);
	}

	plan_detect(p);
}

void neg_plan(struct neg_plan *pl, const struct neg_fmts *told,
	      const struct neg_fmts *own, const struct neg_wish *wish,
	      neg_codec_h *codech, void *arg)
{
	struct planner p = {
		.pl = pl,
		.told = told,
		.own = own,
		.wish = wish,
		.codech = codech,
		.arg = arg,
	};

	memset(pl, 0, sizeof(*pl));
	pl->ptime = wish->ptime;
	plan(&p);
}
