/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * @file carom/sipvalue.h  Values of Via, From, To and Route, as the scanner reads
 * them
 */
#ifndef CAROM_SIPVALUE_H
#define CAROM_SIPVALUE_H

#include "carom/sipuri.h"

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
	off = scan_param(b, off);
	if (off > end)
		return SCAN_NO(SCAN_ODD_SYNTAX);
	b->s.via[scan_slot(which, 1)].end = off;
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
	v->off = off;
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
	v->end = stop;
	off = scan_lws(b, stop);
	for (int i = 0; i < SCAN_PARAMS_MAX && off < end; i++) {
		if (scan_at(b, off) == ',')
			break;
		off = scan_via_param(b, off, end, which);
	}
	if (off > SCAN_BUF)
		return SCAN_WHY(off);
	if (off < end) {
		if (scan_at(b, off) != ',')
			return SCAN_ODD_SYNTAX;
		v->behind = scan_lws(b, off + 1);
	}
	/* RFC 2543 knew Via without a branch: the agent copes */
	return v->branch.len ? SCAN_OK : SCAN_ODD_SYNTAX;
}

/* ---- From and To ------------------------------------------------------ */

/* "scheme:" and something behind it, without quotes and brackets */
SCAN_FN int scan_is_uri(const struct scan_buf *b, __u32 off, __u32 end)
{
	__u32 colon = off;
	__u64 hits = 0;

	if (!b)
		return 0;
	for (int i = 0; i < SCAN_TOKEN_WORDS && colon < end; i++) {
		hits = scan_equal(scan_word(b, colon), ':') |
		       scan_stops(scan_word(b, colon));
		if (hits)
			break;
		colon += 8;
	}
	colon += scan_first(hits);
	/* none in so many words: the loop below says no */
	if (colon == off || colon + 1 >= end || scan_at(b, colon) != ':')
		return 0;
	for (int i = 0; i < SCAN_TOKEN_WORDS && off < end; i++) {
		__u64 w = scan_word(b, off);

		hits = scan_unseen(w) | scan_equal(w, '"') | scan_equal(w, '>');
		if (hits)
			return off + scan_first(hits) >= end;
		off += 8;
	}
	return off >= end;
}

/* A display name without quotes: nothing in it that separates addresses */
SCAN_INLINE int scan_is_name(const struct scan_buf *b, __u32 off, __u32 end)
{
	for (int i = 0; i < SCAN_TOKEN_WORDS && off < end; i++) {
		__u64 w = scan_word(b, off);
		__u64 hits = scan_stops(w) & ~scan_equal(w, ' ');

		if (hits)
			return off + scan_first(hits) >= end;
		off += 8;
	}
	return off >= end;
}

/* Where the parameters of a From or To begin: behind name-addr or addr-spec.
 * SCAN_BUF where it is odd */
SCAN_INLINE __u32 scan_addr_end(const struct scan_buf *b, __u32 off, __u32 end)
{
	__u32 lt, gt, quote, uri = off;

	if (scan_at(b, off) == '"') {
		quote = scan_find(b, off + 1, end, '"');
		if (quote >= end || scan_find(b, off, quote, '\\') < quote)
			return SCAN_BUF;
		off = scan_lws(b, quote + 1);
		if (scan_at(b, off) != '<')
			return SCAN_BUF;
	}
	lt = scan_find(b, off, end, '<');
	gt = scan_find(b, lt < end ? lt : off, end, lt < end ? '>' : ';');
	if (lt < end) {
		if (gt >= end || !scan_is_name(b, off, lt))
			return SCAN_BUF;
		uri = lt + 1;
	}
	if (!scan_is_uri(b, uri, gt))
		return SCAN_BUF;
	return lt < end ? scan_lws(b, gt + 1) : gt;
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
SCAN_INLINE int scan_route_scan(struct scan_buf *b, __u32 off, __u32 end,
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

#endif
