/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/prof_offer.c  The profile that an offer goes on with
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/types.h>
#include "media/prof_priv.h"

int prof_fail(struct prof_err *e, int err, const char *msg)
{
	if (e)
		(void)re_snprintf(e->msg, sizeof(e->msg), "%s", msg);

	return err;
}

bool prof_named(const struct prof_names *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!pl_strcasecmp(&l->v[i], name))
			return true;
	}

	return false;
}

const struct prof_suite *prof_find(const struct prof_suites *l,
				   const char *name)
{
	for (unsigned i = 0; i < l->n; i++) {
		if (!str_casecmp(l->v[i].name, name))
			return &l->v[i];
	}

	return NULL;
}

/* only goes before no */
static bool allowed(const struct prof_policy *p, const char *name)
{
	return p->only.n ? prof_named(&p->only, name)
			 : !prof_named(&p->no, name);
}

static uint32_t tag_free(const struct prof_suites *l)
{
	uint32_t tag = 1;

	for (unsigned i = 0; i < l->n; i++) {
		if (l->v[i].tag >= tag)
			tag = l->v[i].tag + 1;
	}

	return tag;
}

static void put_suite(struct prof_suites *l, const struct prof_suite *s)
{
	if (l->n < PROF_SUITES)
		l->v[l->n++] = *s;
}

static void put_ours(struct prof_suites *l, const struct prof_policy *p)
{
	struct prof_suite s = {.src = -1};

	for (size_t i = 0; i < p->ours.n; i++) {
		(void)pl_strcpy(&p->ours.v[i], s.name, sizeof(s.name));
		if (p->ours.v[i].l >= sizeof(s.name) || prof_find(l, s.name) ||
		    !allowed(p, s.name))
			continue;
		s.tag = tag_free(l);
		put_suite(l, &s);
	}
}

/* Those of a list come first; tags stay what they are */
static void reorder(struct prof_suites *l, const struct prof_names *order)
{
	unsigned n = 0;

	for (size_t i = 0; i < order->n; i++) {
		for (unsigned k = n; k < l->n; k++) {
			const struct prof_suite s = l->v[k];

			if (pl_strcasecmp(&order->v[i], s.name))
				continue;
			memmove(&l->v[n + 1], &l->v[n],
				(k - n) * sizeof(l->v[0]));
			l->v[n++] = s;
			break;
		}
	}
}

/* What the offerer may be answered. If the wishes leave nothing, its first one, as
 * with rtpengine: it has to be answered */
static void take_offered(struct prof_offer *po, const struct prof_policy *p)
{
	const struct prof_suites *said = &po->said.suites;

	for (unsigned i = 0; i < said->n; i++) {
		const char *name = said->v[i].name;

		if (prof_named(&p->ours, name) &&
		    (p->sdes_nonew || allowed(p, name)))
			put_suite(&po->offered, &said->v[i]);
	}
	for (unsigned i = 0; i < said->n && !po->offered.n; i++) {
		if (prof_named(&p->ours, said->v[i].name))
			put_suite(&po->offered, &said->v[i]);
	}
	reorder(&po->offered, &p->prefer);
}

static void offer_suites(struct prof_offer *po, const struct prof_policy *p)
{
	const struct prof_suites *said = &po->said.suites;
	struct prof_side *to = &po->to;

	/* lines go on with their keys, even those of suites that only the two
	 * parties know */
	for (unsigned i = 0; i < said->n && !p->recrypt; i++) {
		if (p->sdes_nonew || allowed(p, said->v[i].name))
			put_suite(&to->suites, &said->v[i]);
	}
	if (!p->sdes_nonew)
		put_ours(&to->suites, p);
	reorder(&to->suites, &p->order);
	to->sdes = to->suites.n > 0;
}

static bool wants_ice(const struct prof_said *s, const struct prof_policy *p)
{
	switch (p->ice) {

	case ICE_REMOVE:
		return false;
	case ICE_FORCE:
	case ICE_FORCE_RELAY:
		return true;
	default:
		return s->ice;
	}
}

static void offer_ice(struct prof_offer *po, const struct prof_policy *p)
{
	struct prof_side *to = &po->to;

	to->ice = wants_ice(&po->said, p);
	to->ice_lite = to->ice &&
		       (p->lite == LITE_FORWARD || p->lite == LITE_BOTH);
	/* RFC 8445 6.1.1: who offers controls, but never who is lite */
	to->controlling = to->ice && !to->ice_lite;
	to->relay_only = to->ice && p->ice == ICE_FORCE_RELAY;
	to->trickle = to->ice && (p->trickle || po->said.trickle);
	po->reject_ice = p->reject_ice || p->ice == ICE_REMOVE;
	po->back_lite = p->lite == LITE_BACKWARD || p->lite == LITE_BOTH;
}

static enum prof_proto proto_out(const struct prof_said *s,
				 const struct prof_policy *p)
{
	return p->transport != PROTO_OTHER ? p->transport : s->proto;
}

/* Is something secure in an offer of RTP/AVP? RFC 8643 */
static bool opportunistic(const struct prof_said *s)
{
	return (s->proto == PROTO_AVP || s->proto == PROTO_AVPF) &&
	       (s->suites.n || s->fingerprint);
}

static int offer_keys(struct prof_offer *po, const struct prof_policy *p,
		      struct prof_err *e)
{
	struct prof_side *to = &po->to;
	const bool secure = prof_secure(to->proto);
	const bool osrtp = !secure && to->proto != PROTO_UDPTL &&
			   (p->osrtp_offer || opportunistic(&po->said));

	if (!secure && !osrtp)
		return 0;

	if (!p->sdes_off && !prof_tls(to->proto) &&
	    (secure || p->osrtp_offer || po->said.suites.n))
		offer_suites(po, p);
	to->dtls = p->dtls != DTLS_OFF && (secure || po->said.fingerprint);
	/* RFC 5763 5: an offer leaves the choice to who answers */
	to->setup = to->dtls ? ROLE_ACTPASS : ROLE_NONE;

	return secure && !to->sdes && !to->dtls
		       ? prof_fail(e, ENOTSUP,
				   "neither SDES nor DTLS may be offered")
		       : 0;
}

/* An offer is refused at once, not when it is answered */
static bool answerable(const struct prof_offer *po)
{
	if (!prof_secure(po->said.proto) || po->offered.n)
		return true;
	if (po->said.fingerprint && po->dtls_reverse != DTLS_OFF)
		return true;

	for (unsigned i = 0; i < po->to.suites.n; i++) {
		if (po->to.suites.v[i].src >= 0)
			return true;
	}

	return false;
}

int prof_offer(struct prof_offer *po, const struct prof_said *said,
	       const struct prof_policy *p, struct prof_err *e)
{
	int err;

	if (!po || !said || !p)
		return EINVAL;

	memset(po, 0, sizeof(*po));
	po->said = *said;
	po->osrtp_accept = p->osrtp_accept;
	po->recrypt = p->recrypt;
	po->ours = p->ours;
	po->dtls_reverse = p->dtls_reverse ? p->dtls_reverse : p->dtls;

	take_offered(po, p);
	if (prof_secure(said->proto) && !said->fingerprint && !said->suites.n)
		return prof_fail(e, EINVAL,
				 "the offer has a secure profile, and neither "
				 "a=crypto nor a=fingerprint");

	po->to.proto = proto_out(said, p);
	po->to.feedback = prof_feedback(po->to.proto);
	offer_ice(po, p);

	err = offer_keys(po, p, e);

	return err || answerable(po)
		       ? err
		       : prof_fail(e, ENOTSUP,
				   "the offer has no key that can be answered");
}
