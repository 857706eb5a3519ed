/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/trans.h  Client transactions over a wire (RFC 3261 17.1, RFC 6026)
 *
 * A request is sent, again where it may have been lost, and its responses handed
 * over. What an INVITE takes beyond that is done here: the ACK of a failure, and the
 * CANCEL.
 */
#ifndef CAROM_PROVIDER_TRANS_H
#define CAROM_PROVIDER_TRANS_H

#include <re.h>
#include "provider/wire.h"

enum {
	TRANS_T1 = 500,
	TRANS_T2 = 4000,
	TRANS_T4 = 5000,
	TRANS_LIFE = 64 * TRANS_T1, /**< ms: timers B, F, D, M            */
	TRANS_BRANCH = 64,
	TRANS_FORKS = 8, /**< of an INVITE that are told apart             */
};

/** The transactions of a wire */
struct transs;
struct trans;

/**
 * A response, each provisional and each 2xx of an INVITE; or why there is none
 *
 * After a final response (of an INVITE: a failure) or an error it is not called any
 * more, but for further 2xx
 *
 * @param err  0; ETIMEDOUT: none in time; EHOSTUNREACH: it did not get there
 * @param why  In words; of an error
 * @param in   NULL on an error
 */
typedef void(trans_h)(int err, const char *why, const struct wire_in *in,
		      void *arg);

struct trans_req {
	const char *method;
	enum msg_transp transp;
	struct sa dst;
	const char *host;  /**< for a certificate; may be NULL              */
	struct pl uri;     /**< Request-URI                                  */
	struct pl rest;    /**< all behind our Via: headers, empty line, body */
	const char *owner; /**< whose log-in a BYE may need; NULL: nobody's */
	const char *mark;  /**< to be found in our Via's branch; NULL: none  */
	uint32_t timeout;  /**< ms to the first response but 100; 0: as the RFC
			     has it, TRANS_LIFE                            */
};

int transs_alloc(struct transs **tp, struct wire *w);

/**
 * Send a request
 *
 * Never calls h before it returns; what can't be sent is told by it.
 *
 * @param tp  Pointer to the object (trans_release when done, also where it is over)
 *
 * @return 0, EINVAL, ENOMEM, or wire_sentby()'s
 */
int trans_send(struct trans **tp, struct transs *ts, const struct trans_req *r,
	       trans_h *h, void *arg);

/** Nobody is interested any more: h is not called again. Late responses of an INVITE
 *  still have their ACK. @return NULL */
void *trans_release(struct trans *t);

/** Cancel an INVITE, now or as soon as it has been heard (9.1). Its end is told as
 *  any other response */
void trans_cancel(struct trans *t);

/**
 * Nobody waits for it any more: as trans_release(), and where somebody answers after
 * all he is told so. An INVITE that rings is cancelled, one that is accepted is ended
 * (ACK and BYE): the call is under way elsewhere by then. @return NULL
 */
void *trans_abandon(struct trans *t);

/** Start the clock of the timeout anew: of an INVITE that rings, timer C */
void trans_wait(struct trans *t, uint32_t ms);

/** A response has come. @return whether it belongs to one of them */
bool transs_response(struct transs *ts, const struct wire_in *in);

/** wire_fail_h: what was sent there did not arrive */
void transs_failed(struct transs *ts, enum msg_transp transp,
		   const struct sa *peer, const char *why);

/* transbye.c */

/**
 * A BYE is asked for a log-in (401, 407)
 *
 * @param mb     Result: the answer, a line
 * @param owner  Of the INVITE
 * @param uri    Of the BYE
 *
 * @return 0; else there is none, and the call stays as it is
 */
typedef int(trans_auth_h)(struct mbuf *mb, const char *owner,
			  const struct wire_in *in, const struct pl *uri,
			  void *arg);

/** The BYEs of calls that nobody wanted, and who knows their log-ins */
struct trans_byes {
	struct list l;
	trans_auth_h *h; /**< NULL: nobody                                */
	void *arg;
};

struct trans_byes *transs_byes(struct transs *ts);

/** Whose 2xx have had their BYE: by their tags */
struct trans_ended {
	uint32_t v[TRANS_FORKS];
	unsigned n;
};

/**
 * A 2xx that nobody wants has its ACK, each time that it comes; and whoever sent it
 * a BYE, once, which is a transaction of its own (RFC 3261 13.2.2.4, 15), and logs in
 * where it is asked to. They go to where the INVITE went, or to the address of the first
 * Route or the Contact
 *
 * @param host    For a certificate; may be NULL
 * @param owner   Of the INVITE; may be NULL
 * @param invite  Its credentials are the ACK's, too
 */
void trans_bye(struct transs *ts, struct trans_ended *ended,
	       const struct wire_in *in, const char *host, const char *owner,
	       const struct mbuf *invite);

/** Send a request that no response is waited for: an ACK */
int trans_forget(struct wire *w, const struct trans_req *r);

struct wire *transs_wire(const struct transs *ts);

/** Under way, and finished ones that linger */
size_t transs_count(const struct transs *ts);

#endif
