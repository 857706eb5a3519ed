/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fuzz/relayed.h  What must be true of a frame that was relayed
 */
#ifndef TESTS_FUZZ_RELAYED_H
#define TESTS_FUZZ_RELAYED_H

#include "ways.h"

/**
 * It came from the leg's peer and was welcome, goes to the other one, is as
 * long as it claims, and says what it said; a checksum that was right is right
 * again, and one that was wrong still wrong.
 *
 * @param ttl   What the appliance sets, 0 for one less than it came with
 * @param bytes What was counted for it
 */
void check_relayed(const struct pkt *in, const struct pkt *out, uint8_t ttl,
		   uint64_t bytes);

#endif
