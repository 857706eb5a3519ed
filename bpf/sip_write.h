/* SPDX-License-Identifier: GPL-2.0-only */
/* The frame becomes the one that leaves. All is decided by now, but whether the
 * driver left the room: found out by the first thing that is done */
#ifndef CAROM_BPF_SIP_WRITE_H
#define CAROM_BPF_SIP_WRITE_H

#include "rewrite.h"
#include "sip_edit.h"
#include "sip_exit.h"

#define FRONT_MASK (SCAN_BUF - 1) /* the verifier is shown room behind */

#define COPY_BLOCK 32 /* bytes copied in each turn */

/* One piece, in blocks: what the last one writes too much the next piece, or a
 * word of zeroes, is written over. What it reads too much lies in the same map's
 * value */
static __always_inline void sip_copy_blocks(__u8 *front, __u64 to,
					    const __u8 *text, __u64 at,
					    __u32 mask, __u64 n)
{
	__u64 blocks = (n + COPY_BLOCK - 1) / COPY_BLOCK;

	to &= FRONT_MASK;
	at &= mask;
	asm volatile("" : "+r"(blocks));
	for (__u64 i = 0; i <= mask / COPY_BLOCK && i < blocks; i++) {
		__u64 *block = (__u64 *)(front + to);
		const __u64 *from = (const __u64 *)(text + at);

		block[0] = from[0];
		block[1] = from[1];
		block[2] = from[2];
		block[3] = from[3];
		to = (to + COPY_BLOCK) & FRONT_MASK;
		at = (at + COPY_BLOCK) & mask;
	}
}

/* One piece, behind those that were: sip_work.front */
__noinline int sip_gather(__u32 i)
{
	struct sip_work *w = sip_here();
	const struct sip_listener *l;
	const struct sip_realm *r;
	__u32 from, at, n, to;

	if (!w || i >= PIECES)
		return 0;
	from = w->piece[i].from;
	at = w->piece[i].off;
	n = w->piece[i].len;
	to = w->front_len;
	w->front_len = to + n;
	if (from == PIECE_BUF) {
		sip_copy_blocks(w->front, to, w->b.data, at, SCAN_BUF - 1, n);
		return 0;
	}
	if (from == PIECE_TEXT) {
		sip_copy_blocks(w->front, to, w->text, at, TEXT_MASK, n);
		return 0;
	}
	if (from == PIECE_URI) {
		sip_copy_blocks(w->front, to, w->uri, at, 511, n);
		return 0;
	}
	if (from == PIECE_REALM) {
		r = bpf_map_lookup_elem(&sip_realms, &w->domain);
		if (r)
			sip_copy_blocks(w->front, to, (__u8 *)r->text, 0,
					SIP_REALM_TEXT - COPY_BLOCK, n);
		return 0;
	}
	l = bpf_map_lookup_elem(&sip_listeners, &at);
	if (l)
		sip_copy_blocks(w->front, to,
				(__u8 *)(from == PIECE_VIA ? l->via : l->rr), 0,
				SIP_LINE_MAX - COPY_BLOCK, n);
	return 0;
}

/* All pieces, and zeroes for the checksum's last word */
static __always_inline void sip_front(struct sip_work *w)
{
	w->front_len = 0;
	for (__u32 i = 0; i < PIECES && i < w->pieces; i++)
		sip_gather(i);
	*(__u64 *)(w->front + (w->front_len & FRONT_MASK)) = 0;
}

/* Sum of the first `len` bytes of a text in sip_work, zeroes behind */
static __always_inline __u64 sip_sum(const __u8 *text, __u32 len)
{
	__u32 off = 0;
	__u64 sum = 0;

	len = (len + 3) & ~3u;
	for (int i = 0; i < SCAN_BUF / CSUM_CHUNK && len; i++) {
		__u32 n = len < CSUM_CHUNK ? len : CSUM_CHUNK;

		len -= n;
		asm volatile("" : "+r"(n));
		n = ((n - 4) & (CSUM_CHUNK - 4)) + 4;
		sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)(text + off), n,
					    0);
		off += CSUM_CHUNK;
	}
	return sum;
}

static __always_inline void sip_out(struct out *o, const struct trip *t,
				    const struct sip_work *w,
				    const struct sip_listener *l,
				    const struct sip_way *way)
{
	o->v6 = sip_addr_back(&o->src, l->addr);
	sip_addr_back(&o->dst, w->next.addr);
	o->sport = bpf_htons(l->port);
	o->dport = bpf_htons(w->next.port);
	o->vlan = way->vlan;
	o->tos = t->f.tos;
	o->ttl = t->f.ttl_out;
}

/* Ethernet, IP and UDP headers */
static __always_inline int sip_headers(struct xdp_md *ctx,
				       const struct sip_way *way,
				       const struct out *o, __u32 udp_len,
				       __u16 check)
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
	mac_copy(eth->h_dest, way->dmac);
	mac_copy(eth->h_source, way->smac);
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
	udp->check = check;
	return 0;
}

/* Sum of what lies behind the pieces, by the checksum that came: one that is
 * wrong leaves as wrong as it came (RFC 1624). An odd number of bytes more or less
 * in front of it changes the places of each two */
static __always_inline __u64 sip_sum_rest(const struct sip_work *w,
					  const struct trip *t, __u16 check)
{
	__u64 gone = csum_pseudo(&t->f.src, &t->f.dst, t->f.v6, t->f.udp_len) +
		     t->f.sport + t->f.dport + bpf_htons(t->f.udp_len);
	__u16 rest;

	gone += sip_sum(w->b.data, w->done);
	rest = csum_fold((__u64)(__u16)~check + (__u16)~csum_fold(gone));
	return (w->len - w->done) & 1 ? __builtin_bswap16(rest) : rest;
}

/* The UDP checksum that came; 0 where it says nothing: there is none, or it was
 * left to an offload */
static __always_inline __u16 sip_check(struct xdp_md *ctx, const struct trip *t)
{
	/* the mask changes nothing; it tells the verifier of the bound */
	__u32 off = (t->f.l2_len + t->f.l3_len) & 127;
	struct udphdr *udp = (void *)(long)ctx->data + off;

	if ((void *)(udp + 1) > (void *)(long)ctx->data_end ||
	    udp->check == csum_fold(csum_pseudo(&t->f.src, &t->f.dst, t->f.v6,
						t->f.udp_len)))
		return 0;
	return udp->check;
}

/* The one to leave with */
static __always_inline __u16 sip_check_new(const struct sip_work *w,
					   const struct out *o, __u64 rest,
					   __u32 udp_len)
{
	__u64 come = csum_pseudo(&o->src, &o->dst, o->v6, udp_len) + o->sport +
		     o->dport + bpf_htons(udp_len);

	come += rest + sip_sum(w->front, w->len);
	return csum_udp_result(~csum_fold(come));
}

/* Does it fit? Returns the reason; the frame is as it came unless it leaves */
__noinline int sip_write(struct xdp_md *ctx)
{
	struct trip *t = trip_here();
	struct sip_work *w = sip_here();
	const struct sip_listener *l;
	const struct sip_way *way;
	struct out o = {};
	__u32 l2, l3, udp_len, key, n;
	__u64 rest = 0;
	__u16 check;
	int grow;

	if (!t || !w)
		return CAROM_R_SIP_SYNTAX;
	key = w->out;
	l = bpf_map_lookup_elem(&sip_listeners, &key);
	key = w->way;
	way = bpf_map_lookup_elem(&sip_ways, &key);
	if (!l || !way)
		return CAROM_R_SIP_SYNTAX;
	sip_out(&o, t, w, l, way);
	l2 = ETH_HLEN + (o.vlan ? VLAN_TAG_LEN : 0);
	l3 = o.v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	n = w->len;
	udp_len = sizeof(struct udphdr) + w->b.len - w->done + n;
	if ((way->mtu && l3 + udp_len > way->mtu) || !n || n > SCAN_BUF)
		return CAROM_R_SIP_BIG;
	check = sip_check(ctx, t);
	if (check)
		rest = sip_sum_rest(w, t, check);
	grow = (int)(l2 + n) - (int)(t->f.l2_len + w->done);
	if (bpf_xdp_adjust_head(ctx, -grow))
		return CAROM_R_HEADROOM;
	if (w->b.s.flags & SCAN_REQUEST)
		sip_edit_hops(w, w->b.s.max_forwards - 1);
	sip_front(w);
	if (check)
		check = sip_check_new(w, &o, rest, udp_len);
	if (sip_headers(ctx, way, &o, udp_len, check))
		return CAROM_R_MALFORMED;
	asm volatile("" : "+r"(n));
	n = ((n - 1) & (SCAN_BUF - 1)) + 1;
	bpf_xdp_store_bytes(ctx, l2 + l3 + sizeof(struct udphdr), w->front, n);
	if (!check)
		csum_full(ctx, l2 + l3, udp_len,
			  csum_pseudo(&o.src, &o.dst, o.v6, udp_len));
	return CAROM_R_SIP_FORWARDED;
}

#endif
