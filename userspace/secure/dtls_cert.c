/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include "secure/dtls_priv.h"

enum { DAY = 24 * 3600, DAYS = 365 };

static void destructor(void *arg)
{
	struct dtlsx_cert *c = arg;

	SSL_CTX_free(c->ctx);
	X509_free(c->x509);
	EVP_PKEY_free(c->key);
	BIO_meth_free(c->bio);
}

/* The name says nothing: who it is, is said by the fingerprint (RFC 8827, 6.5) */
static bool name_and_sign(X509 *x, EVP_PKEY *key)
{
	static const unsigned char cn[] = "carom";
	X509_NAME *name = X509_get_subject_name(x);
	uint64_t serial;

	return RAND_bytes((uint8_t *)&serial, sizeof(serial)) == 1 &&
	       X509_set_version(x, X509_VERSION_3) == 1 &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1) ==
		       1 &&
	       X509_gmtime_adj(X509_getm_notBefore(x), -DAY) &&
	       X509_gmtime_adj(X509_getm_notAfter(x), (long)DAYS * DAY) &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, cn, -1, -1,
					  0) == 1 &&
	       X509_set_issuer_name(x, name) == 1 &&
	       X509_set_pubkey(x, key) == 1 && X509_sign(x, key, EVP_sha256());
}

int dtlsx_cert_of(struct dtlsx_cert **cp, EVP_PKEY *key, X509 *x509)
{
	struct dtlsx_cert *c = mem_zalloc(sizeof(*c), destructor);
	int err = EIO;

	if (!c) {
		EVP_PKEY_free(key);
		X509_free(x509);
		return ENOMEM;
	}
	c->key = key;
	c->x509 = x509;
	c->bio = dtlsx_bio_make();
	if (c->key && c->x509 && c->bio)
		err = dtlsx_ctx_make(c);
	if (err)
		mem_deref(c);
	else
		*cp = c;
	return err;
}

int dtlsx_cert_make(struct dtlsx_cert **cp)
{
	EVP_PKEY *key;
	X509 *x509;

	if (!cp)
		return EINVAL;
	key = EVP_EC_gen("P-256");
	x509 = X509_new();
	if (!key || !x509 || !name_and_sign(x509, key)) {
		EVP_PKEY_free(key);
		X509_free(x509);
		return EIO;
	}
	return dtlsx_cert_of(cp, key, x509);
}

int dtlsx_cert_fingerprint(const struct dtlsx_cert *c, enum fp_hash hash,
			   struct fingerprint *fp)
{
	uint8_t *der = NULL;
	int n, err;

	if (!c || !fp || (unsigned)hash >= FP_HASHES)
		return EINVAL;
	n = i2d_X509(c->x509, &der);
	if (n < 0)
		return EINVAL;
	err = fingerprint_make(fp, hash, der, (size_t)n);
	OPENSSL_free(der);
	return err;
}
