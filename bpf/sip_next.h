/* SPDX-License-Identifier: GPL-2.0-only */
/* Hosts in URIs and Vias: whose are they, and may we send there? */
#ifndef CAROM_BPF_SIP_NEXT_H
#define CAROM_BPF_SIP_NEXT_H

#include "sip_maps.h"

#define SIP_PORT 5060

/* The literal address of a host into sip_work.next, with `port`. Returns its
 * kind (SIP_HOST_*) and, from bit 16 on, its index; 0 for one that we don't
 * know, -1 for one that is no literal address */
__noinline long sip_lookup(__u32 off, __u32 len, __u32 v6, __u32 port)
{
	struct sip_work *w = sip_here();
	const struct sip_host *h;

	if (!w || scan_host(&w->b, off, len, v6))
		return -1;
	__builtin_memcpy(w->next.addr, w->b.ip, 16);
	w->next.port = port ? port : SIP_PORT;
	h = bpf_map_lookup_elem(&sip_hosts, &w->next);
	return h ? (long)h->index << 16 | h->kind : 0;
}

static __always_inline long sip_lookup_uri(const struct sip_work *w,
					   __u32 which)
{
	const struct scan_uri *u = &w->b.s.uri[scan_slot(which, SCAN_RURI)];

	return sip_lookup(u->host.off, u->host.len, u->flags & SCAN_URI_V6,
			  u->port);
}

/* Never to be sent to: nobody, everybody, ourselves */
static __always_inline bool sip_forbidden(const struct sip_hostport *to)
{
	struct addr a;
	bool v6 = sip_addr_back(&a, to->addr);
	__u8 first = to->addr[v6 ? 0 : 12];

	if (!to->port || local_find(&a, v6))
		return true;
	if (!v6)
		return first == 0 || first == 127 || first >= 224;
	if (first == 0xff)
		return true;
	/* :: and ::1 */
	return !a.w[0] && !a.w[1] && !a.w[2] &&
	       !(a.w[3] & bpf_htonl(0xfffffffe));
}

/* Is a registered user there? */
static __always_inline bool sip_phone_at(const struct sip_hostport *at,
					 __u64 now)
{
	const struct sip_phone *c = bpf_map_lookup_elem(&sip_phones, at);

	return c && (__s64)(c->expires - now) > 0;
}

/* Next hops that are neither a node, nor chosen by the rules, nor asked for by
 * somebody we trust: networks that we trust, and inside a dialog registered users */
static __always_inline bool sip_may_send(struct sip_work *w)
{
	const struct trip *t = trip_here();
	const struct sip_net *net;

	if (w->flags & (WORK_TRUSTED | WORK_CHOSEN) || w->target != ~0u)
		return true;
	w->prefix.bits = 128;
	__builtin_memcpy(w->prefix.addr, w->next.addr, 16);
	net = bpf_map_lookup_elem(&sip_nets, &w->prefix);
	if (net && net->flags & SIP_NET_TRUSTED)
		return true;
	return t && w->b.s.to_tag.len && sip_phone_at(&w->next, t->now);
}

/* The node that it came from, if it is one: for figures, and for what its set
 * asks for */
static __always_inline void sip_sender(struct sip_work *w)
{
	const struct sip_host *h;
	struct sip_target *x;

	if (!(w->flags & WORK_TRUSTED))
		return;
	h = bpf_map_lookup_elem(&sip_hosts, &w->src);
	if (!h || h->kind != SIP_HOST_NODE)
		return;
	w->from = h->index;
	x = bpf_map_lookup_elem(&sip_targets, &w->from);
	if (x)
		__sync_fetch_and_add(&x->received, 1);
}

#endif
