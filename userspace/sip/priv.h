/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sip/priv.h  What a node is made of; inside this room alone
 */
#ifndef CAROM_SIP_PRIV_H
#define CAROM_SIP_PRIV_H

#include "sip/conn.h"
#include "sip/sip.h"
#include "sip/udp.h"

enum {
	SIP_T1_MS = 500, /**< RFC 3261 17.1.1.1                           */
	SIP_T2_MS = 4000,
	SIP_FOREVER_MS = 64 * SIP_T1_MS, /**< timers F and J              */
};

struct conns;
struct asks;
struct transes;

struct sip_method {
	const char *name;
	enum sip_mode mode;
	sip_request_h *h;
	void *arg;
};

struct sip_node {
	struct sip_listen listenv[SIP_NODE_LISTENERS];
	size_t listenc;
	struct sip_udp *udpv[SIP_NODE_LISTENERS];
	struct sip_trust trustv[SIP_NODE_TRUSTED];
	size_t trustc;
	struct prefix denyv[SIP_NODE_DENIED];
	size_t denyc;
	struct sip_method methodv[SIP_NODE_METHODS];
	size_t methodc;
	sip_closed_h *closedh;
	void *closed_arg;
	struct sip_watcher watcher;
	char *agent;
	unsigned idle;   /**< s                                           */
	uint64_t key[2]; /**< of tags                                     */
	struct conns *conns;
	struct asks *asks;
	struct transes *transes;
	struct msg *m; /**< that is being read                             */
	struct mbuf *echo, *out; /**< that answers are written in          */
};

/* node.c */

/** A message has come by the listener from peer */
void node_receive(struct sip_node *n, unsigned listener, const struct sa *peer,
		  const struct pl *text);

/** A connection has been closed */
void node_closed(struct sip_node *n, enum msg_transp transp,
		 const struct sa *peer);

/**
 * Send by a listener's socket, or a connection to dst
 *
 * @param make  Make the connection, where there is none
 *
 * @return 0, ENOTCONN, ENOBUFS, EPROTONOSUPPORT, errno
 */
int node_send(struct sip_node *n, unsigned listener, const struct sa *dst,
	      struct mbuf *mb, bool make);

/** Send an answer: by UDP at the end of the turn, with all others */
int node_answer(struct sip_node *n, unsigned listener, const struct sa *dst,
		struct mbuf *mb);

/* conns.c */

int conns_alloc(struct conns **cp, struct sip_node *n,
		const struct sip_node_conf *conf, char *why, size_t sz);
int conns_listen(struct conns *cs, unsigned listener);
int conns_renew(struct conns *cs, const struct cert_conf *cert, char *why,
		size_t sz);
int conns_send(struct conns *cs, unsigned listener, const struct sa *dst,
	       struct mbuf *mb, bool make);

/* trans.c: answers that are given again */

/** The answer to a request that may come again; NULL: its answer is not kept */
struct sip_trans;

int transes_alloc(struct transes **tp, struct sip_node *n);

/** Has this request come before? Then what is to be done with it is done.
 *  @param tp  Result: its own, referenced by nobody; NULL: there is no room */
bool trans_again(struct sip_trans **tp, struct transes *ts,
		 const struct sip_in *in);

/** This has been answered; a reference is taken */
void trans_answered(struct sip_trans *t, struct mbuf *mb, const struct sa *dst);

/* ask.c */

int asks_alloc(struct asks **ap, struct sip_node *n);

/** @return Whether somebody waited for this response */
bool asks_response(struct asks *as, const struct sip_in *in);

/** Nothing arrives there (ICMP), or the connection is gone */
void asks_lost(struct asks *as, const struct sa *dst, enum msg_transp transp,
	       int err);

#endif
