/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/reload.h  The configuration, read again while the agent runs
 */
#ifndef CAROM_RELOAD_H
#define CAROM_RELOAD_H

#include "daemon/config.h"
#include "daemon/role_presence.h"
#include "daemon/role_registrar.h"
#include "edge/edge.h"

struct providers;
struct reload;
struct role_hep;

/**
 * @param rp       Pointer to the object (mem_deref when done)
 * @param path     Of the file; kept by the caller
 * @param started  What the agent was started with; kept by the caller
 * @param edge     NULL: this node is none
 * @param ps       NULL: it has no providers
 * @param reg      NULL: it is no registrar
 */
int reload_alloc(struct reload **rp, const char *path,
		 const struct config *started, struct edge *edge,
		 struct providers *ps, struct role_registrar *reg,
		 struct role_presence *presence, struct role_hep *hep);

/** Name in the log what the next reload may not read, as the user that we are now */
void reload_foresee(const struct reload *r);

/**
 * Read the file and take what can be taken. Logged as well
 *
 * @param said  Appended: lines for people, what was taken and what was not
 *
 * @return 0; else nothing has changed, and the last line says why
 */
int reload_now(struct reload *r, struct mbuf *said);

#endif
