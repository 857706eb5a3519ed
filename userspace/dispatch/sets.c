/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatch/sets.c  All sets, and what a new list makes of them
 *
 * A merge has two halves. The first one plans: it allocates what will be
 * needed and touches nothing. The second one cannot fail.
 */
#include <string.h>
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "dispatch/dispatch.h"
#include "dispatch/list.h"
#include "dispatch/set.h"

/* What a set is going to be; all references are held */
struct plan {
	struct ds_set *set;
	struct ds_target **targetv, **numv;
	size_t targetc, numc, added;
};

struct plans {
	struct plan *v;
	size_t c;
};

static void sets_destructor(void *arg)
{
	struct ds_sets *s = arg;

	for (size_t i = 0; i < s->setc; i++)
		mem_deref(s->setv[i]);
	mem_deref(s->setv);
	mem_deref(s->wishv);
}

static void plans_destructor(void *arg)
{
	struct plans *p = arg;

	for (size_t i = 0; p->v && i < p->c; i++) {
		struct plan *pl = &p->v[i];

		for (size_t k = 0; pl->targetv && k < pl->targetc; k++)
			mem_deref(pl->targetv[k]);
		mem_deref(pl->targetv);
		mem_deref(pl->numv);
		mem_deref(pl->set);
	}
	mem_deref(p->v);
}

int ds_sets_alloc(struct ds_sets **sp, const struct ds_conf *conf)
{
	struct ds_sets *s;

	if (!conf)
		conf = &ds_conf_default;
	if (!sp || conf->mode > DS_KAMAILIO || !conf->slots ||
	    conf->slots > DS_SLOTS)
		return EINVAL;

	s = mem_zalloc(sizeof(*s), sets_destructor);
	if (!s)
		return ENOMEM;

	s->conf = *conf;
	*sp = s;

	return 0;
}

static struct ds_conf conf_of(const struct ds_sets *s, uint32_t id)
{
	struct ds_conf conf = s->conf;

	for (size_t i = 0; i < s->wishc; i++) {
		if (s->wishv[i].id == id)
			conf.mode = s->wishv[i].mode;
	}

	return conf;
}

int ds_sets_mode(struct ds_sets *s, uint32_t id, enum ds_mode mode)
{
	struct ds_conf conf;
	struct ds_set *set;
	struct ds_wish *v;
	size_t i = 0;

	if (!s || mode > DS_KAMAILIO)
		return EINVAL;

	conf = s->conf;
	conf.mode = mode;
	while (i < s->wishc && s->wishv[i].id != id)
		++i;
	if (i == s->wishc) {
		v = mem_reallocarray(s->wishv, i + 1, sizeof(*v), NULL);
		if (!v)
			return ENOMEM;
		s->wishv = v;
		s->wishv[s->wishc++] = (struct ds_wish){id, s->conf.mode};
	}

	set = ds_sets_find(s, id);
	if (set && set->mode != mode) {
		if (ds_set_mode(set, &conf))
			return ENOMEM;
		(void)ds_set_build(set);
	}
	s->wishv[i].mode = mode;

	return 0;
}

static struct ds_target *by_id(const struct ds_set *set,
			       const struct ds_entry *en)
{
	for (size_t i = 0; i < set->targetc; i++) {
		struct ds_target *t = set->targetv[i];

		if (t->id == en->id && !strcmp(t->uri, en->uri))
			return t;
	}

	return NULL;
}

/* A number of one who leaves is not given to one who comes: the build would
 * not see that the slot leads elsewhere */
static uint16_t free_number(const struct ds_set *set, uint16_t from)
{
	while (from < set->numc && set->numv[from])
		++from;

	return from;
}

static int plan_set(struct plan *p, const struct ds_group *g, uint64_t now)
{
	const struct ds_set *set = p->set;
	uint16_t num = 0;
	int err;

	p->targetv = mem_zalloc(g->entryc * sizeof(void *), NULL);
	if (!p->targetv)
		return ENOMEM;
	p->targetc = g->entryc;

	for (size_t i = 0; i < g->entryc; i++) {
		struct ds_target *t = by_id(set, g->entryv[i]);

		if (t) {
			p->targetv[i] = mem_ref(t);
		} else {
			num = free_number(set, num);
			err = ds_target_alloc(&p->targetv[i], g->entryv[i],
					      num++, now);
			if (err)
				return err;
			++p->added;
		}
		if (p->targetv[i]->num >= p->numc)
			p->numc = p->targetv[i]->num + 1u;
	}

	p->numv = mem_zalloc(p->numc * sizeof(void *), NULL);
	if (!p->numv)
		return ENOMEM;
	for (size_t i = 0; i < p->targetc; i++)
		p->numv[p->targetv[i]->num] = p->targetv[i];

	return 0;
}

static int plan_all(struct plans **pp, const struct ds_sets *s,
		    const struct ds_list *l, uint64_t now)
{
	struct plans *p = mem_zalloc(sizeof(*p), plans_destructor);
	int err = 0;

	if (!p)
		return ENOMEM;

	p->c = l->groupc;
	p->v = mem_zalloc((l->groupc + 1) * sizeof(*p->v), NULL);
	if (!p->v)
		err = ENOMEM;

	for (size_t i = 0; i < l->groupc && !err; i++) {
		const uint32_t id = l->groupv[i]->id;
		const struct ds_conf conf = conf_of(s, id);
		struct plan *plan = &p->v[i];

		plan->set = mem_ref(ds_sets_find(s, id));
		if (!plan->set)
			err = ds_set_alloc(&plan->set, id, &conf);
		if (!err)
			err = plan_set(plan, l->groupv[i], now);
	}

	if (err)
		mem_deref(p);
	else
		*pp = p;

	return err;
}

/* The plan gets what the set had, and frees it when it goes */
static void commit(struct plan *p, const struct ds_group *g, uint64_t now,
		   struct ds_change *c)
{
	struct ds_set *set = p->set;
	struct plan had = *p;
	size_t kept = p->targetc - p->added;
	bool build = p->added || kept < set->targetc;

	for (size_t i = 0; i < p->targetc; i++)
		build |= ds_target_update(p->targetv[i], g->entryv[i], now);

	/* positions count in Kamailio's mode, and a line may have moved */
	if (set->mode == DS_KAMAILIO)
		build = true;

	c->sets_added += !set->targetc;
	c->added += (uint32_t)p->added;
	c->kept += (uint32_t)kept;
	c->removed += (uint32_t)(set->targetc - kept);

	p->targetv = set->targetv;
	p->targetc = set->targetc;
	p->numv = set->numv;
	set->targetv = had.targetv;
	set->targetc = had.targetc;
	set->numv = had.numv;
	set->numc = had.numc;

	if (build)
		c->slots += ds_set_build(set);
}

static void count_gone(const struct ds_sets *s, const struct ds_list *l,
		       struct ds_change *c)
{
	for (size_t i = 0, k = 0; i < s->setc; i++) {
		while (k < l->groupc && l->groupv[k]->id < s->setv[i]->id)
			++k;
		if (k < l->groupc && l->groupv[k]->id == s->setv[i]->id)
			continue;
		++c->sets_removed;
		c->removed += (uint32_t)s->setv[i]->targetc;
	}
}

int ds_sets_merge(struct ds_sets *s, const struct ds_list *l, uint64_t now_ms,
		  struct ds_change *c)
{
	struct ds_change change = {0};
	struct plans *plans = NULL;
	struct ds_set **setv;
	int err;

	if (!s || !l)
		return EINVAL;

	setv = mem_zalloc((l->groupc + 1) * sizeof(void *), NULL);
	if (!setv)
		return ENOMEM;

	err = plan_all(&plans, s, l, now_ms);
	if (err)
		goto out;

	count_gone(s, l, &change);
	for (size_t i = 0; i < l->groupc; i++) {
		commit(&plans->v[i], l->groupv[i], now_ms, &change);
		setv[i] = mem_ref(plans->v[i].set);
	}

	for (size_t i = 0; i < s->setc; i++)
		mem_deref(s->setv[i]);
	mem_deref(s->setv);
	s->setv = mem_ref(setv);
	s->setc = l->groupc;
	if (c)
		*c = change;

out:
	mem_deref(plans);
	mem_deref(setv);

	return err;
}

size_t ds_sets_count(const struct ds_sets *s)
{
	return s ? s->setc : 0;
}

struct ds_set *ds_sets_at(const struct ds_sets *s, size_t i)
{
	return s && i < s->setc ? s->setv[i] : NULL;
}

struct ds_set *ds_sets_find(const struct ds_sets *s, uint32_t id)
{
	size_t lo = 0, hi = s ? s->setc : 0;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->setv[mid]->id == id)
			return s->setv[mid];
		if (s->setv[mid]->id < id)
			lo = mid + 1;
		else
			hi = mid;
	}

	return NULL;
}
