/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file rtp/translate.h  RTCP of streams whose SSRC and numbers change on the way
 *                        (RFC 3550 7.2: what a translator owes)
 */
#ifndef CAROM_RTP_TRANSLATE_H
#define CAROM_RTP_TRANSLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A stream: as it came, and as it went on. out = in + off */
struct rtcp_map {
	bool on; /**< else nothing of it changes */
	uint32_t ssrc_in, ssrc_out;
	uint16_t seq_off;
	uint32_t ts_off;
};

/**
 * Rewrite a compound packet in place, on its way from A to B
 *
 * What A says of itself (reports of what it sends, SDES, BYE, the sender of feedback)
 * becomes what B knows it as; what A says of what it hears (report blocks, the media
 * source of NACK, PLI, FIR, REMB and the like) what B sent. Its length stays. From a packet
 * on that is malformed nothing is changed
 *
 * @param said   What A sends: in as A has it, out as B has it
 * @param heard  What B sends: in as B has it, out as A has it
 */
void rtcp_translate(uint8_t *p, size_t n, const struct rtcp_map *said,
		    const struct rtcp_map *heard);

#endif
