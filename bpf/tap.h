/* SPDX-License-Identifier: GPL-2.0-only */
/* A copy for the agent, taken before anything is rewritten. A full ring loses
 * the copy and counts it; the packet never waits */
#ifndef CAROM_BPF_TAP_H
#define CAROM_BPF_TAP_H

#include "trip.h"

static __always_inline bool tap_wanted(const struct leg_path *p,
				       const struct rtp *r)
{
	if (!(p->flags & (PATH_TAP | PATH_TAP_RTCP | PATH_TAP_DTMF)))
		return false;
	if (r->kind == PAYLOAD_RTCP)
		return p->flags & PATH_TAP_RTCP;
	if (p->flags & PATH_TAP)
		return true;
	return p->flags & PATH_TAP_DTMF && r->kind == PAYLOAD_RTP &&
	       r->pt == p->dtmf_pt;
}

/* Copies the packet of this CPU's trip, charged to the leg that has it */
__noinline int tap_copy(struct xdp_md *ctx)
{
	struct trip *t = trip_here();
	__u32 zero = 0, n;
	struct tap_buf *b = bpf_map_lookup_elem(&tap_scratch, &zero);

	if (!t || !b)
		return 0;
	n = t->f.ip_len;
	b->hdr.time = t->now;
	b->hdr.slot = t->slot;
	b->hdr.ssrc = t->r.ssrc;
	b->hdr.flags = (t->r.kind == PAYLOAD_RTCP ? TAP_RTCP : 0) |
		       (t->f.v6 ? TAP_V6 : 0);
	if (n > CAROM_TAP_SNAP) {
		n = CAROM_TAP_SNAP;
		b->hdr.flags |= TAP_CUT;
	}
	b->hdr.caplen = n;
	b->hdr.payload = t->f.l3_len + sizeof(struct udphdr);
	b->hdr.pad = 0;
	/* 6.1's verifier forgets n > 0 across a mask: say it so */
	asm volatile("" : "+r"(n));
	n = ((n - 1) & (CAROM_TAP_SNAP - 1)) + 1;
	/* no wake-up: the agent looks several times a second, so that a
	 * recorded call costs no context switch a packet */
	if (bpf_xdp_load_bytes(ctx, t->f.l2_len, b->data, n) ||
	    bpf_ringbuf_output(&taps, b, sizeof(b->hdr) + n,
			       BPF_RB_NO_WAKEUP)) {
		count(CAROM_R_TAP_LOST, t->f.ip_len);
		count_leg(t->slot, CAROM_R_TAP_LOST);
		return 0;
	}
	count(CAROM_R_TAPPED, t->f.ip_len);
	return 0;
}

#endif
