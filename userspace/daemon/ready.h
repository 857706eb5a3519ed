/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/ready.h  Is each role ready? (/readyz)
 */
#ifndef CAROM_READY_H
#define CAROM_READY_H

#include "daemon/config.h"

struct api;
struct edge;
struct location;
struct providers;
struct store;

/** What is looked at. What this node has not is NULL */
struct ready_conf {
	const struct config *conf;
	const struct fp *fp;
	struct store *store;
	struct edge *edge;
	const struct location *location; /**< of a registrar        */
	const struct providers *providers;
};

/**
 * Have /readyz look at maps, store, devices that are configured, and each role.
 *
 * A listener that can't be had ends caromd, so that a role that is there has its own
 *
 * @param c  Copied; what it points to is kept by the caller
 *
 * @return 0, ENOMEM
 */
int ready_parts(struct api *a, const struct ready_conf *c);

#endif
