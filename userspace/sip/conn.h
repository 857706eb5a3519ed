/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sip/conn.h  One connection: TCP, TLS, WS or WSS
 *
 * Bytes in, messages out, and back. Which connections there are, how long and how
 * many, is its owner's to say (stream.h).
 */
#ifndef CAROM_SIP_CONN_H
#define CAROM_SIP_CONN_H

#include <re.h>
#include "sip/msg.h"
#include "sip/source.h"
#include "sip/watch.h"

/** What it waits for: each has its own time */
enum conn_wait {
	CONN_WAIT_CONNECT = 0, /**< the other side to answer                */
	CONN_WAIT_OPEN,        /**< handshakes of TLS and WebSocket         */
	CONN_WAIT_FIRST,       /**< the first message                       */
	CONN_WAIT_REST,        /**< the rest of a message                   */
	CONN_WAIT_IDLE,        /**< anything                                */
	CONN_WAITS
};

/** Why it ended */
enum conn_end {
	CONN_END_CLOSED = 0, /**< by the peer, or by our own wish          */
	CONN_END_FAILED,     /**< the other side could not be reached      */
	CONN_END_HANDSHAKE,  /**< of TLS or WebSocket failed, or took long */
	CONN_END_MALFORMED,
	CONN_END_CUT,  /**< over its limits, or denied                     */
	CONN_END_SLOW, /**< does not take what it is sent                  */
	CONN_END_LATE, /**< the rest of a message did not come             */
	CONN_END_IDLE,
	CONN_ENDS
};

enum conn_state { CONN_OPENING = 0, CONN_UPGRADE, CONN_OPEN, CONN_CLOSED };

struct conn;

/** What the owner is asked and told; arg of the connection */
struct conn_handlers {
	/** Messages can be sent from now on */
	void (*open)(struct conn *c, void *arg);
	/** May it pass? Else it is dropped */
	bool (*admit)(struct conn *c, const struct pl *text, void *arg);
	/** A message, or the headers of one that has no end. The connection may
	 *  be closed in it */
	void (*message)(struct conn *c, const struct pl *text, void *arg);
	/** An empty line. Does it answer a conn_ping()? Else it may be half a ping.
	 *  NULL: nobody pings */
	bool (*pong)(struct conn *c, void *arg);
	void (*wait)(struct conn *c, enum conn_wait wait, void *arg);
	/** It is over: to be dereferenced */
	void (*close)(struct conn *c, enum conn_end why, void *arg);
};

struct conn {
	/* the owner's */
	struct le wait_le; /**< among those that wait for the same           */
	struct le hash_le; /**< by peer                                     */
	struct list queue; /**< messages until it is open                   */
	size_t queued;     /**< their bytes                                 */
	struct source *source;
	unsigned listener;
	const struct sip_watcher
		*watcher;     /**< messages are shown to it; or NULL */
	uint64_t since, due;  /**< ms                                      */
	uint64_t messages[2]; /**< in, out                                 */
	/* read by the owner */
	enum msg_transp transp;
	struct sa peer;
	bool active; /**< we have connected                              */
	enum conn_state state;
	enum conn_wait wait;
	int err; /**< errno that it ended with; 0: none                  */
	/* its own */
	const struct conn_handlers *h;
	void *arg;
	struct tcp_conn *tcp;
	struct tls_conn *tls;
	struct mbuf *rx;   /**< begun                                       */
	size_t looked;     /**< frame.h                                     */
	struct mbuf *part; /**< of a message in several WebSocket frames    */
	enum websock_opcode opcode; /**< that the peer uses                 */
	unsigned crlf, dropped;
};

enum {
	CONN_TX = 262144, /**< bytes that a slow reader may leave waiting     */
	CONN_DROPS = 1000, /**< messages over a limit, until it is enough    */
};

/**
 * Take a connection that somebody makes
 *
 * @param cp    Pointer to the object (mem_deref when done: closes)
 * @param sock  With the connection pending
 * @param tls   NULL: without
 *
 * @return 0 or errno
 */
int conn_accept(struct conn **cp, struct tcp_sock *sock, struct tls *tls,
		enum msg_transp transp, const struct sa *peer,
		const struct conn_handlers *h, void *arg);

/**
 * Make one, by TCP or TLS
 *
 * @param laddr  To connect from; its port is not used
 * @param host   Name that the certificate must have; NULL: any
 */
int conn_connect(struct conn **cp, struct tls *tls, enum msg_transp transp,
		 const struct sa *peer, const struct sa *laddr,
		 const char *host, const struct conn_handlers *h, void *arg);

/**
 * Send a message on an open connection
 *
 * @return 0; else it has been closed, with h->close
 */
int conn_send(struct conn *c, struct mbuf *mb);

/** Send the empty lines that want one for an answer (RFC 5626 4.4.1), by TCP or TLS.
 *  @return As conn_send() */
int conn_ping(struct conn *c);

/** Close; once. h->close is called */
void conn_close(struct conn *c, enum conn_end why);

#endif
