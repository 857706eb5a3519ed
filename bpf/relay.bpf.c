// SPDX-License-Identifier: GPL-2.0-only
/* Carom's XDP program: RTP relayed off the leg table.
 *
 * Decide first, mutate last. A frame that is passed up is byte-identical to
 * the one that came in, and each verdict has its counted reason. */
#include "clock.h"
#include "long.h"

/* What the express lane leaves to relay_long() */
#define PATH_LONG                                                              \
	(PATH_V6_IN | PATH_V6_OUT | PATH_ANY_SRC | PATH_SSRC | PATH_TAP |      \
	 PATH_TAP_RTCP | PATH_TAP_DTMF)

/* The packet that there are millions of: untagged IPv4 from the pinned source,
 * of a welcome payload type, for a peer whose next hop is known. Here and in
 * relay() everything is in registers: no address of a local is taken */
static __always_inline bool express(const struct hop *h, const struct frame *f,
				    const struct rtp *r,
				    const struct settings *set, __u64 now)
{
	const struct leg_path *p = h->path;

	if (p->flags & PATH_LONG || h->leg->ctl.latch == LATCH_OPEN ||
	    f->l2_len != ETH_HLEN || f->v6 || p->nh_vlan)
		return false;
	if (p->src4 != f->src.w[0] || p->sport != f->sport ||
	    p->nh_gen != nh_generation(set, h->slot, now) ||
	    p->nh_dev >= CAROM_DEVICES)
		return false;
	if ((p->nh_mtu && f->ip_len > p->nh_mtu) || (!set->ttl && f->ttl <= 1))
		return false;
	if (r->kind == PAYLOAD_RTP)
		return rtp_filter(r, p) == CAROM_R_RELAYED;
	return r->kind != PAYLOAD_RTCP || !(p->flags & PATH_DEMUX);
}

/* A packet for the port behind `slot`, which may become another leg's. Returns
 * its reason; *action is set for one that is relayed */
static __always_inline int relay(struct xdp_md *ctx, const struct frame *f,
				 __u32 *slot, const struct settings *set,
				 int *action)
{
	/* the mask changes nothing; it tells the verifier of the bound */
	__u32 off = (f->l2_len + f->l3_len + sizeof(struct udphdr)) & 127;
	struct hop h = {};
	struct rtp r = {};
	__u64 now;
	int rc;

	rc = hop_open(&h, *slot);
	if (rc != CAROM_R_RELAYED)
		return rc;
	rc = rtp_classify((void *)(long)ctx->data + off,
			  (void *)(long)ctx->data_end,
			  f->udp_len - sizeof(struct udphdr), h.path, &r);
	if (rc != CAROM_R_RELAYED)
		return rc;
	now = clock_now();
	if (!express(&h, f, &r, set, now)) {
		struct trip *t = trip_here();

		if (!t)
			return CAROM_R_NO_ROUTE;
		t->f = *f;
		t->r = r;
		t->src = f->src;
		t->sport = f->sport;
		t->v6 = f->v6;
		t->now = now;
		t->slot = *slot;
		rc = relay_long(ctx);
		*slot = t->slot;
		*action = t->action;
		return rc == CAROM_R_RELAYED ? rewrite_any(ctx) : rc;
	}
	*action = leave_by(ctx, set, h.path->nh_dev);
	if (*action == XDP_PASS)
		return CAROM_R_NO_DEVICE;
	rtp_figures(h.leg, h.slot, h.path, &r, f->ip_len, now);
	return rewrite_ipv4(ctx, h.path, &r, set->ttl ? set->ttl : f->ttl - 1);
}

SEC("xdp")
int carom_xdp(struct xdp_md *ctx)
{
	struct settings *set;
	struct frame f = {};
	struct local *l = NULL;
	__u32 zero = 0, slot;
	int action = XDP_PASS;
	int rc;

	rc = parse_frame((void *)(long)ctx->data, (void *)(long)ctx->data_end,
			 &f, &l);
	if (rc == PARSE_PASS)
		return XDP_PASS;
	if (rc != PARSE_OK)
		goto stop;
	set = bpf_map_lookup_elem(&settings, &zero);
	if (!l || !set)
		return XDP_PASS;

	slot = local_slot(l, bpf_ntohs(f.dport));
	rc = relay(ctx, &f, &slot, set, &action);
	switch (rc) {
	case CAROM_R_RELAYED:
		count(CAROM_R_RELAYED, f.ip_len);
		return action;
	case PARSE_PASS:
		return XDP_PASS;
	}
	if (rc < CAROM_R_LEG_MAX)
		count_leg(slot, rc);
stop:
	count(rc, f.ip_len);
	return reason_action(rc);
}

char LICENSE[] SEC("license") = "GPL";
