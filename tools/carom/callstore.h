/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file callstore.h  Calls read from the agent's store
 */
#ifndef CAROM_CALLSTORE_H
#define CAROM_CALLSTORE_H

#include "callrec.h"

/**
 * Read one call. Failures are explained on stderr
 *
 * @param rp  Pointer to the object (mem_deref when done)
 *
 * @return 0 or exit code
 */
int callstore_find(const struct cli *cli, const char *id, struct callrec **rp);

/**
 * Read every call, oldest first. Records that make no sense are named on
 * stderr and left out.
 *
 * @param recl  struct callrec are appended (list_flush when done)
 *
 * @return 0 or exit code
 */
int callstore_all(const struct cli *cli, struct list *recl);

#endif
