/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/role_providers.h  Providers and calls to them, from the configuration
 */
#ifndef CAROM_ROLE_PROVIDERS_H
#define CAROM_ROLE_PROVIDERS_H

#include "daemon/config.h"

struct edge;
struct events;
struct providers;
struct store;
struct trunks;

/**
 * Start it. Errors are logged
 *
 * @param store, events  Referenced
 *
 * @return 0, also without a section providers: *pp is NULL then
 */
int role_providers(struct providers **pp, const struct config *c,
		   struct store *store, struct events *events);

/** Tell the edge of the trunks that the store has, from now on. @return 0, also
 *  without an edge: *tp is NULL then */
int role_trunks(struct trunks **tp, struct store *store, struct edge *e);

/** Take what a newer configuration says, which has the section. @param why  What is
 *  wrong with it */
int role_providers_renew(struct providers *ps, const struct config *c,
			 char *why, size_t sz);

#endif
