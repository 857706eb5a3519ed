/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/terms.c  What was agreed of an m= line: formats, and all of it together
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/echo.h"
#include "media/terms.h"

static void edit_destructor(void *arg)
{
	struct terms_edit *te = arg;

	keys_text_free(te->cryptov);
	for (unsigned i = 0; i < TERMS_LINES; i++)
		mem_deref(te->attrv[i]);
}

static int terms_get(struct stream *s)
{
	if (!s->terms)
		s->terms = mem_zalloc(sizeof(*s->terms), NULL);

	return s->terms ? 0 : ENOMEM;
}

/* Does the profile know rtcp-fb (RFC 4585)? */
static bool has_feedback(const struct pl *proto)
{
	return proto->l && (proto->p[proto->l - 1] | 0x20) == 'f';
}

static bool is_audio(const struct sdpx_media *sm)
{
	return !pl_strcasecmp(&sm->type, "audio");
}

static int index_of(const struct sdpx_media *sm, uint8_t pt)
{
	for (size_t i = 0; i < sm->fmtc; i++) {
		if (sm->fmtv[i].pt == pt)
			return (int)i;
	}

	return -1;
}

static void order_put(struct terms_edit *te, int i)
{
	if (te->orderc < SDPX_FMT_MAX)
		te->orderv[te->orderc++] = i;
}

/* The m= line has what is told, in that order, and what is no payload type */
static void edit_formats(struct terms_edit *te, const struct formats *told,
			 const struct sdpx_media *sm)
{
	for (unsigned i = 0; i < told->n; i++) {
		const struct format *x = &told->v[i];
		const int at = index_of(sm, x->pt);

		if (at >= 0) {
			order_put(te, at);
			continue;
		}
		if (te->addc >= SDPX_ADD_MAX)
			continue;
		order_put(te, -1 - (int)te->addc);
		te->addv[te->addc++] = (struct sdpx_add){.pt = x->pt,
							 .name = x->name,
							 .clock = x->clock,
							 .ch = x->ch,
							 .fmtp = x->fmtp};
	}

	for (size_t i = 0; te->orderc && i < sm->fmtc; i++) {
		if (sm->fmtv[i].pt < 0)
			order_put(te, (int)i);
	}
}

static int edit_lines(struct terms_edit *te, const struct media_opts *o,
		      const struct stream *s, bool ice, bool offer)
{
	int err = 0;

	if (ice)
		err = terms_ice_lines(te, o, s, offer);
	for (size_t i = 0; i < te->attrs.addc && !err; i++)
		pl_set_str(&te->linev[i], te->attrv[i]);
	te->attrs.addv = te->linev;

	return err;
}

int terms_transport(struct terms_edit *te, const struct media_opts *o,
		    const struct stream *s, bool offer)
{
	const struct terms *t = s ? s->terms : NULL;
	int err;

	for (size_t i = 0; i < te->attrs.addc; i++)
		te->attrv[i] = mem_deref(te->attrv[i]);
	te->attrs.addc = 0;
	te->ice = te->ice_full = false;
	if (!t)
		return 0;
	err = terms_keys_lines(te, s, offer ? &t->next_dtls : &t->dtls);

	return err ? err
		   : edit_lines(te, o, s, offer ? t->next_ice : t->ice, offer);
}

void terms_line(struct terms_edit *te, char *line)
{
	const size_t n = te->attrs.addc++;

	te->attrv[n] = line;
	pl_set_str(&te->linev[n], line);
	te->attrs.addv = te->linev;
}

/* ---- offers --------------------------------------------------------------- */

/* The profile that goes out: as asked for, else what this party spoke before */
static bool speaks_rtp(const struct stream *t)
{
	struct pl proto;

	pl_set_str(&proto, t->terms ? t->terms->proto : "");

	return pl_isset(&proto) && pl_strcasecmp(&proto, "udptl");
}

static struct pl proto_out(const struct media_opts *o,
			   const struct sdpx_media *sm, const struct stream *t)
{
	struct pl proto = sm->proto;

	if (pl_isset(&o->transport))
		proto = o->transport;
	else if (speaks_rtp(t))
		pl_set_str(&proto, t->terms->proto);

	return proto;
}

static int offer_audio(const struct media_opts *o, const struct sdpx_media *sm,
		       struct stream *f, struct stream *t, struct media_err *e)
{
	const struct neg_policy p = {
		.strip = {o->strip, o->stripc},
		.mask = {o->mask, o->maskc},
		.offer = {o->offer, o->offerc},
		.except = {o->except, o->exceptc},
		.transcode = {o->transcode, o->transcodec},
		.accept = {o->accept, o->acceptc},
		.consume = {o->consume, o->consumec},
		.set = {o->set, o->setc},
		.always_transcode = o->always_transcode,
		.keep_order = o->reuse_codecs,
		/* whoever makes a re-offer need not know that it is transcoded */
		.again = true,
		.codech = format_table,
	};
	struct neg_fmts *told = mem_zalloc(sizeof(*told), NULL);
	struct neg_fmts *own = mem_zalloc(sizeof(*own), NULL);
	struct neg_offer *n = mem_zalloc(sizeof(*n), NULL);
	const struct neg_before to = {.told = told, .own = own};
	struct neg_err ne = {""};
	int err = ENOMEM;

	if (!told || !own || !n)
		goto out;
	formats_to_neg(told, &t->terms->told);
	formats_to_neg(own, &t->terms->own);
	err = neg_offer(n, sm, &p, &to, &ne);
	if (err) {
		(void)media_fail(e, err, "%s", ne.msg);
		goto out;
	}
	formats_from_neg(&f->terms->next_own, &n->mine);
	formats_from_neg(&t->terms->next_told, &n->out);

out:
	mem_deref(told);
	mem_deref(own);
	mem_deref(n);

	return err;
}

/* What was asked for stays until something else is */
static void offer_ptimes(const struct media_opts *o, struct terms *f,
			 struct terms *t)
{
	if (o->ptime)
		t->next_sent = o->ptime;
	if (o->ptime_reverse)
		f->next_sent = o->ptime_reverse;
}

/* T.38 goes out as sound */
static int offer_sound(const struct media_opts *o, const struct sdpx_media *sm,
		       struct stream *f, struct stream *t, struct media_err *e)
{
	struct sdpx_media *sound = mem_zalloc(sizeof(*sound), NULL);
	int err;

	if (!sound)
		return ENOMEM;
	fax_sound(sound, sm);
	err = offer_audio(o, sound, f, t, e);
	mem_deref(sound);

	return err;
}

static int offer_formats(enum fax_way way, const struct media_opts *o,
			 const struct sdpx_media *sm, const bool *drop,
			 struct stream *f, struct stream *t,
			 struct media_err *e)
{
	if (way == FAX_TO_SOUND)
		return offer_sound(o, sm, f, t, e);
	if (way == FAX_TO_T38)
		return 0;
	f->terms->ptime = sm->ptime;
	if (is_audio(sm)) {
		offer_ptimes(o, f->terms, t->terms);
		return offer_audio(o, sm, f, t, e);
	}

	formats_take(&f->terms->next_own, sm, drop);
	formats_take(&t->terms->next_told, sm, drop);

	return 0;
}

static bool terms_needed(const struct media_opts *o,
			 const struct sdpx_media *sm, const struct pl *proto,
			 const struct stream *f, const struct stream *t)
{
	if (f->terms || t->terms)
		return true;
	if (pl_casecmp(proto, &sm->proto))
		return true;
	if (terms_secure(proto) && echo_wanted(o, f->party, t->party))
		return true;
	if (o->ice_force || (o->ice_optional && sm->ice))
		return true;
	if (!terms_secure(&sm->proto) &&
	    (o->osrtp_offer ||
	     (o->osrtp_accept && (sm->cryptoc || dtls_best_effort(sm)))))
		return true;

	return is_audio(sm) && (codec_asked(o) || o->ptime ||
				o->ptime_reverse || o->reuse_codecs);
}

int terms_offer(struct terms_edit **tep, const struct media_opts *o,
		const struct sdpx *sdp, const struct sdpx_media *sm,
		const bool *drop, struct stream *f, struct stream *t,
		struct media_err *e)
{
	const enum fax_way way = fax_way(o, sm, f, t);
	struct pl proto = proto_out(o, sm, t);
	struct terms_edit *te;
	int err;

	/* no other kind of media has a gateway that would go on */
	if (!way && !sm->rtp)
		return fax_offer(way, o, sdp, sm, drop, f, t, e);
	if (!way && !terms_needed(o, sm, &proto, f, t))
		return 0;
	if (!f->party->call->m->plane)
		return media_fail(e, ENOTSUP,
				  "there are no media workers: see "
				  "media.workers");
	te = mem_zalloc(sizeof(*te), edit_destructor);
	if (!te)
		return ENOMEM;
	err = terms_get(f);
	if (!err)
		err = terms_get(t);
	if (!err && way)
		err = fax_proto(&proto, way, o, t, e);
	if (!err)
		err = offer_formats(way, o, sm, drop, f, t, e);
	if (!err)
		err = fax_offer(way, o, sdp, sm, drop, f, t, e);
	if (err)
		goto out;
	if (way)
		f->terms->next_ice = t->terms->next_ice = false;
	else
		terms_ice_offer(o, sdp, sm, f, t);
	err = terms_keys_offer(o, sdp, sm, &proto, f, t, e);
	if (err)
		goto out;
	(void)pl_strcpy(&sm->proto, f->terms->proto, sizeof(f->terms->proto));
	(void)pl_strcpy(&proto, t->terms->proto, sizeof(t->terms->proto));
	if (!way)
		edit_formats(te, &t->terms->next_told, sm);
	if (terms_keyed(f->terms) || terms_keyed(t->terms))
		err = terms_keys_lines(te, t, &t->terms->next_dtls);
	if (!err && way)
		err = fax_edit(te,
			       way == FAX_TO_T38 ? &t->terms->next_fax : NULL,
			       &t->terms->next_told);
	if (!err)
		err = edit_lines(te, o, t, t->terms->next_ice, true);
	te->feedback_remove = !has_feedback(&proto);
	if (pl_casecmp(&proto, &sm->proto))
		pl_set_str(&te->proto, t->terms->proto);
	*tep = te;

out:
	if (err)
		mem_deref(te);

	return err;
}

/* ---- answers -------------------------------------------------------------- */

int terms_check(const struct sdpx *sdp, const struct sdpx_media *sm,
		const struct stream *f, const struct stream *t,
		struct media_err *e)
{
	struct formats answer, back;
	struct dtls_terms dtls;
	struct keys keys;

	if (!sm->port || !f->terms || !t->terms)
		return 0;
	if (fax_check(sm, f, t, e))
		return ENOTSUP;
	if (!sm->rtp)
		return 0;
	formats_take(&answer, sm, NULL);
	if (is_audio(sm) && !fax_offered(f, t) &&
	    formats_back(&back, &f->terms->next_own, &answer))
		return media_fail(e, ENOTSUP,
				  "answer has no codec that could reach the "
				  "one who offered");
	dtls = t->terms->next_dtls;
	if (dtls.on)
		return dtls_answered(&dtls, sdp, t->idx, e);
	keys = t->terms->keys;
	if (keys.on && terms_secure(&sm->proto) && keys_answered(&keys, sm))
		return media_fail(e, ENOTSUP,
				  "answer takes none of the a=crypto lines "
				  "that were offered");

	return 0;
}

static void answer_formats(const struct media_opts *o,
			   const struct sdpx_media *sm, struct terms *f,
			   struct terms *t)
{
	f->own = f->next_own;
	t->ptime = sm->ptime;
	f->sent = f->next_sent;
	t->sent = t->next_sent;
	formats_take(&t->own, sm, NULL);
	/* what it answers is what it will send, too (RFC 3264 6.1) */
	formats_common(&t->told, &t->next_told, &t->own);
	if (!is_audio(sm) || formats_back(&f->told, &f->own, &t->own))
		f->told = t->own;
	if (is_audio(sm))
		formats_options(&t->own, &t->next_told);
	if (o->single_codec && is_audio(sm))
		formats_single(&f->told);
}

static int answer_refused(struct terms_edit **tep, const struct stream *f,
			  const struct stream *t)
{
	struct terms_edit *te = mem_zalloc(sizeof(*te), edit_destructor);
	int err;

	if (!te)
		return ENOMEM;
	err = fax_refused(te, f, t);
	if (err)
		mem_deref(te);
	else
		*tep = te;

	return err;
}

int terms_answer(struct terms_edit **tep, const struct media_opts *o,
		 const struct sdpx *sdp, const struct sdpx_media *sm,
		 struct stream *f, struct stream *t)
{
	struct terms_edit *te;
	enum fax_way way;
	struct pl proto;
	bool end;
	int err;

	if (!f->terms || !t->terms)
		return 0;
	if (!sm->port) {
		/* what was offered is over, what is in force is not */
		t->terms->next_dtls = t->terms->dtls;
		return fax_offered(f, t) ? answer_refused(tep, f, t) : 0;
	}
	way = fax_answer(sdp, sm, f, t);
	if (!way && !sm->rtp)
		return 0;
	te = mem_zalloc(sizeof(*te), edit_destructor);
	if (!te)
		return ENOMEM;
	if (!way)
		answer_formats(o, sm, f->terms, t->terms);
	(void)pl_strcpy(&sm->proto, t->terms->proto, sizeof(t->terms->proto));
	end = terms_keyed(f->terms) || terms_keyed(t->terms);
	err = terms_keys_answer(sdp, sm, f, t);
	if (err)
		goto out;
	if (!way) {
		edit_formats(te, &f->terms->told, sm);
		terms_ice_answer(o, sdp, f, t);
	}
	if (end)
		err = terms_keys_lines(te, f, &f->terms->dtls);
	if (!err && way)
		err = fax_edit(te, way == FAX_TO_SOUND ? &f->terms->fax : NULL,
			       &f->terms->told);
	if (!err)
		err = edit_lines(te, o, f, f->terms->ice, false);
	pl_set_str(&proto, f->terms->proto);
	te->feedback_remove = !has_feedback(&proto);
	if (pl_casecmp(&proto, &sm->proto))
		te->proto = proto;
	*tep = te;

out:
	if (err)
		mem_deref(te);

	return err;
}
