/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/format.c  Payload types of one m= line, and what is done with them
 */
#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include "media/format.h"

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
		to->complexity = -1;
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

static bool same_codec(const struct format *a, const struct format *b)
{
	return a->name[0] && !str_casecmp(a->name, b->name) &&
	       a->clock == b->clock && a->ch == b->ch;
}

const struct format *formats_like(const struct formats *f,
				  const struct format *x)
{
	const struct format *y = formats_pt(f, x->pt);

	/* H.264 and rtx come several times, told apart by their numbers; and without
	 * an rtpmap the number is all that there is */
	if (!x->name[0] || (y && same_codec(x, y)))
		return y;
	for (unsigned i = 0; i < f->n; i++) {
		if (same_codec(x, &f->v[i]))
			return &f->v[i];
	}

	return NULL;
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

/* ---- negotiated ---------------------------------------------------------- */

bool format_table(struct neg_codec *c, const struct pl *name, uint32_t clock,
		  unsigned ch, void *arg)
{
	const struct codec *x = codec_find(name, clock, ch);

	(void)arg;
	if (!codec_usable(x))
		return false;

	*c = (struct neg_codec){x->name, x->clock, x->ch, x->pt};

	return true;
}

void formats_from_neg(struct formats *f, const struct neg_fmts *n)
{
	f->n = 0;

	for (unsigned i = 0; i < n->n && f->n < FORMATS_MAX; i++) {
		const struct neg_fmt *x = &n->v[i];
		struct format *to = &f->v[f->n++];

		memset(to, 0, sizeof(*to));
		to->pt = x->pt;
		to->ch = x->ch;
		to->clock = x->clock;
		to->accept = x->accept;
		to->bitrate = x->bitrate;
		to->complexity = x->complexity;
		(void)re_snprintf(to->name, sizeof(to->name), "%s", x->name);
		(void)re_snprintf(to->fmtp, sizeof(to->fmtp), "%s", x->fmtp);
	}
}

void formats_to_neg(struct neg_fmts *n, const struct formats *f)
{
	n->n = 0;

	for (unsigned i = 0; i < f->n && n->n < NEG_FMTS; i++) {
		const struct format *x = &f->v[i];
		struct neg_fmt *to = &n->v[n->n++];

		memset(to, 0, sizeof(*to));
		to->pt = x->pt;
		to->ch = x->ch;
		to->clock = x->clock;
		to->src = -1;
		to->shown = true;
		to->complexity = -1;
		(void)re_snprintf(to->name, sizeof(to->name), "%s", x->name);
		(void)re_snprintf(to->fmtp, sizeof(to->fmtp), "%s", x->fmtp);
	}
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

static bool is_event(const struct format *f)
{
	return !str_casecmp(f->name, "telephone-event");
}

static bool is_noise(const struct format *f)
{
	return !str_casecmp(f->name, "CN");
}

/* telephone-event of this clock, else any */
static const struct format *event_of(const struct formats *f, uint32_t clock)
{
	const struct format *any = NULL;

	for (unsigned i = 0; i < f->n; i++) {
		if (!is_event(&f->v[i]))
			continue;
		if (f->v[i].clock == clock)
			return &f->v[i];
		if (!any)
			any = &f->v[i];
	}

	return any;
}

/* Who has events gets those of the other, in the clock of what they go beside if
 * it has them so (RFC 4733 2.1) */
static void back_events(struct formats *back, const struct formats *offered,
			const struct formats *answer)
{
	const struct format *codec = formats_primary(back);
	const struct format *x;

	if (!codec || !event_of(answer, 0))
		return;
	x = event_of(offered, codec->clock);
	if (x && !formats_like(back, x) && !formats_pt(back, x->pt) &&
	    back->n < FORMATS_MAX)
		back->v[back->n++] = *x;
}

/* Events that are to be accepted in any case: the other hears tones */
static void accept_events(struct formats *back, const struct formats *offered)
{
	const struct format *codec = formats_primary(back), *x;

	if (!codec || event_of(back, 0))
		return;
	x = event_of(offered, codec->clock);
	if (x && x->accept && !formats_pt(back, x->pt) && back->n < FORMATS_MAX)
		back->v[back->n++] = *x;
}

/* The same of comfort noise, which the other hears as sound */
static void accept_noise(struct formats *back, const struct formats *offered)
{
	const struct format *codec = formats_primary(back);

	for (unsigned i = 0; i < offered->n && codec; i++) {
		const struct format *x = &offered->v[i];

		if (is_noise(x) && x->accept && x->clock == codec->clock &&
		    !formats_like(back, x) && !formats_pt(back, x->pt) &&
		    back->n < FORMATS_MAX)
			back->v[back->n++] = *x;
	}
}

/* Asked for by codec-accept, codec-consume: it goes before what both have */
static const struct format *accepted(const struct formats *offered,
				     const struct formats *answer)
{
	for (unsigned i = 0; i < offered->n; i++) {
		const struct format *x = &offered->v[i], *y;

		if (!x->accept || format_aside(x))
			continue;
		y = formats_like(answer, x);
		if (y)
			return y;
		if (format_codec(x) && formats_primary(answer))
			return x;
	}

	return NULL;
}

void formats_agreed(struct formats *f, const struct formats *own,
		    const struct formats *told)
{
	f->n = 0;
	for (unsigned i = 0; i < told->n; i++) {
		const struct format *x = formats_like(own, &told->v[i]);

		if (x && !formats_pt(f, x->pt))
			f->v[f->n++] = *x;
	}
	if (!f->n)
		*f = *own;
}

void formats_options(struct formats *answer, const struct formats *offered)
{
	for (unsigned i = 0; i < answer->n; i++) {
		const struct format *x = formats_like(offered, &answer->v[i]);

		if (!x)
			continue;
		answer->v[i].bitrate = x->bitrate;
		answer->v[i].complexity = x->complexity;
	}
}

int formats_back(struct formats *back, const struct formats *offered,
		 const struct formats *answer)
{
	const struct format *x = accepted(offered, answer);
	bool codec = x != NULL;

	back->n = 0;
	if (x)
		back->v[back->n++] = *x;
	for (unsigned i = 0; i < answer->n; i++) {
		if (!formats_like(offered, &answer->v[i]) ||
		    (x && !format_aside(&answer->v[i])) ||
		    formats_pt(back, answer->v[i].pt))
			continue;
		back->v[back->n++] = answer->v[i];
		codec |= !format_aside(&answer->v[i]);
	}

	x = formats_primary(offered);
	if (!codec &&
	    (!x || !formats_primary(answer) || back->n >= FORMATS_MAX))
		return ENOTSUP;
	if (!codec) {
		/* the codec comes first */
		memmove(&back->v[1], &back->v[0], back->n * sizeof(back->v[0]));
		back->v[0] = *x;
		++back->n;
	}
	back_events(back, offered, answer);
	accept_events(back, offered);
	accept_noise(back, offered);

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

static bool plan_event(struct bridge_pt *bp, const struct format *x,
		       const struct formats *own)
{
	const struct format *y = event_of(own, x->clock);

	bp->clock = x->clock;
	if (y) {
		bp->act = BRIDGE_EVENT;
		bp->pt = y->pt;
		bp->clock_to = y->clock;
		return false;
	}
	if (!formats_primary(own))
		return false;
	bp->act = BRIDGE_TONE;

	return true;
}

/* all: what it says has to be decoded, even if the other understands it */
static bool plan_one(struct bridge_member *m, const struct format *x,
		     const struct formats *own, bool all)
{
	const struct format *y = formats_like(own, x);
	struct bridge_pt *bp = &m->ptv[x->pt & 0x7f];
	const struct codec *c = format_codec(x);
	const bool can = c && formats_primary(own) && m->codecc < BRIDGE_CODECS;

	if (is_event(x))
		return plan_event(bp, x, own);
	if (is_noise(x) && !y && formats_primary(own)) {
		bp->act = BRIDGE_NOISE;
		bp->clock = x->clock;
		return true;
	}
	if (y && !(all && can)) {
		bp->act = BRIDGE_PASS;
		bp->pt = y->pt;
		bp->clock = x->clock;
		bp->clock_to = y->clock;
		return false;
	}
	if (!can)
		return false;
	bp->act = BRIDGE_DECODE;
	bp->codec = (uint8_t)m->codecc;
	m->codecv[m->codecc].codec = c;
	(void)re_snprintf(m->codecv[m->codecc].fmtp, sizeof(m->codecv[0].fmtp),
			  "%s", x->fmtp);
	++m->codecc;

	return true;
}

/* Beside a codec of another clock it is nothing that could be passed on */
static void plan_noise(struct bridge_member *m, const struct formats *told,
		       const struct format *codec)
{
	for (unsigned i = 0; i < told->n; i++) {
		const struct format *x = &told->v[i];

		if (!is_noise(x) || x->clock == codec->clock)
			continue;
		m->ptv[x->pt & 0x7f] = (struct bridge_pt){.act = BRIDGE_NOISE,
							  .clock = x->clock};
	}
}

bool formats_plan(struct bridge_member *m, const struct formats *told,
		  const struct formats *own, bool repack)
{
	const struct format *codec = formats_primary(own);
	const struct format *event = event_of(own, codec ? codec->clock : 0);
	/* who has no events dials by tones */
	const bool listen = codec && event && event->clock &&
			    !event_of(told, 0);
	bool decode = false;

	for (unsigned i = 0; i < told->n; i++)
		decode |= plan_one(m, &told->v[i], own, listen || repack);
	if (decode && codec)
		plan_noise(m, told, codec);
	if (listen && m->codecc) {
		m->event_pt = event->pt;
		m->event_clock = event->clock;
	}

	return decode;
}
