/* SPDX-License-Identifier: GPL-2.0-only */
/* Is the message welcome? Looked at before anything is read: whose network it
 * comes from, and whether the source keeps to its limits */
#ifndef CAROM_BPF_SIP_ADMIT_H
#define CAROM_BPF_SIP_ADMIT_H

#include "carom/sipclass.h"
#include "clock.h"
#include "sip_maps.h"

/* One source: an IPv4 address, or the /64 that one IPv6 host may use freely */
static __always_inline bool sip_in_limit(const struct trip *t,
					 const struct sip_limit *l, __u32 class)
{
	struct sip_bucket fresh = {}, *bk;
	struct addr key = {};

	key.w[0] = t->f.src.w[0];
	if (t->f.v6) {
		key.w[1] = t->f.src.w[1];
		key.w[3] = 1;
	}
	bk = bpf_map_lookup_elem(&sip_buckets, &key);
	if (!bk) {
		bpf_map_update_elem(&sip_buckets, &key, &fresh, BPF_NOEXIST);
		bk = bpf_map_lookup_elem(&sip_buckets, &key);
	}
	return !bk || sip_bucket_take(bk, class, l, t->now);
}

/* Networks: deny, allow, trust. The reason, or CAROM_R_SIP_FORWARDED */
static __always_inline int sip_network(struct sip_work *w, const struct trip *t,
				       const struct sip_limit *l, __u32 class)
{
	const struct sip_net *net;

	w->prefix.bits = 128;
	__builtin_memcpy(w->prefix.addr, w->src.addr, 16);
	net = bpf_map_lookup_elem(&sip_nets, &w->prefix);
	if (net) {
		if (net->flags & SIP_NET_DENY)
			return CAROM_R_SIP_DENIED;
		if (net->flags & SIP_NET_TRUSTED) {
			w->flags |= WORK_TRUSTED;
			w->set = net->set;
		}
		if (net->flags & (SIP_NET_ALLOW | SIP_NET_TRUSTED))
			return CAROM_R_SIP_FORWARDED;
	}
	if (l->interval && !sip_in_limit(t, l, class))
		return CAROM_R_SIP_FLOOD;
	return CAROM_R_SIP_FORWARDED;
}

/* The message into the scanner's buffer, zeroes behind it */
static __always_inline int sip_load(struct xdp_md *ctx, struct sip_work *w,
				    const struct trip *t)
{
	__u32 off = t->f.l2_len + t->f.l3_len + sizeof(struct udphdr);
	__u32 n = t->f.udp_len - sizeof(struct udphdr);

	if (!n)
		return CAROM_R_SIP_NOT_SIP;
	if (n > SCAN_LEN_MAX)
		return CAROM_R_SIP_LONG;
	w->b.len = n;
	/* 6.1's verifier forgets n > 0 across a mask: say it so */
	asm volatile("" : "+r"(n));
	n = ((n - 1) & (SCAN_BUF - 1)) + 1;
	if (bpf_xdp_load_bytes(ctx, off, w->b.data, n))
		return CAROM_R_TRUNCATED;
	asm volatile("" : "+r"(n));
	n &= 2 * SCAN_BUF - 1;
	if (n > SCAN_BUF)
		return CAROM_R_SIP_LONG;
	__builtin_memset(w->b.data + n, 0, 16);
	return CAROM_R_SIP_FORWARDED;
}

/* Over IPv6 there is always a checksum (RFC 8200 8.1) */
static __always_inline bool sip_sum_missing(const struct xdp_md *ctx,
					    const struct trip *t)
{
	/* the mask changes nothing; it tells the verifier of the bound */
	__u32 off = (t->f.l2_len + t->f.l3_len) & 127;
	const struct udphdr *udp = (void *)(long)ctx->data + off;

	return t->f.v6 &&
	       ((void *)(udp + 1) > (void *)(long)ctx->data_end || !udp->check);
}

/* The message's first four bytes; 0 where there are fewer */
static __always_inline __u32 sip_head(struct xdp_md *ctx, const struct trip *t)
{
	/* the mask changes nothing; it tells the verifier of the bound */
	__u32 off = (t->f.l2_len + t->f.l3_len + sizeof(struct udphdr)) & 127;
	const __u32 *text = (void *)(long)ctx->data + off;
	__u32 head = 0;

	if ((void *)(text + 1) <= (void *)(long)ctx->data_end)
		return *text;
	/* it may lie in the frame's next buffer */
	bpf_xdp_load_bytes(ctx, off, &head, sizeof(head));
	return head;
}

/* From the wire to the scanner's buffer. PARSE_PASS where nobody listens at
 * the port, CAROM_R_SIP_FORWARDED, or the reason why it goes no further */
__noinline int sip_admit(struct xdp_md *ctx)
{
	struct trip *t = trip_here();
	struct sip_work *w = sip_here();
	struct cpu *cpu = cpu_here();
	const struct sip_conf *conf = sip_settings();
	const struct sip_host *self;
	__u32 class;
	int rc;

	if (!t || !w || !cpu || !conf || !(conf->flags & SIP_CONF_ON))
		return PARSE_PASS;
	sip_addr(w->dst.addr, &t->f.dst, t->f.v6);
	w->dst.port = bpf_ntohs(t->f.dport);
	self = bpf_map_lookup_elem(&sip_hosts, &w->dst);
	if (!self || self->kind != SIP_HOST_SELF ||
	    self->index >= SIP_LISTENERS)
		return PARSE_PASS;
	w->in = self->index;
	w->out = w->in;
	sip_addr(w->src.addr, &t->f.src, t->f.v6);
	w->src.port = bpf_ntohs(t->f.sport);
	w->flags = 0;
	w->set = SIP_NONE;
	w->target = ~0u;
	w->from = ~0u;
	t->now = clock_now(cpu);

	class = sip_class(sip_head(ctx, t)) & 7;
	if (class >= SIP_CLASS_MAX)
		return PARSE_PASS;
	rc = sip_network(w, t, &conf->limit[class], class);
	if (rc == CAROM_R_SIP_FORWARDED)
		rc = sip_load(ctx, w, t);
	if (rc == CAROM_R_SIP_FORWARDED && sip_sum_missing(ctx, t))
		rc = CAROM_R_SIP_CHECKSUM;
	return rc;
}

/* ---- what is not whole ------------------------------------------------- */

struct part_frag6 {
	__u8 nexthdr, pad;
	__be16 offset; /* in 8 bytes, and three bits of flags           */
	__be32 id;
};

#define PART_LATER (~0u) /* no message begins in it                   */

/* What the message that begins in it claims to be: its first four bytes; 0 where
 * they can't be told */
static __always_inline __u32 part_head(struct xdp_md *ctx, const struct trip *t)
{
	__u32 off = t->f.l2_len, head = 0;
	struct part_frag6 frag = {};
	struct ipv6hdr six;
	struct iphdr ip;

	if (!t->f.v6) {
		if (bpf_xdp_load_bytes(ctx, off, &ip, sizeof(ip)))
			return 0;
		if (ip.frag_off & bpf_htons(0x1fff))
			return PART_LATER;
		off += (ip.ihl & 15) * 4;
	} else {
		if (bpf_xdp_load_bytes(ctx, off, &six, sizeof(six)) ||
		    six.nexthdr != IPPROTO_FRAGMENT ||
		    bpf_xdp_load_bytes(ctx, off + sizeof(six), &frag,
				       sizeof(frag)))
			return 0;
		if (frag.offset & bpf_htons(0xfff8) ||
		    frag.nexthdr == IPPROTO_TCP ||
		    frag.nexthdr == IPPROTO_ICMPV6)
			return PART_LATER;
		if (frag.nexthdr != IPPROTO_UDP)
			return 0;
		off += sizeof(six) + sizeof(frag);
	}
	bpf_xdp_load_bytes(ctx, off + sizeof(struct udphdr), &head,
			   sizeof(head));
	return head == PART_LATER ? 0 : head;
}

/* Fragments, and packets with options: the host puts them together, and the agent
 * reads what comes of it. Their source is looked at here all the same, or a flood
 * would only have to come in fragments. `rc` is why they go up */
__noinline int sip_part(struct xdp_md *ctx, int rc)
{
	const struct sip_conf *conf = sip_settings();
	struct trip *t = trip_here();
	struct sip_work *w = sip_here();
	struct cpu *cpu = cpu_here();
	const struct sip_limit none = {};
	__u32 class, head;
	int net;

	if (!t || !w || !cpu || !conf || !(conf->flags & SIP_CONF_ON))
		return rc;
	t->now = clock_now(cpu);
	sip_addr(w->src.addr, &t->f.src, t->f.v6);
	w->flags = 0;
	head = part_head(ctx, t);
	class = sip_class(head) & 7;
	if (class >= SIP_CLASS_MAX)
		return rc;
	net = sip_network(
		w, t, head == PART_LATER ? &none : &conf->limit[class], class);
	return net == CAROM_R_SIP_FORWARDED ? rc : net;
}

#endif
