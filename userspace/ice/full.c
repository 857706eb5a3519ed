/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ice/full.c  The full side of ICE: what comes in, and what is due
 */
#include <errno.h>
#include <string.h>
#include "ice/full_priv.h"
#include "ice/reply.h"

enum { REFUSAL_SIZE = 256, CANDIDATE_MAX = 512 };

static void destructor(void *arg)
{
	struct full *x = arg;

	memset(&x->us, 0, sizeof(x->us));
	memset(x->pwd, 0, sizeof(x->pwd));
}

int full_alloc(struct full **xp, const struct full_conf *c, uint64_t now)
{
	struct full *x;

	if (!xp || !c || !c->sendh || !str_isset(c->ufrag) ||
	    !str_isset(c->pwd) || strlen(c->ufrag) > LITE_NAME_MAX ||
	    strlen(c->pwd) > LITE_NAME_MAX)
		return EINVAL;
	x = mem_zalloc(sizeof(*x), destructor);
	if (!x)
		return ENOMEM;
	x->us = c->us;
	x->peer_lite = c->peer_lite;
	x->controlling = c->controlling || c->peer_lite;
	(void)re_snprintf(x->ufrag, sizeof(x->ufrag), "%s", c->ufrag);
	(void)re_snprintf(x->pwd, sizeof(x->pwd), "%s", c->pwd);
	rand_bytes((uint8_t *)&x->tie, sizeof(x->tie));
	x->sendh = c->sendh;
	x->relayh = c->relayh;
	x->arg = c->arg;
	x->paced = now;
	x->last_news = now;
	sa_init(&x->selected, AF_UNSPEC);
	*xp = x;

	return 0;
}

int full_candidate(struct full *x, const struct sa *addr, uint32_t prio,
		   uint64_t now)
{
	if (!sa_isset(addr, SA_ALL) || sa_is_any(addr))
		return 0;
	if (x->n && sa_af(addr) != sa_af(&x->v[0].addr))
		return 0;
	if (pair_find(x, false, addr))
		return 0;
	if (!pair_add(x, false, addr, prio) ||
	    (x->relayh && !pair_add(x, true, addr, prio)))
		return ENOSPC;
	x->last_news = now;
	if (x->state == FULL_FAILED)
		x->state = FULL_CHECKING;

	return 0;
}

void full_end(struct full *x)
{
	x->ended = true;
}

void full_resume(struct full *x, const struct sa *pair, bool relayed,
		 uint64_t now)
{
	struct pair *p = pair_add(x, relayed, pair, 1);

	if (!p)
		return;
	p->state = PAIR_SUCCEEDED;
	p->nominated = true;
	pair_select(x, p, now);
}

void full_relay_gone(struct full *x)
{
	x->relayh = NULL;
	for (unsigned i = 0; i < x->n; i++) {
		struct pair *p = &x->v[i];

		if (!p->relayed)
			continue;
		p->state = PAIR_FAILED;
		p->nominated = false;
		p->queued = 0;
		p->t.sent = 0;
	}
	if (x->state == FULL_UP && x->selected_relayed)
		x->state = FULL_LOST;
}

bool full_recv(struct full *x, bool relayed, const struct sa *src,
	       const uint8_t *p, size_t n, uint64_t now, struct mbuf **refusal)
{
	struct stun_unknown_attr ua;
	struct stun_msg *msg;
	struct mbuf *mb;
	bool good = false;

	*refusal = NULL;
	if ((relayed && !x->relayh) || ice_decode(&msg, &ua, p, n))
		return false;
	switch (stun_msg_class(msg)) {

	case STUN_CLASS_REQUEST:
		mb = mbuf_alloc(REFUSAL_SIZE);
		if (!mb)
			break;
		if (!ice_admit(&x->us, msg, &ua, mb)) {
			check_asked(x, relayed, src, msg, now);
			good = true;
		} else if (mb->end) {
			*refusal = mem_ref(mb);
		}
		mem_deref(mb);
		break;

	case STUN_CLASS_SUCCESS_RESP:
	case STUN_CLASS_ERROR_RESP:
		good = check_answered(x, relayed, src, msg, now);
		break;

	default:
		break;
	}
	mem_deref(msg);

	return good;
}

/* ---- what is due ------------------------------------------------------------ */

static void sooner(uint64_t *next, uint64_t at)
{
	if (at && (!*next || at < *next))
		*next = at;
}

static void repeat(struct full *x, uint64_t now, uint64_t *next)
{
	for (unsigned i = 0; i < x->n; i++) {
		struct pair *p = &x->v[i];

		if (p->state != PAIR_PROGRESS)
			continue;
		/* the others are not needed any more (RFC 8445 8.1.1) */
		if (x->state == FULL_UP && !p->nominated) {
			p->state = PAIR_FAILED;
			continue;
		}
		if (p->t.due <= now)
			check_again(x, p, now);
		if (p->state == PAIR_PROGRESS)
			sooner(next, p->t.due);
	}
}

static void go_on(struct full *x, uint64_t now, uint64_t *next)
{
	struct pair *p = pair_next(x);

	if (p && x->paced <= now) {
		check_begin(x, p, now);
		x->paced = now + FULL_TA;
		sooner(next, p->t.due);
		p = pair_next(x);
	}
	if (p)
		sooner(next, x->paced);
}

static void consent(struct full *x, uint64_t now, uint64_t *next)
{
	if (x->consent_at + CONSENT_LIFE <= now) {
		x->state = FULL_LOST;
		return;
	}
	if (x->consent_due <= now)
		consent_ask(x, now);
	sooner(next, x->consent_due);
	sooner(next, x->consent_at + CONSENT_LIFE);
}

static void give_up(struct full *x, uint64_t now, uint64_t *next)
{
	if (pairs_hope(x))
		return;
	if ((x->ended && x->n) || x->last_news + FULL_FAIL <= now)
		x->state = FULL_FAILED;
	else
		sooner(next, x->last_news + FULL_FAIL);
}

int64_t full_tick(struct full *x, uint64_t now)
{
	uint64_t next = 0;

	if (x->state == FULL_LOST)
		return -1;
	repeat(x, now, &next);
	sooner(&next, pairs_nominate(x, now));
	go_on(x, now, &next);
	if (x->state == FULL_UP)
		consent(x, now, &next);
	if (x->state == FULL_CHECKING)
		give_up(x, now, &next);
	if (x->state == FULL_LOST || x->state == FULL_FAILED || !next)
		return -1;

	return next > now ? (int64_t)(next - now) : 0;
}

/* ---- views ------------------------------------------------------------------- */

enum full_state full_state(const struct full *x)
{
	return x->state;
}

const char *full_state_name(enum full_state state)
{
	switch (state) {

	case FULL_CHECKING:
		return "checking";
	case FULL_UP:
		return "up";
	case FULL_FAILED:
		return "failed";
	case FULL_LOST:
		return "consent lost";
	}

	return "?";
}

const struct sa *full_selected(const struct full *x)
{
	return &x->selected;
}

bool full_selected_relayed(const struct full *x)
{
	return x->selected_relayed;
}

bool full_controlling(const struct full *x)
{
	return x->controlling;
}

uint64_t full_consent_age(const struct full *x, uint64_t now)
{
	return x->state == FULL_UP ? now - x->consent_at : 0;
}

int full_cand_decode(struct sa *addr, uint32_t *prio, const struct pl *val)
{
	struct ice_cand_attr a;
	char text[CANDIDATE_MAX];

	if (pl_strcpy(val, text, sizeof(text)))
		return EBADMSG;
	memset(&a, 0, sizeof(a));
	if (ice_cand_attr_decode(&a, text))
		return EBADMSG;
	if (a.compid != 1 || a.proto != IPPROTO_UDP ||
	    !sa_isset(&a.addr, SA_ALL) || sa_is_any(&a.addr))
		return ENOTSUP;
	*addr = a.addr;
	*prio = a.prio ? a.prio : 1;

	return 0;
}

uint32_t full_relay_priority(void)
{
	return (uint32_t)RELAY_PREF << 8 | 255;
}

int full_relay_candidate(struct re_printf *pf, const struct full_relay *r)
{
	return re_hprintf(pf,
			  "candidate:2 1 UDP %u %j %u typ relay raddr %j rport "
			  "%u",
			  full_relay_priority(), &r->relayed,
			  sa_port(&r->relayed), &r->mapped,
			  sa_port(&r->mapped));
}
