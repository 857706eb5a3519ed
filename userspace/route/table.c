/* SPDX-License-Identifier: BSD-2-Clause */
/* All routes: by prefix for calls, in the order of their ids for people */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "route/table.h"

enum { BUCKETS = 4096 };

static void destructor(void *arg)
{
	struct routes *t = arg;

	for (size_t i = 0; i < t->n; i++)
		mem_deref(t->v[i]);
	mem_deref(t->v);
	hash_flush(t->prefixes);
	mem_deref(t->prefixes);
}

static void group_destructor(void *arg)
{
	struct group *g = arg;

	hash_unlink(&g->he);
	mem_deref(g->prefix);
	mem_deref(g->v);
}

int routes_alloc(struct routes **rp)
{
	struct routes *t;
	int err;

	if (!rp)
		return EINVAL;
	t = mem_zalloc(sizeof(*t), destructor);
	if (!t)
		return ENOMEM;
	err = hash_alloc(&t->prefixes, BUCKETS);
	if (err)
		mem_deref(t);
	else
		*rp = t;
	return err;
}

/* ---- by id -------------------------------------------------------------- */

/* Where it is, or would be */
static size_t place(const struct routes *t, const char *id, bool *here)
{
	size_t lo = 0, hi = t->n;

	*here = false;
	while (lo < hi) {
		const size_t mid = (lo + hi) / 2;
		const int c = strcmp(t->v[mid]->id, id);

		if (!c) {
			*here = true;
			return mid;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Room for n pointers at least; doubles */
static int room(struct route ***vp, size_t *size, size_t n)
{
	struct route **v;
	size_t want = *size ? *size : 4;

	while (want < n)
		want *= 2;
	if (want == *size)
		return 0;
	v = *vp ? mem_realloc(*vp, want * sizeof(void *))
		: mem_alloc(want * sizeof(void *), NULL);
	if (!v)
		return ENOMEM;
	*vp = v;
	*size = want;
	return 0;
}

/* ---- by prefix ---------------------------------------------------------- */

static bool same_prefix(struct le *le, void *arg)
{
	const struct group *g = le->data;
	const struct pl *prefix = arg;

	return !pl_strcmp(prefix, g->prefix);
}

struct group *routes_group(const struct routes *t, const struct pl *prefix)
{
	return list_ledata(hash_lookup(
		t->prefixes, hash_joaat((const uint8_t *)prefix->p, prefix->l),
		same_prefix, (void *)prefix));
}

static int group_add(struct routes *t, struct route *r)
{
	struct pl prefix;
	struct group *g;
	int err = 0;

	pl_set_str(&prefix, r->prefix);
	g = routes_group(t, &prefix);
	if (!g) {
		g = mem_zalloc(sizeof(*g), group_destructor);
		if (!g)
			return ENOMEM;
		err = str_dup(&g->prefix, r->prefix);
		if (!err)
			hash_append(t->prefixes, hash_joaat_str(r->prefix),
				    &g->he, g);
	}
	if (!err)
		err = room(&g->v, &g->size, g->n + 1);
	if (!err)
		g->v[g->n++] = r;
	else if (!g->n)
		mem_deref(g);
	return err;
}

static void group_del(struct routes *t, const struct route *r)
{
	struct pl prefix;
	struct group *g;

	pl_set_str(&prefix, r->prefix);
	g = routes_group(t, &prefix);
	for (size_t i = 0; g && i < g->n; i++) {
		if (g->v[i] != r)
			continue;
		g->v[i] = g->v[--g->n];
		break;
	}
	if (g && !g->n)
		mem_deref(g);
}

/* ------------------------------------------------------------------------- */

int routes_put(struct routes *t, struct route *r)
{
	bool here;
	size_t i;
	int err;

	if (!t || !r)
		return EINVAL;
	i = place(t, r->id, &here);
	if (here && t->v[i] == r)
		return 0;
	if (!here && t->n >= ROUTES_MAX)
		return ENOSPC;
	err = here ? 0 : room(&t->v, &t->size, t->n + 1);
	if (!err)
		err = group_add(t, r);
	if (err)
		return err;
	if (here) {
		group_del(t, t->v[i]);
		mem_deref(t->v[i]);
	} else {
		memmove(&t->v[i + 1], &t->v[i], (t->n - i) * sizeof(void *));
		t->n++;
	}
	t->v[i] = mem_ref(r);
	return 0;
}

int routes_del(struct routes *t, const char *id)
{
	bool here;
	size_t i;

	if (!t || !id)
		return EINVAL;
	i = place(t, id, &here);
	if (!here)
		return ENOENT;
	group_del(t, t->v[i]);
	mem_deref(t->v[i]);
	t->n--;
	memmove(&t->v[i], &t->v[i + 1], (t->n - i) * sizeof(void *));
	return 0;
}

struct route *routes_get(const struct routes *t, const char *id)
{
	bool here;
	size_t i;

	if (!t || !id)
		return NULL;
	i = place(t, id, &here);
	return here ? t->v[i] : NULL;
}

size_t routes_count(const struct routes *t)
{
	return t ? t->n : 0;
}

int routes_each(const struct routes *t, const char *after, routes_h *h,
		void *arg)
{
	bool here = false;
	size_t i;

	if (!t || !h)
		return EINVAL;
	i = after ? place(t, after, &here) : 0;
	for (i += here; i < t->n; i++)
		if (h(t->v[i], arg))
			break;
	return 0;
}

const struct route *routes_use(const struct routes *t, const char *provider)
{
	for (size_t i = 0; t && i < t->n; i++)
		if (!strcmp(t->v[i]->provider, provider))
			return t->v[i];
	return NULL;
}
