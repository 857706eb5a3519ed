/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/names.h  All that the edge does with names, in one object
 *
 * Next hops (locate.h), messages that wait for them (waiting.h), targets of the
 * dispatcher list (dsname.h).
 */
#ifndef CAROM_EDGE_NAMES_H
#define CAROM_EDGE_NAMES_H

#include "edge/dsname.h"
#include "edge/waiting.h"

struct names;

struct names_conf {
	struct dns_conf dns; /**< timeout: for a name with all its records */
	uint32_t waiting;    /**< messages at a time                      */
};

/**
 * @param np       Pointer to the object (mem_deref when done)
 * @param policy   Kept by the caller
 * @param changed  A set's targets have other addresses or states
 * @param waited   A message's name is known, or will not be
 * @param arg      Of both
 */
int names_alloc(struct names **np, const struct names_conf *conf,
		const struct policy *policy, dsname_h *changed,
		waiting_h *waited, void *arg);

/** The dispatcher's sets are others (dsnames_update) */
void names_update(struct names *n);

/** Another configuration: names_reload() by it */
void names_renew(struct names *n, const struct names_conf *conf);

/** Servers are read again, nothing that was known is believed any more */
void names_reload(struct names *n);

/** policy.named */
const struct sa *names_node(const struct names *n, const struct pl *host,
			    uint16_t port);

/** policy.unsettled */
bool names_unsettled(const struct names *n);

/** policy.locate: where the call has been before, else by the records */
int names_locate(struct names *n, const struct locate_want *w,
		 struct locate_found *f);

/** Keep a message until its name is known (waiting_add) */
int names_wait(struct names *n, const struct forward_in *in,
	       const struct locate_want *w);

/** The address can't be reached: others of its name are taken for a while */
void names_refused(struct names *n, const struct sa *addr);

#endif
