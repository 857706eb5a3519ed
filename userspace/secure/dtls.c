/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include "secure/dtls_priv.h"

enum { FIRST_US = 100000, MOST_US = 10000000 };

static void destructor(void *arg)
{
	struct dtlsx *d = arg;

	SSL_free(d->ssl);
	mem_deref(d->cert);
	OPENSSL_cleanse(d, sizeof(*d));
}

/* A second, as RFC 6347 4.2.4.1 has it, is long for somebody who listens; and a peer may
 * be told of us a moment after our first flight */
static unsigned wait_us(SSL *ssl, unsigned before)
{
	(void)ssl;
	if (!before)
		return FIRST_US;
	return before > MOST_US / 2 ? MOST_US : before * 2;
}

static int open_ssl(struct dtlsx *d)
{
	SSL *ssl = SSL_new(d->cert->ctx);
	BIO *bio = ssl ? BIO_new(d->cert->bio) : NULL;

	if (!bio) {
		SSL_free(ssl);
		return ENOMEM;
	}
	BIO_set_data(bio, d);
	SSL_set_bio(ssl, bio, bio);
	SSL_set_app_data(ssl, d);
	(void)SSL_set_mtu(ssl, (long)d->mtu);
	DTLS_set_timer_cb(ssl, wait_us);
	if (d->active)
		SSL_set_connect_state(ssl);
	else
		SSL_set_accept_state(ssl);
	d->ssl = ssl;
	return 0;
}

int dtlsx_alloc(struct dtlsx **dp, const struct dtlsx_conf *conf)
{
	struct dtlsx *d;
	int err;

	if (!dp || !conf || !conf->cert || !conf->sendh || !conf->fpv ||
	    !conf->fpc || conf->fpc > DTLSX_FPS ||
	    (conf->mtu && conf->mtu < DTLSX_MTU_MIN))
		return EINVAL;
	d = mem_zalloc(sizeof(*d), destructor);
	if (!d)
		return ENOMEM;
	d->cert = mem_ref(conf->cert);
	d->active = conf->active;
	d->mtu = conf->mtu ? conf->mtu : DTLSX_MTU;
	memcpy(d->fpv, conf->fpv, conf->fpc * sizeof(*d->fpv));
	d->fpc = conf->fpc;
	d->sendh = conf->sendh;
	d->arg = conf->arg;
	err = RAND_bytes(d->secret, sizeof(d->secret)) == 1 ? 0 : ENOMEM;
	if (!err)
		err = open_ssl(d);
	if (err)
		mem_deref(d);
	else
		*dp = d;
	return err;
}

static void over(struct dtlsx *d, enum dtlsx_state state, const char *why)
{
	d->state = state;
	(void)re_snprintf(d->reason, sizeof(d->reason), "%s", why);
}

static void failed(struct dtlsx *d)
{
	const unsigned long e = ERR_peek_error();
	const char *why = ERR_reason_error_string(e);

	ERR_clear_error();
	if (d->stranger)
		why = "fingerprint does not match";
	over(d, DTLSX_FAILED, why ? why : "handshake failed");
}

static void established(struct dtlsx *d)
{
	if (SSL_get_selected_srtp_profile(d->ssl))
		d->state = DTLSX_UP;
	else
		over(d, DTLSX_FAILED, "no SRTP profile in common");
}

/* Until a cookie comes back nothing is kept of a ClientHello: a stranger's can't get
 * in the way of the one that we wait for, whatever its order */
static bool listening(struct dtlsx *d)
{
	BIO_ADDR *unused = BIO_ADDR_new();

	d->has_peer = unused && DTLSv1_listen(d->ssl, unused) == 1;
	if (d->has_peer)
		d->peer = d->src;
	BIO_ADDR_free(unused);
	ERR_clear_error();
	return !d->has_peer;
}

/* All that the datagram at hand makes possible */
static void run(struct dtlsx *d)
{
	uint8_t data[256];
	int n;

	ERR_clear_error();
	if (!d->active && !d->has_peer && listening(d))
		return;
	if (d->state == DTLSX_HANDSHAKE) {
		n = SSL_do_handshake(d->ssl);
		if (n != 1) {
			if (SSL_get_error(d->ssl, n) != SSL_ERROR_WANT_READ)
				failed(d);
			return;
		}
		established(d);
	}
	/* no data is expected; reading is how retransmissions and alerts are seen */
	while (d->state == DTLSX_UP) {
		n = SSL_read(d->ssl, data, sizeof(data));
		if (n > 0)
			continue;
		n = SSL_get_error(d->ssl, n);
		if (n == SSL_ERROR_ZERO_RETURN)
			over(d, DTLSX_CLOSED, "closed by the peer");
		else if (n != SSL_ERROR_WANT_READ)
			failed(d);
		return;
	}
}

void dtlsx_start(struct dtlsx *d)
{
	if (d && d->active && d->state == DTLSX_HANDSHAKE)
		run(d);
}

int dtlsx_recv(struct dtlsx *d, const struct sa *src, const uint8_t *p,
	       size_t n)
{
	if (!d || !src || !p || !n)
		return EINVAL;
	if (d->state > DTLSX_UP)
		return EALREADY;
	if (p[0] < 20 || p[0] > 63 ||
	    (d->has_peer && !sa_cmp(src, &d->peer, SA_ALL)))
		return EPERM;
	d->src = *src;
	d->in = p;
	d->in_len = n;
	run(d);
	d->in = NULL;
	return 0;
}

int dtlsx_timeout(const struct dtlsx *d)
{
	struct timeval tv;

	if (!d || d->state > DTLSX_UP || DTLSv1_get_timeout(d->ssl, &tv) != 1)
		return -1;
	return (int)(tv.tv_sec * 1000 + (tv.tv_usec + 999) / 1000);
}

void dtlsx_tick(struct dtlsx *d)
{
	if (!d || d->state > DTLSX_UP)
		return;
	ERR_clear_error();
	if (DTLSv1_handle_timeout(d->ssl) < 0)
		failed(d);
}

enum dtlsx_state dtlsx_state(const struct dtlsx *d)
{
	return d ? d->state : DTLSX_FAILED;
}

const char *dtlsx_reason(const struct dtlsx *d)
{
	return d ? d->reason : "";
}

static enum srtpx_suite suite_of(const SSL *ssl)
{
	const SRTP_PROTECTION_PROFILE *p = SSL_get_selected_srtp_profile(
		(SSL *)ssl);

	switch (p ? p->id : 0) {
	case SRTP_AES128_CM_SHA1_80:
		return SRTPX_AES_CM_128_HMAC_SHA1_80;
	case SRTP_AES128_CM_SHA1_32:
		return SRTPX_AES_CM_128_HMAC_SHA1_32;
	case SRTP_AEAD_AES_128_GCM:
		return SRTPX_AEAD_AES_128_GCM;
	case SRTP_AEAD_AES_256_GCM:
		return SRTPX_AEAD_AES_256_GCM;
	default:
		return SRTPX_NONE;
	}
}

int dtlsx_keys(const struct dtlsx *d, struct srtpx_key *tx,
	       struct srtpx_key *rx)
{
	static const char label[] = "EXTRACTOR-dtls_srtp";
	struct srtpx_key *client, *server;
	uint8_t all[2 * SRTPX_KEY_MAX];
	enum srtpx_suite suite;
	size_t key, salt;

	if (!d || !tx || !rx || d->state != DTLSX_UP)
		return ENOTCONN;
	suite = suite_of(d->ssl);
	key = srtpx_key_len(suite);
	salt = srtpx_salt_len(suite);
	if (!key ||
	    SSL_export_keying_material(d->ssl, all, 2 * (key + salt), label,
				       sizeof(label) - 1, NULL, 0, 0) != 1)
		return ENOTCONN;
	memset(tx, 0, sizeof(*tx));
	memset(rx, 0, sizeof(*rx));
	tx->suite = rx->suite = suite;
	client = d->active ? tx : rx;
	server = d->active ? rx : tx;
	memcpy(client->key, all, key);
	memcpy(server->key, all + key, key);
	memcpy(client->key + key, all + 2 * key, salt);
	memcpy(server->key + key, all + 2 * key + salt, salt);
	OPENSSL_cleanse(all, sizeof(all));
	return 0;
}

int dtlsx_contexts(const struct dtlsx *d, struct srtpx **tx, struct srtpx **rx)
{
	struct srtpx_key out, in;
	int err = dtlsx_keys(d, &out, &in);

	if (err)
		return err;
	err = srtpx_alloc(tx, &out);
	if (!err) {
		err = srtpx_alloc(rx, &in);
		if (err)
			*tx = mem_deref(*tx);
	}
	OPENSSL_cleanse(&out, sizeof(out));
	OPENSSL_cleanse(&in, sizeof(in));
	return err;
}
