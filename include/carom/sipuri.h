/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * @file carom/sipuri.h  Parameters, hosts and URIs, as the scanner reads them
 */
#ifndef CAROM_SIPURI_H
#define CAROM_SIPURI_H

#include "carom/sipword.h"

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
#define SCAN_P_GR SCAN_W('g', 'r', 0, 0, 0, 0, 0, 0)
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
SCAN_FN __u32 scan_hostport(struct scan_buf *b, __u32 off, __u32 end)
{
	__u32 host = off, host_end, port;
	int v6;

	if (!b || off >= end)
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
	else if (scan_name_is(b, SCAN_P_GR, 2))
		u->flags |= SCAN_URI_GR;
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

#endif
