/* SPDX-License-Identifier: BSD-2-Clause */
/* Trunks that are no part of the configuration: their networks and log-ins */
#include <errno.h>
#include "edge/core.h"

static uint32_t index_of(const struct edge *e, uint32_t set)
{
	for (size_t i = 0; i < e->conf.setc; i++)
		if (e->conf.set_idv[i] == set)
			return (uint32_t)i;
	return SIP_NONE;
}

bool edge_has_set(const struct edge *e, uint32_t set)
{
	return e && set != EDGE_NO_SET && index_of(e, set) != SIP_NONE;
}

int edge_trunk(struct edge *e, const struct sa *addr, unsigned bits,
	       uint32_t set, bool add)
{
	struct policy_net net = {.bits = bits, .flags = SIP_NET_TRUSTED};

	if (!e || !addr)
		return EINVAL;
	if (!add)
		return nets_unset(e->nets, addr, bits);
	if (!edge_has_set(e, set))
		return ENOENT;
	net.addr = *addr;
	net.set = index_of(e, set);
	return nets_set(e->nets, &net);
}

void edge_users(struct edge *e, auth_ha1_h *h, void *arg)
{
	if (!e)
		return;
	e->ha1h = h;
	e->ha1_arg = arg;
}

const char *edge_ha1(const struct pl *user, enum digest_alg alg, void *arg)
{
	const struct edge *e = arg;
	const char *ha1 = creds_ha1(user, alg, e->creds);

	return ha1 || !e->ha1h ? ha1 : e->ha1h(user, alg, e->ha1_arg);
}
