/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file rtp/packet.h  RTP headers (RFC 3550 5.1), and what a datagram is
 */
#ifndef CAROM_RTP_PACKET_H
#define CAROM_RTP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RTP_HEADER = 12, RTCP_HEADER = 8 };

/** What comes to a media port (RFC 7983, RFC 5761) */
enum rtp_kind {
	RTP_NONE = 0, /**< none of these                              */
	RTP_MEDIA,    /**< RTP or SRTP                                */
	RTP_CONTROL,  /**< RTCP or SRTCP                              */
	RTP_STUN,
	RTP_DTLS,
};

enum rtp_kind rtp_kind(const uint8_t *p, size_t n);

/** A header, host order */
struct rtp_head {
	uint8_t pt;
	bool marker;
	uint16_t seq;
	uint32_t ts, ssrc;
	size_t off; /**< of the payload                                */
	size_t len; /**< of the payload, padding taken off             */
};

/** @return 0, EBADMSG (no RTP; lengths contradict each other) */
int rtp_read(struct rtp_head *h, const uint8_t *p, size_t n);

/** Write RTP_HEADER bytes: no CSRC, no extension, no padding */
void rtp_write(uint8_t *p, const struct rtp_head *h);

/** Change a header in place: payload type and marker, sequence number, timestamp,
 *  SSRC */
void rtp_edit(uint8_t *p, const struct rtp_head *h);

#endif
