/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ice/full_pairs.c  The checklist (RFC 8445 6.1.2), and which pair it comes to
 */
#include <string.h>
#include "ice/full_priv.h"

uint64_t pair_prio(const struct full *x, const struct pair *p)
{
	const uint64_t ours = p->relayed ? full_relay_priority()
					 : lite_priority();
	const uint64_t theirs = p->prio;
	const uint64_t g = x->controlling ? ours : theirs;
	const uint64_t d = x->controlling ? theirs : ours;

	return (min(g, d) << 32) + 2 * max(g, d) + (g > d ? 1 : 0);
}

struct pair *pair_find(struct full *x, bool relayed, const struct sa *addr)
{
	for (unsigned i = 0; i < x->n; i++) {
		if (x->v[i].relayed == relayed &&
		    sa_cmp(&x->v[i].addr, addr, SA_ALL))
			return &x->v[i];
	}

	return NULL;
}

/* One that has failed makes room for one that is known to ask */
static struct pair *pair_room(struct full *x)
{
	if (x->n < (unsigned)(x->relayh ? FULL_PAIRS : FULL_CANDS))
		return &x->v[x->n++];
	for (unsigned i = 0; i < x->n; i++) {
		if (x->v[i].state == PAIR_FAILED)
			return &x->v[i];
	}

	return NULL;
}

struct pair *pair_add(struct full *x, bool relayed, const struct sa *addr,
		      uint32_t prio)
{
	struct pair *p = pair_find(x, relayed, addr);

	if (p)
		return p;
	p = pair_room(x);
	if (!p)
		return NULL;
	memset(p, 0, sizeof(*p));
	p->addr = *addr;
	p->relayed = relayed;
	p->prio = prio ? prio : 1;

	return p;
}

void pair_trigger(struct full *x, struct pair *p)
{
	p->state = PAIR_WAITING;
	if (!p->queued)
		p->queued = ++x->queue;
}

struct pair *pair_next(struct full *x)
{
	struct pair *best = NULL;

	for (unsigned i = 0; i < x->n; i++) {
		struct pair *p = &x->v[i];

		if (p->state != PAIR_WAITING)
			continue;
		/* with a pair that holds, ordinary checks are over (8.1.1) */
		if (!p->queued && x->state == FULL_UP)
			continue;
		if (!best || (p->queued && !best->queued) ||
		    (p->queued && p->queued < best->queued) ||
		    (!p->queued && !best->queued &&
		     pair_prio(x, p) > pair_prio(x, best)))
			best = p;
	}

	return best;
}

void pair_select(struct full *x, const struct pair *p, uint64_t now)
{
	const uint64_t prio = pair_prio(x, p);
	const bool fresh = x->state != FULL_UP;

	/* who follows RFC 5245 may nominate more than one: the best holds */
	if (!fresh && prio <= x->selected_prio)
		return;
	if (x->state == FULL_LOST)
		return;
	x->selected = p->addr;
	x->selected_relayed = p->relayed;
	x->selected_prio = prio;
	x->state = FULL_UP;
	x->consent_at = now;
	x->asked = 0;
	x->consent_due = now + CONSENT_EVERY * 4 / 5 +
			 rand_u32() % (CONSENT_EVERY * 2 / 5);
}

/* Could a better one than p still succeed? */
static bool better_may_come(const struct full *x, const struct pair *p)
{
	for (unsigned i = 0; i < x->n; i++) {
		const struct pair *q = &x->v[i];

		if ((q->state == PAIR_WAITING || q->state == PAIR_PROGRESS) &&
		    pair_prio(x, q) > pair_prio(x, p))
			return true;
	}

	return false;
}

uint64_t pairs_nominate(struct full *x, uint64_t now)
{
	struct pair *best = NULL;
	uint64_t until;

	if (!x->controlling || x->state != FULL_CHECKING)
		return 0;
	for (unsigned i = 0; i < x->n; i++) {
		struct pair *p = &x->v[i];

		if (p->nominated && p->state != PAIR_FAILED)
			return 0; /* that one first */
		if (p->state == PAIR_SUCCEEDED &&
		    (!best || pair_prio(x, p) > pair_prio(x, best)))
			best = p;
	}
	if (!best)
		return 0;
	if (!x->first_good)
		x->first_good = now;
	until = x->first_good +
		(best->relayed ? FULL_NOMINATE_RELAY : FULL_NOMINATE);
	if (better_may_come(x, best) && now < until)
		return until;
	best->nominated = true;
	pair_trigger(x, best);

	return 0;
}

bool pairs_hope(const struct full *x)
{
	for (unsigned i = 0; i < x->n; i++) {
		if (x->v[i].state != PAIR_FAILED)
			return true;
	}

	return false;
}
