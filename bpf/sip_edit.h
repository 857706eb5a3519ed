/* SPDX-License-Identifier: GPL-2.0-only */
/* The message that leaves, as a list of pieces: stretches of the one that came
 * and texts of ours. What lies behind the last edit stays where it is */
#ifndef CAROM_BPF_SIP_EDIT_H
#define CAROM_BPF_SIP_EDIT_H

#include "sip_branch.h"

#define TEXT_MASK 127 /* the verifier is shown room behind */

static __always_inline void text_char(struct sip_work *w, __u8 c)
{
	w->text[w->texts & TEXT_MASK] = c;
	w->texts++;
}

static __always_inline void text_word(struct sip_work *w, __u64 word, __u32 n)
{
	*(__u64 *)(w->text + (w->texts & TEXT_MASK)) = word;
	w->texts += n;
}

/* Decimal, 0..65535. Without divisions, which cost as much as a lookup */
static __always_inline void text_number(struct sip_work *w, __u32 n)
{
	__u32 digits = 1 + (n > 9) + (n > 99) + (n > 999) + (n > 9999);
	__u64 word = 0, rest = n;

#pragma unroll
	for (int i = 0; i < 5; i++) {
		__u64 tenth = rest * 52429 >> 19; /* up to 81919 */

		word = word << 8 | ('0' + rest - tenth * 10);
		rest = tenth;
	}
	text_word(w, word >> (40 - digits * 8), digits);
}

/* Octets in text, lowest byte first; the highest has the length */
#define OCTET(n)                                                               \
	((n) > 99 ? ('0' + (n) / 100) | ('0' + (n) / 10 % 10) << 8 |           \
			    ('0' + (n) % 10) << 16 | 3 << 24                   \
	 : (n) > 9 ? ('0' + (n) / 10) | ('0' + (n) % 10) << 8 | 2 << 24        \
		   : ('0' + (n)) | 1 << 24)
#define OCTETS4(n) OCTET(n), OCTET(n + 1), OCTET(n + 2), OCTET(n + 3)
#define OCTETS16(n) OCTETS4(n), OCTETS4(n + 4), OCTETS4(n + 8), OCTETS4(n + 12)
#define OCTETS64(n)                                                            \
	OCTETS16(n), OCTETS16(n + 16), OCTETS16(n + 32), OCTETS16(n + 48)

static const __u32 octets[256] = {OCTETS64(0), OCTETS64(64), OCTETS64(128),
				  OCTETS64(192)};

static __always_inline void text_source4(struct sip_work *w)
{
	__u32 at = w->texts;

	for (__u32 i = 0; i < 4; i++) {
		__u32 word = octets[w->src.addr[12 + i]];
		__u32 n = word >> 24 & 3;

		/* a dot behind each; that of the last one does not count */
		*(__u64 *)(w->text + (at & TEXT_MASK)) = (word & 0xffffff) |
							 (__u64)'.' << n * 8;
		at += n + 1;
	}
	w->texts = at - 1;
}

/* A group of an IPv6 address, without leading zeroes */
static __always_inline void text_group(struct sip_work *w, __u32 n)
{
#pragma unroll
	for (int shift = 12; shift >= 0; shift -= 4) {
		__u32 d = n >> shift & 15;

		if (n >> shift || !shift)
			text_char(w, d < 10 ? '0' + d : 'a' + d - 10);
	}
}

/* Its state lies in memory, and each group is a call: else the verifier would
 * follow each number of digits behind each other */
__noinline int text_group_at(__u32 i)
{
	struct sip_work *w = sip_here();

	if (!w)
		return 0;
	if (i)
		text_char(w, ':');
	text_group(w, w->src.addr[(2 * i) & 15] << 8 |
			      w->src.addr[(2 * i + 1) & 15]);
	return 0;
}

static __always_inline void text_source(struct sip_work *w, bool v6)
{
	if (!v6) {
		text_source4(w);
		return;
	}
	for (__u32 i = 0; i < 8; i++)
		text_group_at(i);
}

/* ---- pieces ------------------------------------------------------------ */

static __always_inline void piece(struct sip_work *w, __u32 from, __u32 off,
				  __u32 len)
{
	__u32 n = w->pieces;
	struct sip_piece *p;

	if (!len)
		return;
	w->pieces = n + 1;
	asm volatile("" : "+r"(n));
	if (n >= PIECES)
		return; /* pieces_fit() sees it */
	p = &w->piece[n];
	p->from = from;
	p->off = off;
	p->len = len;
	w->len += len;
}

/* The message as it came, up to `end` */
static __always_inline void piece_up_to(struct sip_work *w, __u32 end)
{
	piece(w, PIECE_BUF, w->done, end - w->done);
	w->done = end;
}

/* Text from `text` on, put in at `at` */
static __always_inline void piece_text(struct sip_work *w, __u32 at, __u32 text)
{
	piece_up_to(w, at);
	piece(w, PIECE_TEXT, text, w->texts - text);
}

static __always_inline void piece_listener(struct sip_work *w, __u32 from,
					   __u32 listener)
{
	const struct sip_listener *l = bpf_map_lookup_elem(&sip_listeners,
							   &listener);

	if (l)
		piece(w, from, listener,
		      from == PIECE_VIA ? l->via_len : l->rr_len);
	else
		w->pieces = PIECES + 1;
}

/* The Record-Route of the listener that it came to, with the token of the flow that
 * it goes by */
__noinline int sip_edit_token(void)
{
	const struct sip_listener *l;
	struct sip_work *w = sip_here();
	__u32 in, n;

	if (!w)
		return 0;
	in = w->in;
	l = bpf_map_lookup_elem(&sip_listeners, &in);
	if (!l || l->rr_len <= RR_HEAD)
		return 0;
	w->uri[URI_REST] = '@';
#pragma unroll
	for (int i = 0; i < (SIP_LINE_MAX - RR_HEAD) / 8; i++)
		*(__u64 *)(w->uri + URI_REST + 1 +
			   8 * i) = *(__u64 *)(l->rr + RR_HEAD + 8 * i);
	n = l->rr_len;
	piece(w, PIECE_RR, in, RR_HEAD);
	piece(w, PIECE_URI, URI_TOKEN, w->token_len);
	piece(w, PIECE_URI, URI_REST, 1 + n - RR_HEAD);
	return 0;
}

/* Our Via and the Record-Routes, behind the start line */
static __always_inline int sip_edit_top(void)
{
	struct sip_work *w = sip_here();
	__u32 text, digits;
	__u64 hex[2];

	if (!w)
		return 0;
	if (w->flags & WORK_CALLED) {
		piece_up_to(w, w->b.s.ruri.off);
		piece(w, PIECE_URI, 0, w->uri_len);
		w->done = w->b.s.ruri.off + w->b.s.ruri.len;
	}
	piece_up_to(w, w->b.s.start_end);
	piece_listener(w, PIECE_VIA, w->out);
	text = w->texts;
	sipkey_hex(sip_branch(0, w->in), hex);
	text_word(w, hex[0], 8);
	text_word(w, hex[1], 8);
	digits = w->in;
	text_char(w, (digits >> 4 & 15) < 10 ? '0' + (digits >> 4 & 15)
					     : 'a' + (digits >> 4 & 15) - 10);
	text_char(w, (digits & 15) < 10 ? '0' + (digits & 15)
					: 'a' + (digits & 15) - 10);
	text_char(w, '\r');
	text_char(w, '\n');
	piece(w, PIECE_TEXT, text, w->texts - text);
	if (!(w->flags & WORK_RR))
		return 0;
	piece_listener(w, PIECE_RR, w->out);
	if (w->flags & WORK_TO_FLOW)
		sip_edit_token();
	else if (w->out != w->in)
		piece_listener(w, PIECE_RR, w->in);
	return 0;
}

/* received and rport of the topmost Via (18.2.1, RFC 3581 4), and where the
 * response will go by them: sip_work.reply() */
__noinline int sip_edit_via(void)
{
	const struct sip_conf *conf = sip_settings();
	struct sip_work *w = sip_here();
	struct trip *t = trip_here();
	const struct scan_via *v;
	bool force;
	__u32 text;

	if (!w || !t || !conf)
		return 0;
	v = &w->b.s.via[0];
	force = conf->flags & SIP_CONF_FORCE_RPORT &&
		!(v->flags & SCAN_VIA_RPORT);
	if (v->flags & SCAN_VIA_RPORT) {
		text = w->texts;
		text_char(w, '=');
		text_number(w, w->src.port);
		piece_text(w, v->rport_end, text);
	} else if (!force &&
		   !scan_host(&w->b, v->host.off, v->host.len,
			      v->flags & SCAN_VIA_V6) &&
		   *(__u64 *)w->b.ip == *(__u64 *)w->src.addr &&
		   *(__u64 *)(w->b.ip + 8) == *(__u64 *)(w->src.addr + 8)) {
		return 0;
	}
	text = w->texts;
	if (force) {
		text_word(w, SCAN_W(';', 'r', 'p', 'o', 'r', 't', '=', 0), 7);
		text_number(w, w->src.port);
	}
	text_word(w, SCAN_W(';', 'r', 'e', 'c', 'e', 'i', 'v', 'e'), 8);
	text_word(w, SCAN_W('d', '=', 0, 0, 0, 0, 0, 0), 2);
	text_source(w, t->f.v6);
	piece_text(w, v->end, text);
	return 0;
}

static __always_inline void cut(struct sip_work *w, __u32 off, __u32 end)
{
	piece_up_to(w, off);
	w->done = end;
}

/* Own Routes go: an entry, or the line where no other is in it */
static __always_inline int sip_edit_routes(void)
{
	struct sip_work *w = sip_here();
	const struct scan_route *r, *r2;

	if (!w || !w->pops)
		return 0;
	r = &w->b.s.route[0];
	if (w->pops == 2) {
		r2 = &w->b.s.route[1];
		if (r2->line == r->line && r2->behind) {
			cut(w, r->off, r2->behind);
			return 0;
		}
		cut(w, r->line, r->next);
		if (r2->line == r->line)
			return 0;
		r = r2;
	}
	if (r->behind)
		cut(w, r->off, r->behind);
	else
		cut(w, r->line, r->next);
	return 0;
}

/* Max-Forwards, in as many digits as came. The buffer is ours to write */
static __always_inline void sip_edit_hops(struct sip_work *w, __u32 n)
{
	__u32 off = w->b.s.maxfwd.off, len = w->b.s.maxfwd.len;

#pragma unroll
	for (int i = 2; i >= 0; i--) {
		__u32 tenth = n * 205 >> 11; /* up to 1028 */

		if ((__u32)i >= len)
			continue;
		w->b.data[(off + i) & (SCAN_BUF - 1)] = '0' + n - tenth * 10;
		n = tenth;
	}
}

/* Where the response to this request will go: what its branch is made of */
static __always_inline void sip_reply_will(struct sip_work *w,
					   const struct sip_conf *conf)
{
	const struct scan_via *v = &w->b.s.via[0];

	w->next = w->src;
	if (!(v->flags & SCAN_VIA_RPORT) &&
	    !(conf->flags & SIP_CONF_FORCE_RPORT))
		w->next.port = v->port ? v->port : SIP_PORT;
}

/* The pieces reach over the hops, and end where the checksum's words do */
static __always_inline void sip_edit_rest(struct sip_work *w)
{
	__u32 end = w->b.s.maxfwd.off + w->b.s.maxfwd.len;

	if (!(w->b.s.flags & SCAN_REQUEST) || end < w->done)
		end = w->done;
	end = (end + 3) & ~3u;
	piece_up_to(w, end < w->b.len ? end : w->b.len);
}

/* sip_work.piece: all that leaves up to sip_work.done */
__noinline int sip_edit(void)
{
	const struct sip_conf *conf = sip_settings();
	struct sip_work *w = sip_here();
	struct sip_hostport next;
	bool via_first;

	if (!w || !conf)
		return CAROM_R_SIP_SYNTAX;
	/* a NAT lets in what comes from where its phone has sent to */
	if (w->flags & WORK_TO_FLOW && w->out != w->leave_by)
		return CAROM_R_SIP_FLOW;
	w->pieces = 0;
	w->done = 0;
	w->len = 0;
	w->texts = 0;
	if (!(w->b.s.flags & SCAN_REQUEST)) {
		if (w->b.s.via[0].behind)
			cut(w, w->b.s.via[0].off, w->b.s.via[0].behind);
		else
			cut(w, w->b.s.via[0].line, w->b.s.via[0].next);
		sip_edit_rest(w);
		return CAROM_R_SIP_FORWARDED;
	}
	next = w->next;
	sip_reply_will(w, conf);
	sip_edit_top();
	w->next = next;
	/* in the order in which they stand; a Via between two Routes is for
	 * the agent */
	via_first = !w->pops || w->b.s.via[0].line < w->b.s.route[0].line;
	if (!via_first && w->pops == 2 &&
	    w->b.s.via[0].line < w->b.s.route[1].line)
		return CAROM_R_SIP_SYNTAX;
	if (via_first)
		sip_edit_via();
	sip_edit_routes();
	if (!via_first)
		sip_edit_via();
	sip_edit_rest(w);
	return w->pieces > PIECES ? CAROM_R_SIP_SYNTAX : CAROM_R_SIP_FORWARDED;
}

#endif
