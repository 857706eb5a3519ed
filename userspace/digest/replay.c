/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include "digest/replay.h"

enum { WAYS = 4, LAST = 4, WINDOW = 64, MAX = 1 << 20 };

struct used {
	uint64_t request;
	uint64_t at; /* s, when it first came */
	uint32_t count;
};

struct nonce {
	uint64_t id;
	uint64_t expires; /* s; 0: free                       */
	uint64_t window;  /* bit n: top - n has been used     */
	uint32_t top;
	unsigned next;          /* of last                          */
	struct used last[LAST]; /* may be retransmitted             */
};

struct replay {
	size_t mask; /* of a bucket's number */
	struct nonce nonces[];
};

int replay_alloc(struct replay **rp, size_t n)
{
	struct replay *r;
	size_t buckets = 1;

	if (!rp || n < WAYS || n > MAX)
		return EINVAL;
	while (buckets * WAYS < n)
		buckets *= 2;
	r = mem_zalloc(sizeof(*r) + buckets * WAYS * sizeof(r->nonces[0]),
		       NULL);
	if (!r)
		return ENOMEM;
	r->mask = buckets - 1;
	*rp = r;
	return 0;
}

/* The nonce's own entry, else the one to be given up for it */
static struct nonce *entry(struct replay *r, uint64_t id)
{
	struct nonce *bucket = &r->nonces[(id & r->mask) * WAYS];
	struct nonce *first = bucket;

	for (unsigned i = 0; i < WAYS; i++) {
		if (bucket[i].expires && bucket[i].id == id)
			return &bucket[i];
		if (bucket[i].expires < first->expires)
			first = &bucket[i];
	}
	return first;
}

static void note(struct nonce *n, uint32_t count, uint64_t request,
		 uint64_t now)
{
	n->last[n->next] = (struct used){request, now, count};
	n->next = (n->next + 1) % LAST;
}

static bool again(const struct nonce *n, uint32_t count, uint64_t request,
		  uint64_t now)
{
	for (unsigned i = 0; i < LAST; i++) {
		const struct used *u = &n->last[i];

		if (u->count == count && u->request == request &&
		    now - u->at <= REPLAY_AGAIN)
			return true;
	}
	return false;
}

bool replay_use(struct replay *r, uint64_t id, uint32_t count, uint64_t request,
		uint64_t now, uint64_t expires)
{
	struct nonce *n = entry(r, id);
	uint32_t ahead, behind;

	if (!n->expires || n->id != id)
		*n = (struct nonce){.id = id, .expires = expires};
	if (count > n->top) {
		ahead = count - n->top;
		n->window = ahead < WINDOW ? n->window << ahead : 0;
		n->window |= 1;
		n->top = count;
		note(n, count, request, now);
		return true;
	}
	behind = n->top - count;
	if (behind >= WINDOW || n->window >> behind & 1)
		return again(n, count, request, now);
	n->window |= 1ull << behind;
	note(n, count, request, now);
	return true;
}
