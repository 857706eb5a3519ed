/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sip/frame.h  Where a message ends in a byte stream (RFC 3261 18.3)
 */
#ifndef CAROM_SIP_FRAME_H
#define CAROM_SIP_FRAME_H

#include <re.h>

enum {
	FRAME_HEAD = 16384, /**< bytes up to the empty line                */
	FRAME_MAX = 65535,  /**< of a message: as much as a datagram takes */
};

enum frame_kind {
	FRAME_MORE = 0, /**< the end is still to come                      */
	FRAME_MESSAGE,
	FRAME_CRLF, /**< between messages: half a ping (RFC 5626 4.4.1)     */
	FRAME_BAD,  /**< no telling where the next message begins          */
};

/**
 * The message at the front
 *
 * @param len     Result: its bytes; of FRAME_BAD those of its headers, 0 where
 *                there is no end of them
 * @param looked  0 for a new message; kept by the caller while it is FRAME_MORE,
 *                so that who sends byte by byte has nothing looked at twice
 * @param p       What has come, n bytes
 */
enum frame_kind frame_next(size_t *len, size_t *looked, const char *p,
			   size_t n);

/** Bytes up to the empty line and with it; 0: it has not come. looked: as
 *  above */
size_t frame_head(size_t *looked, const char *p, size_t n);

#endif
