/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/terms_keys.c  What was agreed of an m= line: keys, by a=crypto or by DTLS
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "media/echo.h"
#include "media/handshake.h"
#include "media/terms.h"

static bool ends(const struct pl *pl, const char *with)
{
	const size_t n = str_len(with);
	struct pl tail = *pl;

	if (pl->l < n)
		return false;
	pl_advance(&tail, (ssize_t)(pl->l - n));

	return !pl_strcasecmp(&tail, with);
}

bool terms_secure(const struct pl *proto)
{
	return ends(proto, "/SAVP") || ends(proto, "/SAVPF");
}

/* Does what either encrypts end here? */
bool terms_keyed(const struct terms *t)
{
	return t->keys.on || t->dtls.on || t->next_dtls.on;
}

/* What lives goes on */
static const struct dtls_terms *dtls_now(const struct stream *s)
{
	static const struct dtls_terms none;

	return handshake_lives(s->hs) ? &s->terms->dtls : &none;
}

/* How its party and we encrypt: by a=crypto, by DTLS, or not at all */
int terms_keys_lines(struct terms_edit *te, const struct stream *s,
		     const struct dtls_terms *d)
{
	const struct keys *k = &s->terms->keys;
	struct pl proto;
	int err;

	te->crypto_remove = te->dtls_remove = true;
	pl_set_str(&proto, s->terms->proto);
	if (!terms_secure(&proto) && !s->terms->osrtp)
		return 0;
	if (!d->on) {
		te->cryptoc = k->offerc;
		return keys_text(te->cryptov, k, k->offerc);
	}
	err = dtls_lines(te->attrv, d, s->party->call->m->cert);
	if (!err)
		te->attrs.addc = DTLS_LINES;

	return err;
}

/* ---- offers --------------------------------------------------------------- */

static int asked(const struct media_opts *o, const struct sdpx *sdp,
		 const struct sdpx_media *sm, struct stream *f,
		 struct media_err *e)
{
	int err;

	if (dtls_keyed(sm) || dtls_best_effort(sm))
		return dtls_asked(&f->terms->next_dtls, dtls_now(f), sdp,
				  f->idx, !o->dtls_passive, e);
	err = keys_asked(&f->terms->keys, sm, &o->suites);

	return err ? media_fail(e, err, "no a=crypto line that can be taken")
		   : 0;
}

static int offers(const struct media_opts *o, struct stream *t,
		  struct media_err *e)
{
	int err = keys_offer(&t->terms->keys, &o->suites);

	return err ? media_fail(e, err, "SDES: no suite is left to offer") : 0;
}

static bool is_tls(const struct pl *proto)
{
	static const char tls[] = "UDP/TLS/";
	struct pl head = *proto;

	if (head.l < sizeof(tls) - 1)
		return false;
	head.l = sizeof(tls) - 1;

	return !pl_strcasecmp(&head, tls);
}

static bool is_audio(const struct sdpx_media *sm)
{
	return !pl_strcasecmp(&sm->type, "audio");
}

/* Whose keys are the other's, too, goes through as it is */
int terms_keys_offer(const struct media_opts *o, const struct sdpx *sdp,
		     const struct sdpx_media *sm, const struct pl *proto,
		     struct stream *f, struct stream *t, struct media_err *e)
{
	const bool in = terms_secure(&sm->proto), out = terms_secure(proto);
	const bool tin = dtls_keyed(sm), tout = is_tls(proto);
	/* keys in a profile that is in the clear (RFC 8643): who has spoken so goes on */
	const bool in_best = !in && (sm->cryptoc || dtls_best_effort(sm)) &&
			     (o->osrtp_accept || f->terms->osrtp);
	const bool out_best = !out && (o->osrtp_offer || t->terms->osrtp);
	const bool ends = (codec_asked(o) && is_audio(sm)) || in != out ||
			  (sm->dtls != tout) || in_best || out_best ||
			  terms_keyed(f->terms) || terms_keyed(t->terms) ||
			  f->terms->next_ice || t->terms->next_ice ||
			  ((in || out || in_best || out_best) &&
			   echo_wanted(o, f->party, t->party));
	int err = 0;

	memset(&f->terms->next_dtls, 0, sizeof(f->terms->next_dtls));
	memset(&t->terms->next_dtls, 0, sizeof(t->terms->next_dtls));
	f->terms->osrtp = in_best;
	t->terms->osrtp = out_best;
	if (!ends)
		return 0;
	f->terms->next_dtls.hash = t->terms->next_dtls.hash =
		o->dtls_hash ? o->dtls_hash - 1 : FP_SHA256;
	if ((in && tin) || (in_best && dtls_best_effort(sm)) || tout) {
		if (o->dtls_off)
			return media_fail(e, ENOTSUP,
					  "DTLS=off, and %r is by DTLS",
					  tout ? proto : &sm->proto);
		err = handshake_cert(f->party->call->m);
	}
	if (!err && (in || in_best))
		err = asked(o, sdp, sm, f, e);
	if (!err && tout)
		err = dtls_offer(&t->terms->next_dtls, dtls_now(t));
	else if (!err && (out || out_best))
		err = offers(o, t, e);

	return err;
}

/* ---- answers -------------------------------------------------------------- */

/* No key of it may serve again */
static void forget(struct stream *s)
{
	struct terms *t = s->terms;

	s->hs = mem_deref(s->hs);
	s->hs_rtcp = mem_deref(s->hs_rtcp);
	memset(&t->keys.rx, 0, sizeof(t->keys.rx));
	memset(&t->keys.tx, 0, sizeof(t->keys.tx));
	memset(&t->rtcp_rx, 0, sizeof(t->rtcp_rx));
	memset(&t->rtcp_tx, 0, sizeof(t->rtcp_tx));
}

/* Its keys came by DTLS, and do so no more: none of them may serve again */
static void end_dtls(struct stream *s)
{
	struct terms *t = s->terms;

	if (!t->dtls.on || t->next_dtls.on)
		return;
	forget(s);
}

/* What was agreed of DTLS comes into force: an association that it fits goes on, with
 * its keys */
static void commit_dtls(struct stream *s)
{
	struct terms *t = s->terms;

	if (t->next_dtls.on &&
	    !(handshake_lives(s->hs) && dtls_same(&t->dtls, &t->next_dtls))) {
		forget(s);
		memset(&t->keys, 0, sizeof(t->keys));
	}
	t->keys.on |= t->next_dtls.on;
	t->dtls = t->next_dtls;
}

/* Its profile says RTP */
static void call_it_srtp(struct stream *s)
{
	if (s->terms->osrtp && s->terms->keys.on && s->cur.media == LEG_RTP)
		s->cur.media = LEG_SRTP;
}

int terms_keys_answer(const struct sdpx *sdp, const struct sdpx_media *sm,
		      struct stream *f, struct stream *t)
{
	struct keys *fk = &f->terms->keys, *tk = &t->terms->keys;
	struct pl proto;
	int err = 0;

	end_dtls(f);
	end_dtls(t);
	pl_set_str(&proto, f->terms->proto);
	if (!terms_secure(&proto) && !f->terms->osrtp)
		memset(fk, 0, sizeof(*fk));
	/* it was asked, and need not want it */
	if (t->terms->osrtp && keys_answered(tk, sm))
		t->terms->osrtp = false;
	if (!terms_secure(&sm->proto) && !t->terms->osrtp)
		memset(tk, 0, sizeof(*tk));
	if (t->terms->next_dtls.on)
		err = dtls_answered(&t->terms->next_dtls, sdp, t->idx, NULL);
	else if (tk->on)
		err = keys_answered(tk, sm);
	if (!err && !f->terms->next_dtls.on && fk->on &&
	    fk->asked.key.suite != SRTPX_NONE)
		err = keys_accept(fk);
	if (err)
		return err;
	commit_dtls(f);
	commit_dtls(t);
	call_it_srtp(f);
	call_it_srtp(t);

	return 0;
}
