/* SPDX-License-Identifier: GPL-2.0-only */
/* A packet that takes the long way, and where it stands. It lies in a map, not
 * on the stack: the functions of the long way are global, so that the verifier
 * looks at each once and not once for every state that a caller may be in, and
 * a global function can only be handed numbers. NAPI does not nest on a CPU */
#ifndef CAROM_BPF_TRIP_H
#define CAROM_BPF_TRIP_H

#include "rtp.h"

#define NO_SLOT (~0u)
#define TRIP_RTCP 4 /* legs that may have a say in a packet of RTCP */

struct trip {
	struct frame f;  /* as it came in by wire                  */
	struct rtp r;    /* as the next leg sees it                */
	struct addr src; /* the source that the leg at `slot` sees  */
	__be16 sport;
	__u8 v6;        /* src is IPv6                               */
	__u8 on;        /* which of the leg's two paths is in force  */
	__u8 first;     /* `slot` is of the port that it came to     */
	__u8 fresh;     /* the next hop was just looked up           */
	__u8 sip;       /* not whole, for an address that SIP comes to */
	__u8 plain;     /* the agent's socket is a plain one         */
	__u8 behind_on; /* with `behind`: which of its paths      */
	__u32 slot;     /* of the leg that has the packet now        */
	__u32 rtcpv[TRIP_RTCP]; /* slots of legs that name streams anew */
	__u32 rtcpc;
	__u32 behind; /* of the leg that it left before, unless `first` */
	__u64 now;
	int action; /* XDP verdict, where it is relayed          */
	struct bpf_fib_lookup fib;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct trip);
} trips SEC(".maps");

static __always_inline struct trip *trip_here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&trips, &zero);
}

#endif
