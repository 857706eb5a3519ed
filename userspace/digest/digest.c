/* SPDX-License-Identifier: BSD-2-Clause */
/* H(a:b:...) by OpenSSL, whose algorithms are looked up once */
#include <errno.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include "digest/digest.h"

static const struct {
	const char *name;
	const char *openssl;
	size_t len;
} algv[DIGEST_ALGS] = {
	{"MD5", "MD5", 32},
	{"SHA-256", "SHA2-256", 64},
	{"SHA-512-256", "SHA2-512/256", 64},
};

struct digest {
	EVP_MD_CTX *ctx;
	EVP_MD *mdv[DIGEST_ALGS];
};

static void destructor(void *arg)
{
	struct digest *d = arg;

	for (unsigned i = 0; i < DIGEST_ALGS; i++)
		EVP_MD_free(d->mdv[i]);
	EVP_MD_CTX_free(d->ctx);
}

int digest_alloc(struct digest **dp)
{
	struct digest *d;
	int err = 0;

	if (!dp)
		return EINVAL;
	d = mem_zalloc(sizeof(*d), destructor);
	if (!d)
		return ENOMEM;
	d->ctx = EVP_MD_CTX_new();
	if (!d->ctx)
		err = ENOMEM;
	for (unsigned i = 0; i < DIGEST_ALGS && !err; i++) {
		d->mdv[i] = EVP_MD_fetch(NULL, algv[i].openssl, NULL);
		if (!d->mdv[i])
			err = ENOTSUP;
	}
	if (err)
		mem_deref(d);
	else
		*dp = d;
	return err;
}

const char *digest_name(enum digest_alg alg)
{
	return alg < DIGEST_ALGS ? algv[alg].name : "?";
}

enum digest_alg digest_find(const struct pl *name)
{
	unsigned i = 0;

	while (i < DIGEST_ALGS && pl_strcasecmp(name, algv[i].name))
		i++;
	return (enum digest_alg)i;
}

size_t digest_len(enum digest_alg alg)
{
	return alg < DIGEST_ALGS ? algv[alg].len : 0;
}

static bool feed(struct digest *d, const struct pl *partv, size_t n)
{
	bool ok = true;

	for (size_t i = 0; i < n && ok; i++) {
		ok = (!i || EVP_DigestUpdate(d->ctx, ":", 1)) &&
		     (!partv[i].l ||
		      EVP_DigestUpdate(d->ctx, partv[i].p, partv[i].l));
	}
	return ok;
}

int digest_join(struct digest *d, char *hex, enum digest_alg alg,
		const struct pl *partv, size_t n)
{
	static const char digitv[] = "0123456789abcdef";
	uint8_t raw[EVP_MAX_MD_SIZE];

	if (!d || !hex || alg >= DIGEST_ALGS || !partv || !n)
		return EINVAL;
	if (!EVP_DigestInit_ex2(d->ctx, d->mdv[alg], NULL) ||
	    !feed(d, partv, n) || !EVP_DigestFinal_ex(d->ctx, raw, NULL))
		return EIO;
	for (size_t i = 0; i < algv[alg].len / 2; i++) {
		hex[2 * i] = digitv[raw[i] >> 4];
		hex[2 * i + 1] = digitv[raw[i] & 15];
	}
	hex[algv[alg].len] = '\0';
	return 0;
}

bool digest_same(const struct pl *a, const struct pl *b)
{
	return a->l == b->l && !CRYPTO_memcmp(a->p, b->p, a->l);
}
