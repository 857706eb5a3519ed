/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/prof_answer.c  The profile that an answer goes back with
 */
#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include "media/prof_priv.h"

/** An answer that is being worked on */
struct answering {
	struct prof_answer *pa;
	const struct prof_offer *po;
	const struct prof_said *said;
	const struct prof_policy *p;
	const struct prof_answer *before;
	struct prof_err *e;
};

static void keep_one(struct prof_suites *l, const struct prof_suite *s)
{
	const struct prof_suite one = *s;

	l->v[0] = one;
	l->n = 1;
}

static void no_sdes(struct prof_side *s)
{
	s->sdes = false;
	s->suites.n = 0;
}

static void no_dtls(struct prof_side *s)
{
	s->dtls = false;
	s->setup = ROLE_NONE;
}

/* RFC 4568 5.1.2: the answer has the tag and the suite of the line it takes */
static const struct prof_suite *chosen(const struct answering *an)
{
	const struct prof_suites *told = &an->po->to.suites;
	const struct prof_suites *said = &an->said->suites;

	for (unsigned i = 0; i < said->n; i++) {
		const struct prof_suite *s = prof_find(told, said->v[i].name);

		if (s && s->tag == said->v[i].tag)
			return s;
	}

	return NULL;
}

/* Ours, where theirs is this; one that says nothing waits for us (RFC 4145 4) */
static enum prof_role opposite(enum prof_role theirs)
{
	return theirs == ROLE_ACTIVE ? ROLE_PASSIVE : ROLE_ACTIVE;
}

static int agree_to(struct answering *an)
{
	struct prof_side *to = &an->pa->to;
	const struct prof_suite *s;

	*to = an->po->to;
	if (to->dtls && an->said->fingerprint) {
		to->setup = opposite(an->said->setup);
		no_sdes(to);
		return 0;
	}

	no_dtls(to);
	s = chosen(an);
	if (s) {
		keep_one(&to->suites, s);
		to->sdes = true;
		return 0;
	}

	no_sdes(to);

	return prof_secure(to->proto)
		       ? prof_fail(an->e, ENOTSUP,
				   "the answer takes none of the a=crypto or "
				   "a=fingerprint lines that were offered")
		       : 0;
}

static enum prof_role role_towards(const struct answering *an)
{
	const enum prof_role offered = an->po->said.setup;

	/* RFC 4145 4: who says nothing in an offer is active */
	if (offered == ROLE_ACTIVE || offered == ROLE_NONE)
		return ROLE_PASSIVE;
	if (offered == ROLE_PASSIVE)
		return ROLE_ACTIVE;

	return an->po->dtls_reverse == DTLS_PASSIVE ? ROLE_PASSIVE
						    : ROLE_ACTIVE;
}

/* The line that who offered is answered with: the same that was chosen on the other
 * side, which needs no keys of ours; else the one of before; else its best */
static const struct prof_suite *suite_back(const struct answering *an,
					   bool *pass)
{
	const struct prof_suites *offered = &an->po->offered;
	const struct prof_side *to = &an->pa->to;
	const struct prof_suite *s = NULL;

	*pass = false;
	if (an->p->sdes_static && an->before && an->before->from.sdes)
		s = prof_find(offered, an->before->from.suites.v[0].name);

	if (!s && to->sdes && to->suites.v[0].src >= 0 && !an->po->recrypt &&
	    !an->p->recrypt) {
		*pass = true;
		return &to->suites.v[0];
	}
	if (!s && to->sdes)
		s = prof_find(offered, to->suites.v[0].name);
	if (!s && offered->n)
		s = &offered->v[0];

	return s;
}

/* Opportunistic SRTP goes back when the answer took it, or when we may for it */
static bool secures_back(const struct answering *an)
{
	const struct prof_side *to = &an->pa->to;

	return prof_secure(an->po->said.proto) || to->sdes || to->dtls ||
	       an->po->osrtp_accept || an->p->osrtp_accept;
}

/* The answerer's line of this tag: it goes back as it is */
static int line_of(const struct answering *an, uint32_t tag)
{
	for (unsigned i = 0; i < an->said->suites.n; i++) {
		if (an->said->suites.v[i].tag == tag)
			return an->said->suites.v[i].src;
	}

	return -1;
}

static int agree_from(struct answering *an)
{
	struct prof_side *from = &an->pa->from;
	const struct prof_said *said = &an->po->said;
	const struct prof_suite *s;
	bool pass = false;

	from->proto = an->p->transport_accept && an->said->proto != PROTO_OTHER
			      ? an->said->proto
			      : said->proto;
	from->feedback = prof_feedback(from->proto);
	if (!secures_back(an))
		return 0;

	if (said->fingerprint && an->po->dtls_reverse != DTLS_OFF) {
		from->dtls = true;
		from->setup = role_towards(an);
		return 0;
	}

	s = said->suites.n ? suite_back(an, &pass) : NULL;
	if (s) {
		from->sdes = true;
		keep_one(&from->suites, s);
		from->pass_keys = an->pa->to.pass_keys = pass;
		from->suites.v[0].src = pass ? line_of(an, s->tag) : -1;
		return 0;
	}

	return prof_secure(from->proto)
		       ? prof_fail(an->e, ENOTSUP,
				   "the one who offered has no a=crypto line "
				   "that we can answer")
		       : 0;
}

static void agree_ice(struct answering *an)
{
	struct prof_side *to = &an->pa->to, *from = &an->pa->from;
	const struct prof_said *said = &an->po->said;

	if (!an->said->ice)
		to->ice = to->ice_lite = to->controlling = to->relay_only =
			to->trickle = false;
	to->trickle &= an->said->trickle;

	from->ice = said->ice && !an->po->reject_ice &&
		    an->p->ice != ICE_REMOVE && !an->p->reject_ice;
	from->ice_lite = from->ice && an->po->back_lite;
	/* who is lite never controls; of two that are, the offerer (6.1.1) */
	from->controlling = from->ice && said->ice_lite && !from->ice_lite;
	from->trickle = from->ice && said->trickle;
}

int prof_answer(struct prof_answer *pa, const struct prof_offer *po,
		const struct prof_said *said, const struct prof_policy *p,
		const struct prof_answer *before, struct prof_err *e)
{
	struct answering an = {pa, po, said, p, before, e};
	int err;

	if (!pa || !po || !said || !p)
		return EINVAL;

	memset(pa, 0, sizeof(*pa));
	err = agree_to(&an);
	if (!err)
		err = agree_from(&an);
	if (!err)
		agree_ice(&an);

	return err;
}
