/* SPDX-License-Identifier: BSD-2-Clause */
/* Sources that go on guessing though nobody answers them any more: who has done so
 * often enough is kept out before anybody reads what it sends */
#include <errno.h>
#include <string.h>
#include "registrar/priv.h"

enum {
	SOURCES = 4096,
	ENOUGH = 100,    /* tries that were not answered              */
	WITHIN = 600000, /* ms                                        */
};

struct suspect {
	struct sa addr;
	uint64_t since;
	unsigned tries;
};

/* By the address's hash: who shares a place with another takes it over, and a
 * source that is lucky there is still held */
struct block {
	struct suspect v[SOURCES];
};

int block_alloc(struct block **bp)
{
	*bp = mem_zalloc(sizeof(**bp), NULL);
	return *bp ? 0 : ENOMEM;
}

bool block_count(struct block *b, const struct sa *src, uint64_t now)
{
	struct suspect *s = &b->v[sa_hash(src, SA_ADDR) % SOURCES];

	if (!sa_cmp(&s->addr, src, SA_ADDR) || now - s->since > WITHIN) {
		sa_cpy(&s->addr, src);
		s->since = now;
		s->tries = 0;
	}
	if (++s->tries < ENOUGH)
		return false;
	s->tries = 0;
	return true;
}
