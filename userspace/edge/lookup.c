/* SPDX-License-Identifier: BSD-2-Clause */
/* A next hop that is a name */
#include <errno.h>
#include "edge/key.h"
#include "edge/lookup.h"

void lookup_want(struct locate_want *w, const struct policy *p,
		 const struct msg *m, const struct forward_out *out)
{
	*w = (struct locate_want){
		.host = out->host,
		.port = out->port,
		.transp = out->any ? MSG_TRANSP_MAX : out->transp,
		.secure = out->secure,
		.key = key_call(p, m),
	};
	policy_have(p, w->have);
}

int lookup(const struct policy *p, const struct msg *m, bool trusted,
	   struct forward_out *out)
{
	const struct sa *node = NULL;
	struct locate_want w;
	struct locate_found f;
	int err;

	if (p->named)
		node = p->named(&out->host, out->port, p->arg);
	if (node) {
		sa_cpy(&out->dst, node);
		return 0;
	}
	if (!trusted)
		return EACCES;
	if (!p->locate)
		return EHOSTUNREACH;
	lookup_want(&w, p, m, out);
	err = p->locate(&w, &f, p->arg);
	if (err)
		return err == EAGAIN ? err : EHOSTUNREACH;
	sa_cpy(&out->dst, &f.addr);
	out->transp = f.transp;
	return 0;
}
