/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file digest/creds.h  The file of users as a source of credentials (auth.h)
 */
#ifndef CAROM_DIGEST_CREDS_H
#define CAROM_DIGEST_CREDS_H

#include "digest/users.h"

struct creds;

/**
 * @param cp     Pointer to the object (mem_deref when done)
 * @param path   Of a users file (users.h); copied, as is realm
 * @param e      Says what is wrong
 *
 * @return 0, ENOMEM, or as users_load()
 */
int creds_alloc(struct creds **cp, const char *path, const char *realm,
		struct users_err *e);

/** Read the file again. Nothing changes where it is wrong. @return as users_load() */
int creds_reload(struct creds *c, struct users_err *e);

/** How many lines are of the realm, in force now */
size_t creds_count(const struct creds *c);

/** Of the file; valid as long as c */
const char *creds_path(const struct creds *c);

/** As an auth_ha1_h; arg: the creds */
const char *creds_ha1(const struct pl *user, enum digest_alg alg, void *arg);

#endif
