/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file digest/verify.h  Answers to a challenge, by whoever asks for one
 *
 * What a proxy (407) and a registrar (401) have in common (RFC 3261 22, RFC 7616,
 * RFC 8760). A challenge needs no memory, and whoever has the same key can check its
 * answer (nonce.h). What is remembered is small and bounded: counts that were used
 * (replay.h) and sources that guess (brake.h).
 */
#ifndef CAROM_DIGEST_VERIFY_H
#define CAROM_DIGEST_VERIFY_H

#include <re.h>
#include "digest/cred.h"
#include "digest/digest.h"
#include "digest/nonce.h"

enum {
	VERIFY_REALM = 128,     /**< bytes of a realm, at most             */
	VERIFY_CHALLENGE = 400, /**< of a challenge's line, at most        */
};

/**
 * Where credentials come from: HA1 = H(user:realm:password)
 *
 * @param domain  Of verify_in: several may share a realm, and each have the user
 *
 * @return Digits in small letters, valid until the event loop goes on; NULL: there
 *         is none of this algorithm for the user
 */
typedef const char *(verify_ha1_h)(const struct pl *user,
				   const struct pl *domain,
				   const struct pl *realm, enum digest_alg alg,
				   void *arg);

struct verify_conf {
	uint64_t key[2];                   /**< of nonces                   */
	enum digest_alg algv[DIGEST_ALGS]; /**< most preferred first        */
	size_t algc;                       /**< at least one                */
	uint32_t lifetime;                 /**< of a nonce, s               */
	bool bind_source; /**< a nonce is good for whom it was given alone  */
	uint32_t guesses; /**< wrong answers a minute; 0: any number        */
	verify_ha1_h *ha1h;
	void *arg;
	uint64_t (*now)(void); /**< s since 1970; NULL: time(2)             */
};

struct verify;

/** What is asked with the credentials */
struct verify_in {
	struct pl method, realm;
	struct pl domain; /**< of the address that is claimed; unset: unknown */
	struct sa src;
	uint64_t request; /**< hash of what makes the request this one, and no
			       other: that of a retransmission is the same  */
	bool uri_fits;    /**< the URI of the credentials names what the
			       request does                                 */
	bool trusted;     /**< may guess                                   */
};

enum verify_verdict {
	VERIFY_PASS = 0,
	VERIFY_STALE, /**< to be challenged anew, with stale               */
	VERIFY_WRONG, /**< to be challenged                                */
	VERIFY_BAD,   /**< to be refused: 400                              */
	VERIFY_HELD,  /**< not to be answered: the source guesses          */
};

/**
 * Take a configuration
 *
 * @param vp      Pointer to the object (mem_deref when done)
 * @param before  Whose place it takes: used counts and guesses go on to be known;
 *                NULL: nobody's
 *
 * @return 0, EINVAL, ENOMEM
 */
int verify_alloc(struct verify **vp, const struct verify_conf *conf,
		 const struct verify *before);

/** Is the algorithm one that is asked for? */
bool verify_offers(const struct verify *v, enum digest_alg alg);

/**
 * Look at credentials of the realm, by an algorithm that is asked for
 *
 * @param why  Result: for a reply's phrase; static
 */
enum verify_verdict verify_check(struct verify *v, struct cred *c,
				 const struct verify_in *in, const char **why);

/** A place for a nonce, for somebody else to make it (carom/sipnonce.h) */
struct verify_place {
	size_t pos; /**< of NONCE_LEN bytes                              */
	struct siphash seed;
};

/**
 * The lines of verify_challenge() with places for nonces; for a verify that binds them
 * to their source
 *
 * @param placev  Result, and into placec how many
 */
int verify_template(struct mbuf *mb, const struct verify *v, const char *header,
		    const struct pl *realm,
		    struct verify_place placev[DIGEST_ALGS], size_t *placec);

/**
 * Lines that ask: one for each algorithm, with a new nonce
 *
 * @param mb      Appended to, each with its CRLF
 * @param header  "WWW-Authenticate", "Proxy-Authenticate"
 * @param src     Whose nonces they are, with bind_source
 * @param stale   The password was right: ask again without asking the user
 *
 * @return 0 or ENOMEM
 */
int verify_challenge(struct mbuf *mb, const struct verify *v,
		     const char *header, const struct pl *realm,
		     const struct sa *src, bool stale);

#endif
