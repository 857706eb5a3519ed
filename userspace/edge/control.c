/* SPDX-License-Identifier: BSD-2-Clause */
/* carom dispatcher: the sets and targets, for people; and the agent's figures */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "control/control.h"
#include "edge/edge.h"
#include "edge/tune.h"

static unsigned permille(const struct ds_set *set, const struct ds_target *t)
{
	const uint16_t number = ds_target_number(t);
	const uint16_t *slotv;
	uint64_t mine = 0;
	uint32_t n;

	slotv = ds_set_slots(set, &n);
	for (uint32_t i = 0; i < n; i++)
		mine += slotv[i] == number;
	return n ? (unsigned)(mine * 1000 / n) : 0;
}

static int put_target(struct odict *arr, const struct ds_set *set,
		      const struct ds_target *t, size_t nth)
{
	const struct ds_status *st = ds_target_status(t);
	struct odict *o = NULL;
	char key[24];
	int err;

	err = odict_alloc(&o, 16);
	if (err)
		return err;
	err |= odict_entry_add(o, "set", ODICT_INT, (int64_t)ds_set_id(set));
	err |= odict_entry_add(o, "uri", ODICT_STRING, ds_target_uri(t));
	err |= odict_entry_add(o, "state", ODICT_STRING,
			       ds_state_name(st->state));
	err |= odict_entry_add(o, "reason", ODICT_STRING, st->reason);
	err |= odict_entry_add(o, "since_ms", ODICT_INT,
			       (int64_t)(tmr_jiffies() - st->changed));
	err |= odict_entry_add(o, "slots_permille", ODICT_INT,
			       (int64_t)permille(set, t));
	err |= odict_entry_add(o, "priority", ODICT_INT,
			       (int64_t)ds_target_priority(t));
	err |= odict_entry_add(o, "weight", ODICT_INT,
			       (int64_t)ds_target_weight(t));
	err |= odict_entry_add(o, "latency_us", ODICT_INT,
			       (int64_t)st->lat.avg);
	err |= odict_entry_add(o, "answers", ODICT_INT,
			       (int64_t)st->lat.answers);
	err |= odict_entry_add(o, "timeouts", ODICT_INT,
			       (int64_t)st->lat.timeouts);
	/* an array's keys are never shown, yet must differ */
	(void)re_snprintf(key, sizeof(key), "%u-%zu", ds_set_id(set), nth);
	err |= odict_entry_add(arr, key, ODICT_OBJECT, o);
	mem_deref(o);
	return err ? ENOMEM : 0;
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
	int err = odict_alloc(&arr, 64);

	for (size_t i = 0; !err && (s = edge_set(e, i)); i++) {
		if (!wanted(req, s->set))
			continue;
		for (size_t k = 0; k < ds_set_count(s->set) && !err; k++)
			err = put_target(arr, s->set, ds_set_target(s->set, k),
					 k);
	}
	if (!err)
		err = odict_entry_add(reply, "targets", ODICT_ARRAY, arr);
	mem_deref(arr);
	return err;
}

/* Call h for each target of that URI; ENOENT: there is none */
static int each(struct edge *e, const struct odict *req, struct odict *reply,
		int (*h)(struct edge *, struct ds_set *, struct ds_target *,
			 const struct odict *, struct odict *))
{
	const char *uri = odict_string(req, "uri");
	const struct policy_set *s;
	unsigned n = 0;
	int err = 0;

	if (!uri)
		return control_fail(reply, EINVAL, "no URI is given");
	for (size_t i = 0; !err && (s = edge_set(e, i)); i++) {
		struct ds_target *t = wanted(req, s->set)
					      ? ds_set_find(s->set, uri)
					      : NULL;

		if (!t)
			continue;
		err = h(e, s->set, t, req, reply);
		n++;
	}
	if (!n)
		return control_fail(reply, ENOENT,
				    "no target %s; carom dispatcher list shows "
				    "them",
				    uri);
	return err ? err
		   : control_say(reply, "%s: done in %u set%s", uri, n,
				 n == 1 ? "" : "s");
}

static int set_one(struct edge *e, struct ds_set *set, struct ds_target *t,
		   const struct odict *req, struct odict *reply)
{
	static const enum ds_state statev[] = {DS_ACTIVE, DS_INACTIVE,
					       DS_DISABLED};
	const char *name = odict_string(req, "state");
	const struct ds_status *st = ds_target_status(t);

	for (size_t i = 0; name && i < ARRAY_SIZE(statev); i++) {
		if (strcmp(name, ds_state_name(statev[i])) != 0)
			continue;
		(void)ds_target_set_state(t, statev[i], st->probing,
					  odict_string(req, "reason"),
					  tmr_jiffies());
		(void)ds_set_build(set);
		edge_changed(e, set);
		return 0;
	}
	return control_fail(reply, EINVAL,
			    "state '%s': allowed: active, inactive, disabled",
			    name ? name : "");
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

static int reload(struct edge *e, struct odict *reply)
{
	struct ds_err derr = {""};
	const int err = edge_reload(e, &derr);

	if (err)
		return control_fail(reply, err, "%s; nothing has changed",
				    derr.msg[0] ? derr.msg : strerror(err));
	return control_say(reply, "read; calls under way stay where they are");
}

int edge_control(struct edge *e, const char *command, const struct odict *req,
		 struct odict *reply)
{
	if (!strcmp(command, "dispatcher list"))
		return list(e, req, reply);
	if (!strcmp(command, "dispatcher set"))
		return each(e, req, reply, set_one);
	if (!strcmp(command, "dispatcher ping"))
		return each(e, req, reply, ping_one);
	if (!strcmp(command, "dispatcher reload"))
		return reload(e, reply);
	if (!strcmp(command, "sip stats"))
		return count_json(reply, edge_count(e));
	return edge_tune(e, command, req, reply);
}
