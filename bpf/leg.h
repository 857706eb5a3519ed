/* SPDX-License-Identifier: GPL-2.0-only */
/* One hop: from a leg that received a packet to the path it takes */
#ifndef CAROM_BPF_LEG_H
#define CAROM_BPF_LEG_H

#include "csum.h"
#include "latch.h"
#include "nexthop.h"
#include "tap.h"

/* Where a packet stands while it is being decided on */
struct hop {
	struct leg *leg;
	struct leg_aux *aux;
	struct leg_path *path; /* in force                         */
	struct leg_path6 *p6;
	__u32 slot;
	__u32 on;   /* which of the two paths                 */
	bool agent; /* the agent gets what is admitted        */
};

/* The leg and its path in force. PARSE_PASS: the port is not media */
static __always_inline int hop_open(struct hop *h, __u32 slot)
{
	struct leg_ctl ctl;

	h->slot = slot;
	h->leg = bpf_map_lookup_elem(&legs, &slot);
	h->aux = bpf_map_lookup_elem(&aux, &slot);
	if (!h->leg || !h->aux)
		return CAROM_R_NO_LEG;
	ctl = h->leg->ctl;
	h->on = ctl.active & 1;
	h->agent = false;
	h->path = &h->aux->path[h->on];
	h->p6 = &h->aux->path6[h->on];
	switch (ctl.state) {
	case LEG_AGENT:
		h->agent = true;
		return CAROM_R_RELAYED;
	case LEG_RELAY:
		return CAROM_R_RELAYED;
	case LEG_BLOCKED:
		return CAROM_R_BLOCKED;
	case LEG_HELD:
		return CAROM_R_HELD;
	case LEG_FOREIGN:
		return PARSE_PASS;
	default:
		return CAROM_R_NO_LEG;
	}
}

static __always_inline bool source_matches(const struct hop *h,
					   const struct trip *t)
{
	const struct leg_path *p = h->path;

	if (p->flags & PATH_ANY_SRC)
		return true;
	if (p->sport != t->sport)
		return false;
	if (!t->v6)
		return p->src4 == t->src.w[0];
	return latch_same_ip(p, h->p6, &t->src);
}

/* Is the packet from whom it should be? A leg that latches takes its path
 * anew, for it changed. An RTP leg latches on RTP alone: its payload type was
 * negotiated, which RTCP's cannot be */
static __always_inline int hop_source(struct hop *h, struct trip *t)
{
	bool open = h->leg->ctl.latch == LATCH_OPEN &&
		    (t->r.kind == PAYLOAD_RTP ||
		     (h->path->media != LEG_RTP && t->r.kind != PAYLOAD_STRAY));

	if (!!(h->path->flags & PATH_V6_IN) != t->v6)
		return CAROM_R_STRANGER;
	if (open && !latch())
		return hop_open(h, t->slot);
	return source_matches(h, t) ? CAROM_R_RELAYED : CAROM_R_STRANGER;
}

/* Filter, pin the source, turn muxed RTCP off to its own path */
static __always_inline int hop_admit(struct hop *h, struct trip *t)
{
	int rc = CAROM_R_RELAYED;

	if (t->r.kind == PAYLOAD_RTP)
		rc = rtp_filter(&t->r, h->path);
	if (rc == CAROM_R_RELAYED)
		rc = hop_source(h, t);
	if (rc != CAROM_R_RELAYED || t->r.kind != PAYLOAD_RTCP ||
	    !(h->path->flags & PATH_DEMUX))
		return rc;
	return hop_open(h, h->aux->rtcp_slot);
}

/* Headers may grow, and the driver may have left no room for it. Found out
 * before anything is counted: make the room, and give it back */
static __always_inline bool hop_room(struct xdp_md *ctx, const struct hop *h,
				     const struct frame *f)
{
	const struct leg_path *p = h->path;
	int grow = p->flags & PATH_V6_OUT ? sizeof(struct ipv6hdr)
					  : sizeof(struct iphdr);

	grow += ETH_HLEN + (p->nh_vlan ? VLAN_TAG_LEN : 0);
	grow -= f->l2_len + f->l3_len;
	if (grow <= 0 || p->nh_dev == NH_LOCAL)
		return true;
	return !bpf_xdp_adjust_head(ctx, -grow) &&
	       !bpf_xdp_adjust_head(ctx, grow);
}

/* Next hop, and does the packet fit what it will have grown to? */
static __always_inline int hop_out(struct xdp_md *ctx, struct hop *h,
				   const struct settings *set,
				   const struct trip *t)
{
	__u32 gen = nh_generation(set, h->slot, t->now);
	struct leg_path *p = h->path;
	__u32 len = t->f.ip_len;
	int rc;

	if (p->nh_gen != gen) {
		rc = nh_refresh(ctx, gen);
		if (rc != CAROM_R_RELAYED)
			return rc;
	}
	if (!!(p->flags & PATH_V6_OUT) != t->f.v6) {
		if (!t->f.v6 && !ipv4_sum_right(ctx, t->f.l2_len))
			return CAROM_R_MALFORMED;
		len += t->f.v6 ? -20 : 20;
	}
	if (p->nh_mtu && len > p->nh_mtu)
		return CAROM_R_TOO_BIG;
	return hop_room(ctx, h, &t->f) ? CAROM_R_RELAYED : CAROM_R_HEADROOM;
}

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

/* Counted as relayed by this leg; SSRC rewriting is the last thing to see
 * the stream as it came in */
static __always_inline void hop_done(struct hop *h, struct trip *t)
{
	rtp_figures(h->leg, h->aux, h->path->clock_mult, &t->r, t->f.ip_len,
		    t->now);
	if (t->r.kind == PAYLOAD_RTCP && t->rtcpc < TRIP_RTCP &&
	    (h->aux->rtcp_said || h->aux->rtcp_heard))
		t->rtcpv[t->rtcpc++ & (TRIP_RTCP - 1)] = h->slot;
	if (h->path->flags & PATH_SSRC && t->r.kind == PAYLOAD_RTP)
		rtp_substitute(h->aux, h->path->clock_mult, h->p6->ssrc_out,
			       &t->r, t->now);
}

#endif
