/* SPDX-License-Identifier: GPL-2.0-only */
/* RTP (RFC 3550): what a payload is, a leg's figures, SSRC rewriting */
#ifndef CAROM_BPF_RTP_H
#define CAROM_BPF_RTP_H

#include "count.h"
#include "parse.h"

#define RTP_HDR_LEN 12
#define RTCP_HDR_LEN 8
#define RTP_MAX_DROPOUT 3000 /* RFC 3550 A.1: a larger jump is a restart */
#define SEQ_WINDOW 64

enum payload {
	PAYLOAD_OPAQUE = 0, /* relayed, not understood */
	PAYLOAD_RTP,
	PAYLOAD_RTCP,
	PAYLOAD_STRAY, /* relayed, but proves nobody's address: STUN and what
			  is no protocol of RFC 7983, on an SRTP leg */
};

/* The RTP header's fields, host order, as they will be sent */
struct rtp {
	__u32 ts, ssrc;
	__u16 seq;
	__u8 pt;
	__u8 kind; /* enum payload */
	__u8 changed;
	__u8 pad[3]; /* a trip is handed on whole, without holes */
};

/* Not RTP or RTCP. An SRTP leg lets it through, for there may be an endpoint
 * behind it that knows what to do; of it only DTLS may latch the leg, as it is
 * what comes first */
static __always_inline int rtp_alien(const __u8 *p, const struct leg_path *path,
				     struct rtp *r)
{
	if (path->media == LEG_SRTP) {
		if (p[0] < 20 || p[0] > 63)
			r->kind = PAYLOAD_STRAY;
		return CAROM_R_RELAYED;
	}
	if (p[0] < 4 && *(__be32 *)(p + 4) == bpf_htonl(0x2112a442))
		return CAROM_R_STUN;
	return CAROM_R_NOT_RTP;
}

/* Demultiplex by the first two bytes (RFC 7983, RFC 5761). `p` points at the
 * UDP payload, of which `len` bytes are in the frame.
 * Returns CAROM_R_RELAYED when the leg takes it, else why not */
static __always_inline int rtp_classify(const __u8 *p, void *end, __u16 len,
					const struct leg_path *path,
					struct rtp *r)
{
	__u8 media = path->media;
	bool rtcp;

	if (media == LEG_OTHER)
		return CAROM_R_RELAYED;
	if (len < RTCP_HDR_LEN || (void *)(p + RTCP_HDR_LEN) > end) {
		r->kind = PAYLOAD_STRAY;
		return media == LEG_SRTP ? CAROM_R_RELAYED : CAROM_R_RTP_SHORT;
	}
	if (p[0] >> 6 != 2)
		return rtp_alien(p, path, r);

	rtcp = p[1] >= 192 && p[1] <= 223;
	if (media == LEG_RTCP && !rtcp)
		return CAROM_R_NOT_RTP;
	if (rtcp && (media == LEG_RTCP || path->flags & PATH_RTCP_OK)) {
		r->kind = PAYLOAD_RTCP;
		r->ssrc = bpf_ntohl(*(__be32 *)(p + 4));
		return CAROM_R_RELAYED;
	}
	if (len < RTP_HDR_LEN || (void *)(p + RTP_HDR_LEN) > end)
		return CAROM_R_RTP_SHORT;
	r->kind = PAYLOAD_RTP;
	r->pt = p[1] & 0x7f;
	r->seq = bpf_ntohs(*(__be16 *)(p + 2));
	r->ts = bpf_ntohl(*(__be32 *)(p + 4));
	r->ssrc = bpf_ntohl(*(__be32 *)(p + 8));
	return CAROM_R_RELAYED;
}

/* Is this payload type welcome? */
static __always_inline int rtp_filter(const struct rtp *r,
				      const struct leg_path *path)
{
	if (path->flags & PATH_DTMF_BLOCK && r->pt == path->dtmf_pt)
		return CAROM_R_DTMF_BLOCKED;
	if (path->flags & PATH_PT_FILTER &&
	    !(path->pt_mask[(r->pt >> 5) & 3] >> (r->pt & 31) & 1))
		return CAROM_R_PT_FILTER;
	return CAROM_R_RELAYED;
}

/* Loss, order, duplicates. The window holds the last 64 sequence numbers, so
 * that a late packet takes back the loss it was counted as, once.
 * Returns false where the sender started afresh: RFC 3550 A.1's jump */
static __always_inline bool rtp_sequence(struct leg *leg, struct leg_aux *x,
					 __u16 seq)
{
	__u16 since = leg->seq_max - x->seq_base;
	__s16 d = seq - leg->seq_max;
	__u64 window = x->seq_window;
	__u64 bit;

	/* what went by the express lane meanwhile came in order, each once */
	if (since >= SEQ_WINDOW)
		window = ~0ULL;
	else if (since)
		window = window << since | ((1ULL << since) - 1);
	x->seq_base = leg->seq_max;
	x->seq_window = window;

	if (d > 0 && d < RTP_MAX_DROPOUT) {
		x->lost += d - 1;
		x->seq_window = d < SEQ_WINDOW ? window << d | 1 : 1;
		x->seq_base = seq;
		leg->seq_max = seq;
		return true;
	}
	if (d > 0 || d < -RTP_MAX_DROPOUT)
		return false;
	if (d <= -SEQ_WINDOW) { /* too late to say whether it came before */
		x->reordered++;
		return true;
	}
	bit = 1ULL << (-d & (SEQ_WINDOW - 1));
	if (window & bit) {
		x->duplicate++;
		return true;
	}
	x->seq_window |= bit;
	x->reordered++;
	if (x->lost > 0) /* sent before the leg's first: never missed */
		x->lost--;
	return true;
}

/* RFC 3550 A.8, in RTP clock units times 16 */
static __always_inline void rtp_jitter(struct leg *leg, __u32 mult, __u32 ts,
				       __u64 now)
{
	__u32 arrival = (now >> 10) * mult >> 32;
	__u32 transit = arrival - ts;
	__s32 d = transit - leg->transit;

	leg->transit = transit;
	if (d < 0)
		d = -d;
	leg->jitter += d - ((leg->jitter + 8) >> 4);
}

/* A first packet, a new SSRC, or a jump: figures of the stream start again,
 * totals go on */
static __always_inline void rtp_start(struct leg *leg, struct leg_aux *x,
				      const struct rtp *r, __u32 transit)
{
	if (leg->ssrc != r->ssrc) {
		if (x->started)
			__sync_fetch_and_add(&x->ssrc_changes, 1);
		leg->jitter = 0;
	}
	leg->ssrc = r->ssrc;
	leg->seq_max = r->seq;
	leg->transit = transit;
	x->seq_base = r->seq;
	x->seq_window = 1;
	x->started = 1;
}

/* Figures of every packet that is being relayed */
static __always_inline void leg_figures(struct leg *leg, __u32 bytes, __u64 now)
{
	leg->packets++;
	leg->bytes += bytes;
	leg->seen = now >> LEG_SEEN_SHIFT;
}

/* The same, and what RTP tells */
static __always_inline void rtp_figures(struct leg *leg, struct leg_aux *x,
					__u32 mult, const struct rtp *r,
					__u16 bytes, __u64 now)
{
	leg_figures(leg, bytes, now);
	if (r->kind != PAYLOAD_RTP)
		return;
	leg->pt = r->pt;
	if (leg->ssrc != r->ssrc || !x->started ||
	    !rtp_sequence(leg, x, r->seq)) {
		rtp_start(leg, x, r, ((now >> 10) * mult >> 32) - r->ts);
		return;
	}
	rtp_jitter(leg, mult, r->ts, now);
}

/* The receiver sees one SSRC, and sequence numbers and timestamps that go on
 * when the sender's start anew. A late packet of the old stream keeps its
 * offsets only while its SSRC is the current one */
static __noinline int rtp_substitute(struct leg_aux *x, __u32 clock_mult,
				     __u32 ssrc_out, struct rtp *r, __u64 now)
{
	__s16 ahead;

	if (!x->sub_active) {
		x->sub_seq_off = 0;
		x->sub_ts_off = 0;
		x->sub_ssrc = r->ssrc;
		x->sub_seq_last = r->seq;
		x->sub_active = 1;
	} else if (x->sub_ssrc != r->ssrc) {
		__u32 gap = ((now - x->sub_time) >> 10) * clock_mult >> 32;

		x->sub_ssrc = r->ssrc;
		x->sub_seq_off = x->sub_seq_last + 1 - r->seq;
		x->sub_ts_off = x->sub_ts_last + (gap ? gap : 1) - r->ts;
	}
	r->ssrc = ssrc_out;
	r->seq += x->sub_seq_off;
	r->ts += x->sub_ts_off;
	r->changed = 1;
	ahead = r->seq - x->sub_seq_last;
	/* a late packet is not the last one; one from afar is, after a jump */
	if (ahead >= 0 || ahead < -RTP_MAX_DROPOUT) {
		x->sub_seq_last = r->seq;
		x->sub_ts_last = r->ts;
		x->sub_time = now;
	}
	return 0;
}

#endif
