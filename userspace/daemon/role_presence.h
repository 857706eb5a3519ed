/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/role_presence.h  The role `presence`, from the configuration
 */
#ifndef CAROM_ROLE_PRESENCE_H
#define CAROM_ROLE_PRESENCE_H

#include "daemon/role_registrar.h"
#include "event/event.h"
#include "presence/presence.h"

struct role_presence;

/**
 * Presence on the registrar's node: its domains, its users
 *
 * @param rp   Pointer to the object (mem_deref when done, before the registrar); NULL
 *             without a section `presence`
 * @param reg  Kept by the caller
 *
 * Errors are logged. @return 0 or errno
 */
int role_presence(struct role_presence **rp, const struct config *c,
		  struct role_registrar *reg, struct store *store,
		  struct location *loc, struct events *events);

/** The room itself; NULL where r is */
struct presence *role_presence_room(const struct role_presence *r);

/** Another configuration. On an error nothing has changed, and why says it */
int role_presence_renew(struct role_presence *r, const struct config *c,
			char *why, size_t sz);

/** An extension has come or gone */
void role_presence_user(struct role_presence *r, const struct pl *user,
			const struct pl *domain);

/** Add its figures to those of media_figures(). r may be NULL. @return 0 or ENOMEM */
int role_presence_figures(const struct role_presence *r, struct odict *figures);

#endif
