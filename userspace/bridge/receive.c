/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/receive.c  What a member sends: opened, checked, put in order
 */
#include <errno.h>
#include <string.h>
#include "bridge/member.h"
#include "rtp/translate.h"

void member_refused(struct member *m, int err)
{
	if (err == EACCES)
		++m->st.auth;
	else if (err == EALREADY)
		++m->st.replay;
	else
		++m->st.malformed;
}

static struct rtcp_map map_of(const struct sender *tx)
{
	return (struct rtcp_map){
		.on = tx->started && tx->passing && tx->rewrite,
		.ssrc_in = tx->ssrc_in,
		.ssrc_out = tx->ssrc,
		.seq_off = tx->seq_off,
		.ts_off = tx->ts_off,
	};
}

/* Reports tell of streams, whose names and numbers may have changed on the way */
static void translate(struct member *m, uint8_t *p, size_t n)
{
	const struct rtcp_map said = map_of(&m->other->tx);
	const struct rtcp_map heard = map_of(&m->tx);

	rtcp_translate(p, n, &said, &heard);
}

void member_event(struct member *m, unsigned type, const struct sa *src,
		  const uint8_t *p, size_t n)
{
	(void)plane_event(m->port, type | m->tag << BUNDLE_TAG, src, p, n);
}

void member_control(struct member *m, const struct sa *src, const uint8_t *p,
		    size_t n, uint64_t now)
{
	struct member *to = m->other;
	const struct program *q = to->prog;
	struct srtpx *tx = program_rtcp_tx(q);
	struct plane_port *port;
	uint8_t *out;

	if (!m->on)
		return;
	++m->st.rtcp;
	/* of what is encrypted nobody else can read the reports */
	if (m->copy || program_rtcp_rx(m->prog))
		member_event(m, BRIDGE_CONTROL, src, p, n);
	if (q->conf.codec || m->prog->conf.codec)
		reporter_read(m, p, n, now);
	/* of a stream that is made anew the reports would tell of another */
	if (q->conf.codec)
		feedback_pass(m, p, n);
	if (q->conf.codec || !q->dst_rtcp || q->conf.silent ||
	    program_rtcp_locked(q))
		return;
	port = q->conf.mux ? to->port : to->rtcp_port;
	if (!port)
		return;
	out = plane_reserve(port, q->dst_rtcp);
	if (!out || n > PLANE_PAYLOAD_MAX)
		return;
	memcpy(out, p, n);
	translate(m, out, n);
	if (tx && srtpx_protect_rtcp(tx, out, &n, PLANE_PAYLOAD_MAX))
		return;
	plane_commit(port, q->dst_rtcp, n);
}

static void control(struct member *m, struct plane_pkt *pkt)
{
	struct srtpx *rx = program_rtcp_rx(m->prog);
	size_t n = pkt->len;
	int err = 0;

	if (program_rtcp_locked(m->prog)) {
		++m->st.locked;
		return;
	}
	if (rx)
		err = srtpx_unprotect_rtcp(rx, pkt->data, &n);
	if (err)
		member_refused(m, err);
	else
		member_control(m, &pkt->src, pkt->data, n, pkt->now);
}

static void ask_order(void *arg);

static void wait_for(struct member *m, uint64_t ns)
{
	if (ns)
		plane_tmr_start(&m->rx.tmr, m->port,
				(uint32_t)((ns + 999999) / 1000000), ask_order,
				m);
}

static void ask_order(void *arg)
{
	struct member *m = arg;

	wait_for(m, order_tick(m->rx.order, plane_now(m->port)));
}

/* What is decoded goes on evenly; the rest as it comes, but not before that */
static uint64_t due(struct member *m, const struct rtp_head *h, uint64_t now)
{
	const struct program *p = m->prog;
	const struct bridge_pt *bp = &p->conf.ptv[h->pt];

	if (bp->act != BRIDGE_DECODE)
		return now;

	return jitter_due(&m->rx.jitter, h->ts, p->sourcev[bp->codec].clock,
			  now);
}

/* sa_cmp() for each packet is dear */
static bool same_source(const struct sa *a, const struct sa *b)
{
	if (a->u.sa.sa_family == AF_INET && b->u.sa.sa_family == AF_INET)
		return a->u.in.sin_port == b->u.in.sin_port &&
		       a->u.in.sin_addr.s_addr == b->u.in.sin_addr.s_addr;

	return sa_cmp(a, b, SA_ALL);
}

/* The kernel lets no stranger through: who is heard, and authentic, is the member. Told
 * once a second, until somebody has done something about it */
static void look_at_source(struct member *m, const struct plane_pkt *pkt)
{
	const struct plane_dst *dst = m->prog->dst;

	if (!dst || same_source(&pkt->src, plane_dst_remote(dst)) ||
	    pkt->now - m->moved < MOVED_NS)
		return;
	m->moved = pkt->now;
	member_event(m, BRIDGE_MOVED, &pkt->src, NULL, 0);
}

static bool media(struct member *m, struct plane_pkt *pkt)
{
	const struct program *p = m->prog;
	size_t n = pkt->len;
	struct rtp_head h;
	int err = 0;

	if (p->conf.locked) {
		++m->st.locked;
		return false;
	}
	if (p->rx)
		err = srtpx_unprotect(p->rx, pkt->data, &n);
	if (!err)
		err = rtp_read(&h, pkt->data, n);
	if (err) {
		member_refused(m, err);
		return false;
	}
	++m->st.packets;
	look_at_source(m, pkt);
	if (m->copy)
		member_event(m, BRIDGE_COPY, &pkt->src, pkt->data, n);
	reporter_heard(m, &h, pkt->now);
	if (m->rx.started && m->rx.ssrc != h.ssrc) {
		order_reset(m->rx.order);
		jitter_reset(&m->rx.jitter);
		m->rx.timed = false;
		m->rx.sounding = false;
	}
	m->rx.started = true;
	m->rx.ssrc = h.ssrc;
	if (!order_put(m->rx.order, h.seq, pkt->data, n, pkt->now,
		       due(m, &h, pkt->now))) {
		++m->st.late;
		return true;
	}
	wait_for(m, order_tick(m->rx.order, pkt->now));

	return true;
}

static void alien(struct member *m, unsigned type, const struct plane_pkt *pkt)
{
	if (!m->b->eventh || pkt->len > PLANE_EVENT_MAX)
		return;
	member_event(m, type, &pkt->src, pkt->data, pkt->len);
}

bool member_media(struct member *m, struct plane_pkt *pkt)
{
	return m->on && media(m, pkt);
}

void member_receive(struct plane_port *port, struct plane_pkt *pkt, void *arg)
{
	struct member *m = arg;
	enum rtp_kind kind;
	(void)port;

	if (!m->on)
		return;
	if (m->fax) {
		look_at_source(m, pkt);
		fax_receive(m, pkt);
		return;
	}
	kind = rtp_kind(pkt->data, pkt->len);
	switch (kind) {
	case RTP_MEDIA:
		(void)member_media(m, pkt);
		break;
	case RTP_CONTROL:
		control(m, pkt);
		break;
	case RTP_STUN:
	case RTP_DTLS:
		alien(m, kind, pkt);
		break;
	case RTP_NONE:
		++m->st.malformed;
		break;
	}
}

void member_receive_rtcp(struct plane_port *port, struct plane_pkt *pkt,
			 void *arg)
{
	struct member *m = arg;
	enum rtp_kind kind;
	(void)port;

	if (!m->on)
		return;
	kind = rtp_kind(pkt->data, pkt->len);
	if (kind == RTP_CONTROL)
		control(m, pkt);
	else if (kind == RTP_DTLS)
		alien(m, BRIDGE_DTLS_RTCP, pkt);
	else
		++m->st.malformed;
}

void member_ordered(const uint8_t *p, size_t n, unsigned lost, void *arg)
{
	struct member *m = arg;
	const struct bridge_pt *bp;
	struct rtp_head h;

	m->st.lost += lost;
	if (rtp_read(&h, p, n))
		return;
	bp = &m->prog->conf.ptv[h.pt];
	if (m->noise.on && bp->act != BRIDGE_NOISE && bp->act != BRIDGE_DROP)
		noise_over(m);
	switch (bp->act) {
	case BRIDGE_DROP:
		++m->st.refused;
		break;
	case BRIDGE_PASS:
		++m->st.passed;
		send_passed(m->other, p, n, &h, bp->pt);
		break;
	case BRIDGE_EVENT:
		++m->st.events;
		digits_event(m, p, &h, bp->clock);
		if (!guard_event(m, p, &h, bp))
			send_event(m->other, p, n, &h, bp);
		break;
	case BRIDGE_TONE:
		++m->st.events;
		digits_event(m, p, &h, bp->clock);
		if (m->prog->conf.guard.mode != GUARD_DROP)
			digits_tone(m, p, &h, bp);
		break;
	case BRIDGE_NOISE:
		noise_take(m, p, &h, bp);
		break;
	case BRIDGE_DECODE:
		transcode(m, p, &h, lost);
		break;
	}
}
