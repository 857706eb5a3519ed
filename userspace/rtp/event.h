/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file rtp/event.h  telephone-event (RFC 4733), as it is received
 */
#ifndef CAROM_RTP_EVENT_H
#define CAROM_RTP_EVENT_H

#include "rtp/packet.h"

enum { EVENT_BYTES = 4, EVENT_DIGITS = 16 };

/** One packet's word of an event (RFC 4733 2.3) */
struct rtp_event {
	uint8_t event;  /**< 0..15: 0 to 9, *, #, A to D               */
	uint8_t volume; /**< -dBm0, 0..63                              */
	bool end;
	uint16_t len; /**< units of the clock, so far                 */
};

/** The first event of a payload. @return 0, EBADMSG (too short) */
int rtp_event_read(struct rtp_event *ev, const uint8_t *p, size_t n);

/** Events of one sender: each is told once, though its packets come again. Zero it */
struct event_rx {
	bool on;     /**< `now` was not told yet                     */
	bool any;    /**< ts holds                                   */
	uint32_t ts; /**< of the last one's begin                    */
	struct rtp_event now;
};

/**
 * Take a packet
 *
 * @param done  Set to an event that is over: this one, or one before whose end was lost
 *
 * @return Is there one?
 */
bool event_rx_put(struct event_rx *rx, uint32_t ts, const struct rtp_event *ev,
		  struct rtp_event *done);

/** '0' to '9', '*', '#', 'A' to 'D'; '?' for what is no digit */
char event_char(uint8_t event);

#endif
