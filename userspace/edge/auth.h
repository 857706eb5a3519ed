/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/auth.h  Digest as a proxy asks for it (RFC 3261 22.3, RFC 8760)
 *
 * A challenge needs no memory, and any edge with the same key can check its answer
 * (nonce.h). What is remembered is small, bounded and of this edge alone: counts
 * that were used (replay.h) and sources that guess (brake.h). docs/sip.md says what
 * is answered when.
 */
#ifndef CAROM_EDGE_AUTH_H
#define CAROM_EDGE_AUTH_H

#include <re.h>
#include "edge/count.h"
#include "digest/digest.h"
#include "edge/policy.h"

struct forward_in;

enum {
	AUTH_REALM = 128,      /**< bytes of a realm, at most              */
	AUTH_CREDS = 16,       /**< of our realm in a message, at most      */
	AUTH_CHALLENGE = 1024, /**< bytes of the lines of a challenge       */
};

/**
 * Where credentials come from: HA1 = H(user:realm:password)
 *
 * @return Digits in small letters, valid until the event loop goes on; NULL: there
 *         is none of this algorithm for the user
 */
typedef const char *(auth_ha1_h)(const struct pl *user, enum digest_alg alg,
				 void *arg);

struct auth_conf {
	uint64_t key[2];   /**< shared by all edges                         */
	const char *realm; /**< 1..AUTH_REALM bytes without '"', '\\', ':'  */
	enum digest_alg algv[DIGEST_ALGS]; /**< most preferred first        */
	size_t algc;                       /**< at least one                */
	uint32_t lifetime;                 /**< of a nonce, s               */
	bool bind_source; /**< a nonce is good for whom it was given alone  */
	bool match_from;  /**< the user is who From says, of REGISTER To   */
	uint32_t guesses; /**< wrong answers a minute; 0: any number        */
	auth_ha1_h *ha1h;
	void *arg;
	struct count *count;   /**< may be NULL; kept by the caller           */
	uint64_t (*now)(void); /**< s since 1970; NULL: time(2)             */
};

enum auth_verdict {
	AUTH_PASS = 0,   /**< who it says: take stripv out of what leaves   */
	AUTH_CHALLENGED, /**< 407, with auth_challenge()'s lines            */
	AUTH_REFUSED,    /**< code and why                                 */
	AUTH_HELD,       /**< no answer: the source guesses                */
};

struct auth_out {
	uint16_t code;
	const char *why; /**< static                                       */
	bool stale;
	const struct msg_header *stripv[AUTH_CREDS]; /**< of our realm      */
	size_t stripc;
};

/**
 * @param ap      Pointer to the object (mem_deref when done)
 * @param before  Whose place it takes: used counts and guesses go on to be known;
 *                NULL: nobody's
 *
 * @return 0, EINVAL, ENOMEM
 */
int auth_alloc(struct auth **ap, const struct auth_conf *conf,
	       const struct auth *before);

/** Look at a request's credentials. Not for ACK and CANCEL, which nobody may
 *  challenge (22.1) */
enum auth_verdict auth_check(struct auth *a, struct auth_out *out,
			     const struct policy *p,
			     const struct forward_in *in, const struct msg *m);

/** The Proxy-Authenticate lines of a 407, with a new nonce for each algorithm.
 *  @return 0, ENOMEM: they do not fit (they do) */
int auth_challenge(struct auth *a, char text[AUTH_CHALLENGE],
		   const struct forward_in *in, bool stale);

/* whose.c */

/** Does the URI of the credentials name what the request does? (docs/sip.md) */
bool auth_uri_fits(const struct policy *p, const struct msg *m,
		   const struct pl *uri);

/** Is the user who the request says to be from, or of REGISTER, to be for? */
bool auth_user_fits(const struct msg *m, const struct pl *user);

#endif
