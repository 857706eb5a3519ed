/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file plane/ring.c  A bounded queue: many write, one reads
 */
#include <errno.h>
#include <re.h>
#include "plane/ring.h"

struct cell {
	uint64_t turn; /* = ticket: may be written; + 1: may be read */
	uint8_t data[];
};

struct ring {
	uint64_t tail;    /* next to be written */
	uint8_t pad[120]; /* writers and reader each have their line */
	uint64_t head;    /* next to be read    */
	uint32_t mask, step;
	uint8_t *cells;
};

static void destructor(void *arg)
{
	struct ring *r = arg;

	mem_deref(r->cells);
}

static struct cell *cell_at(const struct ring *r, uint64_t n)
{
	return (struct cell *)(r->cells + (n & r->mask) * r->step);
}

int ring_alloc(struct ring **rp, uint32_t cells, uint32_t size)
{
	struct ring *r;

	if (!rp || !cells || cells & (cells - 1) || !size)
		return EINVAL;

	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;

	r->mask = cells - 1;
	r->step = (uint32_t)((sizeof(struct cell) + size + 63) & ~63u);
	r->cells = mem_zalloc((size_t)cells * r->step, NULL);
	if (!r->cells) {
		mem_deref(r);
		return ENOMEM;
	}
	for (uint32_t i = 0; i < cells; i++)
		cell_at(r, i)->turn = i;
	*rp = r;

	return 0;
}

void *ring_claim(struct ring *r, uint64_t *ticket)
{
	uint64_t at = __atomic_load_n(&r->tail, __ATOMIC_RELAXED);

	for (;;) {
		struct cell *c = cell_at(r, at);
		uint64_t turn = __atomic_load_n(&c->turn, __ATOMIC_ACQUIRE);

		if (turn == at) {
			if (__atomic_compare_exchange_n(&r->tail, &at, at + 1,
							true, __ATOMIC_RELAXED,
							__ATOMIC_RELAXED)) {
				*ticket = at;
				return c->data;
			}
		} else if ((int64_t)(turn - at) < 0) {
			return NULL;
		} else {
			at = __atomic_load_n(&r->tail, __ATOMIC_RELAXED);
		}
	}
}

void ring_publish(struct ring *r, uint64_t ticket)
{
	__atomic_store_n(&cell_at(r, ticket)->turn, ticket + 1,
			 __ATOMIC_RELEASE);
}

void *ring_front(struct ring *r)
{
	struct cell *c = cell_at(r, r->head);

	if (__atomic_load_n(&c->turn, __ATOMIC_ACQUIRE) != r->head + 1)
		return NULL;

	return c->data;
}

void ring_pop(struct ring *r)
{
	__atomic_store_n(&cell_at(r, r->head)->turn, r->head + r->mask + 1,
			 __ATOMIC_RELEASE);
	++r->head;
}
