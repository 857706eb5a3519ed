/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/dsname.h  Targets of the dispatcher list that are named, not numbered
 *
 * Looked up when they come into the list, and again when the answer's time is up.
 * A target has one address: it keeps the one that it has for as long as the name
 * has it among others, and what was its address before stays trusted for calls
 * under way (publish.h). Where servers do not answer, it keeps its address; where
 * the name is gone, it is inactive, and says why.
 */
#ifndef CAROM_EDGE_DSNAME_H
#define CAROM_EDGE_DSNAME_H

#include "locate/locate.h"
#include "edge/policy.h"

struct dsnames;

/** Targets of the set have other addresses or states now */
typedef void(dsname_h)(struct ds_set *set, void *arg);

/**
 * @param np       Pointer to the object (mem_deref when done)
 * @param locator  Referenced
 * @param policy   Whose sets are looked at; kept by the caller
 */
int dsnames_alloc(struct dsnames **np, struct locator *locator,
		  const struct policy *policy, dsname_h *h, void *arg);

/** The sets' targets are others: look up who is new, forget who went. Calls h
 *  before it returns, too */
void dsnames_update(struct dsnames *n);

/** Look all up again, now */
void dsnames_renew(struct dsnames *n);

/** Address of a target with this host in its URI, at that port (0: none is
 *  given); NULL: there is none */
const struct sa *dsnames_find(const struct dsnames *n, const struct pl *host,
			      uint16_t port);

/** Has each of them had an answer, good or bad, since it came? */
bool dsnames_settled(const struct dsnames *n);

#endif
