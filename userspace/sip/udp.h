/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sip/udp.h  SIP over UDP, many datagrams at a time
 */
#ifndef CAROM_SIP_UDP_H
#define CAROM_SIP_UDP_H

#include "sip/watch.h"

struct sip_udp;

/** A datagram; text is valid during the call */
typedef void(sip_udp_h)(const struct sa *src, const struct pl *text,
			unsigned listener, void *arg);

/** An ICMP message says that what was sent to dst did not arrive */
typedef void(sip_udp_lost_h)(const struct sa *dst, void *arg);

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
int sip_udp_alloc(struct sip_udp **up, const struct sa *laddr,
		  unsigned listener, sip_udp_h *h, sip_udp_lost_h *losth,
		  void *arg);

/** The address and port that it is bound to. @return 0 or errno */
int sip_udp_local(const struct sip_udp *u, struct sa *sa);

/** Show what comes and goes; w is kept by the caller */
void sip_udp_watch(struct sip_udp *u, const struct sip_watcher *w);

/** Send what mb holds from its pos on, behind what was posted. @return 0 or errno */
int sip_udp_send(struct sip_udp *u, const struct sa *dst,
		 const struct mbuf *mb);

/**
 * Send it at the end of this turn of the loop, with all else that was posted: in one
 * system call. It is copied
 *
 * @return 0, EINVAL; what can't be sent then is lost, as on its way it may be
 */
int sip_udp_post(struct sip_udp *u, const struct sa *dst,
		 const struct mbuf *mb);

#endif
