/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatch/set.h  Targets and sets inside the room
 */
#ifndef CAROM_DISPATCH_SET_H
#define CAROM_DISPATCH_SET_H

#include <re.h>
#include "dispatch/dispatch.h"
#include "dispatch/list.h"

struct ds_target {
	char *uri, *attrs; /**< shared with the entry they came from        */
	uint64_t id;
	uint32_t flags, priority, weight, maxload;
	uint16_t num;
	enum ds_transp transp;
	struct sa addr;
	struct ds_status st;
};

struct ds_set {
	uint32_t id;
	enum ds_mode mode;
	uint16_t *slotv; /**< DS_NONE behind slotc                          */
	uint32_t slotc, size;
	struct ds_target **targetv; /**< Kamailio's order                   */
	size_t targetc;
	struct ds_target **numv; /**< by number; not owned                  */
	size_t numc;
};

/** What was said of a set before it came */
struct ds_wish {
	uint32_t id;
	enum ds_mode mode;
};

struct ds_sets {
	struct ds_conf conf;
	struct ds_wish *wishv;
	size_t wishc;
	struct ds_set **setv; /**< ascending ids                            */
	size_t setc;
};

/** A new target in the state that the list gives it */
int ds_target_alloc(struct ds_target **tp, const struct ds_entry *en,
		    uint16_t num, uint64_t now_ms);

/**
 * What the list says about a target that stays. Cannot fail.
 *
 * @return Whether the table has to be built
 */
bool ds_target_update(struct ds_target *t, const struct ds_entry *en,
		      uint64_t now_ms);

/** Whether it may get calls */
bool ds_target_usable(const struct ds_target *t);

/** A set without targets, its table empty */
int ds_set_alloc(struct ds_set **setp, uint32_t id, const struct ds_conf *conf);

/** Another mode: an empty table of the size that goes with it; it has to be
 *  built. @return 0 or ENOMEM: nothing has changed */
int ds_set_mode(struct ds_set *set, const struct ds_conf *conf);

#endif
