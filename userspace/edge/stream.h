/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/stream.h  SIP over connections: TCP, TLS, WS, WSS
 *
 * Listeners, the connections that are there, by transport, peer and listener, and
 * those that have to be made. Everything is bounded: how many there are, overall
 * and of a source, how long they may take, what waits in them.
 */
#ifndef CAROM_EDGE_STREAM_H
#define CAROM_EDGE_STREAM_H

#include <re.h>
#include "sip/cert.h"
#include "edge/count.h"
#include "edge/forward.h"
#include "sip/watch.h"

struct streams;

/** A message; text is valid during the call (as sip_udp_h) */
typedef void(stream_msg_h)(const struct sa *src, const struct pl *text,
			   unsigned listener, void *arg);

/** A connection to peer could not be made: do this instead; instead->mb is not the
 *  callee's to keep */
typedef void(stream_fail_h)(const struct sa *peer,
			    const struct forward_out *instead, void *arg);

struct stream_conf {
	const struct sip_limit *limitv; /**< in force, by class          */
	unsigned connections;           /**< in all                      */
	unsigned per_source;
	unsigned idle; /**< s                                            */
};

/**
 * @param sp      Pointer to the object (mem_deref when done: closes all)
 * @param conf    Copied; limitv is kept by the caller
 * @param cert    What to read now
 * @param policy  Referenced
 * @param count   Kept by the caller
 * @param why     Result: says what is wrong
 *
 * @return 0 or errno
 */
int streams_alloc(struct streams **sp, const struct stream_conf *conf,
		  const struct cert_conf *cert, struct policy *policy,
		  struct count *count, stream_msg_h *msgh, stream_fail_h *failh,
		  void *arg, char *why, size_t sz);

/** Listen. @return 0 or errno */
int streams_listen(struct streams *s, unsigned listener);

/** Show what comes and goes by connections that are made from now on; w is kept by the
 *  caller */
void streams_watch(struct streams *s, const struct sip_watcher *w);

/** Networks have changed: connections with those that are denied now are closed
 *  soon */
void streams_review(struct streams *s);

/** Read certificate, key and CA again, for new connections. On an error nothing
 *  changes, and why says what is wrong */
int streams_reload(struct streams *s, const struct cert_conf *cert, char *why,
		   size_t sz);

/**
 * What is to be done where the connection that a message waits for can't be made.
 * Called only when it has to wait
 *
 * @param instead  Result: message (a reference is taken over), where to
 */
typedef int(stream_else_h)(struct forward_out *instead, void *arg);

/**
 * Send out->mb by out->transp to out->dst; where out->flow is not set, a connection
 * is made if there is none
 *
 * @param elseh  May be NULL: then nothing is done
 *
 * @return 0: sent, or it waits. ENOTCONN: the flow is gone. ENFILE, ENOBUFS: too
 *         much at a time. EPROTONOSUPPORT: we can't connect by that. Other: the
 *         connection failed at once
 */
int streams_send(struct streams *s, const struct forward_out *out,
		 stream_else_h *elseh, void *arg);

/** Is the client's connection there, by which it came to the listener? */
bool streams_has(struct streams *s, enum msg_transp transp,
		 const struct sa *peer, unsigned listener);

/** Has TCP to there not been refused lately? */
bool streams_worth(struct streams *s, const struct sa *dst);

/** A connection, for those who look */
struct stream_info {
	enum msg_transp transp;
	struct sa peer;
	unsigned listener;
	bool active, open;
	uint64_t age, quiet; /**< ms                                  */
	uint64_t in, out;    /**< messages                            */
	size_t waiting;      /**< bytes that the peer has not taken   */
};

typedef int(stream_list_h)(const struct stream_info *i, void *arg);

/** Call h for each connection until it returns other than 0. @return that */
int streams_list(const struct streams *s, stream_list_h *h, void *arg);

#endif
