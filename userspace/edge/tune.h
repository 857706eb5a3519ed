/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/tune.h  Limits and networks, changed by hand
 */
#ifndef CAROM_EDGE_TUNE_H
#define CAROM_EDGE_TUNE_H

#include "edge/edge.h"

/** "limit list|set|reset", "network list|add|delete" (edge_control). @return ENOSYS
 *  for any other command */
int edge_tune(struct edge *e, const char *command, const struct odict *req,
	      struct odict *reply);

#endif
