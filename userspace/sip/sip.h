/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sip/sip.h  A SIP node: who answers requests, and makes them
 *
 * A role that answers itself (registrar, presence, calls) has a node: addresses of
 * its own, by UDP, TCP, TLS, WS and WSS; requests handed out by their method;
 * answers with and without a transaction; requests of its own over UDP or a
 * connection (RFC 3261 8, 17.1.2, 17.2.2, 18; RFC 7118). It may stand behind
 * edges, or be asked by phones themselves.
 *
 * A message is read by sip/msg.h (zero-copy). libre's own stack is not used: it
 * closes a WebSocket after 32 s, cannot take another certificate, and takes one
 * header for another (msg.h).
 *
 * One thread, that of the event loop.
 */
#ifndef CAROM_SIP_SIP_H
#define CAROM_SIP_SIP_H

#include <re.h>
#include "base/prefix.h"
#include "sip/cert.h"
#include "sip/msg.h"
#include "sip/watch.h"

enum {
	SIP_NODE_LISTENERS = 16,
	SIP_NODE_TRUSTED = 64,
	SIP_NODE_DENIED = 256,
	SIP_NODE_METHODS = 16, /**< that have a handler                     */
	SIP_TAG_TEXT = 20,     /**< a tag of ours, and its zero              */
};

struct sip_node;

struct sip_listen {
	enum msg_transp transp;
	struct sa addr;
};

/** A network whose hosts are edges: their Via says where a request came from */
struct sip_trust {
	struct sa addr;
	unsigned bits;
};

/** By which way: an address, or for connections the one to that peer */
struct sip_flow {
	bool set;
	enum msg_transp transp;
	struct sa peer;
};

struct sip_node_conf {
	const struct sip_listen *listenv; /**< at least one                */
	size_t listenc;
	const struct sip_trust *trustv;
	size_t trustc;
	const struct prefix *denyv; /**< where no request is sent (deny.c) */
	size_t denyc;
	struct cert_conf cert; /**< for TLS and WSS                         */
	const char *agent;     /**< Server and User-Agent; NULL: none       */
	unsigned connections;  /**< at a time, 1..                          */
	unsigned per_source;   /**< of them from one address, 1..           */
	unsigned idle;         /**< s until a silent one is closed, 1..     */
};

/** A message that came; valid until the handler returns */
struct sip_in {
	struct sip_node *node;
	const struct msg *m;
	unsigned listener;
	enum msg_transp transp;
	struct sa peer; /**< who sent it to us                           */
	/** Where it came from: the peer, or what a trusted edge wrote into the
	 *  Via below its own (RFC 3581) */
	struct sa src;
	enum msg_transp src_transp;
	bool direct; /**< src is the peer: no edge between                */
	/** To-tag of our answers where the request has none: of a retransmission the
	 *  same */
	char tag[SIP_TAG_TEXT];
	struct sip_trans *trans; /**< the node's own */
};

/**
 * @param np    Pointer to the object (mem_deref when done: closes all)
 * @param conf  Copied
 * @param why   Result: says what is wrong
 *
 * @return 0, EINVAL, ENOMEM, or errno: of a listener, or of a certificate
 */
int sip_node_alloc(struct sip_node **np, const struct sip_node_conf *conf,
		   char *why, size_t sz);

/** Take trustv, denyv and certificates of another configuration. On an error nothing
 *  changes, and why says what is wrong. @return 0, EINVAL, ENOMEM, errno of a
 *  certificate */
int sip_node_renew(struct sip_node *n, const struct sip_node_conf *conf,
		   char *why, size_t sz);

/** Is the host one of trustv? */
bool sip_node_trusts(const struct sip_node *n, const struct sa *host);

/** Is it an address that nothing is sent to: within denyv, and not within trustv,
 *  which counts for addresses at any port alone? sip_ask() gives EACCES then */
bool sip_node_denies(const struct sip_node *n, const struct sa *dst);

/** Does a URI lead there, by its host or maddr? A name does not, before it has been
 *  looked up */
bool sip_node_denies_uri(const struct sip_node *n, const struct pl *uri);

/** Seconds, until a connection is closed that nothing comes by */
unsigned sip_node_idle(const struct sip_node *n);

/** The first listener of the transport and family; NULL: there is none */
const struct sip_listen *sip_node_listener(const struct sip_node *n,
					   enum msg_transp transp, int af);

/** What the node says it is, in Server; NULL: nothing */
const char *sip_node_agent(const struct sip_node *n);

struct siphash;

/** What To-tags of the node's answers to a method have in common, hashed. What follows
 *  is hashed as text: Call-ID, number of CSeq, From-tag, branch (carom/sipkey.h) */
void sip_node_tag_seed(struct siphash *h, const struct sip_node *n,
		       const struct pl *method);

/** Show all that comes and is sent, keep-alives by UDP too; h NULL: to nobody any more */
void sip_node_watch(struct sip_node *n, sip_watch_h *h, void *arg);

/** A connection is closed, whoever closed it */
typedef void(sip_closed_h)(const struct sip_flow *flow, void *arg);

/** Be told of connections that phones have made, and that end. @param h  NULL: not
 *  any more; one for a node */
void sip_node_closed(struct sip_node *n, sip_closed_h *h, void *arg);

/* ---- requests that come (node.c) ----------------------------------------------- */

enum sip_mode {
	/** The handler sees retransmissions, and answers them as before */
	SIP_STATELESS = 0,
	/** A retransmission gets the answer that was given (17.2.2), for 32 s */
	SIP_STATEFUL,
};

/** A request, to be answered by sip_answer() now, or by sip_later(); in is valid until
 *  this returns */
typedef void(sip_request_h)(const struct sip_in *in, void *arg);

/**
 * Requests of the method go to the handler. What has none is answered: OPTIONS
 * by 200, CANCEL by 481, others by 405; ACK is dropped. INVITE is not for here yet:
 * its transactions are others
 *
 * @param method  Static text
 * @param h       NULL: nobody's any more
 *
 * @return 0, ENOSPC, EEXIST
 */
int sip_node_handle(struct sip_node *n, const char *method, enum sip_mode mode,
		    sip_request_h *h, void *arg);

/* ---- answers (answer.c) -------------------------------------------------------- */

/**
 * Answer. By UDP it goes at the end of this turn of the loop, with all others
 *
 * @param code    100..699
 * @param reason  Phrase
 * @param fmt     Further headers, each with its CRLF; NULL: none
 *
 * @return 0, EINVAL, ENOMEM, ENOTCONN (its connection is gone), errno
 */
int sip_answer(const struct sip_in *in, uint16_t code, const char *reason,
	       const char *fmt, ...);

/** An answer that is given when the handler has long returned */
struct sip_later;

/** @param lp  Pointer to the object (mem_deref when done, answered or not).
 *  @return 0, EINVAL, ENOMEM */
int sip_later(struct sip_later **lp, const struct sip_in *in);

/** As sip_answer(); once */
int sip_later_answer(struct sip_later *l, uint16_t code, const char *reason,
		     const char *fmt, ...);

/** The same, with lines that were written into a buffer */
int sip_later_lines(struct sip_later *l, uint16_t code, const char *reason,
		    const struct mbuf *lines);

/** A request that is looked at later: a copy of all of it */
struct sip_kept;

/** @param kp  Pointer to the object (mem_deref when done). @return 0, EINVAL, ENOMEM */
int sip_keep(struct sip_kept **kp, const struct sip_in *in);

/** Hand it to h as it came */
void sip_kept_again(const struct sip_kept *k, sip_request_h *h, void *arg);

/* ---- requests of ours (ask.c) -------------------------------------------------- */

struct sip_way {
	struct pl uri; /**< becomes the Request-URI                        */
	struct pl
		route; /**< value of Route: entries with commas; unset: none */
	struct sip_flow flow; /**< else by the first Route, else by the URI   */
	bool stream; /**< by TCP, where the URI names no transport (18.1.1)   */
};

struct sip_ask;

/**
 * The final answer, or why there is none: ETIMEDOUT, ENOTCONN (the flow is gone),
 * errno. Once
 *
 * @param resp  NULL on an error
 */
typedef void(sip_ask_h)(int err, const struct sip_in *resp, void *arg);

/**
 * Make a request, not INVITE
 *
 * @param ap      Pointer to the object (mem_deref when done: h is not called any
 *                more); NULL: it lives until it is over, h is called
 * @param method  Not INVITE, ACK, CANCEL
 * @param lines   From, To, Call-ID, CSeq and whatever more, each with its CRLF: not
 *                Via, Max-Forwards, Route, Content-Length, User-Agent
 * @param body    NULL: none
 *
 * @return 0; EINVAL; EDESTADDRREQ: the next hop is a name, and names are not looked
 *         up here; EAFNOSUPPORT: no listener of that transport and family;
 *         ENOTCONN; errno
 */
int sip_ask(struct sip_ask **ap, struct sip_node *n, const char *method,
	    const struct sip_way *to, const struct pl *lines,
	    const struct pl *body, sip_ask_h *h, void *arg);

/* ---- reading (header.c) -------------------------------------------------------- */

/**
 * Value of a header that msg.h has no type for
 *
 * @param compact  Its one-letter name, small; 0: none
 * @param at       Where to begin, 0 at first; moved behind it
 *
 * @return Whether there is one (more)
 */
bool sip_header(const struct msg *m, const char *name, char compact, size_t *at,
		struct pl *val);

/** Take in all that a request asks for: method, Request-URI, headers and body, but
 *  not what proxies write on its way (Via, Route, Record-Route, Max-Forwards, Path) */
void sip_hash_asked(struct siphash *h, const struct msg *m);

/** Is the option in a header's lists, e.g. "path" in Supported ('k')? */
bool sip_option(const struct msg *m, const char *name, char compact,
		const char *option);

/** What Require demands and is not in the list (space-separated): the first;
 *  for 420 and Unsupported. @return Whether there is one */
bool sip_requires_other(const struct msg *m, const char *known,
			struct pl *other);

/** Do two SIP URIs name the same (RFC 3261 19.1.4)? */
bool sip_uri_same(const struct pl *a, const struct pl *b);

#endif
