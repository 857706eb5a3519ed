/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "digest/replay.h"

enum { WAYS = 16, LAST = 4, WINDOW = 64, MAX = 1 << 20, LINE = 64 };

/* Of a nonce: a line of the cache */
struct used {
	uint64_t window; /* bit n: top - n has been used      */
	uint32_t top;
	uint32_t next;           /* of those behind it                */
	uint64_t requestv[LAST]; /* that may come again, each with its count */
	uint32_t atv[LAST];      /* s, when it first came             */
};

/* Nonces that share a place: so many that it hardly ever happens that more than have room
 * come in one second, in which 50,000 phones log in. What one is found by is in four lines,
 * far from the others */
struct bucket {
	uint64_t idv[WAYS];
	uint32_t madev[WAYS]; /* s since 1970; 0: free                     */
	uint32_t low; /* made when or before: may have been forgotten      */
	_Alignas(LINE) struct used usedv[WAYS];
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
	memset(&b->usedv[w], 0, sizeof(b->usedv[w]));
	return w;
}

static unsigned place(struct bucket *b, uint64_t id, uint32_t made)
{
	for (unsigned w = 0; w < WAYS; w++)
		if (b->idv[w] == id && b->madev[w])
			return w;
	return take(b, id, made);
}

static bool first(struct used *u, uint64_t request, uint32_t now)
{
	u->requestv[u->next] = request;
	u->atv[u->next] = now;
	u->next = (u->next + 1) % LAST;
	return true;
}

static bool again(const struct used *u, uint64_t request, uint32_t now)
{
	for (unsigned i = 0; i < LAST; i++)
		if (u->atv[i] && u->requestv[i] == request &&
		    now - u->atv[i] <= REPLAY_AGAIN)
			return true;
	return false;
}

bool replay_use(struct replay *r, uint64_t id, uint32_t count, uint64_t request,
		uint64_t now, uint64_t made)
{
	struct bucket *b = &r->bucketv[id & r->mask];
	const unsigned w = place(b, id, (uint32_t)made);
	const uint32_t at = (uint32_t)now + 1; /* 0: none */
	uint32_t ahead, behind;
	struct used *u;

	if (w == WAYS)
		return false;
	u = &b->usedv[w];
	request += count * 0x9e3779b97f4a7c15ull;
	if (count > u->top) {
		ahead = count - u->top;
		u->window = ahead < WINDOW ? u->window << ahead : 0;
		u->window |= 1;
		u->top = count;
		return first(u, request, at);
	}
	behind = u->top - count;
	if (behind >= WINDOW || u->window >> behind & 1)
		return again(u, request, at);
	u->window |= 1ull << behind;
	return first(u, request, at);
}
