/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file digest/cred.h  Credentials of scheme Digest as a header has them
 *
 * RFC 3261 20.28, RFC 7616 3.4. Zero-copy. Tolerant where clients are: what ought
 * to be a token may be quoted and the other way round, LWS anywhere, directives in
 * any order, unknown ones too.
 */
#ifndef CAROM_DIGEST_CRED_H
#define CAROM_DIGEST_CRED_H

#include <re.h>
#include "digest/digest.h"

enum { CRED_USER = 256 /**< bytes of a user name, at most */ };

/** Values without quotes, escapes as they came; unset where not there */
struct cred {
	struct pl username, realm, nonce, uri, response, algorithm, qop, nc,
		cnonce;
	enum digest_alg alg; /**< MD5 where none is named (RFC 3261 22.4)   */
	uint32_t count;      /**< nc; 0: without qop                       */
};

/**
 * Read the directives
 *
 * @param c    Filled as far as it goes: the realm may be known though an error is
 *             returned
 * @param val  Of Authorization or Proxy-Authorization; valid as long as c is used
 *
 * @return 0; ENOENT: another scheme; EBADMSG: malformed
 */
int cred_decode(struct cred *c, const struct pl *val);

/**
 * Is all there that an answer to a challenge with qop="auth" has? One without qop
 * (RFC 2069) is complete without nc and cnonce
 *
 * @return NULL; else what is wrong, for a reply's phrase
 */
const char *cred_lacks(struct cred *c);

/** Does a value, its escapes resolved, equal the text? */
bool cred_is(const struct pl *val, const struct pl *text);

/** Resolve a value's escapes into buf. @return 0, EOVERFLOW */
int cred_plain(struct pl *out, char *buf, size_t size, const struct pl *val);

#endif
