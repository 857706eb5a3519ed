/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file base/prefix.h  Networks as people write them
 */
#ifndef CAROM_BASE_PREFIX_H
#define CAROM_BASE_PREFIX_H

#include <re.h>

/**
 * Read "192.0.2.0/24", "2001:db8::/32"
 *
 * @param addr  Its port becomes 0
 * @param bits  0..32 or 0..128
 *
 * @return 0; EINVAL: no address, no prefix length, or bits behind the prefix
 *         that are not zero, by which it would be another network than it says
 */
int prefix_decode(struct sa *addr, unsigned *bits, const char *s);

#endif
