/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file rtp/event.c  telephone-event (RFC 4733), as it is received
 */
#include <errno.h>
#include "rtp/event.h"

int rtp_event_read(struct rtp_event *ev, const uint8_t *p, size_t n)
{
	if (n < EVENT_BYTES)
		return EBADMSG;
	ev->event = p[0];
	ev->end = p[1] >> 7;
	ev->volume = p[1] & 0x3f;
	ev->len = (uint16_t)(p[2] << 8 | p[3]);

	return 0;
}

bool event_rx_put(struct event_rx *rx, uint32_t ts, const struct rtp_event *ev,
		  struct rtp_event *done)
{
	const bool known = rx->any && rx->ts == ts;
	bool told = false;

	/* late words of one before */
	if (rx->any && (int32_t)(ts - rx->ts) < 0 &&
	    (int32_t)(ts - rx->ts) > -INT16_MAX * 16)
		return false;
	if (known && !rx->on)
		return false;
	if (!known && rx->on) {
		*done = rx->now;
		told = true;
	}
	rx->any = true;
	rx->ts = ts;
	rx->now = *ev;
	rx->on = true;
	/* of two at once the second is told with its next packet: ends come thrice */
	if (ev->end && !told) {
		*done = *ev;
		rx->on = false;
		told = true;
	}

	return told;
}

char event_char(uint8_t event)
{
	return event < EVENT_DIGITS ? "0123456789*#ABCD"[event] : '?';
}
