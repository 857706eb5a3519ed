/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/contact.h  A registered user's contact, and the way there
 */
#ifndef CAROM_EDGE_CONTACT_H
#define CAROM_EDGE_CONTACT_H

#include "edge/forward.h"

/** A binding, as the registrar has it (RFC 3261 10.3) */
struct contact_binding {
	struct pl uri;  /**< of Contact                                     */
	struct pl path; /**< Path of its REGISTER, the topmost one first, with
			   commas between (RFC 3327); l 0: none              */
	struct sa received; /**< where its REGISTER came from; unset: where the
			       URI says                                     */
	uint64_t expires;   /**< s since 1970                            */
};

/** The way to a contact. Not changed once it is there */
struct contact {
	uint32_t id;      /**< of URI, Path and source; never 0            */
	char *uri;        /**< what becomes the Request-URI                */
	char *routes;     /**< Route header with its line's end; NULL: none  */
	uint64_t expires; /**< s since 1970                              */
	struct sa dst;    /**< unset: host is to be looked up              */
	struct pl host;   /**< in `via`                                    */
	uint16_t port;    /**< 0: none is given                            */
	enum msg_transp transp;
	bool any, secure;  /**< as in struct forward_out                    */
	bool sips;         /**< scheme of its URI                           */
	bool flow;         /**< dst is the other end of a flow of ours      */
	bool relay;        /**< to the edge that has the flow               */
	unsigned listener; /**< of the flow                                 */
	char *via;         /**< the URI that host is of                     */
};

/**
 * Read a binding
 *
 * A token of ours in the topmost Path is looked into here, and taken out; another
 * edge's leads to that. A source that is not where the URI says is behind a NAT, and
 * a flow too
 *
 * @param cp  mem_deref when done
 *
 * @return 0; EBADMSG: URI or Path can't be read; ENOTCONN: the token is not ours, or
 *         of a listener that is no more; EACCES: it leads where nothing may be sent;
 *         ENOMEM
 */
int contact_alloc(struct contact **cp, const struct policy *p,
		  const struct contact_binding *b);

/** Does it go by UDP to an address that is known? */
bool contact_by_udp(const struct contact *c);

/** For the kernel: id, address, URI and token, as far as it can go there by itself;
 *  else with uri_len 0. `expires` is left alone */
void contact_user(struct sip_user *u, const struct contact *c,
		  const struct policy *p);

/** The other way round; NULL: it is the agent's, or there is no memory */
struct contact *contact_of_user(const struct sip_user *u);

/** Next hop by it: out->contact is referenced */
void contact_out(struct forward_out *out, struct contact *c);

#endif
