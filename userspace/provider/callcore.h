/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/callcore.h  Inside a call: what its files share
 */
#ifndef CAROM_PROVIDER_CALLCORE_H
#define CAROM_PROVIDER_CALLCORE_H

#include "provider/call.h"
#include "provider/challenge.h"
#include "provider/core.h"
#include "provider/loop.h"
#include "provider/relay.h"
#include "provider/strans.h"
#include "provider/where.h"

enum { CALL_TRIES = 2 /* answers to a provider's challenges, of a request */ };

/** Where it may go: a provider by a route */
struct candidate {
	struct route *route; /**< referenced                               */
	struct number called, caller;
	bool from; /**< the caller's number is another one than came      */
};

struct call {
	struct le le; /**< of the proxy's                                 */
	struct outbound *o;
	struct strans *strans; /**< NULL: of an ACK                        */
	char *text;            /**< the request as it came                 */
	size_t len;            /**< of it                                  */
	struct msg *m;  /**< read from it while it is worked on; call_msg() */
	struct sa peer; /**< who sent it                            */
	enum msg_transp transp; /**< by which                              */
	unsigned pop;
	bool within; /**< a dialog; `dialog` says of it          */
	bool inbound;
	bool cancelled;
	struct outbound_dialog dialog;
	struct candidate candidatev[ROUTE_CHOICES];
	size_t candidatec, at; /**< the one that is tried                    */
	struct where *where;
	struct locate_found to; /**< where this try goes                    */
	struct trans *trans;
	uint32_t cseq;  /**< added to CSeq                                */
	unsigned tries; /**< answers to challenges, at this candidate     */
	uint16_t best; /**< code of the response to give when all have failed */
	struct mbuf *best_mb;
	bool heard;       /**< somebody rings: nobody else is tried           */
	bool refused;     /**< one did not take our log-in                    */
	bool accepted;    /**< a 2xx has been passed on                      */
	struct timer tmr; /**< until the last 2xx may have come again         */
};

/** call.c: the request, read. Valid until call_rest(); it takes ten times the room of
 *  its text, and most calls only wait */
const struct msg *call_msg(struct call *c);
void call_rest(struct call *c);
/** call.c: the provider that is tried; NULL: none is, or it is gone */
struct provider *call_provider(struct call *c);
/** Send the request to where it has been found to go. @return 0 or errno */
int call_send(struct call *c);
/** Over */
void call_end(struct call *c);
/** This candidate has failed: the next, or the end */
void call_next(struct call *c, const char *why);
/** Look for the address of where it goes now */
void call_try(struct call *c);
/** Answer it ourselves, and end */
void call_refuse(struct call *c, uint16_t code, const char *phrase);

/* callsend.c: compose the request. @return 0, EBADMSG, ENOMEM */
int call_compose(struct call *c, struct mbuf *uri, struct mbuf *rest);
/** The next hop's host, port, transport. @return 0 or EBADMSG */
int call_hop(struct call *c, struct where_ask *a);
/** Whom the provider's response says that the dialog goes on with may be shown our
 *  log-in from now on */
void call_learn(struct call *c, const struct msg *m);
/** May who it goes to be shown our log-in? */
bool call_may_log_in(struct call *c);
/** Name that a certificate must have; NULL: any */
const char *call_host(struct call *c);

/* callback.c: a response, or none (trans_h) */
void call_response(int err, const char *why, const struct wire_in *in,
		   void *arg);

#endif
