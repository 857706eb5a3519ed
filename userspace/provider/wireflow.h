/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/wireflow.h  A flow towards a registrar, kept alive (RFC 5626 4.4, 4.4.1, 4.4.2)
 *
 * What the registrar sends comes back by the connection, or through the NAT, by which
 * the REGISTER went. An empty line now and then, or a STUN Binding by UDP, keeps it,
 * and tells when it is no more.
 */
#ifndef CAROM_PROVIDER_WIREFLOW_H
#define CAROM_PROVIDER_WIREFLOW_H

#include "provider/wire.h"

enum {
	FLOW_PONG = 10000,    /**< ms that a connection's answer may take   */
	FLOW_STUN = 500,      /**< ms until a Binding is sent again; doubled */
	FLOW_STUN_TRIES = 5,  /**< of it                                    */
	FLOW_TIMER_TCP = 120, /**< s at most between two, where nobody says */
	FLOW_TIMER_UDP = 29,
};

struct wire_flow;

/** It broke, and is nothing any more; once, and not before wire_flow_alloc() has
 *  returned */
typedef void(wire_flow_h)(const char *why, void *arg);

struct wire_flow_conf {
	enum msg_transp transp;
	struct sa dst;
	const char *host; /**< that the certificate had to have; may be NULL */
	uint32_t timer; /**< s at most between two (Flow-Timer); 0: as above */
	bool answers;   /**< it has said that it supports this: silence is
			     the end. Else only the way is kept open       */
};

/** Keep the flow that a message has just gone by.
 *  @param fp  Pointer to the object (mem_deref when done)
 *  @return 0, EINVAL, ENOMEM */
int wire_flow_alloc(struct wire_flow **fp, struct wire *w,
		    const struct wire_flow_conf *c, wire_flow_h *h, void *arg);

#endif
