/* SPDX-License-Identifier: BSD-2-Clause */
/* /v1/nodes: this one, and others that share its store.
 *
 * Kind "node": under its name what a node is, written again and again for as long as
 * it lives, and gone when it does not */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include <re.h>

#include "api/core.h"
#include "base/log.h"
#include "store/store.h"

enum {
	BEAT = 10000, /* ms */
	LIFE = 30,    /* s that a record is taken for a sign of life */
};

static const char kind[] = "node";

static int put_roles(struct odict *to, const struct api *a)
{
	struct odict *arr = NULL;
	char key[16];
	int err = odict_alloc(&arr, 8);

	for (size_t i = 0; i < a->rolec && !err; i++) {
		(void)re_snprintf(key, sizeof(key), "%zu", i);
		err = odict_entry_add(arr, key, ODICT_STRING, a->rolev[i]);
	}
	if (!err)
		err = odict_entry_add(to, "roles", ODICT_ARRAY, arr);
	mem_deref(arr);

	return err;
}

static int self(struct odict **op, const struct api *a)
{
	struct odict *o = NULL;
	int err = odict_alloc(&o, 8);

	if (!err)
		err = odict_entry_add(o, "id", ODICT_STRING, a->node);
	if (!err)
		err = odict_entry_add(o, "version", ODICT_STRING,
				      CAROM_VERSION);
	if (!err)
		err = put_roles(o, a);
	if (!err)
		err = odict_entry_add(o, "started", ODICT_INT,
				      (int64_t)a->started);
	if (!err)
		err = odict_entry_add(o, "seen", ODICT_INT,
				      (int64_t)time(NULL));
	if (err)
		mem_deref(o);
	else
		*op = o;

	return err;
}

static void beat_handler(void *arg)
{
	struct api *a = arg;
	struct store_op op = {.kind = kind,
			      .expires = (uint64_t)time(NULL) + LIFE};
	struct odict *o = NULL;
	char *text = NULL;
	int err = self(&o, a);

	tmr_start(&a->heartbeat, BEAT, beat_handler, a);
	if (!err)
		err = re_sdprintf(&text, "%H", json_encode_odict, o);
	if (!err) {
		pl_set_str(&op.key, a->node);
		pl_set_str(&op.value, text);
		err = store_write(a->conf.store, &op, 1, NULL, NULL);
	}
	if (err)
		log_debug("api: no sign of life: %m", err);
	mem_deref(text);
	mem_deref(o);
}

void api_node_end(struct api *a)
{
	struct pl key;

	if (!tmr_isrunning(&a->heartbeat))
		return;
	tmr_cancel(&a->heartbeat);
	pl_set_str(&key, a->node);
	(void)store_del(a->conf.store, kind, &key);
}

/* ---- others --------------------------------------------------------------- */

/* What is known besides */
static int complete(struct odict *o, bool is_self)
{
	uint64_t started = 0, seen = 0;
	int err;

	(void)odict_get_number(o, &started, "started");
	(void)odict_get_number(o, &seen, "seen");
	err = odict_entry_add(o, "uptime_seconds", ODICT_INT,
			      (int64_t)(seen - min(seen, started)));
	if (!err)
		err = odict_entry_add(o, "state", ODICT_STRING, "up");
	if (!err)
		err = odict_entry_add(o, "self", ODICT_BOOL, (int)is_self);

	return err;
}

static int add(struct api_page *p, struct odict *o, bool is_self)
{
	struct pl key;
	int err;

	pl_set_str(&key, odict_string(o, "id"));
	if (!api_page_wants(p, &key))
		return 0;
	err = complete(o, is_self);

	return err ? err : api_page_add(p, &key, o);
}

struct listing {
	const struct api *a;
	struct api_page *page;
	int err;
};

static bool each(const struct pl *key, const struct pl *value, void *arg)
{
	struct listing *l = arg;
	struct odict *o = NULL;

	if (!pl_strcmp(key, l->a->node) ||
	    json_decode_odict(&o, 8, value->p, value->l, 4))
		return false;
	if (odict_string(o, "id"))
		l->err = add(l->page, o, false);
	mem_deref(o);

	return l->err;
}

static int nodes_get(struct api_req *req, void *arg)
{
	static const char *const keyv[] = {"limit", "cursor", NULL};
	struct listing l = {.a = arg};
	struct odict *o = NULL;
	int err = api_query_only(req, keyv);

	if (!err)
		err = api_page_begin(&l.page, req, "nodes");
	if (!err)
		err = self(&o, l.a);
	if (!err)
		err = add(l.page, o, true);
	if (!err && l.a->conf.store)
		err = store_each(l.a->conf.store, kind, each, &l);
	if (!err)
		err = l.err;
	mem_deref(o);
	if (err)
		mem_deref(l.page);

	return err ? err : api_page_reply(l.page);
}

/* Of another node what it has said of itself. @return 0, ENOENT: there is none, or it
 * has not been heard of for so long that it is taken for dead */
static int other(struct odict **op, const struct api *a, const char *id)
{
	struct odict *o = NULL;
	char *text = NULL;
	struct pl key;
	int err;

	pl_set_str(&key, id);
	err = a->conf.store ? store_get(a->conf.store, kind, &key, &text)
			    : ENOENT;
	if (!err && json_decode_odict(&o, 8, text, strlen(text), 4))
		err = EIO;
	mem_deref(text);
	if (!err)
		*op = o;

	return err;
}

static int node_get(struct api_req *req, void *arg)
{
	static const char *const none[] = {NULL};
	const struct api *a = arg;
	const char *id = api_param(req, "id");
	const bool is_self = !strcmp(id, a->node);
	struct odict *o = NULL;
	int err = api_query_only(req, none);

	if (err)
		return err;
	err = is_self ? self(&o, a) : other(&o, a, id);
	if (!err)
		err = complete(o, is_self);
	if (err == ENOENT)
		err = api_problem(req, 404, "not-found",
				  "no node %s is up; /v1/nodes has those that "
				  "are",
				  id);
	else if (!err)
		err = api_reply(req, 200, o);
	mem_deref(o);

	return err;
}

int api_nodes(struct api *a)
{
	int err;

	if (!a)
		return EINVAL;
	if (a->conf.store)
		tmr_start(&a->heartbeat, 0, beat_handler, a);

	err = api_route(a, "GET", "/v1/nodes", API_READ, nodes_get, a);

	return err ? err
		   : api_route(a, "GET", "/v1/nodes/{id}", API_READ, node_get,
			       a);
}
