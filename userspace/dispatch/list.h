/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatch/list.h  The list inside the room
 */
#ifndef CAROM_DISPATCH_LIST_H
#define CAROM_DISPATCH_LIST_H

#include <re.h>
#include "dispatch/dispatch.h"

/** Lines of the same set id */
struct ds_group {
	uint32_t id;
	struct ds_entry **entryv;
	size_t entryc, size;
};

struct ds_list {
	struct ds_group **groupv; /**< ascending ids                        */
	size_t groupc, size;
};

/** Where a line is, and where to say what is wrong with it */
struct ds_where {
	const char *name;
	uint32_t line; /**< 0: no line of its own                           */
	struct ds_err *e;
};

/** Say what is wrong. @return EBADMSG */
int ds_bad(const struct ds_where *w, const char *fmt, ...);

/**
 * Read one line
 *
 * @param ep     Entry (mem_deref), its id not yet set; NULL: nothing in it
 * @param setid  Set, 0..2^31-1
 * @param line   Without its end
 *
 * @return 0, EBADMSG, ENOMEM
 */
int ds_line_parse(struct ds_entry **ep, uint32_t *setid, const struct pl *line,
		  const struct ds_where *w);

#endif
