/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/format.c  Payload types of one m= line, and what is done with them
 */
#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include "media/format.h"

enum { PT_DYNAMIC = 96, PT_MAX = 127 };

void formats_take(struct formats *f, const struct sdpx_media *sm,
		  const bool *drop)
{
	f->n = 0;

	for (size_t i = 0; i < sm->fmtc && f->n < FORMATS_MAX; i++) {
		const struct sdpx_fmt *x = &sm->fmtv[i];
		struct format *to = &f->v[f->n];

		if (x->pt < 0 || (drop && drop[i]))
			continue;

		memset(to, 0, sizeof(*to));
		to->pt = (uint8_t)x->pt;
		to->clock = x->rate;
		to->ch = (uint8_t)(x->ch ? x->ch : 1);
		/* one that is too long is no codec of ours */
		(void)pl_strcpy(&x->name, to->name, sizeof(to->name));
		(void)pl_strcpy(&x->fmtp, to->fmtp, sizeof(to->fmtp));
		++f->n;
	}
}

const struct format *formats_pt(const struct formats *f, uint8_t pt)
{
	for (unsigned i = 0; i < f->n; i++) {
		if (f->v[i].pt == pt)
			return &f->v[i];
	}

	return NULL;
}

const struct format *formats_like(const struct formats *f,
				  const struct format *x)
{
	for (unsigned i = 0; i < f->n; i++) {
		const struct format *y = &f->v[i];

		if (!str_casecmp(x->name, y->name) && x->clock == y->clock &&
		    x->ch == y->ch && x->name[0])
			return y;
	}

	/* no rtpmap: the number is all that there is */
	return x->name[0] ? NULL : formats_pt(f, x->pt);
}

bool format_aside(const struct format *f)
{
	return !str_casecmp(f->name, "telephone-event") ||
	       !str_casecmp(f->name, "CN");
}

int formats_mask(const struct formats *f, uint32_t pt[4])
{
	int dtmf = -1;

	memset(pt, 0, 4 * sizeof(*pt));
	for (unsigned i = 0; i < f->n; i++) {
		const struct format *x = &f->v[i];

		pt[x->pt / 32] |= 1u << (x->pt % 32);
		if (dtmf < 0 && !str_casecmp(x->name, "telephone-event"))
			dtmf = x->pt;
	}

	return dtmf;
}

const struct codec *format_codec(const struct format *f)
{
	const struct codec *c;
	struct pl name;

	pl_set_str(&name, f->name);
	c = codec_find(&name, f->clock, f->ch);

	return codec_usable(c) ? c : NULL;
}

const struct format *formats_primary(const struct formats *f)
{
	for (unsigned i = 0; i < f->n; i++) {
		if (format_codec(&f->v[i]))
			return &f->v[i];
	}

	return NULL;
}

/* ---- offered beside ------------------------------------------------------ */

static bool pt_free(const struct formats *f, int *pt)
{
	for (*pt = PT_DYNAMIC; *pt <= PT_MAX; ++*pt) {
		if (!formats_pt(f, (uint8_t)*pt))
			return true;
	}

	return false;
}

/* "opus/48000/2" */
static const struct codec *codec_named(const struct pl *v)
{
	struct pl rest = *v, part[3] = {PL_INIT, PL_INIT, PL_INIT};

	for (unsigned i = 0; i < 3 && rest.l; i++) {
		const char *slash = pl_strchr(&rest, '/');

		part[i] = rest;
		part[i].l = slash ? (size_t)(slash - rest.p) : rest.l;
		pl_advance(&rest, (ssize_t)(part[i].l + (slash ? 1 : 0)));
	}

	return codec_find(&part[0], part[1].l ? pl_u32(&part[1]) : 0,
			  part[2].l ? pl_u32(&part[2]) : 0);
}

static int add_one(struct formats *f, const struct codec *c)
{
	struct format *to = &f->v[f->n];
	int pt = c->pt;

	if (f->n >= FORMATS_MAX)
		return ENOSPC;
	if ((pt < 0 || formats_pt(f, (uint8_t)pt)) && !pt_free(f, &pt))
		return ENOSPC;

	memset(to, 0, sizeof(*to));
	to->pt = (uint8_t)pt;
	to->clock = c->clock;
	to->ch = c->ch;
	(void)re_snprintf(to->name, sizeof(to->name), "%s", c->name);
	if (!str_casecmp(c->name, "opus"))
		(void)re_snprintf(to->fmtp, sizeof(to->fmtp), "useinbandfec=1");
	++f->n;

	return 0;
}

int formats_add(struct formats *f, const struct pl *v, size_t n, struct pl *bad)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		const struct codec *c = codec_named(&v[i]);
		struct format like = {.pt = 0};

		*bad = v[i];
		if (!codec_usable(c))
			return ENOTSUP;
		(void)re_snprintf(like.name, sizeof(like.name), "%s", c->name);
		like.clock = c->clock;
		like.ch = c->ch;
		if (!formats_like(f, &like))
			err = add_one(f, c);
	}

	return err;
}

void formats_common(struct formats *out, const struct formats *a,
		    const struct formats *b)
{
	out->n = 0;
	for (unsigned i = 0; i < a->n; i++) {
		if (formats_like(b, &a->v[i]))
			out->v[out->n++] = a->v[i];
	}
}

/* ---- answered ------------------------------------------------------------ */

int formats_back(struct formats *back, const struct formats *offered,
		 const struct formats *answer)
{
	const struct format *x;
	bool codec = false;

	back->n = 0;
	for (unsigned i = 0; i < answer->n; i++) {
		if (!formats_like(offered, &answer->v[i]))
			continue;
		back->v[back->n++] = answer->v[i];
		codec |= !format_aside(&answer->v[i]);
	}
	if (codec)
		return 0;

	x = formats_primary(offered);
	if (!x || !formats_primary(answer) || back->n >= FORMATS_MAX)
		return ENOTSUP;
	/* the codec comes first */
	memmove(&back->v[1], &back->v[0], back->n * sizeof(back->v[0]));
	back->v[0] = *x;
	++back->n;

	return 0;
}

void formats_single(struct formats *f)
{
	bool found = false;
	unsigned n = 0;

	for (unsigned i = 0; i < f->n; i++) {
		const bool aside = format_aside(&f->v[i]);

		if (!aside && found)
			continue;
		found |= !aside;
		f->v[n++] = f->v[i];
	}
	f->n = n;
}

/* ---- from one to the other ----------------------------------------------- */

static bool plan_one(struct bridge_member *m, const struct format *x,
		     const struct formats *own)
{
	const struct format *y = formats_like(own, x);
	struct bridge_pt *bp = &m->ptv[x->pt & 0x7f];
	const struct codec *c = format_codec(x);

	if (y) {
		bp->act = str_casecmp(x->name, "telephone-event")
				  ? BRIDGE_PASS
				  : BRIDGE_EVENT;
		bp->pt = y->pt;
		return false;
	}
	if (!c || !formats_primary(own) || m->codecc >= BRIDGE_CODECS)
		return false;
	bp->act = BRIDGE_DECODE;
	bp->codec = (uint8_t)m->codecc;
	m->codecv[m->codecc].codec = c;
	(void)re_snprintf(m->codecv[m->codecc].fmtp, sizeof(m->codecv[0].fmtp),
			  "%s", x->fmtp);
	++m->codecc;

	return true;
}

bool formats_plan(struct bridge_member *m, const struct formats *told,
		  const struct formats *own)
{
	bool decode = false;

	for (unsigned i = 0; i < told->n; i++)
		decode |= plan_one(m, &told->v[i], own);

	return decode;
}
