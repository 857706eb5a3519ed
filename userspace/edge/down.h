/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/down.h  Addresses that refused lately
 */
#ifndef CAROM_EDGE_DOWN_H
#define CAROM_EDGE_DOWN_H

#include <re.h>

enum { DOWN_ADDRS = 64 /**< a new one takes the place of the oldest */ };

struct down {
	struct {
		struct sa addr;
		uint64_t until; /* ms                                     */
	} v[DOWN_ADDRS];
};

/** Zeroed is empty. until: ms of the caller's clock */
void down_mark(struct down *d, const struct sa *addr, uint64_t until);
bool down_is(const struct down *d, const struct sa *addr, uint64_t now);

#endif
