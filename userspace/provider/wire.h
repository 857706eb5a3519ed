/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/wire.h  Messages to and from providers: sockets and connections
 *
 * A wire has sockets of its own: probes have one, calls another, so that neither
 * can hold up the other or be taken for it. Datagrams leave from the socket of their
 * family; a connection is made where there is none to that peer, and kept until
 * it has been silent for a while.
 */
#ifndef CAROM_PROVIDER_WIRE_H
#define CAROM_PROVIDER_WIRE_H

#include <re.h>
#include "base/ports.h"
#include "base/timers.h"
#include "sip/cert.h"
#include "sip/msg.h"
#include "sip/watch.h"

enum { WIRE_LISTENERS = 16, WIRE_SENTBY = 64 };

struct wire;

struct wire_listen {
	enum msg_transp transp; /**< MSG_UDP, MSG_TCP, MSG_TLS              */
	struct sa addr; /**< unspecified, port 0: what the system takes    */
};

struct wire_conf {
	struct wire_listen listenv[WIRE_LISTENERS];
	size_t listenc;
	struct cert_conf cert;
	bool verify; /**< the certificates of those whom we connect to     */
	/** Ports that are not to be chosen for datagrams: media's */
	struct ports avoid;
	unsigned connections; /**< at a time, 1..                         */
	unsigned idle;        /**< s until a silent one is closed         */
	unsigned connect;     /**< ms until one that is made has failed     */
};

/** A message that came; valid until the handler returns */
struct wire_in {
	struct wire *wire;
	const struct msg *m;
	enum msg_transp transp;
	struct sa peer;
	unsigned
		listener; /**< index; of a connection that we made: WIRE_NONE */
};
#define WIRE_NONE (~0u)

typedef void(wire_msg_h)(const struct wire_in *in, void *arg);

/**
 * What was sent there did not arrive: an ICMP error, or a connection that could
 * not be made or ended
 *
 * @param why  In words: "connection refused", "certificate has expired"
 */
typedef void(wire_fail_h)(enum msg_transp transp, const struct sa *peer,
			  const char *why, void *arg);

/** May that peer connect, or send a datagram? */
typedef bool(wire_admit_h)(enum msg_transp transp, const struct sa *peer,
			   void *arg);

/**
 * @param wp      Pointer to the object (mem_deref when done: closes all)
 * @param conf    Copied
 * @param admith  NULL: anybody
 * @param why     Result: says what is wrong
 *
 * @return 0, EINVAL, ENOMEM, errno
 */
int wire_alloc(struct wire **wp, const struct wire_conf *conf, wire_msg_h *msgh,
	       wire_fail_h *failh, wire_admit_h *admith, void *arg, char *why,
	       size_t sz);

/** Timers for what goes over it */
struct timers *wire_timers(const struct wire *w);

/** 1 << transport that can be sent by, over IPv4 and IPv6 (struct locate_want) */
void wire_have(const struct wire *w, uint32_t have[2]);

/**
 * Our side of what is sent there, as Via and Contact want it: "HOST:PORT"
 *
 * Where there is a listener of that transport and family it is its address
 *
 * @return 0; EAFNOSUPPORT: nothing to send from; errno: no way there
 */
int wire_sentby(const struct wire *w, enum msg_transp transp,
		const struct sa *dst, char text[WIRE_SENTBY]);

/** Is the address and port one that we listen at? */
bool wire_self(const struct wire *w, const struct pl *host, uint16_t port);

/**
 * Send, by the connection to that peer where one is wanted
 *
 * @param host  Name that a certificate must have; NULL: any
 * @param mb    From its pos on
 *
 * @return 0: on its way, as far as we know. EAFNOSUPPORT; ENFILE: too many
 *         connections; errno
 */
int wire_send(struct wire *w, enum msg_transp transp, const struct sa *dst,
	      const char *host, struct mbuf *mb);

/** Show all that comes and is sent; h NULL: to nobody any more */
void wire_watch(struct wire *w, sip_watch_h *h, void *arg);

/** Read certificates again; verify as it says. On an error nothing changes */
int wire_reload(struct wire *w, const struct wire_conf *conf, char *why,
		size_t sz);

/* wiretls.c */

/** A TLS context that remembers why the last handshake failed */
struct wiretls;
int wiretls_alloc(struct wiretls **tp, const struct cert_conf *conf, char *why,
		  size_t sz);
struct tls *wiretls_tls(const struct wiretls *t);
/** Why, once; NULL: it did not fail by a certificate or an alert */
const char *wiretls_why(struct wiretls *t);

#endif
