/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatch/hash.h  Hashes inside the room
 */
#ifndef CAROM_DISPATCH_HASH_H
#define CAROM_DISPATCH_HASH_H

#include <re.h>

/** Each bit of the result depends on each bit of x; one to one */
uint64_t ds_mix(uint64_t x);

/**
 * What tells targets apart, the same on all machines
 *
 * @param nth  0 for the first line with this URI in its set, 1 for the next
 */
uint64_t ds_id(const char *uri, uint32_t nth);

#endif
