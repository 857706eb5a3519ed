/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file secure/fingerprint.h  What SDP says of a DTLS association: a=fingerprint (RFC
 * 8122), a=setup (RFC 4145, 5763), a=tls-id (RFC 8842)
 */
#ifndef CAROM_SECURE_FINGERPRINT_H
#define CAROM_SECURE_FINGERPRINT_H

#include <re.h>

enum {
	FP_MAX = 64,    /**< octets of the longest hash  */
	TLS_ID_LEN = 32 /**< characters of one that we make */
};

/** The weakest first */
enum fp_hash { FP_SHA1, FP_SHA256, FP_SHA384, FP_SHA512, FP_HASHES };

struct fingerprint {
	enum fp_hash hash;
	uint8_t v[FP_MAX];
	size_t n; /**< octets that the hash has */
};

/**
 * @param value  "sha-256 12:AB:..."
 *
 * @return 0; EBADMSG not of that form; ENOTSUP a hash that we don't take (MD5 too)
 */
int fingerprint_decode(struct fingerprint *fp, const struct pl *value);

/** re_printf() handler ("%H") */
int fingerprint_print(struct re_printf *pf, const struct fingerprint *fp);

/**
 * Is this certificate one that SDP named? Of several hashes the strongest counts
 * alone, one of its values has to be right (RFC 8122, 5).
 *
 * @param der  The certificate as it came
 */
bool fingerprint_match(const struct fingerprint *fpv, size_t fpc,
		       const uint8_t *der, size_t n);

/** @return 0, EIO (OpenSSL) */
int fingerprint_make(struct fingerprint *fp, enum fp_hash hash,
		     const uint8_t *der, size_t n);

enum setup_role {
	SETUP_NONE = 0, /**< not there, or no word of these */
	SETUP_ACTIVE,
	SETUP_PASSIVE,
	SETUP_ACTPASS,
	SETUP_HOLDCONN,
};

enum setup_role setup_decode(const struct pl *value);
const char *setup_name(enum setup_role role);

/** What answers an offered role (RFC 5763, 5); SETUP_NONE: nothing does */
enum setup_role setup_answer(enum setup_role offered, bool want_active);

/** New a=tls-id: 120 bits by chance and more. @return 0, EIO */
int tls_id_make(char id[TLS_ID_LEN + 1]);

/** 20..255 of the characters that RFC 8842, 4 has */
bool tls_id_ok(const struct pl *id);

#endif
