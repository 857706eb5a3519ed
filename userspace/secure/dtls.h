/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file secure/dtls.h  DTLS-SRTP (RFC 5763, 5764, 6347): keys by a handshake
 *
 * An association knows no sockets: datagrams go in by dtlsx_recv(), come out by a
 * handler, and the caller asks when to call dtlsx_tick(). It belongs to the
 * signalling loop; the contexts that come of it may go to a worker. libre owns the
 * names "dtls_*".
 */
#ifndef CAROM_SECURE_DTLS_H
#define CAROM_SECURE_DTLS_H

#include <re.h>
#include "secure/fingerprint.h"
#include "secure/srtp.h"

enum {
	DTLSX_MTU_MIN = 256, /**< octets of a datagram                      */
	DTLSX_MTU = 1200,    /**< what passes wherever media passes         */
	DTLSX_FPS = 8,       /**< fingerprints of a peer                    */
};

enum dtlsx_state {
	DTLSX_HANDSHAKE = 0,
	DTLSX_UP,     /**< peer is who SDP says it is, keys are there       */
	DTLSX_CLOSED, /**< the peer said that it is over                     */
	DTLSX_FAILED, /**< dtlsx_reason() says why                          */
};

/** Certificate and key that we show: one for the process */
struct dtlsx_cert;

/**
 * ECDSA P-256, self-signed, good for a year. To renew it make another one: who
 * has the old one keeps it.
 *
 * @param cp  mem_deref() it
 *
 * @return 0, ENOMEM or EIO (OpenSSL)
 */
int dtlsx_cert_make(struct dtlsx_cert **cp);

/**
 * The same, kept in a file (PEM, key and certificate, for its owner alone), so that the
 * next process shows it again: offers that are not answered yet stay true
 *
 * @param made  Set where there was none, or one that ends within 30 days
 *
 * @return 0; EBADMSG: what is there is no EC key with its certificate, and is left
 *         alone; else why it cannot be read or written
 */
int dtlsx_cert_open(struct dtlsx_cert **cp, const char *path, bool *made);

/** What goes into a=fingerprint. @return 0, EINVAL */
int dtlsx_cert_fingerprint(const struct dtlsx_cert *c, enum fp_hash hash,
			   struct fingerprint *fp);

/** @param p  A datagram for the peer; valid until the handler returns */
typedef void(dtlsx_send_h)(const uint8_t *p, size_t n, void *arg);

struct dtlsx_conf {
	struct dtlsx_cert *cert;
	bool active; /**< we send the ClientHello                      */
	size_t mtu;  /**< octets; 0: DTLSX_MTU                         */
	const struct fingerprint *fpv; /**< the peer's, from SDP            */
	size_t fpc; /**< 1..DTLSX_FPS                                 */
	dtlsx_send_h *sendh;
	void *arg;
};

struct dtlsx;

/** @param dp  mem_deref() it: says nothing to the peer. @return 0, EINVAL, ENOMEM */
int dtlsx_alloc(struct dtlsx **dp, const struct dtlsx_conf *conf);

/** Active: send the ClientHello. Passive: nothing is to be done */
void dtlsx_start(struct dtlsx *d);

/**
 * A datagram that starts with 20..63 (RFC 7983). Give only what came from where the
 * peer may be: signalled, latched or checked by ICE.
 *
 * @param src  Who sent it. A passive side answers a ClientHello with a cookie for
 *             that address; once it came back the handshake is with that one alone.
 *
 * @return 0; EPERM: not from the peer of this handshake, passed over; EALREADY: the
 *         association is over; EINVAL
 */
int dtlsx_recv(struct dtlsx *d, const struct sa *src, const uint8_t *p,
	       size_t n);

/** ms until dtlsx_tick() is due, -1: it is not */
int dtlsx_timeout(const struct dtlsx *d);

/** Retransmit if it is time. Gives up by itself after OpenSSL's twelve times */
void dtlsx_tick(struct dtlsx *d);

enum dtlsx_state dtlsx_state(const struct dtlsx *d);

/** Why it failed or was closed, "" if it wasn't */
const char *dtlsx_reason(const struct dtlsx *d);

/**
 * Keys of both directions (RFC 5764, 4.2): what we send under, what the peer does
 *
 * @return 0; ENOTCONN unless DTLSX_UP
 */
int dtlsx_keys(const struct dtlsx *d, struct srtpx_key *tx,
	       struct srtpx_key *rx);

/** The same as contexts. @return 0, ENOTCONN, ENOMEM */
int dtlsx_contexts(const struct dtlsx *d, struct srtpx **tx, struct srtpx **rx);

#endif
