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

#include "carom/sipvalue.h"

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

/* Is off..end a token (25.1)? */
SCAN_INLINE int scan_is_token(const struct scan_buf *b, __u32 off, __u32 end)
{
	for (int i = 0; i < 2 && off < end; i++) {
		__u64 w = scan_word(b, off), low7 = w & SCAN_LOW7;
		__u64 bad = ~(scan_range(low7, '0', '9') |
			      scan_range(low7 | SCAN_ONES * 0x20, 'a', 'z') |
			      scan_range(low7, '-', '.') |
			      scan_range(low7, '*', '+') |
			      scan_range(low7, '_', '`')) |
			    w;

		bad &= ~(scan_equal(w, '!') | scan_equal(w, '%') |
			 scan_equal(w, '\'') | scan_equal(w, '~')) &
		       SCAN_HIGH;
		if (bad)
			return off + scan_first(bad) >= end;
		off += 8;
	}
	return off >= end;
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
	SCAN_H_AUTHORIZATION,
};

_Static_assert(SCAN_H_AUTHORIZATION < SCAN_HEADERS, "four bits of scan.order");

#define SCAN_OFTEN                                                             \
	(1u << SCAN_H_VIA | 1u << SCAN_H_ROUTE | 1u << SCAN_H_REQUIRE |        \
	 1u << SCAN_H_PROXY_REQUIRE | 1u << SCAN_H_AUTHORIZATION)

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
	if (n == 13 && w == SCAN_W('a', 'u', 't', 'h', 'o', 'r', 'i', 'z') &&
	    x == SCAN_W('a', 't', 'i', 'o', 'n', 0, 0, 0))
		return SCAN_H_AUTHORIZATION;
	if (n == 14 && w == SCAN_W('c', 'o', 'n', 't', 'e', 'n', 't', '-') &&
	    x == SCAN_W('l', 'e', 'n', 'g', 't', 'h', 0, 0))
		return SCAN_H_CLEN;
	return SCAN_H_NONE;
}

SCAN_INLINE int scan_via_line(struct scan_buf *b, __u32 off, __u32 end,
			      __u32 line)
{
	__u32 n = b->s.vias++;
	int odd;

	if (n > 1)
		return SCAN_OK;
	b->s.via[scan_slot(n, 1)].line = line;
	b->s.via[scan_slot(n, 1)].next = b->pos;
	odd = scan_via_scan(b, off, end, n);
	if (odd || n || !b->s.via[0].behind)
		return odd;
	/* the second one in the same line; what follows is no concern of ours */
	b->s.vias++;
	b->s.via[1].line = line;
	b->s.via[1].next = b->pos;
	return scan_via_scan(b, b->s.via[0].behind, end, 1);
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
	struct scan_line *at = &b->s.at[scan_slot(id, SCAN_HEADERS - 1)];

	/* each may be there once, but those */
	if (b->s.seen & 1u << (id & 31) & ~SCAN_OFTEN)
		return SCAN_ODD_TWICE;
	b->s.seen |= 1u << (id & 31);
	b->s.order = b->s.order << 4 | id;
	at->line = line;
	at->next = b->pos;
	at->off = off;
	at->end = end;
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
	case SCAN_H_AUTHORIZATION:
		return SCAN_OK;
	}
	return scan_plain_line(b, off, end, id);
}

/* The rest of a name that is longer than those we know, up to its colon */
SCAN_INLINE int scan_name_rest(const struct scan_buf *b, __u32 off, __u32 end)
{
	for (int i = 0; i < SCAN_TOKEN_WORDS && off < end; i++) {
		__u64 w = scan_word(b, off);
		__u64 hits = scan_equal(w, ':') | scan_stops(w);

		if (hits) {
			off = scan_lws(b, off + scan_first(hits));
			return off < end && scan_at(b, off) == ':'
				       ? SCAN_OK
				       : SCAN_ODD_LINE;
		}
		off += 8;
	}
	return SCAN_ODD_LINE;
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
		return scan_name_rest(b, line + n, end);
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

	if (sp >= end || sp == off || scan_at(b, sp) != ' ')
		return SCAN_ODD_NOT_SIP;
	if (sp - off > 16)
		return SCAN_ODD_START;
	scan_set(&b->s.met, off, sp);
	b->s.method = scan_method_scan(b, off, sp - off);
	if (b->s.method == SCAN_M_OTHER && !scan_is_token(b, off, sp))
		return SCAN_ODD_START;
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
