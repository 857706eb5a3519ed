/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file plane/ring.h  A bounded queue of records: many write, one reads, nobody
 *                     waits for another
 *
 * D. Vyukov's: each cell has a number that says whose turn it is.
 */
#ifndef CAROM_PLANE_RING_H
#define CAROM_PLANE_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring;

/**
 * @param rp     Pointer to the object (mem_deref when done)
 * @param cells  A power of two
 * @param size   Bytes of a record
 */
int ring_alloc(struct ring **rp, uint32_t cells, uint32_t size);

/** Room for a record, NULL when the queue is full */
void *ring_claim(struct ring *r, uint64_t *ticket);
/** It is written: whoever reads may have it */
void ring_publish(struct ring *r, uint64_t ticket);

/** The oldest record, NULL when there is none. Only one thread reads */
void *ring_front(struct ring *r);
/** Done with it */
void ring_pop(struct ring *r);

#endif
