/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <openssl/hmac.h>
#include <openssl/x509.h>
#include "secure/dtls_priv.h"

/* ---- datagrams: one call for each, so that none run together ------------ */

static int bio_write(BIO *b, const char *p, int n)
{
	struct dtlsx *d = BIO_get_data(b);

	if (n > 0)
		d->sendh((const uint8_t *)p, (size_t)n, d->arg);
	return n;
}

static int bio_read(BIO *b, char *p, int size)
{
	struct dtlsx *d = BIO_get_data(b);
	size_t n = d->in_len;

	BIO_clear_retry_flags(b);
	if (!d->in) {
		BIO_set_retry_read(b);
		return -1;
	}
	if (n > (size_t)size)
		n = (size_t)size;
	memcpy(p, d->in, n);
	d->in = NULL;
	return (int)n;
}

static long bio_ctrl(BIO *b, int cmd, long num, void *ptr)
{
	struct dtlsx *d = BIO_get_data(b);

	(void)num;
	(void)ptr;
	switch (cmd) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_DGRAM_QUERY_MTU:
	case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
		return (long)d->mtu;
	default:
		return 0;
	}
}

static int bio_create(BIO *b)
{
	BIO_set_init(b, 1);
	return 1;
}

BIO_METHOD *dtlsx_bio_make(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "datagrams");

	if (m && BIO_meth_set_write(m, bio_write) == 1 &&
	    BIO_meth_set_read(m, bio_read) == 1 &&
	    BIO_meth_set_ctrl(m, bio_ctrl) == 1 &&
	    BIO_meth_set_create(m, bio_create) == 1)
		return m;
	BIO_meth_free(m);
	return NULL;
}

/* ---- who it is ----------------------------------------------------------- */

/* In place of a chain: the certificate is the one that SDP named */
static int known(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(
		store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct dtlsx *d = SSL_get_app_data(ssl);
	uint8_t *der = NULL;
	int n = i2d_X509(X509_STORE_CTX_get0_cert(store), &der);
	(void)arg;

	d->stranger = n < 0 ||
		      !fingerprint_match(d->fpv, d->fpc, der, (size_t)n);
	OPENSSL_free(der);
	if (d->stranger)
		X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return !d->stranger;
}

/* A cookie is good for one association and one address */
static int cookie_make(SSL *ssl, unsigned char *cookie, unsigned *len)
{
	struct dtlsx *d = SSL_get_app_data(ssl);
	uint8_t from[18] = {0};

	if (sa_af(&d->src) == AF_INET6)
		memcpy(from, &d->src.u.in6.sin6_addr, 16);
	else
		memcpy(from, &d->src.u.in.sin_addr, 4);
	from[16] = (uint8_t)(sa_port(&d->src) >> 8);
	from[17] = (uint8_t)sa_port(&d->src);
	return HMAC(EVP_sha256(), d->secret, sizeof(d->secret), from,
		    sizeof(from), cookie, len) != NULL;
}

static int cookie_check(SSL *ssl, const unsigned char *cookie, unsigned len)
{
	uint8_t want[EVP_MAX_MD_SIZE];
	unsigned n;

	return cookie_make(ssl, want, &n) && n == len &&
	       !CRYPTO_memcmp(want, cookie, n);
}

int dtlsx_ctx_make(struct dtlsx_cert *c)
{
	c->ctx = SSL_CTX_new(DTLS_method());
	if (!c->ctx)
		return ENOMEM;
	SSL_CTX_set_options(c->ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET |
					    SSL_OP_NO_RENEGOTIATION |
					    SSL_OP_COOKIE_EXCHANGE |
					    SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(c->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_cookie_generate_cb(c->ctx, cookie_make);
	SSL_CTX_set_cookie_verify_cb(c->ctx, cookie_check);
	SSL_CTX_set_verify(c->ctx,
			   SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			   NULL);
	SSL_CTX_set_cert_verify_callback(c->ctx, known, NULL);
	SSL_CTX_set_read_ahead(c->ctx, 1);
	/* SSL_CTX_set_tlsext_use_srtp() says 0 when all is well */
	if (SSL_CTX_set_min_proto_version(c->ctx, DTLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(c->ctx,
				    "ECDHE+AESGCM:ECDHE+CHACHA20:"
				    "ECDHE+AES+SHA256:ECDHE+AES") != 1 ||
	    SSL_CTX_use_certificate(c->ctx, c->x509) != 1 ||
	    SSL_CTX_use_PrivateKey(c->ctx, c->key) != 1 ||
	    SSL_CTX_set_tlsext_use_srtp(
		    c->ctx, "SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM:"
			    "SRTP_AES128_CM_SHA1_80:SRTP_AES128_CM_SHA1_32"))
		return EIO;
	return 0;
}
