/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/digits.h  Digits that parties dial, as the room's files see them
 *
 * They are heard where somebody wants to know: in the kernel's copies of a relayed call
 * (of its telephone-event packets alone, or of all it says where tones are asked for), or
 * by the media worker that has its packets. Each becomes a line of JSON in a datagram, in
 * rtpengine's form of DTMF-log-dest.
 */
#ifndef CAROM_MEDIA_DIGITS_H
#define CAROM_MEDIA_DIGITS_H

#include "bridge/bridge.h"
#include "media/call.h"

enum { DIGITS_KEPT = 32 };

struct digits;

/** Does anybody want to know what this stream's party dials? */
bool digits_wanted(const struct stream *s);
/** And as tones: so that all that it says has to be listened to */
bool digits_tones_wanted(const struct stream *s);

/** An RTP packet of the stream's, in the clear, from its header on */
void digits_packet(struct stream *s, const uint8_t *p, size_t n);

/** A digit is over: the log is told, and the last ones are kept */
void digits_dialled(struct stream *s, const struct bridge_heard *d);

/** Those that were dialled last, "12#"; "" none */
const char *digits_last(const struct stream *s);

/* digitlog.c */

struct digitlog;

/** @return 0, ENOMEM */
int digitlog_alloc(struct digitlog **lp);

/** Send the line to the call's destination, or the configured one. One that cannot be
 *  sent is lost, and logged once a minute */
void digitlog_send(struct digitlog *l, const struct stream *s,
		   const struct bridge_heard *d);

#endif
