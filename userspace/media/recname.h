/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/recname.h  Files of recordings: where they are, and what they are called
 */
#ifndef CAROM_MEDIA_RECNAME_H
#define CAROM_MEDIA_RECNAME_H

#include <re.h>

/** Make a directory, and those above it. @return 0 or errno */
int recname_dirs(const char *dir);

/** A name without '/', control characters and the like, cut to size - 1 bytes */
void recname_safe(char *buf, size_t size, const struct pl *name);

/**
 * Make DIR/NAME.ENDING, or DIR/NAME-N.ENDING where n is not 0, for us and our group
 *
 * @param pathp  Its path: mem_deref when done
 *
 * @return 0, EEXIST, or what the disk says
 */
int recname_create(int *fdp, char **pathp, const char *dir, const char *name,
		   unsigned n, const char *ending);

#endif
