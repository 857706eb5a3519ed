/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must be true of a frame that was relayed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "must.h"
#include "relayed.h"

/* Did the leg have to take it? */
static void check_welcome(const struct way *w, const struct frame *a)
{
	const struct side *from = &sides[w->in];
	const uint8_t *p = a->payload;
	bool rtcp = way_is_rtcp(a);

	MUST(a->sport == PEER_PORT && frame_is_addr(a->src, a->v6, from->peer));
	if (w->media == LEG_RTP)
		MUST(a->udplen >= 8 + 8 && p[0] >> 6 == 2 &&
		     (a->udplen >= 8 + 12 || (rtcp && w->rtcp_ok)));
	if (w->media == LEG_RTCP)
		MUST(rtcp);
	if (w->filter)
		MUST((p[1] & 0x7f) == 0 || (p[1] & 0x7f) == 8);
	if (side_v6(&sides[w->out]))
		MUST(frame_ip_right(a));
}

static void check_addressed(const struct way *w, const struct frame *a,
			    const struct frame *b)
{
	const struct side *to = &sides[w->out];
	int up = w->up || way_turns_off(w, a);

	MUST(b->v6 == side_v6(to) && b->sport == OUT_PORT + up &&
	     b->dport == PEER_PORT + up &&
	     frame_is_addr(b->src, b->v6, to->local) &&
	     frame_is_addr(b->dst, b->v6, to->peer));
}

static void check_l2(const struct pkt *out, const struct frame *b,
		     const struct side *to)
{
	const uint8_t *type = out->b + 12;

	MUST(!memcmp(out->b, to->peer_mac, 6) &&
	     !memcmp(out->b + 6, to->our_mac, 6));
	MUST(b->l2 == (to->vlan ? 18 : 14));
	if (to->vlan) {
		MUST(frame_get16(type) == 0x8100 &&
		     frame_get16(type + 2) == to->vlan);
		type += 4;
	}
	MUST(frame_get16(type) == (b->v6 ? 0x86dd : 0x0800));
}

/* Lengths, and the fields of the IP header that are nobody's to change */
static void check_ip(const struct way *w, const struct frame *a,
		     const struct frame *b, uint8_t ttl)
{
	MUST(a->udplen == b->udplen);
	MUST(b->tos == (w->dscp ? (a->tos & 3) | DSCP << 2 : a->tos));
	MUST(b->ttl == (ttl ? ttl : a->ttl - 1) && b->ttl);
	/* translation makes a header of its own, others hand errors on */
	MUST(frame_ip_right(b) == (a->v6 || frame_ip_right(a)));
	if (a->v6 != b->v6) {
		MUST(b->iplen == (b->v6 ? 40u : 20u) + b->udplen);
		return;
	}
	MUST(a->iplen == b->iplen);
	if (a->v6)
		MUST(!((frame_get32(a->ip) ^ frame_get32(b->ip)) & 0xfffff));
	else
		MUST(frame_get32(a->ip + 4) == frame_get32(b->ip + 4));
}

static void check_sum(const struct frame *a, const struct frame *b)
{
	if (!a->check && !b->v6)
		MUST(!a->v6 && !b->check);
	else if (!a->check || frame_is_partial(a) || !udp_verify(a->ip))
		MUST(b->check && !udp_verify(b->ip));
	else
		MUST(b->check && udp_verify(b->ip));
}

/* RTCP that tells of a stream whose SSRC is rewritten: as the agent would have it */
static void check_told(const struct frame *a, const struct frame *b)
{
	const struct rtcp_map m = way_map();
	uint8_t want[PKT_MAX];
	size_t n = a->udplen - 8u;

	memcpy(want, a->payload, (size_t)(a->end - a->payload));
	rtcp_translate(want, n, &m, &m);
	MUST(!memcmp(want, b->payload, (size_t)(a->end - a->payload)));
}

/* All that follows the UDP header, to the end of the frame. Of RTP whose SSRC
 * is rewritten: all but sequence number, timestamp and SSRC */
static void check_payload(const struct way *w, const struct frame *a,
			  const struct frame *b)
{
	size_t n = a->end - a->payload, skip = 0;

	MUST(b->end - b->payload == a->end - a->payload);
	if (w->told) {
		check_told(a, b);
		return;
	}
	if (w->ssrc) {
		skip = 12;
		MUST(a->udplen >= 8 + 12 &&
		     frame_get32(b->payload + 8) == SSRC_OUT &&
		     !memcmp(a->payload, b->payload, 2));
	}
	MUST(!memcmp(a->payload + skip, b->payload + skip, n - skip));
}

void check_relayed(const struct pkt *in, const struct pkt *out, uint8_t ttl,
		   uint64_t bytes)
{
	const struct way *w;
	struct frame a, b;

	MUST(frame_look(&a, in) && frame_look(&b, out));
	w = way_of(&a);
	MUST(w && bytes == a.iplen);
	check_welcome(w, &a);
	check_addressed(w, &a, &b);
	check_l2(out, &b, &sides[w->out]);
	check_ip(w, &a, &b, ttl);
	check_payload(w, &a, &b);
	check_sum(&a, &b);
}
