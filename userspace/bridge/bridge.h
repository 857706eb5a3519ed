/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/bridge.h  Two members on a media worker, and what flows between
 *
 * What the kernel cannot settle: SRTP is opened and made, codecs are changed. A
 * bridge with its members is built on the signalling loop, handed to a worker, and
 * changed by handing over new parts; what was exchanged comes back and is freed
 * there. The figures may be read at any time.
 */
#ifndef CAROM_BRIDGE_H
#define CAROM_BRIDGE_H

#include <re.h>
#include "audio/codec.h"
#include "bridge/bundle.h"
#include "bridge/guard.h"
#include "fax/gateway.h"
#include "plane/plane.h"
#include "secure/srtp.h"

enum {
	BRIDGE_CODECS = 8, /**< that a member may send, and we decode      */
	BRIDGE_MID = 16,   /**< bytes of an a=mid that packets can carry   */
	BRIDGE_SSRCS = 8,  /**< of a section's a=ssrc lines                */
};

/** What is done with a payload type that a member sends */
enum bridge_act {
	BRIDGE_DROP = 0,
	BRIDGE_PASS,   /**< sent on as it is, under `pt`                  */
	BRIDGE_DECODE, /**< decoded, and encoded for the other            */
	BRIDGE_EVENT,  /**< telephone-event (RFC 4733), sent on under `pt`,
			    its timestamps in the other's clock           */
	BRIDGE_TONE,   /**< telephone-event, which the other hears as tones  */
	BRIDGE_NOISE,  /**< comfort noise (RFC 3389), which it hears as sound */
};

struct bridge_pt {
	enum bridge_act act;
	uint8_t pt;     /**< that the other knows it by                    */
	uint8_t codec;  /**< BRIDGE_DECODE: index in codecv               */
	uint32_t clock; /**< BRIDGE_EVENT, _TONE, _NOISE: Hz of its times     */
	uint32_t clock_to; /**< and that it is to be in, 0: the same       */
};

/** A codec that a member sends */
struct bridge_codec {
	const struct codec *codec;
	char fmtp[128]; /**< as the member says that it sends          */
};

/** What a member is. Everything is copied */
struct bridge_member {
	struct sa local;  /**< of its leg; RTCP's is the port after it   */
	struct sa remote; /**< where it gets its RTP                     */
	struct sa rtcp;   /**< and its RTCP; the same as remote: muxed   */
	bool mux;         /**< RTCP comes to the RTP port                */
	struct srtpx_key
		rx; /**< keys of what it sends; suite SRTPX_NONE: RTP */
	struct srtpx_key tx; /**< keys of what it gets                      */
	bool resumed; /**< its keys have served before, in a bridge or a process
			   that is gone: what it gets is a stream anew */
	bool locked;  /**< its keys are not there yet: it is sent nothing, and
			  what it sends is dropped                      */
	bool rtcp_keyed; /**< its RTCP is not muxed, and has keys of its own (RFC
			    5764 4.1): these. SRTPX_NONE: not there yet, and what
			    was said of `locked` holds for RTCP             */
	struct srtpx_key rtcp_rx, rtcp_tx;

	struct bridge_pt ptv[128]; /**< by payload type of what it sends   */
	struct bridge_codec codecv[BRIDGE_CODECS];
	unsigned codecc;

	uint8_t event_pt; /**< what tones of digits that it sends become: events
			       of this type for the other                  */
	uint32_t event_clock; /**< Hz of those; 0: tones stay tones         */
	unsigned
		jitter_ms; /**< that what it sends is held back at most, if it is
				 decoded: 0..JITTER_MAX_MS; 0: not         */
	struct guard guard; /**< what becomes of digits that it sends: of events
			       that are BRIDGE_EVENT or _TONE, and of tones where
			       what it sends is decoded                  */
	bool hear; /**< digits that it sends are told: events; and tones, where
			what it sends is decoded                        */

	const struct codec *codec; /**< that it is sent; NULL: nothing is
				      encoded for it                      */
	uint8_t pt;                /**< of that codec                     */
	char fmtp[128];            /**< of that codec, as the member wants it */
	unsigned ptime;            /**< ms of what it is sent             */
	uint32_t bitrate;          /**< bit/s, 0: codec's choice          */
	int complexity;            /**< 0..10, -1: codec's choice         */
	uint32_t ssrc;             /**< of what is encoded for it         */
	uint16_t seq; /**< that it begins with, and ts: random (RFC 3550 5.1) */
	uint32_t ts;
	bool silent; /**< it is sent nothing                */
	bool shown;  /**< reports that are made for it are told: events */
	bool echo; /**< what it sends goes back to itself, and not to the other
			one, which sends it nothing: under an SSRC of ours  */
	bool t38;  /**< it speaks T.38 by UDPTL, and the other one by sound: no
			  RTP, and of the above its addresses alone. Stays as it is
			  while the bridge lives                           */
	struct fax_conf fax; /**< t38: what was agreed with it               */
	struct bundle *bundle; /**< transport that it shares; NULL: local is its
				  own. Stays as it is while the bridge lives. RTCP is
				  muxed, and the keys are those of all its members   */
	char mid[BRIDGE_MID + 1]; /**< its a=mid, "" too long     */
	uint8_t mid_id; /**< the header extension that was agreed on for it: what
			   it is sent has it, what it sends may; 1..14, 0 none */
	uint32_t ssrcv[BRIDGE_SSRCS]; /**< bundle: that it says it sends with */
	unsigned ssrcc;
	uint32_t told
		[4]; /**< bundle: payload types that it may send, a bit each */
	bool go_on;  /**< the kernel relays to it until now: what is made for it
			  goes on behind that, SSRC, numbers and time      */
	bool anew;   /**< else: it may have had what we made, under the sender's
			  SSRC; what it gets is of ours, even what is passed on */
};

struct bridge;

/** Figures of what one member sends */
struct bridge_stats {
	uint64_t packets;   /**< RTP packets that came                      */
	uint64_t lost;      /**< that did not come                          */
	uint64_t late;      /**< that came too late, or twice               */
	uint64_t auth;      /**< SRTP that was not authentic                */
	uint64_t replay;    /**< SRTP that came before                      */
	uint64_t malformed; /**< no RTP, or not of its codec               */
	uint64_t refused;   /**< of a payload type that was not agreed      */
	uint64_t locked;    /**< before there were keys                     */
	uint64_t stranger;  /**< not from where it should be                */
	uint64_t decoded;   /**< packets                                    */
	uint64_t encoded;   /**< packets made of them                       */
	uint64_t passed;    /**< packets sent on as they were               */
	uint64_t events;    /**< telephone-event packets sent on            */
	uint64_t concealed; /**< ms of sound that had to be guessed        */
	uint64_t rtcp;      /**< RTCP packets that came                     */
	uint64_t sent;      /**< RTP packets that it was sent               */
	uint64_t played;    /**< of those, from a player (bridge/play.h)    */
	/* where it is decoded (rtp/jitter.h): */
	uint64_t undue;     /**< packets that came when they had been due   */
	uint32_t target_us; /**< that packets are held back, as of now      */
	uint32_t held_us;   /**< that they were, mean of the last ones      */
	int32_t drift_ppb;  /**< of its clock; positive: it is slow         */
	/* where it is transcoded (RFC 3550 6.4.1): */
	uint32_t jitter_us; /**< of what comes                              */
	uint32_t rtt_us;    /**< to it and back, 0 not known                */
	uint32_t far_lost;  /**< of 256, as it says of what it is sent     */
	uint32_t far_jitter_us; /**< of that, as it says                    */
	uint32_t far_reports;   /**< times that it said so                  */
};

enum {
	BRIDGE_MOVED = 100, /**< event: packets come from elsewhere than those
				for the member go to                    */
	BRIDGE_COPY,        /**< event: RTP that came, opened             */
	BRIDGE_CONTROL,     /**< the same of RTCP                         */
	BRIDGE_DIGIT,       /**< event: a digit is over, a bridge_heard       */
	BRIDGE_PLAYED,      /**< event: nothing is left of what the member
				 was played                              */
	BRIDGE_DTLS_RTCP, /**< event: a datagram of DTLS came to its RTCP port */
	BRIDGE_REPORT,    /**< event: RTCP that was made for the member, in the
			  clear; src: whom it is sent to                */
};

/** A digit that a member dialled */
struct bridge_heard {
	uint8_t event;  /**< RFC 4733 3.2, 0..15 for digits              */
	uint8_t volume; /**< -dBm0, 0..63                                */
	bool tone;      /**< heard as one; else it was telephone-event   */
	uint32_t ms;    /**< that it took                                */
};

/** What the worker tells: on the signalling loop
 *
 * @param side  Of whom: 0, 1
 * @param type  RTP_STUN, RTP_DTLS (rtp/packet.h): a datagram that came; BRIDGE_MOVED
 */
typedef void(bridge_event_h)(struct bridge *b, unsigned side, unsigned type,
			     const struct sa *src, const uint8_t *p, size_t n,
			     void *arg);

/**
 * Make a bridge of two members and put it on a worker
 *
 * @param bp      Pointer to the object (mem_deref when done: packets go nowhere
 *                from then on)
 * @param worker  0..plane_workers() - 1
 *
 * @return 0, EINVAL, ENOTSUP (a codec that cannot be transcoded), EADDRINUSE (a
 *         port is open already), or what plane_port_open() says
 */
int bridge_alloc(struct bridge **bp, struct plane *pl, unsigned worker,
		 const struct bridge_member mv[2], bridge_event_h *eventh,
		 void *arg);

/**
 * Change one member while packets flow. Streams go on: sequence numbers,
 * timestamps, rollover counters of keys that stay the same
 */
int bridge_change(struct bridge *b, unsigned side,
		  const struct bridge_member *m);

/** Have BRIDGE_COPY and BRIDGE_CONTROL of what a member sends, or no more; the latter comes
 *  of SRTCP in any case. A copy that finds no room in the
 *  queue is lost, and counted as an event (plane_stats); the packet goes its way */
void bridge_copy(struct bridge *b, unsigned side, bool on);

/** Do its ports have sockets of their own? The legs have to know (fp_leg.plain) */
bool bridge_plain(const struct bridge *b);

void bridge_stats(const struct bridge *b, unsigned side,
		  struct bridge_stats *st);

/** Figures of a fax call. @return false: that side does not speak T.38 */
bool bridge_fax(const struct bridge *b, unsigned side, struct fax_stats *st);

/**
 * Does what a member gets have an SSRC and numbers of ours?
 *
 * @param ssrc  That it gets
 */
bool bridge_stream(const struct bridge *b, unsigned side, uint32_t *ssrc);

/**
 * Give the legs of both members back to the kernel, when the worker has sent all that
 * it had: it turns them from LEG_AGENT to LEG_RELAY itself. Their paths have to be those
 * of the relay by then, with the SSRC that bridge_stream() says; numbers go on
 *
 * @param ms  Waits for it, so long at most
 *
 * @return 0, ETIMEDOUT (nothing was turned), EINVAL
 */
int bridge_leave(struct bridge *b, struct fp *fp, unsigned ms);

/** Send a datagram of the signalling loop's (STUN, DTLS) from a member's RTP port, or from
 *  its RTCP port. @return 0, EINVAL (it has none), ENOBUFS */
int bridge_send(struct bridge *b, unsigned side, bool rtcp,
		const struct sa *dst, const uint8_t *p, size_t n);

#endif
