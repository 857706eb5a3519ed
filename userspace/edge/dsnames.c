/* SPDX-License-Identifier: BSD-2-Clause */
/* Targets of the dispatcher list that are named: all of them */
#include <errno.h>
#include "base/log.h"
#include "edge/dsnames.h"

enum { GATHER = 20 /* ms: changes of a set are told together */ };

static void destructor(void *arg)
{
	struct dsnames *n = arg;

	tmr_cancel(&n->tmr);
	list_flush(&n->list);
	mem_deref(n->locator);
}

/* A table is large, and servers answer for many names at about the same time */
static void tell(void *arg)
{
	struct dsnames *n = arg;
	struct le *le, *other;

	LIST_FOREACH (&n->list, le) {
		struct dsname *d = le->data;

		if (!d->dirty)
			continue;
		for (other = le; other; other = other->next) {
			struct dsname *o = other->data;

			if (o->set == d->set)
				o->dirty = false;
		}
		(void)ds_set_build(d->set);
		n->h(d->set, n->arg);
	}
}

void dsnames_mark(struct dsname *d)
{
	d->dirty = true;
	if (!tmr_isrunning(&d->names->tmr))
		tmr_start(&d->names->tmr, GATHER, tell, d->names);
}

static struct dsname *find(const struct dsnames *n, const struct ds_target *t)
{
	struct le *le;

	LIST_FOREACH (&n->list, le) {
		struct dsname *d = le->data;

		if (d->target == t)
			return d;
	}
	return NULL;
}

static void take(struct dsnames *n, struct ds_set *set, struct ds_target *t)
{
	struct dsname *d = find(n, t);

	if (d)
		d->here = true;
	else if (dsname_add(n, set, t) == ENOMEM)
		log_error("dispatcher: set %u: %s: %m", ds_set_id(set),
			  ds_target_uri(t), ENOMEM);
}

void dsnames_update(struct dsnames *n)
{
	struct le *le;

	if (!n)
		return;
	LIST_FOREACH (&n->list, le)
		((struct dsname *)le->data)->here = false;
	for (unsigned i = 0; i < SIP_SETS; i++) {
		struct ds_set *set = n->policy->setv[i].set;

		for (size_t k = 0; k < ds_set_count(set); k++)
			take(n, set, ds_set_target(set, k));
	}
	le = list_head(&n->list);
	while (le) {
		struct dsname *d = le->data;

		le = le->next;
		if (!d->here)
			mem_deref(d);
	}
	tmr_cancel(&n->tmr);
	tell(n);
}

void dsnames_renew(struct dsnames *n)
{
	struct le *le;

	if (!n)
		return;
	LIST_FOREACH (&n->list, le) {
		struct dsname *d = le->data;

		/* what is being asked for has an end of its own */
		if (!d->locating)
			tmr_start(&d->tmr, 0, dsname_look_up, d);
	}
}

const struct sa *dsnames_find(const struct dsnames *n, const struct pl *host,
			      uint16_t port)
{
	struct le *le;

	if (!n)
		return NULL;
	LIST_FOREACH (&n->list, le) {
		const struct dsname *d = le->data;
		const struct sa *addr = ds_target_addr(d->target);
		const uint16_t own = d->want.port;

		if (addr && !pl_casecmp(&d->want.host, host) &&
		    (port ? port == sa_port(addr) : !own || own == 5060))
			return addr;
	}
	return NULL;
}

bool dsnames_settled(const struct dsnames *n)
{
	return !n || !n->unsettled;
}

int dsnames_alloc(struct dsnames **np, struct locator *locator,
		  const struct policy *policy, dsname_h *h, void *arg)
{
	struct dsnames *n;

	if (!np || !locator || !policy || !h)
		return EINVAL;
	n = mem_zalloc(sizeof(*n), destructor);
	if (!n)
		return ENOMEM;
	list_init(&n->list);
	tmr_init(&n->tmr);
	n->locator = mem_ref(locator);
	n->policy = policy;
	n->h = h;
	n->arg = arg;
	*np = n;
	return 0;
}
