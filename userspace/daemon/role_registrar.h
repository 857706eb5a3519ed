/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/role_registrar.h  The role `registrar`, from the configuration
 */
#ifndef CAROM_ROLE_REGISTRAR_H
#define CAROM_ROLE_REGISTRAR_H

#include "daemon/config.h"
#include "daemon/role_challenge.h"
#include "registrar/registrar.h"

/** What a registrar is made of; others of this node may use each of them */
struct role_registrar {
	struct sip_node *node;
	struct extensions *ext;
	struct registrar *reg;
	struct role_challenge *challenge;
};

/**
 * @param rp     Pointer to the object (mem_deref when done); NULL without a section
 *               `registrar`. Logged
 * @param fp     Whose kernel asks for credentials, where it may
 * @param store  Kept by the caller
 */
int role_registrar(struct role_registrar **rp, const struct config *c,
		   struct fp *fp, struct store *store, struct location *loc);

/** Another configuration. On an error nothing has changed, and why says it */
int role_registrar_renew(struct role_registrar *r, const struct config *c,
			 char *why, size_t sz);

#endif
