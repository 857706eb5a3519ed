/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * @file carom/sipnonce.h  The text of a nonce, as kernel and agent write it
 *
 * Eight digits of the time (s since 1970), sixteen that make it differ from others,
 * sixteen of a keyed hash (userspace/digest/nonce.h). What is the same for all nonces
 * of a realm and an algorithm is hashed first: its state, the seed, is all that the
 * kernel has to be told.
 */
#ifndef CAROM_SIPNONCE_H
#define CAROM_SIPNONCE_H

#include "carom/sipkey.h"

#define SIP_NONCE_LEN 40
#define SIP_NONCE_WORDS (SIP_NONCE_LEN / 8)

/**
 * @param text    Result, the first digit lowest in text[0]
 * @param seed    Key, realm and algorithm, hashed
 * @param when    s since 1970
 * @param chance  No two nonces of a second have the same
 * @param addr    Whose it is: 16 bytes, IPv4 as ::ffff:a.b.c.d
 * @param bound   0: anybody's, addr does not count
 */
SCAN_INLINE void sipnonce_text(__u64 text[SIP_NONCE_WORDS],
			       const struct siphash *seed, __u32 when,
			       __u64 chance, const __u8 addr[16], int bound)
{
	struct siphash h = *seed;
	__u64 digits[2];

	siphash_word(&h, when);
	siphash_word(&h, chance);
	siphash_word(&h, bound);
	/* not the port: NATs change it between a challenge and its answer */
	if (bound)
		sipkey_addr(&h, addr, 0);
	sipkey_hex((__u64)when << 32, digits);
	text[0] = digits[0];
	sipkey_hex(chance, text + 1);
	sipkey_hex(siphash_end(&h), text + 3);
}

#endif
