/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/challenge.h  Digest from the side of who logs in (RFC 7616, RFC 8760, RFC 3261 22)
 */
#ifndef CAROM_PROVIDER_CHALLENGE_H
#define CAROM_PROVIDER_CHALLENGE_H

#include "provider/record.h"
#include "sip/msg.h"

enum { CHALLENGE_TEXT = 256 };

/** The last challenge of a provider: answers to it go along unasked as long as it
 *  takes them */
struct challenge {
	bool proxy; /**< 407: Proxy-Authorization                         */
	enum digest_alg alg;
	bool qop;   /**< auth                                             */
	bool stale; /**< the answer was right, its nonce is too old         */
	char realm[CHALLENGE_TEXT], nonce[CHALLENGE_TEXT],
		opaque[CHALLENGE_TEXT];
	uint32_t count; /**< nc of the last answer                         */
};

/**
 * Read the challenge of a 401 or 407: of those in our realm the one by the best
 * hash that we have
 *
 * @param why  Result: what is wrong with it, where none will do
 *
 * @return 0, ENOENT
 */
int challenge_read(struct challenge *c, const struct msg *resp,
		   const struct secret *s, char *why, size_t sz);

/**
 * An answer, as a line with its CRLF
 *
 * @param uri  Of the request
 */
int challenge_answer(struct mbuf *mb, struct challenge *c,
		     const struct secret *s, const char *method,
		     const struct pl *uri);

#endif
