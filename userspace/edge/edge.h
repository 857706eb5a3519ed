/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/edge.h  The role `edge`: SIP forwarded without state
 *
 * The kernel forwards what is plain. Here is what it leaves, by the same rules,
 * and what keeps both in step: the dispatcher's sets and the probes of their
 * targets.
 */
#ifndef CAROM_EDGE_H
#define CAROM_EDGE_H

#include <re.h>
#include "edge/auth.h"
#include "edge/count.h"
#include "edge/limits.h"
#include "edge/names.h"
#include "edge/policy.h"
#include "edge/probe.h"
#include "edge/registered.h"
#include "edge/stream.h"
#include "sip/watch.h"
#include "fastpath/sip.h"

struct edge;

/** No set's id: a set that is gone left its place in policy.setv */
#define EDGE_NO_SET UINT32_MAX

struct edge_conf {
	/** Filled but for sets' ds_set and the callbacks; referenced */
	struct policy *policy;
	uint32_t set_idv[SIP_SETS]; /**< of policy.setv, in the list; or
				       EDGE_NO_SET                          */
	size_t setc;
	const char *list; /**< path of the dispatcher list; NULL: none      */
	struct ds_conf ds;
	struct probe_conf probe;
	struct names_conf names;
	/** Listeners to probe IPv4 and IPv6 targets from: such that no other
	 * edge has too. ~0: as any other message to the target */
	unsigned probe_listener, probe_listener6;
	struct limit limitv[SIP_CLASS_MAX];
	struct stream_conf stream; /**< limitv is not read              */
	struct cert_conf cert;     /**< read at start and by edge_renew() */
	uint32_t copy_every;
	/** Digest, but for key, credentials and counters; realm NULL: none */
	struct auth_conf auth;
	const char *users; /**< path of the users file, with a realm        */
};

/**
 * Listen, read the list, tell the kernel, and forward from now on
 *
 * @param ep   Pointer to the object (mem_deref when done: the kernel goes on)
 * @param fp   Maps: SIP's addresses are announced in them
 * @param sip  SIP's own maps
 * @param e    Says what is wrong
 *
 * @return 0 or errno
 */
int edge_alloc(struct edge **ep, const struct edge_conf *conf, struct fp *fp,
	       struct fp_sip *sip, struct ds_err *e);

/**
 * Take another configuration, and read the dispatcher list again: domains, sets,
 * rules, networks, limits, probes, copies, force-rport. Listeners, their devices
 * and the key stay as they are. Messages are forwarded all the time; what was set
 * by hand stays
 *
 * @param conf  As for edge_alloc(); its policy is used up
 * @param err   Says what is wrong
 *
 * @return 0; EBADMSG, ENOSPC, ENOENT and others: nothing has changed; ENOMEM and
 *         errno of a map: some of it may have
 */
int edge_renew(struct edge *e, const struct edge_conf *conf,
	       struct ds_err *err);

/** Show all that the agent reads and sends, its own replies and probes, too; h NULL:
 *  to nobody any more */
void edge_watch(struct edge *e, sip_watch_h *h, void *arg);

/** Lines on what the list in force asks for in vain (ds_list_warn) */
const char *edge_warnings(const struct edge *e);

/** Read DNS servers and dispatcher list again. Nothing changes where it is wrong */
int edge_reload(struct edge *e, struct ds_err *err);

/**
 * Rules for registered users ask this source from now on; without one nobody is
 * registered. The source tells of each user by edge_registered_changed(), when it is
 * asked for all and of each change
 *
 * @param source  NULL: nobody is registered any more; what the kernel has stays until
 *                it expires
 *
 * @return 0, EALREADY: there is one; ENOMEM
 */
int edge_registered(struct edge *e, const struct registered_source *source);

/** As registered_changed() */
int edge_registered_changed(struct edge *e, const struct pl *user,
			    const struct pl *domain,
			    const struct contact_binding *b);

/**
 * Drop all that comes from a source, in the kernel, for a while: an IPv6 source is
 * its /64. What is denied for good, or for longer, stays so
 *
 * @param seconds  1..
 *
 * @return 0; EPERM: it is a node's, trusted, allowed or our own; ENOSPC: too many at
 *         a time; ENOMEM, errno of the map
 */
int edge_deny(struct edge *e, const struct sa *src, uint32_t seconds);

/** Read the users file again, where there is one. Nothing changes where it is wrong */
int edge_reload_users(struct edge *e, struct ds_err *err);

/**
 * Commands (control.h) of `carom user`: "user reload"; of `carom dispatcher`: "dispatcher list", "set", "ping",
 * "reload"; of `carom stats sip`: "sip stats"
 *
 * @return ENOSYS for any other
 */
int edge_control(struct edge *e, const char *command, const struct odict *req,
		 struct odict *reply);

/** A target's state was another one before: by probes, or by hand */
typedef void(edge_target_h)(const struct ds_set *set, const struct ds_target *t,
			    enum ds_state before, void *arg);

/** Have such changes told; NULL: no more */
void edge_target_watch(struct edge *e, edge_target_h *h, void *arg);

/** Tell it */
void edge_target_told(const struct edge *e, const struct ds_set *set,
		      const struct ds_target *t, enum ds_state before);

/* ---- trunks that are no part of the configuration (trunk.c) ---------------------- */

/** Has the configuration a set of that id of the dispatcher list? */
bool edge_has_set(const struct edge *e, uint32_t set);

/**
 * A network is a trunk's, or is no more: as one set by hand (nets.h)
 *
 * @param set  Id in the dispatcher list, to which its new dialogs go
 *
 * @return 0, ENOENT (there is no such set, or no such network to take back), ENOSPC,
 *         ENOMEM, errno of the map
 */
int edge_trunk(struct edge *e, const struct sa *addr, unsigned bits,
	       uint32_t set, bool add);

/** Users that may log in beside those of the file, where digest is asked for. @param
 *  h  NULL: none */
void edge_users(struct edge *e, auth_ha1_h *h, void *arg);

/* What control.c needs of the role */
struct ds_sets *edge_sets(struct edge *e);
/** A set of the configuration; NULL past the last */
const struct policy_set *edge_set(const struct edge *e, size_t i);
/** The set's targets have changed: tell the kernel */
void edge_changed(struct edge *e, struct ds_set *set);
struct probe *edge_probe(struct edge *e);
const struct count *edge_count(const struct edge *e);

#endif
