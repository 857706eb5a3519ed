/* SPDX-License-Identifier: GPL-2.0-only */
/* A REGISTER without credentials, for a registrar of ours: answered by 401 here, as
 * the agent would (userspace/registrar), byte for byte but for the nonces. Those it
 * has never heard of it can check all the same (carom/sipnonce.h). What is not plain,
 * and whatever else is sent to a registrar, is the agent's */
#ifndef CAROM_BPF_SIP_CHALLENGE_H
#define CAROM_BPF_SIP_CHALLENGE_H

#include "sip_admit.h"
#include "sip_odd.h"
#include "sip_select.h"
#include "sip_write.h"

#define NS_PER_S 1000000000ULL
#define CHALLENGE_USER 64 /* bytes of a user's name: more is the agent's */
#define CHALLENGE_TTL 64
/* An answer is as many times as long as its request at most: whoever names another as
 * its source has us send him little more than it sends itself */
#define CHALLENGE_TIMES 3
/* Bytes in front that each driver leaves: XDP_PACKET_HEADROOM is 256, and the kernel
 * keeps 40 of it */
#define CHALLENGE_FRONT 192

static __always_inline struct sip_registrar *sip_registrar_here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&sip_registrar, &zero);
}

/* ---- is it one? ---------------------------------------------------------- */

/* A name that the agent would take for another, or for nobody's */
static __always_inline bool challenge_user(const struct sip_work *w)
{
	const struct scan_span *u = &w->b.s.uri[0].user;
	__u32 off = u->off, len = u->len;

	if (!len || len > CHALLENGE_USER || scan_at(&w->b, off + len) != '@')
		return false;
	for (__u32 i = 0; i < CHALLENGE_USER; i += 8) {
		__u64 word = scan_word(&w->b, off + i);
		__u64 bad = scan_equal(word, '<') | scan_equal(word, '\\');

		if (i < len && i + scan_first(bad) < len && bad)
			return false;
	}
	return true;
}

/* scan_find(), which the verifier looks at once, and not behind each other */
__noinline __u32 challenge_find(__u32 off, __u32 end, __u32 c)
{
	const struct sip_work *w = sip_here();

	return w ? scan_find(&w->b, off, end, c) : end;
}

/* The URI of To, in brackets: scan.uri[0], which is nobody's where there is no Route.
 * Returns enum scan_odd */
__noinline int challenge_to(void)
{
	struct sip_work *w = sip_here();
	__u32 off, end, lt, gt;

	if (!w)
		return SCAN_ODD_SYNTAX;
	off = w->b.s.at[SCAN_H_TO].off;
	end = w->b.s.at[SCAN_H_TO].end;
	/* the agent's eye is sharper for spaces */
	if (scan_is_lws(scan_at(&w->b, off)) ||
	    scan_is_lws(scan_at(&w->b, end - 1)))
		return SCAN_ODD_SYNTAX;
	if (scan_at(&w->b, off) == '"')
		off = challenge_find(off + 1, end, '"') + 1;
	lt = challenge_find(off, end, '<');
	gt = challenge_find(lt, end, '>');
	if (gt >= end)
		return SCAN_ODD_SYNTAX;
	return scan_uri_scan(&w->b, lt + 1, gt, 0);
}

/* The Request-URI names a domain of ours, or an address; To somebody in a domain of
 * ours, whose realm is that of sip_work.domain from now on */
static __always_inline bool challenge_domain(struct sip_work *w)
{
	const struct scan_uri *u = &w->b.s.uri[SCAN_RURI];

	if ((sip_host_name(SCAN_RURI) ||
	     !bpf_map_lookup_elem(&sip_realms, &w->domain)) &&
	    scan_host(&w->b, u->host.off, u->host.len, u->flags & SCAN_URI_V6))
		return false;
	return challenge_to() == SCAN_OK && challenge_user(w) &&
	       !sip_host_name(0);
}

/* A Via that the agent would write as it came, but for received and rport: one, and
 * nothing between its parameters */
static __always_inline bool challenge_via(const struct sip_work *w)
{
	const struct scan_via *v = &w->b.s.via[0];
	__u32 off = v->host.off + v->host.len;

	if (w->b.s.vias != 1 || v->behind || v->received.len ||
	    v->flags & SCAN_VIA_FILLED || v->end + 2 != v->next ||
	    v->end != w->b.s.at[SCAN_H_VIA].end)
		return false;
	for (int i = 0; i < SCAN_TOKEN_WORDS && off < v->end; i++) {
		__u64 word = scan_word(&w->b, off);
		__u64 hits = scan_equal(word, ' ') | scan_equal(word, '\t');

		if (hits)
			return off + scan_first(hits) >= v->end;
		off += 8;
	}
	return off >= v->end;
}

/* The reason; CAROM_R_SIP_CHALLENGED where it is to be answered here */
__noinline int challenge_wanted(void)
{
	const struct sip_registrar *r = sip_registrar_here();
	const struct sip_conf *conf = sip_settings();
	struct sip_work *w = sip_here();
	struct trip *t = trip_here();
	const __u32 not = 1u << SCAN_H_AUTHORIZATION | 1u << SCAN_H_ROUTE |
			  1u << SCAN_H_REQUIRE | 1u << SCAN_H_PROXY_REQUIRE;
	const struct sip_limit *l;

	if (!w || !t || !r || !conf || !(r->flags & SIP_REGISTRAR_ON) ||
	    (__s64)(r->until - t->now) <= 0)
		return CAROM_R_SIP_LOCAL;
	w->serial = r->serial;
	if (w->b.s.method != SCAN_M_REGISTER || w->b.s.seen & not ||
	    w->b.s.to_tag.len || sip_forbidden(&w->src) || !challenge_via(w) ||
	    !challenge_domain(w))
		return CAROM_R_SIP_LOCAL;
	l = &conf->limit[SIP_CLASS_REGISTER];
	if (w->flags & WORK_LIMITED && l->interval &&
	    !sip_in_limit(t, l, SIP_CLASS_REGISTER))
		return CAROM_R_SIP_FLOOD;
	return CAROM_R_SIP_CHALLENGED;
}

/* ---- its answer ----------------------------------------------------------- */

/* The agent's tag (sip/node.c) */
__noinline __u64 challenge_tag(void)
{
	const struct sip_registrar *r = sip_registrar_here();
	struct sip_work *w = sip_here();
	struct siphash h;

	if (!w || !r)
		return 0;
	h = r->tag;
	sip_hash_span(&h, &w->b, w->b.s.callid.off, w->b.s.callid.len);
	sip_hash_span(&h, &w->b, w->b.s.cseq.off, w->b.s.cseq.len);
	sip_hash_span(&h, &w->b, w->b.s.from_tag.off, w->b.s.from_tag.len);
	sip_hash_span(&h, &w->b, w->b.s.via[0].branch.off,
		      w->b.s.via[0].branch.len);
	return siphash_end(&h);
}

static __always_inline void challenge_echo_via(struct sip_work *w, bool v6)
{
	const struct scan_via *v = &w->b.s.via[0];
	__u32 text = w->texts, name = v->rport_end - 6; /* of ";rport" */

	text_word(w, SCAN_W('V', 'i', 'a', ':', ' ', 0, 0, 0), 5);
	piece(w, PIECE_TEXT, text, 5);
	w->done = v->off;
	if (v->flags & SCAN_VIA_RPORT) {
		piece_up_to(w, name);
		w->done = v->rport_end;
	}
	piece_up_to(w, v->end);
	text = w->texts;
	text_word(w, SCAN_W(';', 'r', 'e', 'c', 'e', 'i', 'v', 'e'), 8);
	text_word(w, SCAN_W('d', '=', 0, 0, 0, 0, 0, 0), 2);
	text_source(w, v6);
	if (v->flags & SCAN_VIA_RPORT) {
		text_word(w, SCAN_W(';', 'r', 'p', 'o', 'r', 't', '=', 0), 7);
		text_number(w, w->src.port);
	}
	text_word(w, SCAN_W('\r', '\n', 0, 0, 0, 0, 0, 0), 2);
	piece(w, PIECE_TEXT, text, w->texts - text);
}

static __always_inline void challenge_echo_to(struct sip_work *w)
{
	const struct scan_line *at = &w->b.s.at[SCAN_H_TO];
	__u32 text = w->texts;
	__u64 hex[2];

	text_word(w, SCAN_W('T', 'o', ':', ' ', 0, 0, 0, 0), 4);
	piece(w, PIECE_TEXT, text, 4);
	piece(w, PIECE_BUF, at->off, at->end - at->off);
	text = w->texts;
	sipkey_hex(challenge_tag(), hex);
	text_word(w, SCAN_W(';', 't', 'a', 'g', '=', 'c', 'm', '-'), 8);
	text_word(w, hex[0], 8);
	text_word(w, hex[1], 8);
	text_word(w, SCAN_W('\r', '\n', 0, 0, 0, 0, 0, 0), 2);
	piece(w, PIECE_TEXT, text, w->texts - text);
}

/* What of the request stands in its answer (RFC 3261 8.2.6.2): header `id` */
__noinline int challenge_echo(__u32 id)
{
	struct sip_work *w = sip_here();
	struct trip *t = trip_here();
	const struct scan_line *at;

	if (!w || !t)
		return 0;
	switch (id) {
	case SCAN_H_VIA:
		challenge_echo_via(w, t->f.v6);
		return 0;
	case SCAN_H_TO:
		challenge_echo_to(w);
		return 0;
	case SCAN_H_FROM:
	case SCAN_H_CALLID:
	case SCAN_H_CSEQ:
		at = &w->b.s.at[scan_slot(id, SCAN_HEADERS - 1)];
		piece(w, PIECE_BUF, at->line, at->next - at->line);
	}
	return 0;
}

/* Nonce `i` of the realm, into its place. No two of a second are the same: this CPU's
 * number, and what it has counted; the rest is by chance */
__noinline int challenge_nonce(__u32 i, __u32 at)
{
	const struct sip_registrar *r = sip_registrar_here();
	struct sip_work *w = sip_here();
	struct trip *t = trip_here();
	const struct sip_realm *realm;
	__u64 chance, text[SIP_NONCE_WORDS];

	if (!w || !t || !r)
		return 0;
	realm = bpf_map_lookup_elem(&sip_realms, &w->domain);
	if (!realm)
		return 0;
	i = scan_slot(i, SIP_REALM_ALGS - 1);
	chance = (__u64)bpf_get_smp_processor_id() << 52 |
		 (__u64)(++w->nonces & 0xffffff) << 28 |
		 (bpf_get_prandom_u32() & 0xfffffff);
	sipnonce_text(text, &realm->seed[i], (t->now + r->wall) / NS_PER_S,
		      chance ^ r->chance, w->src.addr, 1);
	at += realm->nonce[i];
	for (int k = 0; k < SIP_NONCE_WORDS; k++)
		*(__u64 *)(w->front + ((at + 8 * k) & FRONT_MASK)) = text[k];
	return 0;
}

/* All of it: sip_work.front. The reason, CAROM_R_SIP_CHALLENGED */
__noinline int challenge_make(void)
{
	const struct sip_registrar *r = sip_registrar_here();
	struct sip_work *w = sip_here();
	const struct sip_realm *realm;
	__u32 at, n;

	if (!w || !r)
		return CAROM_R_SIP_LOCAL;
	realm = bpf_map_lookup_elem(&sip_realms, &w->domain);
	if (!realm)
		return CAROM_R_SIP_LOCAL;
	n = realm->nonces;
	w->pieces = 0;
	w->done = 0;
	w->len = 0;
	w->texts = 0;
	text_word(w, SCAN_W('S', 'I', 'P', '/', '2', '.', '0', ' '), 8);
	text_word(w, SCAN_W('4', '0', '1', ' ', 'U', 'n', 'a', 'u'), 8);
	text_word(w, SCAN_W('t', 'h', 'o', 'r', 'i', 'z', 'e', 'd'), 8);
	text_word(w, SCAN_W('\r', '\n', 0, 0, 0, 0, 0, 0), 2);
	piece(w, PIECE_TEXT, 0, w->texts);
	for (int shift = 60; shift >= 0; shift -= 4)
		challenge_echo(w->b.s.order >> shift & 15);
	at = w->len;
	piece(w, PIECE_REALM, 0, realm->len);
	if (w->pieces > PIECES || w->len > SCAN_BUF)
		return CAROM_R_SIP_BIG;
	if (w->len > CHALLENGE_TIMES * w->b.len)
		return CAROM_R_SIP_LOCAL;
	sip_front(w);
	for (__u32 i = 0; i < SIP_REALM_ALGS && i < n; i++)
		challenge_nonce(i, at);
	/* the agent has changed it meanwhile: it knows what holds now */
	return r->flags & SIP_REGISTRAR_ON && r->serial == w->serial
		       ? CAROM_R_SIP_CHALLENGED
		       : CAROM_R_SIP_LOCAL;
}

/* ---- back to where it came from -------------------------------------------- */

/* The host would not have let it pass */
static __always_inline bool challenge_broken(struct xdp_md *ctx,
					     const struct trip *t,
					     const struct sip_work *w)
{
	__u16 check = sip_check(ctx, t);
	__u64 sum;

	if (!t->f.v6 && !ipv4_sum_right(ctx, t->f.l2_len))
		return true;
	if (!check)
		return false;
	sum = csum_pseudo(&t->f.src, &t->f.dst, t->f.v6, t->f.udp_len) +
	      t->f.sport + t->f.dport + bpf_htons(t->f.udp_len) + check +
	      sip_sum(w->b.data, w->b.len);
	return csum_fold(sum) != 0xffff;
}

static __always_inline void challenge_out(struct out *o, const struct trip *t,
					  const struct sip_work *w)
{
	const struct scan_via *v = &w->b.s.via[0];
	__u16 port = v->port ? v->port : SIP_PORT;
	const struct settings *set;
	__u32 zero = 0;

	set = bpf_map_lookup_elem(&settings, &zero);
	o->src = t->f.dst;
	o->dst = t->f.src;
	o->sport = t->f.dport;
	/* RFC 3261 18.2.2, RFC 3581 4 */
	o->dport = v->flags & SCAN_VIA_RPORT ? t->f.sport : bpf_htons(port);
	o->v6 = t->f.v6;
	o->ttl = set && set->ttl ? set->ttl : CHALLENGE_TTL;
}

/* Room for `grow` bytes more: behind, where most drivers have it, in front, or both
 * ends together. The frame is as it came where there is none */
static __always_inline bool challenge_room(struct xdp_md *ctx, int grow)
{
	if (!bpf_xdp_adjust_tail(ctx, grow))
		return true;
	if (grow <= 0)
		return false;
	if (!bpf_xdp_adjust_head(ctx, -grow))
		return true;
	if (grow <= CHALLENGE_FRONT ||
	    bpf_xdp_adjust_head(ctx, -CHALLENGE_FRONT))
		return false;
	if (!bpf_xdp_adjust_tail(ctx, grow - CHALLENGE_FRONT))
		return true;
	bpf_xdp_adjust_head(ctx, CHALLENGE_FRONT);
	return false;
}

/* Ethernet header and tags, in words */
static __always_inline int challenge_l2(struct xdp_md *ctx, __u32 l2[6])
{
	const __u32 *w = (void *)(long)ctx->data;

	if ((void *)(w + 6) > (void *)(long)ctx->data_end)
		return -1;
#pragma unroll
	for (int i = 0; i < 6; i++)
		l2[i] = w[i];
	return 0;
}

/* Ethernet, IP and UDP headers of the answer; tags stay */
static __always_inline int challenge_headers(struct xdp_md *ctx,
					     const __u32 was[6],
					     const struct out *o, __u32 l2,
					     __u32 udp_len, __u16 check)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u32 *w = data;
	struct udphdr *udp;

	l2 &= 31;
	if ((void *)(w + 6) > end ||
	    data + l2 + sizeof(struct ipv6hdr) + sizeof(*udp) > end)
		return -1;
	/* the two addresses change places */
	w[0] = was[1] >> 16 | was[2] << 16;
	w[1] = was[2] >> 16 | was[0] << 16;
	w[2] = was[0] >> 16 | was[1] << 16;
#pragma unroll
	for (int i = 3; i < 6; i++)
		w[i] = was[i];
	if (o->v6) {
		write_ipv6(data + l2, o, udp_len);
		udp = data + l2 + sizeof(struct ipv6hdr);
	} else {
		write_ipv4(data + l2, o, udp_len);
		udp = data + l2 + sizeof(struct iphdr);
	}
	udp->source = o->sport;
	udp->dest = o->dport;
	udp->len = bpf_htons(udp_len);
	udp->check = check;
	return 0;
}

/* The frame becomes the one that leaves. Its length is the first that changes: if
 * there is no room, it is as it came */
__noinline int challenge_write(struct xdp_md *ctx)
{
	struct trip *t = trip_here();
	struct sip_work *w = sip_here();
	struct out o = {};
	__u32 l3, udp_len, n, ip_len, l2[6];
	__u64 sum;
	int grow;

	if (!t || !w)
		return CAROM_R_SIP_LOCAL;
	if (challenge_broken(ctx, t, w))
		return CAROM_R_SIP_LOCAL;
	n = w->len;
	grow = (int)n - (int)w->b.len;
	udp_len = sizeof(struct udphdr) + n;
	l3 = t->f.v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	ip_len = l3 + udp_len;
	challenge_out(&o, t, w);
	if (!n || n > SCAN_BUF || bpf_check_mtu(ctx, 0, &ip_len, 0, 0))
		return CAROM_R_SIP_BIG;
	if (challenge_l2(ctx, l2))
		return CAROM_R_HEADROOM;
	/* to all of the network: nobody is that, to answer as him */
	if (l2[0] & bpf_htonl(0x01000000))
		return CAROM_R_SIP_LOCAL;
	if (!challenge_room(ctx, grow))
		return CAROM_R_HEADROOM;
	sum = csum_pseudo(&o.src, &o.dst, o.v6, udp_len) + o.sport + o.dport +
	      bpf_htons(udp_len) + sip_sum(w->front, n);
	if (challenge_headers(ctx, l2, &o, t->f.l2_len, udp_len,
			      csum_udp_result(~csum_fold(sum))))
		return CAROM_R_MALFORMED;
	asm volatile("" : "+r"(n));
	n = ((n - 1) & (SCAN_BUF - 1)) + 1;
	bpf_xdp_store_bytes(ctx, t->f.l2_len + l3 + sizeof(struct udphdr),
			    w->front, n);
	t->action = XDP_TX;
	return CAROM_R_SIP_CHALLENGED;
}

static __always_inline int sip_challenge(struct xdp_md *ctx, struct sip_work *w)
{
	int rc = scan_message(&w->b);

	if (rc != SCAN_OK)
		return sip_odd(rc);
	rc = challenge_wanted();
	if (rc == CAROM_R_SIP_CHALLENGED)
		rc = challenge_make();
	if (rc == CAROM_R_SIP_CHALLENGED)
		rc = challenge_write(ctx);
	return rc;
}

#endif
