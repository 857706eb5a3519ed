/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file secure/sdes.h  Keys in SDP: a=crypto (RFC 4568, RFC 6188, RFC 7714)
 */
#ifndef CAROM_SECURE_SDES_H
#define CAROM_SECURE_SDES_H

#include "secure/srtp.h"

enum { SDES_TEXT_MAX = 160 /**< bytes of a value that we write         */ };

/** One a=crypto line */
struct sdes {
	uint32_t tag;
	struct srtpx_key key; /**< key.suite SRTPX_NONE: not one of ours    */
	uint64_t lifetime;    /**< packets, 0 not given                     */
};

/** Why a line cannot be used */
enum sdes_verdict {
	SDES_OK = 0,
	SDES_SYNTAX,    /**< it is no a=crypto                            */
	SDES_SUITE,     /**< a suite that we do not have                  */
	SDES_PARAMETER, /**< a session parameter that we do not do        */
	SDES_KEY,       /**< no key of the right length, or several       */
};

/**
 * Read the value of a=crypto, what stands behind the colon
 *
 * Of session parameters UNENCRYPTED_SRTCP is done, and WSH is taken, which is a
 * hint. KDR other than 0, UNENCRYPTED_SRTP, UNAUTHENTICATED_SRTP, FEC_ORDER and
 * FEC_KEY and all that is unknown make a line unusable (RFC 4568 6.3), but for
 * unknown ones with a leading minus, which may be passed over.
 *
 * @param s  Filled as far as it could be read
 */
enum sdes_verdict sdes_decode(struct sdes *s, const struct pl *val);

/** A word for a verdict */
const char *sdes_verdict_name(enum sdes_verdict v);

/** Write a value as sdes_decode() reads it: for re_printf's %H */
int sdes_print(struct re_printf *pf, const struct sdes *s);

/** Make a new key of a suite. @return 0, EINVAL, EIO (no random numbers) */
int sdes_make(struct sdes *s, enum srtpx_suite suite, uint32_t tag);

#endif
