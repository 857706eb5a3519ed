/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file digest/digest.h  The hashes of Digest: MD5, SHA-256, SHA-512-256 (RFC 7616,
 * RFC 8760)
 *
 * All that Digest computes is H(a:b:...), in hexadecimal digits.
 */
#ifndef CAROM_DIGEST_DIGEST_H
#define CAROM_DIGEST_DIGEST_H

#include <re.h>

enum digest_alg {
	DIGEST_MD5 = 0,
	DIGEST_SHA256,
	DIGEST_SHA512_256,
	DIGEST_ALGS /**< one that we don't know                        */
};

enum {
	/** So many of them are told apart by their length alone, as a users file
	 *  does */
	DIGEST_FILED = DIGEST_SHA512_256,
};

enum { DIGEST_HEX = 64 /**< digits of the longest */ };

struct digest;

/** @return 0, EINVAL, ENOMEM */
int digest_alloc(struct digest **dp);

/** "MD5", "SHA-256", "SHA-512-256"; "?" for one that we don't know */
const char *digest_name(enum digest_alg alg);
/** By name, any case; DIGEST_ALGS: unknown */
enum digest_alg digest_find(const struct pl *name);
/** Digits: 32, 64, 64; 0 for one that we don't know */
size_t digest_len(enum digest_alg alg);

/**
 * H(part:part:...), lower-case digits and a zero behind them
 *
 * @param hex    At least digest_len() + 1 bytes
 * @param partv  Of any length
 * @param n      At least one
 *
 * @return 0, EINVAL
 */
int digest_join(struct digest *d, char *hex, enum digest_alg alg,
		const struct pl *partv, size_t n);

/** Equal, in a time that does not say where they differ. Lengths are no secret */
bool digest_same(const struct pl *a, const struct pl *b);

#endif
