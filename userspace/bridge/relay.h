/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/relay.h  A port of ours that has an allocation at a TURN server: what a leg
 *                       sends to the port goes to the server, and the other way round
 *
 * A member whose party is behind the relay has this port for its remote address, so that
 * nothing else of a bridge knows of it: packets go from port to port without a wire. Here
 * ChannelData is put around them and taken off. All that is not media by the channel, STUN
 * and the server's answers, is the signalling loop's (ice/turn.h).
 */
#ifndef CAROM_BRIDGE_RELAY_H
#define CAROM_BRIDGE_RELAY_H

#include <re.h>
#include "plane/plane.h"

struct relay;

enum {
	RELAY_SERVER = 0, /**< event: a datagram of the server's            */
	RELAY_LEG, /**< event: one that the leg sends, where there is no channel */
};

/** On the signalling loop */
typedef void(relay_event_h)(unsigned type, const uint8_t *p, size_t n,
			    void *arg);

/** Figures; they may be read at any time */
struct relay_stats {
	uint64_t rx,
		rx_bytes; /**< what came for the leg, without ChannelData */
	uint64_t tx, tx_bytes; /**< what it sent                            */
	uint64_t dropped; /**< from elsewhere, or for nobody                */
	uint64_t heard;   /**< CLOCK_MONOTONIC ns of what came last, 0 never */
};

/**
 * Open the port. Its leg is the caller's, as with plane_port_open()
 *
 * @param rp      Pointer to the object (mem_deref when done: no event after it)
 * @param local   A media address and port
 * @param server  Of the same family
 *
 * @return 0, EINVAL, ENOMEM, or what plane_port_open() says
 */
int relay_alloc(struct relay **rp, struct plane *pl, unsigned worker,
		const struct sa *local, const struct sa *server,
		relay_event_h *eventh, void *arg);

/**
 * Whose packets it has from now on
 *
 * @param leg      Local address of a leg of ours; NULL: nobody's
 * @param channel  By which they go; 0: by the signalling loop (RELAY_LEG)
 *
 * @return 0, EINVAL, ENOMEM
 */
int relay_way(struct relay *r, const struct sa *leg, uint16_t channel);

/** Send a datagram of the signalling loop's to the server. @return 0, EINVAL, ENOBUFS */
int relay_send(struct relay *r, const uint8_t *p, size_t n);

/** The leg gets a datagram as if it had come by the channel.
 *  @return 0, EINVAL, ENOTCONN (it is nobody's), ENOBUFS */
int relay_pass(struct relay *r, const uint8_t *p, size_t n);

/** Has its port a socket of its own? */
bool relay_plain(const struct relay *r);
void relay_stats(const struct relay *r, struct relay_stats *st);

#endif
