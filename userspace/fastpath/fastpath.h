/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/fastpath.h  The only room that touches BPF maps
 *
 * Two halves: `fp_attach` and friends load programs and own devices (the CLI,
 * as root); `fp_open` and friends work on maps that are already pinned (the
 * daemon and the CLI's views).
 *
 * All functions return 0 or an errno value unless said otherwise. Functions
 * that take `struct fp_err *e` write a message there that says what went
 * wrong and what mends it; e may be NULL.
 */
#ifndef CAROM_FASTPATH_H
#define CAROM_FASTPATH_H

#include <re.h>
#include "carom/leg.h"
#include "carom/maps.h"

struct fp_err {
	char msg[512];
};

/* ---- names ---------------------------------------------------------- */

/** "stranger" for CAROM_R_STRANGER; NULL out of range */
const char *fp_reason_name(unsigned reason);
/** "drop", "punt", "relay" or "note" */
const char *fp_reason_class(unsigned reason);
/** A sentence for people */
const char *fp_reason_text(unsigned reason);
const char *fp_state_name(enum leg_state state);
const char *fp_media_name(enum leg_media media);
const char *fp_latch_name(enum leg_latch latch);
/** "transcoding"; "" for nothing */
const char *fp_why_name(enum leg_why why);

/* ---- attach (fastpath/attach.c) ------------------------------------- */

enum fp_mode { FP_NONE = 0, FP_NATIVE, FP_GENERIC };
enum fp_hold { FP_HOLD_NONE = 0, FP_HOLD_LINK, FP_HOLD_DISPATCHER };

/** What one device has and can do */
struct fp_dev {
	char name[16];
	int ifindex;
	enum fp_mode mode; /**< of our program; FP_NONE: not attached */
	enum fp_hold hold;
	bool basic, redirect, xmit, zerocopy; /**< netdev XDP features */
	bool features_known; /**< the kernel told (6.3 and later)       */
	unsigned mtu;
	unsigned prog_id;
	struct {
		char what[160]; /**< what is not as it should be           */
		char mend[160]; /**< the command that mends it, or ""      */
	} notes[8];
	unsigned notec;
};

struct fp_attach_opts {
	const char *pin_dir; /**< NULL: CAROM_PIN_DIR                      */
	uint32_t slots;      /**< size of the leg table when it is created */
	bool shared;         /**< through libxdp's dispatcher              */
	bool generic_only;   /**< asked for by --generic                   */
};

/**
 * Attach the XDP program to a device, creating the pinned maps if they are
 * not there. A device that is attached already gets its program replaced in
 * place, without losing a packet.
 *
 * @param dev  Result: what we got, and notes on what could not be had
 */
int fp_attach(const char *ifname, const struct fp_attach_opts *o,
	      struct fp_dev *dev, struct fp_err *e);

/** Detach one device; the last one takes the maps and directories with it */
int fp_detach(const char *ifname, const char *pin_dir, struct fp_err *e);

/** Detach every attached device. *n: how many there were */
int fp_detach_all(const char *pin_dir, unsigned *n, struct fp_err *e);

/**
 * Swap the program on each attached device for this build's (or that of the
 * object file `object`) over the same maps. Not one packet is lost.
 */
int fp_upgrade(const char *pin_dir, const char *object, unsigned *n,
	       struct fp_err *e);

typedef void(fp_dev_h)(const struct fp_dev *dev, void *arg);

/** Call h for each device that is attached */
int fp_devices(const char *pin_dir, fp_dev_h *h, void *arg, struct fp_err *e);

/** How packets of a device come to its XDP program, FP_NONE: it has none. Anybody may
 *  ask; whose program it is takes fp_dev_query() */
enum fp_mode fp_dev_mode(const char *ifname);

/** What a device is and can do, attached or not */
int fp_dev_query(const char *ifname, const char *pin_dir, struct fp_dev *dev,
		 struct fp_err *e);

/* ---- pinned maps (fastpath/maps.c) ---------------------------------- */

struct fp;

/**
 * Open the pinned maps and map the leg table into memory
 *
 * @param fpp       Pointer to the object (mem_deref when done)
 * @param pin_dir   NULL: CAROM_PIN_DIR
 * @param readonly  For views; writers get EACCES
 *
 * @return 0, ENOENT when nothing is attached (e says so), else errno
 */
int fp_open(struct fp **fpp, const char *pin_dir, bool readonly,
	    struct fp_err *e);

/**
 * Has detach taken the pins of these maps away? Who still holds them then
 * writes what no program reads, and does best to open the new ones
 */
bool fp_closed(const struct fp *fp);

/** The attached device of an index in tx_ports; 0 none. One look at memory */
unsigned fp_ifindex(const struct fp *fp, uint32_t port);
/** Its name. @return 0 or ENOENT */
int fp_device(const struct fp *fp, uint32_t port, char name[16]);

/** Number of slots in the leg table */
uint32_t fp_slots(const struct fp *fp);

/** Leg of a slot, memory-mapped; NULL out of range */
const struct leg *fp_leg(const struct fp *fp, uint32_t slot);
const struct leg_aux *fp_leg_aux(const struct fp *fp, uint32_t slot);

/** Sum over all CPUs */
int fp_reason(const struct fp *fp, unsigned reason, struct reason_count *rc);

/**
 * Which local address and port is this slot?
 *
 * @return 0 or ENOENT
 */
int fp_slot_addr(const struct fp *fp, uint32_t slot, struct sa *sa);

/* ---- media addresses ------------------------------------------------ */

/**
 * Announce a media address: its port range gets slots, and packets to it are
 * the fast path's from now on. Announcing what is there already (after a
 * restart) changes nothing.
 *
 * @param laddr     Address; port ignored
 * @param port_min  First port of the range, even
 * @param port_max  Last port, inclusive
 *
 * @return 0, ENOSPC (table full: attach with more slots), EBUSY (same address
 *         pinned with another range and legs in use), else errno
 */
int fp_local_add(struct fp *fp, const struct sa *laddr, uint16_t port_min,
		 uint16_t port_max, struct fp_err *e);

/**
 * Say that SIP comes to an address, with or without media
 *
 * @param listeners  How many there are at it; 0: none any more
 *
 * @return 0, ENOSPC (too many addresses), EINVAL
 */
int fp_local_sip(struct fp *fp, const struct sa *laddr, int listeners);

/** The same of a registrar, which the kernel answers for (fastpath/sip.h) */
int fp_local_registrar(struct fp *fp, const struct sa *laddr);

/** There is none any more, at whatever address */
void fp_local_no_registrar(struct fp *fp);

/** Ports of a known address that are not media: passed to the host */
int fp_local_foreign(struct fp *fp, const struct sa *laddr, uint16_t port_min,
		     uint16_t port_max);

/** Forget an address; packets to it pass again. Its legs are freed */
int fp_local_del(struct fp *fp, const struct sa *laddr);

/** Slot of a local address and port. @return 0 or ENOENT */
int fp_slot(const struct fp *fp, const struct sa *local, uint32_t *slot);

/** The same by an IPv6 or IPv4-mapped address; any thread may ask */
int fp_slot_of(const struct fp *fp, const uint8_t addr[16], uint16_t port,
	       uint32_t *slot);

/* ---- legs (fastpath/leg.c) ------------------------------------------ */

/** What the agent wants of a leg: the recipe in its words */
struct fp_leg {
	enum leg_state state;
	enum leg_media media;
	struct sa local;       /**< this leg's address and port (its slot)    */
	struct sa remote;      /**< where its packets come from, as signalled */
	struct sa peer_local;  /**< our address and port towards the peer    */
	struct sa peer_remote; /**< the peer: where the packets go          */

	bool any_src;          /**< do not check the source until latched     */
	bool src_fixed;        /**< latching pins the source but leaves the
				  peers' destination as signalled           */
	bool latch;            /**< open the latch window now; else pinned    */
	uint32_t latch_grace;  /**< ms for the signalled address alone      */
	uint32_t latch_window; /**< ms in all                               */
	struct sa follow[2];   /**< local addresses of legs that send to this
				  leg's remote: their destination follows
				  the latch. Family AF_UNSPEC: none         */

	bool pt_filter;
	uint32_t pt_mask[4]; /**< welcome payload types                     */
	bool rtcp_ok;        /**< RTCP is muxed on this port                */
	bool demux;          /**< RTCP that arrives here is relayed along
				  the path of local port + 1                */
	uint32_t clock_rate; /**< Hz of the RTP clock, 0 = 8000             */
	int dscp;            /**< 0..63, -1 leaves the packet's             */
	bool tap, tap_rtcp, tap_dtmf;
	bool dtmf_block;
	int dtmf_pt;       /**< telephone-event payload type, -1 none     */
	bool ssrc_rewrite; /**< receiver sees ssrc_out, without a gap     */
	uint32_t ssrc_out;
	/** Of a leg that RTCP comes to: the legs whose rewriting of SSRCs concerns what it
	 *  tells: the one that RTP of the same party comes to, and the one whose RTP goes
	 *  to that party. Local addresses; AF_UNSPEC: none */
	struct sa said, heard;
	enum leg_why
		why; /**< the agent has its packets, or nobody; for people  */
	bool alien;  /**< STUN and DTLS go to the agent, whatever the state   */
	bool plain;  /**< what is for the agent goes up to its plain socket   */
};

/**
 * Put a leg in force, or change it while packets flow. Counters go on; a leg
 * that was free starts with zeroed ones. With `latch` false and the same
 * `remote` as before, a source that the kernel learnt stays.
 *
 * @return 0, ENOENT (local is no media address), EINVAL (family mix), else
 */
int fp_leg_set(struct fp *fp, const struct fp_leg *l);

/** Change only the state: block, unblock, hold. One atomic store */
int fp_leg_state(struct fp *fp, const struct sa *local, enum leg_state state);

/** Free a leg. Its packets are dropped and counted from now on */
int fp_leg_del(struct fp *fp, const struct sa *local);

/** Where the leg's peer really is: learnt by the kernel, or as signalled */
int fp_leg_remote(const struct fp *fp, const struct sa *local,
		  struct sa *remote);

/** A leg's figures at one moment */
struct fp_leg_stats {
	enum leg_state state;
	enum leg_media media;
	enum leg_latch latch;
	enum leg_why why;
	struct sa local, remote, peer_local, peer_remote;
	uint64_t packets, bytes;
	uint64_t age_ms; /**< since the last relayed packet; ~0 never  */
	int64_t lost;
	uint32_t reordered, duplicate;
	double jitter_ms;
	uint32_t clock_rate;
	uint32_t ssrc, ssrc_changes;
	uint8_t pt;
	uint32_t count[CAROM_R_LEG_MAX];
};

int fp_leg_stats(const struct fp *fp, uint32_t slot, struct fp_leg_stats *st);

/* ---- next hops and devices (fastpath/netlink.c) --------------------- */

struct fp_net;

/**
 * Follow links, routes and neighbours: bump the next-hop generation when they
 * move, and keep the next hops in use resolved by asking the kernel to manage
 * them (NTF_EXT_MANAGED), so that it goes on after our death. Runs in libre's
 * event loop. mem_deref to stop.
 */
int fp_net_alloc(struct fp_net **netp, struct fp *fp);

/** Have the kernel resolve, and keep, the next hop towards dst from src */
int fp_net_want(struct fp_net *net, const struct sa *dst, const struct sa *src);

/** What a frame towards a destination needs */
struct fp_hop {
	uint8_t dmac[6], smac[6];
	uint32_t port; /**< index of the attached device in tx_ports       */
	uint16_t vlan; /**< 802.1Q id, 0 none                              */
	uint16_t mtu;  /**< largest IP packet                              */
};

/**
 * Where do packets from src to dst leave? The kernel is asked to keep the next
 * hop resolved (fp_net_want())
 *
 * @return 0; EAGAIN: the next hop's MAC address is not known yet;
 *         EHOSTUNREACH: no route; ENODEV: the device is not attached
 */
int fp_hop_find(struct fp_net *net, const struct sa *dst, const struct sa *src,
		struct fp_hop *hop);

typedef void(fp_net_h)(void *arg);

/** Have h called when links, routes or neighbours have moved; NULL: no more.
 *  Bursts come as one */
void fp_net_watch(struct fp_net *net, fp_net_h *h, void *arg);

/**
 * A port is taken out of the leg table's state by its agent's end: what the
 * receiver has seen of the stream that this leg sends on, so that it can go on
 * without a step. Only while the leg is in LEG_AGENT, or is about to leave it
 */
struct fp_stream {
	bool active;      /**< offsets hold                               */
	uint32_t ssrc_in; /**< they are of this SSRC                      */
	uint32_t ssrc;    /**< that the receiver knows it by; read only   */
	uint16_t seq_off; /**< out = in + off                             */
	uint32_t ts_off;
	uint16_t seq_last; /**< last that was sent                         */
	uint32_t ts_last;
	uint64_t time; /**< CLOCK_MONOTONIC ns when it was sent; 0: none was */
};

/** Of one that is relayed as it came, `time` is now, and ts_last what a packet that is
 *  sent now would have. @return 0 or ENOENT */
int fp_leg_stream(const struct fp *fp, const struct sa *local,
		  struct fp_stream *s);
/** @return 0, ENOENT, EBUSY (the kernel writes them: not in LEG_AGENT) */
int fp_leg_stream_set(struct fp *fp, const struct sa *local,
		      const struct fp_stream *s);

/* ---- taps (fastpath/tap.c) ------------------------------------------ */

struct fp_tap;

/** One copied packet; pkt starts at the IP header, tap->caplen bytes */
typedef void(fp_tap_h)(const struct tap *tap, const uint8_t *pkt, void *arg);

/** Receive copies in libre's event loop. mem_deref to stop. One per host */
int fp_tap_alloc(struct fp_tap **tapp, struct fp *fp, uint32_t interval_ms,
		 fp_tap_h *h, void *arg);

/** Hand over what the ring holds now (before a recording is closed) */
void fp_tap_flush(struct fp_tap *tap);

/* ---- settings ------------------------------------------------------- */

/** TTL and hop limit that relayed packets leave with; 0 decrements */
int fp_set_ttl(struct fp *fp, uint8_t ttl);

/**
 * The directory under which this layout is pinned: /sys/fs/bpf/carom/3, or
 * where the mount namespace hides it (`ip netns exec` does), the same as an
 * ancestor process sees it (/proc/PID/root). With `create`, bpffs is mounted where it is missing.
 */
int fp_pin_path(char *buf, size_t sz, const char *pin_dir, bool create,
		struct fp_err *e);

#endif
