/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/relay.h  A message as it goes on: what a proxy changes of it (RFC 3261 16.6, 16.7)
 */
#ifndef CAROM_PROVIDER_RELAY_H
#define CAROM_PROVIDER_RELAY_H

#include <re.h>
#include "sip/msg.h"

/** What changes of a request. Unset members change nothing */
struct relay {
	unsigned pop;      /**< Routes taken off, from the first           */
	const char *lines; /**< headers put in front: Record-Route, credentials,
			       a provider's own                            */
	const char *from;  /**< URI of From                                */
	uint32_t cseq;     /**< added to CSeq's number, and RAck's        */
	const struct sa *src; /**< who sent it                              */
};

/** The request's Vias, the first with what RFC 3581 has us fill in */
int relay_vias(struct mbuf *mb, const struct msg *m, const struct sa *src);

/**
 * What stands behind our own Via: headers, empty line, body
 *
 * Max-Forwards is one less, and 70 where there is none.
 *
 * @return 0, EBADMSG (a header that has to be changed can't be read), ENOMEM
 */
int relay_request(struct mbuf *mb, const struct msg *m, const struct relay *r);

/**
 * A response without our Via, as the other side may see it
 *
 * @param req   The request as it came: its From and CSeq are the response's
 * @param cseq  What relay.cseq was
 */
int relay_response(struct mbuf *mb, const struct msg *m, const struct msg *req);

/** Hops that are left; 70 where it does not say. Negative: that is no number */
int relay_hops(const struct msg *m);

#endif
