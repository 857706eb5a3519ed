/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/terms_ice.c  Our part in ICE, and what SDP says of it (RFC 8445, 8839)
 *
 * One component: our port, and as the full side perhaps one at a TURN server. RTCP is
 * muxed, or has no part in it.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "base/log.h"
#include "media/checks.h"
#include "media/relays.h"
#include "media/terms.h"

enum {
	ANSWER_SIZE = 256,
	REFUSALS = 5 /* a second and stream: who asks without right gets few */
};

/* Two lite sides have nothing to check (RFC 8445 6.1.1), and whom we cannot ask by
 * password we cannot check */
static bool can_do(const struct ice_peer *p, bool full)
{
	return full ? p->pwd[0] : !p->lite;
}

/* How we are to be towards a party: as the driver says, else as before, else as is
 * configured */
static bool full_wanted(const struct media_opts *o, const struct stream *s,
			bool before, enum media_ice_lite way)
{
	if (o->ice_lite == ICE_LITE_OFF)
		return true;
	if (o->ice_lite == ICE_LITE_BOTH || o->ice_lite == way)
		return false;
	if (before)
		return s->terms->full || s->terms->next_full;

	return s->party->call->m->conf.ice_full;
}

/* Whoever was told of a party by a record of an older kind knows its name alone */
static bool begins_anew(const struct ice_peer *now, const struct ice_peer *next)
{
	return now->ufrag[0] && (strcmp(now->ufrag, next->ufrag) ||
				 (now->pwd[0] && strcmp(now->pwd, next->pwd)));
}

static void offer_from(const struct media_opts *o, const struct sdpx *sdp,
		       const struct sdpx_media *sm, struct stream *f)
{
	struct terms *t = f->terms;
	const bool takes = icepeer_read(&t->next_peer, sdp, f->idx);
	const bool before = t->lite.pwd[0];

	t->next_full = full_wanted(o, f, before, ICE_LITE_BACKWARD);
	t->next_ice = takes && !o->ice_reject &&
		      can_do(&t->next_peer, t->next_full) &&
		      (o->ice_force || o->ice_optional || t->ice ||
		       dtls_keyed(sm));
	t->next_lite = t->lite;
	if (!t->next_ice)
		return;
	/* Another name of theirs begins ICE anew, and ours changes with it (RFC 8839
	 * 4.4.1.1.1); the pair holds until another one is nominated */
	if (!before || t->next_full != t->full ||
	    begins_anew(&t->peer, &t->next_peer))
		lite_make(&t->next_lite);
}

void terms_ice_offer(const struct media_opts *o, const struct sdpx *sdp,
		     const struct sdpx_media *sm, struct stream *f,
		     struct stream *t)
{
	struct terms *tt = t->terms;
	const bool before = tt->lite.pwd[0];
	const bool full = full_wanted(o, t, before, ICE_LITE_FORWARD);

	offer_from(o, sdp, sm, f);
	tt->next_ice = !o->ice_remove && (o->ice_force || tt->ice ||
					  (o->ice_optional && sm->ice));
	/* whom we have lost we begin anew with */
	if (tt->next_ice &&
	    (!before || full != (tt->ice ? tt->full : tt->next_full) ||
	     (tt->ice && stream_silenced(t))))
		lite_make(&tt->lite);
	tt->next_full = full;
	if (tt->next_ice && full && sm->rtp && !checks_named(t, &tt->lite))
		relays_take(t);
}

/* Whoever offers controls, but never who is lite (RFC 8445 6.1.1) */
static void commit(struct stream *s, bool on, bool offered)
{
	struct terms *t = s->terms;

	if (!on) {
		sa_init(&t->pair, AF_UNSPEC);
		t->pair_relayed = false;
	}
	t->ice = on;
	t->full = on && t->next_full;
	t->controlling = t->full && (offered || t->peer.lite);
	if (!t->full)
		relays_give(s);
}

void terms_ice_answer(const struct media_opts *o, const struct sdpx *sdp,
		      struct stream *f, struct stream *t)
{
	struct terms *ft = f->terms, *tt = t->terms;
	const struct sa pair = tt->pair;
	const bool takes = tt->next_ice && icepeer_read(&tt->peer, sdp, t->idx);

	commit(t, takes && can_do(&tt->peer, tt->next_full), true);
	if (tt->ice)
		tt->pair = pair;
	if (ft->next_ice && !o->ice_remove && !o->ice_reject) {
		ft->peer = ft->next_peer;
		ft->lite = ft->next_lite;
		commit(f, true, false);
		if (ft->full && f->cur.media != LEG_OTHER &&
		    !checks_named(f, &ft->lite))
			relays_take(f);
	} else {
		commit(f, false, false);
	}
}

/* What we can (RFC 8839 5.6), and which pair holds: who controls says so in offers
 * (4.4.1.2.2) */
static int full_lines(struct terms_edit *te, size_t *n,
		      const struct media_opts *o, const struct stream *s,
		      bool offer)
{
	const struct terms *t = s->terms;
	const bool trickle = o->trickle_ice || t->peer.trickle;
	int err;

	err = re_sdprintf(&te->attrv[(*n)++], "ice-options:%sice2",
			  trickle ? "trickle " : "");
	if (err || !offer || !t->full || !t->controlling ||
	    !sa_isset(&t->pair, SA_ALL))
		return err;

	return re_sdprintf(&te->attrv[(*n)++], "remote-candidates:1 %j %u",
			   &t->pair, sa_port(&t->pair));
}

int terms_ice_lines(struct terms_edit *te, const struct media_opts *o,
		    const struct stream *s, bool offer)
{
	const bool full = offer ? s->terms->next_full : s->terms->full;
	const struct sa addr = edit_address(s, o);
	const struct lite *l = &s->terms->lite;
	size_t n = te->attrs.addc;
	int err;

	err = re_sdprintf(&te->attrv[n++], "ice-ufrag:%s", l->ufrag);
	if (!err)
		err = re_sdprintf(&te->attrv[n++], "ice-pwd:%s", l->pwd);
	if (!err && full)
		err = full_lines(te, &n, o, s, offer);
	if (!err)
		err = re_sdprintf(&te->attrv[n++], "%H", lite_candidate, &addr);
	if (!err && full && s->relay) {
		const struct full_relay r = relayport_candidate(s->relay);

		err = re_sdprintf(&te->attrv[n++], "%H", full_relay_candidate,
				  &r);
	}
	if (!err)
		err = str_dup(&te->attrv[n++], "end-of-candidates");
	if (err)
		return err;
	te->attrs.addc = n;
	te->ice = true;
	te->ice_full = full;

	return 0;
}

static bool may_refuse(struct stream *s)
{
	const uint64_t now = media_now() / 1000;

	if (s->refused_at != now) {
		s->refused_at = now;
		s->refused = 0;
	}

	return ++s->refused <= REFUSALS;
}

void terms_ice_forget(struct stream *s)
{
	if (!s->terms)
		return;
	sa_init(&s->terms->pair, AF_UNSPEC);
	s->terms->pair_relayed = false;
}

void terms_ice_nominated(struct stream *s, const struct sa *src, bool relayed)
{
	struct media_call *c = s->party->call;
	int err;

	if (sa_cmp(&s->terms->pair, src, SA_ALL) &&
	    s->terms->pair_relayed == relayed)
		return;
	s->terms->pair = *src;
	s->terms->pair_relayed = relayed;
	relays_nominated(s);
	err = call_apply(c);
	if (!err)
		err = call_store(c);
	if (err)
		log_warn("media: call %s: pair with %J: %m", c->id, src, err);
}

static void lite_take(struct stream *s, const struct sa *src, const uint8_t *p,
		      size_t n)
{
	struct mbuf *mb = mbuf_alloc(ANSWER_SIZE);
	enum lite_got got;

	if (!mb)
		return;
	got = lite_recv(&s->terms->lite, src, p, n, mb);
	if (got == LITE_REFUSED ? may_refuse(s) : got != LITE_NOTHING)
		(void)agent_send(s, false, src, mb->buf, mb->end);
	if (got == LITE_NOMINATED)
		terms_ice_nominated(s, src, false);
	mem_deref(mb);
}

void terms_ice_recv(struct stream *s, bool relayed, const struct sa *src,
		    const uint8_t *p, size_t n)
{
	struct mbuf *no = NULL;

	if (!s->terms || !s->terms->ice)
		return;
	if (!s->terms->full) {
		if (!relayed)
			lite_take(s, src, p, n);
		return;
	}
	checks_recv(s, relayed, src, p, n, &no);
	if (no && may_refuse(s))
		checks_send(s, relayed, src, no->buf, no->end);
	mem_deref(no);
}
