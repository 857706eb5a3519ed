/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "digest/replay.h"

enum { WAYS = 4, LAST = 4, WINDOW = 64, MAX = 1 << 20, LINE = 64 };

struct used {
	uint64_t request;
	uint32_t at; /* s, when it first came */
	uint32_t count;
};

/* Four nonces that share a place. What is looked at for each request is in two lines
 * of the cache, and what it may be a retransmission of in a third */
struct bucket {
	uint64_t idv[WAYS];
	uint32_t madev[WAYS]; /* s since 1970; 0: free                     */
	uint32_t low; /* made when or before: may have been forgotten      */
	uint8_t nextv[WAYS];    /* of last                                  */
	uint64_t windowv[WAYS]; /* bit n: top - n has been used             */
	uint32_t topv[WAYS];
	_Alignas(LINE) struct used lastv[WAYS][LAST];
};

struct replay {
	size_t mask; /* of a bucket's number */
	struct bucket *bucketv;
};

static void destructor(void *arg)
{
	struct replay *r = arg;

	free(r->bucketv);
}

int replay_alloc(struct replay **rp, size_t n)
{
	struct replay *r;
	size_t buckets = 1;

	if (!rp || n < WAYS || n > MAX)
		return EINVAL;
	while (buckets * WAYS < n)
		buckets *= 2;
	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;
	r->bucketv = aligned_alloc(LINE, buckets * sizeof(struct bucket));
	if (!r->bucketv) {
		mem_deref(r);
		return ENOMEM;
	}
	memset(r->bucketv, 0, buckets * sizeof(struct bucket));
	r->mask = buckets - 1;
	*rp = r;
	return 0;
}

/* In the place of that which was made first. @return its place, or WAYS: it may be one
 * that was forgotten */
static unsigned take(struct bucket *b, uint64_t id, uint32_t made)
{
	unsigned w = 0;

	if (made <= b->low)
		return WAYS;
	for (unsigned i = 1; i < WAYS; i++)
		if (b->madev[i] < b->madev[w])
			w = i;
	if (b->madev[w] > b->low)
		b->low = b->madev[w];
	b->idv[w] = id;
	b->madev[w] = made;
	b->windowv[w] = 0;
	b->topv[w] = 0;
	b->nextv[w] = 0;
	memset(b->lastv[w], 0, sizeof(b->lastv[w]));
	return w;
}

static unsigned place(struct bucket *b, uint64_t id, uint32_t made)
{
	for (unsigned w = 0; w < WAYS; w++)
		if (b->idv[w] == id && b->madev[w])
			return w;
	return take(b, id, made);
}

static bool first(struct bucket *b, unsigned w, const struct used *u)
{
	b->lastv[w][b->nextv[w]] = *u;
	b->nextv[w] = (b->nextv[w] + 1) % LAST;
	return true;
}

static bool again(const struct bucket *b, unsigned w, const struct used *now)
{
	for (unsigned i = 0; i < LAST; i++) {
		const struct used *u = &b->lastv[w][i];

		if (u->count == now->count && u->request == now->request &&
		    now->at - u->at <= REPLAY_AGAIN)
			return true;
	}
	return false;
}

bool replay_use(struct replay *r, uint64_t id, uint32_t count, uint64_t request,
		uint64_t now, uint64_t made)
{
	struct bucket *b = &r->bucketv[id & r->mask];
	const struct used u = {request, (uint32_t)now, count};
	const unsigned w = place(b, id, (uint32_t)made);
	uint32_t ahead, behind;

	if (w == WAYS)
		return false;
	if (count > b->topv[w]) {
		ahead = count - b->topv[w];
		b->windowv[w] = ahead < WINDOW ? b->windowv[w] << ahead : 0;
		b->windowv[w] |= 1;
		b->topv[w] = count;
		return first(b, w, &u);
	}
	behind = b->topv[w] - count;
	if (behind >= WINDOW || b->windowv[w] >> behind & 1)
		return again(b, w, &u);
	b->windowv[w] |= 1ull << behind;
	return first(b, w, &u);
}
