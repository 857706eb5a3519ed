/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bridge on a media worker, on the wires of the bed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <cmocka.h>
#include "../unit/goertzel.h"
#include "bridgebed.h"

struct side bb_sides[SIDES];

struct bridgebed bb;

const struct codec *bb_codec(const char *name)
{
	const struct codec *c;
	struct pl pl;

	pl_set_str(&pl, name);
	c = codec_find(&pl, 0, 0);
	assert_non_null(c);
	return c;
}

/* ---- the bridge ----------------------------------------------------------- */

void bb_member(struct bridge_member *m, const struct side *s, uint16_t port)
{
	memset(m, 0, sizeof(*m));
	m->local = addr(s->local, port);
	m->remote = addr(s->peer, PEER_PORT);
	m->rtcp = addr(s->peer, PEER_PORT + 1);
	m->complexity = -1;
	m->ptime = 20;
	m->seq = 65530;
	m->ts = 0xffffff00u;
	m->ssrc = 0xca20;
}

static void legs(const struct bridge_member *m, const struct bridge_member *o)
{
	struct fp_leg l = leg_plain(m->local, m->remote, o->local, o->remote);
	struct sa a, b;

	l.state = LEG_AGENT;
	l.plain = bridge_plain(bb.b);
	if (m->t38)
		l.media = LEG_OTHER;
	else
		l.media = m->rx.suite != SRTPX_NONE ? LEG_SRTP : LEG_RTP;
	l.clock_rate = 8000;
	l.ssrc_rewrite = bb.ssrc_out;
	l.ssrc_out = bb.ssrc_out;
	leg_put(bb.bed, &l);
	a = m->local;
	b = o->local;
	sa_set_port(&a, (uint16_t)(sa_port(&a) + 1));
	sa_set_port(&b, (uint16_t)(sa_port(&b) + 1));
	l = leg_plain(a, m->rtcp, b, o->rtcp);
	l.state = LEG_AGENT;
	l.media = LEG_RTCP;
	l.plain = bridge_plain(bb.b);
	leg_put(bb.bed, &l);
}

void bb_up(enum plane_mode mode, struct bridge_member mv[2])
{
	const struct plane_conf conf = {.workers = 1, .mode = mode, .dscp = -1};
	struct fp_err e = {""};

	if (plane_alloc(&bb.pl, bb.bed->fp, bb.net, &conf, &e))
		fail_msg("plane: %s", e.msg);
	assert_int_equal(bridge_alloc(&bb.b, bb.pl, 0, mv, bb.eventh, NULL), 0);
	legs(&mv[0], &mv[1]);
	legs(&mv[1], &mv[0]);
}

/* Reports come when they like: a packet that nobody has read holds the AF_XDP socket
 * that sent it, and its queue is busy for the next one */
void bb_down(void)
{
	struct pkt pkt;

	bb.b = mem_deref(bb.b);
	while (wire_recv(bb.lan, &pkt, 0) || wire_recv(bb.wan, &pkt, 0))
		;
	bb.pl = mem_deref(bb.pl);
	bb.ssrc_out = 0;
	bb.eventh = NULL;
	bed_clear(bb.bed);
}

/* a sends codec x, b wants codec y; and the other way round */
void bb_transcoding(struct bridge_member mv[2], const char *x, const char *y)
{
	const char *name[2] = {x, y};

	bb_member(&mv[0], &bb_sides[SIDE_LAN4], IN_PORT);
	bb_member(&mv[1], &bb_sides[SIDE_WAN4], OUT_PORT);
	for (int i = 0; i < 2; i++) {
		mv[i].codecv[0].codec = bb_codec(name[i]);
		mv[i].codecc = 1;
		mv[i].ptv[96 + i] = (struct bridge_pt){.act = BRIDGE_DECODE,
						       .codec = 0};
		mv[i].codec = bb_codec(name[i]);
		mv[i].pt = (uint8_t)(96 + i);
		mv[i].ptv[101] = (struct bridge_pt){.act = BRIDGE_EVENT,
						    .pt = 102};
	}
}

/* ---- a party -------------------------------------------------------------- */

void bb_put(const struct side *s, uint16_t dport, const uint8_t *p, size_t n)
{
	struct spec spec = side_in(s, p, n);
	struct pkt pkt;

	spec.dport = dport;
	pkt_build(&pkt, &spec);
	assert_int_equal(send(bb.lan, pkt.b, pkt.len, 0), pkt.len);
}

/* A report of ours, which comes when it likes */
static bool is_report(const uint8_t *p, size_t n)
{
	return n >= 8 && p[1] >= 200 && p[1] <= 201 &&
	       !memcmp(p + 4, "\x00\x00\xca\x20", 4);
}

/* The UDP payload of the next packet that the far party gets */
size_t bb_get(uint8_t *p, unsigned wait)
{
	struct pkt pkt;
	size_t n;

	do {
		if (!wire_recv(bb.wan, &pkt, wait))
			return 0;
		assert_int_equal(udp_verify(pkt.b + 14), 0);
		n = pkt.len - HEADERS;
	} while (is_report(pkt.b + HEADERS, n));
	memcpy(p, pkt.b + HEADERS, n);
	return n;
}

static int16_t sine(double rate, size_t i)
{
	return (int16_t)lrint(AMP * sin(2 * M_PI * TONE * (double)i / rate));
}

void phone_open(struct phone *ph, const char *name, uint8_t pt)
{
	struct codec_param prm = {
		.codec = bb_codec(name), .complexity = -1, .bitrate = 32000};

	memset(ph, 0, sizeof(*ph));
	assert_int_equal(codec_enc_alloc(&ph->enc, &prm), 0);
	ph->h = (struct rtp_head){
		.pt = pt, .seq = 65500, .ts = 4294960000u, .ssrc = 7};
}

size_t phone_packet(struct phone *ph)
{
	const uint32_t rate = codec_enc_rate(ph->enc);
	int16_t pcm[960];
	size_t n = rate / 50, len;

	for (size_t i = 0; i < n; i++)
		pcm[i] = sine(rate, ph->at++);
	assert_int_equal(
		codec_encode(ph->enc, pcm, n, ph->pkt + RTP_HEADER, &len), 0);
	rtp_write(ph->pkt, &ph->h);
	return len + RTP_HEADER;
}

void phone_next(struct phone *ph, const struct codec *c)
{
	++ph->h.seq;
	ph->h.ts += c->clock / 50;
}

void ear_hear(struct ear *e, const uint8_t *p, size_t n, uint32_t step)
{
	struct rtp_head h;
	size_t k;

	assert_int_equal(rtp_read(&h, p, n), 0);
	if (e->started) {
		assert_int_equal(h.seq, (uint16_t)(e->last.seq + 1));
		assert_int_equal(h.ts, e->last.ts + step);
		assert_int_equal(h.ssrc, e->last.ssrc);
	}
	e->started = true;
	e->last = h;
	++e->packets;
	assert_int_equal(codec_decode(e->dec, p + h.off, h.len,
				      bb.heard + bb.heardn, &k),
			 0);
	bb.heardn += k;
	assert_in_range(bb.heardn, 0, ARRAY_SIZE(bb.heard) - 5760);
}

void tone_heard(const char *what, uint32_t rate)
{
	/* whole periods, once the codecs have found their feet */
	const size_t skip = bb.heardn / 2,
		     n = (bb.heardn - skip) / rate * rate +
			 (bb.heardn - skip) % rate / (rate / 100) *
				 (rate / 100);
	double a = goertzel(bb.heard + skip, n, TONE, rate);

	if (fabs(20 * log10(a / AMP)) > 2.5)
		fail_msg("%s: amplitude %.0f instead of %d", what, a, AMP);
}

int bb_clear(void **state)
{
	(void)state;
	bb_down();
	return 0;
}

int bb_setup(void **state)
{
	int rc = bed_setup(state);

	if (rc)
		return rc;
	bb.bed = *state;
	assert_int_equal(libre_init(), 0);
	assert_int_equal(fp_net_alloc(&bb.net, bb.bed->fp), 0);
	sides_init(bb.bed, bb_sides);
	bb.lan = wire_open("lan-p");
	bb.wan = wire_open("wan-p");
	wire_gro("wan-p");
	wire_tx_sums("wan");
	return 0;
}

int bb_teardown(void **state)
{
	mem_deref(bb.net);
	libre_close();
	return bed_teardown(state);
}
