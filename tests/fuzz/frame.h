/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fuzz/frame.h  UDP frames, read and mended
 *
 * Shares nothing with the parser of the XDP program, which it judges.
 */
#ifndef TESTS_FUZZ_FRAME_H
#define TESTS_FUZZ_FRAME_H

#include "bed.h"

/** A frame as it lies there */
struct frame {
	const uint8_t *ip, *src, *dst, *udp, *payload, *end;
	bool v6;
	uint8_t proto, tos, ttl;
	uint16_t sport, dport, check;
	size_t l2, iplen, udplen; /**< as the headers claim                  */
};

uint16_t frame_get16(const uint8_t *p);
uint32_t frame_get32(const uint8_t *p);
bool frame_is_addr(const uint8_t *p, bool v6, const char *text);

/** Up to and with the UDP header; nothing is said of the lengths yet */
bool frame_find(struct frame *f, const struct pkt *p);

/** Whole, plain UDP whose lengths agree */
bool frame_look(struct frame *f, const struct pkt *p);

/** Is the IPv4 header's checksum right? IPv6 has none to be wrong */
bool frame_ip_right(const struct frame *f);

/** The UDP checksum as an offload leaves it: of the pseudo-header alone */
bool frame_is_partial(const struct frame *f);

/** What frame_mend() mends */
enum {
	MEND_SUM = 0x03, /**< UDP checksum: as is, right, none, partial       */
	MEND_LENGTH = 0x04,
	MEND_IP_SUM = 0x10,
};

/** Lengths and checksums, so that they do not turn everything away */
void frame_mend(struct pkt *p, uint8_t how);

#endif
