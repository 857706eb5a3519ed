/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/core.h  The role inside its room: what the files share that start
 *                    it (edge.c), tell the kernel (kernel.c, sets.c), answer for it
 *                    (answer.c, control.c) and change it (renew.c)
 */
#ifndef CAROM_EDGE_CORE_H
#define CAROM_EDGE_CORE_H

#include "digest/creds.h"
#include "edge/deliver.h"
#include "edge/edge.h"
#include "edge/nets.h"
#include "edge/publish.h"
#include "edge/registered.h"
#include "sip/udp.h"

struct edge {
	struct edge_conf conf;
	struct policy *policy;
	struct fp *fp;
	struct fp_sip *sip;
	struct ds_sets *sets;
	struct publish *publish;
	struct nets *nets;
	struct limits limits;
	struct probe *probe;
	struct names *names;
	struct registered *registered; /* NULL: there is no registrar      */
	struct creds *creds; /* NULL: no set asks for digest            */
	auth_ha1_h *ha1h;    /* users that are not in the file; or NULL    */
	void *ha1_arg;
	struct sip_udp *udpv[POLICY_LISTENERS];
	struct streams *streams;
	struct deliver *deliver;
	struct sip_watcher watcher;
	struct count count;
	char *warned; /* what the last list asked for in vain       */
	struct tmr expire;
	struct tmr go; /* the kernel may forward                      */
	edge_target_h *targeth; /* NULL: nobody is told */
	void *target_arg;
};

/** By SIP_SET_KAMAILIO */
enum ds_mode edge_mode(uint32_t flags);

/**
 * What digest takes, by the configuration: nothing where it asks for none. Counts
 * that were used and sources that guess go on to be known
 *
 * @param ap, cp  The caller's; NULL where there is no digest
 *
 * @return 0 or errno; derr says why
 */
int edge_auth(struct auth **ap, struct creds **cp, struct edge *e,
	      const struct edge_conf *conf, struct ds_err *derr);

/** HA1 of a user of the file, or of whom edge_users() names (auth_ha1_h; arg: the
 *  edge) */
const char *edge_ha1(const struct pl *user, enum digest_alg alg, void *arg);

/** Let the policy ask the role's other parts: all of its handlers */
void edge_answer(struct edge *e);

/** Tell the kernel what the configuration says, all but the sets: they come with the
 *  list. @return 0 or errno */
int edge_tell(struct edge *e);

/** Tell the fast path that the listeners' addresses take SIP. @return 0 or errno */
int edge_announce(struct edge *e);

/** Take a list: sets, tables, kernel. @return 0 or errno */
int edge_take(struct edge *e, const struct ds_list *list);

#endif
