/* SPDX-License-Identifier: BSD-2-Clause */
/* The sets and their targets: as the list has them, and as the kernel is told */
#include <string.h>
#include "base/log.h"
#include "edge/core.h"

const struct policy_set *edge_set(const struct edge *e, size_t i)
{
	return i < e->conf.setc ? &e->policy->setv[i] : NULL;
}

void edge_changed(struct edge *e, struct ds_set *set)
{
	for (size_t i = 0; i < e->conf.setc; i++) {
		const struct policy_set *s = &e->policy->setv[i];
		int err;

		if (s->set != set)
			continue;
		err = publish_set(e->publish, (unsigned)i, set, s->flags,
				  tmr_jiffies());
		if (err)
			log_error("edge: set %u: the kernel can't be told: %m",
				  ds_set_id(set), err);
	}
}

void edge_target_watch(struct edge *e, edge_target_h *h, void *arg)
{
	e->targeth = h;
	e->target_arg = arg;
}

void edge_target_told(const struct edge *e, const struct ds_set *set,
		      const struct ds_target *t, enum ds_state before)
{
	if (e->targeth && ds_target_status(t)->state != before)
		e->targeth(set, t, before, e->target_arg);
}

enum ds_mode edge_mode(uint32_t flags)
{
	return flags & SIP_SET_KAMAILIO ? DS_KAMAILIO : DS_RENDEZVOUS;
}

static void warn(const char *text, void *arg)
{
	struct edge *e = arg;

	char *all = NULL;

	log_warn("edge: %s: %s", e->conf.list, text);
	if (re_sdprintf(&all, "%s%s: %s\n", edge_warnings(e), e->conf.list,
			text))
		return;
	mem_deref(e->warned);
	e->warned = all;
}

const char *edge_warnings(const struct edge *e)
{
	return e->warned ? e->warned : "";
}

int edge_take(struct edge *e, const struct ds_list *list)
{
	struct ds_change c;
	int err = ds_sets_merge(e->sets, list, tmr_jiffies(), &c);

	if (err)
		return err;
	e->warned = mem_deref(e->warned);
	ds_list_warn(list, warn, e);
	for (size_t i = 0; i < e->conf.setc && !err; i++) {
		struct policy_set *s = &e->policy->setv[i];
		const bool used = e->conf.set_idv[i] != EDGE_NO_SET;
		struct ds_set *set = used ? ds_sets_find(e->sets,
							 e->conf.set_idv[i])
					  : NULL;

		if (used && !set)
			log_warn("edge: %s: no set %u in it", e->conf.list,
				 e->conf.set_idv[i]);
		mem_deref(s->set);
		s->set = mem_ref(set);
	}
	names_update(e->names);
	for (size_t i = 0; i < e->conf.setc && !err; i++) {
		struct policy_set *s = &e->policy->setv[i];

		err = publish_set(e->publish, (unsigned)i, s->set, s->flags,
				  tmr_jiffies());
	}
	if (!err)
		log_info("edge: %s: %u targets added, %u removed, %u kept",
			 e->conf.list, c.added, c.removed, c.kept);
	return err;
}

int edge_reload(struct edge *e, struct ds_err *derr)
{
	struct ds_list *list = NULL;
	int err;

	names_reload(e->names);
	if (!e->conf.list)
		return 0;
	err = ds_list_load(&list, e->conf.list, derr);
	if (!err)
		err = edge_take(e, list);
	mem_deref(list);
	return err;
}
