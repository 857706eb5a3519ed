/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/role_challenge.h  The kernel asks for credentials, for the registrar
 */
#ifndef CAROM_ROLE_CHALLENGE_H
#define CAROM_ROLE_CHALLENGE_H

#include "daemon/config.h"
#include "fastpath/fastpath.h"
#include "registrar/registrar.h"

/** Ends with it: what the kernel has been told is taken back */
struct role_challenge;

/**
 * @param rp   Pointer to the object (mem_deref when done, before node and reg)
 * @param why  Result: says what is wrong
 */
int role_challenge(struct role_challenge **rp, const struct config *c,
		   struct fp *fp, const struct sip_node *node,
		   const struct registrar *reg, char *why, size_t sz);

/** The registrar's configuration has changed */
void role_challenge_renew(struct role_challenge *r, const struct config *c);

#endif
