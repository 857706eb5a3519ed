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

/** Addresses: those of a network, at any port or at one */
struct prefix {
	struct sa addr; /**< its port: that one alone; 0: any             */
	unsigned bits;
};

/** The first one that an address and port is in; NULL: none. An IPv4 address within
 *  an IPv6 one (::ffff:0:0/96) is looked at as what it is */
const struct prefix *prefix_find(const struct prefix *v, size_t n,
				 const struct sa *sa);

#endif
