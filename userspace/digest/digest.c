/* SPDX-License-Identifier: BSD-2-Clause */
/* H(a:b:...) by Nettle: OpenSSL's EVP takes longer to begin than MD5 of a line takes */
#include <errno.h>
#include <string.h>
#include <nettle/md5.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include "digest/digest.h"

static const struct {
	const char *name;
	size_t len;
} algv[DIGEST_ALGS] = {
	{"MD5", 32},
	{"SHA-256", 64},
	{"SHA-512-256", 64},
};

struct digest {
	union {
		struct md5_ctx md5;
		struct sha256_ctx sha256;
		struct sha512_ctx sha512;
	} u;
};

int digest_alloc(struct digest **dp)
{
	if (!dp)
		return EINVAL;
	*dp = mem_zalloc(sizeof(**dp), NULL);
	return *dp ? 0 : ENOMEM;
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

static void start(struct digest *d, enum digest_alg alg)
{
	if (alg == DIGEST_MD5)
		md5_init(&d->u.md5);
	else if (alg == DIGEST_SHA256)
		sha256_init(&d->u.sha256);
	else
		sha512_256_init(&d->u.sha512);
}

static void feed(struct digest *d, enum digest_alg alg, const char *p, size_t n)
{
	const uint8_t *data = (const uint8_t *)p;

	if (!n)
		return;
	if (alg == DIGEST_MD5)
		md5_update(&d->u.md5, n, data);
	else if (alg == DIGEST_SHA256)
		sha256_update(&d->u.sha256, n, data);
	else
		sha512_update(&d->u.sha512, n, data);
}

static void end(struct digest *d, enum digest_alg alg, uint8_t *raw)
{
	const size_t n = algv[alg].len / 2;

	if (alg == DIGEST_MD5)
		md5_digest(&d->u.md5, n, raw);
	else if (alg == DIGEST_SHA256)
		sha256_digest(&d->u.sha256, n, raw);
	else
		sha512_256_digest(&d->u.sha512, n, raw);
}

int digest_join(struct digest *d, char *hex, enum digest_alg alg,
		const struct pl *partv, size_t n)
{
	static const char digitv[] = "0123456789abcdef";
	uint8_t raw[DIGEST_HEX / 2];

	if (!d || !hex || alg >= DIGEST_ALGS || !partv || !n)
		return EINVAL;
	start(d, alg);
	for (size_t i = 0; i < n; i++) {
		if (i)
			feed(d, alg, ":", 1);
		feed(d, alg, partv[i].p, partv[i].l);
	}
	end(d, alg, raw);
	for (size_t i = 0; i < algv[alg].len / 2; i++) {
		hex[2 * i] = digitv[raw[i] >> 4];
		hex[2 * i + 1] = digitv[raw[i] & 15];
	}
	hex[algv[alg].len] = '\0';
	return 0;
}

bool digest_same(const struct pl *a, const struct pl *b)
{
	return a->l == b->l && (!a->l || memeql_sec(a->p, b->p, a->l));
}
