/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file digest/nonce.h  Nonces that every edge can check and none has to remember
 *
 * Eight digits of the time (s since 1970), sixteen that no other nonce of that second
 * has, and sixteen of SipHash-2-4 over both and over what the nonce is good for, with
 * the key that all edges share. Who wants to forge one has to guess 64 bits against an
 * edge that answers each guess; nothing can be tried offline, for the key has 128 bits.
 * A longer hash would buy nothing: a nonce is public and lives for minutes, and whoever
 * had forged one would still need the password.
 *
 * The kernel makes them too (bpf/sip_challenge.h, carom/sipnonce.h): who made one makes
 * no difference, for a nonce is heard of first when somebody has logged in with it.
 */
#ifndef CAROM_DIGEST_NONCE_H
#define CAROM_DIGEST_NONCE_H

#include <re.h>
#include "carom/sipnonce.h"
#include "digest/digest.h"

enum {
	NONCE_LEN = SIP_NONCE_LEN,
	NONCE_SKEW = 30, /**< s that an edge's clock may be behind another's */
};

/** What a nonce is good for */
struct nonce_scope {
	uint64_t key[2];
	struct pl realm;
	enum digest_alg alg;
	const struct sa *src; /**< whose address; NULL: anybody's          */
};

enum nonce_verdict {
	NONCE_GOOD = 0,
	NONCE_OLD,     /**< of ours, and its time is over                  */
	NONCE_FOREIGN, /**< not made with this key for this scope          */
};

/** What nonces of a realm and an algorithm have in common, hashed */
void nonce_seed(struct siphash *h, const uint64_t key[2],
		const struct pl *realm, enum digest_alg alg);

/**
 * @param text    Digits, and a zero behind them
 * @param now     s since 1970
 * @param chance  Makes nonces of the same second differ
 */
void nonce_make(char text[NONCE_LEN + 1], const struct nonce_scope *s,
		uint64_t now, uint64_t chance);

/**
 * @param lifetime  s
 * @param id        Of the nonce: its hash, spread as by chance
 * @param expires   s since 1970: it will not be good any more
 */
enum nonce_verdict nonce_check(const struct nonce_scope *s,
			       const struct pl *text, uint64_t now,
			       uint32_t lifetime, uint64_t *id,
			       uint64_t *expires);

#endif
