/* SPDX-License-Identifier: BSD-2-Clause */
/* /v1/dispatchers: sets of SIP targets, and their states */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "api/core.h"
#include "api/edgeask.h"

enum { KEY_MAX = 300 };

static uint64_t number(const struct odict *o, const char *key)
{
	uint64_t n = 0;

	(void)odict_get_number(o, &n, key);

	return n;
}

static int list_of(struct api_req *req, struct edge *e, const char *set,
		   struct odict **reply)
{
	const struct edge_arg argv[] = {{"set", set}, {NULL, NULL}};

	return edge_ask(req, e, "dispatcher list", argv, reply);
}

/* ---- sets ----------------------------------------------------------------- */

/* Sets are told by their targets: one after another, each set's together */
struct sets {
	struct odict *arr, *set;
	uint64_t id, targets, active;
	unsigned n;
};

static int set_end(struct sets *s)
{
	char key[16];
	int err;

	if (!s->set)
		return 0;
	err = odict_entry_add(s->set, "targets", ODICT_INT,
			      (int64_t)s->targets);
	if (!err)
		err = odict_entry_add(s->set, "active", ODICT_INT,
				      (int64_t)s->active);
	(void)re_snprintf(key, sizeof(key), "%u", s->n++);
	if (!err)
		err = odict_entry_add(s->arr, key, ODICT_OBJECT, s->set);
	s->set = mem_deref(s->set);

	return err;
}

static int set_of(struct odict *o, void *arg)
{
	const char *state = odict_string(o, "state");
	const uint64_t id = number(o, "set");
	struct sets *s = arg;
	int err = 0;

	if (!s->set || id != s->id) {
		err = set_end(s);
		if (!err)
			err = odict_alloc(&s->set, 4);
		if (!err)
			err = odict_entry_add(s->set, "id", ODICT_INT,
					      (int64_t)id);
		s->id = id;
		s->targets = s->active = 0;
	}
	++s->targets;
	s->active += !str_cmp(state, "active") || !str_cmp(state, "trying");

	return err;
}

static int sets_read(struct api_req *req, struct edge *e, const char *id,
		     struct odict **arr)
{
	struct sets s = {0};
	struct odict *reply = NULL;
	int err = list_of(req, e, id, &reply);

	if (!err)
		err = odict_alloc(&s.arr, 8);
	if (!err)
		err = edge_each(reply, "targets", set_of, &s);
	if (!err)
		err = set_end(&s);
	mem_deref(s.set);
	mem_deref(reply);
	if (err)
		mem_deref(s.arr);
	else
		*arr = s.arr;

	return err;
}

static int sets_get(struct api_req *req, void *arg)
{
	static const char *const none[] = {NULL};
	struct odict *o = NULL, *arr = NULL;
	int err = api_query_only(req, none);

	if (!err)
		err = sets_read(req, arg, NULL, &arr);
	if (!err)
		err = odict_alloc(&o, 2);
	if (!err)
		err = odict_entry_add(o, "dispatchers", ODICT_ARRAY, arr);
	if (!err)
		err = api_reply(req, 200, o);
	mem_deref(arr);
	mem_deref(o);

	return err;
}

static int set_get(struct api_req *req, void *arg)
{
	struct odict *arr = NULL;
	int err = sets_read(req, arg, api_param(req, "set"), &arr);

	if (!err && !arr->lst.head)
		err = ENOENT;
	if (!err) {
		const struct odict_entry *first = arr->lst.head->data;

		err = api_reply(req, 200, first->u.odict);
	}
	mem_deref(arr);

	return err;
}

/* ---- targets -------------------------------------------------------------- */

static int page_add(struct odict *o, void *arg)
{
	struct api_page *p = arg;
	char key[KEY_MAX];
	struct pl pl;

	(void)re_snprintf(key, sizeof(key), "%010llu %s",
			  (unsigned long long)number(o, "set"),
			  odict_string(o, "uri"));
	pl_set_str(&pl, key);

	return api_page_wants(p, &pl) ? api_page_add(p, &pl, o) : 0;
}

/* Of a set, or all. @param set  NULL all */
static int targets_page(struct api_req *req, struct edge *e, const char *set,
			const char *const *keyv)
{
	struct odict *reply = NULL;
	struct api_page *p = NULL;
	int err = api_query_only(req, keyv);

	if (!err)
		err = list_of(req, e, set, &reply);
	if (!err)
		err = api_page_begin(&p, req, "targets");
	if (!err)
		err = edge_each(reply, "targets", page_add, p);
	mem_deref(reply);
	if (err)
		mem_deref(p);

	return err ? err : api_page_reply(p);
}

static int targets_get(struct api_req *req, void *arg)
{
	static const char *const keyv[] = {"limit", "cursor", NULL};

	return targets_page(req, arg, api_param(req, "set"), keyv);
}

static int all_targets_get(struct api_req *req, void *arg)
{
	static const char *const keyv[] = {"limit", "cursor", "set", NULL};

	return targets_page(req, arg, api_query(req, "set"), keyv);
}

/* One target, by its URI or its duid */
struct finding {
	const char *name;
	struct odict *found;
};

static int find(struct odict *o, void *arg)
{
	struct finding *f = arg;

	if (!f->found && (!str_cmp(odict_string(o, "uri"), f->name) ||
			  !str_cmp(odict_string(o, "duid"), f->name)))
		f->found = mem_ref(o);

	return 0;
}

int edge_target_of(struct api_req *req, struct edge *e, struct odict **op)
{
	struct finding f = {.name = api_param(req, "target")};
	struct odict *reply = NULL;
	int err = list_of(req, e, api_param(req, "set"), &reply);

	if (!err)
		err = edge_each(reply, "targets", find, &f);
	mem_deref(reply);
	if (!err && !f.found) {
		(void)api_problem(req, 404, "not-found",
				  "set %s has no target %s; allowed: a URI or "
				  "duid of its list",
				  api_param(req, "set"), f.name);
		err = EINVAL;
	}
	*op = f.found;

	return err;
}

static int target_get(struct api_req *req, void *arg)
{
	struct odict *o = NULL;
	int err = edge_target_of(req, arg, &o);

	if (!err)
		err = api_reply(req, 200, o);
	mem_deref(o);

	return err;
}

static const struct api_field state_fieldv[] = {
	{"state", API_ENUM, true, 0, 0, "active|inactive|disabled"},
	{"reason", API_STRING, false, 0, 127, NULL},
	{0},
};

static int state_put(struct api_req *req, void *arg)
{
	const struct odict *body = api_body(req);
	struct odict *o = NULL, *reply = NULL;
	int err;

	if (!api_check(req, "", body, state_fieldv))
		return api_refuse(req);
	err = edge_target_of(req, arg, &o);
	if (!err) {
		const struct edge_arg argv[] = {
			{"set", api_param(req, "set")},
			{"uri", odict_string(o, "uri")},
			{"state", odict_string(body, "state")},
			{"reason", odict_string(body, "reason")},
			{NULL, NULL}};

		err = edge_ask(req, arg, "dispatcher set", argv, &reply);
	}
	mem_deref(o);
	mem_deref(reply);

	return err ? err : target_get(req, arg);
}

/* ---- the list ------------------------------------------------------------- */

static int reload_post(struct api_req *req, void *arg)
{
	struct odict *reply = NULL;
	int err = edge_ask(req, arg, "dispatcher reload", NULL, &reply);

	if (!err)
		err = api_reply(req, 200, reply);
	mem_deref(reply);

	return err;
}

int edge_dispatcher_routes(struct api *a, struct edge *e)
{
	static const char target[] = "/v1/dispatchers/{set}/targets/{target}";
	static const char state[] =
		"/v1/dispatchers/{set}/targets/{target}/state";
	static const char ping[] =
		"/v1/dispatchers/{set}/targets/{target}/ping";
	int err = api_route(a, "GET", "/v1/dispatchers", API_READ, sets_get, e);

	if (!err)
		err = api_route(a, "POST", "/v1/dispatchers/reload", API_ADMIN,
				reload_post, e);
	if (!err)
		err = api_route(a, "GET", "/v1/dispatchers/targets", API_READ,
				all_targets_get, e);
	if (!err)
		err = api_route(a, "POST", "/v1/dispatchers/ping", API_ADMIN,
				edge_pings_post, e);
	if (!err)
		err = api_route(a, "GET", "/v1/dispatchers/{set}", API_READ,
				set_get, e);
	if (!err)
		err = api_route(a, "GET", "/v1/dispatchers/{set}/targets",
				API_READ, targets_get, e);
	if (!err)
		err = api_route(a, "GET", target, API_READ, target_get, e);
	if (!err)
		err = api_route(a, "PUT", state, API_ADMIN, state_put, e);
	if (!err)
		err = api_route(a, "POST", ping, API_ADMIN, edge_ping_post, e);

	return err;
}
