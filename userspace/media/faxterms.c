/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/faxterms.c  A section that is sound for one party and T.38 for the other
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/terms.h"

static bool is_sound(const struct sdpx_media *sm)
{
	return sm->rtp && !pl_strcasecmp(&sm->type, "audio");
}

bool fax_speaks(const struct stream *s)
{
	return s->terms && s->terms->fax.t38;
}

bool fax_between(const struct stream *s, const struct stream *t)
{
	return s->terms && t->terms && fax_speaks(s) != fax_speaks(t);
}

enum fax_way fax_way(const struct media_opts *o, const struct sdpx_media *sm,
		     const struct stream *f, const struct stream *t)
{
	if (o->t38_stop)
		return FAX_NONE;
	if (t38_section(sm) && (o->t38_decode || fax_speaks(f)))
		return FAX_TO_SOUND;
	if (is_sound(sm) && (o->t38_force || fax_speaks(t)))
		return FAX_TO_T38;

	return FAX_NONE;
}

enum fax_way fax_offered(const struct stream *f, const struct stream *t)
{
	if (f->terms && f->terms->next_fax.t38)
		return FAX_TO_SOUND;

	return t->terms && t->terms->next_fax.t38 ? FAX_TO_T38 : FAX_NONE;
}

/* ---- offers --------------------------------------------------------------- */

int fax_proto(struct pl *proto, enum fax_way way, const struct media_opts *o,
	      const struct stream *t, struct media_err *e)
{
	if (way == FAX_TO_T38) {
		pl_set_str(proto, "udptl");
		return 0;
	}
	if (pl_isset(&o->transport)) {
		*proto = o->transport;
		return opts_changeable(proto)
			       ? 0
			       : media_fail(
					 e, ENOTSUP,
					 "transport-protocol %r: T.38 cannot "
					 "be offered as audio by it",
					 proto);
	}
	pl_set_str(proto, t->terms ? t->terms->proto : "");
	if (!opts_changeable(proto))
		pl_set_str(proto, "RTP/AVP");

	return 0;
}

void fax_sound(struct sdpx_media *sound, const struct sdpx_media *sm)
{
	static const char *const namev[] = {"PCMU", "PCMA"};
	static const char *const idv[] = {"0", "8"};
	static const int ptv[] = {0, 8};

	*sound = *sm;
	sound->rtp = true;
	pl_set_str(&sound->type, "audio");
	pl_set_str(&sound->proto, "RTP/AVP");
	for (size_t i = 0; i < ARRAY_SIZE(namev); i++) {
		struct sdpx_fmt *x = &sound->fmtv[i];

		memset(x, 0, sizeof(*x));
		pl_set_str(&x->id, idv[i]);
		pl_set_str(&x->name, namev[i]);
		pl_set_str(&x->fmtp, "");
		x->pt = ptv[i];
		x->rate = FAX_RATE;
		x->ch = 1;
	}
	sound->fmtc = ARRAY_SIZE(namev);
}

/* What we can do, and offer */
static struct t38_sdp can(const struct media_opts *o)
{
	struct t38_sdp t = t38_default;

	if (o->t38_fec)
		t.ec = T38_EC_FEC;

	return t;
}

/* Who is encoded for in G.711 hears a fax best */
static const struct format *best_sound(const struct formats *f)
{
	for (unsigned i = 0; i < f->n; i++) {
		if (!str_casecmp(f->v[i].name, "PCMU") ||
		    !str_casecmp(f->v[i].name, "PCMA"))
			return &f->v[i];
	}

	return formats_primary(f);
}

static void set_options(struct fax_terms *ft, const struct media_opts *o)
{
	ft->t38 = true;
	ft->no_ecm = o->t38_no_ecm;
	ft->no_v17 = o->t38_no_v17;
	ft->no_v27ter = o->t38_no_v27ter;
	ft->no_v29 = o->t38_no_v29;
	ft->no_iaf = o->t38_no_iaf;
}

static int offer_sound(const struct media_opts *o, const struct sdpx *sdp,
		       struct stream *f)
{
	struct fax_terms *ft = &f->terms->next_fax;
	const struct t38_sdp ours = can(o);
	struct t38_sdp theirs;

	set_options(ft, o);
	t38_decode(&theirs, sdp, f->idx);
	/* what it will be answered, and what it takes */
	t38_answer(&ft->sdp, &theirs, &ours);
	ft->far_buffer = theirs.max_buffer;
	ft->far_datagram = theirs.max_datagram;
	f->terms->next_own.n = 0;

	return 0;
}

static int offer_t38(const struct media_opts *o, const struct sdpx_media *sm,
		     const bool *drop, struct stream *f, struct stream *t,
		     struct media_err *e)
{
	struct formats *own = &f->terms->next_own;

	set_options(&t->terms->next_fax, o);
	t->terms->next_fax.sdp = can(o);
	t->terms->next_told.n = 0;
	f->terms->ptime = sm->ptime;
	formats_take(own, sm, drop);

	return best_sound(own) ? 0
			       : media_fail(e, ENOTSUP,
					    "T.38: the offer has no codec that "
					    "a fax could be heard by");
}

int fax_offer(enum fax_way way, const struct media_opts *o,
	      const struct sdpx *sdp, const struct sdpx_media *sm,
	      const bool *drop, struct stream *f, struct stream *t,
	      struct media_err *e)
{
	if (!f->terms || !t->terms)
		return 0;
	memset(&f->terms->next_fax, 0, sizeof(f->terms->next_fax));
	memset(&t->terms->next_fax, 0, sizeof(t->terms->next_fax));
	switch (way) {
	case FAX_TO_SOUND:
		return offer_sound(o, sdp, f);
	case FAX_TO_T38:
		return offer_t38(o, sm, drop, f, t, e);
	case FAX_NONE:
		break;
	}

	return 0;
}

/* ---- answers -------------------------------------------------------------- */

int fax_check(const struct sdpx_media *sm, const struct stream *f,
	      const struct stream *t, struct media_err *e)
{
	const enum fax_way way = fax_offered(f, t);
	struct formats answer;

	if (way == FAX_TO_T38 && !t38_section(sm))
		return media_fail(e, ENOTSUP,
				  "answer is no T.38, which was offered");
	if (way != FAX_TO_SOUND)
		return 0;
	if (!is_sound(sm))
		return media_fail(e, ENOTSUP,
				  "answer is no audio, which was offered");
	formats_take(&answer, sm, NULL);

	return best_sound(&answer) ? 0
				   : media_fail(e, ENOTSUP,
						"answer has no codec that a "
						"fax could be heard by");
}

/* T.38 and nothing else is what it sends and gets */
static void no_formats(struct terms *t)
{
	t->own.n = t->told.n = 0;
	t->ice = t->next_ice = false;
}

static void answer_sound(const struct sdpx_media *sm, struct terms *ft,
			 struct terms *tt)
{
	no_formats(ft);
	tt->ptime = sm->ptime;
	tt->ice = false;
	formats_take(&tt->own, sm, NULL);
	formats_common(&tt->told, &tt->next_told, &tt->own);
}

static void answer_t38(const struct sdpx *sdp, struct terms *ft,
		       struct terms *tt, size_t i)
{
	const struct t38_sdp ours = tt->fax.sdp;
	const struct format *x;
	struct t38_sdp theirs;

	no_formats(tt);
	t38_decode(&theirs, sdp, i);
	t38_answer(&tt->fax.sdp, &theirs, &ours);
	tt->fax.far_buffer = theirs.max_buffer;
	tt->fax.far_datagram = theirs.max_datagram;
	ft->ice = false;
	ft->own = ft->next_own;
	x = best_sound(&ft->own);
	ft->told.n = x ? 1 : 0;
	if (x)
		ft->told.v[0] = *x;
}

enum fax_way fax_answer(const struct sdpx *sdp, const struct sdpx_media *sm,
			struct stream *f, struct stream *t)
{
	const enum fax_way way = fax_offered(f, t);

	if (!f->terms || !t->terms)
		return FAX_NONE;
	f->terms->fax = f->terms->next_fax;
	t->terms->fax = t->terms->next_fax;
	if (way == FAX_TO_SOUND)
		answer_sound(sm, f->terms, t->terms);
	else if (way == FAX_TO_T38)
		answer_t38(sdp, f->terms, t->terms, t->idx);

	return way;
}

/* ---- SDP ------------------------------------------------------------------- */

static void put_format(struct terms_edit *te, struct sdpx_add add)
{
	if (te->addc >= SDPX_ADD_MAX)
		return;
	te->orderv[te->orderc++] = -1 - (int)te->addc;
	te->addv[te->addc++] = add;
}

static int edit_t38(struct terms_edit *te, const struct t38_sdp *t)
{
	char text[T38_LINES][T38_TEXT];
	struct pl v[T38_LINES];
	const size_t n = t38_lines(t, text, v);
	int err = 0;

	pl_set_str(&te->type, "image");
	put_format(te, (struct sdpx_add){.id = "t38"});
	for (size_t i = 0; i < n && !err; i++)
		err = pl_strdup(&te->attrv[te->attrs.addc++], &v[i]);

	return err;
}

int fax_edit(struct terms_edit *te, const struct fax_terms *ft,
	     const struct formats *told)
{
	te->other = true;
	te->sound = !ft;
	if (ft)
		return edit_t38(te, &ft->sdp);
	pl_set_str(&te->type, "audio");
	for (unsigned i = 0; i < told->n; i++) {
		const struct format *x = &told->v[i];

		put_format(te, (struct sdpx_add){.pt = x->pt,
						 .name = x->name,
						 .clock = x->clock,
						 .ch = x->ch,
						 .fmtp = x->fmtp});
	}

	return 0;
}

int fax_refused(struct terms_edit *te, const struct stream *f,
		const struct stream *t)
{
	const struct format *x = best_sound(&f->terms->next_own);
	struct formats told = {.n = 0};

	if (fax_offered(f, t) == FAX_TO_T38 && x)
		told.v[told.n++] = *x;
	pl_set_str(&te->proto, f->terms->proto);
	if (told.n)
		return fax_edit(te, NULL, &told);
	te->other = true;
	pl_set_str(&te->type, "image");
	put_format(te, (struct sdpx_add){.id = "t38"});

	return 0;
}
