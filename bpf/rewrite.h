/* SPDX-License-Identifier: GPL-2.0-only */
/* The packet becomes the one that leaves. Everything is decided by now: from
 * here on nothing is passed up. */
#ifndef CAROM_BPF_REWRITE_H
#define CAROM_BPF_REWRITE_H

#include "csum.h"
#include "trip.h"

/* What leaves: the same for both families */
struct out {
	struct addr src, dst;
	__be16 sport, dport;
	__u16 vlan;
	__u8 v6;
	__u8 tos, ttl;
};

static __always_inline void out_fill(struct out *o, const struct frame *f,
				     const struct leg_path *p,
				     const struct leg_path6 *p6)
{
	if (p->flags & PATH_V6_OUT) {
		o->v6 = 1;
		__builtin_memcpy(&o->src, p6->from6, sizeof(o->src));
		__builtin_memcpy(&o->dst, p6->dst6, sizeof(o->dst));
	} else {
		o->src.w[0] = p->from4;
		o->dst.w[0] = p->dst4;
	}
	o->sport = p->fport;
	o->dport = p->dport;
	o->vlan = p->nh_vlan;
	o->tos = p->flags & PATH_DSCP ? (f->tos & 3) | p->dscp : f->tos;
	o->ttl = f->ttl_out;
}

/* Six bytes as two words: struct ethhdr is packed, and its members would be
 * copied byte by byte */
static __always_inline void mac_copy(void *to, const void *from)
{
	*(__u32 *)to = *(const __u32 *)from;
	*(__u16 *)(to + 4) = *(const __u16 *)(from + 4);
}

static __always_inline void write_l2(void *data, const struct leg_path *p,
				     __u16 vlan, bool v6)
{
	__be16 proto = v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
	struct ethhdr *eth = data;

	mac_copy(data, p->nh_dmac);
	mac_copy(data + ETH_ALEN, p->nh_smac);
	if (vlan) {
		__be16 *tag = (__be16 *)(eth + 1);

		eth->h_proto = bpf_htons(ETH_P_8021Q);
		tag[0] = bpf_htons(vlan);
		tag[1] = proto;
	} else {
		eth->h_proto = proto;
	}
}

static __always_inline void write_ipv6(struct ipv6hdr *ip, const struct out *o,
				       __u16 udp_len)
{
	ip->version = 6;
	ip->priority = o->tos >> 4;
	ip->flow_lbl[0] = o->tos << 4;
	ip->flow_lbl[1] = 0;
	ip->flow_lbl[2] = 0;
	ip->payload_len = bpf_htons(udp_len);
	ip->nexthdr = IPPROTO_UDP;
	ip->hop_limit = o->ttl;
	__builtin_memcpy(&ip->saddr, &o->src, 16);
	__builtin_memcpy(&ip->daddr, &o->dst, 16);
}

/* Atomic datagram: no ID, never to be fragmented (RFC 6864, RFC 7915 5.1) */
static __always_inline void write_ipv4(struct iphdr *ip, const struct out *o,
				       __u16 udp_len)
{
	__u64 sum = 0;
	__be16 *w = (__be16 *)ip;

	ip->version = 4;
	ip->ihl = 5;
	ip->tos = o->tos;
	ip->tot_len = bpf_htons(sizeof(*ip) + udp_len);
	ip->id = 0;
	ip->frag_off = bpf_htons(0x4000);
	ip->ttl = o->ttl;
	ip->protocol = IPPROTO_UDP;
	ip->check = 0;
	ip->saddr = o->src.w[0];
	ip->daddr = o->dst.w[0];
#pragma unroll
	for (int i = 0; i < 10; i++)
		sum += w[i];
	ip->check = ~csum_fold(sum);
}

/* Same family: change what differs, so that an error that came in goes out */
static __always_inline void edit_ipv4(struct iphdr *ip, const struct out *o)
{
	__be16 *w = (__be16 *)ip;
	__u64 gone = (__u64)w[0] + w[4] + ip->saddr + ip->daddr;

	ip->tos = o->tos;
	ip->ttl = o->ttl;
	ip->saddr = o->src.w[0];
	ip->daddr = o->dst.w[0];
	ip->check = csum_update(ip->check, gone,
				(__u64)w[0] + w[4] + ip->saddr + ip->daddr);
}

static __always_inline void edit_ipv6(struct ipv6hdr *ip, const struct out *o)
{
	ip->priority = o->tos >> 4;
	ip->flow_lbl[0] = (ip->flow_lbl[0] & 0x0f) | o->tos << 4;
	ip->hop_limit = o->ttl;
	__builtin_memcpy(&ip->saddr, &o->src, 16);
	__builtin_memcpy(&ip->daddr, &o->dst, 16);
}

/* Sequence number, timestamp, SSRC: adds to the sums what went and came */
static __always_inline void edit_rtp(__be16 *p, const struct rtp *r,
				     __u64 *gone, __u64 *come)
{
	*gone += (__u64)p[1] + *(__be32 *)(p + 2) + *(__be32 *)(p + 4);
	p[1] = bpf_htons(r->seq);
	*(__be32 *)(p + 2) = bpf_htonl(r->ts);
	*(__be32 *)(p + 4) = bpf_htonl(r->ssrc);
	*come += (__u64)p[1] + *(__be32 *)(p + 2) + *(__be32 *)(p + 4);
}

/* In full: the checksum was left to an offload that XDP took the packet away
 * from (CHECKSUM_PARTIAL of a local sender behind veth or virtio), or IPv4's
 * "none", which IPv6 does not know. `off` is the UDP header's */
static __noinline int csum_full(struct xdp_md *ctx, __u32 off, __u32 len,
				__u64 pseudo)
{
	void *data, *end;
	struct udphdr *udp;
	__u64 sum;

	off &= 127;
	sum = csum_packet(ctx, off, len);
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	udp = data + off;
	if ((void *)(udp + 1) > end || sum == ~0ULL)
		return -1;
	udp->check = csum_udp_result(~csum_fold(sum + pseudo));
	return 0;
}

/* UDP ports, RTP fields, checksum; the IP header is written already */
static __always_inline void write_udp(struct xdp_md *ctx, __u32 off,
				      struct udphdr *udp, void *end,
				      const struct frame *f,
				      const struct out *o, const struct rtp *r)
{
	__u64 gone = csum_addr(&f->src, f->v6) + csum_addr(&f->dst, f->v6) +
		     f->sport + f->dport;
	__u64 come = csum_addr(&o->src, o->v6) + csum_addr(&o->dst, o->v6) +
		     o->sport + o->dport;
	__be16 *rtp = (__be16 *)(udp + 1);
	__u16 check = udp->check;

	udp->source = o->sport;
	udp->dest = o->dport;
	if (r->changed && (void *)(rtp + 6) <= end)
		edit_rtp(rtp, r, &gone, &come);

	if (!check && !o->v6)
		return;
	if (!check || check == csum_fold(csum_pseudo(&f->src, &f->dst, f->v6,
						     f->udp_len))) {
		udp->check = 0;
		csum_full(ctx, off, f->udp_len,
			  csum_pseudo(&o->src, &o->dst, o->v6, f->udp_len));
		return;
	}
	udp->check = csum_udp_result(csum_update(check, gone, come));
}

/* IPv4 becomes IPv6, or the other way round. Each branch has its own bounds
 * check, for the verifier does not connect two looks at o->v6 */
static __noinline int rewrite_translate(struct xdp_md *ctx,
					const struct frame *f,
					const struct leg_path *p,
					const struct out *o,
					const struct rtp *r)
{
	__u32 l2 = ETH_HLEN + (o->vlan ? VLAN_TAG_LEN : 0);
	__u32 l3 = o->v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	void *data, *end, *udp;

	if (bpf_xdp_adjust_head(ctx,
				(int)(f->l2_len + f->l3_len) - (int)(l2 + l3)))
		return CAROM_R_HEADROOM;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + ETH_HLEN + VLAN_TAG_LEN > end)
		return CAROM_R_MALFORMED;
	write_l2(data, p, o->vlan, o->v6);
	if (l3 == sizeof(struct ipv6hdr)) {
		udp = data + l2 + sizeof(struct ipv6hdr);
		if (udp + sizeof(struct udphdr) > end)
			return CAROM_R_MALFORMED;
		write_ipv6(data + l2, o, f->udp_len);
	} else {
		udp = data + l2 + sizeof(struct iphdr);
		if (udp + sizeof(struct udphdr) > end)
			return CAROM_R_MALFORMED;
		write_ipv4(data + l2, o, f->udp_len);
	}
	write_udp(ctx, l2 + l3, udp, end, f, o, r);
	return CAROM_R_RELAYED;
}

/* Any family to any, any tag to any: the packet of this CPU's trip, along the
 * path that it came to */
__noinline int rewrite_any(struct xdp_md *ctx)
{
	struct trip *t = trip_here();
	__u32 slot = t ? t->slot : 0;
	struct leg_aux *x = bpf_map_lookup_elem(&aux, &slot);
	const struct leg_path *p;
	const struct frame *f;
	const struct rtp *r;
	void *data, *end;
	struct out o = {};
	__u32 l2;

	if (!t || !x)
		return CAROM_R_NO_LEG;
	f = &t->f;
	r = &t->r;
	p = &x->path[t->on & 1];
	out_fill(&o, f, p, &x->path6[t->on & 1]);
	if (o.v6 != f->v6)
		return rewrite_translate(ctx, f, p, &o, r);

	/* a tag comes or goes in front of the IP header, which stays as it is:
	 * its ID, flags and flow label are the sender's */
	l2 = ETH_HLEN + (o.vlan ? VLAN_TAG_LEN : 0);
	if (l2 != f->l2_len &&
	    bpf_xdp_adjust_head(ctx, (int)f->l2_len - (int)l2))
		return CAROM_R_HEADROOM;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + l2 + sizeof(struct iphdr) + sizeof(struct udphdr) > end)
		return CAROM_R_MALFORMED;
	write_l2(data, p, o.vlan, o.v6);
	if (o.v6) {
		if (data + l2 + sizeof(struct ipv6hdr) + sizeof(struct udphdr) >
		    end)
			return CAROM_R_MALFORMED;
		edit_ipv6(data + l2, &o);
		write_udp(ctx, l2 + sizeof(struct ipv6hdr),
			  data + l2 + sizeof(struct ipv6hdr), end, f, &o, r);
	} else {
		edit_ipv4(data + l2, &o);
		write_udp(ctx, l2 + sizeof(struct iphdr),
			  data + l2 + sizeof(struct iphdr), end, f, &o, r);
	}
	return CAROM_R_RELAYED;
}

#endif
