/* SPDX-License-Identifier: BSD-2-Clause */
/* AORs by name, and their bindings */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/log.h"
#include "carom/sipkey.h"
#include "location/priv.h"

enum {
	BUCKETS = 1024,
	FEW = 64, /* bindings that are put in order without an allocation */
};

static void entries_free(struct aor *a)
{
	while (a->first) {
		struct entry *e = a->first;

		a->first = e->next;
		mem_deref(e);
	}
	mem_deref(a);
}

static void destructor(void *arg)
{
	struct location *l = arg;

	mem_deref(l->watch);
	tmr_cancel(&l->tick);
	change_close(l);
	watch_close(l);
	for (uint32_t i = 0; l->bucketv && i <= l->mask; i++)
		while (l->bucketv[i]) {
			struct aor *a = l->bucketv[i];

			l->bucketv[i] = a->next;
			entries_free(a);
		}
	mem_deref(l->bucketv);
	mem_deref(l->mb);
}

/* ---- AORs ------------------------------------------------------------------------ */

/* Names come from outside: nobody is to choose whose bucket is long */
static uint32_t hash_of(const struct location *l, const struct pl *name)
{
	struct siphash h;

	siphash_start(&h, l->key[0], l->key[1]);
	sipkey_mem(&h, name->p, name->l);
	return (uint32_t)siphash_end(&h);
}

static struct aor *lookup(const struct location *l, const struct pl *name,
			  uint32_t hash)
{
	struct aor *a = l->bucketv[hash & l->mask];

	while (a && (a->hash != hash || a->len != name->l ||
		     memcmp(a->name, name->p, name->l) != 0))
		a = a->next;
	return a;
}

struct aor *aor_find(const struct location *l, const struct pl *name)
{
	return name->l ? lookup(l, name, hash_of(l, name)) : NULL;
}

/* Twice as many buckets; where there is no memory for it, chains are longer */
static void grow(struct location *l)
{
	const uint32_t mask = l->mask * 2 + 1;
	struct aor **v = mem_zalloc((mask + 1) * sizeof(struct aor *), NULL);

	if (!v)
		return;
	for (uint32_t i = 0; i <= l->mask; i++)
		while (l->bucketv[i]) {
			struct aor *a = l->bucketv[i];

			l->bucketv[i] = a->next;
			a->next = v[a->hash & mask];
			v[a->hash & mask] = a;
		}
	mem_deref(l->bucketv);
	l->bucketv = v;
	l->mask = mask;
}

struct aor *aor_get(struct location *l, const struct pl *name)
{
	const uint32_t hash = hash_of(l, name);
	struct aor *a = lookup(l, name, hash);

	if (a)
		return a;
	if (!name->l || name->l > LOCATION_AOR)
		return NULL;
	a = mem_alloc(sizeof(*a) + name->l, NULL);
	if (!a)
		return NULL;
	memset(a, 0, sizeof(*a));
	a->hash = hash;
	a->len = (uint16_t)name->l;
	memcpy(a->name, name->p, name->l);
	if (l->aorc > l->mask)
		grow(l);
	a->next = l->bucketv[hash & l->mask];
	l->bucketv[hash & l->mask] = a;
	++l->aorc;
	return a;
}

void aor_put(struct location *l, struct aor *a)
{
	struct aor **ap = &l->bucketv[a->hash & l->mask];

	if (a->first || a->busy)
		return;
	while (*ap != a)
		ap = &(*ap)->next;
	*ap = a->next;
	--l->aorc;
	mem_deref(a);
}

/* ---- entries --------------------------------------------------------------------- */

struct entry *entry_find(const struct aor *a, const struct pl *id)
{
	struct entry *e = a->first;

	while (e && (e->lenv[TEXT_ID] != id->l ||
		     memcmp(e->text, id->p, id->l) != 0))
		e = e->next;
	return e;
}

static size_t size_of(const struct entry *e)
{
	size_t n = sizeof(*e);

	for (unsigned i = 0; i < TEXTS; i++)
		n += e->lenv[i];
	return n;
}

void entry_add(struct location *l, struct aor *a, struct entry *e)
{
	e->aor = a;
	e->next = a->first;
	a->first = e;
	++a->count;
	++l->entryc;
	l->bytes += size_of(e);
	wheel_add(l, e);
}

void entry_out(struct location *l, struct entry *e)
{
	struct entry **ep = &e->aor->first;

	while (*ep != e)
		ep = &(*ep)->next;
	*ep = e->next;
	e->next = NULL;
	--e->aor->count;
	--l->entryc;
	l->bytes -= size_of(e);
	wheel_remove(e);
}

/* ---- looking --------------------------------------------------------------------- */

static int by_preference(const void *va, const void *vb)
{
	const struct entry *a = *(struct entry *const *)va,
			   *b = *(struct entry *const *)vb;

	if (a->q != b->q)
		return a->q > b->q ? -1 : 1;
	if (a->refreshed != b->refreshed)
		return a->refreshed > b->refreshed ? -1 : 1;
	return 0;
}

bool location_find(const struct location *l, const struct pl *aor, binding_h *h,
		   void *arg)
{
	struct entry *fewv[FEW], **v = fewv;
	const struct aor *a = l && aor ? aor_find(l, aor) : NULL;
	uint32_t now;
	size_t n = 0;
	bool stop = false;

	if (!a || !a->first || !h)
		return false;
	now = (uint32_t)l->now();
	if (a->count > FEW)
		v = mem_alloc(a->count * sizeof(struct entry *), NULL);
	if (!v)
		return false;
	for (struct entry *e = a->first; e; e = e->next)
		if (e->expires > now)
			v[n++] = e;
	if (n > 1)
		qsort(v, n, sizeof(struct entry *), by_preference);
	for (size_t i = 0; i < n && !stop; i++) {
		struct binding b;

		entry_view(&b, v[i]);
		stop = h(&b, arg);
	}
	if (v != fewv)
		mem_deref(v);
	return stop;
}

bool location_each(const struct location *l, binding_h *h, void *arg)
{
	const uint32_t now = l ? (uint32_t)l->now() : 0;

	for (uint32_t i = 0; l && h && i <= l->mask; i++)
		for (const struct aor *a = l->bucketv[i]; a; a = a->next)
			for (const struct entry *e = a->first; e; e = e->next) {
				struct binding b;

				if (e->expires <= now)
					continue;
				entry_view(&b, e);
				if (h(&b, arg))
					return true;
			}
	return false;
}

void location_some(const struct location *l, size_t *at, size_t n, binding_h *h,
		   void *arg)
{
	const uint32_t now = (uint32_t)l->now();
	size_t seen = 0, buckets = 0;

	while (seen < n && buckets++ <= l->mask) {
		const struct aor *a = l->bucketv[*at & l->mask];

		for (; a; a = a->next)
			for (const struct entry *e = a->first; e; e = e->next) {
				struct binding b;

				if (e->expires <= now)
					continue;
				entry_view(&b, e);
				(void)h(&b, arg);
				++seen;
			}
		*at = (*at + 1) & l->mask;
	}
}

size_t location_count(const struct location *l, size_t *aors)
{
	if (aors)
		*aors = l ? l->aorc : 0;
	return l ? l->entryc : 0;
}

size_t location_memory(const struct location *l)
{
	return l ? l->bytes + l->aorc * sizeof(struct aor) +
			       (l->mask + 1) * sizeof(struct aor *) + sizeof(*l)
		 : 0;
}

unsigned location_alive(struct location *l, const struct pl *aor,
			const struct pl *id, uint32_t rtt)
{
	struct aor *a = aor_find(l, aor);
	struct entry *e = a ? entry_find(a, id) : NULL;

	if (!e)
		return 0;
	if (rtt) {
		e->rtt = rtt;
		e->failed = 0;
	} else if (e->failed < UINT8_MAX) {
		++e->failed;
	}
	return e->failed;
}

/* ---- start ----------------------------------------------------------------------- */

struct reader {
	struct location *l;
	uint32_t now;
	size_t bad;
	int err;
};

static bool read_one(const struct pl *key, const struct pl *value, void *arg)
{
	struct reader *r = arg;
	struct entry *e = NULL;
	struct binding b;
	struct aor *a;

	if (record_key_parse(&b.aor, &b.id, key) ||
	    record_parse(&b, value, r->l->node)) {
		++r->bad;
		return false;
	}
	if (b.expires <= r->now)
		return false;
	r->err = entry_alloc(&e, &b);
	if (r->err == EINVAL) {
		++r->bad;
		r->err = 0;
		return false;
	}
	a = r->err ? NULL : aor_get(r->l, &b.aor);
	if (a)
		entry_add(r->l, a, e);
	else
		mem_deref(e);
	if (!r->err && !a)
		r->err = ENOMEM;
	return r->err;
}

static int read_all(struct location *l)
{
	struct reader r = {.l = l, .now = (uint32_t)l->now()};
	int err = store_each(l->store, LOCATION_KIND, read_one, &r);

	if (r.bad)
		log_warn("location: %zu records of the store can't be read: "
			 "left out",
			 r.bad);
	return err ? err : r.err;
}

static uint64_t wall_clock(void)
{
	return (uint64_t)time(NULL);
}

int location_alloc(struct location **lp, struct store *store, const char *node,
		   uint64_t (*now)(void))
{
	struct location *l;
	int err = 0;

	if (!lp || !store || str_len(node) > LOCATION_NODE)
		return EINVAL;
	l = mem_zalloc(sizeof(*l), destructor);
	if (!l)
		return ENOMEM;
	tmr_init(&l->tick);
	l->store = store;
	str_ncpy(l->node, node ? node : "", sizeof(l->node));
	l->now = now ? now : wall_clock;
	l->key[0] = rand_u64();
	l->key[1] = rand_u64();
	l->wheel_at = (uint32_t)l->now();
	l->mask = BUCKETS - 1;
	l->bucketv = mem_zalloc(BUCKETS * sizeof(struct aor *), NULL);
	l->mb = mbuf_alloc(512);
	if (!l->bucketv || !l->mb)
		err = ENOMEM;
	if (!err)
		err = store_watch(&l->watch, store, LOCATION_KIND,
				  change_foreign, l);
	if (!err)
		err = read_all(l);
	if (err)
		mem_deref(l);
	else {
		wheel_start(l);
		*lp = l;
	}
	return err;
}
