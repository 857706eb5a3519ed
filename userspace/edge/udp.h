/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/udp.h  SIP over UDP, many datagrams at a time
 */
#ifndef CAROM_EDGE_UDP_H
#define CAROM_EDGE_UDP_H

#include <re.h>

struct udp_edge;

/** A datagram; text is valid during the call */
typedef void(udp_edge_h)(const struct sa *src, const struct pl *text,
			 unsigned listener, void *arg);

/** An ICMP message says that what was sent to dst did not arrive */
typedef void(udp_edge_lost_h)(const struct sa *dst, void *arg);

/**
 * Listen
 *
 * @param up        Pointer to the object (mem_deref when done)
 * @param laddr     Address and port
 * @param listener  Handed to h
 * @param arg       Of h and losth
 *
 * @return 0 or errno
 */
int udp_edge_alloc(struct udp_edge **up, const struct sa *laddr,
		   unsigned listener, udp_edge_h *h, udp_edge_lost_h *losth,
		   void *arg);

/** Send what mb holds from its pos on. @return 0 or errno */
int udp_edge_send(const struct udp_edge *u, const struct sa *dst,
		  const struct mbuf *mb);

#endif
