/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatch/table.h  Selection tables: which slot is whose
 */
#ifndef CAROM_DISPATCH_TABLE_H
#define CAROM_DISPATCH_TABLE_H

#include <re.h>

struct ds_member {
	uint64_t id;     /**< ds_id(), or any 64 bits that are its own      */
	uint16_t weight; /**< 1..100; with any other it gets no slot        */
	uint16_t value;  /**< what its slots get                            */
};

/**
 * Share the slots by weighted rendezvous hashing
 *
 * A slot's owner depends on the ids and weights alone, not on the members'
 * order, nor on what the table had before. Whoever goes leaves its slots to
 * the others and moves no other slot; whoever comes takes its share from all.
 *
 * @param slotv    Filled; DS_NONE all over without members
 * @param memberv  Ids are unique: of two with the same one, either may win
 *
 * @return Number of slots with another value than before
 */
uint32_t ds_table_share(uint16_t *slotv, uint32_t slotc,
			const struct ds_member *memberv, size_t memberc);

/**
 * A slot for each value; in the place of a DS_NONE the next one, round the end
 *
 * @return Number of slots with another value than before
 */
uint32_t ds_table_probe(uint16_t *slotv, const uint16_t *valuev, size_t n);

#endif
