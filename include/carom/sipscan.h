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
#define SIP_FN __noinline
#define SIP_CB static
#define SIP_INLINE static __always_inline
#define SIP_LOOP(n, fn, arg) bpf_loop(n, fn, arg, 0)
#else
#include <string.h>
#define SIP_FN static inline __attribute__((unused))
#define SIP_CB static inline
#define SIP_INLINE static inline
#define SIP_LOOP(n, fn, arg)                                                   \
	for (__u32 i_ = 0; i_ < (n) && !fn(i_, arg); i_++) {}
#endif

#define SIP_ONES 0x0101010101010101ULL
#define SIP_HIGH 0x8080808080808080ULL
#define SIP_LOW7 0x7f7f7f7f7f7f7f7fULL

/* ---- words ------------------------------------------------------------ */

SIP_INLINE __u8 sip_at(const struct sip_buf *b, __u32 off)
{
	return b->data[off & (SIP_BUF - 1)];
}

/* An index that the verifier can see the bound of: the compiler must not know
 * better, and leave the mask out */
SIP_INLINE __u32 sip_slot(__u32 n, __u32 mask)
{
#ifdef __bpf__
	asm volatile("" : "+r"(n));
#endif
	return n & mask;
}

/* Eight bytes, the first of them lowest */
SIP_INLINE __u64 sip_word(const struct sip_buf *b, __u32 off)
{
#ifdef __bpf__
	return *(const __u64 *)(b->data + (off & (SIP_BUF - 1)));
#else
	__u64 w;

	memcpy(&w, b->data + (off & (SIP_BUF - 1)), sizeof(w));
	return w;
#endif
}

/* The highest bit of each byte that is zero, exactly */
SIP_INLINE __u64 sip_zeroes(__u64 w)
{
	return ~(((w & SIP_LOW7) + SIP_LOW7) | w | SIP_LOW7);
}

SIP_INLINE __u64 sip_equal(__u64 w, __u8 c)
{
	return sip_zeroes(w ^ (SIP_ONES * c));
}

/* The highest bit of each byte that is at least c; 7-bit bytes only */
SIP_INLINE __u64 sip_least(__u64 low7, __u8 c)
{
	return low7 + SIP_ONES * (0x80 - c);
}

/* Bytes below the first that `hits` marks; 8 where it marks none */
SIP_INLINE __u32 sip_first(__u64 hits)
{
	__u64 below = ((hits - 1) & ~hits) >> 7;

	return hits ? ((below & SIP_ONES) * SIP_ONES) >> 56 : 8;
}

/* What ends a token in all places that we look at: controls and space, '"',
 * ',', and ';' '<' '=' '>' */
SIP_INLINE __u64 sip_stops(__u64 w)
{
	__u64 low7 = w & SIP_LOW7;
	__u64 hits = ~sip_least(low7, 0x21) |
		     (sip_least(low7, ';') & ~sip_least(low7, '>' + 1));

	return (hits & ~w & SIP_HIGH) | sip_equal(w, '"') | sip_equal(w, ',');
}

/* Letters in lower case, anything else as it is */
SIP_INLINE __u64 sip_lower(__u64 w)
{
	__u64 low7 = w & SIP_LOW7;
	__u64 upper = sip_least(low7, 'A') & ~sip_least(low7, 'Z' + 1) & ~w &
		      SIP_HIGH;

	return w | upper >> 2;
}

/* The first n bytes of a word, n in 0..8 */
SIP_INLINE __u64 sip_keep(__u64 w, __u32 n)
{
	return n >= 8 ? w : w & ((1ULL << (n * 8)) - 1);
}

/* A word from text, at compile time */
#define SIP_W(a, b, c, d, e, f, g, h)                                          \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 |  \
	 (__u64)(e) << 32 | (__u64)(f) << 40 | (__u64)(g) << 48 |              \
	 (__u64)(h) << 56)

/* ---- searches --------------------------------------------------------- */

#define SIP_TOKEN_WORDS 32 /* no token that we look at has over 256 bytes */
#define SIP_LINE_WORDS 128 /* nor a line over 1 KiB: signatures are long */

/* Offset of the first c in off..end; `end` where there is none, or none in the
 * first so many words */
SIP_INLINE __u32 sip_find_in(const struct sip_buf *b, __u32 off, __u32 end,
			     __u8 c, int words)
{
	for (int i = 0; i < words && off < end; i++) {
		__u64 hits = sip_equal(sip_word(b, off), c);

		if (hits) {
			off += sip_first(hits);
			return off < end ? off : end;
		}
		off += 8;
	}
	return end;
}

SIP_INLINE __u32 sip_find(const struct sip_buf *b, __u32 off, __u32 end, __u8 c)
{
	return sip_find_in(b, off, end, c, SIP_TOKEN_WORDS);
}

/* Offset of the first stop (sip_stops) from `off` on, or SIP_BUF */
SIP_INLINE __u32 sip_stop(const struct sip_buf *b, __u32 off)
{
	for (int i = 0; i < SIP_TOKEN_WORDS; i++) {
		__u64 hits = sip_stops(sip_word(b, off));

		if (hits) {
			off += sip_first(hits);
			return off < b->len ? off : SIP_BUF;
		}
		off += 8;
		if (off >= b->len)
			break;
	}
	return SIP_BUF;
}

SIP_INLINE int sip_is_lws(__u8 c)
{
	return c == ' ' || c == '\t';
}

/* Behind spaces and tabs, at most eight of them. One is common */
SIP_FN __u32 sip_lws_more(const struct sip_buf *b, __u32 off)
{
	for (int i = 0; b && i < 7; i++) {
		if (!sip_is_lws(sip_at(b, off)))
			break;
		off++;
	}
	return off;
}

SIP_INLINE __u32 sip_lws(const struct sip_buf *b, __u32 off)
{
	if (!sip_is_lws(sip_at(b, off)))
		return off;
	if (!sip_is_lws(sip_at(b, off + 1)))
		return off + 1;
	return sip_lws_more(b, off + 1);
}

/* A decimal number of 1..9 digits that fills the span; ~0: it is none */
SIP_INLINE __u32 sip_number(const struct sip_buf *b, __u32 off, __u32 len)
{
	__u32 n = 0;

	if (!len || len > 9)
		return ~0u;
	for (__u32 i = 0; i < 9; i++) {
		__u32 d;

		if (i >= len)
			break;
		d = sip_at(b, off + i) - '0';
		if (d > 9)
			return ~0u;
		n = n * 10 + d;
	}
	return n;
}

SIP_INLINE void sip_set(struct sip_span *s, __u32 off, __u32 end)
{
	s->off = off;
	s->len = end - off;
}

/* ---- parameters ------------------------------------------------------- */

/* What the functions that take a parameter return where it is not to be had:
 * no offset, but the reason */
#define SIP_NO(odd) ((__u32)SIP_BUF + (__u32)(odd))
#define SIP_WHY(off) ((int)((off)-SIP_BUF))

/* One parameter, from its ';' on, into b->name and b->value. Returns the offset
 * behind it, or SIP_BUF where it is not plain */
SIP_INLINE __u32 sip_param(struct sip_buf *b, __u32 off)
{
	__u32 stop;

	if (sip_at(b, off) != ';')
		return SIP_BUF;
	off = sip_lws(b, off + 1);
	stop = sip_stop(b, off);
	if (stop >= SIP_BUF || stop == off)
		return SIP_BUF;
	sip_set(&b->name, off, stop);
	sip_set(&b->value, stop, stop);
	if (sip_at(b, stop) != '=')
		return stop;
	off = stop + 1;
	stop = sip_stop(b, off);
	if (stop >= SIP_BUF || stop == off)
		return SIP_BUF;
	switch (sip_at(b, stop)) {
	case '"':
	case '<':
	case '=':
		return SIP_BUF;
	}
	sip_set(&b->value, off, stop);
	return stop;
}

/* Is the parameter's name this one, of at most 8 letters? */
SIP_INLINE int sip_name_is(const struct sip_buf *b, __u64 word, __u32 len)
{
	return b->name.len == len &&
	       sip_keep(sip_lower(sip_word(b, b->name.off)), len) == word;
}

#define SIP_P_LR SIP_W('l', 'r', 0, 0, 0, 0, 0, 0)
#define SIP_P_TAG SIP_W('t', 'a', 'g', 0, 0, 0, 0, 0)
#define SIP_P_MADDR SIP_W('m', 'a', 'd', 'd', 'r', 0, 0, 0)
#define SIP_P_RPORT SIP_W('r', 'p', 'o', 'r', 't', 0, 0, 0)
#define SIP_P_BRANCH SIP_W('b', 'r', 'a', 'n', 'c', 'h', 0, 0)
#define SIP_P_RECEIVED SIP_W('r', 'e', 'c', 'e', 'i', 'v', 'e', 'd')
#define SIP_P_TRANSPORT8 SIP_W('t', 'r', 'a', 'n', 's', 'p', 'o', 'r')
#define SIP_UDP SIP_W('u', 'd', 'p', 0, 0, 0, 0, 0)
#define SIP_COOKIE SIP_W('z', '9', 'h', 'g', '4', 'b', 'k', 0)

/* ---- host and port ---------------------------------------------------- */

/* host[:port] in off..end. Returns its port (0: none), ~0 where it is odd */
SIP_INLINE __u32 sip_hostport(struct sip_buf *b, __u32 off, __u32 end)
{
	__u32 host = off, host_end, port;

	if (off >= end)
		return ~0u;
	if (sip_at(b, off) == '[') {
		host_end = sip_find(b, off, end, ']');
		if (host_end >= end)
			return ~0u;
		host = off + 1;
		off = host_end + 1;
	} else {
		host_end = sip_find(b, off, end, ':');
		off = host_end;
	}
	if (host >= host_end)
		return ~0u;
	sip_set(&b->name, host, host_end);
	if (off == end)
		return 0;
	if (sip_at(b, off) != ':')
		return ~0u;
	port = sip_number(b, off + 1, end - off - 1);
	return port && port <= 0xffff ? port : ~0u;
}

/* ---- URIs ------------------------------------------------------------- */

/* What a URI's parameter means for us. Returns enum sip_odd */
SIP_INLINE int sip_uri_keep(const struct sip_buf *b, struct sip_uri *u)
{
	if (sip_name_is(b, SIP_P_LR, 2))
		u->flags |= SIP_URI_LR;
	else if (sip_name_is(b, SIP_P_MADDR, 5))
		return SIP_ODD_TRANSPORT;
	else if (b->name.len == 9 &&
		 sip_lower(sip_word(b, b->name.off)) == SIP_P_TRANSPORT8 &&
		 (b->value.len != 3 ||
		  sip_keep(sip_lower(sip_word(b, b->value.off)), 3) != SIP_UDP))
		return SIP_ODD_TRANSPORT;
	return SIP_OK;
}

/* One parameter: the offset behind it, or SIP_NO() */
SIP_FN __u32 sip_uri_param(struct sip_buf *b, __u32 off, __u32 end, __u32 which)
{
	int odd;

	if (!b)
		return SIP_NO(SIP_ODD_URI);
	off = sip_param(b, off);
	if (off > end)
		return SIP_NO(SIP_ODD_URI);
	odd = sip_uri_keep(b, &b->s.uri[sip_slot(which, SIP_RURI)]);
	return odd ? SIP_NO(odd) : off;
}

/* Offset of the '@', `end` where there is none, SIP_BUF where the URI has escapes
 * or headers */
SIP_INLINE __u32 sip_uri_user(const struct sip_buf *b, __u32 off, __u32 end)
{
	__u32 at = end;

	for (int i = 0; i < SIP_TOKEN_WORDS && off < end; i++) {
		__u64 w = sip_word(b, off);
		__u64 hits = sip_equal(w, '@');

		if (end - off < 8)
			w = sip_keep(w, end - off);
		if (sip_equal(w, '%') | sip_equal(w, '?'))
			return SIP_BUF;
		if (hits && at == end)
			at = off + sip_first(hits);
		off += 8;
	}
	if (off < end)
		return SIP_BUF; /* longer than what we looked at */
	return at < end ? at : end;
}

/* A sip: URI in off..end, without escapes and headers. `which`: the route of
 * that number, or SIP_RURI. Returns enum sip_odd */
SIP_FN int sip_uri_scan(struct sip_buf *b, __u32 off, __u32 end, __u32 which)
{
	struct sip_uri *u;
	__u32 at, port, semi;

	if (!b)
		return SIP_ODD_URI;
	u = &b->s.uri[sip_slot(which, SIP_RURI)];
	if (off + 5 > end || sip_keep(sip_lower(sip_word(b, off)), 4) !=
				     SIP_W('s', 'i', 'p', ':', 0, 0, 0, 0))
		return SIP_ODD_URI;
	off += 4;
	at = sip_uri_user(b, off, end);
	if (at == SIP_BUF)
		return SIP_ODD_URI;
	if (at < end) {
		sip_set(&u->user, off, at);
		off = at + 1;
	}
	semi = sip_find(b, off, end, ';');
	port = sip_hostport(b, off, semi);
	if (port == ~0u)
		return SIP_ODD_URI;
	u->host = b->name;
	u->port = port;
	u->flags = sip_at(b, off) == '[' ? SIP_URI_V6 : 0;
	off = semi;
	for (int i = 0; i < SIP_PARAMS_MAX && off < end; i++)
		off = sip_uri_param(b, off, end, which);
	if (off > SIP_BUF)
		return SIP_WHY(off);
	return off == end ? SIP_OK : SIP_ODD_URI;
}

/* ---- Via -------------------------------------------------------------- */

SIP_INLINE int sip_via_keep(struct sip_buf *b, struct sip_via *v)
{
	__u32 n;

	if (sip_name_is(b, SIP_P_BRANCH, 6)) {
		if (v->branch.len || !b->value.len)
			return SIP_ODD_SYNTAX;
		v->branch = b->value;
		if (b->value.len > 7 &&
		    sip_keep(sip_lower(sip_word(b, b->value.off)), 7) ==
			    SIP_COOKIE)
			v->flags |= SIP_VIA_COOKIE;
	} else if (sip_name_is(b, SIP_P_RPORT, 5)) {
		if (v->flags & SIP_VIA_RPORT)
			return SIP_ODD_SYNTAX;
		v->flags |= SIP_VIA_RPORT;
		v->rport_end = b->name.off + b->name.len;
		if (!b->value.len)
			return sip_at(b, v->rport_end) == '=' ? SIP_ODD_SYNTAX
							      : SIP_OK;
		n = sip_number(b, b->value.off, b->value.len);
		if (!n || n > 0xffff)
			return SIP_ODD_SYNTAX;
		v->flags |= SIP_VIA_FILLED;
		v->rport = n;
	} else if (sip_name_is(b, SIP_P_RECEIVED, 8)) {
		if (v->received.len || !b->value.len)
			return SIP_ODD_SYNTAX;
		v->received = b->value;
	} else if (sip_name_is(b, SIP_P_MADDR, 5)) {
		return SIP_ODD_TRANSPORT;
	}
	return SIP_OK;
}

/* One parameter: the offset behind it, or SIP_NO() */
SIP_FN __u32 sip_via_param(struct sip_buf *b, __u32 off, __u32 end, __u32 which)
{
	int odd;

	if (!b)
		return SIP_NO(SIP_ODD_SYNTAX);
	if (sip_at(b, off) == ',')
		return SIP_NO(SIP_ODD_JOINED);
	off = sip_param(b, off);
	if (off > end)
		return SIP_NO(SIP_ODD_SYNTAX);
	odd = sip_via_keep(b, &b->s.via[sip_slot(which, 1)]);
	return odd ? SIP_NO(odd) : sip_lws(b, off);
}

/* The value of a Via in off..end (18.2.1, 20.42). Returns enum sip_odd */
SIP_FN int sip_via_scan(struct sip_buf *b, __u32 off, __u32 end, __u32 which)
{
	struct sip_via *v;
	__u32 stop, port;
	__u64 w;

	if (!b)
		return SIP_ODD_SYNTAX;
	v = &b->s.via[sip_slot(which, 1)];
	if (sip_lower(sip_word(b, off)) !=
	    SIP_W('s', 'i', 'p', '/', '2', '.', '0', '/'))
		return SIP_ODD_SYNTAX;
	off += 8;
	w = sip_lower(sip_word(b, off));
	stop = sip_stop(b, off);
	if (stop >= end || !sip_is_lws(sip_at(b, stop)))
		return SIP_ODD_SYNTAX;
	if (stop - off == 3 && sip_keep(w, 3) == SIP_UDP)
		v->flags |= SIP_VIA_UDP;
	off = sip_lws(b, stop);
	stop = sip_stop(b, off);
	if (stop > end)
		return SIP_ODD_SYNTAX;
	port = sip_hostport(b, off, stop);
	if (port == ~0u)
		return SIP_ODD_SYNTAX;
	v->host = b->name;
	v->port = port;
	if (sip_at(b, off) == '[')
		v->flags |= SIP_VIA_V6;
	v->end = end;
	off = sip_lws(b, stop);
	for (int i = 0; i < SIP_PARAMS_MAX && off < end; i++)
		off = sip_via_param(b, off, end, which);
	if (off > SIP_BUF)
		return SIP_WHY(off);
	return off >= end ? SIP_OK : SIP_ODD_SYNTAX;
}

/* ---- From and To ------------------------------------------------------ */

/* Where the parameters of a From or To begin: behind name-addr or addr-spec.
 * SIP_BUF where it is odd */
SIP_INLINE __u32 sip_addr_end(const struct sip_buf *b, __u32 off, __u32 end)
{
	__u32 lt, quote;

	if (sip_at(b, off) == '"') {
		quote = sip_find(b, off + 1, end, '"');
		if (quote >= end || sip_find(b, off, quote, '\\') < quote)
			return SIP_BUF;
		off = sip_lws(b, quote + 1);
		if (sip_at(b, off) != '<')
			return SIP_BUF;
	}
	lt = sip_find(b, off, end, '<');
	if (lt < end) {
		off = sip_find(b, lt, end, '>');
		if (off >= end || sip_find(b, lt, off, '"') < off)
			return SIP_BUF;
		return sip_lws(b, off + 1);
	}
	return sip_find(b, off, end, ';');
}

/* One parameter: the offset behind it, or SIP_NO() */
SIP_FN __u32 sip_tag_param(struct sip_buf *b, __u32 off, __u32 end, __u32 to)
{
	struct sip_span *s;

	if (!b)
		return SIP_NO(SIP_ODD_SYNTAX);
	off = sip_param(b, off);
	if (off > end)
		return SIP_NO(SIP_ODD_SYNTAX);
	off = sip_lws(b, off);
	if (!sip_name_is(b, SIP_P_TAG, 3))
		return off;
	s = to ? &b->s.to_tag : &b->s.from_tag;
	if (s->len || !b->value.len)
		return SIP_NO(SIP_ODD_SYNTAX);
	*s = b->value;
	return off;
}

/* The tag of a From or To (20.20, 20.39). Returns enum sip_odd */
SIP_FN int sip_tag_scan(struct sip_buf *b, __u32 off, __u32 end, __u32 to)
{
	if (!b || off >= end)
		return SIP_ODD_SYNTAX;
	off = sip_addr_end(b, off, end);
	for (int i = 0; i < SIP_PARAMS_MAX && off < end; i++)
		off = sip_tag_param(b, off, end, to);
	/* off may have gone over spaces in front of the line's end */
	return off >= end && off < SIP_BUF ? SIP_OK : SIP_ODD_SYNTAX;
}

/* ---- Route ------------------------------------------------------------ */

/* Behind the parameters that may follow a '>' */
SIP_INLINE __u32 sip_route_rest(const struct sip_buf *b, __u32 off, __u32 end)
{
	__u32 comma;

	if (sip_at(b, off) != ';')
		return off;
	comma = sip_find(b, off, end, ',');
	return sip_find(b, off, comma, '"') < comma ? SIP_BUF : comma;
}

/* One entry, from its '<' on: where the next one begins, `end` behind the last,
 * or SIP_NO() */
SIP_FN __u32 sip_route_entry(struct sip_buf *b, __u32 off, __u32 end,
			     __u32 line)
{
	struct sip_route *r;
	__u32 n, gt;
	int odd;

	if (!b)
		return SIP_NO(SIP_ODD_SYNTAX);
	n = b->s.routes;
	r = &b->s.route[sip_slot(n, SIP_RURI)];
	gt = sip_find(b, off, end, '>');
	if (sip_at(b, off) != '<' || gt >= end)
		return SIP_NO(SIP_ODD_SYNTAX);
	r->off = off;
	r->line = line;
	r->next = b->pos;
	b->s.routes = n + 1;
	odd = sip_uri_scan(b, off + 1, gt, n);
	if (odd)
		return SIP_NO(odd);
	off = sip_route_rest(b, sip_lws(b, gt + 1), end);
	if (off >= end)
		return off < SIP_BUF ? end : SIP_NO(SIP_ODD_SYNTAX);
	if (sip_at(b, off) != ',')
		return SIP_NO(SIP_ODD_SYNTAX);
	off = sip_lws(b, off + 1);
	if (off >= end)
		return SIP_NO(SIP_ODD_SYNTAX);
	r->behind = off;
	return off;
}

/* The entries of one Route line (20.34). Returns enum sip_odd */
SIP_FN int sip_route_scan(struct sip_buf *b, __u32 off, __u32 end, __u32 line)
{
	if (!b)
		return SIP_ODD_SYNTAX;
	for (int i = 0; i <= SIP_ROUTES && off < end; i++) {
		if (b->s.routes >= SIP_ROUTES) {
			/* who goes through so many gets no closer look */
			b->s.routes = SIP_ROUTES + 1;
			return SIP_OK;
		}
		off = sip_route_entry(b, off, end, line);
	}
	return off > SIP_BUF ? SIP_WHY(off) : SIP_OK;
}

/* ---- methods ---------------------------------------------------------- */

/* Methods are case-sensitive (7.1) */
SIP_INLINE __u32 sip_method_scan(const struct sip_buf *b, __u32 off, __u32 len)
{
	__u64 w;

	w = sip_keep(sip_word(b, off), len);
	if (len == 9)
		return w == SIP_W('S', 'U', 'B', 'S', 'C', 'R', 'I', 'B') &&
				       sip_at(b, off + 8) == 'E'
			       ? SIP_M_SUBSCRIBE
			       : SIP_M_OTHER;
	if (len > 8)
		return SIP_M_OTHER;
	switch (w) {
	case SIP_W('I', 'N', 'V', 'I', 'T', 'E', 0, 0):
		return SIP_M_INVITE;
	case SIP_W('A', 'C', 'K', 0, 0, 0, 0, 0):
		return SIP_M_ACK;
	case SIP_W('C', 'A', 'N', 'C', 'E', 'L', 0, 0):
		return SIP_M_CANCEL;
	case SIP_W('B', 'Y', 'E', 0, 0, 0, 0, 0):
		return SIP_M_BYE;
	case SIP_W('R', 'E', 'G', 'I', 'S', 'T', 'E', 'R'):
		return SIP_M_REGISTER;
	case SIP_W('O', 'P', 'T', 'I', 'O', 'N', 'S', 0):
		return SIP_M_OPTIONS;
	case SIP_W('N', 'O', 'T', 'I', 'F', 'Y', 0, 0):
		return SIP_M_NOTIFY;
	case SIP_W('P', 'U', 'B', 'L', 'I', 'S', 'H', 0):
		return SIP_M_PUBLISH;
	case SIP_W('M', 'E', 'S', 'S', 'A', 'G', 'E', 0):
		return SIP_M_MESSAGE;
	case SIP_W('R', 'E', 'F', 'E', 'R', 0, 0, 0):
		return SIP_M_REFER;
	case SIP_W('I', 'N', 'F', 'O', 0, 0, 0, 0):
		return SIP_M_INFO;
	case SIP_W('P', 'R', 'A', 'C', 'K', 0, 0, 0):
		return SIP_M_PRACK;
	case SIP_W('U', 'P', 'D', 'A', 'T', 'E', 0, 0):
		return SIP_M_UPDATE;
	}
	return SIP_M_OTHER;
}

/* Do two pieces of at most 16 bytes say the same? */
SIP_INLINE __u32 sip_same16(const struct sip_buf *b, __u32 off, __u32 other,
			    __u32 len)
{
	__u32 rest = len > 8 ? len - 8 : 0;

	if (len > 16)
		return 0;
	return sip_keep(sip_word(b, off), len) ==
		       sip_keep(sip_word(b, other), len) &&
	       sip_keep(sip_word(b, off + 8), rest) ==
		       sip_keep(sip_word(b, other + 8), rest);
}

/* "314159 INVITE" (20.16). Returns enum sip_odd */
SIP_FN int sip_cseq_scan(struct sip_buf *b, __u32 off, __u32 end)
{
	__u32 stop, met, n;

	if (!b)
		return SIP_ODD_SYNTAX;
	stop = sip_stop(b, off);
	if (stop >= end || !sip_is_lws(sip_at(b, stop)))
		return SIP_ODD_SYNTAX;
	sip_set(&b->s.cseq, off, stop);
	/* below 2^31 (8.1.1.5): what has ten digits the agent looks at */
	if (sip_number(b, off, stop - off) == ~0u)
		return SIP_ODD_SYNTAX;
	met = sip_lws(b, stop);
	n = end - met;
	if (met >= end || n > 16 || sip_stop(b, met) != end)
		return SIP_ODD_SYNTAX;
	if (!(b->s.flags & SIP_REQUEST)) {
		b->s.method = sip_method_scan(b, met, n);
		return SIP_OK;
	}
	if (n != b->s.met.len || !sip_same16(b, met, b->s.met.off, n))
		return SIP_ODD_CSEQ;
	return SIP_OK;
}

/* ---- header lines ----------------------------------------------------- */

/* Bits of sip_scan.seen */
enum sip_hdr {
	SIP_H_NONE = 0,
	SIP_H_VIA,
	SIP_H_ROUTE,
	SIP_H_MAXFWD,
	SIP_H_CALLID,
	SIP_H_FROM,
	SIP_H_TO,
	SIP_H_CSEQ,
	SIP_H_CLEN,
	SIP_H_EVENT,
	SIP_H_REQUIRE,
	SIP_H_PROXY_REQUIRE,
};

SIP_INLINE __u32 sip_hdr_short(__u64 c)
{
	switch (c) {
	case 'v':
		return SIP_H_VIA;
	case 'i':
		return SIP_H_CALLID;
	case 'f':
		return SIP_H_FROM;
	case 't':
		return SIP_H_TO;
	case 'l':
		return SIP_H_CLEN;
	case 'o':
		return SIP_H_EVENT;
	}
	return SIP_H_NONE;
}

SIP_INLINE __u32 sip_hdr_medium(__u64 w)
{
	switch (w) {
	case SIP_W('t', 'o', 0, 0, 0, 0, 0, 0):
		return SIP_H_TO;
	case SIP_W('v', 'i', 'a', 0, 0, 0, 0, 0):
		return SIP_H_VIA;
	case SIP_W('f', 'r', 'o', 'm', 0, 0, 0, 0):
		return SIP_H_FROM;
	case SIP_W('c', 's', 'e', 'q', 0, 0, 0, 0):
		return SIP_H_CSEQ;
	case SIP_W('r', 'o', 'u', 't', 'e', 0, 0, 0):
		return SIP_H_ROUTE;
	case SIP_W('e', 'v', 'e', 'n', 't', 0, 0, 0):
		return SIP_H_EVENT;
	case SIP_W('c', 'a', 'l', 'l', '-', 'i', 'd', 0):
		return SIP_H_CALLID;
	case SIP_W('r', 'e', 'q', 'u', 'i', 'r', 'e', 0):
		return SIP_H_REQUIRE;
	}
	return SIP_H_NONE;
}

/* Which header is named by n bytes: enum sip_hdr */
SIP_INLINE __u32 sip_hdr_scan(const struct sip_buf *b, __u32 off, __u32 n)
{
	__u64 w, x;

	w = sip_keep(sip_lower(sip_word(b, off)), n);
	if (n == 1)
		return sip_hdr_short(w);
	if (n <= 8)
		return sip_hdr_medium(w);
	x = sip_keep(sip_lower(sip_word(b, off + 8)), n - 8);
	if (n == 12 && w == SIP_W('m', 'a', 'x', '-', 'f', 'o', 'r', 'w') &&
	    x == SIP_W('a', 'r', 'd', 's', 0, 0, 0, 0))
		return SIP_H_MAXFWD;
	if (n == 13 && w == SIP_W('p', 'r', 'o', 'x', 'y', '-', 'r', 'e') &&
	    x == SIP_W('q', 'u', 'i', 'r', 'e', 0, 0, 0))
		return SIP_H_PROXY_REQUIRE;
	if (n == 14 && w == SIP_W('c', 'o', 'n', 't', 'e', 'n', 't', '-') &&
	    x == SIP_W('l', 'e', 'n', 'g', 't', 'h', 0, 0))
		return SIP_H_CLEN;
	return SIP_H_NONE;
}

SIP_INLINE int sip_via_line(struct sip_buf *b, __u32 off, __u32 end, __u32 line)
{
	__u32 n = b->s.vias++;

	if (n > 1)
		return SIP_OK;
	b->s.via[sip_slot(n, 1)].line = line;
	b->s.via[sip_slot(n, 1)].next = b->pos;
	return sip_via_scan(b, off, end, n);
}

/* Max-Forwards, Call-ID, Content-Length: a value as a whole */
SIP_INLINE int sip_plain_line(struct sip_buf *b, __u32 off, __u32 end, __u32 id)
{
	__u32 n;

	if (off >= end)
		return SIP_ODD_SYNTAX;
	if (id == SIP_H_CALLID) {
		if (sip_find(b, off, end, ' ') < end ||
		    sip_find(b, off, end, '\t') < end)
			return SIP_ODD_SYNTAX;
		sip_set(&b->s.callid, off, end);
		return SIP_OK;
	}
	n = sip_number(b, off, end - off);
	if (n == ~0u)
		return SIP_ODD_SYNTAX;
	if (id == SIP_H_CLEN) {
		b->s.content_length = n;
		sip_set(&b->s.clen, off, end);
		return SIP_OK;
	}
	if (n > 255)
		return SIP_ODD_SYNTAX;
	b->s.max_forwards = n;
	sip_set(&b->s.maxfwd, off, end);
	return SIP_OK;
}

/* A header that we look into, its value in off..end. Returns enum sip_odd */
SIP_INLINE int sip_value(struct sip_buf *b, __u32 id, __u32 off, __u32 end,
			 __u32 line)
{
	/* each may be there once, but Via, Route, Require */
	if (b->s.seen & 1u << (id & 31) && id != SIP_H_VIA &&
	    id != SIP_H_ROUTE && id != SIP_H_REQUIRE &&
	    id != SIP_H_PROXY_REQUIRE)
		return SIP_ODD_TWICE;
	b->s.seen |= 1u << (id & 31);
	switch (id) {
	case SIP_H_VIA:
		return sip_via_line(b, off, end, line);
	case SIP_H_ROUTE:
		return sip_route_scan(b, off, end, line);
	case SIP_H_FROM:
		return sip_tag_scan(b, off, end, 0);
	case SIP_H_TO:
		return sip_tag_scan(b, off, end, 1);
	case SIP_H_CSEQ:
		return sip_cseq_scan(b, off, end);
	case SIP_H_EVENT:
		sip_set(&b->s.event, off, end);
		return SIP_OK;
	case SIP_H_REQUIRE:
		b->s.flags |= SIP_REQUIRE;
		return SIP_OK;
	case SIP_H_PROXY_REQUIRE:
		b->s.flags |= SIP_PROXY_REQUIRE;
		return SIP_OK;
	}
	return sip_plain_line(b, off, end, id);
}

/* A header line, its CR at `end`. Returns enum sip_odd */
SIP_INLINE int sip_header(struct sip_buf *b, __u32 line, __u32 end)
{
	__u32 off, n, id;

	if (sip_is_lws(sip_at(b, line)))
		return SIP_ODD_FOLDED;
	/* the name ends at a colon or at a space before it */
	n = sip_first(sip_equal(sip_word(b, line), ':') |
		      sip_stops(sip_word(b, line)));
	if (n == 8)
		n += sip_first(sip_equal(sip_word(b, line + 8), ':') |
			       sip_stops(sip_word(b, line + 8)));
	if (!n)
		return SIP_ODD_LINE;
	if (n == 16)
		return SIP_OK; /* no name that we know is as long */
	id = sip_hdr_scan(b, line, n);
	if (id == SIP_H_NONE)
		return SIP_OK;
	off = sip_lws(b, line + n);
	if (sip_at(b, off) != ':')
		return SIP_ODD_LINE;
	off = sip_lws(b, off + 1);
	if (off > end)
		return SIP_ODD_SYNTAX;
	for (int i = 0; i < 8; i++) {
		if (end <= off || !sip_is_lws(sip_at(b, end - 1)))
			break;
		end--;
	}
	return sip_value(b, id, off, end, line);
}

struct sip_lines {
	struct sip_buf *b;
	int odd;
};

/* The line at b->pos; b->s.body tells the end of them */
SIP_CB long sip_line(__u32 i, void *arg)
{
	struct sip_lines *c = arg;
	struct sip_buf *b = c->b;
	__u32 line = b->pos, lf;

	(void)i;
	lf = sip_find_in(b, line, b->len, '\n', SIP_LINE_WORDS);
	if (lf >= b->len && b->len - line > SIP_LINE_WORDS * 8)
		c->odd = SIP_ODD_LONG;
	else if (lf >= b->len || lf == line || sip_at(b, lf - 1) != '\r')
		c->odd = SIP_ODD_LINE;
	if (c->odd)
		return 1;
	b->pos = lf + 1;
	if (lf == line + 1) {
		b->s.body = lf + 1;
		return 1;
	}
	c->odd = sip_header(b, line, lf - 1);
	return c->odd != 0;
}

/* ---- start line ------------------------------------------------------- */

#define SIP_VERSION SIP_W('S', 'I', 'P', '/', '2', '.', '0', 0)

/* "INVITE sip:bob@example.com SIP/2.0" in off..end. Returns enum sip_odd */
SIP_INLINE int sip_request_line(struct sip_buf *b, __u32 off, __u32 end)
{
	__u32 sp = sip_stop(b, off), uri_end;

	if (sp >= end || sp == off || sp - off > 16 || sip_at(b, sp) != ' ')
		return SIP_ODD_NOT_SIP;
	sip_set(&b->s.met, off, sp);
	b->s.method = sip_method_scan(b, off, sp - off);
	uri_end = sip_find(b, sp + 1, end, ' ');
	if (uri_end + 8 != end ||
	    sip_keep(sip_word(b, uri_end + 1), 7) != SIP_VERSION)
		return SIP_ODD_START;
	b->s.flags |= SIP_REQUEST;
	sip_set(&b->s.ruri, sp + 1, uri_end);
	return sip_uri_scan(b, sp + 1, uri_end, SIP_RURI);
}

/* "SIP/2.0 180 Ringing" in off..end */
SIP_INLINE int sip_status_line(struct sip_buf *b, __u32 off, __u32 end)
{
	__u32 code = sip_number(b, off + 8, 3);

	if (end - off < 12 || sip_at(b, off + 7) != ' ' ||
	    sip_at(b, off + 11) != ' ' || code < 100 || code > 699)
		return SIP_ODD_START;
	b->s.code = code;
	return SIP_OK;
}

SIP_FN int sip_start_line(struct sip_buf *b)
{
	__u32 off, lf;

	if (!b)
		return SIP_ODD_START;
	/* 0, which the verifier must not know: what follows would be another
	 * state for each offset */
	off = b->pos;
	lf = sip_find_in(b, off, b->len, '\n', SIP_LINE_WORDS);
	if (lf >= b->len || lf < off + 2 || sip_at(b, lf - 1) != '\r')
		return SIP_ODD_NOT_SIP;
	b->pos = lf + 1;
	b->s.start_end = lf + 1;
	if (sip_keep(sip_word(b, off), 7) == SIP_VERSION)
		return sip_status_line(b, off, lf - 1);
	return sip_request_line(b, off, lf - 1);
}

/* ---- the message ------------------------------------------------------ */

#define SIP_NEEDED                                                             \
	(1u << SIP_H_VIA | 1u << SIP_H_CALLID | 1u << SIP_H_FROM |             \
	 1u << SIP_H_TO | 1u << SIP_H_CSEQ)

SIP_INLINE int sip_whole(const struct sip_buf *b)
{
	if ((b->s.seen & SIP_NEEDED) != SIP_NEEDED || !b->s.from_tag.len)
		return SIP_ODD_MISSING;
	if (b->s.clen.len && b->s.content_length != b->len - b->s.body)
		return SIP_ODD_LENGTH;
	if (!(b->s.via[0].flags & SIP_VIA_UDP))
		return SIP_ODD_TRANSPORT;
	return SIP_OK;
}

/**
 * Scan a message: b->data[0..len) and at least 16 zero bytes behind it, b->len.
 * The result is b->s; it says nothing where the message is odd
 *
 * @return SIP_OK or why it is not plain (enum sip_odd)
 */
SIP_FN int sip_scan(struct sip_buf *b)
{
	struct sip_lines c = {.b = b};
	int odd;

	if (!b)
		return SIP_ODD_LONG;
	__builtin_memset(&b->s, 0, sizeof(b->s));
	b->pos = 0;
	if (b->len > SIP_LEN_MAX)
		return SIP_ODD_LONG;
	odd = sip_start_line(b);
	if (odd)
		return odd;
	SIP_LOOP(SIP_LINES_MAX + 1, sip_line, &c);
	if (c.odd)
		return c.odd;
	return b->s.body ? sip_whole(b) : SIP_ODD_LONG;
}

#endif
