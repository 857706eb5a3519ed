/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ice/full_check.c  Checks sent and answered (RFC 8445 7)
 */
#include <errno.h>
#include <string.h>
#include "ice/full_priv.h"
#include "ice/reply.h"

enum {
	PRFLX = 110,
	REQUEST_SIZE = 256,
	ROLE_CONFLICT = 487,
	FORBIDDEN = 403,
};

static void send_mb(struct full *x, bool relayed, const struct sa *dst,
		    const struct mbuf *mb)
{
	full_send_h *h = relayed ? x->relayh : x->sendh;

	if (h)
		h(dst, mb->buf, mb->end, x->arg);
}

/* PRIORITY is what our address would have if they learnt of it by this (7.1.1) */
static int request(struct mbuf *mb, const struct full *x, bool relayed,
		   const uint8_t *tid, bool use, bool controlling)
{
	const uint32_t pref = relayed ? RELAY_PREF : LOCAL_PREF;
	const uint32_t prio = (uint32_t)PRFLX << 24 | pref << 8 | 255;
	char user[LITE_NAME_MAX + LITE_UFRAG + 2];

	(void)re_snprintf(user, sizeof(user), "%s:%s", x->ufrag, x->us.ufrag);

	return stun_msg_encode(
		mb, STUN_METHOD_BINDING, STUN_CLASS_REQUEST, tid, NULL,
		(const uint8_t *)x->pwd, strlen(x->pwd), true, 0x00, 4,
		STUN_ATTR_USERNAME, user, STUN_ATTR_PRIORITY, &prio,
		controlling ? STUN_ATTR_CONTROLLING : STUN_ATTR_CONTROLLED,
		&x->tie, STUN_ATTR_USE_CAND, use ? &prio : NULL);
}

static void ask(struct full *x, bool relayed, const struct sa *dst,
		const uint8_t *tid, bool use, bool controlling)
{
	struct mbuf *mb = mbuf_alloc(REQUEST_SIZE);

	if (mb && !request(mb, x, relayed, tid, use, controlling))
		send_mb(x, relayed, dst, mb);
	mem_deref(mb);
}

/* RFC 8445 14.3 */
static uint64_t timeout(const struct full *x)
{
	unsigned open = 0;

	for (unsigned i = 0; i < x->n; i++)
		open += x->v[i].state == PAIR_WAITING ||
			x->v[i].state == PAIR_PROGRESS;

	return max((uint64_t)FULL_RTO, (uint64_t)FULL_TA * open);
}

void check_begin(struct full *x, struct pair *p, uint64_t now)
{
	struct trans *t = &p->t;

	rand_bytes(t->tid, sizeof(t->tid));
	t->sent = 1;
	t->rto = timeout(x);
	t->due = now + t->rto;
	t->controlling = x->controlling;
	t->use = x->controlling && p->nominated;
	p->queued = 0;
	p->state = PAIR_PROGRESS;
	ask(x, p->relayed, &p->addr, t->tid, t->use, t->controlling);
}

void check_again(struct full *x, struct pair *p, uint64_t now)
{
	struct trans *t = &p->t;

	if (t->sent >= FULL_TRIES) {
		p->state = PAIR_FAILED;
		return;
	}
	++t->sent;
	t->rto *= 2;
	t->due = now +
		 (t->sent == FULL_TRIES
			  ? max((uint64_t)FULL_RTO, timeout(x)) * FULL_PATIENCE
			  : t->rto);
	ask(x, p->relayed, &p->addr, t->tid, t->use, t->controlling);
}

void consent_ask(struct full *x, uint64_t now)
{
	uint8_t *tid = x->askedv[x->asked % CONSENT_ASKED];

	rand_bytes(tid, STUN_TID_SIZE);
	++x->asked;
	x->consent_due = now + CONSENT_EVERY * 4 / 5 +
			 rand_u32() % (CONSENT_EVERY * 2 / 5);
	ask(x, x->selected_relayed, &x->selected, tid, false, x->controlling);
}

/* ---- answers --------------------------------------------------------------- */

static bool consent_given(struct full *x, bool relayed, const struct sa *src,
			  const struct stun_msg *msg, uint16_t code,
			  uint64_t now)
{
	const unsigned n = min(x->asked, (unsigned)CONSENT_ASKED);

	if (x->state != FULL_UP || relayed != x->selected_relayed ||
	    !sa_cmp(src, &x->selected, SA_ALL))
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (memcmp(x->askedv[i], stun_msg_tid(msg), STUN_TID_SIZE))
			continue;
		if (!code)
			x->consent_at = now;
		else if (code == FORBIDDEN) /* RFC 7675 5.2 */
			x->state = FULL_LOST;
		return true;
	}

	return false;
}

static struct pair *asked_by(struct full *x, const struct stun_msg *msg)
{
	for (unsigned i = 0; i < x->n; i++) {
		if (x->v[i].t.sent &&
		    !memcmp(x->v[i].t.tid, stun_msg_tid(msg), STUN_TID_SIZE))
			return &x->v[i];
	}

	return NULL;
}

static void switch_role(struct full *x, bool controlling)
{
	if (x->controlling == controlling)
		return;
	x->controlling = controlling;
	/* what one side wanted is not what the other one does */
	for (unsigned i = 0; i < x->n; i++)
		x->v[i].nominated = false;
}

/* RFC 8445 7.2.5.1: both took themselves for the same */
static void conflict(struct full *x, struct pair *p)
{
	if (!x->peer_lite && p->t.controlling == x->controlling) {
		switch_role(x, !x->controlling);
		rand_bytes((uint8_t *)&x->tie, sizeof(x->tie));
	}
	pair_trigger(x, p);
}

static void succeeded(struct full *x, struct pair *p, uint64_t now)
{
	/* one that asks them for more than the pair itself has to be answered */
	if (p->t.use && p->nominated && x->controlling) {
		p->state = PAIR_SUCCEEDED;
		p->queued = 0;
		pair_select(x, p, now);
		return;
	}
	/* a nomination waits its turn already */
	if (p->state == PAIR_WAITING && p->nominated && x->controlling)
		return;
	p->state = PAIR_SUCCEEDED;
	p->queued = 0;
	if (!x->controlling && p->nominated)
		pair_select(x, p, now);
}

bool check_answered(struct full *x, bool relayed, const struct sa *src,
		    const struct stun_msg *msg, uint64_t now)
{
	const struct stun_attr *ec = stun_msg_attr(msg, STUN_ATTR_ERR_CODE);
	const bool error = stun_msg_class(msg) == STUN_CLASS_ERROR_RESP;
	const uint16_t code = error ? (ec ? ec->v.err_code.code : 500) : 0;
	struct pair *p;

	if (stun_msg_chk_mi(msg, (const uint8_t *)x->pwd, strlen(x->pwd)))
		return false;
	if (consent_given(x, relayed, src, msg, code, now))
		return true;
	p = asked_by(x, msg);
	if (!p)
		return false;
	p->t.sent = 0;
	if (code == ROLE_CONFLICT)
		conflict(x, p);
	else if (code || relayed != p->relayed ||
		 !sa_cmp(src, &p->addr, SA_ALL)) /* 7.2.5.2.1 */
		p->state = PAIR_FAILED;
	else if (stun_msg_attr(msg, STUN_ATTR_XOR_MAPPED_ADDR))
		succeeded(x, p, now);

	return true;
}

/* ---- requests -------------------------------------------------------------- */

/* RFC 8445 7.3.1.1. @return whether it is to be refused */
static bool contest(struct full *x, const struct stun_msg *msg)
{
	const struct stun_attr *a;

	a = stun_msg_attr(msg, STUN_ATTR_CONTROLLING);
	if (a && x->controlling) {
		if (x->tie >= a->v.controlling || x->peer_lite)
			return true;
		switch_role(x, false);
	}
	a = stun_msg_attr(msg, STUN_ATTR_CONTROLLED);
	if (a && !x->controlling) {
		if (x->tie < a->v.controlled)
			return true;
		switch_role(x, true);
	}

	return false;
}

/* What they have sent from there they can be sent there: look at once (7.3.1.4) */
static void learn(struct full *x, bool relayed, const struct sa *src,
		  const struct stun_msg *msg, uint64_t now)
{
	const struct stun_attr *prio = stun_msg_attr(msg, STUN_ATTR_PRIORITY);
	struct pair *p = pair_add(x, relayed, src, prio ? prio->v.priority : 1);

	if (!p)
		return;
	if (stun_msg_attr(msg, STUN_ATTR_USE_CAND) && !x->controlling)
		p->nominated = true;
	if (p->state == PAIR_SUCCEEDED) {
		if (p->nominated && !x->controlling)
			pair_select(x, p, now);
		return;
	}
	if (x->state == FULL_FAILED)
		x->state = FULL_CHECKING;
	if (p->state != PAIR_PROGRESS) {
		pair_trigger(x, p);
		return;
	}
	/* the one that is under way may have met a door that was closed then */
	p->t.sent = 1;
	p->t.rto = timeout(x) / 2;
	p->t.due = now;
}

void check_asked(struct full *x, bool relayed, const struct sa *src,
		 const struct stun_msg *msg, uint64_t now)
{
	struct mbuf *mb = mbuf_alloc(REQUEST_SIZE);
	const bool no = contest(x, msg);

	if (!mb)
		return;
	if (no ? ice_refuse(mb, msg, ROLE_CONFLICT, "Role Conflict", &x->us)
	       : ice_succeed(mb, msg, &x->us, src))
		goto out;
	send_mb(x, relayed, src, mb);
	if (!no && x->state != FULL_LOST)
		learn(x, relayed, src, msg, now);

out:
	mem_deref(mb);
}
