/* SPDX-License-Identifier: BSD-2-Clause */
/* All trunks, and what follows from them */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "provider/trunk.h"
#include "store/store.h"

struct entry {
	struct le le;
	struct trunk *t;
};

struct trunks {
	struct list l;
	struct store *store;
	struct store_watch *watch;
	trunk_net_h *neth;
	trunk_set_h *seth;
	void *arg;
};

static void destructor(void *arg)
{
	struct trunks *ts = arg;

	mem_deref(ts->watch);
	list_flush(&ts->l);
	mem_deref(ts->store);
}

static void entry_destructor(void *arg)
{
	struct entry *e = arg;

	list_unlink(&e->le);
	mem_deref(e->t);
}

static struct entry *find(const struct trunks *ts, const char *id)
{
	struct le *le;

	LIST_FOREACH (&ts->l, le) {
		struct entry *e = le->data;

		if (!strcmp(e->t->id, id))
			return e;
	}
	return NULL;
}

/* ---- networks ------------------------------------------------------------------ */

static bool has(const struct trunk *t, const struct trunk_net *net,
		uint32_t set)
{
	for (size_t i = 0; t && !t->disabled && t->set == set && i < t->netc;
	     i++)
		if (t->netv[i].bits == net->bits &&
		    sa_cmp(&t->netv[i].addr, &net->addr, SA_ADDR))
			return true;
	return false;
}

/* What comes, then what goes. NULL: there is none, or none any more */
static int apply(const struct trunks *ts, const struct trunk *was,
		 const struct trunk *now)
{
	int err = 0, e;

	for (size_t i = 0; now && !now->disabled && i < now->netc; i++) {
		if (has(was, &now->netv[i], now->set))
			continue;
		e = ts->neth(&now->netv[i], now->set, true, ts->arg);
		if (e)
			log_warn("trunk %s: %j/%u: %m", now->id,
				 &now->netv[i].addr, now->netv[i].bits, e);
		err = err ? err : e;
	}
	for (size_t i = 0; was && !was->disabled && i < was->netc; i++)
		if (!now || now->disabled || !has(now, &was->netv[i], now->set))
			(void)ts->neth(&was->netv[i], was->set, false, ts->arg);
	return err;
}

int trunks_put(struct trunks *ts, struct trunk *t)
{
	struct entry *e;
	int err;

	if (!ts || !t)
		return EINVAL;
	e = find(ts, t->id);
	if (!e) {
		if (list_count(&ts->l) >= TRUNKS_MAX)
			return ENOSPC;
		e = mem_zalloc(sizeof(*e), entry_destructor);
		if (!e)
			return ENOMEM;
		list_append(&ts->l, &e->le, e);
	}
	err = apply(ts, e->t, t);
	mem_ref(t);
	mem_deref(e->t);
	e->t = t;
	return err;
}

int trunks_del(struct trunks *ts, const char *id)
{
	struct entry *e = ts && id ? find(ts, id) : NULL;

	if (!e)
		return ENOENT;
	(void)apply(ts, e->t, NULL);
	mem_deref(e);
	return 0;
}

bool trunks_has_set(const struct trunks *ts, uint32_t set)
{
	return ts && ts->seth(set, ts->arg);
}

/* ---- whose ------------------------------------------------------------------------- */

const struct trunk *trunks_net(const struct trunks *ts,
			       const struct trunk_net *net, const char *id)
{
	struct le *le;

	for (le = ts ? list_head(&ts->l) : NULL; le; le = le->next) {
		const struct trunk *t = ((struct entry *)le->data)->t;

		for (size_t i = 0; strcmp(t->id, id) != 0 && i < t->netc; i++)
			if (t->netv[i].bits == net->bits &&
			    sa_cmp(&t->netv[i].addr, &net->addr, SA_ADDR))
				return t;
	}
	return NULL;
}

const struct trunk *trunks_user(const struct trunks *ts, const char *username,
				const char *id)
{
	struct le *le;

	for (le = ts && username ? list_head(&ts->l) : NULL; le;
	     le = le->next) {
		const struct trunk *t = ((struct entry *)le->data)->t;

		if (strcmp(t->id, id) != 0 && t->secret.username &&
		    !strcmp(t->secret.username, username))
			return t;
	}
	return NULL;
}

const char *trunks_ha1(const struct pl *user, enum digest_alg alg, void *arg)
{
	const struct trunks *ts = arg;
	struct le *le;

	for (le = ts && alg < DIGEST_ALGS ? list_head(&ts->l) : NULL; le;
	     le = le->next) {
		const struct trunk *t = ((struct entry *)le->data)->t;

		if (!t->disabled && t->secret.username &&
		    !pl_strcmp(user, t->secret.username))
			return t->secret.ha1v[alg][0] ? t->secret.ha1v[alg]
						      : NULL;
	}
	return NULL;
}

/* ---- the store ------------------------------------------------------------------------ */

static bool load(const struct pl *key, const struct pl *value, void *arg)
{
	struct fields_err e = {"", "it is no JSON"};
	struct trunks *ts = arg;
	struct odict *o = NULL;
	struct trunk *t = NULL;

	if (json_decode_odict(&o, 16, value->p, value->l, 8) ||
	    trunk_decode(&t, o, &e))
		log_warn("trunk %r of the store is left out: %s%s%s", key,
			 e.path, *e.path ? ": " : "", e.text);
	else
		(void)trunks_put(ts, t);
	mem_deref(t);
	mem_deref(o);
	return false;
}

static void changed(const char *kind, const struct pl *key,
		    const struct pl *value, void *arg)
{
	char id[65];
	(void)kind;

	if (value)
		(void)load(key, value, arg);
	else if (!pl_strcpy(key, id, sizeof(id)))
		(void)trunks_del(arg, id);
}

int trunks_alloc(struct trunks **tp, struct store *store, trunk_net_h *neth,
		 trunk_set_h *seth, void *arg)
{
	struct trunks *ts;
	int err;

	if (!tp || !store || !neth || !seth)
		return EINVAL;
	ts = mem_zalloc(sizeof(*ts), destructor);
	if (!ts)
		return ENOMEM;
	list_init(&ts->l);
	ts->store = mem_ref(store);
	ts->neth = neth;
	ts->seth = seth;
	ts->arg = arg;
	/* first: what another node changes while it is read is told then */
	err = store_watch(&ts->watch, store, "trunk", changed, ts);
	if (!err)
		err = store_each(store, "trunk", load, ts);
	if (err)
		mem_deref(ts);
	else
		*tp = ts;
	return err;
}
