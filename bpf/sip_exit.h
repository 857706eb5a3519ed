/* SPDX-License-Identifier: GPL-2.0-only */
/* The way out: route, neighbour, device, and the listener that it leaves from */
#ifndef CAROM_BPF_SIP_EXIT_H
#define CAROM_BPF_SIP_EXIT_H

#include "nexthop.h"
#include "sip_next.h"

#define SIP_WAYS 1024

/* What the FIB said of a next hop: a cache line. Asked again when the generation
 * moves (nexthop.h) */
struct sip_way {
	__u8 to[16], from[16];
	__u16 port, mtu;
	__u32 gen;
	__u32 ifindex;
	__u16 vlan, dev;
	__u8 dmac[6], smac[6];
	__u32 pad;
};

_Static_assert(sizeof(struct sip_way) == 64, "a cache line");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SIP_WAYS);
	__type(key, __u32);
	__type(value, struct sip_way);
} sip_ways SEC(".maps");

/* A request that came to one listener leaves by another where its device is
 * another; a response leaves by the one that its request came to */
static __always_inline bool sip_listener_out(struct sip_work *w, bool v6)
{
	struct sip_exit key = {.ifindex = w->ifindex, .v6 = v6};
	__u32 in = w->in;
	const struct sip_listener *l = bpf_map_lookup_elem(&sip_listeners, &in);
	const __u32 *other;

	if (w->flags & WORK_OWN) {
		key.ifindex = SIP_EXIT_OWN;
		other = bpf_map_lookup_elem(&sip_exits, &key);
		key.ifindex = w->ifindex;
		if (other) {
			w->out = *other;
			return true;
		}
	}
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

/* Ask the FIB. The reason, CAROM_R_SIP_FORWARDED where there is a way */
__noinline int sip_ask(struct xdp_md *ctx, __u32 key, __u32 gen)
{
	struct sip_way *way = bpf_map_lookup_elem(&sip_ways, &key);
	struct trip *t = trip_here();
	struct sip_work *w = sip_here();
	struct device *dev;
	struct addr to, from;
	__u32 ifindex;
	bool v6;

	if (!way || !t || !w)
		return CAROM_R_SIP_ROUTE;
	if (sip_forbidden(&w->next))
		return CAROM_R_SIP_DEST;
	v6 = sip_addr_back(&to, w->next.addr);
	sip_addr_back(&from, w->dst.addr);
	if (v6 != !!t->f.v6)
		return CAROM_R_SIP_FAMILY;
	sip_question(&t->fib, w, &to, &from, v6);
	if (bpf_fib_lookup(ctx, &t->fib, sizeof(t->fib), 0) !=
	    BPF_FIB_LKUP_RET_SUCCESS)
		return CAROM_R_SIP_ROUTE;
	ifindex = t->fib.ifindex;
	dev = bpf_map_lookup_elem(&devices, &ifindex);
	if (!dev)
		return CAROM_R_SIP_ROUTE;
	__builtin_memcpy(way->to, w->next.addr, 16);
	way->port = w->next.port;
	way->mtu = t->fib.mtu_result;
	__builtin_memcpy(way->from, w->dst.addr, 16);
	way->ifindex = ifindex;
	way->vlan = dev->vlan;
	way->dev = dev->port;
	__builtin_memcpy(way->dmac, t->fib.dmac, 6);
	__builtin_memcpy(way->smac, t->fib.smac, 6);
	way->gen = gen;
	return CAROM_R_SIP_FORWARDED;
}

static __always_inline bool sip_way_is(const struct sip_way *way,
				       const struct sip_work *w)
{
	const __u64 *to = (__u64 *)w->next.addr, *from = (__u64 *)w->dst.addr;
	const __u64 *a = (__u64 *)way->to, *b = (__u64 *)way->from;

	return a[0] == to[0] && a[1] == to[1] && b[0] == from[0] &&
	       b[1] == from[1] && way->port == w->next.port;
}

/* The reason, CAROM_R_SIP_FORWARDED with the trip's action and sip_work.way */
__noinline int sip_leave(struct xdp_md *ctx)
{
	struct trip *t = trip_here();
	struct sip_work *w = sip_here();
	struct settings *set;
	struct sip_way *way;
	__u32 zero = 0, key, gen;
	int rc;

	set = bpf_map_lookup_elem(&settings, &zero);
	if (!t || !w || !set)
		return CAROM_R_SIP_ROUTE;
	if (!set->ttl && t->f.ttl <= 1)
		return CAROM_R_TTL;
	key = (*(__u32 *)(w->next.addr + 12) ^ w->next.port) * 0x9e3779b1u >>
	      22;
	gen = nh_generation(set, key, t->now);
	w->way = key;
	way = bpf_map_lookup_elem(&sip_ways, &key);
	if (!way)
		return CAROM_R_SIP_ROUTE;
	if (way->gen != gen || !sip_way_is(way, w)) {
		rc = sip_ask(ctx, key, gen);
		if (rc != CAROM_R_SIP_FORWARDED)
			return rc;
	}
	w->ifindex = way->ifindex;
	if (!sip_listener_out(w, t->f.v6))
		return CAROM_R_SIP_FAMILY;
	t->f.ttl_out = set->ttl ? set->ttl : t->f.ttl - 1;
	t->action = leave_by(ctx, set, scan_slot(way->dev, CAROM_DEVICES - 1));
	return t->action == XDP_PASS ? CAROM_R_SIP_ROUTE
				     : CAROM_R_SIP_FORWARDED;
}

#endif
