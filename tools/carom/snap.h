/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file snap.h  The fast path's counters at one moment, and between two
 */
#ifndef CAROM_SNAP_H
#define CAROM_SNAP_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include "fastpath/fastpath.h"

enum { SNAP_STATES = LEG_AGENT + 1 };

/** Counters of one leg that is not free */
struct snap_leg {
	uint32_t slot;
	enum leg_state state;
	uint64_t packets, bytes;
	int64_t lost;
};

struct snap {
	uint64_t time;  /**< CLOCK_MONOTONIC ns                     */
	uint32_t slots; /**< size of the leg table                  */
	uint32_t statec[SNAP_STATES]; /**< legs by enum leg_state            */
	struct snap_leg *legv; /**< ordered by slot, the free left out     */
	size_t legc;
	struct reason_count reasonv[CAROM_R_MAX];
};

/** What happened between two moments, per second unless said otherwise */
struct snap_rate {
	uint32_t slot;
	double pps, bps;
	int64_t lost; /**< in the interval; may be negative       */
};

/** @param sp  Pointer to the object (mem_deref when done) */
int snap_take(struct snap **sp, const struct fp *fp);

/** Seconds from a to b */
double snap_seconds(const struct snap *a, const struct snap *b);

/** Packets of a reason a second; a counter that fell started afresh */
double snap_reason_pps(const struct snap *a, const struct snap *b, unsigned i);
/** Bits a second, IP length */
double snap_reason_bps(const struct snap *a, const struct snap *b, unsigned i);

/**
 * Rates of every leg of b, in its order. A leg that was not in a, or whose
 * counters fell (a new leg in the slot), counts from 0.
 *
 * @param rv  Array of b->legc entries (mem_deref when done)
 */
int snap_rates(struct snap_rate **rv, const struct snap *a,
	       const struct snap *b);

/** Bring the n busiest to the front, ordered */
void snap_busiest(struct snap_rate *rv, size_t rc, size_t n);

#endif
