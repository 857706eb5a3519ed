/* SPDX-License-Identifier: GPL-2.0-only */
/* The frame becomes the one that leaves. All is decided by now, but whether the
 * driver left the room: found out by the first thing that is done */
#ifndef CAROM_BPF_SIP_WRITE_H
#define CAROM_BPF_SIP_WRITE_H

#include "rewrite.h"
#include "sip_edit.h"
#include "sip_exit.h"

/* One piece into the frame at `off`. Its length, for the next one */
__noinline __u32 sip_put(struct xdp_md *ctx, __u32 i, __u32 off)
{
	struct sip_work *w = sip_here();
	const struct sip_piece *p;
	struct sip_listener *l;
	__u32 from, at, n, key;

	if (!w || i >= PIECES)
		return 0;
	p = &w->piece[i];
	from = p->from;
	at = p->off;
	n = p->len;
	if (!n)
		return 0;
	asm volatile("" : "+r"(n));
	switch (from) {
	case PIECE_BUF:
		n = ((n - 1) & (SCAN_BUF - 1)) + 1;
		bpf_xdp_store_bytes(ctx, off, w->b.data + (at & (SCAN_BUF - 1)),
				    n);
		break;
	case PIECE_TEXT:
		n = ((n - 1) & TEXT_MASK) + 1;
		bpf_xdp_store_bytes(ctx, off, w->text + (at & TEXT_MASK), n);
		break;
	default:
		key = at;
		l = bpf_map_lookup_elem(&sip_listeners, &key);
		if (!l)
			return 0;
		n = ((n - 1) & (SIP_LINE_MAX - 1)) + 1;
		bpf_xdp_store_bytes(ctx, off,
				    from == PIECE_VIA ? l->via : l->rr, n);
		break;
	}
	return n;
}

static __always_inline void sip_out(struct out *o, const struct trip *t,
				    const struct sip_work *w,
				    const struct sip_listener *l)
{
	o->v6 = sip_addr_back(&o->src, l->addr);
	sip_addr_back(&o->dst, w->next.addr);
	o->sport = bpf_htons(l->port);
	o->dport = bpf_htons(w->next.port);
	o->vlan = w->vlan;
	o->tos = t->f.tos;
	o->ttl = t->f.ttl_out;
}

/* Ethernet, IP and UDP headers, but for the UDP checksum */
static __always_inline int sip_headers(struct xdp_md *ctx, struct trip *t,
				       const struct out *o, __u32 udp_len)
{
	__u32 l2 = ETH_HLEN + (o->vlan ? VLAN_TAG_LEN : 0);
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct udphdr *udp;

	if (data + ETH_HLEN + VLAN_TAG_LEN + sizeof(struct ipv6hdr) +
		    sizeof(*udp) >
	    end)
		return -1;
	mac_copy(eth->h_dest, t->fib.dmac);
	mac_copy(eth->h_source, t->fib.smac);
	eth->h_proto = o->v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
	if (o->vlan) {
		__be16 *tag = (__be16 *)(eth + 1);

		tag[1] = eth->h_proto;
		tag[0] = bpf_htons(o->vlan);
		eth->h_proto = bpf_htons(ETH_P_8021Q);
	}
	if (o->v6) {
		write_ipv6(data + l2, o, udp_len);
		udp = data + l2 + sizeof(struct ipv6hdr);
	} else {
		write_ipv4(data + l2, o, udp_len);
		udp = data + l2 + sizeof(struct iphdr);
	}
	udp->source = o->sport;
	udp->dest = o->dport;
	udp->len = bpf_htons(udp_len);
	udp->check = 0;
	return 0;
}

/* Max-Forwards, where it stands behind all that was written */
static __always_inline void sip_put_hops(struct xdp_md *ctx, struct sip_work *w,
					 __u32 payload)
{
	__u32 off = w->b.s.maxfwd.off, len = w->b.s.maxfwd.len;

	if (!len || off < w->done)
		return;
	/* one to three; 6.1's verifier forgets len > 0 across a mask */
	asm volatile("" : "+r"(len));
	len = ((len - 1) & 3) + 1;
	bpf_xdp_store_bytes(ctx, payload + off + w->len - w->done,
			    w->b.data + (off & (SCAN_BUF - 1)), len);
}

/* The message around the headers that are written: pieces, checksum */
static __always_inline void sip_payload(struct xdp_md *ctx, struct sip_work *w,
					const struct out *o, __u32 l4,
					__u32 udp_len)
{
	__u32 off = l4 + sizeof(struct udphdr);

	for (__u32 i = 0; i < PIECES && i < w->pieces; i++)
		off += sip_put(ctx, i, off);
	if (w->b.s.flags & SCAN_REQUEST)
		sip_put_hops(ctx, w, l4 + sizeof(struct udphdr));
	csum_full(ctx, l4, udp_len,
		  csum_pseudo(&o->src, &o->dst, o->v6, udp_len));
}

/* Does it fit? Returns the reason; the frame is as it came unless it leaves */
__noinline int sip_write(struct xdp_md *ctx)
{
	struct trip *t = trip_here();
	struct sip_work *w = sip_here();
	const struct sip_listener *l;
	struct out o = {};
	__u32 l2, l3, udp_len, key;
	int grow;

	if (!t || !w)
		return CAROM_R_SIP_SYNTAX;
	key = w->out;
	l = bpf_map_lookup_elem(&sip_listeners, &key);
	if (!l)
		return CAROM_R_SIP_SYNTAX;
	sip_out(&o, t, w, l);
	l2 = ETH_HLEN + (o.vlan ? VLAN_TAG_LEN : 0);
	l3 = o.v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	udp_len = sizeof(struct udphdr) + w->b.len - w->done + w->len;
	if (w->mtu && l3 + udp_len > w->mtu)
		return CAROM_R_SIP_BIG;
	grow = (int)(l2 + w->len) - (int)(t->f.l2_len + w->done);
	if (bpf_xdp_adjust_head(ctx, -grow))
		return CAROM_R_HEADROOM;
	if (sip_headers(ctx, t, &o, udp_len))
		return CAROM_R_MALFORMED;
	if (w->b.s.flags & SCAN_REQUEST)
		sip_edit_hops(w);
	sip_payload(ctx, w, &o, l2 + l3, udp_len);
	return CAROM_R_SIP_FORWARDED;
}

#endif
