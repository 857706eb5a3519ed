/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file unit/sim_plane.h  A media worker without thread, sockets or wires, in a time of
 *                         its own: what stands below bridges where they are judged or
 *                         fuzzed
 *
 * Everything happens within the caller's functions, in an order that is always the same.
 * Memory is as large as it has to be and no larger: sanitizers see a byte too far.
 */
#ifndef TESTS_UNIT_SIM_PLANE_H
#define TESTS_UNIT_SIM_PLANE_H

#include "plane/plane.h"

/** A packet goes out */
typedef void(sim_sent_h)(const struct sa *from, const struct sa *to,
			 const uint8_t *p, size_t n, void *arg);

/** @param plp  Pointer to the object (mem_deref when done) */
int sim_plane_alloc(struct plane **plp, sim_sent_h *senth, void *arg);

/** Packets that go out find no room from now on, or do again */
void sim_full(struct plane *pl, bool full);

/** A packet comes to a port of ours; to any other nothing happens. It is copied */
void sim_put(struct plane *pl, const struct sa *local, const struct sa *src,
	     const uint8_t *p, size_t n);

/** The same of a port that is not there yet: the packet comes as soon as it is, 64 bytes at
 *  most. One at a time */
void sim_early(struct plane *pl, const struct sa *local, const struct sa *src,
	       const uint8_t *p, size_t n);

/** Time passes, so many ns; timers are run in it, each at its instant */
void sim_pass(struct plane *pl, uint64_t ns);
/** The same with a worker that is busy meanwhile: timers are late, until it is told something */
void sim_late(struct plane *pl, uint64_t ns);
uint64_t sim_now(const struct plane *pl);

/** The signalling loop's turn: it hears all events that wait */
void sim_events(struct plane *pl);

/** Timers that run */
unsigned sim_timers(const struct plane *pl);

/** The leg at `local` of the kernel's, which begins with nothing relayed, sends on under
 *  this SSRC */
void sim_rewrites(struct plane *pl, const struct sa *local, uint32_t ssrc);

#endif
