/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file power_vfs.h  SQLite on a disk that loses what was not synced
 *
 * Between SQLite and the files: knows at each moment what a loss of power
 * would leave of them. Registered as the default VFS, for a whole program.
 */
#ifndef POWER_VFS_H
#define POWER_VFS_H

#include <stdbool.h>
#include <stddef.h>

int power_init(void);

/** A disk with nothing on it; no file may be open */
void power_reset(void);

/** What is left when the power fails now: the file that was opened as path, and
 * its log, as to. Each sector of what was not synced is there or is not */
int power_loss(const char *path, const char *to, unsigned seed);

/** No space beyond so many bytes, in all files together; 0: there is always */
void power_space(size_t bytes);

/** From now on no sync succeeds, or each does again */
void power_sync_fails(bool fails);

/** How often something was synced */
unsigned power_syncs(void);

#endif
