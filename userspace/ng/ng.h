/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/ng.h  rtpengine's ng control protocol, for Kamailio and OpenSIPS
 *
 * A message is a cookie, a space and a dictionary, bencoded or JSON; so is
 * the reply, in the same coding. One datagram holds one message; a TCP stream
 * holds them one after the other, with or without white space between.
 */
#ifndef CAROM_NG_H
#define CAROM_NG_H

#include <re.h>

struct ng;
struct media;

enum {
	NG_MSG_MAX = 65536,   /**< bytes of a request, cookie and all      */
	NG_DGRAM_MAX = 65507, /**< bytes that a UDP datagram can carry     */
	NG_COOKIE_MAX = 256,
};

/** Limits. A field that is 0 takes the default */
struct ng_conf {
	uint32_t conns;      /**< TCP connections at once; 64             */
	uint32_t idle;       /**< s without a request until one ends; 300 */
	uint32_t cookies;    /**< replies kept for retransmissions; 4096  */
	uint32_t cookie_ttl; /**< ms that they are kept; 30000            */
	uint32_t warns;      /**< warnings that peers cause, logged in ... */
	uint32_t warn_ms;    /**< ... so many ms; 10 in 10000             */
};

/**
 * @param ngp   Pointer to the object (mem_deref when done: listeners close)
 * @param m     Calls that the requests are about; a reference is taken
 * @param conf  Limits, or NULL
 */
int ng_alloc(struct ng **ngp, struct media *m, const struct ng_conf *conf);

/**
 * Listen on an address; may be called several times
 *
 * @return 0; EADDRINUSE, EADDRNOTAVAIL, ... of bind(2)
 */
int ng_listen(struct ng *ng, const struct sa *addr, bool udp, bool tcp);

/** Local addresses of the n-th listener (port 0 was asked for). ENOENT */
int ng_local(const struct ng *ng, unsigned n, struct sa *udp, struct sa *tcp);

/** TCP connections that are open */
uint32_t ng_conns(const struct ng *ng);

/**
 * Answer one request. Needs no socket; a request that is sent again gets the
 * reply that it got, and is not executed again.
 *
 * @param src    Who asks
 * @param msg    The whole message
 * @param max    Bytes that the reply may have, else an error takes its place
 * @param reply  The whole reply is appended
 *
 * @return 0 (errors of the request are in the reply), EBADMSG there is no
 *         cookie and so no reply, ENOMEM
 */
int ng_handle(struct ng *ng, const struct sa *src, const struct pl *msg,
	      size_t max, struct mbuf *reply);

#endif
