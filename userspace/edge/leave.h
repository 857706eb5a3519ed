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

/** Index of the device that has the address; 0: none of this host */
unsigned leave_device_of(const struct sa *addr);

#endif
