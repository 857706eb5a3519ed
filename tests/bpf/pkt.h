/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bpf/pkt.h  Frames, built from what they should say
 *
 * Checksums are summed up in full, byte pair by byte pair, and share nothing
 * with the arithmetic of the XDP program: a frame that it rewrote is compared
 * with one that is built here afresh.
 */
#ifndef TESTS_BPF_PKT_H
#define TESTS_BPF_PKT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PKT_MAX 4096

struct pkt {
	uint8_t b[PKT_MAX];
	size_t len;
};

/** How the UDP checksum is written */
enum pkt_sum {
	SUM_RIGHT = 0, /**< over everything; 0 is sent as 0xffff          */
	SUM_ZERO,      /**< IPv4's "none"                                 */
	SUM_PARTIAL,   /**< the pseudo-header's sum, as an offload leaves it */
	SUM_WRONG,     /**< one bit off                                   */
};

/** What a frame says. Zeroes stand for a plain IPv4 RTP packet */
struct spec {
	const uint8_t *dmac, *smac;
	uint16_t vlan[4]; /**< ids of 802.1Q tags, the first 0 ends them  */
	uint16_t tpid;    /**< of the outermost tag; 0: 0x8100            */
	const char *src, *dst; /**< addresses; a colon makes it IPv6      */
	uint16_t sport, dport;
	uint8_t tos;
	uint8_t ttl;   /**< 0: 64                                      */
	uint32_t flow; /**< IPv6 flow label                            */
	uint16_t id;   /**< IPv4                                       */
	uint16_t frag; /**< IPv4 flags and offset, host order          */
	uint8_t proto; /**< 0: UDP                                     */
	uint8_t ihl;   /**< words; 0: 5. More are filled with no-ops   */
	bool jumbo;    /**< UDP length 0, as of a jumbogram (RFC 2675)  */
	enum pkt_sum sum;
	size_t pad; /**< bytes behind the IP packet                 */
	const void *payload;
	size_t paylen;
};

/** RTP header */
struct rtpspec {
	uint8_t pt;
	bool marker;
	uint16_t seq;
	uint32_t ts, ssrc;
};

void pkt_build(struct pkt *p, const struct spec *s);

/** Offset of the IP header and of the UDP header */
size_t pkt_l3(const struct spec *s);
size_t pkt_l4(const struct spec *s);

/** Write an RTP header and `len` bytes of noise; returns 12 + len */
size_t rtp_build(uint8_t *buf, const struct rtpspec *r, size_t len);

/** An RTCP receiver report without blocks; returns 8 */
size_t rtcp_build(uint8_t *buf, uint32_t ssrc);

/** The sum of RFC 1071 over bytes, not folded yet */
uint64_t sum_bytes(const uint8_t *p, size_t len);
uint16_t sum_fold(uint64_t sum);

/** UDP checksum of a frame at its IP header, in full: 0 when it is right */
uint16_t udp_verify(const uint8_t *ip);

#endif
