/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets by name and type, the longest unused at the list's end */
#include <errno.h>
#include <string.h>
#include "dns/priv.h"

enum { BUCKETS = 1024 };

struct entry {
	struct le he, le;
	struct cache *c;
	char *name;
	uint16_t type;
	struct dns_set *set;
};

struct cache {
	struct hash *ht;
	struct list used; /* the latest first                          */
	uint32_t n, max;
};

struct key {
	const char *name;
	uint16_t type;
};

static void entry_destructor(void *arg)
{
	struct entry *en = arg;

	if (en->he.list)
		--en->c->n;
	hash_unlink(&en->he);
	list_unlink(&en->le);
	mem_deref(en->name);
	mem_deref(en->set);
}

void cache_flush(struct cache *c)
{
	list_flush(&c->used);
}

static void destructor(void *arg)
{
	struct cache *c = arg;

	cache_flush(c);
	mem_deref(c->ht);
}

int cache_alloc(struct cache **cp, uint32_t entries)
{
	struct cache *c = mem_zalloc(sizeof(*c), destructor);
	int err;

	if (!c)
		return ENOMEM;
	list_init(&c->used);
	c->max = entries;
	err = hash_alloc(&c->ht, BUCKETS);
	if (err)
		mem_deref(c);
	else
		*cp = c;
	return err;
}

void cache_max(struct cache *c, uint32_t entries)
{
	c->max = entries;
}

static uint32_t bucket(const char *name, uint16_t type)
{
	return hash_joaat_str(name) ^ type;
}

static bool same(struct le *le, void *arg)
{
	const struct entry *en = le->data;
	const struct key *k = arg;

	return en->type == k->type && !strcmp(en->name, k->name);
}

struct dns_set *cache_find(struct cache *c, const char *name, uint16_t type)
{
	struct key k = {name, type};
	struct entry *en = list_ledata(
		hash_lookup(c->ht, bucket(name, type), same, &k));

	if (!en)
		return NULL;
	if (en->set->expires <= tmr_jiffies()) {
		mem_deref(en);
		return NULL;
	}
	list_unlink(&en->le);
	list_prepend(&c->used, &en->le, en);
	return en->set;
}

int cache_put(struct cache *c, const char *name, uint16_t type,
	      struct dns_set *set)
{
	struct key k = {name, type};
	struct entry *en = list_ledata(
		hash_lookup(c->ht, bucket(name, type), same, &k));
	int err;

	mem_deref(en);
	while (c->n >= c->max && c->used.tail)
		mem_deref(c->used.tail->data);
	en = mem_zalloc(sizeof(*en), entry_destructor);
	if (!en)
		return ENOMEM;
	en->c = c;
	err = str_dup(&en->name, name);
	if (err) {
		mem_deref(en);
		return err;
	}
	en->type = type;
	en->set = mem_ref(set);
	hash_append(c->ht, bucket(name, type), &en->he, en);
	list_prepend(&c->used, &en->le, en);
	++c->n;
	return 0;
}
