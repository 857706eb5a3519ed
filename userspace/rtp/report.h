/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file rtp/report.h  RTCP of a stream that ends here, and of one that begins here
 *                     (RFC 3550 6.4): what is counted, what is written, what is read
 *
 * No thread, no allocation, no clock: times are the caller's.
 */
#ifndef CAROM_RTP_REPORT_H
#define CAROM_RTP_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	REPORT_CNAME = 32, /**< octets of a CNAME, with its NUL            */
	REPORT_MAX = 8 + 20 + 24 + 8 + 2 + REPORT_CNAME + 4, /**< octets    */
};

/** What is known of a stream that comes (RFC 3550 A.1, A.3, A.8). Zeroed: nothing */
struct report_in {
	bool started;
	uint32_t ssrc;
	uint16_t max_seq;
	uint32_t cycles, base_seq;
	uint32_t received;
	uint32_t expected_prior, received_prior;
	uint32_t jitter; /**< sixteenths of a unit of its clock        */
	uint32_t transit;
	uint32_t lsr;    /**< middle of the NTP time of its last SR    */
	uint64_t lsr_at; /**< ns when that came, 0: none came            */
};

/** What is known of a stream that is sent, and of how it is heard */
struct report_out {
	uint32_t ssrc;
	uint32_t packets, octets; /**< of payload                         */
	uint32_t ts;              /**< of the last packet                 */
	uint64_t at; /**< ns when that was sent, 0: nothing was      */
	/* as its receiver says: */
	bool heard;
	uint32_t reports; /**< times that it said so                     */
	uint8_t lost;     /**< of 256, in the last interval               */
	uint32_t jitter;  /**< units of our clock                         */
	uint32_t rtt_us;  /**< 0: not known                               */
};

/** A packet came. Another SSRC begins anew
 *
 * @param clock  Hz of its time stamps
 * @param now    ns, of any clock that runs evenly
 */
void report_packet(struct report_in *in, uint32_t ssrc, uint16_t seq,
		   uint32_t ts, uint32_t clock, uint64_t now);

/** Packets that should have come, and did not; not below 0 */
uint32_t report_lost(const struct report_in *in);

/**
 * Write a compound packet: SR, or RR where nothing was sent yet; a report block of
 * what comes, if anything does; SDES with the CNAME
 *
 * @param p      REPORT_MAX octets
 * @param now    ns, of the same clock as in report_packet()
 * @param wall   ns since 1970
 * @param clock  Hz of what is sent
 *
 * @return octets written
 */
size_t report_write(uint8_t *p, const struct report_out *out,
		    struct report_in *in, const char *cname, uint32_t clock,
		    uint64_t now, uint64_t wall);

/**
 * Read a compound packet of who hears `out` and sends `in`. What is malformed ends it
 *
 * @param wall  ns since 1970
 */
void report_read(struct report_out *out, struct report_in *in, const uint8_t *p,
		 size_t n, uint64_t now, uint64_t wall);

#endif
