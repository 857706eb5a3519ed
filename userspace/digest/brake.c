/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include "carom/siphash.h"
#include "digest/brake.h"

enum { WAYS = 4, BUCKETS = 2048, MINUTE = 60000 };

struct source {
	uint64_t id;
	uint64_t full; /* ms, when its bucket will be full again (GCRA) */
};

struct brake {
	uint64_t key[2]; /* so that nobody can choose whom he displaces */
	uint64_t step;   /* ms for a token; 0: no limit                 */
	struct source sourcev[BUCKETS][WAYS];
};

int brake_alloc(struct brake **bp)
{
	struct brake *b;

	if (!bp)
		return EINVAL;
	b = mem_zalloc(sizeof(*b), NULL);
	if (!b)
		return ENOMEM;
	b->key[0] = rand_u64();
	b->key[1] = rand_u64();
	*bp = b;
	return 0;
}

void brake_limit(struct brake *b, uint32_t per_minute)
{
	b->step = per_minute ? max(MINUTE / per_minute, 1) : 0;
}

static uint64_t id_of(const struct brake *b, const struct sa *src)
{
	uint64_t words = 0;
	struct siphash h;

	if (sa_af(src) == AF_INET6)
		memcpy(&words, &src->u.in6.sin6_addr, 8);
	else
		memcpy(&words, &src->u.in.sin_addr, 4);
	siphash_start(&h, b->key[0], b->key[1]);
	siphash_word(&h, (uint64_t)sa_af(src));
	siphash_word(&h, words);
	return siphash_end(&h);
}

static struct source *find(struct brake *b, uint64_t id)
{
	struct source *v = b->sourcev[id % BUCKETS];

	for (unsigned i = 0; i < WAYS; i++)
		if (v[i].full && v[i].id == id)
			return &v[i];
	return NULL;
}

bool brake_held(struct brake *b, const struct sa *src, uint64_t now)
{
	const struct source *s = b->step ? find(b, id_of(b, src)) : NULL;

	/* a minute's worth is owed when not even one more step fits */
	return s && s->full > now && s->full - now + b->step > MINUTE;
}

void brake_wrong(struct brake *b, const struct sa *src, uint64_t now)
{
	const uint64_t id = id_of(b, src);
	struct source *v = b->sourcev[id % BUCKETS], *s;

	if (!b->step)
		return;
	s = find(b, id);
	if (!s) {
		s = v;
		for (unsigned i = 1; i < WAYS; i++)
			if (v[i].full < s->full)
				s = &v[i];
		*s = (struct source){.id = id, .full = now};
	}
	s->full = (s->full > now ? s->full : now) + b->step;
}
