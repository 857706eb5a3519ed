/* SPDX-License-Identifier: BSD-2-Clause */
/* Who subscribes without saying who he is, by a datagram: its source may be forged, and
 * a NOTIFY that nobody answers is sent eleven times (RFC 6665 6.3)
 *
 * So few subscriptions of an address wait for the answer to their first NOTIFY at a
 * time, and few in all, until it has answered one. One that goes on not to answer, or
 * says that it has not asked, is not sent any more for a while. */
#include <errno.h>
#include <string.h>
#include "carom/siphash.h"
#include "digest/brake.h"
#include "presence/priv.h"

enum {
	BUCKETS = 1024,
	KNOWN = 8192,    /* addresses that are remembered                   */
	EACH = 8,        /* subscriptions of one that wait for an answer    */
	ALL = 1024,      /* and of all                                     */
	LOST = 10,       /* a minute, of one address                       */
	PROVEN = 600000, /* ms that an answer counts                        */
};

struct guest {
	struct le he, le;
	struct guests *gs;
	struct sa addr;
	unsigned open;
	uint64_t proven; /* ms: until when                                 */
};

struct guests {
	struct hash *hash;
	struct list order; /* the one that was looked at last behind       */
	struct brake *brake;
	uint64_t key[2];
	unsigned known, open;
};

static void destructor(void *arg)
{
	struct guests *gs = arg;

	list_flush(&gs->order);
	mem_deref(gs->hash);
	mem_deref(gs->brake);
}

static void guest_destructor(void *arg)
{
	struct guest *g = arg;

	hash_unlink(&g->he);
	list_unlink(&g->le);
	--g->gs->known;
}

int guests_alloc(struct guests **gp)
{
	struct guests *gs = mem_zalloc(sizeof(*gs), destructor);
	int err;

	if (!gs)
		return ENOMEM;
	gs->key[0] = rand_u64();
	gs->key[1] = rand_u64();
	err = hash_alloc(&gs->hash, BUCKETS);
	if (!err)
		err = brake_alloc(&gs->brake);
	if (!err)
		brake_limit(gs->brake, LOST);
	if (err)
		mem_deref(gs);
	else
		*gp = gs;
	return err;
}

/* Whoever has one address of an IPv6 network has them all */
static uint32_t place(const struct guests *gs, struct sa *addr,
		      const struct sa *src)
{
	uint64_t word = 0;
	struct siphash h;

	sa_cpy(addr, src);
	sa_set_port(addr, 0);
	if (sa_af(src) == AF_INET6) {
		memset(&addr->u.in6.sin6_addr.s6_addr[8], 0, 8);
		memcpy(&word, &addr->u.in6.sin6_addr, 8);
	} else {
		word = sa_in(src);
	}
	siphash_start(&h, gs->key[0], gs->key[1]);
	siphash_word(&h, word);
	return (uint32_t)siphash_end(&h);
}

static struct guest *find(const struct guests *gs, const struct sa *src)
{
	struct sa addr;
	struct le *le = list_head(hash_list(gs->hash, place(gs, &addr, src)));

	for (; le; le = le->next) {
		struct guest *g = le->data;

		if (sa_cmp(&g->addr, &addr, SA_ADDR))
			return g;
	}
	return NULL;
}

/* In the place of one that nothing is awaited of */
static bool make_room(struct guests *gs)
{
	struct le *le = list_head(&gs->order);

	while (gs->known >= KNOWN && le) {
		struct guest *g = le->data;

		le = le->next;
		if (!g->open)
			mem_deref(g);
	}
	return gs->known < KNOWN;
}

static struct guest *get(struct guests *gs, const struct sa *src)
{
	struct guest *g = find(gs, src);
	uint32_t at;

	if (g) {
		list_unlink(&g->le);
		list_append(&gs->order, &g->le, g);
		return g;
	}
	g = make_room(gs) ? mem_zalloc(sizeof(*g), guest_destructor) : NULL;
	if (!g)
		return NULL;
	at = place(gs, &g->addr, src);
	g->gs = gs;
	++gs->known;
	hash_append(gs->hash, at, &g->he, g);
	list_append(&gs->order, &g->le, g);
	return g;
}

bool guest_comes(struct guests *gs, const struct sa *src, uint64_t now)
{
	struct guest *g;

	if (brake_held(gs->brake, src, now))
		return false;
	g = get(gs, src);
	if (!g || (now >= g->proven && (g->open >= EACH || gs->open >= ALL)))
		return false;
	++g->open;
	++gs->open;
	return true;
}

void guest_leaves(struct guests *gs, const struct sa *src)
{
	struct guest *g = find(gs, src);

	if (!g || !g->open)
		return;
	--g->open;
	--gs->open;
}

void guest_answered(struct guests *gs, const struct sa *src, bool well,
		    uint64_t now)
{
	struct guest *g = find(gs, src);

	if (!well)
		brake_wrong(gs->brake, src, now);
	else if (g)
		g->proven = now + PROVEN;
	guest_leaves(gs, src);
}
