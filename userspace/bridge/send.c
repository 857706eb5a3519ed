/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/send.c  What a member gets: one stream of RTP, without a step
 */
#include <errno.h>
#include <string.h>
#include "bridge/member.h"
#include "rtp/extension.h"

enum {
	EVENTS_MAX = 16,   /* in one packet, that we rescale             */
	AHEAD_MAX = 48000, /* units that a stream may step forward      */
};

/* The packet at `out`, n bytes, goes */
static void finish(struct member *m, uint8_t *out, size_t n)
{
	const struct program *p = m->prog;
	const struct bridge_member *c = &p->conf;

	/* who has several sections on one transport is told whose it is; and who has
	 * agreed on saying so may look at nothing else */
	if (c->mid_id && c->mid[0])
		n = rtp_ext_put(out, n, PLANE_PAYLOAD_MAX, c->mid_id,
				(const uint8_t *)c->mid, strlen(c->mid));
	if (p->tx && srtpx_protect(p->tx, out, &n, PLANE_PAYLOAD_MAX))
		return;
	plane_commit(m->port, p->dst, n);
	m->tx.at = plane_now(m->port);
	++m->st.sent;
	/* nobody else sends meanwhile */
	if (m->tx.playing)
		++m->st.played;
}

static bool may_send(const struct member *m)
{
	return m->prog->dst && !m->prog->conf.silent && !m->prog->conf.locked;
}

/* RTP units of so many samples of the encoder */
static uint32_t units(const struct program *p, size_t samples)
{
	return (uint32_t)((uint64_t)samples * p->conf.codec->clock /
			  codec_enc_rate(p->enc));
}

static void begin_encode(struct member *m)
{
	struct sender *tx = &m->tx;

	if (tx->started && !tx->passing)
		return;
	if (!tx->started) {
		tx->seq = m->prog->conf.seq;
		tx->ts = m->prog->conf.ts;
		tx->ssrc = m->prog->conf.ssrc;
	}
	if (m->bundle && !tx->started)
		(void)bundle_taken(m, tx->ssrc);
	tx->started = true;
	tx->passing = false;
	tx->marker = true;
}

void send_joins(struct member *m, const struct rtp_head *h, uint32_t clock)
{
	struct sender *tx = &m->tx;
	int32_t since;

	sender_enter(m, m->prog->conf.codec->clock, h);
	since = (int32_t)(h->ts - tx->ts_in);
	if (!tx->started || !tx->passing || since < 0)
		return;
	tx->ts += (uint32_t)((uint64_t)since * m->prog->conf.codec->clock /
			     clock);
}

uint32_t send_pending(const struct member *m)
{
	return m->prog->enc ? units(m->prog, m->tx.accn) : 0;
}

void send_begins(struct member *m)
{
	const struct program *p = m->prog;

	begin_encode(m);
	m->tx.ts += units(p, m->tx.accn);
	m->tx.accn = 0;
}

void send_now(struct member *m, uint32_t clock, unsigned ptime)
{
	struct sender *tx = &m->tx;
	const uint64_t ms = (plane_now(m->port) - tx->at) / 1000000;
	uint32_t ts = tx->ts_sent + (uint32_t)(ms * clock / 1000);
	const uint32_t first = tx->passing ? tx->ts + ptime * clock / 1000
					   : tx->ts;

	if (tx->started && tx->at)
		tx->ts = (int32_t)(ts - first) > 0 ? ts : first;
	sender_enter(m, clock, NULL);
	tx->event = false;
	begin_encode(m);
}

/* Two streams of one SSRC by one transport would be one stream, under one key. Asked of
 * what would go as it comes */
static bool is_taken(struct member *m, uint32_t ssrc)
{
	const struct sender *tx = &m->tx;

	if (tx->started && (!tx->passing || tx->rewrite))
		return false;
	/* who gets its own back would take us for itself */
	if (m->prog->conf.echo)
		return true;
	if (tx->started && tx->ssrc == ssrc)
		return false;
	/* nor can a key remember what it has sent of more than some */
	if (m->prog->tx && srtpx_full(m->prog->tx, ssrc))
		return true;

	return m->bundle && bundle_taken(m, ssrc);
}

/* Whoever begins anew further back, under its SSRC, would have to wait until it is where it
 * was: SRTP sends no number twice */
static bool goes_back(const struct member *m, const struct rtp_head *h)
{
	const struct sender *tx = &m->tx;

	return m->prog->tx && tx->passing && tx->ssrc_in == h->ssrc &&
	       (int16_t)(uint16_t)(h->seq + tx->seq_off - tx->seq) <= 0;
}

/* A stream that we made goes on with packets as they are: offsets make its numbers
 * go on, under its SSRC. One that begins with them stays as it is */
static void begin_pass(struct member *m, const struct rtp_head *h)
{
	struct sender *tx = &m->tx;
	uint32_t ahead;
	bool taken;

	sender_enter(m, 0, h);
	taken = is_taken(m, h->ssrc);
	/* who has had this stream under these keys, or with what was played in it, has its
	 * numbers, and we do not */
	if (!tx->started && ((m->prog->conf.resumed && m->prog->tx) ||
			     m->prog->conf.anew || taken)) {
		tx->started = true;
		tx->ssrc = m->prog->conf.ssrc;
		tx->seq = m->prog->conf.seq;
		tx->ts = m->prog->conf.ts;
	}
	ahead = h->ts + tx->ts_off - tx->ts;
	if (tx->passing && !goes_back(m, h) &&
	    ((!tx->rewrite && !taken) || tx->ssrc_in == h->ssrc))
		return;
	tx->rewrite = tx->started;
	tx->seq_off = tx->started ? (uint16_t)(tx->seq + 1 - h->seq) : 0;
	/* who was passed on before keeps its time, if it still fits */
	if (!tx->started)
		tx->ts_off = 0;
	else if (tx->ssrc_in != h->ssrc || ahead > AHEAD_MAX)
		tx->ts_off = tx->ts - h->ts;
	tx->ssrc_in = h->ssrc;
	tx->started = true;
	tx->passing = true;
}

void send_passed(struct member *m, const uint8_t *p, size_t n,
		 const struct rtp_head *h, uint8_t pt)
{
	struct sender *tx = &m->tx;
	struct rtp_head out = *h;
	uint8_t *to;

	if (!may_send(m) || tx->playing || n > PLANE_PAYLOAD_MAX)
		return;
	begin_pass(m, h);
	to = plane_reserve(m->port, m->prog->dst);
	if (!to)
		return;
	memcpy(to, p, n);
	out.pt = pt;
	out.seq = (uint16_t)(h->seq + tx->seq_off);
	out.ts = h->ts + tx->ts_off;
	if (tx->rewrite)
		out.ssrc = tx->ssrc;
	else
		tx->ssrc = tx->ssrc_in = h->ssrc;
	rtp_edit(to, &out);
	tx->seq = out.seq;
	tx->ts = tx->ts_sent = out.ts;
	tx->ts_in = h->ts;
	finish(m, to, n);
}

/* The length of each event, in the clock of who gets it (RFC 4733 2.3.5); one that
 * would be too long stays as long as can be said */
static void rescale(uint8_t *p, size_t n, const struct bridge_pt *bp)
{
	for (; n >= EVENT_BYTES; p += EVENT_BYTES, n -= EVENT_BYTES) {
		const uint64_t len = (uint64_t)(p[2] << 8 | p[3]) *
				     bp->clock_to / bp->clock;
		const unsigned to = len > 0xffff ? 0xffff : (unsigned)len;

		p[2] = (uint8_t)(to >> 8);
		p[3] = (uint8_t)to;
	}
}

void send_event(struct member *m, const uint8_t *p, size_t n,
		const struct rtp_head *h, const struct bridge_pt *bp)
{
	struct sender *tx = &m->tx;
	uint8_t events[EVENTS_MAX * EVENT_BYTES];
	const uint8_t *pay = p + h->off;

	if (!m->prog->enc) {
		send_passed(m, p, n, h, bp->pt);
		return;
	}
	if (tx->playing)
		return;
	sender_enter(m, m->prog->conf.codec->clock, h);
	/* all packets of an event have the time of its begin (RFC 4733 2.2.1) */
	begin_encode(m);
	if (!tx->event || tx->event_in != h->ts) {
		tx->event = true;
		tx->event_in = h->ts;
		tx->event_ts = tx->ts;
	}
	if (bp->clock && bp->clock_to && bp->clock != bp->clock_to &&
	    h->len <= sizeof(events)) {
		memcpy(events, pay, h->len);
		rescale(events, h->len, bp);
		pay = events;
	}
	send_payload(m, pay, h->len, bp->pt, tx->event_ts, h->marker);
}

/* ---- what we encode ------------------------------------------------------ */

void send_payload(struct member *m, const uint8_t *p, size_t n, uint8_t pt,
		  uint32_t ts, bool marker)
{
	struct rtp_head h = {.pt = pt, .marker = marker, .ts = ts};
	uint8_t *out;

	if (!may_send(m) || n + RTP_HEADER > PLANE_PAYLOAD_MAX)
		return;
	out = plane_reserve(m->port, m->prog->dst);
	if (!out)
		return;
	h.seq = ++m->tx.seq;
	h.ssrc = m->tx.ssrc;
	rtp_write(out, &h);
	memcpy(out + RTP_HEADER, p, n);
	reporter_sent(m, ts, n);
	m->tx.ts_sent = ts;
	finish(m, out, RTP_HEADER + n);
}

static void encode(struct member *m, const int16_t *pcm, size_t n)
{
	const struct program *p = m->prog;
	uint8_t buf[CODEC_BYTES_MAX];
	size_t len = 0;

	if (codec_encode(p->enc, pcm, n, buf, &len)) {
		++m->st.malformed;
	} else if (len) {
		++m->other->st.encoded;
		send_payload(m, buf, len, p->conf.pt, m->tx.ts, m->tx.marker);
		m->tx.marker = false;
	} else {
		m->tx.marker = true; /* DTX: a talkspurt has ended */
	}
	m->tx.ts += units(p, n);
}

void send_samples(struct member *m, const int16_t *pcm, size_t n)
{
	const struct program *p = m->prog;
	struct sender *tx = &m->tx;
	const unsigned ch = codec_enc_ch(p->enc);
	const size_t frame = (size_t)codec_enc_rate(p->enc) * p->conf.ptime /
			     1000;
	size_t done = 0;

	if (tx->playing)
		return;
	begin_encode(m);
	/* the common case: whole packets, and nothing left of the last */
	while (!tx->accn && n - done >= frame) {
		encode(m, pcm + done * ch, frame);
		done += frame;
	}
	while (done < n) {
		size_t k = frame - tx->accn;

		if (k > n - done)
			k = n - done;
		memcpy(p->acc + tx->accn * ch, pcm + done * ch,
		       k * ch * sizeof(*pcm));
		tx->accn += k;
		done += k;
		if (tx->accn < frame)
			break;
		encode(m, p->acc, frame);
		tx->accn = 0;
	}
}

void send_pause(struct member *m, uint32_t gap, uint32_t clock)
{
	const struct program *p = m->prog;
	struct sender *tx = &m->tx;
	const unsigned ch = codec_enc_ch(p->enc);
	const size_t frame = (size_t)codec_enc_rate(p->enc) * p->conf.ptime /
			     1000;
	uint32_t out = (uint32_t)((uint64_t)gap * p->conf.codec->clock / clock);

	if (tx->playing)
		return;
	begin_encode(m);
	/* what was begun ends in silence, which is part of the pause */
	if (tx->accn) {
		size_t rest = frame - tx->accn;
		uint32_t u = units(p, rest);

		memset(p->acc + tx->accn * ch, 0, rest * ch * sizeof(int16_t));
		encode(m, p->acc, frame);
		tx->accn = 0;
		out = out > u ? out - u : 0;
	}
	tx->ts += out;
	tx->marker = true;
}
