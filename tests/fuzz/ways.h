/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fuzz/ways.h  The legs that fuzz_xdp has, and a good packet for each
 */
#ifndef TESTS_FUZZ_WAYS_H
#define TESTS_FUZZ_WAYS_H

#include "frame.h"
#include "rtp/translate.h"
#include "sides.h"

#define WAYS 22
#define SSRC_OUT 0xabcdef01u
#define DSCP 46

/** Of the way whose SSRC is rewritten, and RTCP tells of it */
enum { WAY_TOLD = 7 };

enum kind { RTP, RTCP, UDPTL };

/** A leg, and how a good packet for it looks */
struct way {
	int in, out; /**< SIDE_*                                              */
	uint16_t port;
	enum leg_media media;
	enum kind kind;
	bool filter, ssrc, rtcp_ok, dscp, tap;
	bool demux; /**< RTCP is turned off to the leg of the port above    */
	bool up;    /**< that leg: from and to the next higher port         */
	bool agent; /**< the agent has it, by a plain socket                */
	bool alien; /**< STUN and DTLS go there                             */
	bool told; /**< RTCP that tells of the stream of ways[WAY_TOLD], both ways */
	bool express; /**< good packets of it take the express lane           */
	uint16_t seq;
	uint32_t ssrc_in;
};

extern struct way ways[WAYS];
extern struct side sides[SIDES];

void way_open(struct bed *bed, const struct way *w);

/** The next good packet in order */
void way_packet(struct way *w, struct pkt *p);

/** How the SSRC of ways[WAY_TOLD] is rewritten, now */
struct rtcp_map way_map(void);

/** The way that the frame must have gone, by its destination */
const struct way *way_of(const struct frame *f);

/** Is it RTCP by RFC 5761, section 4, where it may share the RTP port? */
bool way_is_rtcp(const struct frame *f);

/** Is it RTCP that came to the RTP port and is turned off? */
bool way_turns_off(const struct way *w, const struct frame *f);

#endif
