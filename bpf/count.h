/* SPDX-License-Identifier: GPL-2.0-only */
/* Counting: every early return names its reason */
#ifndef CAROM_BPF_COUNT_H
#define CAROM_BPF_COUNT_H

#include "maps.h"

static __always_inline void count(__u32 reason, __u32 bytes)
{
	struct reason_count *rc = bpf_map_lookup_elem(&reasons, &reason);

	if (rc) {
		rc->packets++;
		rc->bytes += bytes;
		rc->reason = reason;
	}
}

/* Charge a reason to a leg too. Off the fast path: several CPUs may meet */
static __always_inline void count_leg(__u32 slot, __u32 reason)
{
	struct leg_aux *x = bpf_map_lookup_elem(&aux, &slot);

	if (!x || reason >= CAROM_R_LEG_MAX)
		return;
	/* changes nothing: after a spill the verifier forgets the bound */
	asm volatile("" : "+r"(reason));
	__sync_fetch_and_add(&x->count[reason & (CAROM_R_LEG_MAX - 1)], 1);
}

/* What the host does not get to see and what it does */
static __always_inline int reason_action(__u32 reason)
{
	switch (reason) {
#define drop XDP_DROP
#define punt XDP_PASS
#define relay XDP_TX
#define note XDP_DROP
#define X(id, name, class, text)                                               \
	case CAROM_R_##id:                                                     \
		return class;
		CAROM_REASONS(X)
#undef X
#undef drop
#undef punt
#undef relay
#undef note
	}
	return XDP_PASS;
}

#endif
