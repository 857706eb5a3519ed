/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/core.h  The role inside its room: what the files share that start
 *                    it (edge.c), change it (renew.c) and answer for it (control.c)
 */
#ifndef CAROM_EDGE_CORE_H
#define CAROM_EDGE_CORE_H

#include "edge/deliver.h"
#include "edge/edge.h"
#include "edge/nets.h"
#include "edge/publish.h"
#include "edge/udp.h"

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
	struct udp_edge *udpv[POLICY_LISTENERS];
	struct deliver *deliver;
	struct count count;
	struct tmr expire;
};

/** By SIP_SET_KAMAILIO */
enum ds_mode edge_mode(uint32_t flags);

/** Take a list: sets, tables, kernel. @return 0 or errno */
int edge_take(struct edge *e, const struct ds_list *list);

#endif
