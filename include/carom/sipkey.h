/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * @file carom/sipkey.h  What is hashed with the key that all edges share
 *
 * Keyed hashes: the branch of our Via, the tag of our own replies, the proofs in a
 * flow's token and in a nonce. Each begins with a word that says which it is. Text is
 * taken in as its length, then its bytes in words, zeroes behind the last.
 */
#ifndef CAROM_SIPKEY_H
#define CAROM_SIPKEY_H

#include "carom/siphash.h"
#include "carom/sipword.h"

#define SIP_COOKIE "z9hG4bK" /**< RFC 3261 8.1.1.7 */
#define SIP_COOKIE_LEN 7
#define SIP_HEX_LEN 16 /**< digits of a hash in text          */
/** A flow's token (userspace/edge/key.c) is no shorter */
#define SIP_TOKEN_MIN (4 + 2 * 13 + SIP_HEX_LEN)
#define SIP_TAG "cm-" /**< begins the To-tag of our own replies */
#define SIP_TAG_LEN 3

#define SIP_KEY_BRANCH 0x6272616e63680001ULL
#define SIP_KEY_TAG 0x7461670000000001ULL
#define SIP_KEY_FLOW 0x666c6f7700000001ULL
#define SIP_KEY_CALL 0x63616c6c00000001ULL
#define SIP_KEY_NONCE 0x6e6f6e6365000001ULL
/** Of a registered user: the user part, then the domain in small letters in eight
 * words, zeroes behind */
#define SIP_KEY_USER 0x7573657200000001ULL

#ifndef __bpf__
/** Take in text that lies anywhere */
static inline void sipkey_mem(struct siphash *h, const void *p, size_t len)
{
	const char *c = p;

	siphash_word(h, len);
	while (len) {
		size_t n = len < 8 ? len : 8;
		__u64 w = 0;

		memcpy(&w, c, n);
		siphash_word(h, w);
		c += n;
		len -= n;
	}
}
#endif

/** Take in text of the scanner's buffer, at most 8 * SCAN_TOKEN_WORDS bytes */
SCAN_INLINE void sipkey_span(struct siphash *h, const struct scan_buf *b,
			     __u32 off, __u32 len)
{
	siphash_word(h, len);
	for (int i = 0; i < SCAN_TOKEN_WORDS; i++) {
		if (len < 8)
			break;
		siphash_word(h, scan_word(b, off));
		off += 8;
		len -= 8;
	}
	if (len)
		siphash_word(h, scan_keep(scan_word(b, off), len));
}

/** Take in an address of 16 bytes and a port */
SCAN_INLINE void sipkey_addr(struct siphash *h, const __u8 addr[16], __u16 port)
{
	__u64 w[2];

	__builtin_memcpy(w, addr, sizeof(w));
	siphash_word(h, w[0]);
	siphash_word(h, w[1]);
	siphash_word(h, port);
}

/** Sixteen lower-case hexadecimal digits, the highest first, as two words of
 * text (the first digit lowest in text[0]) */
SCAN_INLINE void sipkey_hex(__u64 hash, __u64 text[2])
{
	for (int i = 0; i < 2; i++) {
		__u64 x = i ? hash & 0xffffffff : hash >> 32;
		__u64 more;

		/* eight digits, one in each byte, the highest one lowest */
		x = __builtin_bswap64(x) >> 32;
		x = (x & 0xffff) | (x & 0xffff0000) << 16;
		x = (x & 0x000000ff000000ffULL) | (x & 0x0000ff000000ff00ULL)
							  << 8;
		x = (x >> 4 & 0x000f000f000f000fULL) |
		    (x & 0x000f000f000f000fULL) << 8;
		more = ((x + 0x0606060606060606ULL) >> 4) & SCAN_ONES;
		text[i] = x + SCAN_ONES * '0' + more * ('a' - '0' - 10);
	}
}

#endif
