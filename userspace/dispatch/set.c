/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatch/set.c  A set of targets and its table
 */
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "dispatch/dispatch.h"
#include "dispatch/set.h"
#include "dispatch/table.h"

static void set_destructor(void *arg)
{
	struct ds_set *set = arg;

	for (size_t i = 0; i < set->targetc; i++)
		mem_deref(set->targetv[i]);
	mem_deref(set->targetv);
	mem_deref(set->numv);
	mem_deref(set->slotv);
}

int ds_set_mode(struct ds_set *set, const struct ds_conf *conf)
{
	bool kamailio = conf->mode == DS_KAMAILIO;
	uint32_t size = kamailio ? DS_TARGETS_MAX : conf->slots;
	uint16_t *slotv = mem_alloc(size * sizeof(*slotv), NULL);

	if (!slotv)
		return ENOMEM;

	for (uint32_t i = 0; i < size; i++)
		slotv[i] = DS_NONE;

	mem_deref(set->slotv);
	set->slotv = slotv;
	set->mode = conf->mode;
	set->size = size;
	set->slotc = kamailio ? 0 : size;

	return 0;
}

int ds_set_alloc(struct ds_set **setp, uint32_t id, const struct ds_conf *conf)
{
	struct ds_set *set = mem_zalloc(sizeof(*set), set_destructor);

	if (!set)
		return ENOMEM;

	set->id = id;
	if (ds_set_mode(set, conf)) {
		mem_deref(set);
		return ENOMEM;
	}

	*setp = set;

	return 0;
}

/* In Kamailio the priority orders the targets and does not rule out any */
static uint32_t build_probe(struct ds_set *set)
{
	uint16_t valuev[DS_TARGETS_MAX];
	uint32_t changed;

	for (size_t i = 0; i < set->targetc; i++) {
		const struct ds_target *t = set->targetv[i];

		valuev[i] = ds_target_usable(t) ? t->num : DS_NONE;
	}

	changed = ds_table_probe(set->slotv, valuev, set->targetc);

	/* what a larger table had */
	for (size_t i = set->targetc; i < set->slotc; i++) {
		changed += set->slotv[i] != DS_NONE;
		set->slotv[i] = DS_NONE;
	}
	set->slotc = (uint32_t)set->targetc;

	return changed;
}

static uint32_t build_share(struct ds_set *set)
{
	struct ds_member memberv[DS_TARGETS_MAX];
	size_t memberc = 0;
	uint32_t priority = 0;

	for (size_t i = 0; i < set->targetc; i++) {
		const struct ds_target *t = set->targetv[i];

		if (!ds_target_usable(t) || !t->weight)
			continue;

		/* highest priority first: behind it nobody counts */
		if (!memberc)
			priority = t->priority;
		else if (t->priority != priority)
			break;

		memberv[memberc++] = (struct ds_member){
			t->id, (uint16_t)t->weight, t->num};
	}

	return ds_table_share(set->slotv, set->slotc, memberv, memberc);
}

uint32_t ds_set_build(struct ds_set *set)
{
	if (!set)
		return 0;

	return set->mode == DS_KAMAILIO ? build_probe(set) : build_share(set);
}

uint32_t ds_set_id(const struct ds_set *set)
{
	return set ? set->id : 0;
}

size_t ds_set_count(const struct ds_set *set)
{
	return set ? set->targetc : 0;
}

struct ds_target *ds_set_target(const struct ds_set *set, size_t i)
{
	return set && i < set->targetc ? set->targetv[i] : NULL;
}

struct ds_target *ds_set_find(const struct ds_set *set, const char *uri)
{
	for (size_t i = 0; uri && i < ds_set_count(set); i++) {
		if (!str_cmp(set->targetv[i]->uri, uri))
			return set->targetv[i];
	}

	return NULL;
}

size_t ds_set_usable(const struct ds_set *set)
{
	size_t n = 0;

	for (size_t i = 0; i < ds_set_count(set); i++)
		n += ds_target_usable(set->targetv[i]);

	return n;
}

const uint16_t *ds_set_slots(const struct ds_set *set, uint32_t *n)
{
	if (n)
		*n = set ? set->slotc : 0;

	return set ? set->slotv : NULL;
}

uint32_t ds_set_slot(const struct ds_set *set, uint32_t hash)
{
	return set && set->slotc ? hash % set->slotc : 0;
}

struct ds_target *ds_set_pick(const struct ds_set *set, uint32_t hash)
{
	uint16_t num;

	if (!set || !set->slotc)
		return NULL;

	num = set->slotv[ds_set_slot(set, hash)];

	return num < set->numc ? set->numv[num] : NULL;
}
