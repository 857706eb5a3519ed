/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fax/udptl.h  UDPTL: IFP packets in datagrams (ITU-T T.38 9.1, annex A)
 *
 * A datagram has a sequence number, one IFP packet (the primary), and what may
 * bring back others that were lost: copies of those before it (redundancy), or
 * their parity (FEC). One object is one end: what it sends and what it receives
 * have nothing to do with each other. Nothing is allocated but the object.
 */
#ifndef CAROM_UDPTL_H
#define CAROM_UDPTL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <re.h>

enum {
	UDPTL_IFP_MAX = 1024,      /**< bytes of one IFP packet              */
	UDPTL_DATAGRAM_MAX = 1400, /**< bytes of one datagram that we make   */
	UDPTL_DEPTH_MAX = 8,       /**< copies, or parities, in a datagram   */
	UDPTL_SPAN_MAX = 8,        /**< packets that a parity is of          */
	UDPTL_WINDOW = 64,         /**< packets that a parity may reach back */
};

enum udptl_ec { UDPTL_EC_NONE = 0, UDPTL_EC_REDUNDANCY, UDPTL_EC_FEC };

struct udptl_conf {
	enum udptl_ec ec;    /**< of what is sent; all are understood         */
	unsigned depth;      /**< copies, or parities: 0..UDPTL_DEPTH_MAX     */
	unsigned span;       /**< FEC: packets of a parity, 1..UDPTL_SPAN_MAX */
	size_t max_datagram; /**< bytes that the far end takes
				  (T38FaxMaxDatagram), 0: not said         */
};

/** Figures since the object was made */
struct udptl_stats {
	uint64_t datagrams; /**< that came                                 */
	uint64_t received;  /**< IFP packets handed on, in order           */
	uint64_t recovered; /**< of those, by copy or parity               */
	uint64_t lost;      /**< that never came                           */
	uint64_t late;      /**< datagrams behind one that was handed on, or
				 that had been: copies sent on purpose, too */
	uint64_t malformed; /**< no UDPTL, or broken behind the primary    */
	uint64_t sent;      /**< IFP packets sent                          */
	uint64_t trimmed;   /**< of those, without all their copies or
				 parities: too long for the far end        */
};

struct udptl;

/**
 * An IFP packet came
 *
 * @param seq  Its number: what is missing in between is lost
 */
typedef void(udptl_ifp_h)(const uint8_t *p, size_t n, uint16_t seq, void *arg);

/**
 * @param up   Pointer to the object (mem_deref when done)
 * @param h    Called by udptl_receive(), once for each IFP packet, in order
 *
 * @return 0, EINVAL (no such depth or span), ENOMEM
 */
int udptl_alloc(struct udptl **up, const struct udptl_conf *conf,
		udptl_ifp_h *h, void *arg);

/**
 * A datagram came. What went missing before it, and it can bring back, is handed
 * on before its own. One whose primary is whole and what follows is not counts as
 * malformed, and its primary is handed on
 *
 * @return 0, EBADMSG (no UDPTL)
 */
int udptl_receive(struct udptl *u, const uint8_t *p, size_t n);

/**
 * Put an IFP packet into a datagram, with copies or parities of those before it as
 * far as the far end takes them. The primary always fits
 *
 * @param out   Where, UDPTL_DATAGRAM_MAX bytes
 * @param lenp  Bytes written
 *
 * @return 0, EMSGSIZE (an empty IFP packet, or more than UDPTL_IFP_MAX)
 */
int udptl_send(struct udptl *u, const uint8_t *ifp, size_t n, uint8_t *out,
	       size_t *lenp);

void udptl_stats(const struct udptl *u, struct udptl_stats *st);

#endif
