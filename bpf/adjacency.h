/* SPDX-License-Identifier: GPL-2.0-only */
/* How packets of the express lane leave: entries that legs share, found by hash
 * and a few probes. An entry that is in use never changes what it says: a next
 * hop that moved is another entry */
#ifndef CAROM_BPF_ADJACENCY_H
#define CAROM_BPF_ADJACENCY_H

#include "maps.h"

#define ADJ_EPOCH_SHIFT 30 /* 2^30 ns: 1.07 s */

static __always_inline bool adj_same(const struct adjacency *n,
				     const struct leg_path *p, __u16 mtu,
				     __u8 tos)
{
	const __u16 *d = (const __u16 *)n->dmac, *pd = (__u16 *)p->nh_dmac;
	const __u16 *s = (const __u16 *)n->smac, *ps = (__u16 *)p->nh_smac;

	return n->dev == p->nh_dev && n->mtu == mtu && n->tos == tos &&
	       d[0] == pd[0] && d[1] == pd[1] && d[2] == pd[2] &&
	       s[0] == ps[0] && s[1] == ps[1] && s[2] == ps[2];
}

/* Is the entry free, or long unused? Then it is ours to write */
static __always_inline bool adj_claim(struct adjacency *n, __u32 epoch)
{
	__u32 was = n->state;

	if (was == ADJ_WRITING ||
	    (was == ADJ_READY && epoch - n->used <= ADJ_IDLE))
		return false;
	return __sync_val_compare_and_swap(&n->state, was, ADJ_WRITING) == was;
}

/* Index of the path's next hop in `adjacencies`, or ADJACENCIES where it is full */
static __always_inline __u32 adj_index(const struct leg_path *p, __u64 now)
{
	__u8 tos = p->flags & PATH_DSCP ? p->dscp : ADJ_TOS_KEEP;
	__u16 mtu = p->nh_mtu ? p->nh_mtu : 0xffff;
	__u32 epoch = now >> ADJ_EPOCH_SHIFT;
	__u32 h = (p->nh_dmac[5] ^ p->nh_dmac[4] * 31) + p->nh_dev * 7 + tos;

	for (int i = 0; i < ADJ_PROBES; i++) {
		__u32 idx = (h + i) & (ADJACENCIES - 1);
		struct adjacency *n = bpf_map_lookup_elem(&adjacencies, &idx);

		if (!n)
			break;
		if (n->state == ADJ_READY && adj_same(n, p, mtu, tos)) {
			n->used = epoch;
			return idx;
		}
		if (!adj_claim(n, epoch))
			continue;
		__builtin_memcpy(n->dmac, p->nh_dmac, 6);
		__builtin_memcpy(n->smac, p->nh_smac, 6);
		n->mtu = mtu;
		n->dev = p->nh_dev;
		n->tos = tos;
		n->used = epoch;
		__sync_val_compare_and_swap(&n->state, ADJ_WRITING, ADJ_READY);
		return idx;
	}
	return ADJACENCIES;
}

/* Has somebody who leaves by it asked the FIB in this second? */
static __always_inline bool adj_confirmed(const struct adjacency *n, __u64 now)
{
	return n->used == (__u32)(now >> ADJ_EPOCH_SHIFT);
}

/* The same of the leg's */
static __always_inline bool adj_holds(const struct leg *leg, __u64 now)
{
	__u32 idx = leg->nh;
	struct adjacency *n = bpf_map_lookup_elem(&adjacencies, &idx);

	return n && adj_confirmed(n, now);
}

#endif
