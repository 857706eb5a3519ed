/* SPDX-License-Identifier: BSD-2-Clause */
/* carom dispatcher: the sets and targets, for people; and the agent's figures */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "control/control.h"
#include "edge/core.h"
#include "edge/show.h"
#include "edge/targetview.h"
#include "edge/tune.h"

static int stats(const struct edge *e, struct odict *reply)
{
	const struct policy_set *s;
	struct odict *arr = NULL;
	int err = count_json(reply, edge_count(e));

	if (!err)
		err = odict_alloc(&arr, 16);
	for (size_t i = 0; !err && (s = edge_set(e, i)); i++)
		err = targetview_sent(arr, s->set);
	if (!err)
		err = odict_entry_add(reply, "targets", ODICT_ARRAY, arr);
	mem_deref(arr);
	return err;
}

static bool wanted(const struct odict *req, const struct ds_set *set)
{
	const char *id = odict_string(req, "set");
	char *end;

	return !id || (strtoul(id, &end, 10) == ds_set_id(set) && !*end);
}

static int list(struct edge *e, const struct odict *req, struct odict *reply)
{
	const struct policy_set *s;
	struct odict *arr = NULL;
	unsigned n = 0;
	int err = odict_alloc(&arr, 64);

	for (size_t i = 0; !err && (s = edge_set(e, i)); i++) {
		if (!wanted(req, s->set))
			continue;
		++n;
		for (size_t k = 0; k < ds_set_count(s->set) && !err; k++)
			err = targetview(arr, s->set, ds_set_target(s->set, k),
					 k);
	}
	if (!err && !n && odict_string(req, "set"))
		err = control_fail(reply, ENOENT,
				   "no set %s; carom dispatcher list shows "
				   "them",
				   odict_string(req, "set"));
	if (!err)
		err = odict_entry_add(reply, "targets", ODICT_ARRAY, arr);
	mem_deref(arr);
	return err;
}

/* Is the target meant by "uri", which may be its duid? */
static bool meant(const struct ds_target *t, const char *name)
{
	struct pl duid;

	return !str_cmp(ds_target_uri(t), name) ||
	       (ds_attr_get(ds_target_attrs(t), "duid", &duid) &&
		!pl_strcmp(&duid, name));
}

typedef int(each_h)(struct edge *e, struct ds_set *set, struct ds_target *t,
		    const struct odict *req, struct odict *reply);

static int each_of(struct edge *e, struct ds_set *set, const struct odict *req,
		   struct odict *reply, each_h *h, unsigned *n)
{
	const char *name = odict_string(req, "uri");
	int err = 0;

	for (size_t k = 0; k < ds_set_count(set) && !err; k++) {
		struct ds_target *t = ds_set_target(set, k);

		if (name && !meant(t, name))
			continue;
		err = h(e, set, t, req, reply);
		++*n;
	}
	return err;
}

/* Call h for each target of that name, or for all. ENOENT: there is none */
static int each(struct edge *e, const struct odict *req, struct odict *reply,
		each_h *h)
{
	const char *name = odict_string(req, "uri");
	const struct policy_set *s;
	unsigned n = 0;
	int err = 0;

	for (size_t i = 0; !err && (s = edge_set(e, i)); i++)
		if (wanted(req, s->set))
			err = each_of(e, s->set, req, reply, h, &n);
	if (!n)
		return control_fail(reply, ENOENT,
				    "no target %s; carom dispatcher list shows "
				    "them",
				    name ? name : "there");
	return err ? err
		   : control_say(reply, "%s: done, %u target%s",
				 name ? name : "all", n, n == 1 ? "" : "s");
}

static int set_one(struct edge *e, struct ds_set *set, struct ds_target *t,
		   const struct odict *req, struct odict *reply)
{
	static const enum ds_state statev[] = {DS_ACTIVE, DS_INACTIVE,
					       DS_DISABLED};
	const char *name = odict_string(req, "state");
	const struct ds_status *st = ds_target_status(t);
	const enum ds_state before = st->state;

	for (size_t i = 0; name && i < ARRAY_SIZE(statev); i++) {
		if (strcmp(name, ds_state_name(statev[i])) != 0)
			continue;
		(void)ds_target_set_state(t, statev[i], st->probing,
					  odict_string(req, "reason"),
					  tmr_jiffies());
		(void)ds_set_build(set);
		edge_changed(e, set);
		edge_target_told(e, set, t, before);
		return 0;
	}
	return control_fail(reply, EINVAL,
			    "state '%s': allowed: active, inactive, disabled",
			    name ? name : "");
}

static int set_states(struct edge *e, const struct odict *req,
		      struct odict *reply)
{
	/* not all of them, for want of a name */
	return odict_string(req, "uri")
		       ? each(e, req, reply, set_one)
		       : control_fail(reply, EINVAL, "no URI is given");
}

static int ping_one(struct edge *e, struct ds_set *set, struct ds_target *t,
		    const struct odict *req, struct odict *reply)
{
	const int err = probe_now(edge_probe(e), set, t);
	(void)req;

	return err == ENOENT ? control_fail(reply, err, "%s has no address",
					    ds_target_uri(t))
			     : err;
}

/* The answer is not waited for: who asked looks at the list until it is there */
static int ping(struct edge *e, const struct odict *req, struct odict *reply)
{
	const int err = each(e, req, reply, ping_one);

	return err ? err
		   : odict_entry_add(reply, "timeout_ms", ODICT_INT,
				     (int64_t)probe_timeout(edge_probe(e)));
}

static int reload(struct edge *e, struct odict *reply)
{
	struct ds_err derr = {""};
	const int err = edge_reload(e, &derr);

	if (err)
		return control_fail(reply, err, "%s; nothing has changed",
				    derr.msg[0] ? derr.msg : strerror(err));
	return control_say(reply, "%sread; calls under way stay where they are",
			   edge_warnings(e));
}

static int reload_users(struct edge *e, struct odict *reply)
{
	const struct creds *c = e->creds;
	struct ds_err derr = {""};
	int err;

	if (!c)
		return control_fail(reply, ENOENT,
				    "no users: the configuration has no "
				    "section sip.auth");
	err = edge_reload_users(e, &derr);
	if (err)
		return control_fail(reply, err, "%s; nothing has changed",
				    derr.msg[0] ? derr.msg : strerror(err));
	return control_say(reply, "%s: read; %zu lines of the realm",
			   creds_path(c), creds_count(c));
}

int edge_control(struct edge *e, const char *command, const struct odict *req,
		 struct odict *reply)
{
	if (!strcmp(command, "dispatcher list"))
		return list(e, req, reply);
	if (!strcmp(command, "dispatcher set"))
		return set_states(e, req, reply);
	if (!strcmp(command, "dispatcher ping"))
		return ping(e, req, reply);
	if (!strcmp(command, "dispatcher reload"))
		return reload(e, reply);
	if (!strcmp(command, "user reload"))
		return reload_users(e, reply);
	if (!strcmp(command, "sip connections"))
		return show_connections(e, reply);
	if (!strcmp(command, "sip stats"))
		return stats(e, reply);
	return edge_tune(e, command, req, reply);
}
