/* SPDX-License-Identifier: BSD-2-Clause */
/* /v1/routes */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <re.h>

#include "api/providers.h"
#include "provider/provider.h"

static int check(struct api_req *req, const char *id, struct odict *stored,
		 const struct odict *old, void *arg)
{
	struct fields_err e = {"", ""};
	struct route *r = NULL;
	struct odict *o = NULL;
	int err = route_decode(&r, stored, &e);
	(void)id;
	(void)old;
	(void)arg;

	if (err == EBADMSG) {
		api_fault_fields(req, &e);
		return 0;
	}
	if (!err)
		err = odict_alloc(&o, 16);
	if (!err)
		err = route_json(o, r);
	if (!err)
		err = api_become(stored, o);
	mem_deref(o);
	mem_deref(r);
	return err;
}

static void changed(const char *id, const struct odict *stored, void *arg)
{
	struct routes *t = providers_routes(arg);
	struct fields_err e = {"", ""};
	struct route *r = NULL;

	if (!stored)
		(void)routes_del(t, id);
	else if (!route_decode(&r, stored, &e))
		(void)routes_put(t, r);
	mem_deref(r);
}

/* ---- what would become of a call --------------------------------------------- */

/* "2026-03-29T02:30:00Z" */
static bool when_decode(int64_t *when, const char *s)
{
	struct tm tm;
	const char *end;

	memset(&tm, 0, sizeof(tm));
	end = strptime(s, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (!end || *end)
		return false;
	*when = timegm(&tm);
	return true;
}

static int put_choice(struct odict *arr, const struct route_choice *c,
		      size_t nth)
{
	struct odict *o = NULL;
	char key[12];
	int err = odict_alloc(&o, 8);

	if (!err)
		err = odict_entry_add(o, "route", ODICT_STRING, c->route->id);
	if (!err)
		err = odict_entry_add(o, "provider", ODICT_STRING,
				      c->route->provider);
	if (!err)
		err = odict_entry_add(o, "prefix", ODICT_STRING,
				      c->route->prefix);
	if (!err)
		err = odict_entry_add(o, "taken", ODICT_BOOL,
				      c->why == ROUTE_TAKEN);
	if (!err)
		err = odict_entry_add(o, "why", ODICT_STRING,
				      route_why(c->why));
	if (!err && c->why == ROUTE_TAKEN)
		err = odict_entry_add(o, "called", ODICT_STRING, c->called.s);
	if (!err && c->why == ROUTE_TAKEN && c->caller.s[0])
		err = odict_entry_add(o, "caller", ODICT_STRING, c->caller.s);
	(void)re_snprintf(key, sizeof(key), "%zu", nth);
	if (!err)
		err = odict_entry_add(arr, key, ODICT_OBJECT, o);
	mem_deref(o);
	return err;
}

static int reply(struct api_req *req, const struct number *called,
		 const struct route_choice *v, size_t n)
{
	struct odict *o = NULL, *arr = NULL;
	int err = odict_alloc(&o, 4);

	if (!err)
		err = odict_alloc(&arr, 32);
	if (!err)
		err = odict_entry_add(o, "number", ODICT_STRING, called->s);
	for (size_t i = 0; i < n && !err; i++)
		err = put_choice(arr, &v[i], i);
	if (!err)
		err = odict_entry_add(o, "routes", ODICT_ARRAY, arr);
	if (!err)
		err = api_reply(req, 200, o);
	mem_deref(arr);
	mem_deref(o);
	return err;
}

static bool number_of(struct api_req *req, const char *key, struct number *n,
		      bool needed)
{
	const char *s = api_query(req, key);
	struct pl pl;

	n->s[0] = '\0';
	if (!s && !needed)
		return true;
	pl_set_str(&pl, s ? s : "");
	if (!number_decode(n, &pl))
		return true;
	(void)api_problem(req, 400, NULL,
			  "%s: allowed: a number, 1 to %d characters", key,
			  NUMBER_MAX);
	return false;
}

/* GET /v1/routes/resolve?number=&caller=&at=&call_id= */
static int resolve(struct api_req *req, void *arg)
{
	static const char *const keyv[] = {"number", "caller", "at", "call_id",
					   NULL};
	const char *at = api_query(req, "at"), *id;
	struct route_choice v[ROUTE_CHOICES];
	struct number called, caller;
	int64_t when = time(NULL);
	struct pl callid = pl_null;
	size_t n;

	if (api_query_only(req, keyv))
		return 0;
	if (!number_of(req, "number", &called, true) ||
	    !number_of(req, "caller", &caller, false))
		return 0;
	if (at && !when_decode(&when, at))
		return api_problem(req, 400, NULL,
				   "at: allowed: a time such as "
				   "2026-03-29T02:30:00Z");
	id = api_query(req, "call_id");
	if (id)
		pl_set_str(&callid, id);
	n = provider_choose(arg, called.s, caller.s, when, id ? &callid : NULL,
			    v);
	return reply(req, &called, v, n);
}

int api_routes(struct api *a, struct providers *ps)
{
	const struct api_record r = {.path = "/v1/routes",
				     .name = "routes",
				     .kind = "route",
				     .check = check,
				     .changed = changed,
				     .arg = ps};
	int err = api_records(a, &r);

	return err ? err
		   : api_route(a, "GET", "/v1/routes/resolve", API_READ,
			       resolve, ps);
}
