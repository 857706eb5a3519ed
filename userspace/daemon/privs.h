/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/privs.h  Whom the daemon runs as, and what it may still do
 */
#ifndef CAROM_PRIVS_H
#define CAROM_PRIVS_H

#include <stdbool.h>
#include <sys/types.h>

/** Whom to become */
struct privs {
	const char *user; /**< NULL: stay who we are                      */
	uid_t uid;
	gid_t gid;
	bool change; /**< not that user already                      */
};

/**
 * Look up the user to become
 *
 * @param user  Name, not copied; NULL: stay who we are
 *
 * @return 0; ENOENT no such user; EPERM we are not root. Logged
 */
int privs_user(struct privs *p, const char *user);

/**
 * Create a directory and those above it; the last one belongs to the user.
 * One that is there already stays as it is, and must let the user write.
 * Errors are logged
 */
int privs_dir(const struct privs *p, const char *path);

/** The same for the directory that a file is in */
int privs_parent(const struct privs *p, const char *path);

/** Give a file to the user; create it (mode 0640) where it is not there.
 *  Errors are logged */
int privs_file(const struct privs *p, const char *path, bool create);

/**
 * Become the user, for good, with CAP_NET_ADMIN (the kernel is asked to keep
 * neighbours resolved) and CAP_NET_RAW (AF_XDP) alone. Nothing that is executed can
 * gain more (no_new_privs). Errors are logged
 */
int privs_drop(const struct privs *p);

#endif
