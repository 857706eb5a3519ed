/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include "secure/fingerprint.h"

static const struct {
	const char *name;
	size_t len;
	const EVP_MD *(*md)(void);
} hashv[FP_HASHES] = {
	[FP_SHA1] = {"sha-1", 20, EVP_sha1},
	[FP_SHA256] = {"sha-256", 32, EVP_sha256},
	[FP_SHA384] = {"sha-384", 48, EVP_sha384},
	[FP_SHA512] = {"sha-512", 64, EVP_sha512},
};

static int octets(struct fingerprint *fp, const struct pl *text)
{
	if (text->l != 3 * fp->n - 1)
		return EBADMSG;
	for (size_t i = 0; i < fp->n; i++) {
		const char *p = text->p + 3 * i;

		if (!isxdigit((unsigned char)p[0]) ||
		    !isxdigit((unsigned char)p[1]) ||
		    (i + 1 < fp->n && p[2] != ':'))
			return EBADMSG;
		fp->v[i] = (uint8_t)(ch_hex(p[0]) << 4 | ch_hex(p[1]));
	}
	return 0;
}

int fingerprint_decode(struct fingerprint *fp, const struct pl *value)
{
	struct pl name, text;

	if (!fp || !value || !value->p)
		return EBADMSG;
	memset(fp, 0, sizeof(*fp));
	if (re_regex(value->p, value->l, "[^ ]+[ ]+[^ ]+", &name, NULL, &text))
		return EBADMSG;
	if (name.p != value->p || text.p + text.l != value->p + value->l)
		return EBADMSG;
	for (unsigned i = 0; i < FP_HASHES; i++)
		if (!pl_strcasecmp(&name, hashv[i].name)) {
			fp->hash = i;
			fp->n = hashv[i].len;
			return octets(fp, &text);
		}
	return ENOTSUP;
}

int fingerprint_print(struct re_printf *pf, const struct fingerprint *fp)
{
	int err;

	if (!fp || (unsigned)fp->hash >= FP_HASHES)
		return EINVAL;
	err = re_hprintf(pf, "%s ", hashv[fp->hash].name);
	for (size_t i = 0; i < fp->n && !err; i++)
		err = re_hprintf(pf, "%s%02X", i ? ":" : "", fp->v[i]);
	return err;
}

int fingerprint_make(struct fingerprint *fp, enum fp_hash hash,
		     const uint8_t *der, size_t n)
{
	unsigned len = 0;

	memset(fp, 0, sizeof(*fp));
	fp->hash = hash;
	if (EVP_Digest(der, n, fp->v, &len, hashv[hash].md(), NULL) != 1)
		return EIO;
	fp->n = len;
	return 0;
}

bool fingerprint_match(const struct fingerprint *fpv, size_t fpc,
		       const uint8_t *der, size_t n)
{
	enum fp_hash best = FP_SHA1;
	struct fingerprint is;
	size_t i;

	for (i = 0; i < fpc; i++)
		if (fpv[i].hash > best)
			best = fpv[i].hash;
	if (fingerprint_make(&is, best, der, n))
		return false;
	for (i = 0; i < fpc; i++)
		if (fpv[i].hash == best && fpv[i].n == is.n &&
		    !CRYPTO_memcmp(fpv[i].v, is.v, is.n))
			return true;
	return false;
}

static const char *const setupv[] = {"", "active", "passive", "actpass",
				     "holdconn"};

enum setup_role setup_decode(const struct pl *value)
{
	for (unsigned i = SETUP_ACTIVE; value && i <= SETUP_HOLDCONN; i++)
		if (!pl_strcasecmp(value, setupv[i]))
			return i;
	return SETUP_NONE;
}

const char *setup_name(enum setup_role role)
{
	return (unsigned)role <= SETUP_HOLDCONN ? setupv[role] : "";
}

enum setup_role setup_answer(enum setup_role offered, bool want_active)
{
	switch (offered) {
	case SETUP_ACTIVE:
		return SETUP_PASSIVE;
	case SETUP_PASSIVE:
		return SETUP_ACTIVE;
	case SETUP_ACTPASS:
		return want_active ? SETUP_ACTIVE : SETUP_PASSIVE;
	case SETUP_HOLDCONN:
		return SETUP_HOLDCONN;
	default:
		return SETUP_NONE;
	}
}

int tls_id_make(char id[TLS_ID_LEN + 1])
{
	uint8_t b[TLS_ID_LEN / 2];

	if (RAND_bytes(b, sizeof(b)) != 1)
		return EIO;
	(void)re_snprintf(id, TLS_ID_LEN + 1, "%w", b, sizeof(b));
	return 0;
}

bool tls_id_ok(const struct pl *id)
{
	if (!id || id->l < 20 || id->l > 255)
		return false;
	for (size_t i = 0; i < id->l; i++)
		if (!isalnum((unsigned char)id->p[i]) &&
		    !memchr("+/-_", id->p[i], 4))
			return false;
	return true;
}
