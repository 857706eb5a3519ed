/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/rtcp.h  What RTCP passing by says of a call's quality
 *
 * RTCP (RFC 3550 6.4) is relayed by the kernel and copied to us. We read the
 * copies and send nothing. One struct rtcpx_party per party and stream.
 * libre owns the names "rtcp_*".
 *
 *   A --SR--> us --SR--> B       seen at t1, kept with A
 *   A <--RR-- us <--RR-- B       seen at t2, names A's SR: LSR, DLSR
 *
 * t2 - t1 - DLSR is the round trip between us and B. Both parties' together
 * is the round trip from end to end.
 */
#ifndef CAROM_RTCP_H
#define CAROM_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RTCPX_SRS = 8 };

/** A sender report that we saw, for whoever refers to it */
struct rtcpx_sr {
	uint32_t lsr;  /**< middle 32 bits of its NTP timestamp     */
	uint64_t seen; /**< ns, the caller's clock                  */
};

/** A party: what it reports. Zeroed: nothing known */
struct rtcpx_party {
	/* of its own sending, by its last SR */
	uint32_t ssrc;       /**< who sent the last SR or RR              */
	uint64_t ntp;        /**< 32.32 s since 1900                      */
	uint32_t rtp_ts;     /**< RTP clock at that time                  */
	uint32_t sr_packets; /**< sent since it began                     */
	uint32_t sr_octets;  /**< of payload                              */
	struct rtcpx_sr srv[RTCPX_SRS];
	unsigned sr_next;

	/* of what reaches it, by its last report block */
	uint32_t rr_ssrc;      /**< whose packets                           */
	uint8_t fraction_lost; /**< since the report before, 1/256          */
	int32_t lost;          /**< in all; negative: duplicates            */
	uint32_t ext_seq;      /**< highest sequence number, with cycles    */
	uint32_t jitter;       /**< RTP clock units                         */
	uint64_t reported;     /**< ns when we saw it, the caller's clock   */

	uint64_t rtt; /**< ns between us and it, last measured     */
	bool has_rtt;

	uint32_t srs;       /**< sender reports read                     */
	uint32_t blocks;    /**< report blocks taken over                */
	uint32_t malformed; /**< packets refused                         */
};

/**
 * Take in one compound packet. Nothing of a malformed one is taken over.
 *
 * SRTCP is not for here: its report blocks are ciphertext.
 *
 * @param own   The party that sent the packet
 * @param peer  The party that it is in call with, whose SRs it answers;
 *              NULL: no round trip is measured
 * @param now   ns, any clock that does not run backwards
 * @param p     UDP payload
 *
 * Of several report blocks the one about peer's SSRC counts, else the first.
 *
 * @return 0, EBADMSG (not RTCP; lengths contradict each other)
 */
int rtcpx_update(struct rtcpx_party *own, const struct rtcpx_party *peer,
		 uint64_t now, const uint8_t *p, size_t n);

/**
 * Opinion score of G.711 with loss concealment, ITU-T G.107 reduced to delay
 * and random loss (Bpl of 25.1 from G.113 appendix I)
 *
 * @param delay  ms, one way, mouth to ear
 * @param loss   Share of packets lost, 0..1
 *
 * @return 1.0 (bad) .. 4.5
 */
double rtcpx_mos(double delay, double loss);

/**
 * Opinion score of what a party hears, from its own reports
 *
 * Delay is half of both round trips, and a jitter buffer of twice the jitter.
 *
 * @param clock  RTP clock, Hz
 * @param mos    Set when there is a report to go by
 *
 * @return true if there is one
 */
bool rtcpx_party_mos(double *mos, const struct rtcpx_party *own,
		     const struct rtcpx_party *peer, uint32_t clock);

#endif
