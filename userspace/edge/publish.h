/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/publish.h  Dispatcher sets, told to the kernel
 */
#ifndef CAROM_EDGE_PUBLISH_H
#define CAROM_EDGE_PUBLISH_H

#include <re.h>
#include "dispatch/dispatch.h"
#include "edge/policy.h"
#include "fastpath/sip.h"

struct publish;

/**
 * @param pp      Pointer to the object (mem_deref when done; what the kernel
 *                knows stays)
 * @param sip     Maps; referenced
 * @param policy  Its networks go before trust in nodes; kept by the caller
 */
int publish_alloc(struct publish **pp, struct fp_sip *sip,
		  const struct policy *policy);

/**
 * Put a set in force as it is now: nodes, trust in them, table. A node that has
 * gone since the last time stays trusted for PUBLISH_LINGER, so that the calls
 * that are under way with it go on
 *
 * @param i       Index of the set in the kernel, 0..SIP_SETS - 1
 * @param set     NULL: the set is gone
 * @param flags   SIP_SET_*
 * @param now_ms  Time of the caller's clock
 */
int publish_set(struct publish *p, unsigned i, const struct ds_set *set,
		uint32_t flags, uint64_t now_ms);

/** Is the address a node's, or was it lately? */
bool publish_knows(const struct publish *p, const struct sa *addr);

/** Forget the nodes whose time is up. To be called now and then */
void publish_expire(struct publish *p, uint64_t now_ms);

enum { PUBLISH_LINGER = 4 * 3600 * 1000 /**< ms: most calls are shorter */ };

#endif
