/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/role_store.h  The store as the configuration wants it
 */
#ifndef CAROM_ROLE_STORE_H
#define CAROM_ROLE_STORE_H

#include "daemon/config.h"
#include "daemon/lock.h"
#include "daemon/privs.h"
#include "store/store.h"

/**
 * Take the lock, open the store; a file is given to whom we shall be
 *
 * @return 0, or an error that is in the log
 */
int role_store(struct store **sp, struct lock **lp, const struct config *c,
	       const struct privs *privs);

/** Of an api_ready_h; arg: the store */
bool role_store_ready(char *why, size_t size, void *arg);

#endif
