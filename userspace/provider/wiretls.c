/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a handshake failed. libre says EPROTO; OpenSSL tells it as it goes: the
 * handlers run right before libre closes the connection */
#define USE_OPENSSL 1
#include <errno.h>
#include <string.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include "provider/wire.h"

struct wiretls {
	struct tls *tls;
	bool failed;
	char why[96];
};

static void destructor(void *arg)
{
	struct wiretls *t = arg;

	mem_deref(t->tls);
}

static struct wiretls *of(const SSL *ssl)
{
	return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

static int verify(int ok, X509_STORE_CTX *x)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(
		x, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct wiretls *t = ssl ? of(ssl) : NULL;

	if (!ok && t && !t->failed) {
		t->failed = true;
		(void)re_snprintf(t->why, sizeof(t->why), "certificate: %s",
				  X509_verify_cert_error_string(
					  X509_STORE_CTX_get_error(x)));
	}
	return ok;
}

/* Who serves many names shows the certificate of the one that is asked for (RFC 6066 3).
 * libre checks the name, but does not say it */
static void say_name(SSL *ssl)
{
	const char *host = X509_VERIFY_PARAM_get0_host(SSL_get0_param(ssl), 0);

	if (host)
		(void)SSL_set_tlsext_host_name(ssl, host);
}

static void info(const SSL *ssl, int where, int ret)
{
	struct wiretls *t = of(ssl);

	if (where & SSL_CB_HANDSHAKE_START && !SSL_is_server(ssl))
		say_name((SSL *)(uintptr_t)ssl);
	if (!t || t->failed || !(where & SSL_CB_ALERT) ||
	    !(where & SSL_CB_READ))
		return;
	/* that it closes is no failure */
	if ((ret & 0xff) == SSL3_AD_CLOSE_NOTIFY)
		return;
	t->failed = true;
	(void)re_snprintf(t->why, sizeof(t->why), "TLS alert: %s",
			  SSL_alert_desc_string_long(ret));
}

int wiretls_alloc(struct wiretls **tp, const struct cert_conf *conf, char *why,
		  size_t sz)
{
	struct wiretls *t;
	SSL_CTX *ctx;
	int err;

	if (!tp || !conf || !why)
		return EINVAL;
	t = mem_zalloc(sizeof(*t), destructor);
	if (!t)
		return ENOMEM;
	err = cert_load(&t->tls, conf, why, sz);
	if (err) {
		mem_deref(t);
		return err;
	}
	ctx = tls_openssl_context(t->tls);
	SSL_CTX_set_app_data(ctx, (void *)t);
	SSL_CTX_set_verify(ctx, SSL_CTX_get_verify_mode(ctx), verify);
	SSL_CTX_set_info_callback(ctx, info);
	*tp = t;
	return 0;
}

struct tls *wiretls_tls(const struct wiretls *t)
{
	return t ? t->tls : NULL;
}

const char *wiretls_why(struct wiretls *t)
{
	if (!t || !t->failed)
		return NULL;
	t->failed = false;
	return t->why;
}
