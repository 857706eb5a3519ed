/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/flow.h  Flows: clients that only their own connection leads to
 *
 * RFC 5626, an edge's part. A request that comes by a connection and begins a
 * dialog gets a Record-Route for either side. The one that the far side sees holds
 * the token of the connection; so does the Path of a REGISTER. All that a message
 * of such a connection leaves behind names this edge's own address, for no other
 * edge has the connection. Who asks another edge for it is sent on by the token.
 */
#ifndef CAROM_EDGE_FLOW_H
#define CAROM_EDGE_FLOW_H

#include "edge/edit.h"

enum flow_what {
	FLOW_NONE = 0, /**< no token, or that of where the request comes from */
	FLOW_HERE,     /**< to the flow                                    */
	FLOW_AWAY,     /**< to the edge that has it, Routes as they are    */
	FLOW_LOST,     /**< of a listener that is no more                  */
	FLOW_FORGED,   /**< it looks like a token                          */
};

/** What the topmost Routes lead to */
struct flow_routes {
	size_t pops; /**< own Routes to be taken out                     */
	enum flow_what what;
	struct key_flow flow;
};

/**
 * Look at the topmost Routes: one or two are our own (double Record-Route).
 *
 * The token of the first one counts. That of the second one leads back to the
 * side that the request comes from, whatever connection that has by now; it is
 * ours to take out even where it names another edge
 */
void flow_routes(struct flow_routes *r, const struct policy *p,
		 const struct forward_in *in, const struct msg *m);

/** Where a token leads: FLOW_HERE, FLOW_AWAY or FLOW_LOST. Datagrams any edge may
 *  send, a connection only its holder */
enum flow_what flow_where(const struct policy *p, const struct key_flow *f);

/** Did it come by a connection, from somebody who can't be called back? */
bool flow_of_client(const struct policy *p, const struct forward_in *in,
		    bool trusted);

/** Did it come by UDP, from another place than its Via says? What its Contact says
 *  is then as little use to the far side */
bool flow_natted(const struct policy *p, const struct forward_in *in,
		 const struct msg *m, bool trusted);

/**
 * The listener that a request leaves by, where no flow says so
 *
 * @param relay  To another edge: from the address that is ours alone
 */
unsigned flow_listener(const struct policy *p, const struct forward_in *in,
		       const struct forward_out *out, bool relay);

/** Fill e's listeners and tokens: e->path, e->record_route, e->trusted, e->natted
 *  and out->listener are known */
void flow_leave(struct edit *e, const struct policy *p,
		const struct forward_in *in, const struct forward_out *out);

#endif
