/* SPDX-License-Identifier: GPL-2.0-only */
/* The way out: route, neighbour, device, and the listener that it leaves from */
#ifndef CAROM_BPF_SIP_EXIT_H
#define CAROM_BPF_SIP_EXIT_H

#include "sip_next.h"

/* A request that came to one listener leaves by another where its device is
 * another; a response leaves by the one that its request came to */
static __always_inline bool sip_listener_out(struct sip_work *w, bool v6)
{
	struct sip_exit key = {.ifindex = w->ifindex, .v6 = v6};
	__u32 in = w->in;
	const struct sip_listener *l = bpf_map_lookup_elem(&sip_listeners, &in);
	const __u32 *other;

	w->out = in;
	if (l && l->used && !!l->v6 == v6 &&
	    (!l->ifindex || l->ifindex == w->ifindex ||
	     !(w->b.s.flags & SCAN_REQUEST)))
		return true;
	other = bpf_map_lookup_elem(&sip_exits, &key);
	if (!other) {
		key.ifindex = 0;
		other = bpf_map_lookup_elem(&sip_exits, &key);
	}
	if (other) {
		w->out = *other;
		return true;
	}
	return l && l->used && !!l->v6 == v6;
}

static __always_inline void sip_question(struct bpf_fib_lookup *q,
					 const struct sip_work *w,
					 const struct addr *to,
					 const struct addr *from, bool v6)
{
	__builtin_memset(q, 0, sizeof(*q));
	/* asked as the host's own traffic, in by `lo` (nexthop.h) */
	q->ifindex = LO_IFINDEX;
	q->l4_protocol = IPPROTO_UDP;
	q->dport = bpf_htons(w->next.port);
	q->tot_len = 1; /* fits any MTU: makes the kernel tell it */
	if (v6) {
		q->family = AF_INET6;
		__builtin_memcpy(q->ipv6_src, from, 16);
		__builtin_memcpy(q->ipv6_dst, to, 16);
	} else {
		q->family = AF_INET;
		q->ipv4_src = from->w[0];
		q->ipv4_dst = to->w[0];
	}
}

/* The reason, CAROM_R_SIP_FORWARDED with the trip's action and FIB answer */
__noinline int sip_leave(struct xdp_md *ctx)
{
	struct trip *t = trip_here();
	struct sip_work *w = sip_here();
	struct settings *set;
	struct device *dev;
	struct addr to, from;
	__u32 zero = 0;
	bool v6;

	set = bpf_map_lookup_elem(&settings, &zero);
	if (!t || !w || !set)
		return CAROM_R_SIP_ROUTE;
	if (sip_forbidden(&w->next))
		return CAROM_R_SIP_DEST;
	v6 = sip_addr_back(&to, w->next.addr);
	sip_addr_back(&from, w->dst.addr);
	if (v6 != !!t->f.v6)
		return CAROM_R_SIP_FAMILY;
	if (!set->ttl && t->f.ttl <= 1)
		return CAROM_R_TTL;
	sip_question(&t->fib, w, &to, &from, v6);
	if (bpf_fib_lookup(ctx, &t->fib, sizeof(t->fib), 0) !=
	    BPF_FIB_LKUP_RET_SUCCESS)
		return CAROM_R_SIP_ROUTE;
	w->ifindex = t->fib.ifindex;
	w->mtu = t->fib.mtu_result;
	dev = bpf_map_lookup_elem(&devices, &w->ifindex);
	if (!dev)
		return CAROM_R_SIP_ROUTE;
	w->vlan = dev->vlan;
	if (!sip_listener_out(w, v6))
		return CAROM_R_SIP_FAMILY;
	t->f.ttl_out = set->ttl ? set->ttl : t->f.ttl - 1;
	t->action = leave_by(ctx, set, scan_slot(dev->port, CAROM_DEVICES - 1));
	return t->action == XDP_PASS ? CAROM_R_SIP_ROUTE
				     : CAROM_R_SIP_FORWARDED;
}

#endif
