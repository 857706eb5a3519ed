/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/hello.h  A ClientHello that comes before its answer does
 *
 * Who is offered setup:actpass and answers setup:active may begin at once (RFC 5763 5):
 * its first datagram overtakes its SDP, and without anybody at the port it would be a
 * second before the next one. One datagram a port is kept, whoever sent it; it proves
 * nothing, and is answered by a cookie. Private to userspace/media.
 */
#ifndef CAROM_MEDIA_HELLO_H
#define CAROM_MEDIA_HELLO_H

#include "media/call.h"

struct hello;

/** May one come? An offer of ours leaves the role to its party, and has no answer yet */
bool hello_welcome(const struct stream *s);

/** Streams that one may come to and that have no bridge get their ports on a worker, that of
 *  RTCP where it need not be muxed; those of others close. Behind the bridges, before the
 *  legs */
void hellos_apply(struct media_call *c);

/** The ports are somebody else's from now on; what came to them stays */
void hello_close(struct stream *s);

/** Has it its RTP or RTCP port there? */
bool hello_listens(const struct stream *s, bool rtcp);
/** And is that a plain socket? */
bool hello_plain(const struct stream *s);

/** A datagram of DTLS that came to a port of the stream's: kept, if it is a ClientHello, one
 *  may come and none has before */
void hello_keep(struct stream *s, bool rtcp, const struct sa *src,
		const uint8_t *p, size_t n);
/** The answer is there: what was kept goes to the handshake that begins with it, where we
 *  are the server; else nowhere */
void hello_take(struct stream *s, bool rtcp, bool begins);

#endif
