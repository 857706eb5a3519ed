/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/role_hep.h  What the roles see is shown to a collector (HEP)
 */
#ifndef CAROM_ROLE_HEP_H
#define CAROM_ROLE_HEP_H

#include "daemon/config.h"
#include "edge/edge.h"
#include "hep/hep.h"
#include "provider/provider.h"
#include "sip/sip.h"

struct role_hep;

/**
 * Watch, as the configuration says; without a section hep nobody does, which the kernel
 * is told, until a reload brings one
 *
 * @param rp    Pointer to the object (mem_deref when done)
 * @param edge  NULL: no edge. Both have to outlive the object
 *
 * Errors are logged. @return 0 or errno
 */
int role_hep(struct role_hep **rp, const struct config *c, struct edge *edge,
	     struct media *media);

/**
 * Another configuration: its section hep may have come, or gone
 *
 * What waits for a collector that is another now is lost. r may be NULL
 *
 * @param why  Result: says what is wrong; nothing has changed then
 *
 * @return 0 or errno
 */
int role_hep_renew(struct role_hep *r, const struct config *c, char *why,
		   size_t size);

/** The same of calls to providers and probes of them. ps outlives r */
void role_hep_providers(struct role_hep *r, struct providers *ps);

/** Show what a SIP node of ours reads and sends. r, n may be NULL; n outlives r */
void role_hep_node(struct role_hep *r, struct sip_node *n);

/** Add its figures to those of media_figures(). r may be NULL. @return 0 or ENOMEM */
int role_hep_figures(const struct role_hep *r, struct odict *figures);

#endif
