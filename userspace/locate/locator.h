/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file locate/locator.h  The locator inside: what locate.c and locating.c share
 */
#ifndef CAROM_LOCATOR_H
#define CAROM_LOCATOR_H

#include "locate/down.h"
#include "locate/locate.h"

struct locator {
	struct dns *dns;
	uint32_t timeout; /**< ms                                         */
	struct down down;
};

#endif
