// SPDX-License-Identifier: GPL-2.0-only
/* Carom's XDP program: RTP relayed off the leg table.
 *
 * Decide first, mutate last. A frame that is passed up is byte-identical to
 * the one that came in, and each verdict has its counted reason. */
#include "clock.h"
#include "leg.h"
#include "rewrite.h"

#define HAIRPINS 3 /* legs of this appliance that a packet may pass in a row */

/* The peer is a leg of ours: the packet leaves h and arrives there, without a
 * wire in between */
static __noinline int hairpin(struct xdp_md *ctx, struct hop *h,
			      struct frame *f, struct rtp *r, __u64 now)
{
	bool v6 = h->path->flags & PATH_V6_OUT;
	struct settings *set;
	struct addr src = {}, dst = {};
	__be16 sport = h->path->fport;
	__u16 port = bpf_ntohs(h->path->dport);
	struct local *l;
	__u32 zero = 0;
	int rc;

	set = bpf_map_lookup_elem(&settings, &zero);
	if (!set)
		return CAROM_R_NO_ROUTE;
	hop_done(h, r, f->ip_len, now);
	if (v6 && h->p6) {
		__builtin_memcpy(&src, h->p6->from6, sizeof(src));
		__builtin_memcpy(&dst, h->p6->dst6, sizeof(dst));
	} else {
		src.w[0] = h->path->from4;
		dst.w[0] = h->path->dst4;
	}
	l = local_find(&dst, v6);
	if (!l || port < l->port_min || port > l->port_max)
		return CAROM_R_NO_LEG;
	rc = hop_open(h, local_slot(l, port));
	if (rc == PARSE_PASS)
		return CAROM_R_NO_LEG;
	if (rc == CAROM_R_RELAYED)
		rc = hop_admit(h, &src, sport, v6, r, now);
	if (rc == CAROM_R_RELAYED)
		rc = hop_out(ctx, h, set, f->ip_len, f->v6, now);
	if (rc != CAROM_R_RELAYED)
		return rc;
	/* each call records for itself; the headers are still those of the
	 * packet that came in by wire */
	if (tap_wanted(h->path, r))
		tap_copy(ctx, h->slot, f, r, now);
	return rc;
}

/* A media packet for a port of `l`. Returns its reason; *action is set for
 * one that is relayed */
static __always_inline int relay(struct xdp_md *ctx, struct frame *f,
				 const struct local *l, struct hop *h,
				 const struct settings *set, int *action)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	/* the mask changes nothing; it tells the verifier of the bound */
	__u32 off = (f->l2_len + f->l3_len + sizeof(struct udphdr)) & 127;
	__u16 port = bpf_ntohs(f->dport);
	struct rtp r = {};
	__u64 now;
	int rc;

	rc = hop_open(h, local_slot(l, port));
	if (rc != CAROM_R_RELAYED)
		return rc;
	rc = rtp_classify(data + off, end, f->udp_len - sizeof(struct udphdr),
			  h->path, &r);
	if (rc != CAROM_R_RELAYED)
		return rc;
	now = clock_now();
	rc = hop_admit(h, &f->src, f->sport, f->v6, &r, now);
	if (rc != CAROM_R_RELAYED)
		return rc;
	rc = hop_out(ctx, h, set, f->ip_len, f->v6, now);
	if (rc != CAROM_R_RELAYED)
		return rc;
	if (!set->ttl && f->ttl <= 1)
		return CAROM_R_TTL;
	f->ttl_out = set->ttl ? set->ttl : f->ttl - 1;
	if (tap_wanted(h->path, &r))
		tap_copy(ctx, h->slot, f, &r, now);

	for (int i = 0; i < HAIRPINS && h->path->nh_dev == NH_LOCAL; i++) {
		rc = hairpin(ctx, h, f, &r, now);
		if (rc != CAROM_R_RELAYED)
			return rc;
	}
	/* choosing the device changes nothing in the packet: where it is
	 * gone, the packet is still whole */
	if (h->path->nh_dev >= CAROM_DEVICES)
		return CAROM_R_NO_DEVICE;
	if (set->ifindex[h->path->nh_dev] == ctx->ingress_ifindex)
		*action = XDP_TX;
	else
		*action = bpf_redirect_map(&tx_ports, h->path->nh_dev,
					   XDP_PASS);
	if (*action == XDP_PASS)
		return CAROM_R_NO_DEVICE;
	hop_done(h, &r, f->ip_len, now);
	return rewrite(ctx, f, h->path, h->p6, &r);
}

SEC("xdp")
int carom_xdp(struct xdp_md *ctx)
{
	struct settings *set;
	struct frame f = {};
	struct hop h = {};
	struct local *l = NULL;
	__u32 zero = 0;
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

	rc = relay(ctx, &f, l, &h, set, &action);
	switch (rc) {
	case CAROM_R_RELAYED:
		count(CAROM_R_RELAYED, f.ip_len);
		return action;
	case PARSE_PASS:
		return XDP_PASS;
	}
	if (rc < CAROM_R_LEG_MAX)
		count_leg(h.slot, rc);
stop:
	count(rc, f.ip_len);
	return reason_action(rc);
}

char LICENSE[] SEC("license") = "GPL";
