/* SPDX-License-Identifier: GPL-2.0-only */
/* The express lane: the packet that there are millions of. RTP in order,
 * untagged IPv4 both ways, from the pinned source, of the payload type that the
 * last one had, for a peer whose next hop is known. It reads and writes one
 * cache line of the leg table, which the long way filled: it decides nothing
 * that the long way has not decided a moment ago for a packet like this one.
 * Whatever is different in any way takes the long way. */
#ifndef CAROM_BPF_EXPRESS_H
#define CAROM_BPF_EXPRESS_H

#include "adjacency.h"
#include "clock.h"
#include "leg.h"
#include "rewrite.h"

#define EXPRESS_NOT -1 /* take the long way */

/* Each leg asks for its route anew now and then, and when the agent says so.
 * Between, it is enough that somebody who leaves by the same adjacency has
 * asked in this second (adjacency.used): asking is dear. A byte will do for a
 * leg that was never silent for long */
#define EXPRESS_PERIOD_SHIFT 33 /* 2^33 ns: 8.6 s */
#define EXPRESS_IDLE 4096       /* units of leg.seen: 4.3 s */

static __always_inline __u8 express_gen(const struct settings *set, __u32 slot,
					__u64 now)
{
	__u64 t = now + ((__u64)slot << 17);

	return set->nh_generation + (t >> EXPRESS_PERIOD_SHIFT);
}

/* ---- offered by the long way ------------------------------------------- */

/* Paths that say more than the express copy can */
#define PATH_LONG                                                              \
	(PATH_V6_IN | PATH_V6_OUT | PATH_ANY_SRC | PATH_SSRC | PATH_TAP |      \
	 PATH_TAP_RTCP | PATH_TAP_DTMF)

/* PT 64 to 95 with the marker are RTCP (RFC 5761): the express lane, which
 * looks at the payload type alone, must not go by one of these */
static __always_inline bool like_rtcp(const struct rtp *r)
{
	return r->kind == PAYLOAD_RTP && r->pt >= 64 && r->pt <= 95;
}

/* May packets like this one take the express lane? */
static __always_inline bool express_able(const struct hop *h,
					 const struct trip *t)
{
	const struct leg_path *p = h->path;

	return !(p->flags & PATH_LONG) && p->nh_dev < CAROM_DEVICES &&
	       !p->nh_vlan && (p->media == LEG_RTP || p->media == LEG_SRTP) &&
	       t->r.kind == PAYLOAD_RTP && !like_rtcp(&t->r) &&
	       t->f.l2_len == ETH_HLEN && !t->f.v6 && t->first;
}

/* Write the express copy of the leg's path. Not so soon after a flip that a
 * packet could still be reading the copy of the path before */
__noinline int express_fill(struct xdp_md *ctx)
{
	struct trip *t = trip_here();
	__u32 zero = 0, slot = t ? t->slot : 0;
	struct leg *leg = bpf_map_lookup_elem(&legs, &slot);
	struct leg_aux *x = bpf_map_lookup_elem(&aux, &slot);
	struct settings *set = bpf_map_lookup_elem(&settings, &zero);
	__u32 was, fill, nh;
	const struct leg_path *p;

	/* signed: the flip may be newer than this packet's reading of the clock */
	if (!ctx || !t || !leg || !x || !set ||
	    (__s64)(t->now - x->flipped) < LEG_GRACE)
		return 0;
	was = *(volatile __u32 *)ctl_word(leg);
	if (was & ((CTL_BUSY | CTL_FILL) << CTL_FLAGS_SHIFT) ||
	    (was >> 16 & 1) != t->on ||
	    (was >> CTL_LATCH_SHIFT & 0xff) == LATCH_OPEN)
		return 0;
	p = &x->path[t->on & 1];
	nh = adj_index(p, t->now);
	if (nh >= ADJACENCIES)
		return 0;
	fill = (was & ~CTL_FLAGS) | CTL_FILL << CTL_FLAGS_SHIFT;
	if (__sync_val_compare_and_swap(ctl_word(leg), was, fill) != was)
		return 0;
	leg->clock_mult = p->clock_mult;
	leg->src4 = p->src4;
	leg->dst4 = p->dst4;
	leg->from4 = p->from4;
	leg->fport = p->fport;
	leg->dport = p->dport;
	leg->sport = p->sport;
	leg->nh_gen = express_gen(set, slot, t->now);
	leg->nh = nh;
	was = (fill & ~CTL_FLAGS) | CTL_EXPRESS << CTL_FLAGS_SHIFT;
	/* somebody wants to write the path: then it goes without the copy */
	if (__sync_val_compare_and_swap(ctl_word(leg), fill, was) != fill)
		__sync_fetch_and_and(ctl_word(leg),
				     ~(CTL_FILL << CTL_FLAGS_SHIFT));
	return 0;
}

/* A packet has gone the long way. Could the next one like it have it easier? */
static __always_inline void express_offer(struct xdp_md *ctx, struct hop *h,
					  const struct settings *set,
					  const struct trip *t)
{
	/* leg.pt is its payload type now, and the copy may be there already */
	if (like_rtcp(&t->r)) {
		__sync_fetch_and_and(ctl_word(h->leg),
				     ~(CTL_EXPRESS << CTL_FLAGS_SHIFT));
		return;
	}
	if (h->leg->ctl.flags & CTL_EXPRESS && !t->fresh &&
	    h->leg->nh_gen == express_gen(set, h->slot, t->now) &&
	    adj_holds(h->leg, t->now))
		return;
	if (express_able(h, t))
		express_fill(ctx);
}

/* ---- taken by every packet --------------------------------------------- */

/* Ethernet's type, IP version and header length in one word: 08 00 45 */
#define EXPRESS_HEAD 0x00450008
#define EXPRESS_HEAD_MASK 0x00ffffff
/* Flags and fragment offset, TTL, protocol: no fragment, UDP */
#define EXPRESS_FRAG 0x11000000
#define EXPRESS_FRAG_MASK 0xff00ff3f

/* ctl of a leg that relays, and whose express copy holds */
#define EXPRESS_CTL (LEG_RELAY | CTL_EXPRESS << CTL_FLAGS_SHIFT)
#define EXPRESS_CTL_MASK (0xff | (CTL_EXPRESS | CTL_FILL) << CTL_FLAGS_SHIFT)

/* The leg, if the address is the first that its hash leads to */
static __always_inline struct leg *express_leg(__be32 dst, __u16 port,
					       __u32 *slot)
{
	__u32 idx = local_hash(0, 0, bpf_htonl(0xffff), dst);
	struct local *l = bpf_map_lookup_elem(&locals, &idx);
	__u64 *w;

	if (!l || l->used != LOCAL_USED)
		return NULL;
	w = (__u64 *)l->addr;
	if (w[0] || w[1] != ((__u64)dst << 32 | 0xffff0000) ||
	    port < l->port_min || port > l->port_max)
		return NULL;
	*slot = local_slot(l, port);
	return bpf_map_lookup_elem(&legs, slot);
}

/* The headers of the packet that leaves. Both checksums share the addresses'
 * part of RFC 1624's sum, ~m + m'. Words are made in registers: one that was
 * just stored in halves is slow to read back */
static __always_inline void express_rewrite(void *data, const struct leg *leg,
					    const struct adjacency *nh,
					    __u8 ttl)
{
	struct iphdr *ip = data + ETH_HLEN;
	struct udphdr *udp = (void *)(ip + 1);
	__u16 *ttl_word = (__u16 *)&ip->ttl, word;
	__u32 ports = *(const __u32 *)&leg->fport;
	__u64 addrs, sum;

	addrs = (__u64)(__u32)~ip->saddr + (__u32)~ip->daddr + leg->from4 +
		leg->dst4;
	ip->saddr = leg->from4;
	ip->daddr = leg->dst4;
	word = (*ttl_word & bpf_htons(0x00ff)) | bpf_htons(ttl << 8);
	sum = addrs + (__u16)~ip->check + (__u16) ~*ttl_word + word;
	*ttl_word = word;
	if (nh->tos != ADJ_TOS_KEEP) {
		word = *(__u16 *)ip;
		sum += (__u16)~word;
		word = (word & bpf_htons(0xff03)) | bpf_htons(nh->tos);
		*(__u16 *)ip = word;
		sum += word;
	}
	ip->check = ~csum_fold_few(sum);

	if (udp->check) {
		sum = addrs + (__u16)~udp->check + (__u32) ~*(__u32 *)udp +
		      ports;
		udp->check = csum_udp_result(~csum_fold_few(sum));
	}
	*(__u32 *)udp = ports;
	mac_copy(data, nh->dmac);
	mac_copy(data + ETH_ALEN, nh->smac);
}

/* RTP has a rhythm: who came after whom 20 ms ago will come after him again.
 * Of many legs the next one's line is far away by now, and waiting for it would
 * cost as much as all that is done with it. Waiting for four takes no longer
 * than for one: every fourth packet looks at the lines of the four legs that
 * are expected next. Only while guesses come true; else it would wait in vain */
#define BAR 4

static __always_inline void rhythm_learn(struct cpu *cpu, __u32 slot)
{
	__u32 *before = bpf_map_lookup_elem(&successors, &cpu->last);

	if (before && *before != (slot | SUCCESSOR_SURE))
		*before = (*before & ~SUCCESSOR_SURE) == slot
				  ? slot | SUCCESSOR_SURE
				  : slot;
	cpu->last = slot;
}

static __always_inline void rhythm(struct cpu *cpu, __u32 slot)
{
	rhythm_learn(cpu, slot);
	if (++cpu->beat & (BAR - 1))
		return;
#pragma unroll
	for (int i = 0; i < BAR; i++) {
		__u32 *next = bpf_map_lookup_elem(&successors, &slot);
		struct leg *leg;

		if (!next || !(*next & SUCCESSOR_SURE))
			return;
		slot = *next & ~SUCCESSOR_SURE;
		leg = bpf_map_lookup_elem(&legs, &slot);
		if (leg)
			(void)*(volatile __u8 *)&leg->ctl;
	}
}

/* The XDP verdict, or EXPRESS_NOT with nothing done */
static __always_inline int express(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + ETH_HLEN;
	struct udphdr *udp = (void *)(ip + 1);
	const __u8 *rtp = (void *)(udp + 1);
	const struct settings *set;
	const struct adjacency *nh;
	struct cpu *cpu = cpu_here();
	struct leg *leg;
	__u32 zero = 0, slot, idx, ctl;
	__u16 len, seq;
	__u8 gen;
	__u64 now;
	int action;

	if ((void *)(rtp + RTP_HDR_LEN) > end)
		return EXPRESS_NOT;
	/* the leg first: it may be far away in memory, and the processor goes
	 * on with what does not need it */
	leg = express_leg(ip->daddr, bpf_ntohs(udp->dest), &slot);
	if (!leg)
		return EXPRESS_NOT;
	ctl = *(volatile __u32 *)ctl_word(leg);
	len = bpf_ntohs(ip->tot_len);
	if ((*(__u32 *)(data + 12) & EXPRESS_HEAD_MASK) != EXPRESS_HEAD ||
	    (*(__u32 *)&ip->frag_off & EXPRESS_FRAG_MASK) != EXPRESS_FRAG ||
	    len < sizeof(*ip) + sizeof(*udp) + RTP_HDR_LEN ||
	    bpf_ntohs(udp->len) != len - sizeof(*ip) ||
	    (void *)ip + len > end || rtp[0] >> 6 != 2)
		return EXPRESS_NOT;
	/* a checksum that was left to an offload: rewrite_any() tells why */
	if (udp->check &&
	    udp->check == csum_fold_few((__u64)ip->saddr + ip->daddr +
					bpf_htons(IPPROTO_UDP) + udp->len))
		return EXPRESS_NOT;
	set = bpf_map_lookup_elem(&settings, &zero);
	if (!set || !cpu || (!set->ttl && ip->ttl <= 1))
		return EXPRESS_NOT;
	now = clock_now(cpu);
	gen = express_gen(set, slot, now);

	seq = bpf_ntohs(*(__be16 *)(rtp + 2));
	if ((ctl & EXPRESS_CTL_MASK) != EXPRESS_CTL || leg->nh_gen != gen ||
	    leg->src4 != ip->saddr || leg->sport != udp->source ||
	    (rtp[1] & 0x7f) != leg->pt || (__u16)(leg->seq_max + 1) != seq ||
	    bpf_ntohl(*(__be32 *)(rtp + 8)) != leg->ssrc ||
	    (__u32)(now >> LEG_SEEN_SHIFT) - leg->seen > EXPRESS_IDLE)
		return EXPRESS_NOT;
	idx = leg->nh;
	nh = bpf_map_lookup_elem(&adjacencies, &idx);
	if (!nh || len > nh->mtu || !adj_confirmed(nh, now))
		return EXPRESS_NOT;
	action = leave_by(ctx, set, nh->dev);
	if (action == XDP_PASS)
		return EXPRESS_NOT;

	leg->seq_max = seq;
	leg_figures(leg, len, now);
	rtp_jitter(leg, leg->clock_mult, bpf_ntohl(*(__be32 *)(rtp + 4)), now);
	count(CAROM_R_RELAYED, len);
	express_rewrite(data, leg, nh, set->ttl ? set->ttl : ip->ttl - 1);
	rhythm(cpu, slot);
	return action;
}

#endif
