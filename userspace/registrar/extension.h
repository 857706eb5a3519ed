/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file registrar/extension.h  Who may register: extensions, and their secrets
 *
 * An extension is a record of the store, kind "extension", key "user@domain": JSON
 * {"id", "user", "domain", "realm", "ha1": {"MD5", "SHA-256", "SHA-512-256"}} and
 * whatever else others keep there. A password is taken once, and what is kept of it
 * is its hash for each algorithm. All HA1s are in memory; those that other nodes
 * write come by themselves.
 */
#ifndef CAROM_REGISTRAR_EXTENSION_H
#define CAROM_REGISTRAR_EXTENSION_H

#include <re.h>
#include "digest/digest.h"
#include "store/store.h"

#define EXTENSION_KIND "extension"

enum {
	EXTENSION_PART = 255, /**< bytes of a user, and of a domain          */
	EXTENSION_PASSWORD = 256,
};

struct extensions;

/** Read what there is. @param store  Kept by the caller
 *  @return 0, ENOMEM, errno of the store */
int extensions_alloc(struct extensions **xp, struct store *store);

/** An extension has come, changed or gone: extension_known() says which */
typedef void(extension_change_h)(const struct pl *user, const struct pl *domain,
				 void *arg);

/** Be told who comes, changes or goes. @param h  NULL: not any more; one at a
 *  time */
void extensions_watch(struct extensions *x, extension_change_h *h, void *arg);

/** How many there are */
size_t extensions_count(const struct extensions *x);

/** HA1 of user@domain for the realm, small letters, valid until the event loop goes
 *  on; NULL: there is none */
const char *extension_ha1(struct extensions *x, const struct pl *user,
			  const struct pl *domain, const struct pl *realm,
			  enum digest_alg alg);

/** Is there one? */
bool extension_known(const struct extensions *x, const struct pl *user,
		     const struct pl *domain);

/** @param err  0; ENOSPC, EIO: nothing has changed */
typedef void(extension_done_h)(int err, void *arg);

/**
 * Add one, or change it
 *
 * @param user      1..EXTENSION_PART bytes, none of " @:<>\" or a control character
 * @param domain    The same; becomes small letters
 * @param realm     NULL: the domain
 * @param password  1..EXTENSION_PASSWORD bytes; NULL: keep the one there is
 * @param more      Further members of the record, put in place of those of the same
 *                  name; NULL: none. Not those that are named above
 * @param h         NULL: done when this returns, and safe from a crash of the
 *                  process, though the machine may lose the last moments
 *
 * @return 0; EINVAL; ENOENT: no password, and no such extension; ENOMEM; errno of
 *         store_write(): the handler will not be called
 */
int extension_put(struct extensions *x, const struct pl *user,
		  const struct pl *domain, const struct pl *realm,
		  const struct pl *password, const struct odict *more,
		  extension_done_h *h, void *arg);

/** @return 0; ENOENT; as extension_put(), and h too */
int extension_del(struct extensions *x, const struct pl *user,
		  const struct pl *domain, extension_done_h *h, void *arg);

/** Its record, without the HA1s. @param op  mem_deref when done.
 *  @return 0, ENOENT, EBADMSG */
int extension_get(struct odict **op, const struct extensions *x,
		  const struct pl *user, const struct pl *domain);

/* ---- for who writes the records himself (the API) -------------------------------- */

/**
 * Members of a record that are ours: "id", "user", "domain", and with a password
 * "realm" and "ha1"
 *
 * @param realm, password  As of extension_put(); password NULL: what it has stays
 *
 * @return 0, EINVAL, ENOMEM, EIO
 */
int extension_fill(const struct extensions *x, struct odict *record,
		   const struct pl *user, const struct pl *domain,
		   const struct pl *realm, const struct pl *password);

/** The store has another record now; NULL: none */
void extension_changed(struct extensions *x, const struct pl *id,
		       const struct odict *record);

/** Return true to stop */
typedef bool(extension_h)(const struct pl *user, const struct pl *domain,
			  void *arg);

/** Each, in no order. @return Whether the handler stopped it */
bool extension_each(const struct extensions *x, extension_h *h, void *arg);

#endif
