/* SPDX-License-Identifier: GPL-2.0-only */
/* Symmetric RTP, latched safely: once, in a bounded window, by a packet that
 * the leg would relay anyway, the signalled address first */
#ifndef CAROM_BPF_LATCH_H
#define CAROM_BPF_LATCH_H

#include "count.h"
#include "trip.h"

/* struct leg_ctl as the word that atomic operations see (little endian) */
#define CTL_LATCH_SHIFT 8
#define CTL_ACTIVE (1u << 16)
#define CTL_FLAGS_SHIFT 24
#define CTL_FLAGS (0xffu << CTL_FLAGS_SHIFT)

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "leg_ctl's word is laid out for little endian");

static __always_inline __u32 *ctl_word(struct leg *leg)
{
	return (__u32 *)&leg->ctl;
}

/* Take the right to write the inactive path. False: somebody has it */
static __always_inline bool leg_acquire(struct leg *leg)
{
	__u32 busy = CTL_BUSY << CTL_FLAGS_SHIFT;

	return !(__sync_fetch_and_or(ctl_word(leg), busy) & busy);
}

static __always_inline void leg_release(struct leg *leg)
{
	__sync_fetch_and_and(ctl_word(leg), ~(CTL_BUSY << CTL_FLAGS_SHIFT));
}

/* Put the other path in force, and change latch by `latch`. Nobody fills the
 * express copy while CTL_BUSY is set: first it goes, then the path it is of */
static __always_inline void leg_flip(struct leg *leg, struct leg_aux *x,
				     __u32 latch, __u64 now)
{
	__sync_fetch_and_and(ctl_word(leg),
			     ~((CTL_EXPRESS | CTL_FILL) << CTL_FLAGS_SHIFT));
	x->flipped = now;
	__sync_fetch_and_xor(ctl_word(leg),
			     CTL_ACTIVE | CTL_BUSY << CTL_FLAGS_SHIFT |
				     latch << CTL_LATCH_SHIFT);
}

/* Write the inactive path as a copy of the active one and return it */
static __always_inline struct leg_path *path_copy(struct leg *leg,
						  struct leg_aux *x)
{
	__u32 on = leg->ctl.active & 1;

	x->path[!on] = x->path[on];
	x->path6[!on] = x->path6[on];
	return &x->path[!on];
}

/* A leg that sends to the one that latched: its destination follows */
static __noinline int latch_follow(__u32 slot, const struct addr *a,
				   __be16 port, __u64 now)
{
	struct leg *leg = bpf_map_lookup_elem(&legs, &slot);
	struct leg_aux *x = bpf_map_lookup_elem(&aux, &slot);
	struct leg_path *p;

	if (!slot || !leg || !x)
		return 0;
	if (!leg_acquire(leg))
		return -1;
	p = path_copy(leg, x);
	p->dport = port;
	p->dst4 = a->w[0];
	if (p->flags & PATH_V6_OUT)
		__builtin_memcpy(x->path6[!(leg->ctl.active & 1)].dst6, a,
				 sizeof(*a));
	p->nh_gen = 0;
	p->nh_dev = NH_NONE;
	leg_flip(leg, x, 0, now);
	return 0;
}

static __always_inline bool latch_same_ip(const struct leg_path *p,
					  const struct leg_path6 *p6,
					  const struct addr *a)
{
	const __be32 *w = (const __be32 *)p6->src6;

	if (!(p->flags & PATH_V6_IN))
		return p->src4 == a->w[0];
	return w[0] == a->w[0] && w[1] == a->w[1] && w[2] == a->w[2] &&
	       w[3] == a->w[3];
}

/* The leg's peer speaks for the first time. 0: it latched */
__noinline int latch(void)
{
	struct trip *t = trip_here();
	const struct addr *a;
	__u32 slot = t ? t->slot : 0;
	struct leg *leg = bpf_map_lookup_elem(&legs, &slot);
	struct leg_aux *x = bpf_map_lookup_elem(&aux, &slot);
	struct leg_path *p;
	__be16 port;
	bool echo;
	__u32 on;

	if (!t || !leg || !x || t->now > x->latch_until)
		return CAROM_R_STRANGER;
	a = &t->src;
	port = t->sport;
	on = leg->ctl.active & 1;
	if (t->now < x->latch_from &&
	    !latch_same_ip(&x->path[on], &x->path6[on], a))
		return CAROM_R_STRANGER;
	if (!leg_acquire(leg))
		return CAROM_R_STRANGER;
	/* between the first look and here another CPU may have latched */
	if (leg->ctl.latch != LATCH_OPEN)
		goto busy;
	p = path_copy(leg, x);
	/* one that sends back what comes to it has its own path in hand */
	echo = x->peer[0] == slot;
	if (!(p->flags & PATH_SRC_FIXED) &&
	    ((!echo && latch_follow(x->peer[0], a, port, t->now)) ||
	     latch_follow(x->peer[1], a, port, t->now)))
		goto busy;
	if (echo && !(p->flags & PATH_SRC_FIXED)) {
		p->dport = port;
		p->dst4 = a->w[0];
		if (p->flags & PATH_V6_OUT)
			__builtin_memcpy(x->path6[!(leg->ctl.active & 1)].dst6,
					 a, sizeof(*a));
		p->nh_gen = 0;
		p->nh_dev = NH_NONE;
	}
	p->src4 = a->w[0];
	p->sport = port;
	p->flags &= ~PATH_ANY_SRC;
	if (p->flags & PATH_V6_IN)
		__builtin_memcpy(x->path6[!(leg->ctl.active & 1)].src6, a,
				 sizeof(*a));
	leg_flip(leg, x, LATCH_OPEN ^ LATCH_DONE, t->now);
	count(CAROM_R_LATCHED, 0);
	count_leg(slot, CAROM_R_LATCHED);
	return 0;
busy:
	leg_release(leg);
	return CAROM_R_STRANGER;
}

#endif
