/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file base/ports.h  UDP ports that are not to be chosen: media's
 *
 * The kernel may give a socket any port that is free. The fast path takes what comes to
 * the media ranges of its addresses, though, and drops it where no call has the port:
 * who waits for an answer there waits in vain. So such sockets are given a port here.
 */
#ifndef CAROM_PORTS_H
#define CAROM_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PORT_RANGES = 32, PORT_TRIES = 1000 /**< until one is free */ };

struct ports {
	struct port_range {
		uint16_t min, max;
	} v[PORT_RANGES];
	size_t n;
};

/** One more range */
void ports_add(struct ports *p, uint16_t min, uint16_t max);

bool ports_have(const struct ports *p, uint16_t port);

/** A port at random, 1024.., that is in none of the ranges; 0 (the kernel's choice)
 *  where there are none, or no other port. It may be taken: ask again */
uint16_t ports_other(const struct ports *p);

#endif
