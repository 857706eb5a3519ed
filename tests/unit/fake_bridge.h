/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file unit/fake_bridge.h  Media workers that only remember what they were told
 */
#ifndef TESTS_UNIT_FAKE_BRIDGE_H
#define TESTS_UNIT_FAKE_BRIDGE_H

#include "bridge/bridge.h"
#include "bridge/play.h"
#include "bridge/relay.h"

enum {
	FAKE_SENT = 64,
	FAKE_BUNDLE = 2,
	/**< side of datagrams by a bundle */ FAKE_RTCP =
		4 /**< and this is added to that of those by an RTCP port */
};

/** A datagram of the signalling loop's */
struct fake_datagram {
	unsigned side;
	struct sa dst;
	uint8_t p[2048];
	size_t n;
};

/** What there is now */
struct fake_bridges {
	unsigned n;       /**< bridges                                  */
	unsigned changes; /**< times that a member was changed          */
	unsigned left;    /**< times that legs went back to the kernel  */
	struct bridge_member mv[2]; /**< of the one made or changed last */
	bool copy[2]; /**< of whom copies are wanted                    */
	struct bridge *last;
	unsigned plays; /**< times that something was to be played */
	struct bridge_play play[2]; /**< of whom, last                 */
	int play_err;    /**< that bridge_play() returns               */
	bool playing[2]; /**< until the test says that it is over */
	struct bridge_digit digit;        /**< the last                      */
	struct bridge_dialling dial_left; /**< when it is stopped          */
	unsigned digits;
	struct fake_datagram sentv[FAKE_SENT];
	unsigned sentc;
	uint64_t cpu_ns; /**< of the worker, as plane_stats() has it     */
	struct bridge_stats st[2]; /**< that bridge_stats() has of whom */
	unsigned bundles;          /**< there now                            */
	struct bundle *bundle;     /**< the last                             */
	unsigned relays;           /**< there now                            */
	struct relay_stats relay_st; /**< that relay_stats() has of all       */
};

struct fake_bridges *fake_bridges(void);
/** A datagram comes to a port of the bridge made last */
void fake_event(unsigned side, unsigned type, const struct sa *src,
		const uint8_t *p, size_t n);
/** The same to the port of the bundle made last */
void fake_bundle_event(unsigned type, const struct sa *src, const uint8_t *p,
		       size_t n);
/** The same to one of those that there are, by its port */
void fake_port_event(uint16_t port, unsigned type, const struct sa *src,
		     const uint8_t *p, size_t n);
/** A member of the n'th bridge of those that there are; NULL: there are not so many */
const struct bridge_member *fake_member(unsigned n, unsigned side);
/** A port with an allocation at a TURN server */
struct fake_relay {
	struct sa local, server;
	struct sa leg; /**< AF_UNSPEC: nobody's                          */
	uint16_t channel;
	unsigned passed; /**< datagrams that went to the leg             */
};

/** The n'th of those that there are; NULL: there are not so many */
const struct fake_relay *fake_relay(unsigned n);
/** What it sends to its server is handed over */
void fake_relay_sent(void (*h)(const struct sa *local, const struct sa *server,
			       const uint8_t *p, size_t n));
/** A datagram comes to it: RELAY_SERVER, RELAY_LEG */
void fake_relay_event(const struct sa *local, unsigned type, const uint8_t *p,
		      size_t n);
/** Workers for media_alloc(): nothing may be done with it but pass it on */
struct plane *fake_plane(void);

#endif
