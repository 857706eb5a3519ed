/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatch/table.c  Selection tables: which slot is whose
 *
 * For each slot a member draws a number u in (0, 1), and bids weight / -log(u);
 * the highest bid gets the slot. That makes shares proportional to weights.
 * Bids are in integers, for machines that do not agree on a slot send a call to
 * two targets.
 */
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "dispatch/dispatch.h"
#include "dispatch/hash.h"
#include "dispatch/table.h"

/* Bits behind the point. Costs are up to 64, weights up to 100: a product has
 * 6 + 7 + FRAC bits */
enum { FRAC = 48 };

struct bid {
	const struct ds_member *m;
	uint64_t draw; /* u * 2^64, not 0         */
	uint64_t cost; /* -log2(u); 0 not yet known */
};

/*
 * -log2(draw / 2^64). Squaring a number in [1, 2) doubles its logarithm, and
 * whether the square reaches 2 is the next bit of it. Rounding goes one way at
 * each step, so that the result never falls as the draw does, is not below the
 * true value, and not 0.
 */
static uint64_t cost_of(uint64_t draw)
{
	int zeros = __builtin_clzll(draw);
	uint64_t m = draw << zeros;
	uint64_t log2 = 63 - (uint64_t)zeros;

	for (int i = 0; i < FRAC; i++) {
		unsigned __int128 square = (unsigned __int128)m * m;
		unsigned bit = (unsigned)(square >> 127);

		m = (uint64_t)(square >> (63 + bit));
		log2 = log2 << 1 | bit;
	}

	return (64ull << FRAC) - log2;
}

/* A total order of bids: by bid, by draw, by id. That is what makes the
 * members' order irrelevant */
static bool beats(struct bid *a, struct bid *b)
{
	uint64_t least, l, r;

	/* a lower cost is a higher draw: nothing to compute */
	if (a->m->weight == b->m->weight)
		goto draws;

	if (!b->cost)
		b->cost = cost_of(b->draw);

	/* -log2(u) > 1 - u: most bids lose by that alone */
	least = (0 - a->draw) >> (64 - FRAC);
	if (a->m->weight * b->cost < b->m->weight * least)
		return false;

	a->cost = cost_of(a->draw);
	l = a->m->weight * b->cost;
	r = b->m->weight * a->cost;
	if (l != r)
		return l > r;

draws:
	if (a->draw != b->draw)
		return a->draw > b->draw;

	return a->m->id > b->m->id;
}

static uint16_t owner(uint32_t slot, const struct ds_member *memberv,
		      size_t memberc)
{
	struct bid best = {NULL, 0, 0};
	uint64_t salt = ds_mix(slot + 1ull);

	for (size_t i = 0; i < memberc; i++) {
		const struct ds_member *m = &memberv[i];
		struct bid b = {m, ds_mix(m->id ^ salt), 0};

		if (!m->weight || m->weight > DS_WEIGHT_MAX)
			continue;
		if (!b.draw)
			b.draw = 1;
		if (!best.m || beats(&b, &best))
			best = b;
	}

	return best.m ? best.m->value : DS_NONE;
}

static uint32_t put(uint16_t *slot, uint16_t value)
{
	if (*slot == value)
		return 0;

	*slot = value;

	return 1;
}

uint32_t ds_table_share(uint16_t *slotv, uint32_t slotc,
			const struct ds_member *memberv, size_t memberc)
{
	uint32_t changed = 0;

	for (uint32_t i = 0; i < slotc; i++)
		changed += put(&slotv[i], owner(i, memberv, memberc));

	return changed;
}

uint32_t ds_table_probe(uint16_t *slotv, const uint16_t *valuev, size_t n)
{
	uint16_t next = DS_NONE;
	uint32_t changed = 0;

	/* who comes first fills the gap at the end */
	for (size_t i = n; i-- > 0;) {
		if (valuev[i] != DS_NONE)
			next = valuev[i];
	}

	for (size_t i = n; i-- > 0;) {
		if (valuev[i] != DS_NONE)
			next = valuev[i];
		changed += put(&slotv[i], next);
	}

	return changed;
}
