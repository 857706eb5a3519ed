/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop: records of watched kinds that we are writing */
#include <string.h>

#include "store/redis.h"

/* What we are writing */
struct pending {
	struct le le, he;
	uint64_t seq;
	size_t len; /* KIND, NUL, KEY */
	char name[];
};

struct name {
	const char *kind;
	const struct pl *key;
};

static uint32_t hash_name(const struct redis *r, const struct name *n)
{
	return (uint32_t)redis_hash(r, n->key) ^ hash_joaat_str(n->kind);
}

static bool pending_cmp(struct le *le, void *arg)
{
	const struct pending *p = le->data;
	const struct name *n = arg;
	const size_t len = strlen(n->kind) + 1;

	return p->len == len + n->key->l && !memcmp(p->name, n->kind, len) &&
	       !memcmp(p->name + len, n->key->p, n->key->l);
}

static struct pending *pending_find(const struct redis *r, const char *kind,
				    const struct pl *key)
{
	struct name n = {kind, key};

	return list_ledata(
		hash_lookup(r->pending, hash_name(r, &n), pending_cmp, &n));
}

static void pending_destructor(void *data)
{
	struct pending *p = data;

	hash_unlink(&p->he);
	list_unlink(&p->le);
}

void redis_pending_set(struct redis *r, const char *kind, const struct pl *key,
		       uint64_t seq)
{
	struct pending *p = pending_find(r, kind, key);
	const struct name n = {kind, key};
	const size_t len = strlen(kind) + 1;

	if (!p) {
		p = mem_alloc(sizeof(*p) + len + key->l, pending_destructor);
		if (!p)
			return;
		memset(p, 0, sizeof(*p));
		p->len = len + key->l;
		memcpy(p->name, kind, len);
		memcpy(p->name + len, key->p, key->l);
		hash_append(r->pending, hash_name(r, &n), &p->he, p);
	}
	p->seq = seq;
	list_unlink(&p->le);
	list_append(&r->pendings, &p->le, p);
}

bool redis_pending(const struct redis *r, const char *kind,
		   const struct pl *key, uint64_t seen)
{
	const struct pending *p = pending_find(r, kind, key);

	return p && p->seq > seen;
}

/* What is older than a resync under way is kept for its end */
void redis_pending_forget(struct redis *r, uint64_t seen)
{
	struct pending *p;

	if (r->syncing && seen > r->begun)
		seen = r->begun;
	while ((p = list_ledata(r->pendings.head)) && p->seq <= seen)
		mem_deref(p);
}
