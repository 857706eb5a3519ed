/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/leave.h  The listener that a datagram leaves by
 */
#ifndef CAROM_EDGE_LEAVE_H
#define CAROM_EDGE_LEAVE_H

#include "edge/policy.h"

/**
 * As the kernel does: the one that the request came to, unless the device
 * towards dst is another that a listener stands at
 *
 * @param in  Index of the listener that the request came to
 *
 * @return Index of a UDP listener of dst's family; in, where there is none
 */
unsigned leave_by(const struct policy *p, const struct sa *dst, unsigned in);

/**
 * The device that has an address
 *
 * @param ifindex  Result; 0: one that no packet leaves by (lo, dummy): the
 *                 address is at home at any device
 *
 * @return 0, ENOENT (no address of this host)
 */
int leave_device_of(unsigned *ifindex, const struct sa *addr);

#endif
