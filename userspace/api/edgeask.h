/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file api/edgeask.h  The edge's commands, asked for by HTTP
 */
#ifndef CAROM_API_EDGEASK_H
#define CAROM_API_EDGEASK_H

#include "api/api.h"

struct edge;

/** A command's arguments: strings, up to a name that is NULL */
struct edge_arg {
	const char *name, *value;
};

/**
 * Have the edge carry out a command
 *
 * @param reply  Its answer (mem_deref when done)
 *
 * @return 0; EINVAL: it was refused, and that was answered; ENOMEM
 */
int edge_ask(struct api_req *req, struct edge *e, const char *command,
	     const struct edge_arg *argv, struct odict **reply);

/** Call h for each object in an array of a reply, until it fails */
typedef int(edge_each_h)(struct odict *o, void *arg);
int edge_each(const struct odict *reply, const char *key, edge_each_h *h,
	      void *arg);

/** The target of a request's path, by its URI or duid, as "dispatcher list" has it. @return
 *  0; EINVAL: there is none, which was answered; ENOMEM */
int edge_target_of(struct api_req *req, struct edge *e, struct odict **op);

/** Of a target; of several at once (ping.c) */
api_h edge_ping_post, edge_pings_post;

/** Sets, targets: /v1/dispatchers */
int edge_dispatcher_routes(struct api *a, struct edge *e);
/** /v1/networks, /v1/limits, /v1/connections */
int edge_tune_routes(struct api *a, struct edge *e);

#endif
