/* SPDX-License-Identifier: BSD-2-Clause */
/* libre wants certificate and key in one file, and knows no versions: hence
 * OpenSSL */
#define USE_OPENSSL 1
#include <errno.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include "sip/cert.h"

static int fail(char *why, size_t sz, const char *path)
{
	const unsigned long e = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(e);

	/* of a file that can't be read, the system's error comes first */
	if (ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_SYS)
		reason = strerror(ERR_GET_REASON(ERR_peek_error()));
	(void)re_snprintf(why, sz, "%s: %s", path,
			  reason ? reason : "can't be used");
	ERR_clear_error();
	return EINVAL;
}

static int load(SSL_CTX *ctx, const struct cert_conf *conf, char *why,
		size_t sz)
{
	if (!conf->certificate)
		return 0;
	if (SSL_CTX_use_certificate_chain_file(ctx, conf->certificate) != 1)
		return fail(why, sz, conf->certificate);
	if (SSL_CTX_use_PrivateKey_file(ctx, conf->key, SSL_FILETYPE_PEM) != 1)
		return fail(why, sz, conf->key);
	if (SSL_CTX_check_private_key(ctx) != 1)
		return fail(why, sz, conf->key);
	return 0;
}

int cert_load(struct tls **tp, const struct cert_conf *conf, char *why,
	      size_t sz)
{
	struct tls *tls = NULL;
	SSL_CTX *ctx;
	int err;

	if (!tp || !conf || !why)
		return EINVAL;
	ERR_clear_error();
	err = tls_alloc(&tls, TLS_METHOD_SSLV23, NULL, NULL);
	if (err)
		return err;
	ctx = tls_openssl_context(tls);
	(void)SSL_CTX_set_min_proto_version(
		ctx, conf->min_version == 13 ? TLS1_3_VERSION : TLS1_2_VERSION);
	/* a client that renegotiates has us compute, and does not */
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE);
	err = load(ctx, conf, why, sz);
	if (!err && conf->ca && tls_add_ca(tls, conf->ca))
		err = fail(why, sz, conf->ca);
	if (err)
		mem_deref(tls);
	else
		*tp = tls;
	return err;
}
