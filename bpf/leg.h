/* SPDX-License-Identifier: GPL-2.0-only */
/* One hop: from a leg that received a packet to the path it takes */
#ifndef CAROM_BPF_LEG_H
#define CAROM_BPF_LEG_H

#include "latch.h"
#include "nexthop.h"
#include "tap.h"

/* Where a packet stands while it is being decided on */
struct hop {
	struct leg *leg;
	struct leg_path *path;
	struct leg_path6 *p6; /* where IPv6 or SSRC rewriting needs it */
	__u32 slot;
	__u32 on; /* which of the leg's two paths          */
};

/* The leg and its path in force. PARSE_PASS: the port is not media */
static __always_inline int hop_open(struct hop *h, __u32 slot)
{
	struct leg_ctl ctl;

	h->slot = slot;
	h->leg = bpf_map_lookup_elem(&legs, &slot);
	if (!h->leg)
		return CAROM_R_NO_LEG;
	ctl = h->leg->ctl;
	switch (ctl.state) {
	case LEG_RELAY:
		break;
	case LEG_BLOCKED:
		return CAROM_R_BLOCKED;
	case LEG_HELD:
		return CAROM_R_HELD;
	case LEG_FOREIGN:
		return PARSE_PASS;
	default:
		return CAROM_R_NO_LEG;
	}
	/* a branch and not arithmetic: the processor guesses it, and fetches
	 * the path's cache line beside that of `ctl`, not after it */
	h->on = 0;
	h->path = &h->leg->path[0];
	if (ctl.active) {
		h->on = 1;
		h->path = &h->leg->path[1];
		asm volatile("" : "+r"(h->on));
	}
	return CAROM_R_RELAYED;
}

/* The same, with what IPv6 and SSRC rewriting need */
static __always_inline int hop_open6(struct hop *h, __u32 slot)
{
	struct leg_aux *x;
	int rc = hop_open(h, slot);

	h->p6 = NULL;
	if (rc != CAROM_R_RELAYED ||
	    !(h->path->flags & (PATH_V6_IN | PATH_V6_OUT | PATH_SSRC)))
		return rc;
	x = bpf_map_lookup_elem(&aux, &slot);
	if (!x)
		return CAROM_R_NO_LEG;
	h->p6 = &x->path6[h->on & 1];
	return CAROM_R_RELAYED;
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
	return h->p6 && latch_same_ip(p, h->p6, &t->src);
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
		return hop_open6(h, t->slot);
	return source_matches(h, t) ? CAROM_R_RELAYED : CAROM_R_STRANGER;
}

/* Filter, pin the source, turn muxed RTCP off to its own path */
static __always_inline int hop_admit(struct hop *h, struct trip *t)
{
	int rc = CAROM_R_RELAYED;
	struct leg_aux *x;

	if (t->r.kind == PAYLOAD_RTP)
		rc = rtp_filter(&t->r, h->path);
	if (rc == CAROM_R_RELAYED)
		rc = hop_source(h, t);
	if (rc != CAROM_R_RELAYED || t->r.kind != PAYLOAD_RTCP ||
	    !(h->path->flags & PATH_DEMUX))
		return rc;
	x = bpf_map_lookup_elem(&aux, &h->slot);
	return x ? hop_open6(h, x->rtcp_slot) : CAROM_R_NO_LEG;
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
	if (!!(p->flags & PATH_V6_OUT) != t->f.v6)
		len += t->f.v6 ? -20 : 20;
	return p->nh_mtu && len > p->nh_mtu ? CAROM_R_TOO_BIG
					    : CAROM_R_RELAYED;
}

/* Counted as relayed by this leg; SSRC rewriting is the last thing to see
 * the stream as it came in */
static __always_inline void hop_done(struct hop *h, struct rtp *r, __u16 ip_len,
				     __u64 now)
{
	rtp_figures(h->leg, h->slot, h->path, r, ip_len, now);
	if (h->path->flags & PATH_SSRC && r->kind == PAYLOAD_RTP && h->p6) {
		struct leg_aux *x = bpf_map_lookup_elem(&aux, &h->slot);

		if (x)
			rtp_substitute(x, h->path->clock_mult, h->p6->ssrc_out,
				       r, now);
	}
}

#endif
