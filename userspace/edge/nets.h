/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/nets.h  Networks in force: the file's, and those set by hand
 *
 * One set by hand goes before the file's of the same prefix, and lasts until it
 * is taken back, its time is up, or the agent ends. What is in force is told to policy and kernel
 * alike; in the kernel's table a node is a trusted host unless the table here
 * names its address (policy_trusted() says the same).
 */
#ifndef CAROM_EDGE_NETS_H
#define CAROM_EDGE_NETS_H

#include <re.h>
#include "edge/policy.h"
#include "fastpath/sip.h"

enum {
	NETS_HAND_MAX = 4096,  /**< set by hand at a time                    */
	NETS_TIMED_MAX = 3840, /**< of them with an end: guessers leave room  */
};

struct nets;

/** Is the address a node's, or was it lately? */
typedef bool(nets_node_h)(const struct sa *addr, void *arg);

/**
 * @param np      Pointer to the object (mem_deref when done; the kernel keeps
 *                what it has)
 * @param policy  Its netv is ours from now on; kept by the caller
 * @param sip     Maps, without networks; referenced
 */
int nets_alloc(struct nets **np, struct policy *policy, struct fp_sip *sip,
	       nets_node_h *nodeh, void *arg);

/** The file says this now. v may be policy->netv. @return 0, ENOMEM (nothing has
 *  changed), or errno of the map that would not take all of it */
int nets_file(struct nets *n, const struct policy_net *v, size_t c);

/**
 * Set one by hand, or change it; net->until: its end (tmr_jiffies())
 *
 * @return 0, ENOSPC, ENOMEM, errno of the map: it is not set
 */
int nets_set(struct nets *n, const struct policy_net *net);

/** The one that was set by hand for just this prefix; NULL */
const struct policy_net *nets_by_hand(const struct nets *n,
				      const struct sa *addr, unsigned bits);

/** Take one back that was set by hand; the file's of that prefix, if any, is in
 *  force again. @return 0, ENOENT (none was set), ENOMEM, errno */
int nets_unset(struct nets *n, const struct sa *addr, unsigned bits);

/** In force, in order of their prefixes; hand: set by hand. NULL past the last */
const struct policy_net *nets_at(const struct nets *n, size_t i, bool *hand);

#endif
