/* SPDX-License-Identifier: GPL-2.0-only */
/* The long way: everything that the express lane of relay.bpf.c does not do.
 * IPv6, tags, recording, latching, next hops to be looked up, muxed RTCP, SSRC
 * rewriting, legs behind legs */
#ifndef CAROM_BPF_LONG_H
#define CAROM_BPF_LONG_H

#include "leg.h"
#include "rewrite.h"

#define HAIRPINS 3 /* legs of this appliance that a packet may pass in a row */

/* Choosing the device changes nothing in the packet: where it is gone, the
 * packet is still whole */
static __always_inline int leave_by(struct xdp_md *ctx,
				    const struct settings *set, __u8 dev)
{
	if (dev >= CAROM_DEVICES)
		return XDP_PASS;
	if (set->ifindex[dev] == ctx->ingress_ifindex)
		return XDP_TX;
	return bpf_redirect_map(&tx_ports, dev, XDP_PASS);
}

/* The packet is at leg h: is it welcome, and where does it go? */
static __always_inline int hop_take(struct xdp_md *ctx, struct hop *h,
				    const struct settings *set, struct trip *t)
{
	int rc = hop_admit(h, t);

	t->slot = h->slot;
	t->on = h->on;
	if (rc == CAROM_R_RELAYED)
		rc = hop_out(ctx, h, set, t);
	if (rc != CAROM_R_RELAYED)
		return rc;
	if (!set->ttl && t->f.ttl <= 1)
		return CAROM_R_TTL;
	/* each call records for itself; the headers are still those of the
	 * packet that came in by wire */
	if (tap_wanted(h->path, &t->r))
		tap_copy(ctx);
	return CAROM_R_RELAYED;
}

/* The peer is a leg of ours: the packet leaves h and arrives there, without a
 * wire in between */
static __always_inline int hop_next(struct hop *h, struct trip *t)
{
	__u16 port = bpf_ntohs(h->path->dport);
	struct addr dst = {};
	struct local *l;
	int rc;

	hop_done(h, &t->r, t->f.ip_len, t->now);
	__builtin_memset(&t->src, 0, sizeof(t->src));
	t->v6 = !!(h->path->flags & PATH_V6_OUT);
	t->sport = h->path->fport;
	if (t->v6 && h->p6) {
		__builtin_memcpy(&t->src, h->p6->from6, sizeof(t->src));
		__builtin_memcpy(&dst, h->p6->dst6, sizeof(dst));
	} else {
		t->src.w[0] = h->path->from4;
		dst.w[0] = h->path->dst4;
	}
	l = local_find(&dst, t->v6);
	if (!l || port < l->port_min || port > l->port_max)
		return CAROM_R_NO_LEG;
	t->slot = local_slot(l, port);
	rc = hop_open6(h, t->slot);
	return rc == PARSE_PASS ? CAROM_R_NO_LEG : rc;
}

/* From a media port to the path that the packet leaves by, for this CPU's
 * trip. Returns the reason, to be charged to the leg that it came to,
 * trip.slot. rewrite_any() is for the caller: stacks add up */
__noinline int relay_long(struct xdp_md *ctx)
{
	struct trip *t = trip_here();
	struct settings *set;
	struct hop h = {};
	__u32 zero = 0;
	int rc;

	set = bpf_map_lookup_elem(&settings, &zero);
	if (!t || !set)
		return CAROM_R_NO_ROUTE;
	rc = hop_open6(&h, t->slot);
	for (int i = 0; i <= HAIRPINS && rc == CAROM_R_RELAYED; i++) {
		rc = hop_take(ctx, &h, set, t);
		if (rc != CAROM_R_RELAYED || h.path->nh_dev != NH_LOCAL ||
		    i == HAIRPINS)
			break;
		rc = hop_next(&h, t);
	}
	if (rc != CAROM_R_RELAYED)
		return rc;
	t->action = leave_by(ctx, set, h.path->nh_dev);
	if (t->action == XDP_PASS)
		return CAROM_R_NO_DEVICE;
	t->f.ttl_out = set->ttl ? set->ttl : t->f.ttl - 1;
	hop_done(&h, &t->r, t->f.ip_len, t->now);
	return CAROM_R_RELAYED;
}

#endif
