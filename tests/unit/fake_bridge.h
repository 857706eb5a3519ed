/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file unit/fake_bridge.h  Media workers that only remember what they were told
 */
#ifndef TESTS_UNIT_FAKE_BRIDGE_H
#define TESTS_UNIT_FAKE_BRIDGE_H

#include "bridge/bridge.h"

/** What there is now */
struct fake_bridges {
	unsigned n;       /**< bridges                                  */
	unsigned changes; /**< times that a member was changed          */
	struct bridge_member mv[2]; /**< of the one made or changed last */
};

struct fake_bridges *fake_bridges(void);
/** Workers for media_alloc(): nothing may be done with it but pass it on */
struct plane *fake_plane(void);

#endif
