/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * @file carom/sipword.h  Text looked at in words of eight bytes
 *
 * The scanner's letters: searches, spaces, numbers. For BPF and for userspace
 * alike; how the code is laid out for the verifier is said in carom/sipscan.h.
 */
#ifndef CAROM_SIPWORD_H
#define CAROM_SIPWORD_H

#include "carom/sip.h"

#ifdef __bpf__
#include <bpf/bpf_helpers.h>
#define SCAN_FN __noinline
#define SCAN_CB static
#define SCAN_INLINE static __always_inline
#define SCAN_LOOP(n, fn, arg) bpf_loop(n, fn, arg, 0)
#else
#include <string.h>
#define SCAN_FN static inline __attribute__((unused))
#define SCAN_CB static inline
#define SCAN_INLINE static inline
#define SCAN_LOOP(n, fn, arg)                                                  \
	for (__u32 i_ = 0; i_ < (n) && !fn(i_, arg); i_++) {}
#endif

#define SCAN_ONES 0x0101010101010101ULL
#define SCAN_HIGH 0x8080808080808080ULL
#define SCAN_LOW7 0x7f7f7f7f7f7f7f7fULL

/* ---- words ------------------------------------------------------------ */

SCAN_INLINE __u8 scan_at(const struct scan_buf *b, __u32 off)
{
	return b->data[off & (SCAN_BUF - 1)];
}

/* An index that the verifier can see the bound of: the compiler must not know
 * better, and leave the mask out */
SCAN_INLINE __u32 scan_slot(__u32 n, __u32 mask)
{
#ifdef __bpf__
	asm volatile("" : "+r"(n));
#endif
	return n & mask;
}

/* Eight bytes, the first of them lowest */
SCAN_INLINE __u64 scan_word(const struct scan_buf *b, __u32 off)
{
#ifdef __bpf__
	return *(const __u64 *)(b->data + (off & (SCAN_BUF - 1)));
#else
	__u64 w;

	memcpy(&w, b->data + (off & (SCAN_BUF - 1)), sizeof(w));
	return w;
#endif
}

/* The eight bytes behind those of scan_word() */
SCAN_INLINE __u64 scan_word_next(const struct scan_buf *b, __u32 off)
{
#ifdef __bpf__
	return *(const __u64 *)(b->data + (off & (SCAN_BUF - 1)) + 8);
#else
	__u64 w;

	memcpy(&w, b->data + (off & (SCAN_BUF - 1)) + 8, sizeof(w));
	return w;
#endif
}

/* The highest bit of each byte that is below c, at most 0x80. The lowest mark is
 * right, and no mark means none; above a right one there may be wrong ones */
SCAN_INLINE __u64 scan_below(__u64 w, __u8 c)
{
	return (w - SCAN_ONES * c) & ~w & SCAN_HIGH;
}

/* Bytes that are c. As above; a wrong mark is at a byte that is c ^ 1 */
SCAN_INLINE __u64 scan_equal(__u64 w, __u8 c)
{
	return scan_below(w ^ (SCAN_ONES * c), 1);
}

/* The highest bit of each byte that is at least c; 7-bit bytes only */
SCAN_INLINE __u64 scan_least(__u64 low7, __u8 c)
{
	return low7 + SCAN_ONES * (0x80 - c);
}

/* Bytes below the first that `hits` marks; 8 where it marks none */
SCAN_INLINE __u32 scan_first(__u64 hits)
{
	__u64 below = ((hits - 1) & ~hits) >> 7;

	return hits ? ((below & SCAN_ONES) * SCAN_ONES) >> 56 : 8;
}

/* What ends a token in all places that we look at: controls and space, '"',
 * ',', and ';' '<' '=' '>' */
SCAN_INLINE __u64 scan_stops(__u64 w)
{
	__u64 low7 = w & SCAN_LOW7;
	__u64 hits = ~scan_least(low7, 0x21) |
		     (scan_least(low7, ';') & ~scan_least(low7, '>' + 1));

	return (hits & ~w & SCAN_HIGH) | scan_equal(w, '"') |
	       scan_equal(w, ',');
}

/* Letters in lower case, anything else as it is */
SCAN_INLINE __u64 scan_lower(__u64 w)
{
	__u64 low7 = w & SCAN_LOW7;
	__u64 upper = scan_least(low7, 'A') & ~scan_least(low7, 'Z' + 1) & ~w &
		      SCAN_HIGH;

	return w | upper >> 2;
}

/* The first n bytes of a word, n in 0..8 */
SCAN_INLINE __u64 scan_keep(__u64 w, __u32 n)
{
	return n >= 8 ? w : w & ((1ULL << (n * 8)) - 1);
}

/* A word from text, at compile time */
#define SCAN_W(a, b, c, d, e, f, g, h)                                         \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 |  \
	 (__u64)(e) << 32 | (__u64)(f) << 40 | (__u64)(g) << 48 |              \
	 (__u64)(h) << 56)

/* ---- searches --------------------------------------------------------- */

#define SCAN_TOKEN_WORDS 32 /* no token that we look at has over 256 bytes */
#define SCAN_LINE_WORDS 128 /* nor a line over 1 KiB: signatures are long */

/* Offset of the first c in off..end; `end` where there is none, or none in the
 * first so many words */
SCAN_INLINE __u32 scan_find(const struct scan_buf *b, __u32 off, __u32 end,
			    __u8 c)
{
	for (int i = 0; i < SCAN_TOKEN_WORDS && off < end; i++) {
		__u64 hits = scan_equal(scan_word(b, off), c);

		if (hits) {
			off += scan_first(hits);
			return off < end ? off : end;
		}
		off += 8;
	}
	return end;
}

/* The first CR or LF of a word */
SCAN_INLINE __u64 scan_ends(__u64 w)
{
	return scan_equal(w, '\r') | scan_equal(w, '\n');
}

/* Offset of the CR that ends the line, b->len where the message ends first or
 * the line is too long. A CR or LF without the other is no end of a line for
 * everybody: SCAN_BUF. Two words in each turn */
SCAN_INLINE __u32 scan_eol(const struct scan_buf *b, __u32 off)
{
	__u32 n, i;

	for (i = 0; i < SCAN_LINE_WORDS / 2; i++) {
		if (scan_ends(scan_word(b, off)) |
		    scan_ends(scan_word_next(b, off)))
			break;
		off += 16;
		if (off >= b->len)
			return b->len;
	}
	if (i == SCAN_LINE_WORDS / 2)
		return b->len;
	n = scan_first(scan_ends(scan_word(b, off)));
	if (n == 8)
		n += scan_first(scan_ends(scan_word_next(b, off)));
	off += n;
	if (off + 1 >= b->len)
		return b->len;
	return scan_at(b, off) == '\r' && scan_at(b, off + 1) == '\n'
		       ? off
		       : SCAN_BUF;
}

/* Offset of the first stop (scan_stops) from `off` on, or SCAN_BUF */
SCAN_INLINE __u32 scan_stop(const struct scan_buf *b, __u32 off)
{
	for (int i = 0; i < SCAN_TOKEN_WORDS; i++) {
		__u64 hits = scan_stops(scan_word(b, off));

		if (hits) {
			off += scan_first(hits);
			return off < b->len ? off : SCAN_BUF;
		}
		off += 8;
		if (off >= b->len)
			break;
	}
	return SCAN_BUF;
}

/* Bytes that are no visible ASCII: controls, DEL too, space, and 0x80 and above */
SCAN_INLINE __u64 scan_unseen(__u64 w)
{
	__u64 low7 = w & SCAN_LOW7;

	return (~scan_least(low7, 0x21) | scan_least(low7, 0x7f) | w) &
	       SCAN_HIGH;
}

/* Is off..end visible ASCII alone? */
SCAN_INLINE int scan_visible(const struct scan_buf *b, __u32 off, __u32 end)
{
	for (int i = 0; i < SCAN_TOKEN_WORDS && off < end; i++) {
		__u64 hits = scan_unseen(scan_word(b, off));

		if (hits)
			return off + scan_first(hits) >= end;
		off += 8;
	}
	return off >= end;
}

SCAN_INLINE int scan_is_lws(__u8 c)
{
	return c == ' ' || c == '\t';
}

/* Behind spaces and tabs, at most eight of them. One is common */
SCAN_FN __u32 scan_lws_more(const struct scan_buf *b, __u32 off)
{
	for (int i = 0; b && i < 7; i++) {
		if (!scan_is_lws(scan_at(b, off)))
			break;
		off++;
	}
	return off;
}

SCAN_INLINE __u32 scan_lws(const struct scan_buf *b, __u32 off)
{
	if (!scan_is_lws(scan_at(b, off)))
		return off;
	if (!scan_is_lws(scan_at(b, off + 1)))
		return off + 1;
	return scan_lws_more(b, off + 1);
}

/* A decimal number of 1..9 digits that fills the span; ~0: it is none */
SCAN_INLINE __u32 scan_number(const struct scan_buf *b, __u32 off, __u32 len)
{
	__u32 n = 0;

	if (!len || len > 9)
		return ~0u;
	for (__u32 i = 0; i < 9; i++) {
		__u32 d;

		if (i >= len)
			break;
		d = scan_at(b, off + i) - '0';
		if (d > 9)
			return ~0u;
		n = n * 10 + d;
	}
	return n;
}

SCAN_INLINE void scan_set(struct scan_span *s, __u32 off, __u32 end)
{
	s->off = off;
	s->len = end - off;
}

#endif
