/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/neg_add.c  Codecs that are offered beside those that came
 */
#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include "media/neg_priv.h"

/* RFC 3551 6, and 35..63 when these are used up: 64..95 would be taken for RTCP
 * where the two share a port (RFC 5761 4) */
static const struct {
	uint8_t first, last;
} dynamic[] = {{96, 127}, {35, 63}};

static bool is_or_none(const struct neg_fmt *f, const struct neg_fmt *x)
{
	return !f || neg_same(f, x);
}

/* Is this number free for x, or x's own since before? */
static bool pt_free(const struct neg_work *w, uint8_t pt,
		    const struct neg_fmt *x)
{
	const struct neg_before *to = w->to;

	return !neg_by_pt(&w->n->out, pt) &&
	       is_or_none(neg_by_pt(&w->all, pt), x) &&
	       (!to || (is_or_none(neg_by_pt(to->told, pt), x) &&
			is_or_none(neg_by_pt(to->own, pt), x)));
}

static bool pt_of(const struct neg_work *w, const struct neg_fmts *l,
		  struct neg_fmt *x)
{
	const struct neg_fmt *f = neg_like(l, x);

	if (!f || !pt_free(w, f->pt, x))
		return false;

	x->pt = f->pt;

	return true;
}

/* A number that the party knows already for this codec, else the one that everybody
 * has, else the offerer's, else a free one */
int neg_pt_choose(const struct neg_work *w, struct neg_fmt *x, int fixed)
{
	if (w->to && (pt_of(w, w->to->own, x) || pt_of(w, w->to->told, x)))
		return 0;

	if (fixed >= 0 && pt_free(w, (uint8_t)fixed, x)) {
		x->pt = (uint8_t)fixed;
		return 0;
	}

	if (pt_of(w, &w->all, x))
		return 0;

	for (unsigned i = 0; i < ARRAY_SIZE(dynamic); i++) {
		for (uint8_t pt = dynamic[i].first; pt <= dynamic[i].last;
		     pt++) {
			if (pt_free(w, pt, x)) {
				x->pt = pt;
				return 0;
			}
		}
	}

	return ENOSPC;
}

/* Codecs stand before telephone-event and CN */
int neg_insert(struct neg_fmts *f, const struct neg_fmt *x)
{
	unsigned at = f->n;

	if (f->n >= NEG_FMTS)
		return ENOSPC;

	while (at && neg_aside(&f->v[at - 1]))
		--at;

	memmove(&f->v[at + 1], &f->v[at], (f->n - at) * sizeof(f->v[0]));
	f->v[at] = *x;
	++f->n;

	return 0;
}

/* What we say of a codec where nobody said anything else */
static const char *default_fmtp(const char *name)
{
	if (!str_casecmp(name, "opus"))
		return "useinbandfec=1";
	if (!str_casecmp(name, "G729"))
		return "annexb=no";

	return "";
}

/* "--" stands for an equals sign that could not be written */
static void put_fmtp(struct neg_fmt *x, const struct pl *text)
{
	size_t n = 0;

	if (text->l >= sizeof(x->fmtp)) {
		x->cut = true;
		return;
	}

	for (size_t i = 0; i < text->l; i++) {
		if (i + 1 < text->l && text->p[i] == '-' &&
		    text->p[i + 1] == '-') {
			x->fmtp[n++] = '=';
			++i;
		} else {
			x->fmtp[n++] = text->p[i];
		}
	}
	x->fmtp[n] = '\0';
}

void neg_fill(struct neg_fmt *x, const struct neg_codec *c,
	      const struct neg_spec *s)
{
	struct pl text;

	memset(x, 0, sizeof(*x));
	x->src = -1;
	x->shown = true;
	x->clock = c->clock;
	x->ch = c->ch;
	x->bitrate = s->bitrate;
	x->ptime = s->ptime;
	x->complexity = s->complexity;
	pl_set_str(&text, c->name);
	neg_copy(x, x->name, sizeof(x->name), &text);
	if (s->fmtp.l) {
		put_fmtp(x, &s->fmtp);
	} else {
		pl_set_str(&text, default_fmtp(c->name));
		neg_copy(x, x->fmtp, sizeof(x->fmtp), &text);
	}
}

/* One of the offer's that only "all" had taken out */
static int restore(struct neg_work *w, const struct neg_spec *s, bool *done)
{
	struct neg_fmts *mine = &w->n->mine;

	*done = false;
	for (unsigned i = 0; i < mine->n; i++) {
		struct neg_fmt *f = &mine->v[i];

		if (f->shown || !neg_spec_names(s, f) ||
		    neg_listed(&w->p->mask, f) || neg_listed(&w->p->consume, f))
			continue;

		*done = true;
		f->shown = true;
		return neg_by_pt(&w->n->out, f->pt) ? 0
						    : neg_insert(&w->n->out, f);
	}

	return 0;
}

static bool there(const struct neg_work *w, const struct neg_spec *s)
{
	for (unsigned i = 0; i < w->n->out.n; i++) {
		if (neg_spec_names(s, &w->n->out.v[i]))
			return true;
	}

	return false;
}

static int add_codec(struct neg_work *w, const struct neg_spec *s,
		     const struct pl *text)
{
	struct neg_codec c;
	struct neg_fmt x;
	int err;

	if (!w->p->codech ||
	    !w->p->codech(&c, &s->name, s->clock, s->ch, w->p->arg))
		return neg_fail(w->e, ENOTSUP,
				"codec %r cannot be transcoded here", text);

	neg_fill(&x, &c, s);
	if (x.cut)
		return neg_fail(w->e, EINVAL, "codec %r: too long", text);

	err = neg_pt_choose(w, &x, c.pt);
	if (!err)
		err = neg_insert(&w->n->out, &x);
	if (err)
		return neg_fail(w->e, err, "codec %r: no payload type is left",
				text);

	w->n->engaged = true;

	return 0;
}

int neg_add(struct neg_work *w, const struct neg_names *l)
{
	struct neg_spec s;
	bool done;
	int err = 0;

	for (size_t i = 0; i < l->n && !err; i++) {
		if (neg_spec_decode(&s, &l->v[i]) || s.pt >= 0 || s.all ||
		    s.full)
			return neg_fail(w->e, EINVAL, "codec %r: is none",
					&l->v[i]);

		if (there(w, &s))
			continue;
		err = restore(w, &s, &done);
		if (err || done)
			continue;

		if (!pl_strcasecmp(&s.name, "telephone-event")) {
			w->n->engaged = true;
			err = neg_add_events(w, true);
			continue;
		}
		err = add_codec(w, &s, &l->v[i]);
	}

	return err;
}

int neg_add_known(struct neg_work *w)
{
	const struct neg_fmts *own = w->to ? w->to->own : NULL;
	struct neg_fmt x;
	int err = 0;

	for (unsigned i = 0; w->p->again && own && i < own->n && !err; i++) {
		x = own->v[i];
		if (!neg_usable(&x, w->p->codech, w->p->arg) ||
		    neg_like(&w->n->out, &x) || !pt_free(w, x.pt, &x))
			continue;

		x.src = -1;
		x.shown = true;
		err = neg_insert(&w->n->out, &x);
		w->n->engaged = true;
	}

	return err ? neg_fail(w->e, err, "too many codecs") : 0;
}
