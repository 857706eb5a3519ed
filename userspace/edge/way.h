/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/way.h  A request on its way through forward(): what its steps share
 *
 * forward.c looks at it and its Routes, choose.c at the rules, depart.c lets it go. Each
 * step says FORWARD_SEND where it has nothing against it; else that is the verdict.
 */
#ifndef CAROM_EDGE_WAY_H
#define CAROM_EDGE_WAY_H

#include "edge/auth.h"
#include "edge/edit.h"
#include "edge/forward.h"

/* A request on its way */
struct way {
	const struct policy *p;
	const struct forward_in *in;
	struct msg *m;
	struct forward_out *out;
	struct edit e;
	struct auth_out auth; /* what digest said                      */
	bool trusted;         /* its source                                */
	bool chosen;          /* by the rules                              */
	bool called;   /* by the rules, a registered user: out->contact */
	uint32_t asks; /* SIP_RULE_* of that rule                   */
	bool flow;     /* a token said where to                     */
	bool streamed; /* it ends what began by TCP                 */
	uint32_t set;  /* that they chose; SIP_NONE                 */
};

/** It goes no further, for that reason. Static text */
enum forward_verdict way_drop(struct forward_out *out, const char *why);

/** It is answered (but for an ACK). @param extra  Headers with their line ends, or NULL */
enum forward_verdict way_reply_extra(struct way *w, uint16_t code,
				     const char *reason, const char *extra);

/** The same, without any */
enum forward_verdict way_reply(struct way *w, uint16_t code,
			       const char *reason);

/** Nobody asks who it is from, or the credentials are good (RFC 3261 22.3) */
enum forward_verdict way_authenticate(struct way *w);

/** By the rules, for the number of a domain (policy_domain): w->out->dst is set, or
 *  out->contact */
enum forward_verdict way_choose(struct way *w, uint32_t domain);

/** May it go where it is to go? A name is looked up first: FORWARD_LOOKUP, if that takes
 *  time */
enum forward_verdict way_permit(struct way *w);

/** What is sent, and by which listener: w->out is complete then */
enum forward_verdict way_leave(struct way *w);

#endif
