/* SPDX-License-Identifier: BSD-2-Clause */
/* /v1/calls: what media has; and what happens to them, as events */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "api/core.h"
#include "event/event.h"
#include "media/media.h"

static const char *id_of(const struct api_req *req, struct pl *pl)
{
	const char *id = api_param(req, "id");

	pl_set_str(pl, id);

	return id;
}

/* What a list says of each: the whole is there by its id */
static int view(struct odict **op, struct media *m, const char *id)
{
	struct odict *all = NULL, *o = NULL;
	const struct odict_entry *tags;
	uint64_t created = 0;
	struct pl pl;
	int err;

	pl_set_str(&pl, id);
	err = odict_alloc(&all, 16);
	if (!err)
		err = media_query(m, &pl, NULL, NULL, all);
	if (!err)
		err = odict_alloc(&o, 4);
	if (!err)
		err = odict_entry_add(o, "id", ODICT_STRING, id);
	if (!err && odict_get_number(all, &created, "created"))
		err = odict_entry_add(o, "created", ODICT_INT,
				      (int64_t)created);
	tags = all ? odict_lookup(all, "tags") : NULL;
	if (!err && tags && tags->type == ODICT_OBJECT)
		err = odict_entry_add(
			o, "parties", ODICT_INT,
			(int64_t)odict_count(tags->u.odict, false));
	mem_deref(all);
	if (err)
		mem_deref(o);
	else
		*op = o;

	return err;
}

static int add(struct api_page *p, struct media *m, const char *id)
{
	struct odict *o = NULL;
	struct pl pl;
	int err;

	pl_set_str(&pl, id);
	if (!api_page_wants(p, &pl))
		return 0;
	err = view(&o, m, id);
	if (!err)
		err = api_page_add(p, &pl, o);
	mem_deref(o);

	return err;
}

static int calls_get(struct api_req *req, void *arg)
{
	static const char *const keyv[] = {"limit", "cursor", NULL};
	struct odict *ids = NULL;
	struct api_page *p = NULL;
	struct le *le;
	int err = api_query_only(req, keyv);

	if (!err)
		err = odict_alloc(&ids, 4);
	if (!err)
		err = media_list(arg, UINT32_MAX, ids);
	if (!err)
		err = api_page_begin(&p, req, "calls");
	for (le = ids ? ids->lst.head : NULL; le && !err; le = le->next) {
		const struct odict_entry *e = le->data;

		err = add(p, arg, e->u.str);
	}
	mem_deref(ids);
	if (err)
		mem_deref(p);

	return err ? err : api_page_reply(p);
}

static int call_get(struct api_req *req, void *arg)
{
	struct odict *o = NULL;
	struct pl pl;
	const char *id = id_of(req, &pl);
	int err = odict_alloc(&o, 16);

	if (!err)
		err = odict_entry_add(o, "id", ODICT_STRING, id);
	if (!err)
		err = media_query(arg, &pl, NULL, NULL, o);
	if (err == ENOENT)
		err = api_problem(req, 404, "not-found", "no call %s", id);
	else if (!err)
		err = api_reply(req, 200, o);
	mem_deref(o);

	return err;
}

static int call_delete(struct api_req *req, void *arg)
{
	struct pl pl;
	const char *id = id_of(req, &pl);
	int err = media_delete(arg, &pl, NULL, NULL, NULL, 0, NULL);

	return err == ENOENT
		       ? api_problem(req, 404, "not-found", "no call %s", id)
	       : err ? err
		     : api_reply(req, 204, NULL);
}

/* ---- events --------------------------------------------------------------- */

static const char *const typev[] = {
	[MEDIA_CREATED] = "call.created",
	[MEDIA_ANSWERED] = "call.answered",
	[MEDIA_ENDED] = "call.ended",
	[MEDIA_DIALLED] = "call.dtmf",
	[MEDIA_RECORDING] = "recording.started",
	[MEDIA_RECORDED] = "recording.stopped",
};

static void told(const struct media_news *n, void *arg)
{
	const char digit[] = {n->digit, '\0'};
	struct odict *o = NULL;
	int err = odict_alloc(&o, 4);

	if (!err)
		err = odict_entry_add(o, "call", ODICT_STRING, n->call_id);
	if (!err && n->reason)
		err = odict_entry_add(o, "reason", ODICT_STRING, n->reason);
	if (!err && n->tag)
		err = odict_entry_add(o, "tag", ODICT_STRING, n->tag);
	if (!err && n->what == MEDIA_DIALLED)
		err = odict_entry_add(o, "digit", ODICT_STRING, digit);
	if (!err && n->what == MEDIA_DIALLED)
		err = odict_entry_add(o, "milliseconds", ODICT_INT,
				      (int64_t)n->ms);
	if (!err)
		(void)event_emit(arg, typev[n->what], o);
	mem_deref(o);
}

int api_media(struct api *a, struct media *m)
{
	int err;

	if (!a || !m)
		return EINVAL;
	media_news_handler(m, told, a->conf.events);
	err = api_route(a, "GET", "/v1/calls", API_READ, calls_get, m);
	if (!err)
		err = api_route(a, "GET", "/v1/calls/{id}", API_READ, call_get,
				m);
	if (!err)
		err = api_route(a, "DELETE", "/v1/calls/{id}", API_CALLS,
				call_delete, m);

	return err;
}
