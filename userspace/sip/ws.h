/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sip/ws.h  SIP over WebSocket: handshake and frames (RFC 6455, RFC 7118)
 *
 * Without sockets: libre's own server takes whatever connects, for as long as it
 * likes, and hands over frames in parts; here each byte is under the edge's limits.
 */
#ifndef CAROM_SIP_WS_H
#define CAROM_SIP_WS_H

#include <re.h>

enum {
	WS_HEAD = 8192, /**< bytes of a handshake                          */
	WS_FRAME_HEAD = 10,
};

/**
 * Answer a handshake
 *
 * @param reply  Result: the answer, pos at its start; the caller's
 * @param head   HTTP request with its empty line
 *
 * @return 0: it is a WebSocket of SIP from here on. EPROTO: refused, and reply says
 *         so. ENOMEM
 */
int ws_handshake(struct mbuf **reply, const struct pl *head);

struct ws_frame {
	enum websock_opcode opcode;
	bool fin;
	struct pl payload;
};

/**
 * The frame at the front; unmasked in place
 *
 * @param len  Result: bytes that it takes
 * @param max  Of a payload
 *
 * @return 0; EAGAIN: there is more to come; EBADMSG: against RFC 6455; EMSGSIZE
 */
int ws_decode(struct ws_frame *f, size_t *len, uint8_t *p, size_t n,
	      size_t max);

/** The head of a frame with n bytes of payload, unmasked as a server's are.
 *  @return its bytes */
size_t ws_head(uint8_t head[WS_FRAME_HEAD], enum websock_opcode opcode,
	       size_t n);

#endif
