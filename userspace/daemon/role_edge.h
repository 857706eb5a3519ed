/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/role_edge.h  The role `edge`, from the configuration
 */
#ifndef CAROM_ROLE_EDGE_H
#define CAROM_ROLE_EDGE_H

#include "daemon/config.h"
#include "edge/edge.h"

/** Start it. Errors are logged. @return 0, also without a section sip */
int role_edge(struct edge **ep, const struct config *c, struct fp *fp);

/**
 * Take what a newer configuration says (edge_renew), which has a section sip
 *
 * @param c  Its strings are used until the next one is taken
 */
int role_edge_renew(struct edge *e, const struct config *c,
		    struct ds_err *derr);

#endif
