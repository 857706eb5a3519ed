/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/waiting.h  Messages that wait for a name
 */
#ifndef CAROM_EDGE_WAITING_H
#define CAROM_EDGE_WAITING_H

#include "edge/forward.h"

enum { WAITING_BYTES = 16 << 20 /**< of all texts together                 */ };

struct waiting;

/** The name is known by now, or will not be: in->looked_up is set, in is valid
 *  during the call */
typedef void(waiting_h)(const struct forward_in *in, void *arg);

/**
 * @param wp       Pointer to the object (mem_deref when done: what waits is lost)
 * @param locator  Referenced
 * @param max      Messages at a time
 */
int waiting_alloc(struct waiting **wp, struct locator *locator, uint32_t max,
		  waiting_h *h, void *arg);

/**
 * Keep a message until its name has been looked up. Messages for a name are
 * handed on in the order that they came in. A retransmission of what waits
 * already is swallowed.
 *
 * @param in    Its text is copied
 * @param want  What it waits for
 *
 * @return 0; ENOSPC, EBUSY: too many wait; or as locate()
 */
int waiting_add(struct waiting *w, const struct forward_in *in,
		const struct locate_want *want);

/** Another bound; what waits already goes on to */
void waiting_max(struct waiting *w, uint32_t max);

/** Messages that wait */
uint32_t waiting_count(const struct waiting *w);

#endif
