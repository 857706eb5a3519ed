/* SPDX-License-Identifier: GPL-2.0-only */
/* Next hops: cached in the leg's path, looked up again in the kernel's FIB
 * when the generation moves. The generation is the agent's counter plus time,
 * so that a moved route or neighbour heals within a second or so even when
 * there is no agent. */
#ifndef CAROM_BPF_NEXTHOP_H
#define CAROM_BPF_NEXTHOP_H

#include "count.h"
#include "trip.h"

#define AF_INET 2
#define AF_INET6 10
#define LO_IFINDEX 1
#define NH_PERIOD_SHIFT 30 /* 2^30 ns: 1.07 s */

/* Staggered by slot, so that not all legs ask in the same instant. Odd, so
 * that 0 is never current */
static __always_inline __u32 nh_generation(const struct settings *set,
					   __u32 slot, __u64 now)
{
	__u64 t = now + ((__u64)slot << 16);

	return (set->nh_generation + (__u32)(t >> NH_PERIOD_SHIFT)) << 1 | 1;
}

static __always_inline void nh_question(struct bpf_fib_lookup *q,
					const struct leg_path *p,
					const struct leg_path6 *p6)
{
	/* asked as the host's own traffic, in by `lo`: source-based rules
	 * hold, and only lo needs its `forwarding` switch on */
	q->ifindex = LO_IFINDEX;
	q->l4_protocol = IPPROTO_UDP;
	q->sport = p->fport;
	q->dport = p->dport;
	q->tot_len = 1; /* fits any MTU: makes the kernel tell it */
	if (p->flags & PATH_V6_OUT) {
		q->family = AF_INET6;
		__builtin_memcpy(q->ipv6_src, p6->from6, 16);
		__builtin_memcpy(q->ipv6_dst, p6->dst6, 16);
	} else {
		q->family = AF_INET;
		q->ipv4_src = p->from4;
		q->ipv4_dst = p->dst4;
	}
}

/* A destination that is one of our own legs: no wire in between */
static __always_inline bool nh_is_local(const struct leg_path *p,
					const struct leg_path6 *p6)
{
	struct addr a = {};
	bool v6 = p->flags & PATH_V6_OUT;
	struct local *l;
	__u16 port = bpf_ntohs(p->dport);

	if (v6)
		__builtin_memcpy(&a, p6->dst6, sizeof(a));
	else
		a.w[0] = p->dst4;
	l = local_find(&a, v6);
	return l && port >= l->port_min && port <= l->port_max;
}

/* Fill the next-hop cache of the path that this CPU's trip has come to.
 * CAROM_R_RELAYED, or why there is no next hop */
__noinline int nh_refresh(struct xdp_md *ctx, __u32 gen)
{
	struct trip *t = trip_here();
	__u32 slot = t ? t->slot : 0;
	struct leg_aux *x = bpf_map_lookup_elem(&aux, &slot);
	struct bpf_fib_lookup *q;
	struct leg_path6 *p6;
	struct leg_path *p;
	struct device *dev;
	__u32 ifindex;
	long rc;

	if (!t || !x)
		return CAROM_R_NO_LEG;
	p = &x->path[t->on & 1];
	p6 = &x->path6[t->on & 1];
	t->fresh = 1;
	q = &t->fib;
	__builtin_memset(q, 0, sizeof(*q));
	count(CAROM_R_NH_REFRESH, 0);
	if (nh_is_local(p, p6)) {
		p->nh_dev = NH_LOCAL;
		p->nh_mtu = 0;
		p->nh_gen = gen;
		return CAROM_R_RELAYED;
	}
	nh_question(q, p, p6);
	rc = bpf_fib_lookup(ctx, q, sizeof(*q), 0);
	switch (rc) {
	case BPF_FIB_LKUP_RET_SUCCESS:
		break;
	case BPF_FIB_LKUP_RET_NO_NEIGH:
		/* the neighbour is being resolved again: its old address is
		 * the best guess there is, and was right a second ago */
		if (p->nh_dev == NH_NONE || p->nh_dev == NH_LOCAL)
			return CAROM_R_NO_NEIGH;
		count(CAROM_R_NH_STALE, 0);
		p->nh_gen = gen;
		return CAROM_R_RELAYED;
	default:
		/* unreachable, prohibited, blackhole, none, or lo without
		 * forwarding (attach switches it on) */
		p->nh_dev = NH_NONE;
		return CAROM_R_NO_ROUTE;
	}

	ifindex = q->ifindex;
	dev = bpf_map_lookup_elem(&devices, &ifindex);
	if (!dev) {
		p->nh_dev = NH_NONE;
		return CAROM_R_NO_DEVICE;
	}
	__builtin_memcpy(p->nh_dmac, q->dmac, 6);
	__builtin_memcpy(p->nh_smac, q->smac, 6);
	p->nh_vlan = dev->vlan;
	p->nh_mtu = q->mtu_result;
	p->nh_dev = dev->port;
	p->nh_gen = gen;
	return CAROM_R_RELAYED;
}

#endif
