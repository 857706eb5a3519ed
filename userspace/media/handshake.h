/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/handshake.h  The DTLS association of one stream, over its RTP port, and where
 *                          RTCP is not muxed one more over its RTCP port (RFC 5764 4.1)
 *
 * Once one is up, the stream's keys (terms.keys; terms.rtcp_rx, rtcp_tx) are what it agreed
 * on, and the bridge has them. Private to userspace/media.
 */
#ifndef CAROM_MEDIA_HANDSHAKE_H
#define CAROM_MEDIA_HANDSHAKE_H

#include "media/call.h"

struct handshake;

/** Begin, where the terms want one and there is none yet; as the client, by a
 *  ClientHello. The stream has its bridge. @return 0, ENOMEM, EIO */
int handshake_start(struct stream *s);

/** A datagram of DTLS that came to the stream's RTP port, or its RTCP port */
void handshake_recv(struct stream *s, bool rtcp, const struct sa *src,
		    const uint8_t *p, size_t n);

/** Is it under way, or up? Not: NULL, failed, closed */
bool handshake_lives(const struct handshake *h);

/** How it stands, in a word or two; NULL: it was a former process's */
const char *handshake_text(const struct handshake *h);

/** The certificate of this process, made when it is first needed. @return 0, EIO */
int handshake_cert(struct media *m);

#endif
