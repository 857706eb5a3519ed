/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/locator.h  The locator inside: what locate.c and locating.c share
 */
#ifndef CAROM_EDGE_LOCATOR_H
#define CAROM_EDGE_LOCATOR_H

#include "edge/down.h"
#include "edge/locate.h"

struct locator {
	struct dns *dns;
	uint32_t timeout; /**< ms                                         */
	struct down down;
};

#endif
