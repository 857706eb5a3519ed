/* SPDX-License-Identifier: GPL-2.0-only */
/* RTCP beside streams whose SSRC is rewritten: reports, SDES, BYE and feedback name
 * what their receiver knows (RFC 3550 7.2). The same as userspace/rtp/translate.c does;
 * tests/bpf/test_translated.c holds the two against each other.
 *
 * It is done on a copy, in place and length by length: each step is a callback that
 * the verifier looks at once, with its state in the map */
#ifndef CAROM_BPF_RTCP_H
#define CAROM_BPF_RTCP_H

#include "csum.h"
#include "trip.h"

#define RTCP_MAX                                                               \
	2048 /* bytes of a compound packet; a longer one stays as it is */
#define RTCP_STEPS (RTCP_MAX / 4)

enum {
	RTCP_SR = 200,
	RTCP_RR,
	RTCP_SDES,
	RTCP_BYE,
	RTCP_APP,
	RTCP_RTPFB, /* RFC 4585 */
	RTCP_PSFB,
	RTCP_XR, /* RFC 3611 */
	RTCP_FMT_NACK = 1,
	RTCP_FMT_FIR = 4,  /* RFC 5104 4.3.1 */
	RTCP_FMT_AFB = 15, /* REMB is one */
	RTCP_INFO = 20,    /* bytes of a sender's */
	RTCP_BLOCK = 24,
	RTCP_FCI = 12, /* where feedback's own part begins */
};

enum rtcp_list {
	LIST_NONE = 0,
	LIST_BLOCKS, /* of a report            */
	LIST_OWN,    /* SSRCs of the sender's  */
	LIST_OTHER,  /* SSRCs that it hears    */
	LIST_NACKS,
	LIST_CHUNKS, /* of SDES */
};

/* A stream: as it came, and as it went on */
struct rtcp_map {
	__u32 on, ssrc_in, ssrc_out, ts_off, seq_off;
};

struct rtcp_work {
	__u8 data[RTCP_MAX];
	struct rtcp_map said;  /* what the sender sends */
	struct rtcp_map heard; /* and what it hears     */
	__u64 gone, come;      /* for the checksum      */
	__u32 len, at;         /* of all, of the next packet */
	__u32 end;             /* of this one                */
	__u32 q, step, left;   /* in its list                */
	__u32 list;            /* enum rtcp_list             */
	__u32 inside;          /* LIST_CHUNKS: behind the SSRC */
	__u32 changed;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rtcp_work);
} rtcp_scratch SEC(".maps");

static __always_inline struct rtcp_work *rtcp_here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&rtcp_scratch, &zero);
}

static __always_inline __u32 rtcp_get(const struct rtcp_work *w, __u32 off)
{
	return bpf_ntohl(*(const __be32 *)(w->data + (off & (RTCP_MAX - 4))));
}

static __always_inline __u8 rtcp_byte(const struct rtcp_work *w, __u32 off)
{
	return w->data[off & (RTCP_MAX - 1)];
}

static __always_inline void rtcp_put(struct rtcp_work *w, __u32 off, __u32 v)
{
	__be32 *p = (__be32 *)(w->data + (off & (RTCP_MAX - 4)));

	w->gone += *p;
	*p = bpf_htonl(v);
	w->come += *p;
	w->changed = 1;
}

static __always_inline bool rtcp_own(struct rtcp_work *w, __u32 off)
{
	if (!w->said.on || rtcp_get(w, off) != w->said.ssrc_in)
		return false;
	rtcp_put(w, off, w->said.ssrc_out);
	return true;
}

/* One that it hears: it knows it by what went out */
static __always_inline bool rtcp_other(struct rtcp_work *w, __u32 off)
{
	if (!w->heard.on || rtcp_get(w, off) != w->heard.ssrc_out)
		return false;
	rtcp_put(w, off, w->heard.ssrc_in);
	return true;
}

/* Chunks end in zeros, up to four bytes (RFC 3550 6.5). A step is an SSRC, an item,
 * or an end */
static __always_inline long rtcp_chunk(struct rtcp_work *w)
{
	__u32 q = w->q;

	if (!w->inside) {
		if (!w->left || q + 4 > w->end)
			return 1;
		w->left--;
		rtcp_own(w, q);
		w->q = q + 4;
		w->inside = 1;
	} else if (q + 2 <= w->end && rtcp_byte(w, q)) {
		w->q = q + 2 + rtcp_byte(w, q + 1);
	} else {
		w->q = (q + 4) & ~3U;
		w->inside = 0;
	}
	return 0;
}

static long rtcp_item(__u32 i, void *arg)
{
	struct rtcp_work *w = rtcp_here();
	__u32 q, v;
	(void)i;
	(void)arg;

	if (!w)
		return 1;
	if (w->list == LIST_CHUNKS)
		return rtcp_chunk(w);
	q = w->q;
	if (!w->left || q + (w->list == LIST_BLOCKS ? RTCP_BLOCK : 4) > w->end)
		return 1;
	v = rtcp_get(w, q);
	if (w->list == LIST_OWN) {
		rtcp_own(w, q);
	} else if (w->list == LIST_NACKS) {
		rtcp_put(w, q,
			 ((v >> 16) - w->heard.seq_off) << 16 | (v & 0xffff));
	} else if (rtcp_other(w, q) && w->list == LIST_BLOCKS) {
		/* the highest number has its cycles above it: it goes with them */
		rtcp_put(w, q + 8,
			 rtcp_get(w, q + 8) - (__s32)(__s16)w->heard.seq_off);
	}
	w->left--;
	w->q = q + w->step;
	return 0;
}

static __always_inline void rtcp_list(struct rtcp_work *w, __u32 list,
				      __u32 left, __u32 q, __u32 step)
{
	w->list = list;
	w->left = left;
	w->q = q;
	w->step = step;
	w->inside = 0;
}

static __always_inline void rtcp_feedback(struct rtcp_work *w, __u32 p,
					  __u32 type, __u32 fmt, __u32 len)
{
	bool known;

	if (len < RTCP_FCI)
		return;
	rtcp_own(w, p + 4);
	known = rtcp_other(w, p + 8);
	if (type == RTCP_RTPFB && fmt == RTCP_FMT_NACK && known)
		rtcp_list(w, LIST_NACKS, RTCP_STEPS, p + RTCP_FCI, 4);
	else if (type == RTCP_PSFB && fmt == RTCP_FMT_FIR)
		rtcp_list(w, LIST_OTHER, RTCP_STEPS, p + RTCP_FCI, 8);
	else if (type == RTCP_PSFB && fmt == RTCP_FMT_AFB &&
		 len >= RTCP_FCI + 8 &&
		 rtcp_get(w, p + RTCP_FCI) == 0x52454d42) /* "REMB" */
		rtcp_list(w, LIST_OTHER, rtcp_byte(w, p + RTCP_FCI + 4),
			  p + RTCP_FCI + 8, 4);
}

/* What stands in front of a packet's list, and where that is */
static __always_inline void rtcp_head(struct rtcp_work *w, __u32 p, __u32 head,
				      __u32 len)
{
	__u32 count = head >> 24 & 31, type = head >> 16 & 0xff;

	switch (type) {
	case RTCP_SR:
		if (rtcp_own(w, p + 4) && len >= 8 + RTCP_INFO)
			rtcp_put(w, p + 16,
				 rtcp_get(w, p + 16) + w->said.ts_off);
		rtcp_list(w, LIST_BLOCKS, count, p + 8 + RTCP_INFO, RTCP_BLOCK);
		break;
	case RTCP_RR:
		rtcp_own(w, p + 4);
		rtcp_list(w, LIST_BLOCKS, count, p + 8, RTCP_BLOCK);
		break;
	case RTCP_SDES:
		rtcp_list(w, LIST_CHUNKS, count, p + 4, 0);
		break;
	case RTCP_BYE:
		rtcp_list(w, LIST_OWN, count, p + 4, 4);
		break;
	case RTCP_APP:
	case RTCP_XR:
		rtcp_own(w, p + 4);
		break;
	case RTCP_RTPFB:
	case RTCP_PSFB:
		rtcp_feedback(w, p, type, count, len);
		break;
	}
}

static long rtcp_packet(__u32 i, void *arg)
{
	struct rtcp_work *w = rtcp_here();
	__u32 p, head, len;
	(void)i;

	if (!w)
		return 1;
	p = w->at;
	if (p + 4 > w->len)
		return 1;
	head = rtcp_get(w, p);
	len = 4 + (head & 0xffff) * 4;
	if (head >> 30 != 2 || p + len > w->len)
		return 1;
	w->at = p + len;
	w->end = p + len;
	w->list = LIST_NONE;
	if (len >= 8)
		rtcp_head(w, p, head, len);
	if (w->list != LIST_NONE)
		bpf_loop(RTCP_STEPS, rtcp_item, arg, 0);
	return 0;
}

/* How the leg at `slot` rewrites what it relays; 0: no such leg */
static __always_inline void rtcp_map_of(struct rtcp_map *m, __u32 slot)
{
	struct leg *l = bpf_map_lookup_elem(&legs, &slot);
	struct leg_aux *x = bpf_map_lookup_elem(&aux, &slot);
	__u32 on;

	m->on = 0;
	if (!slot || !l || !x)
		return;
	on = l->ctl.active & 1;
	if (!(x->path[on].flags & PATH_SSRC) || !x->sub_active)
		return;
	m->ssrc_in = x->sub_ssrc;
	m->ssrc_out = x->path6[on].ssrc_out;
	m->seq_off = x->sub_seq_off;
	m->ts_off = x->sub_ts_off;
	m->on = 1;
}

/* For one of the legs that the packet passes */
__noinline int rtcp_hop(__u32 slot)
{
	struct rtcp_work *w = rtcp_here();
	struct leg_aux *x = bpf_map_lookup_elem(&aux, &slot);
	__u32 unused = 0;

	if (!w || !x)
		return 0;
	rtcp_map_of(&w->said, x->rtcp_said);
	rtcp_map_of(&w->heard, x->rtcp_heard);
	if (!w->said.on && !w->heard.on)
		return 0;
	w->at = 0;
	bpf_loop(RTCP_STEPS, rtcp_packet, &unused, 0);
	return 0;
}

/* Unless there is none, or it is a partial one, which is made in full later */
static __always_inline void rtcp_sum(const struct frame *f, struct udphdr *udp,
				     const struct rtcp_work *w)
{
	__u16 pseudo = csum_fold(
		csum_pseudo(&f->src, &f->dst, f->v6, f->udp_len));

	if (udp->check && udp->check != pseudo)
		udp->check = csum_udp_result(
			csum_update(udp->check, w->gone, w->come));
}

/* The packet of this CPU's trip, before its headers are rewritten */
__noinline int rtcp_edit(struct xdp_md *ctx)
{
	struct rtcp_work *w = rtcp_here();
	struct trip *t = trip_here();
	struct udphdr *udp;
	__u32 off, n;

	if (!t || !w || t->f.udp_len < sizeof(*udp) + 4)
		return 0;
	off = (t->f.l2_len + t->f.l3_len) & 127;
	n = t->f.udp_len - sizeof(*udp);
	if (n > RTCP_MAX)
		return 0;
	w->len = n;
	w->gone = 0;
	w->come = 0;
	w->changed = 0;
	/* 6.1's verifier forgets n > 0 across a mask: say it so */
	asm volatile("" : "+r"(n));
	n = ((n - 1) & (RTCP_MAX - 1)) + 1;
	if (bpf_xdp_load_bytes(ctx, off + sizeof(*udp), w->data, n))
		return 0;
	for (__u32 i = 0; i < TRIP_RTCP; i++)
		if (i < t->rtcpc)
			rtcp_hop(t->rtcpv[i]);
	if (!w->changed ||
	    bpf_xdp_store_bytes(ctx, off + sizeof(*udp), w->data, n))
		return 0;
	udp = (void *)(long)ctx->data + off;
	if ((void *)(udp + 1) > (void *)(long)ctx->data_end)
		return 0;
	rtcp_sum(&t->f, udp, w);
	return 0;
}

#endif
