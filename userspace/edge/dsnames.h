/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/dsnames.h  Named targets inside: one of them (dsname.c), all (dsnames.c)
 */
#ifndef CAROM_EDGE_DSNAMES_H
#define CAROM_EDGE_DSNAMES_H

#include "edge/dsname.h"

struct dsname {
	struct le le;
	struct dsnames *names;
	struct ds_set *set;
	struct ds_target *target;
	struct locate_want want; /* host points into the target's URI     */
	struct locating *locating;
	struct tmr tmr;
	bool here;    /* in the set, as of the last look                  */
	bool settled; /* has had an answer                                */
	bool failed;  /* it is we who made it inactive                    */
	bool warned;
	bool dirty; /* others have to be told                            */
};

struct dsnames {
	struct list list;
	struct locator *locator;
	const struct policy *policy;
	struct tmr tmr;
	size_t unsettled; /* that wait for their first answer            */
	dsname_h *h;
	void *arg;
};

/**
 * Take a target up where its URI has a name, and have that looked up
 *
 * @return 0; ENOENT: it has an address in figures; ENOMEM
 */
int dsname_add(struct dsnames *n, struct ds_set *set, struct ds_target *t);

/** Look it up now (tmr_h) */
void dsname_look_up(void *arg);

/** Others have to be told of the target's set (dsnames.c) */
void dsnames_mark(struct dsname *d);

#endif
