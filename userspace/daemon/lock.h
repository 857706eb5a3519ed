/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/lock.h  One daemon for one store
 */
#ifndef CAROM_LOCK_H
#define CAROM_LOCK_H

struct lock;

/**
 * Lock a file until mem_deref or the end of the process. It is created where
 * it is not there, stays, and holds our process id
 *
 * @return 0; EBUSY another process has it; else errno. Logged
 */
int lock_take(struct lock **lp, const char *path);

#endif
