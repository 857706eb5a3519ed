/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/pin.h  Where a call's request to a name went
 *
 * A name's records may change between an INVITE and its CANCEL or ACK. For a while
 * these go where that went (RFC 3261 16.11). A fixed number of places: of two calls
 * that fall on one the later has it, and the other one follows the records.
 */
#ifndef CAROM_EDGE_PIN_H
#define CAROM_EDGE_PIN_H

#include "locate/locate.h"

enum {
	PIN_TIME = 180000, /**< ms: longer than most calls ring            */
};

struct pins;

int pins_alloc(struct pins **pp);
/** @return Whether the call has been there; f is filled */
bool pins_find(const struct pins *p, const struct locate_want *w,
	       struct locate_found *f, uint64_t now);
void pins_put(struct pins *p, const struct locate_want *w,
	      const struct locate_found *f, uint64_t now);

#endif
