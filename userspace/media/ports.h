/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/ports.h  Allocator of RTP/RTCP port pairs of one local address
 */
#ifndef CAROM_MEDIA_PORTS_H
#define CAROM_MEDIA_PORTS_H

#include <re.h>

struct ports;

/** Default for how long a freed pair rests, ms */
#define PORTS_QUARANTINE 5000

/**
 * An allocator whose first search starts at a random pair, so that a restarted
 * node does not hand out the ports of the calls it just lost.
 *
 * @param pp          Pointer to the object (mem_deref when done)
 * @param min         First port; an odd one is rounded up
 * @param max         Last port, inclusive
 * @param quarantine  ms that a freed pair rests, so that a late packet of the
 *                    old call does not reach a new one
 *
 * @return 0, EINVAL when not one pair fits, ENOMEM
 */
int ports_alloc(struct ports **pp, uint16_t min, uint16_t max,
		uint32_t quarantine);

/**
 * Take a pair
 *
 * With every pair in use but some at rest, the one that rested longest is
 * taken: a call is worth more than the rest of its quarantine.
 *
 * @param rtp  Result: the even port; rtp + 1 belongs to the caller too
 * @param now  ms, a clock that never goes back
 *
 * @return 0 or ENOSPC
 */
int ports_take(struct ports *p, uint16_t *rtp, uint64_t now);

/** Mark a given pair as used (a call of the store). 0, EADDRINUSE, ERANGE */
int ports_mark(struct ports *p, uint16_t rtp);

/** Give a pair back; it rests first */
void ports_give(struct ports *p, uint16_t rtp, uint64_t now);

/** Is this port, even or odd, part of a pair that is taken or at rest? */
bool ports_busy(const struct ports *p, uint16_t port);

/** Pairs in all, taken, and at rest */
void ports_count(const struct ports *p, uint32_t *total, uint32_t *used,
		 uint32_t *resting);

uint16_t ports_min(const struct ports *p);
uint16_t ports_max(const struct ports *p);

#endif
