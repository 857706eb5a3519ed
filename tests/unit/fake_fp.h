/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fake_fp.h  A fast path that only remembers what it was told
 */
#ifndef CAROM_FAKE_FP_H
#define CAROM_FAKE_FP_H

#include "fastpath/fastpath.h"

/** mem_deref when done */
struct fp *fake_fp(void);

/** Recipe in force at ADDR:PORT, NULL: free */
const struct fp_leg *fake_leg(const struct fp *fp, const char *addr,
			      uint16_t port);
/** Legs in all that are not free */
unsigned fake_legs(const struct fp *fp);
/** Calls of fp_leg_set so far */
unsigned fake_sets(const struct fp *fp);
/** As if the kernel had latched */
void fake_learn(struct fp *fp, const char *addr, uint16_t port,
		const char *remote, uint16_t rport);
/** As if packets had been relayed; seen: ns of CLOCK_MONOTONIC */
void fake_traffic(struct fp *fp, const char *addr, uint16_t port,
		  uint64_t packets, uint64_t seen);
/** Hand a copy to whoever called fp_tap_alloc; slot is filled in */
void fake_tap(struct fp *fp, const char *addr, uint16_t port, struct tap *tap,
	      const uint8_t *pkt);
/** The next fp_leg_set returns this */
void fake_fail(struct fp *fp, int err);

#endif
