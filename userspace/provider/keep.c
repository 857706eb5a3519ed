/* SPDX-License-Identifier: BSD-2-Clause */
/* What the store has of providers and routes */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include "base/log.h"
#include "provider/core.h"
#include "store/store.h"

enum { DEPTH = 16 };

static struct odict *parse(const struct pl *value)
{
	struct odict *o = NULL;

	return json_decode_odict(&o, 32, value->p, value->l, DEPTH) ? NULL : o;
}

static void refused(const char *kind, const struct pl *key,
		    const struct fields_err *e)
{
	log_warn("%s %r of the store is left out: %s%s%s", kind, key, e->path,
		 *e->path ? ": " : "", e->text);
}

static bool load_provider(const struct pl *key, const struct pl *value,
			  void *arg)
{
	struct fields_err e = {"", "it is no JSON"};
	struct providers *ps = arg;
	struct odict *o = parse(value);
	struct record *r = NULL;

	if (!o || record_decode(&r, o, &ps->def, &e) || provider_put(ps, r))
		refused("provider", key, &e);
	mem_deref(r);
	mem_deref(o);
	return false;
}

static bool load_route(const struct pl *key, const struct pl *value, void *arg)
{
	struct fields_err e = {"", "it is no JSON"};
	struct providers *ps = arg;
	struct odict *o = parse(value);
	struct route *r = NULL;

	if (!o || route_decode(&r, o, &e) || routes_put(ps->routes, r))
		refused("route", key, &e);
	mem_deref(r);
	mem_deref(o);
	return false;
}

static bool load_health(const struct pl *key, const struct pl *value, void *arg)
{
	struct providers *ps = arg;
	struct odict *o = parse(value);
	struct provider *p;
	char id[65];

	if (pl_strcpy(key, id, sizeof(id)))
		id[0] = '\0';
	p = provider_find(ps, id);
	if (o && p)
		(void)health_load(&p->health, o);
	mem_deref(o);
	return false;
}

int keep_load(struct providers *ps)
{
	int err = store_each(ps->store, "provider", load_provider, ps);

	if (!err)
		err = store_each(ps->store, "route", load_route, ps);
	if (!err)
		err = store_each(ps->store, "provider-health", load_health, ps);
	return err;
}

/* What makes Record-Routes and choices must not change while calls are up, nor be
 * another on the next node */
int keep_key(struct providers *ps)
{
	static const struct pl name = PL("key");
	char text[33], *kept = NULL;
	struct pl value = {text, 32};
	uint64_t chance[2];
	int err;

	if (getrandom(chance, sizeof(chance), 0) != sizeof(chance))
		return EIO;
	(void)re_snprintf(text, sizeof(text), "%016llx%016llx", chance[0],
			  chance[1]);
	err = store_first(ps->store, "provider-key", &name, &value, &kept);
	if (err)
		return err;
	if (strlen(kept) != 32 || strspn(kept, "0123456789abcdef") != 32) {
		log_error("store: the providers' key can't be read");
		err = EBADMSG;
	} else {
		pl_set_str(&value, kept);
		value.l = 16;
		ps->key[0] = pl_x64(&value);
		value.p += 16;
		ps->key[1] = pl_x64(&value);
	}
	mem_deref(kept);
	return err;
}

/* ---- what other nodes do ------------------------------------------------------- */

static void provider_changed(const char *kind, const struct pl *key,
			     const struct pl *value, void *arg)
{
	char id[65];
	(void)kind;

	if (value)
		(void)load_provider(key, value, arg);
	else if (!pl_strcpy(key, id, sizeof(id)))
		(void)provider_del(arg, id);
}

static void route_changed(const char *kind, const struct pl *key,
			  const struct pl *value, void *arg)
{
	struct providers *ps = arg;
	char id[65];
	(void)kind;

	if (value)
		(void)load_route(key, value, ps);
	else if (!pl_strcpy(key, id, sizeof(id)))
		(void)routes_del(ps->routes, id);
}

static void health_changed(const char *kind, const struct pl *key,
			   const struct pl *value, void *arg)
{
	struct odict *o = value ? parse(value) : NULL;
	struct provider *p = NULL;
	struct health h;
	char id[65];
	(void)kind;

	if (!pl_strcpy(key, id, sizeof(id)))
		p = provider_find(arg, id);
	if (o && p && !health_load(&h, o))
		provider_adopt(p, &h);
	mem_deref(o);
}

int keep_watch(struct providers *ps)
{
	int err = store_watch(&ps->watchv[0], ps->store, "provider",
			      provider_changed, ps);

	if (!err)
		err = store_watch(&ps->watchv[1], ps->store, "route",
				  route_changed, ps);
	return err ? err
		   : store_watch(&ps->watchv[2], ps->store, "provider-health",
				 health_changed, ps);
}

/* ---- what we do ------------------------------------------------------------------ */

void keep_health(const struct provider *p)
{
	struct odict *o = NULL;
	char *text = NULL;
	struct pl key, value;
	int err = odict_alloc(&o, 8);

	if (!err)
		err = health_json(o, &p->health);
	if (!err)
		err = re_sdprintf(&text, "%H", json_encode_odict, o);
	if (!err) {
		pl_set_str(&key, p->rec->id);
		pl_set_str(&value, text);
		err = store_put(p->all->store, "provider-health", &key, &value);
	}
	if (err)
		log_warn("provider %s: its health can't be kept: %m",
			 p->rec->id, err);
	mem_deref(text);
	mem_deref(o);
}

void keep_forget(const struct providers *ps, const char *id)
{
	struct pl key;

	pl_set_str(&key, id);
	(void)store_del(ps->store, "provider-health", &key);
}
