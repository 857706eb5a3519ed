/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sip/conntable.h  The connections of an edge or a node: who listens, which there
 *                        are, and for how long each may wait
 *
 * Connections that wait for the same hang in one list, in the order of their times: the
 * first of each is the next to be late, and a timer for each is not needed. What comes by
 * them, and who may come, is their owner's to say.
 */
#ifndef CAROM_SIP_CONNTABLE_H
#define CAROM_SIP_CONNTABLE_H

#include "sip/cert.h"
#include "sip/conn.h"

struct conntable {
	struct list listeners;
	struct hash *hash; /**< connections by peer                        */
	unsigned n;        /**< how many there are                         */
	struct list waitv[CONN_WAITS]; /**< those that wait for the same     */
	unsigned msv[CONN_WAITS];      /**< how long each of them may be     */
	struct sources *sources;
	struct tls *tls;
	bool verify; /**< certificates of servers                           */
	struct tmr tick;
	unsigned ticks;
};

/**
 * @param t           Zeros; in the owner, and to be closed in its destructor
 * @param limitv      Of a source's messages, by class (sources_alloc)
 * @param per_source  Connections of one address, 1..
 * @param idle        s until a silent one is closed
 * @param cert        As of conntable_renew(), which is called
 * @param why         Result: says what is wrong
 *
 * @return 0, ENOMEM, errno of a certificate
 */
int conntable_open(struct conntable *t,
		   const struct sip_limit limitv[SIP_CLASS_MAX],
		   unsigned per_source, unsigned idle,
		   const struct cert_conf *cert, char *why, size_t sz);

/** Close all, and nobody listens any more; also where conntable_open() failed */
void conntable_close(struct conntable *t);

/** Read certificate, key and CA, for new connections. On an error nothing changes, and
 *  why says what is wrong */
int conntable_renew(struct conntable *t, const struct cert_conf *cert,
		    char *why, size_t sz);

/** Somebody connects: conntable_accept(), or tcp_reject() */
typedef void(conntable_h)(struct tcp_sock *sock, const struct sa *peer,
			  unsigned listener, void *arg);

/** Listen. @param listener  The owner's number of it. @return 0 or errno */
int conntable_listen(struct conntable *t, const struct sa *addr,
		     unsigned listener, conntable_h *h, void *arg);

/**
 * Take a connection: by TLS where the transport has it. conntable_add() comes next
 *
 * @param cp    Pointer to the connection
 * @param free  Its source has no limits (source_join)
 *
 * @return 0; EAGAIN: its source has enough, or there are too many sources; errno. On an
 *         error nobody has answered it yet
 */
int conntable_accept(struct conn **cp, struct conntable *t,
		     struct tcp_sock *sock, enum msg_transp transp,
		     const struct sa *peer, bool free,
		     const struct conn_handlers *h, void *arg);

/** A connection has been taken, or made
 *  @param watcher  Messages are shown to it; kept by the caller */
void conntable_add(struct conntable *t, struct conn *c, unsigned listener,
		   const struct sip_watcher *watcher);

/** It waits for that from now on (conn_handlers.wait) */
void conntable_wait(struct conntable *t, struct conn *c, enum conn_wait wait);

/** It is closed (conn_handlers.close): the owner's reference goes */
void conntable_remove(struct conntable *t, struct conn *c);

/** Close it at the next look, whatever comes by it meanwhile: to close one at once may
 *  close another */
void conntable_cut(struct conntable *t, struct conn *c);

#endif
