/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/targetview.h  A target as the control socket shows it
 */
#ifndef CAROM_EDGE_TARGETVIEW_H
#define CAROM_EDGE_TARGETVIEW_H

#include <re.h>
#include "dispatch/dispatch.h"

/**
 * Add all that is known of a target to an array
 *
 * @param nth  Its place in the set
 *
 * @return 0 or ENOMEM
 */
int targetview(struct odict *arr, const struct ds_set *set,
	       const struct ds_target *t, size_t nth);

/** Add what the agent itself sent to the set's targets, where it sent anything.
 *  @return 0 or ENOMEM */
int targetview_sent(struct odict *arr, const struct ds_set *set);

#endif
