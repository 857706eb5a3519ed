/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/neg_offer.c  An offer's formats, under what its driver wants
 */
#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include "media/neg_priv.h"

/* "all" takes a format out, and none of the lists that exempt it names it */
static bool swept(const struct neg_work *w, const struct neg_names *l,
		  const struct neg_fmt *f)
{
	return neg_has_all(l, NULL) && !neg_listed(&w->p->except, f) &&
	       !neg_listed(&w->p->offer, f);
}

/* strip=all with transcode=X: X is as if it were offered; not so with "full" */
static bool spared(const struct neg_work *w, const struct neg_names *l,
		   const struct neg_fmt *f)
{
	bool full = false;

	(void)neg_has_all(l, &full);

	return !full && neg_listed(&w->p->transcode, f);
}

static bool stripped(const struct neg_work *w, const struct neg_fmt *f)
{
	const struct neg_names *l = &w->p->strip;

	if (neg_listed(l, f))
		return true;

	return swept(w, l, f) && !spared(w, l, f);
}

static bool hidden(const struct neg_work *w, const struct neg_fmt *f)
{
	const struct neg_policy *p = w->p;

	return neg_listed(&p->mask, f) || neg_listed(&p->consume, f) ||
	       swept(w, &p->strip, f) || swept(w, &p->mask, f) ||
	       swept(w, &p->consume, f);
}

static bool accepted(const struct neg_work *w, const struct neg_fmt *f)
{
	const struct neg_policy *p = w->p;

	return p->always_transcode || neg_has_all(&p->accept, NULL) ||
	       neg_listed(&p->accept, f) || neg_listed(&p->consume, f) ||
	       swept(w, &p->consume, f);
}

static void classify(struct neg_work *w)
{
	struct neg_fmts *mine = &w->n->mine;

	for (unsigned i = 0; i < w->all.n; i++) {
		const struct neg_fmt *f = &w->all.v[i];
		struct neg_fmt *to = &mine->v[mine->n];

		if (stripped(w, f))
			continue;

		*to = *f;
		to->shown = !hidden(w, f);
		to->accept = accepted(w, f);
		w->n->engaged |= to->accept;
		++mine->n;
	}
}

/* Bit rate and such of what is encoded for the offerer */
static int set_options(struct neg_work *w)
{
	struct neg_spec s;

	for (size_t i = 0; i < w->p->set.n; i++) {
		if (neg_spec_decode(&s, &w->p->set.v[i]) || s.all || s.full)
			return neg_fail(w->e, EINVAL, "codec-set %r: is none",
					&w->p->set.v[i]);

		for (unsigned k = 0; k < w->n->mine.n; k++) {
			struct neg_fmt *f = &w->n->mine.v[k];

			if (!neg_spec_names(&s, f))
				continue;
			f->bitrate = s.bitrate;
			f->ptime = s.ptime;
			f->complexity = s.complexity;
		}
	}

	return 0;
}

static void append(struct neg_fmts *f, const struct neg_fmt *x)
{
	if (f->n < NEG_FMTS && !neg_by_pt(f, x->pt))
		f->v[f->n++] = *x;
}

/* With "all", codec-offer is the order too */
static void show_ordered(struct neg_work *w)
{
	const struct neg_fmts *mine = &w->n->mine;
	const struct neg_names *l = &w->p->offer;
	struct neg_spec s;

	if (!neg_has_all(&w->p->strip, NULL) && !neg_has_all(&w->p->mask, NULL))
		return;

	for (size_t i = 0; i < l->n; i++) {
		if (neg_spec_decode(&s, &l->v[i]))
			continue;
		for (unsigned k = 0; k < mine->n; k++) {
			if (mine->v[k].shown && neg_spec_names(&s, &mine->v[k]))
				append(&w->n->out, &mine->v[k]);
		}
	}
}

/* What was told before keeps its place (reuse-codecs) */
static void show_known(struct neg_work *w)
{
	const struct neg_fmts *told = w->to ? w->to->told : NULL;
	const struct neg_fmt *f;

	for (unsigned i = 0; w->p->keep_order && told && i < told->n; i++) {
		f = neg_like(&w->n->mine, &told->v[i]);
		if (f && f->shown)
			append(&w->n->out, f);
	}
}

static void show(struct neg_work *w)
{
	const struct neg_fmts *mine = &w->n->mine;

	show_known(w);
	show_ordered(w);
	for (unsigned i = 0; i < mine->n; i++) {
		if (mine->v[i].shown)
			append(&w->n->out, &mine->v[i]);
	}
}

static bool has_clock(const struct neg_fmts *f, uint32_t clock)
{
	for (unsigned i = 0; i < f->n; i++) {
		if (!neg_aside(&f->v[i]) && f->v[i].clock == clock)
			return true;
	}

	return false;
}

/* Of a codec that we could neither read nor write, beside ones that we would have
 * to turn it into, nothing good can come. An event's clock without its codec is of
 * no use either */
static void prune(struct neg_work *w, bool asked)
{
	struct neg_fmts *out = &w->n->out;
	unsigned n = 0;

	for (unsigned i = 0; i < out->n; i++) {
		const struct neg_fmt *f = &out->v[i];
		const bool ours = f->src < 0;

		if (neg_aside(f) && !has_clock(out, f->clock) &&
		    has_clock(&w->all, f->clock))
			continue;
		if (asked && !ours && !neg_aside(f) &&
		    !neg_usable(f, w->p->codech, w->p->arg))
			continue;
		if (n != i)
			out->v[n] = *f;
		++n;
	}
	out->n = n;
}

static bool has_codec(const struct neg_fmts *f)
{
	for (unsigned i = 0; i < f->n; i++) {
		if (!neg_aside(&f->v[i]))
			return true;
	}

	return false;
}

static int work(struct neg_work *w, const struct sdpx_media *sm)
{
	const struct neg_policy *p = w->p;
	bool asked;
	int err;

	neg_take(&w->all, sm);
	classify(w);
	err = set_options(w);
	if (err)
		return err;
	show(w);

	err = neg_add(w, &p->transcode);
	asked = w->n->engaged && p->transcode.n;
	if (!err)
		err = neg_add_known(w);
	if (!err)
		err = neg_add_events(w, false);
	if (err)
		return err;

	if (w->n->engaged)
		prune(w, asked);
	if (!w->n->out.n || (!has_codec(&w->n->out) && has_codec(&w->all)))
		return neg_fail(w->e, ENOTSUP,
				"codec filter leaves no codec of the %r",
				&sm->type);

	return 0;
}

int neg_offer(struct neg_offer *n, const struct sdpx_media *sm,
	      const struct neg_policy *p, const struct neg_before *to,
	      struct neg_err *e)
{
	struct neg_work *w;
	int err;

	if (!n || !sm || !p)
		return EINVAL;

	w = mem_zalloc(sizeof(*w), NULL);
	if (!w)
		return ENOMEM;

	memset(n, 0, sizeof(*n));
	w->n = n;
	w->p = p;
	w->to = to;
	w->e = e;
	err = work(w, sm);
	mem_deref(w);

	return err;
}
