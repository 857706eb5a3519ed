/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file statsview.h  Reasons with their counters
 */
#ifndef CAROM_STATSVIEW_H
#define CAROM_STATSVIEW_H

#include "carom.h"

/**
 * A table of those that occurred
 *
 * @param rcv     CAROM_R_MAX counters
 * @param all     The others, too
 * @param prefix  Only names that begin so; NULL: any
 *
 * @return 0 or ENOMEM
 */
int stats_table(struct cli *cli, const struct reason_count *rcv, bool all,
		const char *prefix);

/** The same, as object "reasons" */
void stats_json(int *err, struct odict *od, const struct reason_count *rcv,
		bool all, const char *prefix);

#endif
