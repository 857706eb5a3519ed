/* SPDX-License-Identifier: BSD-2-Clause */
/* The edge's commands, asked for by HTTP; its events */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "api/core.h"
#include "api/edgeask.h"
#include "edge/edge.h"
#include "event/event.h"

static unsigned status_of(int err)
{
	switch (err) {
	case ENOENT:
		return 404;
	case ENOSPC:
		return 507;
	case EINVAL:
	case EBADMSG:
		return 422;
	default:
		return 500;
	}
}

int edge_ask(struct api_req *req, struct edge *e, const char *command,
	     const struct edge_arg *argv, struct odict **reply)
{
	struct odict *ask = NULL, *o = NULL;
	const char *said;
	int err = odict_alloc(&ask, 8);

	if (!err)
		err = odict_alloc(&o, 8);
	for (; argv && argv->name && !err; argv++)
		if (argv->value)
			err = odict_entry_add(ask, argv->name, ODICT_STRING,
					      argv->value);
	if (err)
		goto out;
	err = edge_control(e, command, ask, o);
	if (!err) {
		*reply = mem_ref(o);
		goto out;
	}
	said = odict_string(o, "error");
	(void)api_problem(req, status_of(err),
			  err == ENOENT ? "not-found" : NULL, "%s",
			  said ? said : strerror(err));
	err = EINVAL;
out:
	mem_deref(ask);
	mem_deref(o);

	return err;
}

int edge_each(const struct odict *reply, const char *key, edge_each_h *h,
	      void *arg)
{
	const struct odict_entry *arr = odict_lookup(reply, key);
	struct le *le;
	int err = 0;

	for (le = arr ? arr->u.odict->lst.head : NULL; le && !err;
	     le = le->next) {
		const struct odict_entry *e = le->data;

		if (e->type == ODICT_OBJECT)
			err = h(e->u.odict, arg);
	}

	return err;
}

/* ---- events --------------------------------------------------------------- */

static void target_changed(const struct ds_set *set, const struct ds_target *t,
			   enum ds_state before, void *arg)
{
	const struct ds_status *st = ds_target_status(t);
	const bool was = before == DS_ACTIVE || before == DS_TRYING;
	const bool is = st->state == DS_ACTIVE || st->state == DS_TRYING;
	struct odict *o = NULL;
	int err = odict_alloc(&o, 8);

	if (!err)
		err = odict_entry_add(o, "set", ODICT_INT,
				      (int64_t)ds_set_id(set));
	if (!err)
		err = odict_entry_add(o, "uri", ODICT_STRING, ds_target_uri(t));
	if (!err)
		err = odict_entry_add(o, "state", ODICT_STRING,
				      ds_state_name(st->state));
	if (!err)
		err = odict_entry_add(o, "before", ODICT_STRING,
				      ds_state_name(before));
	if (!err)
		err = odict_entry_add(o, "reason", ODICT_STRING, st->reason);
	if (!err)
		(void)event_emit(arg,
				 was == is ? "dispatcher.target.changed"
				 : is      ? "dispatcher.target.up"
					   : "dispatcher.target.down",
				 o);
	mem_deref(o);
}

/* ---- figures -------------------------------------------------------------- */

static int figures(struct odict *arr, void *arg)
{
	const struct count *c = edge_count(arg);
	int err = 0;

	for (unsigned i = 0; i < COUNT_MAX && !err; i++) {
		char labels[64];
		const struct api_figure f = {
			.group = "sip",
			.key = count_name(i),
			.metric = "carom_sip_agent_total",
			.type = "counter",
			.help = "What the agent did with SIP that the kernel "
				"left to it",
			.labels = labels,
		};

		(void)re_snprintf(labels, sizeof(labels), "event=\"%s\"",
				  count_name(i));
		err = api_figure_add(arr, &f, (int64_t)c->eventv[i]);
	}

	return err;
}

/* More than figures: what is told in words, and by target */
static int statistics_get(struct api_req *req, void *arg)
{
	static const char *const none[] = {NULL};
	struct odict *reply = NULL;
	int err = api_query_only(req, none);

	if (!err)
		err = edge_ask(req, arg, "sip stats", NULL, &reply);
	if (!err)
		err = api_reply(req, 200, reply);
	mem_deref(reply);

	return err;
}

int api_edge(struct api *a, struct edge *e)
{
	int err;

	if (!a || !e)
		return EINVAL;
	edge_target_watch(e, target_changed, a->conf.events);
	err = edge_dispatcher_routes(a, e);
	if (!err)
		err = edge_tune_routes(a, e);
	if (!err)
		err = api_route(a, "GET", "/v1/statistics/sip", API_READ,
				statistics_get, e);

	return err ? err : api_figures(a, figures, e);
}
