/* SPDX-License-Identifier: GPL-2.0-only */
/* The time, cheaply. Reading the clock costs as much as half a relayed packet
 * (and more in a virtual machine), while jitter wants no more than a fraction
 * of an RTP tick (125 us at 8 kHz). So under load several packets share one
 * reading: as many as came in CLOCK_SHARE of the jiffy before. A CPU that sees
 * few packets reads the clock for each. */
#ifndef CAROM_BPF_CLOCK_H
#define CAROM_BPF_CLOCK_H

#include "maps.h"

/* Readings a jiffy under load: 31 us apart at 250 Hz, 8 us at 1000 Hz */
#define CLOCK_SHARE 128

/* What a CPU remembers from one packet to the next */
struct cpu {
	__u64 now;   /* ns, the last reading of the clock         */
	__u64 jiffy; /* in which it was read                      */
	__u32 left;  /* packets that may still share it           */
	__u32 seen;  /* packets in this jiffy                     */
	__u32 share; /* packets per reading, from the jiffy before */
	__u32 last;  /* slot of the last packet: rhythm()         */
	__u32 beat;  /* packets, modulo 2^32: rhythm()            */
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu);
} cpus SEC(".maps");

static __always_inline struct cpu *cpu_here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&cpus, &zero);
}

static __always_inline __u64 clock_read(struct cpu *c, __u64 jiffy)
{
	if (jiffy != c->jiffy) {
		/* after a pause the jiffy before tells nothing */
		c->share = jiffy == c->jiffy + 1 ? c->seen / CLOCK_SHARE : 0;
		c->jiffy = jiffy;
		c->seen = 0;
	}
	c->left = c->share;
	c->now = bpf_ktime_get_ns();
	return c->now;
}

static __always_inline __u64 clock_now(struct cpu *c)
{
	__u64 jiffy = bpf_jiffies64();

	c->seen++;
	if (c->left && jiffy == c->jiffy) {
		c->left--;
		return c->now;
	}
	return clock_read(c, jiffy);
}

#endif
