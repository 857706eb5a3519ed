/* SPDX-License-Identifier: GPL-2.0-only */
/* Is the message welcome? Looked at before anything is read: whose network it
 * comes from, and whether the source keeps to its limits */
#ifndef CAROM_BPF_SIP_ADMIT_H
#define CAROM_BPF_SIP_ADMIT_H

#include "carom/sipclass.h"
#include "clock.h"
#include "nexthop.h"
#include "sip_maps.h"

#define SIP_BACKS 1024

/* By which device the FIB would send to a source: half a cache line. Asked again
 * when the generation moves (nexthop.h) */
struct sip_back {
	__u8 addr[16];
	__u32 gen;
	__u32 ifindex; /* attached device, 0 none */
	__u16 vlan;
	__u16 pad[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SIP_BACKS);
	__type(key, __u32);
	__type(value, struct sip_back);
} sip_backs SEC(".maps");

static __always_inline void sip_back_ask(struct xdp_md *ctx, struct trip *t,
					 struct sip_back *b)
{
	struct bpf_fib_lookup *q = &t->fib;
	struct device *dev;
	__u32 ifindex;
	long rc;

	b->ifindex = 0;
	b->vlan = 0;
	__builtin_memset(q, 0, sizeof(*q));
	/* asked as the host's own traffic, in by `lo` (nexthop.h) */
	q->ifindex = LO_IFINDEX;
	q->l4_protocol = IPPROTO_UDP;
	if (t->f.v6) {
		q->family = AF_INET6;
		__builtin_memcpy(q->ipv6_src, &t->f.dst, 16);
		__builtin_memcpy(q->ipv6_dst, &t->f.src, 16);
	} else {
		q->family = AF_INET;
		q->ipv4_src = t->f.dst.w[0];
		q->ipv4_dst = t->f.src.w[0];
	}
	rc = bpf_fib_lookup(ctx, q, sizeof(*q), 0);
	/* the device is told before the neighbour is looked for */
	if (rc != BPF_FIB_LKUP_RET_SUCCESS && rc != BPF_FIB_LKUP_RET_NO_NEIGH)
		return;
	ifindex = q->ifindex;
	dev = bpf_map_lookup_elem(&devices, &ifindex);
	if (!dev)
		return;
	b->ifindex = dev->ifindex;
	b->vlan = dev->vlan;
}

/* The outermost tag's */
static __always_inline __u16 sip_tag(struct xdp_md *ctx, const struct trip *t)
{
	const __be16 *tag = (void *)(long)ctx->data + ETH_HLEN;

	if (t->f.l2_len <= ETH_HLEN ||
	    (void *)(tag + 1) > (void *)(long)ctx->data_end)
		return 0;
	return bpf_ntohs(*tag) & 0xfff;
}

/* Did it come by the device that leads back to its source? XDP sees what the
 * host's reverse-path filter has not looked at */
__noinline int sip_way_back(struct xdp_md *ctx)
{
	__u32 zero = 0, key, gen;
	struct settings *set = bpf_map_lookup_elem(&settings, &zero);
	struct trip *t = trip_here();
	struct sip_work *w = sip_here();
	const __u64 *src, *had;
	struct sip_back *b;

	if (!ctx || !t || !w || !set)
		return 0;
	key = (*(__u32 *)(w->src.addr + 12) ^ *(__u32 *)(w->src.addr + 8)) *
		      0x9e3779b1u >>
	      22;
	b = bpf_map_lookup_elem(&sip_backs, &key);
	if (!b)
		return 0;
	gen = nh_generation(set, key, t->now);
	src = (__u64 *)w->src.addr;
	had = (__u64 *)b->addr;
	if (b->gen != gen || src[0] != had[0] || src[1] != had[1]) {
		sip_back_ask(ctx, t, b);
		__builtin_memcpy(b->addr, w->src.addr, 16);
		b->gen = gen;
	}
	return b->ifindex == ctx->ingress_ifindex && b->vlan == sip_tag(ctx, t);
}

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
static __always_inline int sip_network(struct xdp_md *ctx, struct sip_work *w,
				       const struct trip *t,
				       const struct sip_conf *conf,
				       const struct sip_limit *l, __u32 class)
{
	const struct sip_net *net;

	w->prefix.bits = 128;
	__builtin_memcpy(w->prefix.addr, w->src.addr, 16);
	net = bpf_map_lookup_elem(&sip_nets, &w->prefix);
	if (net) {
		if (net->flags & SIP_NET_DENY)
			return CAROM_R_SIP_DENIED;
		if (net->flags & SIP_NET_TRUSTED &&
		    !(w->flags & WORK_REGISTRAR)) {
			if (conf->flags & SIP_CONF_REVERSE &&
			    !sip_way_back(ctx))
				return CAROM_R_SIP_SPOOFED;
			w->flags |= WORK_TRUSTED;
			w->set = net->set;
		}
		if (net->flags & (SIP_NET_ALLOW | SIP_NET_TRUSTED))
			return CAROM_R_SIP_FORWARDED;
	}
	if (w->flags & WORK_REGISTRAR)
		w->flags |= WORK_LIMITED;
	else if (l->interval && !sip_in_limit(t, l, class))
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

/* Is it for a listener of the edge, or a registrar's address? */
static __always_inline bool sip_addressed(struct sip_work *w,
					  const struct sip_conf *conf)
{
	const struct sip_host *self = NULL;

	if (conf->flags & SIP_CONF_ON)
		self = bpf_map_lookup_elem(&sip_hosts, &w->dst);
	if (self && self->kind == SIP_HOST_SELF &&
	    self->index < SIP_LISTENERS) {
		w->in = self->index;
		w->flags = 0;
		return true;
	}
	w->in = 0;
	w->flags = WORK_REGISTRAR;
	return bpf_map_lookup_elem(&sip_registrars, &w->dst);
}

/* From the wire to the scanner's buffer. PARSE_PASS where nobody listens at
 * the port, CAROM_R_SIP_FORWARDED, or the reason why it goes no further */
__noinline int sip_admit(struct xdp_md *ctx)
{
	struct trip *t = trip_here();
	struct sip_work *w = sip_here();
	struct cpu *cpu = cpu_here();
	const struct sip_conf *conf = sip_settings();
	int rc = CAROM_R_SIP_FORWARDED;
	__u32 class;

	if (!t || !w || !cpu || !conf)
		return PARSE_PASS;
	sip_addr(w->dst.addr, &t->f.dst, t->f.v6);
	w->dst.port = bpf_ntohs(t->f.dport);
	if (!sip_addressed(w, conf))
		return PARSE_PASS;
	w->out = w->in;
	sip_addr(w->src.addr, &t->f.src, t->f.v6);
	w->src.port = bpf_ntohs(t->f.sport);
	w->set = SIP_NONE;
	w->target = ~0u;
	w->from = ~0u;
	t->now = clock_now(cpu);

	class = sip_class(sip_head(ctx, t)) & 7;
	if (class >= SIP_CLASS_MAX ||
	    (w->flags & WORK_REGISTRAR && class != SIP_CLASS_REGISTER))
		return PARSE_PASS;
	if (conf->flags & SIP_CONF_ON)
		rc = sip_network(ctx, w, t, conf, &conf->limit[class], class);
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
	net = sip_network(ctx, w, t, conf,
			  head == PART_LATER ? &none : &conf->limit[class],
			  class);
	return net == CAROM_R_SIP_FORWARDED ? rc : net;
}

#endif
