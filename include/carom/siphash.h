/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * @file carom/siphash.h  SipHash-2-4, for BPF and for userspace alike
 *
 * A keyed hash for short input (Aumasson, Bernstein 2012). Fed by words of eight
 * bytes: whoever hashes text of any length says the length in a word of its own,
 * so that no two inputs are the same words.
 */
#ifndef CAROM_SIPHASH_H
#define CAROM_SIPHASH_H

#include <linux/types.h>

struct siphash {
	__u64 v0, v1, v2, v3;
};

#define SIPHASH_ROTL(x, n) ((x) << (n) | (x) >> (64 - (n)))

static inline void siphash_round(struct siphash *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = SIPHASH_ROTL(s->v1, 13) ^ s->v0;
	s->v3 = SIPHASH_ROTL(s->v3, 16) ^ s->v2;
	s->v0 = SIPHASH_ROTL(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = SIPHASH_ROTL(s->v1, 17) ^ s->v2;
	s->v3 = SIPHASH_ROTL(s->v3, 21) ^ s->v0;
	s->v2 = SIPHASH_ROTL(s->v2, 32);
}

/** Start with a key of 128 bits */
static inline void siphash_start(struct siphash *s, __u64 k0, __u64 k1)
{
	s->v0 = k0 ^ 0x736f6d6570736575ULL;
	s->v1 = k1 ^ 0x646f72616e646f6dULL;
	s->v2 = k0 ^ 0x6c7967656e657261ULL;
	s->v3 = k1 ^ 0x7465646279746573ULL;
}

/** Take in eight bytes, the first of them lowest */
static inline void siphash_word(struct siphash *s, __u64 w)
{
	s->v3 ^= w;
	siphash_round(s);
	siphash_round(s);
	s->v0 ^= w;
}

/** The hash. Take in the last word before, which by the paper has the length
 * (modulo 256) in its highest byte */
static inline __u64 siphash_end(struct siphash *s)
{
	s->v2 ^= 0xff;
	siphash_round(s);
	siphash_round(s);
	siphash_round(s);
	siphash_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

#endif
