/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file digest/users.h  A file of users and of what their passwords hash to
 *
 * As htdigest writes it: lines "user:realm:HA1", where HA1 is H(user:realm:password)
 * in hexadecimal digits: 32 for MD5, 64 for SHA-256. A user has a line for each
 * algorithm. Empty lines and those that begin with '#' are comments.
 */
#ifndef CAROM_DIGEST_USERS_H
#define CAROM_DIGEST_USERS_H

#include <re.h>
#include "digest/digest.h"

struct users;

/** What is wrong, ready to print */
struct users_err {
	char msg[512];
};

/**
 * Read the file
 *
 * @param up     Pointer to the object (mem_deref when done)
 * @param realm  Lines of others are checked, and left out
 * @param e      On error "path:line: what is wrong; what is allowed"
 *
 * @return 0, EBADMSG: a line is wrong; EFBIG; errno of open(2) and read(2)
 */
int users_load(struct users **up, const char *path, const char *realm,
	       struct users_err *e);

/** The same from memory. @param name  In place of the path, for e; @param text  Copied */
int users_parse(struct users **up, const char *name, const char *realm,
		const struct pl *text, struct users_err *e);

/** How many lines are of the realm */
size_t users_count(const struct users *u);

/** HA1, small letters, valid as long as u; NULL: no such user or no line for the
 *  algorithm */
const char *users_ha1(const struct users *u, const struct pl *user,
		      enum digest_alg alg);

#endif
