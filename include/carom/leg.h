/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * @file carom/leg.h  The leg table: what happens to a packet, and its figures
 *
 * A leg is one local UDP port of a media address. Its slot follows from the
 * port by local_slot(): an index, no hashing.
 *
 * Two maps share the slot number:
 *
 *   legs  struct leg      one cache line: all that a packet in order, from the
 *                         pinned source, of IPv4, reads and writes
 *   aux   struct leg_aux  the paths as the agent wrote them, and everything
 *                         that is not needed for each packet
 *
 * Tens of thousands of legs are visited in no order at all, and most of the
 * cost of a packet is then waiting for memory: hence the one line.
 *
 * Both maps are memory-mapped by the agent. Who writes what:
 *
 *   leg_ctl      agent and kernel, one 4-byte compare-and-swap each
 *   figures      kernel only (the agent zeroes them before it opens a leg)
 *   express      kernel only: what the path in force says, in short, while
 *                CTL_EXPRESS is set
 *   leg_path     the *inactive* path: whoever set CTL_BUSY. The active one:
 *                nobody, but for the next-hop cache, which the kernel writes
 *
 * Rewriting a leg: set CTL_BUSY, write the inactive path, then store ctl with
 * `active` flipped and all CTL_* cleared. A packet sees the old path or the new
 * one, never a mixture: before anybody writes a path, or the express copy,
 * that was in force a moment ago, it lets the packets go by that may still be
 * reading it (leg_aux.flipped, LEG_GRACE). An agent that dies half-way leaves
 * CTL_BUSY set: the old path goes on, and the restarted agent clears the bit.
 */
#ifndef CAROM_LEG_H
#define CAROM_LEG_H

#include <linux/types.h>

#include "carom/reason.h"

/** Changes whenever a struct here changes, unless spare bytes get a meaning for which 0
 * says "none": names the pin directory */
#define CAROM_LAYOUT_VERSION 3

/** What is done with a packet that arrives on the leg's port */
enum __attribute__((packed)) leg_state {
	LEG_FREE = 0, /**< no leg: dropped, CAROM_R_NO_LEG          */
	LEG_RELAY,    /**< relayed along the active path            */
	LEG_BLOCKED,  /**< dropped, CAROM_R_BLOCKED                 */
	LEG_HELD,     /**< peer has no address: CAROM_R_HELD        */
	LEG_FOREIGN,  /**< port is not media: passed to the host    */
	LEG_AGENT,    /**< handed to the agent's media workers      */
};

/** Why the agent has a leg's packets, or nobody may be sent them; words for people, the
 *  kernel looks away */
enum __attribute__((packed)) leg_why {
	LEG_WHY_NOTHING = 0, /**< the kernel settles it                   */
	LEG_WHY_TRANSCODING, /**< the two ends share no codec             */
	LEG_WHY_SRTP,        /**< SRTP is opened or made                  */
	LEG_WHY_ICE,         /**< we take part in ICE with one of the ends  */
	LEG_WHY_PLAYING,     /**< one of the ends is played something       */
	LEG_WHY_FAX,         /**< one of the ends speaks T.38, one is heard  */
	LEG_WHY_JOINED,      /**< one of the ends is a leg that the agent has */
	LEG_WHY_CONSENT, /**< LEG_HELD: the other end does not consent (RFC 7675) */
	LEG_WHY_BUNDLE, /**< several sections of an SDP have its port     */
	LEG_WHY_RELAY,  /**< one of the ends is behind a TURN server      */
};

/** What the leg carries */
enum __attribute__((packed)) leg_media {
	LEG_RTP = 0, /**< RTP; RTCP too where muxed                 */
	LEG_RTCP,    /**< RTCP on its own port                      */
	LEG_SRTP,    /**< RTP or SRTP with DTLS/STUN let through    */
	LEG_OTHER,   /**< any UDP: T.38 (UDPTL), and what is unknown */
};

/** Symmetric RTP: does the leg still look for its peer's real source? */
enum __attribute__((packed)) leg_latch {
	LATCH_NONE = 0, /**< source is as signalled, and pinned     */
	LATCH_OPEN,     /**< looking, inside leg_aux.latch_from..until */
	LATCH_DONE,     /**< found; pinned until the agent says otherwise */
};

/** The word that decides. Read once per packet; written by CAS */
struct leg_ctl {
	enum leg_state state; /**< agent                              */
	enum leg_latch latch; /**< agent opens, kernel closes         */
	__u8 active;          /**< which of leg_aux.path[2] is in force */
	__u8 flags;           /**< CTL_*                              */
};

/* leg_ctl.flags */
#define CTL_BUSY (1u << 0)    /**< somebody is writing the other path */
#define CTL_EXPRESS (1u << 1) /**< the express copy holds             */
#define CTL_FILL (1u << 2)    /**< kernel: it is being written        */

/** ns that a path stays as it was after it went out of force: a packet's stay
 * in the program, and much more */
#define LEG_GRACE 1000000

/* leg_path.flags */
#define PATH_V6_IN (1u << 0)       /**< packets come in as IPv6        */
#define PATH_V6_OUT (1u << 1)      /**< packets leave as IPv6          */
#define PATH_ANY_SRC (1u << 2)     /**< asymmetric: any source latches  */
#define PATH_PT_FILTER (1u << 3)   /**< pt_mask is in force            */
#define PATH_SSRC (1u << 4)        /**< rewrite SSRC, seq, timestamp   */
#define PATH_DSCP (1u << 5)        /**< set dscp; else the packet's own */
#define PATH_TAP (1u << 6)         /**< copy RTP to the agent          */
#define PATH_TAP_RTCP (1u << 7)    /**< copy RTCP to the agent         */
#define PATH_DEMUX (1u << 8)       /**< RTCP goes along aux.rtcp_slot's path */
#define PATH_SRC_FIXED (1u << 9)   /**< asymmetric: destination stays   */
#define PATH_DTMF_BLOCK (1u << 10) /**< drop payload type dtmf_pt     */
#define PATH_RTCP_OK (1u << 11)    /**< muxed: RTCP is welcome here    */
#define PATH_TAP_DTMF (1u << 12)   /**< copy payload type dtmf_pt only */
#define PATH_ALIEN (1u << 13)      /**< STUN and DTLS go to the agent  */
#define PATH_PLAIN (1u << 14)      /**< the agent has a socket at the port */

/* leg_path.nh_dev beside an index in tx_ports */
#define NH_NONE 0xff  /**< no next hop yet                             */
#define NH_LOCAL 0xfe /**< the peer is another leg of this appliance   */

/** How a packet is rewritten. 64 bytes, one cache line */
struct leg_path {
	__be32 src4;      /**< expected source, IPv4                  */
	__be32 dst4;      /**< peer's address, IPv4                   */
	__be32 from4;     /**< our address towards the peer, IPv4     */
	__be16 sport;     /**< expected source port                   */
	__u16 flags;      /**< PATH_*                                 */
	__be16 fport;     /**< our port towards the peer; with dport,
				read as one word                       */
	__be16 dport;     /**< peer's port                            */
	__u32 pt_mask[4]; /**< bit n: RTP payload type n is welcome   */
	__u32 nh_gen;     /**< kernel: generation of the cache below  */
	__u8 nh_dmac[6];  /**< kernel: next hop                       */
	__u8 nh_smac[6];  /**< kernel: our device's MAC               */
	__u16 nh_vlan;    /**< kernel: 802.1Q id to leave with, 0 none */
	__u16 nh_mtu;     /**< kernel: largest IP packet, 0 unknown   */
	__u8 nh_dev;      /**< kernel: index in tx_ports, or NH_* */
	__u8 dscp;        /**< DSCP << 2 to set when PATH_DSCP        */
	__u8 dtmf_pt;     /**< telephone-event payload type           */
	enum leg_media media;
	__u32 clock_mult; /**< Hz * 1.024e-6 * 2^32 (leg_clock_mult) */
};

/** leg.seen counts in units of 2^20 ns, some 1.05 ms; it wraps in 52 days */
#define LEG_SEEN_SHIFT 20

/** One leg, as every packet sees it. 64 bytes, one cache line */
struct leg {
	struct leg_ctl ctl;
	__u32 ssrc;    /**< last SSRC seen, host order             */
	__u64 packets; /**< relayed                                */
	__u64 bytes;   /**< relayed, IP length                     */
	__u32 seen;    /**< CLOCK_MONOTONIC ns >> LEG_SEEN_SHIFT of the last
			    relayed packet                         */
	__u32 jitter;  /**< RFC 3550 A.8, in RTP clock units * 16  */
	__u32 transit; /**< arrival - timestamp of the last packet */
	/* the express copy: fields of the path in force */
	__u32 clock_mult;
	__be32 src4;
	__be32 dst4;
	__be32 from4;
	__be16 fport; /**< with dport, read as one word           */
	__be16 dport;
	__be16 sport;
	__u16 seq_max; /**< highest sequence number, modulo 2^16   */
	__u8 nh_gen;   /**< generation of `nh`, modulo 2^8         */
	__u8 pad;
	__u8 nh; /**< index in adjacencies                      */
	__u8 pt; /**< payload type of the last relayed packet; hence a
			    welcome one                            */
};

/**
 * When the leg relayed its last packet: CLOCK_MONOTONIC ns, to some
 * milliseconds, not after `now`; 0 = never
 */
static inline __u64 leg_seen_ns(const struct leg *leg, __u64 now)
{
	__u64 units = now >> LEG_SEEN_SHIFT;
	__u32 ago = (__u32)units - leg->seen;

	if (!leg->packets)
		return 0;
	/* the packet may be newer than the reading of the clock */
	if ((__s32)ago <= 0)
		return now;
	return (units - ago) << LEG_SEEN_SHIFT;
}

/** IPv6 addresses and SSRC rewriting of a path. 64 bytes */
struct leg_path6 {
	__u8 src6[16];  /**< expected source                        */
	__u8 dst6[16];  /**< peer's address                         */
	__u8 from6[16]; /**< our address towards the peer           */
	__u32 ssrc_out; /**< SSRC that the receiver sees, host order */
	__u32 unused[3];
};

/** The rest of a leg. 512 bytes */
struct leg_aux {
	struct leg_path path[2];   /**< leg_ctl.active is in force     */
	struct leg_path6 path6[2]; /**< goes with path[]; same rules   */
	__u64 flipped;    /**< ns when ctl.active last changed        */
	__u64 latch_from; /**< ns: before, only the signalled address latches */
	__u64 latch_until; /**< ns: after this nothing latches         */
	__u32 peer[2];     /**< slots whose destination follows this leg's
				source when it latches; 0 = none       */
	/* Loss and order, written by the kernel */
	__u64 seq_window; /**< bit n: seq_base - n was seen            */
	__u16 seq_base;   /**< leg.seq_max when seq_window was written: since
			       then all came in order                 */
	__u8 started;     /**< 1 once ssrc, seq_max, transit hold      */
	__u8 pad0;
	__s32 lost;      /**< RFC 3550 A.3, cumulative, across wraps  */
	__u32 reordered; /**< late, inside or beyond the window       */
	__u32 duplicate; /**< same sequence number again              */
	/* SSRC rewriting, written by the kernel; by the agent while the leg is in
	 * LEG_AGENT, when the kernel does not look at it */
	__u64 sub_time;     /**< ns when sub_ts_last was sent          */
	__u32 sub_ssrc;     /**< the SSRC that the offsets belong to   */
	__u32 sub_ts_off;   /**< added to the timestamp                */
	__u32 sub_ts_last;  /**< last timestamp sent                   */
	__u16 sub_seq_off;  /**< added to the sequence number          */
	__u16 sub_seq_last; /**< last sequence number sent             */
	__u32 sub_active;   /**< 1 once the offsets hold               */
	__u32 ssrc_changes; /**< kernel: times that the SSRC changed   */
	__u32 count[CAROM_R_LEG_MAX]; /**< kernel: by enum carom_reason */
	__u8 signalled[16];   /**< agent: source as signalled, IPv4 mapped */
	__u16 signalled_port; /**< agent: its port, host order         */
	__u16 pad1;
	__u32 rtcp_slot;  /**< agent: along whose path muxed RTCP goes
			      (PATH_DEMUX)                            */
	enum leg_why why; /**< agent                                  */
	__u8 pad2[3];
	__u32 rtcp_said; /**< agent: slot of the RTP leg that what is told in RTCP by
			    this leg goes by, if it rewrites SSRCs; 0 none  */
	__u32 rtcp_heard; /**< agent: and of the one that sends to who tells it */
	__u32 spare[16];
};

_Static_assert(sizeof(struct leg_ctl) == 4, "one word");
_Static_assert(sizeof(struct leg_path) == 64, "one cache line");
_Static_assert(sizeof(struct leg_path6) == 64, "one cache line");
_Static_assert(sizeof(struct leg) == 64, "one cache line");
_Static_assert(sizeof(struct leg_aux) == 512, "eight cache lines");

#endif
