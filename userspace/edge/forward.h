/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/forward.h  What becomes of a message: the agent's full path
 *
 * A function of the message and of the policy alone (docs/sip.md): no sockets,
 * no timers, no state. The kernel decides the same for what it decides.
 */
#ifndef CAROM_EDGE_FORWARD_H
#define CAROM_EDGE_FORWARD_H

#include "edge/policy.h"

enum forward_verdict {
	FORWARD_SEND = 0, /**< out->mb to where out says                   */
	FORWARD_REPLY,    /**< out->mb is our reply; it goes back          */
	FORWARD_LOCAL,    /**< a response to ourselves: m is decoded       */
	FORWARD_LOOKUP,   /**< a name: look up lookup_want(), then call again
			     with looked_up                             */
	FORWARD_ABSORB,   /**< an ACK of our own reply                     */
	FORWARD_DROP,     /**< nobody can be told: out->why                */
};

struct forward_in {
	struct pl text;
	struct sa src;
	unsigned listener; /**< index in the policy                         */
	bool looked_up;    /**< its name has been: no second time           */
};

struct forward_out {
	struct mbuf *mb; /**< whole message, pos at its start; the caller's */
	enum msg_transp transp;
	struct sa dst;     /**< unset with FORWARD_LOOKUP                    */
	struct pl host;    /**< name, valid as long as forward_in.text, or
			      contact                                   */
	uint16_t port;     /**< 0: none was given (NAPTR, SRV)               */
	bool any;          /**< the URI names no transport                  */
	bool secure;       /**< sips: TLS on each hop                       */
	bool flow;         /**< an existing connection to dst, or none      */
	struct sa reopen;  /**< a response whose connection is gone: a new one
			      goes there (18.2.2); unset: none          */
	struct sa also;    /**< another copy goes there, by UDP; unset: none */
	unsigned listener; /**< to leave by                                 */
	struct mbuf *datagram; /**< the same for UDP, where TCP is refused;
				  the caller's; NULL: none              */
	unsigned datagram_listener;
	struct contact
		*contact; /**< of a registered user, which it goes to; the
				     caller's; NULL: none                 */
	struct ds_target *target; /**< node that it goes to; may be NULL    */
	uint16_t code;            /**< of a reply                           */
	bool prefer_tcp;          /**< too long for a datagram (18.1.1)      */
	const char *why;          /**< in words, for counters and logs      */
};

/**
 * Decide on a message and make the one that leaves
 *
 * @param m  Scratch, filled; valid as long as in->text
 *
 * @return Verdict; FORWARD_DROP with why "no memory" where there is none
 */
enum forward_verdict forward(const struct policy *p,
			     const struct forward_in *in, struct msg *m,
			     struct forward_out *out);

/* reply.c */

/**
 * A reply of our own (8.2.6): Vias, From, To with our tag, Call-ID, CSeq
 *
 * @param code   100..699
 * @param extra  Header lines with their ends; NULL: none
 *
 * @return 0 or ENOMEM
 */
int reply_make(struct mbuf **mbp, const struct policy *p,
	       const struct forward_in *in, const struct msg *m, uint16_t code,
	       const char *reason, const char *extra);

/** Where a reply, or a response by this Via, goes (18.2.2, RFC 3581 4).
 *  @return 0; ENOENT: host is a name */
int reply_addr(struct sa *dst, const struct msg_via *v);

/** The same where the request's connection is gone: the port is that of sent-by
 *  (18.2.2) */
int reply_addr_new(struct sa *dst, const struct msg_via *v);

#endif
