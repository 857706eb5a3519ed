/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file locate/down.h  Addresses that refused lately
 */
#ifndef CAROM_LOCATE_DOWN_H
#define CAROM_LOCATE_DOWN_H

#include <re.h>

enum {
	DOWN_ADDRS = 64,   /**< a new one takes the place of the oldest    */
	DOWN_GIVEN = 1024, /**< that may be marked                         */
};

struct down {
	struct {
		struct sa addr;
		uint64_t until; /* ms                                     */
	} v[DOWN_ADDRS];
	struct sa givenv[DOWN_GIVEN]; /* by hash                        */
};

/** A name has led to the address: so it is worth marking. Strangers that have us
 *  send to others' addresses find no room here */
void down_given(struct down *d, const struct sa *addr);
/** Zeroed is empty. until: ms of the caller's clock. No effect on what was not
 *  given */
void down_mark(struct down *d, const struct sa *addr, uint64_t until);
bool down_is(const struct down *d, const struct sa *addr, uint64_t now);

#endif
