/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/lock.h  One daemon for one store and one set of maps
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

/**
 * The same for a directory that is there: nothing is written in it. It serves
 * where files cannot be created, as in a BPF filesystem
 */
int lock_take_dir(struct lock **lp, const char *path);

#endif
