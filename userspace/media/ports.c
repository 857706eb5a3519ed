/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/ports.c  Allocator of RTP/RTCP port pairs of one local address
 */
#include <string.h>
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "media/ports.h"

struct rest {
	uint32_t pair;
	uint64_t until;
};

struct ports {
	uint16_t min, max; /* even; inclusive               */
	uint32_t pairs;
	uint32_t used;       /* taken, those at rest excluded */
	uint32_t next;       /* where the next search starts  */
	uint32_t quarantine; /* ms                            */
	uint64_t *map;       /* bit set: taken or at rest     */
	uint64_t *taken;     /* bit set: taken                */
	struct rest *ring;   /* at rest, oldest first         */
	uint32_t head, resting;
};

static bool is_set(const uint64_t *map, uint32_t pair)
{
	return map[pair / 64] >> (pair % 64) & 1;
}

static void set(uint64_t *map, uint32_t pair)
{
	map[pair / 64] |= 1ull << (pair % 64);
}

static void clear(uint64_t *map, uint32_t pair)
{
	map[pair / 64] &= ~(1ull << (pair % 64));
}

static void ports_destructor(void *arg)
{
	struct ports *p = arg;

	mem_deref(p->map);
	mem_deref(p->taken);
	mem_deref(p->ring);
}

int ports_alloc(struct ports **pp, uint16_t min, uint16_t max,
		uint32_t quarantine)
{
	struct ports *p;
	uint32_t first = (min + 1u) & ~1u;
	int err = 0;

	if (!pp || !first || first + 1 > max)
		return EINVAL;

	p = mem_zalloc(sizeof(*p), ports_destructor);
	if (!p)
		return ENOMEM;

	p->min = first;
	p->max = max;
	p->pairs = (max - first + 1) / 2;
	p->quarantine = quarantine;
	p->next = rand_u32() % p->pairs;
	p->map = mem_zalloc((p->pairs + 63) / 64 * sizeof(*p->map), NULL);
	p->taken = mem_zalloc((p->pairs + 63) / 64 * sizeof(*p->taken), NULL);
	p->ring = mem_zalloc(p->pairs * sizeof(*p->ring), NULL);
	if (!p->map || !p->taken || !p->ring) {
		err = ENOMEM;
		goto out;
	}

	/* the bits behind the last pair never come free */
	for (uint32_t i = p->pairs; i % 64; i++)
		set(p->map, i);

out:
	if (err)
		mem_deref(p);
	else
		*pp = p;

	return err;
}

static uint32_t wake_oldest(struct ports *p)
{
	uint32_t pair = p->ring[p->head].pair;

	p->head = (p->head + 1) % p->pairs;
	--p->resting;
	clear(p->map, pair);

	return pair;
}

/* First clear bit from p->next on, round the corner once */
static bool search(const struct ports *p, uint32_t *pair)
{
	uint32_t words = (p->pairs + 63) / 64;
	uint32_t w = p->next / 64;
	uint64_t hide = (1ull << (p->next % 64)) - 1;

	for (uint32_t i = 0; i <= words; i++) {
		uint64_t free = ~(p->map[w] | hide);

		if (free) {
			*pair = w * 64 + (uint32_t)__builtin_ctzll(free);
			return true;
		}
		hide = 0;
		w = (w + 1) % words;
	}

	return false;
}

int ports_take(struct ports *p, uint16_t *rtp, uint64_t now)
{
	uint32_t pair;

	if (!p || !rtp)
		return EINVAL;

	while (p->resting && p->ring[p->head].until <= now)
		(void)wake_oldest(p);

	if (p->used + p->resting < p->pairs) {
		if (!search(p, &pair))
			return ENOSPC;
	} else if (p->resting) {
		pair = wake_oldest(p);
	} else {
		return ENOSPC;
	}

	set(p->map, pair);
	set(p->taken, pair);
	++p->used;
	p->next = (pair + 1) % p->pairs;
	*rtp = p->min + pair * 2;

	return 0;
}

int ports_mark(struct ports *p, uint16_t rtp)
{
	uint32_t pair;

	if (!p || rtp < p->min || (rtp & 1) || rtp + 1u > p->max)
		return ERANGE;

	pair = (rtp - p->min) / 2u;
	if (is_set(p->map, pair))
		return EADDRINUSE;

	set(p->map, pair);
	set(p->taken, pair);
	++p->used;

	return 0;
}

void ports_give(struct ports *p, uint16_t rtp, uint64_t now)
{
	uint32_t pair;
	struct rest *r;

	if (!p || rtp < p->min || rtp > p->max)
		return;

	pair = (rtp - p->min) / 2u;
	if (pair >= p->pairs || !is_set(p->taken, pair))
		return;

	clear(p->taken, pair);

	r = &p->ring[(p->head + p->resting) % p->pairs];
	r->pair = pair;
	r->until = now + p->quarantine;
	++p->resting;
	--p->used;
}

bool ports_busy(const struct ports *p, uint16_t port)
{
	uint32_t pair;

	if (!p || port < p->min || port > p->max)
		return false;

	pair = (port - p->min) / 2u;

	return pair < p->pairs && is_set(p->map, pair);
}

void ports_count(const struct ports *p, uint32_t *total, uint32_t *used,
		 uint32_t *resting)
{
	if (total)
		*total = p ? p->pairs : 0;
	if (used)
		*used = p ? p->used : 0;
	if (resting)
		*resting = p ? p->resting : 0;
}

uint16_t ports_min(const struct ports *p)
{
	return p ? p->min : 0;
}

uint16_t ports_max(const struct ports *p)
{
	return p ? p->max : 0;
}
