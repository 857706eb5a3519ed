/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop: who wants to know what other nodes change, and what they know
 *
 * Notices come in the order in which Redis did things, ours among them. One of
 * another node's about a record that we are writing, and have not heard our own
 * of, is older than what we write: it is passed over. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/redis.h"

enum { TURN = 1000 }; /* news told before others get their turn */

struct watch {
	struct le le;
	struct redis *r;
	char kind[STORE_KIND_MAX + 1];
	store_change_h *h;
	void *arg;
	struct hash *known;
	unsigned generation; /* of the last resync */
};

/* A record that its handler was told of, or has written itself */
struct known {
	struct le le;
	unsigned generation;
	uint64_t value; /* hash of it */
	bool doubt;     /* whether it is that */
	size_t len;
	char key[];
};

/* ---- known ------------------------------------------------------------------ */

static bool known_cmp(struct le *le, void *arg)
{
	const struct known *k = le->data;
	const struct pl *key = arg;

	return k->len == key->l && !memcmp(k->key, key->p, k->len);
}

static struct known *known_find(const struct watch *w, const struct pl *key)
{
	return list_ledata(hash_lookup(w->known,
				       (uint32_t)redis_hash(w->r, key),
				       known_cmp, (void *)key));
}

static void known_destructor(void *data)
{
	struct known *k = data;

	hash_unlink(&k->le);
}

static struct known *known_add(struct watch *w, const struct pl *key)
{
	struct known *k = mem_alloc(sizeof(*k) + key->l, known_destructor);

	if (!k)
		return NULL;
	memset(k, 0, sizeof(*k));
	k->len = key->l;
	memcpy(k->key, key->p, key->l);
	hash_append(w->known, (uint32_t)redis_hash(w->r, key), &k->le, k);

	return k;
}

/* @return whether that is news */
static bool learn(struct watch *w, const struct pl *key, const struct pl *value)
{
	struct known *k = known_find(w, key);
	uint64_t hash;
	bool is_new;

	if (!value->p) {
		mem_deref(k);
		return k != NULL;
	}
	hash = redis_hash(w->r, value);
	is_new = !k || k->doubt || k->value != hash;
	if (!k)
		k = known_add(w, key);
	if (k) {
		k->value = hash;
		k->doubt = false;
		k->generation = w->generation;
	}

	return is_new;
}

/* ---- news ------------------------------------------------------------------- */

static struct watch *watch_find(const struct redis *r, const char *kind)
{
	for (struct le *le = r->watches.head; le; le = le->next) {
		struct watch *w = le->data;

		if (!strcmp(w->kind, kind))
			return w;
	}

	return NULL;
}

void redis_known(struct redis *r, const struct store_op *op, uint64_t seq)
{
	bool any = false;

	for (struct le *le = r->watches.head; le; le = le->next) {
		struct watch *w = le->data;

		if (strcmp(w->kind, op->kind) != 0)
			continue;
		(void)learn(w, &op->key, &op->value);
		any = true;
	}
	if (any && seq)
		redis_pending_set(r, op->kind, &op->key, seq);
}

void redis_doubt(const struct job *job, void *arg)
{
	const struct redis *r = arg;

	for (size_t i = 0; i < job->opc; i++)
		for (struct le *le = r->watches.head; le; le = le->next) {
			struct watch *w = le->data;
			struct known *k;

			if (strcmp(w->kind, job->opv[i].kind) != 0)
				continue;
			k = known_find(w, &job->opv[i].key);
			if (!k)
				k = known_add(w, &job->opv[i].key);
			if (k)
				k->doubt = true;
		}
}

struct sweep {
	const struct watch *w;
	struct list gone;
};

static bool take_old(struct le *le, void *arg)
{
	struct known *k = le->data;
	struct sweep *s = arg;
	const struct pl key = {k->key, k->len};

	if (k->generation != s->w->generation &&
	    !redis_pending(s->w->r, s->w->kind, &key, s->w->r->begun)) {
		hash_unlink(&k->le);
		list_append(&s->gone, &k->le, k);
	}

	return false;
}

/* What did not come is gone */
static void sweep(struct watch *w)
{
	struct sweep s = {.w = w};
	struct known *k;

	(void)hash_apply(w->known, take_old, &s);
	while ((k = list_ledata(s.gone.head))) {
		const struct pl key = {k->key, k->len};

		list_unlink(&k->le);
		w->h(w->kind, &key, NULL, w->arg);
		mem_deref(k);
	}
}

static void change(struct watch *w, const struct news *n)
{
	struct known *k;

	if (redis_pending(w->r, n->kind, &n->key,
			  n->type == NEWS_RECORD ? w->r->begun : n->seen)) {
		k = known_find(w, &n->key);
		if (k)
			k->generation = w->generation;
		return;
	}
	if (learn(w, &n->key, &n->value))
		w->h(w->kind, &n->key, n->value.p ? &n->value : NULL, w->arg);
}

static void tell(struct redis *r, const struct news *n)
{
	struct le *le = r->watches.head;

	if (n->type == NEWS_BEGIN) {
		r->begun = n->seen;
		r->syncing = true;
	}
	while (le) {
		struct watch *w = le->data;

		le = le->next;
		if (strcmp(w->kind, n->kind) != 0)
			continue;
		if (n->type == NEWS_BEGIN)
			++w->generation;
		else if (n->type == NEWS_END)
			sweep(w);
		else
			change(w, n);
	}
	if (n->type == NEWS_END)
		r->syncing = false;
	redis_pending_forget(r, n->seen);
}

void redis_told(void *arg)
{
	struct redis *r = arg;
	struct news *n;
	uint64_t seen;

	for (unsigned i = 0; i < TURN; i++) {
		(void)pthread_mutex_lock(&r->lock);
		n = list_ledata(r->news.head);
		if (n)
			list_unlink(&n->le);
		seen = r->seen_last;
		(void)pthread_mutex_unlock(&r->lock);
		if (!n) {
			redis_pending_forget(r, seen);
			return;
		}
		tell(r, n);
		free(n);
	}
	queue_tell(r->q);
}

/* ---- watches ------------------------------------------------------------------ */

static void destructor(void *data)
{
	struct watch *w = data;

	list_unlink(&w->le);
	hash_flush(w->known);
	mem_deref(w->known);
}

/* The thread reads all there is of a kind that it did not know of */
static int announce(struct redis *r, const char *kind)
{
	void *p;
	int err = 0;

	(void)pthread_mutex_lock(&r->lock);
	p = realloc(r->watchedv, (r->watchedc + 1) * sizeof(*r->watchedv));
	if (p) {
		r->watchedv = p;
		if (!watch_find(r, kind))
			str_ncpy(r->watchedv[r->watchedc++], kind,
				 sizeof(*r->watchedv));
		r->watched = true;
	} else {
		err = ENOMEM;
	}
	(void)pthread_mutex_unlock(&r->lock);

	return err;
}

int redis_watch_alloc(void **wp, struct redis *r, const char *kind,
		      store_change_h *h, void *arg)
{
	struct watch *w;
	int err;

	w = mem_zalloc(sizeof(*w), destructor);
	if (!w)
		return ENOMEM;
	w->r = r;
	str_ncpy(w->kind, kind, sizeof(w->kind));
	w->h = h;
	w->arg = arg;
	err = hash_alloc(&w->known, 16384);
	if (!err && !redis_is_own(r, kind))
		err = announce(r, kind);
	if (err) {
		mem_deref(w);
		return err;
	}
	list_append(&r->watches, &w->le, w);
	queue_wake(r->q);
	*wp = w;

	return 0;
}
