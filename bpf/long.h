/* SPDX-License-Identifier: GPL-2.0-only */
/* The long way: everything that the express lane of relay.bpf.c does not do.
 * IPv6, tags, recording, latching, next hops to be looked up, muxed RTCP, SSRC
 * rewriting, legs behind legs */
#ifndef CAROM_BPF_LONG_H
#define CAROM_BPF_LONG_H

#include "agent.h"
#include "leg.h"
#include "express.h"
#include "rewrite.h"

#define HAIRPINS 3 /* legs of this appliance that a packet may pass in a row */

/* The packet is at leg h: is it welcome, and where does it go? */
static __always_inline int hop_take(struct xdp_md *ctx, struct hop *h,
				    const struct settings *set, struct trip *t)
{
	int rc;

	/* at the first leg they never come here */
	if (!t->first && h->path->flags & PATH_ALIEN &&
	    t->r.kind != PAYLOAD_RTP && t->r.kind != PAYLOAD_RTCP) {
		t->slot = h->slot;
		return agent_way(ctx, t, h->path->flags);
	}
	rc = hop_admit(h, t);
	t->slot = h->slot;
	t->on = h->on;
	if (rc == CAROM_R_RELAYED && h->agent)
		rc = agent_way(ctx, t, h->path->flags);
	else if (rc == CAROM_R_RELAYED)
		rc = hop_out(ctx, h, set, t);
	if (rc == CAROM_R_AGENT && tap_wanted(h->path, &t->r))
		tap_copy(ctx);
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

	hop_done(h, t);
	t->first = 0;
	t->behind = h->slot;
	t->behind_on = h->on;
	__builtin_memset(&t->src, 0, sizeof(t->src));
	t->v6 = !!(h->path->flags & PATH_V6_OUT);
	t->sport = h->path->fport;
	if (t->v6) {
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
	rc = hop_open(h, t->slot);
	return rc == PARSE_PASS ? CAROM_R_NO_LEG : rc;
}

/* From a media port to the path that the packet leaves by. Returns the reason,
 * to be charged to the leg that it came to, trip.slot */
__noinline int trip_decide(struct xdp_md *ctx)
{
	struct trip *t = trip_here();
	struct settings *set;
	struct hop h = {};
	__u32 zero = 0;
	int rc;

	set = bpf_map_lookup_elem(&settings, &zero);
	if (!t || !set)
		return CAROM_R_NO_ROUTE;
	rc = hop_open(&h, t->slot);
	for (int i = 0; i <= HAIRPINS && rc == CAROM_R_RELAYED; i++) {
		rc = hop_take(ctx, &h, set, t);
		if (rc != CAROM_R_RELAYED || h.path->nh_dev != NH_LOCAL ||
		    i == HAIRPINS)
			break;
		rc = hop_next(&h, t);
	}
	if (rc == CAROM_R_AGENT && h.agent)
		rtp_figures(h.leg, h.aux, h.path->clock_mult, &t->r,
			    t->f.ip_len, t->now);
	if (rc != CAROM_R_RELAYED)
		return rc;
	t->action = leave_by(ctx, set, h.path->nh_dev);
	if (t->action == XDP_PASS)
		return CAROM_R_NO_DEVICE;
	t->f.ttl_out = set->ttl ? set->ttl : t->f.ttl - 1;
	hop_done(&h, t);
	express_offer(ctx, &h, set, t);
	return CAROM_R_RELAYED;
}

/* What kind of payload is it, for the leg whose port it came to? */
static __always_inline int trip_classify(struct xdp_md *ctx, struct trip *t)
{
	/* the mask changes nothing; it tells the verifier of the bound */
	__u32 off = (t->f.l2_len + t->f.l3_len + sizeof(struct udphdr)) & 127;
	const __u8 *p = (void *)(long)ctx->data + off;
	void *end = (void *)(long)ctx->data_end;
	__u16 len = t->f.udp_len - sizeof(struct udphdr);
	struct hop h = {};
	int rc = hop_open(&h, t->slot);

	/* while media is held or blocked, ICE goes on */
	if ((rc == CAROM_R_RELAYED || rc == CAROM_R_HELD ||
	     rc == CAROM_R_BLOCKED) &&
	    h.path->flags & PATH_ALIEN && len >= RTCP_HDR_LEN &&
	    (void *)(p + RTCP_HDR_LEN) <= end && agent_alien(p))
		return agent_way(ctx, t, h.path->flags);
	if (rc != CAROM_R_RELAYED)
		return rc;
	return rtp_classify(p, end, len, h.path, &t->r);
}

/* A frame of any kind. Returns its reason, PARSE_PASS where it is the host's
 * and no concern of ours; trip.action for one that is relayed */
__noinline int trip_make(struct xdp_md *ctx)
{
	struct trip *t = trip_here();
	struct cpu *cpu = cpu_here();
	struct local *l = NULL;
	int rc;

	if (!t || !cpu)
		return PARSE_PASS;
	__builtin_memset(t, 0, sizeof(*t));
	t->slot = NO_SLOT;
	rc = parse_frame((void *)(long)ctx->data, (void *)(long)ctx->data_end,
			 &t->f, &l);
	t->sip = l && l->sip & ~LOCAL_REGISTRAR &&
		 (rc == CAROM_R_FRAGMENT || rc == CAROM_R_IP_OPTIONS);
	if (rc != PARSE_OK)
		return rc;
	if (!l)
		return PARSE_PASS;
	t->slot = local_slot(l, bpf_ntohs(t->f.dport));
	t->src = t->f.src;
	t->sport = t->f.sport;
	t->v6 = t->f.v6;
	t->first = 1;
	rc = trip_classify(ctx, t);
	if (rc != CAROM_R_RELAYED)
		return rc;
	t->now = clock_now(cpu);
	rhythm(cpu, t->slot);
	return trip_decide(ctx);
}

#endif
