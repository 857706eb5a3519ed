/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file route/table.h  Inside the room: what the table is made of
 */
#ifndef CAROM_ROUTE_TABLE_H
#define CAROM_ROUTE_TABLE_H

#include "route/route.h"

/** The routes of one prefix, in no order */
struct group {
	struct le he;
	char *prefix;
	struct route **v; /**< not referenced: the table does             */
	size_t n, size;
};

struct routes {
	struct hash *prefixes;
	struct route **v; /**< by id                                      */
	size_t n, size;
};

/** NULL: none has this prefix */
struct group *routes_group(const struct routes *t, const struct pl *prefix);

#endif
