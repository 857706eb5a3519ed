/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file userfile.h  A file of users, changed in place of the old one, whole or not
 */
#ifndef CAROM_USERFILE_H
#define CAROM_USERFILE_H

#include <sys/types.h>
#include <re.h>
#include "digest/users.h"

struct userfile {
	const char *path;
	const char *realm;
	gid_t group; /**< of a file that is not there yet: who else reads it */
};

/**
 * Put a user's lines in place of those that it has. A file with a fault is left as
 * it is
 *
 * @param lines  With their ends; empty: the user goes
 * @param had    How many lines there were
 * @param e      Says what is wrong, with file and line
 *
 * @return 0; EBADMSG: a fault in the file, or in the lines; errno
 */
int userfile_put(const struct userfile *f, const char *user,
		 const struct pl *lines, unsigned *had, struct users_err *e);

#endif
