/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/wireconn.h  Inside the wire: its ports, and its connections
 */
#ifndef CAROM_PROVIDER_WIRECONN_H
#define CAROM_PROVIDER_WIRECONN_H

#include "provider/wire.h"
#include "sip/conn.h"
#include "sip/udp.h"

/** Where we listen */
struct port {
	struct wire *wire;
	enum msg_transp transp;
	struct sa addr;
	bool any; /**< bound to no address: it depends on where to        */
	struct sip_udp *udp;
	struct tcp_sock *tcp;
};

struct wire {
	struct port v[WIRE_LISTENERS];
	size_t n;
	struct list links; /**< connections                               */
	size_t linkc;
	struct list flows; /**< kept alive                                  */
	unsigned connections, idle, connect;
	struct timers *timers;
	struct wiretls *tls;
	bool verify;
	wire_msg_h *msgh;
	wire_fail_h *failh;
	wire_admit_h *admith;
	void *arg;
	struct sip_watcher watcher; /**< messages are shown to it         */
};

/** wire.c: a message has come */
void wire_message(struct wire *w, enum msg_transp transp, const struct sa *peer,
		  unsigned listener, const struct pl *text);
/** wire.c: a port to connect from; NULL: none of the family */
const struct port *wire_near(const struct wire *w, enum msg_transp transp,
			     int af);

/** wireconn.c */
int link_accept(struct wire *w, struct port *p, const struct sa *peer);
int link_send(struct wire *w, enum msg_transp transp, const struct sa *dst,
	      const char *host, struct mbuf *mb);
/** Empty lines that want an answer. @return 0, ENOTCONN, errno */
int link_ping(struct wire *w, enum msg_transp transp, const struct sa *dst,
	      const char *host);

/** wireflow.c: an answer to a ping. @return Whether it belongs to a flow */
bool flow_pong(const struct wire *w, enum msg_transp transp,
	       const struct sa *peer);
/** wireflow.c: a connection is gone, or a datagram did not arrive */
void flow_lost(const struct wire *w, enum msg_transp transp,
	       const struct sa *peer, const char *why);
/** wireflow.c: a datagram. @return Whether it is none of SIP */
bool flow_datagram(const struct wire *w, const struct sa *src,
		   const struct pl *text);

#endif
