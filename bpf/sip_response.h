/* SPDX-License-Identifier: GPL-2.0-only */
/* A response: ours to forward only with a branch that we have made */
#ifndef CAROM_BPF_SIP_RESPONSE_H
#define CAROM_BPF_SIP_RESPONSE_H

#include "sip_branch.h"

/* Where the Via behind ours wants it (18.2.2, RFC 3581 4), into sip_work.next.
 * Its kind, as sip_lookup() */
static __always_inline long sip_reply_to(const struct sip_work *w)
{
	const struct scan_via *v = &w->b.s.via[1];
	__u32 port = v->flags & SCAN_VIA_FILLED ? v->rport : v->port;
	bool v6 = v->flags & SCAN_VIA_V6;

	if (!v->received.len)
		return sip_lookup(v->host.off, v->host.len, v6, port);
	/* which family the address is of, the colon tells */
	v6 = scan_find(&w->b, v->received.off,
		       v->received.off + v->received.len,
		       ':') < (__u32)v->received.off + v->received.len;
	return sip_lookup(v->received.off, v->received.len, v6, port);
}

/* The reason, CAROM_R_SIP_FORWARDED with sip_work.next */
__noinline int sip_response(void)
{
	struct sip_work *w = sip_here();
	const struct sip_listener *l;
	const struct scan_via *v;
	__u32 listener;
	long kind;

	if (!w)
		return CAROM_R_SIP_SYNTAX;
	v = &w->b.s.via[0];
	kind = sip_lookup(v->host.off, v->host.len, v->flags & SCAN_VIA_V6,
			  v->port);
	/* a name may be ours: the agent knows */
	if (kind < 0)
		return CAROM_R_SIP_HOST;
	if ((kind & 0xffff) != SIP_HOST_SELF)
		return CAROM_R_SIP_NOT_OURS;
	if (w->b.s.vias < 2)
		return CAROM_R_SIP_LOCAL;
	v = &w->b.s.via[1];
	if (!(v->flags & SCAN_VIA_UDP))
		return CAROM_R_SIP_TRANSPORT;
	if (!(v->flags & SCAN_VIA_COOKIE))
		return CAROM_R_SIP_SYNTAX;
	kind = sip_reply_to(w);
	if (kind < 0)
		return CAROM_R_SIP_HOST;
	listener = branch_listener(w);
	if (listener == ~0u || !branch_is(w, sip_branch(1, listener)))
		return CAROM_R_SIP_FORGED;
	/* of a connection, whatever its client calls it in its Via */
	l = bpf_map_lookup_elem(&sip_listeners, &listener);
	if (!l || !l->used)
		return CAROM_R_SIP_TRANSPORT;
	sip_sender(w);
	if ((kind & 0xffff) == SIP_HOST_NODE)
		w->target = kind >> 16;
	w->in = listener;
	return CAROM_R_SIP_FORWARDED;
}

#endif
