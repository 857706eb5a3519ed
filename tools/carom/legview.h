/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file legview.h  Legs, as legs, calls and top show them
 */
#ifndef CAROM_LEGVIEW_H
#define CAROM_LEGVIEW_H

#include "carom.h"

/** One leg and its rate over the last interval */
struct legview {
	uint32_t slot;
	struct fp_leg_stats st;
	double pps, bps;
	bool sampled; /**< pps and bps hold                             */
	double mos_in, mos_out; /**< of what its party sends, where that is
				     heard; of what the party hears; 0 not known */
};

enum tint legview_tint(enum leg_state state);

/** A table of legs. @return 0 or ENOMEM */
int legview_table(const struct cli *cli, FILE *f, const struct legview *v,
		  size_t n, bool sampled);

/** Add the leg to an array */
void legview_json(int *err, struct odict *arr, const struct fp *fp,
		  const struct legview *v);

/** "stranger 3, held 1": counters that are not zero and have no column of
 *  their own; "" none */
void legview_reasons(char *buf, size_t size, const uint32_t *count);

#endif
