/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file base/timers.h  Timers by the ten thousand
 *
 * libre keeps its timers in one sorted list: with many that are long, starting a short
 * one means walking past all of them, and everybody else's pay for it. A wheel has a slot for
 * each tick; starting and stopping a timer costs the same however many there are.
 *
 * What is due is called within a tick after its time, in no order. One thread, that of
 * the event loop.
 */
#ifndef CAROM_TIMERS_H
#define CAROM_TIMERS_H

#include <re.h>

enum {
	TIMERS_TICK = 20,    /**< ms                                       */
	TIMERS_SLOTS = 1024, /**< ticks of a turn                          */
};

struct timers;

/** A timer. Zeroed is one that does not run */
struct timer {
	struct le le;
	uint64_t due; /**< ms                                           */
	void (*h)(void *arg);
	void *arg;
};

/** @param wp  Pointer to the object (mem_deref when done: what runs never ends) */
int timers_alloc(struct timers **wp);

/** Start, or start anew. h may start and stop any timer of the wheel, and release
 *  what they are in */
void timer_start(struct timers *w, struct timer *t, uint64_t ms,
		 void (*h)(void *arg), void *arg);

/** Stop; fine for one that does not run */
void timer_stop(struct timer *t);

static inline bool timer_runs(const struct timer *t)
{
	return t->le.list != NULL;
}

#endif
