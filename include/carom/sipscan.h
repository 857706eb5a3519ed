/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * @file carom/sipscan.h  The SIP scanner, for BPF and for userspace alike
 *
 * It finds what forwarding a message takes, and nothing else. It says "odd" of
 * whatever is not the plain common form: the agent's full parser has the last
 * word on that. It changes nothing.
 *
 * Words of eight bytes are looked at, for the verifier counts branches and a
 * packet costs time. In BPF the larger functions are global: verified once,
 * whatever their callers know. A call costs as much as the search of six words
 * (10 ns where returns are guarded against speculation), so the small ones are
 * inline. Eight frames may stand on each other.
 */
#ifndef CAROM_SIPSCAN_H
#define CAROM_SIPSCAN_H

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

/* The highest bit of each byte that is zero, exactly */
SCAN_INLINE __u64 scan_zeroes(__u64 w)
{
	return ~(((w & SCAN_LOW7) + SCAN_LOW7) | w | SCAN_LOW7);
}

SCAN_INLINE __u64 scan_equal(__u64 w, __u8 c)
{
	return scan_zeroes(w ^ (SCAN_ONES * c));
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

/* Offset of the CR that ends the line, b->len where the message ends first or
 * the line is too long. A CR or LF without the other is no end of a line for
 * everybody: SCAN_BUF */
SCAN_INLINE __u32 scan_eol(const struct scan_buf *b, __u32 off)
{
	for (int i = 0; i < SCAN_LINE_WORDS && off < b->len; i++) {
		__u64 w = scan_word(b, off);
		__u64 hits = scan_equal(w, '\r') | scan_equal(w, '\n');

		if (hits) {
			off += scan_first(hits);
			if (off + 1 >= b->len)
				break;
			return scan_at(b, off) == '\r' &&
					       scan_at(b, off + 1) == '\n'
				       ? off
				       : SCAN_BUF;
		}
		off += 8;
	}
	return b->len;
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

/* Bytes that are no visible ASCII: controls, space, and 0x80 and above */
SCAN_INLINE __u64 scan_unseen(__u64 w)
{
	return (~scan_least(w & SCAN_LOW7, 0x21) | w) & SCAN_HIGH;
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

/* ---- parameters ------------------------------------------------------- */

/* What the functions that take a parameter return where it is not to be had:
 * no offset, but the reason */
#define SCAN_NO(odd) ((__u32)SCAN_BUF + (__u32)(odd))
#define SCAN_WHY(off) ((int)((off)-SCAN_BUF))

/* One parameter, from its ';' on, into b->name and b->value. Returns the offset
 * behind it, or SCAN_BUF where it is not plain */
SCAN_INLINE __u32 scan_param(struct scan_buf *b, __u32 off)
{
	__u32 stop;

	if (scan_at(b, off) != ';')
		return SCAN_BUF;
	off = scan_lws(b, off + 1);
	stop = scan_stop(b, off);
	if (stop >= SCAN_BUF || stop == off)
		return SCAN_BUF;
	scan_set(&b->name, off, stop);
	scan_set(&b->value, stop, stop);
	if (scan_at(b, stop) != '=')
		return stop;
	off = stop + 1;
	stop = scan_stop(b, off);
	if (stop >= SCAN_BUF || stop == off)
		return SCAN_BUF;
	switch (scan_at(b, stop)) {
	case '"':
	case '<':
	case '=':
		return SCAN_BUF;
	}
	scan_set(&b->value, off, stop);
	return stop;
}

/* Is the parameter's name this one, of at most 8 letters? */
SCAN_INLINE int scan_name_is(const struct scan_buf *b, __u64 word, __u32 len)
{
	return b->name.len == len &&
	       scan_keep(scan_lower(scan_word(b, b->name.off)), len) == word;
}

#define SCAN_P_LR SCAN_W('l', 'r', 0, 0, 0, 0, 0, 0)
#define SCAN_P_TAG SCAN_W('t', 'a', 'g', 0, 0, 0, 0, 0)
#define SCAN_P_MADDR SCAN_W('m', 'a', 'd', 'd', 'r', 0, 0, 0)
#define SCAN_P_RPORT SCAN_W('r', 'p', 'o', 'r', 't', 0, 0, 0)
#define SCAN_P_BRANCH SCAN_W('b', 'r', 'a', 'n', 'c', 'h', 0, 0)
#define SCAN_P_RECEIVED SCAN_W('r', 'e', 'c', 'e', 'i', 'v', 'e', 'd')
#define SCAN_P_TRANSPORT8 SCAN_W('t', 'r', 'a', 'n', 's', 'p', 'o', 'r')
#define SCAN_UDP SCAN_W('u', 'd', 'p', 0, 0, 0, 0, 0)
#define SCAN_COOKIE SCAN_W('z', '9', 'h', 'g', '4', 'b', 'k', 0)

/* ---- host and port ---------------------------------------------------- */

/* Bytes in lo..hi; 7-bit bytes only */
SCAN_INLINE __u64 scan_range(__u64 low7, __u8 lo, __u8 hi)
{
	return scan_least(low7, lo) & ~scan_least(low7, hi + 1);
}

/* Is off..end what a host name or IPv4 address is made of, or (`v6`) an IPv6
 * address? */
SCAN_INLINE int scan_is_host(const struct scan_buf *b, __u32 off, __u32 end,
			     int v6)
{
	for (int i = 0; i < SCAN_TOKEN_WORDS && off < end; i++) {
		__u64 w = scan_word(b, off), low7 = w & SCAN_LOW7;
		__u64 good = scan_range(low7, '0', v6 ? ':' : '9') |
			     scan_range(low7 | SCAN_ONES * 0x20, 'a',
					v6 ? 'f' : 'z');

		if (!v6)
			good |= scan_range(low7, '-', '.');
		good = (~good | w) & SCAN_HIGH; /* those that are not */
		if (good)
			return off + scan_first(good) >= end;
		off += 8;
	}
	return off >= end;
}

/* host[:port] in off..end. Returns its port (0: none), ~0 where it is odd */
SCAN_INLINE __u32 scan_hostport(struct scan_buf *b, __u32 off, __u32 end)
{
	__u32 host = off, host_end, port;
	int v6;

	if (off >= end)
		return ~0u;
	v6 = scan_at(b, off) == '[';
	if (v6) {
		host_end = scan_find(b, off, end, ']');
		if (host_end >= end)
			return ~0u;
		host = off + 1;
		off = host_end + 1;
	} else {
		host_end = scan_find(b, off, end, ':');
		off = host_end;
	}
	if (host >= host_end || !scan_is_host(b, host, host_end, v6))
		return ~0u;
	scan_set(&b->name, host, host_end);
	if (off == end)
		return 0;
	if (scan_at(b, off) != ':')
		return ~0u;
	port = scan_number(b, off + 1, end - off - 1);
	return port && port <= 0xffff ? port : ~0u;
}

/* ---- URIs ------------------------------------------------------------- */

/* What a URI's parameter means for us. Returns enum scan_odd */
SCAN_INLINE int scan_uri_keep(const struct scan_buf *b, struct scan_uri *u)
{
	if (scan_name_is(b, SCAN_P_LR, 2))
		u->flags |= SCAN_URI_LR;
	else if (scan_name_is(b, SCAN_P_MADDR, 5))
		return SCAN_ODD_TRANSPORT;
	else if (b->name.len == 9 &&
		 scan_lower(scan_word(b, b->name.off)) == SCAN_P_TRANSPORT8 &&
		 (b->value.len != 3 ||
		  scan_keep(scan_lower(scan_word(b, b->value.off)), 3) !=
			  SCAN_UDP))
		return SCAN_ODD_TRANSPORT;
	return SCAN_OK;
}

/* One parameter: the offset behind it, or SCAN_NO() */
SCAN_FN __u32 scan_uri_param(struct scan_buf *b, __u32 off, __u32 end,
			     __u32 which)
{
	int odd;

	if (!b)
		return SCAN_NO(SCAN_ODD_URI);
	off = scan_param(b, off);
	if (off > end)
		return SCAN_NO(SCAN_ODD_URI);
	odd = scan_uri_keep(b, &b->s.uri[scan_slot(which, SCAN_RURI)]);
	return odd ? SCAN_NO(odd) : off;
}

/* Offset of the '@', `end` where there is none, SCAN_BUF where the URI has escapes
 * or headers */
SCAN_INLINE __u32 scan_uri_user(const struct scan_buf *b, __u32 off, __u32 end)
{
	__u32 at = end;

	for (int i = 0; i < SCAN_TOKEN_WORDS && off < end; i++) {
		__u64 w = scan_word(b, off);
		__u64 hits = scan_equal(w, '@');
		__u64 bad = scan_equal(w, '%') | scan_equal(w, '?') |
			    scan_unseen(w);

		if (bad && off + scan_first(bad) < end)
			return SCAN_BUF;
		if (hits && at == end)
			at = off + scan_first(hits);
		off += 8;
	}
	if (off < end)
		return SCAN_BUF; /* longer than what we looked at */
	return at < end ? at : end;
}

/* A sip: URI in off..end, without escapes and headers. `which`: the route of
 * that number, or SCAN_RURI. Returns enum scan_odd */
SCAN_FN int scan_uri_scan(struct scan_buf *b, __u32 off, __u32 end, __u32 which)
{
	struct scan_uri *u;
	__u32 at, port, semi;

	if (!b)
		return SCAN_ODD_URI;
	u = &b->s.uri[scan_slot(which, SCAN_RURI)];
	if (off + 5 > end || scan_keep(scan_lower(scan_word(b, off)), 4) !=
				     SCAN_W('s', 'i', 'p', ':', 0, 0, 0, 0))
		return SCAN_ODD_URI;
	off += 4;
	at = scan_uri_user(b, off, end);
	if (at == SCAN_BUF)
		return SCAN_ODD_URI;
	if (at < end) {
		scan_set(&u->user, off, scan_find(b, off, at, ':'));
		off = at + 1;
	}
	semi = scan_find(b, off, end, ';');
	port = scan_hostport(b, off, semi);
	if (port == ~0u)
		return SCAN_ODD_URI;
	u->host = b->name;
	u->port = port;
	u->flags = scan_at(b, off) == '[' ? SCAN_URI_V6 : 0;
	off = semi;
	for (int i = 0; i < SCAN_PARAMS_MAX && off < end; i++)
		off = scan_uri_param(b, off, end, which);
	if (off > SCAN_BUF)
		return SCAN_WHY(off);
	return off == end ? SCAN_OK : SCAN_ODD_URI;
}

/* ---- Via -------------------------------------------------------------- */

SCAN_INLINE int scan_via_keep(struct scan_buf *b, struct scan_via *v)
{
	__u32 n;

	if (scan_name_is(b, SCAN_P_BRANCH, 6)) {
		if (v->branch.len || !b->value.len)
			return SCAN_ODD_SYNTAX;
		v->branch = b->value;
		if (b->value.len > 7 &&
		    scan_keep(scan_lower(scan_word(b, b->value.off)), 7) ==
			    SCAN_COOKIE)
			v->flags |= SCAN_VIA_COOKIE;
	} else if (scan_name_is(b, SCAN_P_RPORT, 5)) {
		if (v->flags & SCAN_VIA_RPORT)
			return SCAN_ODD_SYNTAX;
		v->flags |= SCAN_VIA_RPORT;
		v->rport_end = b->name.off + b->name.len;
		if (!b->value.len)
			return scan_at(b, v->rport_end) == '=' ? SCAN_ODD_SYNTAX
							       : SCAN_OK;
		n = scan_number(b, b->value.off, b->value.len);
		if (!n || n > 0xffff)
			return SCAN_ODD_SYNTAX;
		v->flags |= SCAN_VIA_FILLED;
		v->rport = n;
	} else if (scan_name_is(b, SCAN_P_RECEIVED, 8)) {
		if (v->received.len || !b->value.len)
			return SCAN_ODD_SYNTAX;
		v->received = b->value;
	} else if (scan_name_is(b, SCAN_P_MADDR, 5)) {
		return SCAN_ODD_TRANSPORT;
	}
	return SCAN_OK;
}

/* One parameter: the offset behind it, or SCAN_NO() */
SCAN_FN __u32 scan_via_param(struct scan_buf *b, __u32 off, __u32 end,
			     __u32 which)
{
	int odd;

	if (!b)
		return SCAN_NO(SCAN_ODD_SYNTAX);
	if (scan_at(b, off) == ',')
		return SCAN_NO(SCAN_ODD_JOINED);
	off = scan_param(b, off);
	if (off > end)
		return SCAN_NO(SCAN_ODD_SYNTAX);
	odd = scan_via_keep(b, &b->s.via[scan_slot(which, 1)]);
	return odd ? SCAN_NO(odd) : scan_lws(b, off);
}

/* The value of a Via in off..end (18.2.1, 20.42). Returns enum scan_odd */
SCAN_FN int scan_via_scan(struct scan_buf *b, __u32 off, __u32 end, __u32 which)
{
	struct scan_via *v;
	__u32 stop, port;
	__u64 w;

	if (!b)
		return SCAN_ODD_SYNTAX;
	v = &b->s.via[scan_slot(which, 1)];
	if (scan_lower(scan_word(b, off)) !=
	    SCAN_W('s', 'i', 'p', '/', '2', '.', '0', '/'))
		return SCAN_ODD_SYNTAX;
	off += 8;
	w = scan_lower(scan_word(b, off));
	stop = scan_stop(b, off);
	if (stop >= end || !scan_is_lws(scan_at(b, stop)))
		return SCAN_ODD_SYNTAX;
	if (stop - off == 3 && scan_keep(w, 3) == SCAN_UDP)
		v->flags |= SCAN_VIA_UDP;
	off = scan_lws(b, stop);
	stop = scan_stop(b, off);
	if (stop > end)
		return SCAN_ODD_SYNTAX;
	port = scan_hostport(b, off, stop);
	if (port == ~0u)
		return SCAN_ODD_SYNTAX;
	v->host = b->name;
	v->port = port;
	if (scan_at(b, off) == '[')
		v->flags |= SCAN_VIA_V6;
	v->end = end;
	off = scan_lws(b, stop);
	for (int i = 0; i < SCAN_PARAMS_MAX && off < end; i++)
		off = scan_via_param(b, off, end, which);
	if (off > SCAN_BUF)
		return SCAN_WHY(off);
	/* RFC 2543 knew Via without a branch: the agent copes */
	return off >= end && v->branch.len ? SCAN_OK : SCAN_ODD_SYNTAX;
}

/* ---- From and To ------------------------------------------------------ */

/* "scheme:" and something behind it, without quotes and brackets */
SCAN_INLINE int scan_is_uri(const struct scan_buf *b, __u32 off, __u32 end)
{
	__u32 colon = scan_find(b, off, end, ':');

	return colon > off && colon + 1 < end && scan_stop(b, off) > colon &&
	       scan_visible(b, off, end) &&
	       scan_find(b, off, end, '"') == end &&
	       scan_find(b, off, end, '>') == end;
}

/* Where the parameters of a From or To begin: behind name-addr or addr-spec.
 * SCAN_BUF where it is odd */
SCAN_INLINE __u32 scan_addr_end(const struct scan_buf *b, __u32 off, __u32 end)
{
	__u32 lt, gt, quote;

	if (scan_at(b, off) == '"') {
		quote = scan_find(b, off + 1, end, '"');
		if (quote >= end || scan_find(b, off, quote, '\\') < quote)
			return SCAN_BUF;
		off = scan_lws(b, quote + 1);
		if (scan_at(b, off) != '<')
			return SCAN_BUF;
	}
	lt = scan_find(b, off, end, '<');
	if (lt >= end) {
		end = scan_find(b, off, end, ';');
		return scan_is_uri(b, off, end) ? end : SCAN_BUF;
	}
	gt = scan_find(b, lt, end, '>');
	if (gt >= end || !scan_is_uri(b, lt + 1, gt))
		return SCAN_BUF;
	return scan_lws(b, gt + 1);
}

/* One parameter: the offset behind it, or SCAN_NO() */
SCAN_FN __u32 scan_tag_param(struct scan_buf *b, __u32 off, __u32 end, __u32 to)
{
	struct scan_span *s;

	if (!b)
		return SCAN_NO(SCAN_ODD_SYNTAX);
	off = scan_param(b, off);
	if (off > end)
		return SCAN_NO(SCAN_ODD_SYNTAX);
	off = scan_lws(b, off);
	if (!scan_name_is(b, SCAN_P_TAG, 3))
		return off;
	s = to ? &b->s.to_tag : &b->s.from_tag;
	if (s->len || !b->value.len)
		return SCAN_NO(SCAN_ODD_SYNTAX);
	*s = b->value;
	return off;
}

/* The tag of a From or To (20.20, 20.39). Returns enum scan_odd */
SCAN_FN int scan_tag_scan(struct scan_buf *b, __u32 off, __u32 end, __u32 to)
{
	if (!b || off >= end)
		return SCAN_ODD_SYNTAX;
	off = scan_addr_end(b, off, end);
	for (int i = 0; i < SCAN_PARAMS_MAX && off < end; i++)
		off = scan_tag_param(b, off, end, to);
	/* off may have gone over spaces in front of the line's end */
	return off >= end && off < SCAN_BUF ? SCAN_OK : SCAN_ODD_SYNTAX;
}

/* ---- Route ------------------------------------------------------------ */

/* Behind the parameters that may follow a '>' */
SCAN_INLINE __u32 scan_route_rest(const struct scan_buf *b, __u32 off,
				  __u32 end)
{
	__u32 comma;

	if (scan_at(b, off) != ';')
		return off;
	comma = scan_find(b, off, end, ',');
	return scan_find(b, off, comma, '"') < comma ? SCAN_BUF : comma;
}

/* One entry, from its '<' on: where the next one begins, `end` behind the last,
 * or SCAN_NO() */
SCAN_FN __u32 scan_route_entry(struct scan_buf *b, __u32 off, __u32 end,
			       __u32 line)
{
	struct scan_route *r;
	__u32 n, gt;
	int odd;

	if (!b)
		return SCAN_NO(SCAN_ODD_SYNTAX);
	n = b->s.routes;
	r = &b->s.route[scan_slot(n, SCAN_RURI)];
	gt = scan_find(b, off, end, '>');
	if (scan_at(b, off) != '<' || gt >= end)
		return SCAN_NO(SCAN_ODD_SYNTAX);
	r->off = off;
	r->line = line;
	r->next = b->pos;
	b->s.routes = n + 1;
	odd = scan_uri_scan(b, off + 1, gt, n);
	if (odd)
		return SCAN_NO(odd);
	off = scan_route_rest(b, scan_lws(b, gt + 1), end);
	if (off >= end)
		return off < SCAN_BUF ? end : SCAN_NO(SCAN_ODD_SYNTAX);
	if (scan_at(b, off) != ',')
		return SCAN_NO(SCAN_ODD_SYNTAX);
	off = scan_lws(b, off + 1);
	if (off >= end)
		return SCAN_NO(SCAN_ODD_SYNTAX);
	r->behind = off;
	return off;
}

/* The entries of one Route line (20.34). Returns enum scan_odd */
SCAN_FN int scan_route_scan(struct scan_buf *b, __u32 off, __u32 end,
			    __u32 line)
{
	if (!b)
		return SCAN_ODD_SYNTAX;
	for (int i = 0; i <= SCAN_ROUTES && off < end; i++) {
		if (b->s.routes >= SCAN_ROUTES) {
			/* who goes through so many gets no closer look */
			b->s.routes = SCAN_ROUTES + 1;
			return SCAN_OK;
		}
		off = scan_route_entry(b, off, end, line);
	}
	return off > SCAN_BUF ? SCAN_WHY(off) : SCAN_OK;
}

/* ---- methods ---------------------------------------------------------- */

/* Methods are case-sensitive (7.1) */
SCAN_INLINE __u32 scan_method_scan(const struct scan_buf *b, __u32 off,
				   __u32 len)
{
	__u64 w;

	w = scan_keep(scan_word(b, off), len);
	if (len == 9)
		return w == SCAN_W('S', 'U', 'B', 'S', 'C', 'R', 'I', 'B') &&
				       scan_at(b, off + 8) == 'E'
			       ? SCAN_M_SUBSCRIBE
			       : SCAN_M_OTHER;
	if (len > 8)
		return SCAN_M_OTHER;
	switch (w) {
	case SCAN_W('I', 'N', 'V', 'I', 'T', 'E', 0, 0):
		return SCAN_M_INVITE;
	case SCAN_W('A', 'C', 'K', 0, 0, 0, 0, 0):
		return SCAN_M_ACK;
	case SCAN_W('C', 'A', 'N', 'C', 'E', 'L', 0, 0):
		return SCAN_M_CANCEL;
	case SCAN_W('B', 'Y', 'E', 0, 0, 0, 0, 0):
		return SCAN_M_BYE;
	case SCAN_W('R', 'E', 'G', 'I', 'S', 'T', 'E', 'R'):
		return SCAN_M_REGISTER;
	case SCAN_W('O', 'P', 'T', 'I', 'O', 'N', 'S', 0):
		return SCAN_M_OPTIONS;
	case SCAN_W('N', 'O', 'T', 'I', 'F', 'Y', 0, 0):
		return SCAN_M_NOTIFY;
	case SCAN_W('P', 'U', 'B', 'L', 'I', 'S', 'H', 0):
		return SCAN_M_PUBLISH;
	case SCAN_W('M', 'E', 'S', 'S', 'A', 'G', 'E', 0):
		return SCAN_M_MESSAGE;
	case SCAN_W('R', 'E', 'F', 'E', 'R', 0, 0, 0):
		return SCAN_M_REFER;
	case SCAN_W('I', 'N', 'F', 'O', 0, 0, 0, 0):
		return SCAN_M_INFO;
	case SCAN_W('P', 'R', 'A', 'C', 'K', 0, 0, 0):
		return SCAN_M_PRACK;
	case SCAN_W('U', 'P', 'D', 'A', 'T', 'E', 0, 0):
		return SCAN_M_UPDATE;
	}
	return SCAN_M_OTHER;
}

/* Do two pieces of at most 16 bytes say the same? */
SCAN_INLINE __u32 scan_same16(const struct scan_buf *b, __u32 off, __u32 other,
			      __u32 len)
{
	__u32 rest = len > 8 ? len - 8 : 0;

	if (len > 16)
		return 0;
	return scan_keep(scan_word(b, off), len) ==
		       scan_keep(scan_word(b, other), len) &&
	       scan_keep(scan_word(b, off + 8), rest) ==
		       scan_keep(scan_word(b, other + 8), rest);
}

/* "314159 INVITE" (20.16). Returns enum scan_odd */
SCAN_FN int scan_cseq_scan(struct scan_buf *b, __u32 off, __u32 end)
{
	__u32 stop, met, n;

	if (!b)
		return SCAN_ODD_SYNTAX;
	stop = scan_stop(b, off);
	if (stop >= end || !scan_is_lws(scan_at(b, stop)))
		return SCAN_ODD_SYNTAX;
	scan_set(&b->s.cseq, off, stop);
	/* below 2^31 (8.1.1.5): what has ten digits the agent looks at */
	if (scan_number(b, off, stop - off) == ~0u)
		return SCAN_ODD_SYNTAX;
	met = scan_lws(b, stop);
	n = end - met;
	if (met >= end || n > 16 || scan_stop(b, met) != end)
		return SCAN_ODD_SYNTAX;
	if (!(b->s.flags & SCAN_REQUEST)) {
		b->s.method = scan_method_scan(b, met, n);
		return SCAN_OK;
	}
	if (n != b->s.met.len || !scan_same16(b, met, b->s.met.off, n))
		return SCAN_ODD_CSEQ;
	return SCAN_OK;
}

/* ---- header lines ----------------------------------------------------- */

/* Bits of scan.seen */
enum scan_hdr {
	SCAN_H_NONE = 0,
	SCAN_H_VIA,
	SCAN_H_ROUTE,
	SCAN_H_MAXFWD,
	SCAN_H_CALLID,
	SCAN_H_FROM,
	SCAN_H_TO,
	SCAN_H_CSEQ,
	SCAN_H_CLEN,
	SCAN_H_EVENT,
	SCAN_H_REQUIRE,
	SCAN_H_PROXY_REQUIRE,
};

SCAN_INLINE __u32 scan_hdr_short(__u64 c)
{
	switch (c) {
	case 'v':
		return SCAN_H_VIA;
	case 'i':
		return SCAN_H_CALLID;
	case 'f':
		return SCAN_H_FROM;
	case 't':
		return SCAN_H_TO;
	case 'l':
		return SCAN_H_CLEN;
	case 'o':
		return SCAN_H_EVENT;
	}
	return SCAN_H_NONE;
}

SCAN_INLINE __u32 scan_hdr_medium(__u64 w)
{
	switch (w) {
	case SCAN_W('t', 'o', 0, 0, 0, 0, 0, 0):
		return SCAN_H_TO;
	case SCAN_W('v', 'i', 'a', 0, 0, 0, 0, 0):
		return SCAN_H_VIA;
	case SCAN_W('f', 'r', 'o', 'm', 0, 0, 0, 0):
		return SCAN_H_FROM;
	case SCAN_W('c', 's', 'e', 'q', 0, 0, 0, 0):
		return SCAN_H_CSEQ;
	case SCAN_W('r', 'o', 'u', 't', 'e', 0, 0, 0):
		return SCAN_H_ROUTE;
	case SCAN_W('e', 'v', 'e', 'n', 't', 0, 0, 0):
		return SCAN_H_EVENT;
	case SCAN_W('c', 'a', 'l', 'l', '-', 'i', 'd', 0):
		return SCAN_H_CALLID;
	case SCAN_W('r', 'e', 'q', 'u', 'i', 'r', 'e', 0):
		return SCAN_H_REQUIRE;
	}
	return SCAN_H_NONE;
}

/* Which header is named by n bytes: enum scan_hdr */
SCAN_INLINE __u32 scan_hdr_scan(const struct scan_buf *b, __u32 off, __u32 n)
{
	__u64 w, x;

	w = scan_keep(scan_lower(scan_word(b, off)), n);
	if (n == 1)
		return scan_hdr_short(w);
	if (n <= 8)
		return scan_hdr_medium(w);
	x = scan_keep(scan_lower(scan_word(b, off + 8)), n - 8);
	if (n == 12 && w == SCAN_W('m', 'a', 'x', '-', 'f', 'o', 'r', 'w') &&
	    x == SCAN_W('a', 'r', 'd', 's', 0, 0, 0, 0))
		return SCAN_H_MAXFWD;
	if (n == 13 && w == SCAN_W('p', 'r', 'o', 'x', 'y', '-', 'r', 'e') &&
	    x == SCAN_W('q', 'u', 'i', 'r', 'e', 0, 0, 0))
		return SCAN_H_PROXY_REQUIRE;
	if (n == 14 && w == SCAN_W('c', 'o', 'n', 't', 'e', 'n', 't', '-') &&
	    x == SCAN_W('l', 'e', 'n', 'g', 't', 'h', 0, 0))
		return SCAN_H_CLEN;
	return SCAN_H_NONE;
}

SCAN_INLINE int scan_via_line(struct scan_buf *b, __u32 off, __u32 end,
			      __u32 line)
{
	__u32 n = b->s.vias++;

	if (n > 1)
		return SCAN_OK;
	b->s.via[scan_slot(n, 1)].line = line;
	b->s.via[scan_slot(n, 1)].next = b->pos;
	return scan_via_scan(b, off, end, n);
}

/* Max-Forwards, Call-ID, Content-Length: a value as a whole */
SCAN_INLINE int scan_plain_line(struct scan_buf *b, __u32 off, __u32 end,
				__u32 id)
{
	__u32 n;

	if (off >= end)
		return SCAN_ODD_SYNTAX;
	if (id == SCAN_H_CALLID) {
		if (!scan_visible(b, off, end))
			return SCAN_ODD_SYNTAX;
		scan_set(&b->s.callid, off, end);
		return SCAN_OK;
	}
	n = scan_number(b, off, end - off);
	if (n == ~0u)
		return SCAN_ODD_SYNTAX;
	if (id == SCAN_H_CLEN) {
		b->s.content_length = n;
		scan_set(&b->s.clen, off, end);
		return SCAN_OK;
	}
	if (n > 255)
		return SCAN_ODD_SYNTAX;
	b->s.max_forwards = n;
	scan_set(&b->s.maxfwd, off, end);
	return SCAN_OK;
}

/* A header that we look into, its value in off..end. Returns enum scan_odd */
SCAN_INLINE int scan_value(struct scan_buf *b, __u32 id, __u32 off, __u32 end,
			   __u32 line)
{
	/* each may be there once, but Via, Route, Require */
	if (b->s.seen & 1u << (id & 31) && id != SCAN_H_VIA &&
	    id != SCAN_H_ROUTE && id != SCAN_H_REQUIRE &&
	    id != SCAN_H_PROXY_REQUIRE)
		return SCAN_ODD_TWICE;
	b->s.seen |= 1u << (id & 31);
	switch (id) {
	case SCAN_H_VIA:
		return scan_via_line(b, off, end, line);
	case SCAN_H_ROUTE:
		return scan_route_scan(b, off, end, line);
	case SCAN_H_FROM:
		return scan_tag_scan(b, off, end, 0);
	case SCAN_H_TO:
		return scan_tag_scan(b, off, end, 1);
	case SCAN_H_CSEQ:
		return scan_cseq_scan(b, off, end);
	case SCAN_H_EVENT:
		scan_set(&b->s.event, off, end);
		return SCAN_OK;
	case SCAN_H_REQUIRE:
		b->s.flags |= SCAN_REQUIRE;
		return SCAN_OK;
	case SCAN_H_PROXY_REQUIRE:
		b->s.flags |= SCAN_PROXY_REQUIRE;
		return SCAN_OK;
	}
	return scan_plain_line(b, off, end, id);
}

/* A header line, its CR at `end`. Returns enum scan_odd */
SCAN_INLINE int scan_header(struct scan_buf *b, __u32 line, __u32 end)
{
	__u32 off, n, id;

	if (scan_is_lws(scan_at(b, line)))
		return SCAN_ODD_FOLDED;
	/* the name ends at a colon or at a space before it */
	n = scan_first(scan_equal(scan_word(b, line), ':') |
		       scan_stops(scan_word(b, line)));
	if (n == 8)
		n += scan_first(scan_equal(scan_word(b, line + 8), ':') |
				scan_stops(scan_word(b, line + 8)));
	if (!n || ((scan_keep(scan_word(b, line), n) |
		    (n > 8 ? scan_keep(scan_word(b, line + 8), n - 8) : 0)) &
		   SCAN_HIGH))
		return SCAN_ODD_LINE;
	if (n == 16) /* no name that we know is as long */
		return scan_find(b, line, end, ':') < end ? SCAN_OK
							  : SCAN_ODD_LINE;
	off = scan_lws(b, line + n);
	if (scan_at(b, off) != ':')
		return SCAN_ODD_LINE;
	id = scan_hdr_scan(b, line, n);
	if (id == SCAN_H_NONE)
		return SCAN_OK;
	off = scan_lws(b, off + 1);
	if (off > end)
		return SCAN_ODD_SYNTAX;
	for (int i = 0; i < 8; i++) {
		if (end <= off || !scan_is_lws(scan_at(b, end - 1)))
			break;
		end--;
	}
	return scan_value(b, id, off, end, line);
}

struct scan_lines {
	struct scan_buf *b;
	int odd;
};

/* The line at b->pos; b->s.body tells the end of them */
SCAN_CB long scan_line(__u32 i, void *arg)
{
	struct scan_lines *c = arg;
	struct scan_buf *b = c->b;
	__u32 line = b->pos, cr = scan_eol(b, line);

	(void)i;
	if (cr >= b->len) {
		c->odd = cr < SCAN_BUF && b->len - line > SCAN_LINE_WORDS * 8
				 ? SCAN_ODD_LONG
				 : SCAN_ODD_LINE;
		return 1;
	}
	b->pos = cr + 2;
	if (cr == line) {
		b->s.body = cr + 2;
		return 1;
	}
	c->odd = scan_header(b, line, cr);
	return c->odd != 0;
}

/* ---- start line ------------------------------------------------------- */

#define SCAN_VERSION SCAN_W('S', 'I', 'P', '/', '2', '.', '0', 0)

/* "INVITE sip:bob@example.com SIP/2.0" in off..end. Returns enum scan_odd */
SCAN_INLINE int scan_request_line(struct scan_buf *b, __u32 off, __u32 end)
{
	__u32 sp = scan_stop(b, off), uri_end;

	if (sp >= end || sp == off || sp - off > 16 || scan_at(b, sp) != ' ')
		return SCAN_ODD_NOT_SIP;
	scan_set(&b->s.met, off, sp);
	b->s.method = scan_method_scan(b, off, sp - off);
	uri_end = scan_find(b, sp + 1, end, ' ');
	if (uri_end + 8 != end ||
	    scan_keep(scan_word(b, uri_end + 1), 7) != SCAN_VERSION)
		return SCAN_ODD_START;
	b->s.flags |= SCAN_REQUEST;
	scan_set(&b->s.ruri, sp + 1, uri_end);
	return scan_uri_scan(b, sp + 1, uri_end, SCAN_RURI);
}

/* "SIP/2.0 180 Ringing" in off..end */
SCAN_INLINE int scan_status_line(struct scan_buf *b, __u32 off, __u32 end)
{
	__u32 code = scan_number(b, off + 8, 3);

	if (end - off < 12 || scan_at(b, off + 7) != ' ' ||
	    scan_at(b, off + 11) != ' ' || code < 100 || code > 699)
		return SCAN_ODD_START;
	b->s.code = code;
	return SCAN_OK;
}

SCAN_FN int scan_start_line(struct scan_buf *b)
{
	__u32 off, cr;

	if (!b)
		return SCAN_ODD_START;
	/* 0, which the verifier must not know: what follows would be another
	 * state for each offset */
	off = b->pos;
	cr = scan_eol(b, off);
	if (cr >= b->len || cr == off)
		return SCAN_ODD_NOT_SIP;
	b->pos = cr + 2;
	b->s.start_end = cr + 2;
	if (scan_keep(scan_word(b, off), 7) == SCAN_VERSION)
		return scan_status_line(b, off, cr);
	return scan_request_line(b, off, cr);
}

/* ---- the message ------------------------------------------------------ */

#define SCAN_NEEDED                                                            \
	(1u << SCAN_H_VIA | 1u << SCAN_H_CALLID | 1u << SCAN_H_FROM |          \
	 1u << SCAN_H_TO | 1u << SCAN_H_CSEQ)

SCAN_INLINE int scan_whole(const struct scan_buf *b)
{
	if ((b->s.seen & SCAN_NEEDED) != SCAN_NEEDED || !b->s.from_tag.len)
		return SCAN_ODD_MISSING;
	if (b->s.clen.len && b->s.content_length != b->len - b->s.body)
		return SCAN_ODD_LENGTH;
	if (!(b->s.via[0].flags & SCAN_VIA_UDP))
		return SCAN_ODD_TRANSPORT;
	return SCAN_OK;
}

/**
 * Scan a message: b->data[0..len) and at least 16 zero bytes behind it, b->len.
 * The result is b->s; it says nothing where the message is odd
 *
 * @return SCAN_OK or why it is not plain (enum scan_odd)
 */
SCAN_FN int scan_message(struct scan_buf *b)
{
	struct scan_lines c = {.b = b};
	int odd;

	if (!b)
		return SCAN_ODD_LONG;
	__builtin_memset(&b->s, 0, sizeof(b->s));
	b->pos = 0;
	if (b->len > SCAN_LEN_MAX)
		return SCAN_ODD_LONG;
	odd = scan_start_line(b);
	if (odd)
		return odd;
	SCAN_LOOP(SCAN_LINES_MAX + 1, scan_line, &c);
	if (c.odd)
		return c.odd;
	return b->s.body ? scan_whole(b) : SCAN_ODD_LONG;
}

#endif
