/* SPDX-License-Identifier: GPL-2.0-only */
/* Tokens of flows over UDP, in the user part of a Route: they say where a phone is
 * that a NAT hides (userspace/edge/key.c makes them) */
#ifndef CAROM_BPF_SIP_FLOW_H
#define CAROM_BPF_SIP_FLOW_H

#include "sip_next.h"

#define TOKEN_BAD (~0ULL)

/* Eight digits, small letters: the four bytes that they stand for, the first one
 * lowest; or TOKEN_BAD */
static __always_inline __u64 token_bytes(__u64 w)
{
	__u64 low7 = w & SCAN_LOW7;
	__u64 good = scan_range(low7, '0', '9') | scan_range(low7, 'a', 'f');
	__u64 x;

	if (((~good | w) & SCAN_HIGH))
		return TOKEN_BAD;
	x = (w & SCAN_ONES * 15) + (w >> 6 & SCAN_ONES) * 9;
	x = (x << 4 | x >> 8) & 0x00ff00ff00ff00ffULL;
	x = (x | x >> 8) & 0x0000ffff0000ffffULL;
	return (x | x >> 16) & 0xffffffff;
}

/* An address and port at off, into sip_work.peer or (`holder`) sip_work.holder.
 * Returns the offset behind them, 0 where there is none */
__noinline __u32 token_addr(__u32 off, __u32 holder)
{
	struct sip_work *w = sip_here();
	struct sip_hostport *to;
	__u64 v;
	__u32 n, family, *words;

	if (!w)
		return 0;
	to = holder ? &w->holder : &w->peer;
	words = (__u32 *)to->addr;
	family = scan_at(&w->b, off++);
	n = family == '6' ? 4 : 1;
	if (family != '6' && family != '4')
		return 0;
	words[0] = words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	for (__u32 i = 0; i < 4 && i < n; i++) {
		v = token_bytes(scan_word(&w->b, off));
		if (v == TOKEN_BAD)
			return 0;
		words[n == 1 ? 3 : i] = v;
		off += 8;
	}
	/* an IPv4 address has one form */
	if (n == 4 && !words[0] && !words[1] && words[2] == bpf_htonl(0xffff))
		return 0;
	v = token_bytes(scan_keep(scan_word(&w->b, off), 4) |
			SCAN_W(0, 0, 0, 0, '0', '0', '0', '0'));
	if (v == TOKEN_BAD)
		return 0;
	to->port = bpf_ntohs((__u16)v);
	return off + 4;
}

/* The token of the topmost Route, if it is a good one of a flow over UDP:
 * sip_work.peer, sip_work.leave_by. Returns whether */
__noinline int sip_token(void)
{
	const struct sip_conf *conf = sip_settings();
	struct sip_work *w = sip_here();
	const struct sip_listener *l;
	const struct scan_uri *u;
	struct siphash h;
	__u32 off, listener;
	__u64 v, text[2];

	if (!w || !conf)
		return 0;
	u = &w->b.s.uri[0];
	off = u->user.off;
	if (scan_at(&w->b, off) != 'f' || scan_at(&w->b, off + 1) != '0')
		return 0;
	v = token_bytes(scan_keep(scan_word(&w->b, off + 2), 2) |
			SCAN_W(0, 0, '0', '0', '0', '0', '0', '0'));
	if (v == TOKEN_BAD)
		return 0;
	listener = v & 0xff;
	off = token_addr(off + 4, 0);
	if (!off)
		return 0;
	off = token_addr(off, 1);
	if (!off || off + SIP_HEX_LEN != (__u32)u->user.off + u->user.len)
		return 0;
	siphash_start(&h, conf->key[0], conf->key[1]);
	siphash_word(&h, SIP_KEY_FLOW);
	sipkey_addr(&h, w->peer.addr, w->peer.port);
	sipkey_addr(&h, w->holder.addr, w->holder.port);
	siphash_word(&h, listener); /* of transport 0 */
	sipkey_hex(siphash_end(&h), text);
	if (scan_word(&w->b, off) != text[0] ||
	    scan_word(&w->b, off + 8) != text[1])
		return 0;
	l = bpf_map_lookup_elem(&sip_listeners, &listener);
	if (!l || !l->used)
		return 0;
	w->leave_by = listener;
	return 1;
}

/* Who has seen a token in a Record-Route may not use it himself; but registered
 * phones talk to each other by theirs, inside a dialog */
static __always_inline bool sip_may_flow(struct sip_work *w)
{
	const struct trip *t = trip_here();

	return w->flags & WORK_TRUSTED ||
	       (t && (sip_phone_at(&w->peer, t->now) ||
		      sip_phone_at(&w->src, t->now)));
}

static __always_inline bool sip_same_place(const struct sip_hostport *a,
					   const struct sip_hostport *b)
{
	return *(__u64 *)a->addr == *(__u64 *)b->addr &&
	       *(__u64 *)(a->addr + 8) == *(__u64 *)(b->addr + 8) &&
	       a->port == b->port;
}

/* A topmost Route that may have a token. What begins a dialog gets one of its own on
 * the way, and is the agent's. The reason, CAROM_R_SIP_FORWARDED: it is popped */
static __always_inline int sip_by_token(struct sip_work *w)
{
	if (!w->b.s.to_tag.len || w->b.s.uri[0].user.len < SIP_TOKEN_MIN ||
	    !sip_token())
		return CAROM_R_SIP_FLOW;
	/* it leads back: any Route of ours */
	if (sip_same_place(&w->peer, &w->src))
		return CAROM_R_SIP_FORWARDED;
	if (!sip_may_flow(w))
		return CAROM_R_SIP_FLOW;
	w->flags |= WORK_TO_FLOW;
	return CAROM_R_SIP_FORWARDED;
}

#endif
