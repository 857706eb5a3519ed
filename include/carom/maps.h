/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * @file carom/maps.h  Keys and values of the maps other than the leg table
 *
 * Pinned under PIN_DIR/<layout version>/:
 *
 *   legs      ARRAY[slots]   struct leg        carom/leg.h
 *   aux       ARRAY[slots]   struct leg_aux    carom/leg.h
 *   locals    ARRAY[4096]    struct local      agent writes
 *   settings  ARRAY[1]       struct settings   agent writes
 *   successors  ARRAY[slots] __u32           kernel writes
 *   adjacencies ARRAY[256]   struct adjacency  kernel writes
 *   devices   HASH[ifindex]  struct device     attach and agent write
 *   tx_ports  DEVMAP[index]  ifindex           attach writes
 *   xsks      XSKMAP[xsk_index()]  socket        agent writes
 *   reasons   PERCPU_ARRAY   struct reason_count  kernel writes
 *   taps      RINGBUF        struct tap        kernel writes
 *   links/DEV                pinned bpf_link of each attached device
 */
#ifndef CAROM_MAPS_H
#define CAROM_MAPS_H

#include <linux/types.h>

#include "carom/reason.h"

#define CAROM_PIN_DIR "/sys/fs/bpf/carom"

#define CAROM_LOCALS 4096 /**< open-addressed; at most a quarter in use */
#define CAROM_LOCAL_PROBES 8
#define CAROM_DEVICES 64 /**< devices attached at once              */
#define CAROM_QUEUES 64  /**< of a device that the agent can listen on */
#define CAROM_TAP_BYTES (16u << 20)
#define CAROM_TAP_SNAP 2048 /**< longest copied IP packet              */

/** local.sip: a registrar of ours is asked at the address */
#define LOCAL_REGISTRAR 0x8000

/* local.used */
#define LOCAL_FREE 0    /**< never used: a search ends here            */
#define LOCAL_USED 1    /**< entry holds                               */
#define LOCAL_DELETED 2 /**< was used: a search goes on                */

/**
 * An address of ours: the slots of its media ports (local_slot(); port_min above
 * port_max: none), and whether SIP comes to it (carom/sipmap.h). Found by local_hash() and at
 * most CAROM_LOCAL_PROBES steps of linear probing. The agent stores `used`
 * last, with release, and clears it first.
 */
struct local {
	__u8 addr[16];  /**< IPv6, or IPv4 as ::ffff:a.b.c.d          */
	__u32 base;     /**< slot of port_min                         */
	__u16 port_min; /**< host order                               */
	__u16 port_max; /**< host order, inclusive                    */
	__u16 used;     /**< LOCAL_*                                  */
	__u16 sip; /**< listeners for SIP at the address; LOCAL_REGISTRAR */
	__u32 id;  /**< agent's number for the address           */
};

/** One entry, index 0. Written by the agent */
struct settings {
	__u32 nh_generation; /**< agent bumps it when routes or neighbours move */
	__u32 slots;         /**< size of the leg table                */
	__u8 ttl; /**< TTL and hop limit to send with; 0 = decrement */
	__u8 lo_forwarding
		[2]; /**< IPv4, IPv6: of lo before we attached; written
				by attach, put back by detach          */
	__u8 closed; /**< detach took the pins away: nobody new finds
			 these maps                            */
	__u8 pad[4];
	__u32 ifindex[CAROM_DEVICES]; /**< of tx_ports; written by attach  */
};

/** Devices that packets may leave by, VLANs on them included */
struct device {
	__u32 port;    /**< index in tx_ports                        */
	__u32 ifindex; /**< of the attached (physical) device        */
	__u16 vlan;    /**< 802.1Q id when the key is a VLAN device  */
	__u16 mtu;
};

/** How a packet of the express lane leaves. Found by hash and probing; one
 * that nobody has used for ADJ_IDLE is anybody's. Written by the kernel */
struct adjacency {
	__u8 dmac[6];
	__u8 smac[6];
	__u16 mtu;   /**< largest IP packet                            */
	__u8 dev;    /**< index in tx_ports                            */
	__u8 tos;    /**< DSCP << 2 to set, or ADJ_TOS_KEEP        */
	__u32 used;  /**< ns >> 30: when a leg's lookup last led here  */
	__u32 state; /**< NEXTHOP_*                                   */
	__u32 pad[2];
};

/** successors: slot of the leg whose packet came after this one's the last
 * time, and whether it did so twice in a row */
#define SUCCESSOR_SURE (1u << 31)

#define ADJACENCIES 256
#define ADJ_PROBES 8
#define ADJ_IDLE 600 /**< in 2^30 ns, some ten minutes            */
#define ADJ_TOS_KEEP 0xff
/* adjacency.state */
#define ADJ_FREE 0
#define ADJ_WRITING 1
#define ADJ_READY 2

struct reason_count {
	__u64 packets;
	__u64 bytes; /**< IP length                                */
	enum carom_reason reason; /**< so that a dump names it         */
	__u32 pad;
};

/* tap.flags */
#define TAP_RTCP (1u << 0)
#define TAP_V6 (1u << 1)
#define TAP_CUT (1u << 2) /**< packet was longer than CAROM_TAP_SNAP   */

/** Header of one copied packet; `caplen` bytes from the IP header on follow */
struct tap {
	__u64 time; /**< CLOCK_MONOTONIC ns                        */
	__u32 slot;
	__u32 ssrc; /**< of the packet, host order                 */
	__u16 caplen;
	__u16 payload; /**< offset of the UDP payload in the copy     */
	__u16 flags;   /**< TAP_*                                     */
	__u16 pad;
};

_Static_assert(sizeof(struct adjacency) == 32, "half a cache line");
_Static_assert(sizeof(struct local) == 32, "half a cache line");
_Static_assert(sizeof(struct settings) == 16 + 4 * CAROM_DEVICES, "no holes");
_Static_assert(sizeof(struct tap) == 24, "no holes");

/** Where in `xsks` the agent's socket for a device's queue is; `port` is the
 * device's index in tx_ports */
static inline __attribute__((always_inline)) __u32 xsk_index(__u32 port,
							     __u32 queue)
{
	return port * CAROM_QUEUES + queue;
}

/** Where to start looking for an address in `locals` */
static inline __attribute__((always_inline)) __u32 local_hash(__u32 a, __u32 b,
							      __u32 c, __u32 d)
{
	__u32 h = (a ^ (b * 0x9e3779b1u) ^ (c * 0x85ebca6bu)) + d * 0xc2b2ae35u;

	return (h ^ (h >> 15)) & (CAROM_LOCALS - 1);
}

/**
 * Slot of a port of the address. Even ports (RTP) come first and lie side by
 * side, the odd ones (RTCP, a packet every few seconds) behind them: the
 * slots that are busy share pages, and the processor's TLB holds twice as many
 */
static inline __attribute__((always_inline)) __u32 local_slot(
	const struct local *l, __u16 port)
{
	__u32 off = (__u16)(port - l->port_min);
	__u32 even = ((__u32)(l->port_max - l->port_min) >> 1) + 1;

	return l->base + (off >> 1) + (off & 1 ? even : 0);
}

/** The other way round */
static inline __u16 local_port(const struct local *l, __u32 slot)
{
	__u32 off = slot - l->base;
	__u32 even = ((__u32)(l->port_max - l->port_min) >> 1) + 1;

	return l->port_min + (off < even ? off * 2 : (off - even) * 2 + 1);
}

/** RTP clock rate to leg_path.clock_mult: RTP units in 1024 ns, times 2^32 */
static inline __u32 leg_clock_mult(__u32 hz)
{
	return (__u32)(((__u64)hz << 32) * 1024 / 1000000000);
}

#endif
