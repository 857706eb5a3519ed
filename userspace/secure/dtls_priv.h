/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file secure/dtls_priv.h  Within DTLS: the certificate, and what OpenSSL calls back
 */
#ifndef CAROM_SECURE_DTLS_PRIV_H
#define CAROM_SECURE_DTLS_PRIV_H

#include <openssl/ssl.h>
#include "secure/dtls.h"

struct dtlsx_cert {
	SSL_CTX *ctx;
	X509 *x509;
	EVP_PKEY *key;
	BIO_METHOD *bio;
};

struct dtlsx {
	struct dtlsx_cert *cert;
	SSL *ssl;
	bool active;
	size_t mtu;
	struct fingerprint fpv[DTLSX_FPS];
	size_t fpc;
	dtlsx_send_h *sendh;
	void *arg;
	enum dtlsx_state state;
	char reason[96];
	struct sa src;  /**< of the datagram at hand                        */
	struct sa peer; /**< whose cookie came back                         */
	bool has_peer;
	bool stranger; /**< the certificate is none that SDP named         */
	uint8_t secret[32]; /**< cookies are made of it                     */
	const uint8_t *in;  /**< the datagram at hand, until OpenSSL has it */
	size_t in_len;
};

/** Of a key and its certificate, which it owns from now on. @return 0, ENOMEM, EIO */
int dtlsx_cert_of(struct dtlsx_cert **cp, EVP_PKEY *key, X509 *x509);

/** Options, ciphers and call-backs that all associations have */
int dtlsx_ctx_make(struct dtlsx_cert *c);

BIO_METHOD *dtlsx_bio_make(void);

#endif
