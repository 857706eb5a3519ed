/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bpf/bed.h  A host of our own to run the XDP program on
 *
 * A network and a mount namespace that end with the process: nothing of them
 * can be left behind. In it:
 *
 *   lan   veth, attached   192.0.2.1/24      2001:db8:1::1/64
 *   wan   veth, attached   198.51.100.1/25   2001:db8:2::1/64
 *   tag   stands for VLAN 5 on wan:  203.0.113.1/24  2001:db8:5::1/64
 *   off   veth, not attached  198.51.100.129/25
 *
 * with permanent neighbours .10 (lan), .20 and .21 (wan), .30 (tag) and .140
 * (off), and ports 30000..30099 of each address (but off's) for media.
 */
#ifndef TESTS_BPF_BED_H
#define TESTS_BPF_BED_H

#include <linux/bpf.h>
#include <bpf/bpf.h>
#include <re.h>
#include "fastpath/fastpath.h"
#include "fastpath/priv.h"
#include "pkt.h"

#define LAN4 "192.0.2.1"
#define WAN4 "198.51.100.1"
#define TAG4 "203.0.113.1"
#define LAN6 "2001:db8:1::1"
#define WAN6 "2001:db8:2::1"
#define TAG6 "2001:db8:5::1"
#define A4 "192.0.2.10" /**< the peer at lan */
#define A6 "2001:db8:1::10"
#define B4 "198.51.100.20" /**< the peer at wan */
#define B6 "2001:db8:2::20"
#define C4 "198.51.100.21" /**< another at wan */
#define T4 "203.0.113.30"  /**< the peer at tag */
#define T6 "2001:db8:5::30"
#define TAG_ID 5
#define PORT_MIN 30000
#define PORT_MAX 30099
/** Instructions that the verifier may look at: below its million, so that other
 * kernels' verifiers have room too */
#define BED_BUDGET 700000

extern const uint8_t mac_a[6], mac_b[6], mac_c[6], mac_t[6], mac_x[6];

struct bed {
	struct fp *fp;
	int prog; /**< fd of the program                           */
	char pin[64];
	int lan, wan, tag, off; /**< ifindex                             */
	uint8_t mac_lan[6], mac_wan[6], mac_tag[6];
	uint64_t ns;   /**< that the last run took                      */
	unsigned meta; /**< bytes of metadata that eat up the headroom  */
};

/** cmocka group setup and teardown; *state is the struct bed */
int bed_setup(void **state);
int bed_teardown(void **state);

/** Run a command in the bed, printf-like. Fails the test if it fails */
void bed_sh(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** From now on frames have so many bytes of metadata in front, which eat up the
 *  headroom. False, and nothing done, where the kernel takes no more than 32
 *  (up to 6.2) */
bool bed_scarce(struct bed *bed, unsigned meta);

/** Put a frame through the program; returns its verdict */
int bed_run(struct bed *bed, int ifindex, const struct pkt *in,
	    struct pkt *out);

/** Counters of all reasons */
struct tally {
	uint64_t packets[CAROM_R_MAX], bytes[CAROM_R_MAX];
};

void bed_tally(const struct bed *bed, struct tally *t);

/** Address and port from text */
struct sa addr(const char *ip, uint16_t port);

/** A leg that relays local -> peer, with no frills */
struct fp_leg leg_plain(struct sa local, struct sa remote, struct sa peer_local,
			struct sa peer_remote);

/** fp_leg_set() that must work */
void leg_put(struct bed *bed, const struct fp_leg *l);

const struct leg *leg_at(const struct bed *bed, const char *ip, uint16_t port);
const struct leg_aux *aux_at(const struct bed *bed, const char *ip,
			     uint16_t port);

/** Free every leg, TTL 64 */
void bed_clear(struct bed *bed);

/** Next hops are asked for again from now on */
void bed_bump(struct bed *bed);

/**
 * Wait until a second of the program's has begun. At the end of each, the
 * packet that comes asks for the next hop, and goes the long way: a test that
 * says which way a packet takes must not be in the middle of it
 */
void bed_settle(void);

/* ---- golden packets ------------------------------------------------- */

#define NOTE(reason) (1ull << (CAROM_R_##reason - CAROM_R_LATCHED))

/** One packet and what must become of it */
struct gold {
	const char *what;
	struct spec in;
	int in_dev;        /**< 0: lan                                   */
	int action;        /**< XDP_*                                    */
	int reason;        /**< -1: none is counted                      */
	struct spec out;   /**< for XDP_TX and XDP_REDIRECT              */
	uint64_t notes;    /**< NOTE(...) that are counted beside        */
	struct sa charged; /**< leg that the reason is charged to too    */
};

/**
 * Run it: verdict, every byte of the frame, the reason (once, with the bytes
 * of the IP packet) and no other reason
 */
void gold_run(struct bed *bed, const struct gold *g);

/** The same with frames that no spec describes. out NULL: unchanged */
void gold_frames(struct bed *bed, const struct gold *g, const struct pkt *in,
		 const struct pkt *out);

#endif
