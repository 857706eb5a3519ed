/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bridges on a media worker, with packets on the wires of the bed: SRTP opened and
 * made, codecs changed. What is heard at the far end is judged by its tone.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <cmocka.h>
#include "../unit/goertzel.h"
#include "bridge/bridge.h"
#include "rtp/packet.h"
#include "sides.h"
#include "wire.h"

enum { TONE = 1000, AMP = 8000, PACKETS = 50, HEADERS = 14 + 20 + 8 };

static struct side sides[SIDES];

static struct {
	struct bed *bed;
	struct fp_net *net;
	struct plane *pl;
	struct bridge *b;
	int lan, wan;
	int16_t heard[48000 * 4];
	size_t heardn;
} ctx;

static const struct codec *codec(const char *name)
{
	const struct codec *c;
	struct pl pl;

	pl_set_str(&pl, name);
	c = codec_find(&pl, 0, 0);
	assert_non_null(c);
	return c;
}

/* ---- the bridge ----------------------------------------------------------- */

static void member(struct bridge_member *m, const struct side *s, uint16_t port)
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
	l.plain = bridge_plain(ctx.b);
	l.media = m->rx.suite != SRTPX_NONE ? LEG_SRTP : LEG_RTP;
	leg_put(ctx.bed, &l);
	a = m->local;
	b = o->local;
	sa_set_port(&a, (uint16_t)(sa_port(&a) + 1));
	sa_set_port(&b, (uint16_t)(sa_port(&b) + 1));
	l = leg_plain(a, m->rtcp, b, o->rtcp);
	l.state = LEG_AGENT;
	l.media = LEG_RTCP;
	l.plain = bridge_plain(ctx.b);
	leg_put(ctx.bed, &l);
}

static void up(enum plane_mode mode, struct bridge_member mv[2])
{
	const struct plane_conf conf = {.workers = 1, .mode = mode, .dscp = -1};
	struct fp_err e = {""};

	if (plane_alloc(&ctx.pl, ctx.bed->fp, ctx.net, &conf, &e))
		fail_msg("plane: %s", e.msg);
	assert_int_equal(bridge_alloc(&ctx.b, ctx.pl, 0, mv, NULL, NULL), 0);
	legs(&mv[0], &mv[1]);
	legs(&mv[1], &mv[0]);
}

/* Reports come when they like: a packet that nobody has read holds the AF_XDP socket
 * that sent it, and its queue is busy for the next one */
static void down(void)
{
	struct pkt pkt;

	ctx.b = mem_deref(ctx.b);
	while (wire_recv(ctx.lan, &pkt, 0) || wire_recv(ctx.wan, &pkt, 0))
		;
	ctx.pl = mem_deref(ctx.pl);
	bed_clear(ctx.bed);
}

/* a sends codec x, b wants codec y; and the other way round */
static void transcoding(struct bridge_member mv[2], const char *x,
			const char *y)
{
	const char *name[2] = {x, y};

	member(&mv[0], &sides[SIDE_LAN4], IN_PORT);
	member(&mv[1], &sides[SIDE_WAN4], OUT_PORT);
	for (int i = 0; i < 2; i++) {
		mv[i].codecv[0].codec = codec(name[i]);
		mv[i].codecc = 1;
		mv[i].ptv[96 + i] = (struct bridge_pt){.act = BRIDGE_DECODE,
						       .codec = 0};
		mv[i].codec = codec(name[i]);
		mv[i].pt = (uint8_t)(96 + i);
		mv[i].ptv[101] = (struct bridge_pt){.act = BRIDGE_EVENT,
						    .pt = 102};
	}
}

/* ---- a party -------------------------------------------------------------- */

static void put(const struct side *s, uint16_t dport, const uint8_t *p,
		size_t n)
{
	struct spec spec = side_in(s, p, n);
	struct pkt pkt;

	spec.dport = dport;
	pkt_build(&pkt, &spec);
	assert_int_equal(send(ctx.lan, pkt.b, pkt.len, 0), pkt.len);
}

/* A report of ours, which comes when it likes */
static bool is_report(const uint8_t *p, size_t n)
{
	return n >= 8 && p[1] >= 200 && p[1] <= 201 &&
	       !memcmp(p + 4, "\x00\x00\xca\x20", 4);
}

/* The UDP payload of the next packet that the far party gets */
static size_t get(uint8_t *p, unsigned wait)
{
	struct pkt pkt;
	size_t n;

	do {
		if (!wire_recv(ctx.wan, &pkt, wait))
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

/** A phone that sends a tone */
struct phone {
	struct codec_enc *enc;
	size_t at;
	struct rtp_head h;
	uint8_t pkt[CODEC_BYTES_MAX + RTP_HEADER];
};

static void phone_open(struct phone *ph, const char *name, uint8_t pt)
{
	struct codec_param prm = {
		.codec = codec(name), .complexity = -1, .bitrate = 32000};

	memset(ph, 0, sizeof(*ph));
	assert_int_equal(codec_enc_alloc(&ph->enc, &prm), 0);
	ph->h = (struct rtp_head){
		.pt = pt, .seq = 65500, .ts = 4294960000u, .ssrc = 7};
}

static size_t phone_packet(struct phone *ph)
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

static void phone_next(struct phone *ph, const struct codec *c)
{
	++ph->h.seq;
	ph->h.ts += c->clock / 50;
}

/* One stream without a step, and its sound */
struct ear {
	struct codec_dec *dec;
	bool started;
	struct rtp_head last;
	unsigned packets;
};

static void ear_hear(struct ear *e, const uint8_t *p, size_t n, uint32_t step)
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
				      ctx.heard + ctx.heardn, &k),
			 0);
	ctx.heardn += k;
	assert_in_range(ctx.heardn, 0, ARRAY_SIZE(ctx.heard) - 5760);
}

static void tone_heard(const char *what, uint32_t rate)
{
	/* whole periods, once the codecs have found their feet */
	const size_t skip = ctx.heardn / 2,
		     n = (ctx.heardn - skip) / rate * rate +
			 (ctx.heardn - skip) % rate / (rate / 100) *
				 (rate / 100);
	double a = goertzel(ctx.heard + skip, n, TONE, rate);

	if (fabs(20 * log10(a / AMP)) > 2.5)
		fail_msg("%s: amplitude %.0f instead of %d", what, a, AMP);
}

/* ---- tests ---------------------------------------------------------------- */

static void test_any_to_any(void **state)
{
	static const char *const namev[] = {"PCMU", "PCMA", "G722",
					    "opus", "GSM",  "G726-32"};
	uint8_t p[2000] = {0};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(namev); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(namev); k++) {
			struct codec_param prm = {.codec = codec(namev[k])};
			struct bridge_member mv[2];
			struct bridge_stats st;
			struct ear ear = {NULL};
			struct phone ph;
			char what[64];

			transcoding(mv, namev[i], namev[k]);
			up(PLANE_XDP, mv);
			phone_open(&ph, namev[i], 96);
			assert_int_equal(codec_dec_alloc(&ear.dec, &prm), 0);
			ctx.heardn = 0;
			for (unsigned x = 0; x < PACKETS; x++) {
				size_t n = phone_packet(&ph);

				put(&sides[SIDE_LAN4], IN_PORT, ph.pkt, n);
				phone_next(&ph, codec(namev[i]));
				n = get(p, WIRE_WAIT);
				assert_int_equal(p[1] & 0x7f, 97);
				/* the first one begins a talkspurt */
				assert_int_equal(p[1] >> 7, !x);
				ear_hear(&ear, p, n, prm.codec->clock / 50);
			}
			assert_int_equal(ear.packets, PACKETS);
			(void)snprintf(what, sizeof(what), "%s to %s", namev[i],
				       namev[k]);
			tone_heard(what, codec_dec_rate(ear.dec));
			bridge_stats(ctx.b, 0, &st);
			assert_int_equal(st.packets, PACKETS);
			assert_int_equal(st.decoded, PACKETS);
			assert_int_equal(st.encoded, PACKETS);
			assert_int_equal(st.lost + st.late + st.malformed, 0);
			mem_deref(ear.dec);
			mem_deref(ph.enc);
			down();
		}
	}
}

static void keys(struct srtpx_key *k, enum srtpx_suite suite, uint8_t seed)
{
	memset(k, 0, sizeof(*k));
	k->suite = suite;
	for (size_t i = 0; i < sizeof(k->key); i++)
		k->key[i] = (uint8_t)(i * seed + 1);
}

/* SRTP on one side, RTP on the other, and SRTP with other keys; RTCP too */
static void srtp_way(enum srtpx_suite in, enum srtpx_suite out,
		     enum plane_mode mode)
{
	struct bridge_member mv[2];
	struct srtpx *tx = NULL, *rx = NULL;
	struct bridge_stats st;
	uint8_t p[2000], was[400];

	member(&mv[0], &sides[SIDE_LAN4], IN_PORT);
	member(&mv[1], &sides[SIDE_WAN4], OUT_PORT);
	if (in != SRTPX_NONE) {
		keys(&mv[0].rx, in, 3);
		assert_int_equal(srtpx_alloc(&tx, &mv[0].rx), 0);
	}
	if (out != SRTPX_NONE) {
		keys(&mv[1].tx, out, 5);
		assert_int_equal(srtpx_alloc(&rx, &mv[1].tx), 0);
	}
	mv[0].ptv[0] = (struct bridge_pt){.act = BRIDGE_PASS, .pt = 0};
	up(mode, mv);
	for (unsigned i = 0; i < 200; i++) {
		struct rtpspec r = {.pt = i == 50 ? 9 : 0,
				    .seq = (uint16_t)(65500 + i),
				    .ts = i * 160,
				    .ssrc = 99};
		size_t n = rtp_build(was, &r, 160), len = n;

		memcpy(p, was, n);
		if (tx)
			assert_int_equal(srtpx_protect(tx, p, &n, sizeof(p)),
					 0);
		if (i == 70)
			p[n - 1] ^= 1; /* forged, or just wrong */
		put(&sides[SIDE_LAN4], IN_PORT, p, n);
		if (i == 20)
			put(&sides[SIDE_LAN4], IN_PORT, p, n); /* twice */
		/* a payload type that was not agreed, and what is not authentic */
		if (i == 50 || (i == 70 && tx))
			continue;
		if (i == 70)
			was[len - 1] ^= 1;
		n = get(p, WIRE_WAIT);
		if (!n)
			fail_msg("packet %u did not arrive", i);
		if (rx)
			assert_int_equal(srtpx_unprotect(rx, p, &n), 0);
		assert_int_equal(n, len);
		assert_memory_equal(p, was, n);
	}
	{
		size_t n = 28, len = n;

		memset(p, 0, n);
		p[0] = 0x80;
		p[1] = 200;
		p[3] = 6;
		p[7] = 99;
		memcpy(was, p, n);
		if (tx)
			assert_int_equal(
				srtpx_protect_rtcp(tx, p, &n, sizeof(p)), 0);
		{
			struct spec s = side_in(&sides[SIDE_LAN4], p, n);
			struct pkt pkt;

			s.sport = PEER_PORT + 1;
			s.dport = IN_PORT + 1;
			pkt_build(&pkt, &s);
			assert_int_equal(send(ctx.lan, pkt.b, pkt.len, 0),
					 pkt.len);
		}
		n = get(p, WIRE_WAIT);
		if (rx)
			assert_int_equal(srtpx_unprotect_rtcp(rx, p, &n), 0);
		assert_int_equal(n, len);
		assert_memory_equal(p, was, n);
	}
	bridge_stats(ctx.b, 0, &st);
	assert_int_equal(st.refused, 1);
	assert_int_equal(st.auth, tx ? 1 : 0);
	assert_int_equal(st.replay, tx ? 1 : 0);
	assert_int_equal(st.late, tx ? 0 : 1);
	/* the one that was not authentic is missed */
	assert_int_equal(st.lost, tx ? 1 : 0);
	assert_int_equal(st.rtcp, 1);
	mem_deref(tx);
	mem_deref(rx);
	down();
}

static void test_srtp(void **state)
{
	(void)state;

	srtp_way(SRTPX_NONE, SRTPX_AES_CM_128_HMAC_SHA1_80, PLANE_XDP);
	srtp_way(SRTPX_AES_CM_128_HMAC_SHA1_80, SRTPX_NONE, PLANE_XDP);
	srtp_way(SRTPX_AES_256_CM_HMAC_SHA1_32, SRTPX_AEAD_AES_256_GCM,
		 PLANE_XDP);
	srtp_way(SRTPX_AEAD_AES_128_GCM, SRTPX_AES_CM_128_HMAC_SHA1_80,
		 PLANE_PLAIN);
}

/* Lost, late, out of order: the far end's stream has no hole, and sounds */
static void test_disturbed(void **state)
{
	struct codec_param prm = {.codec = codec("PCMA")};
	struct bridge_member mv[2];
	struct bridge_stats st;
	struct ear ear = {NULL};
	struct phone ph;
	uint8_t p[2000], kept[200];
	size_t n, keptn = 0;
	(void)state;

	transcoding(mv, "PCMU", "PCMA");
	up(PLANE_XDP, mv);
	phone_open(&ph, "PCMU", 96);
	assert_int_equal(codec_dec_alloc(&ear.dec, &prm), 0);
	ctx.heardn = 0;
	for (unsigned x = 0; x < 2 * PACKETS; x++) {
		n = phone_packet(&ph);
		if (x == 30 || x == 60 || x == 61) {
			; /* lost */
		} else if (x == 40) {
			memcpy(kept, ph.pkt, n);
			keptn = n;
		} else {
			put(&sides[SIDE_LAN4], IN_PORT, ph.pkt, n);
		}
		if (x == 41)
			put(&sides[SIDE_LAN4], IN_PORT, kept, keptn);
		phone_next(&ph, codec("PCMU"));
	}
	while ((n = get(p, 200)))
		ear_hear(&ear, p, n, 160);
	assert_int_equal(ear.packets, 2 * PACKETS);
	tone_heard("disturbed", 8000);
	for (size_t i = 1; i < ctx.heardn; i++) {
		int step = ctx.heard[i] - ctx.heard[i - 1];

		/* a 1 kHz tone moves by 6200 a sample; a click by more */
		if (step > 9000 || step < -9000)
			fail_msg("a click of %d at %zu", step, i);
	}
	bridge_stats(ctx.b, 0, &st);
	assert_int_equal(st.lost, 3);
	assert_int_equal(st.concealed, 60);
	assert_int_equal(st.late, 0);
	mem_deref(ear.dec);
	mem_deref(ph.enc);
}

/* A pause that was not sent stays one; an event keeps its time while it lasts */
static void test_pause_and_event(void **state)
{
	struct bridge_member mv[2];
	struct rtp_head h, first, ev;
	struct phone ph;
	uint8_t p[2000] = {0};
	size_t n;
	(void)state;

	transcoding(mv, "PCMU", "G722");
	up(PLANE_XDP, mv);
	phone_open(&ph, "PCMU", 96);
	n = phone_packet(&ph);
	put(&sides[SIDE_LAN4], IN_PORT, ph.pkt, n);
	n = get(p, WIRE_WAIT);
	assert_int_equal(rtp_read(&first, p, n), 0);
	phone_next(&ph, codec("PCMU"));
	/* digit 5, three packets of 20 ms and its end three times */
	ev = ph.h;
	ev.pt = 101;
	for (unsigned i = 0; i < 6; i++) {
		uint16_t dur = htons((uint16_t)(160 * (i < 3 ? i + 1 : 4)));
		uint8_t e[RTP_HEADER + 4] = {0};

		ev.marker = !i;
		rtp_write(e, &ev);
		++ev.seq;
		e[12] = 5;
		e[13] = (uint8_t)((i >= 3 ? 0x80 : 0) | 10);
		memcpy(e + 14, &dur, 2);
		put(&sides[SIDE_LAN4], IN_PORT, e, sizeof(e));
		n = get(p, WIRE_WAIT);
		assert_int_equal(n, sizeof(e));
		assert_int_equal(rtp_read(&h, p, n), 0);
		assert_int_equal(h.pt, 102);
		assert_int_equal(h.marker, !i);
		assert_int_equal(h.seq, (uint16_t)(first.seq + 1 + i));
		assert_int_equal(h.ts, first.ts + 160);
		assert_int_equal(h.ssrc, first.ssrc);
		assert_memory_equal(p + 12, e + 12, 4);
	}
	/* 80 ms of event, half a second of nothing: sound again */
	ph.h.seq = ev.seq;
	ph.h.ts += 640 + 4000;
	n = phone_packet(&ph);
	put(&sides[SIDE_LAN4], IN_PORT, ph.pkt, n);
	n = get(p, WIRE_WAIT);
	assert_int_equal(rtp_read(&h, p, n), 0);
	assert_true(h.marker);
	assert_int_equal(h.seq, (uint16_t)(first.seq + 7));
	assert_int_equal(h.ts, first.ts + 160 + 640 + 4000);
	mem_deref(ph.enc);
}

/* An event's length is in the clock of who gets it, as far as 16 bits go */
static void test_event_clock(void **state)
{
	static const uint16_t durv[][2] = {
		{160, 960}, {10922, 65532}, {10923, 65535}, {65535, 65535}};
	struct bridge_member mv[2];
	struct rtp_head h, ev;
	struct phone ph;
	uint8_t p[2000] = {0};
	size_t n;
	(void)state;

	transcoding(mv, "PCMU", "opus");
	mv[0].ptv[101].clock = 8000;
	mv[0].ptv[101].clock_to = 48000;
	up(PLANE_XDP, mv);
	phone_open(&ph, "PCMU", 96);
	ev = ph.h;
	ev.pt = 101;
	for (unsigned i = 0; i < ARRAY_SIZE(durv); i++) {
		uint8_t e[RTP_HEADER + 4] = {0};

		rtp_write(e, &ev);
		++ev.seq;
		e[12] = 7;
		e[13] = 10;
		e[14] = (uint8_t)(durv[i][0] >> 8);
		e[15] = (uint8_t)durv[i][0];
		put(&sides[SIDE_LAN4], IN_PORT, e, sizeof(e));
		n = get(p, WIRE_WAIT);
		assert_int_equal(n, sizeof(e));
		assert_int_equal(rtp_read(&h, p, n), 0);
		assert_int_equal(h.pt, 102);
		assert_memory_equal(p + 12, e + 12, 2);
		assert_int_equal(p[14] << 8 | p[15], durv[i][1]);
	}
	mem_deref(ph.enc);
}

/* From packets as they are to packets that are made, and back: one stream */
static void test_change(void **state)
{
	struct bridge_member mv[2], plain[2];
	struct rtp_head h, last = {.seq = 0};
	struct phone ph;
	uint8_t p[2000] = {0};
	size_t n;
	(void)state;

	transcoding(mv, "PCMU", "PCMA");
	memcpy(plain, mv, sizeof(mv));
	for (int i = 0; i < 2; i++) {
		plain[i].ptv[96] = (struct bridge_pt){.act = BRIDGE_PASS,
						      .pt = 96};
		plain[i].codec = NULL;
		plain[i].codecc = 0;
		plain[i].ptv[97].act = BRIDGE_DROP;
	}
	up(PLANE_XDP, plain);
	phone_open(&ph, "PCMU", 96);
	for (unsigned x = 0; x < 60; x++) {
		if (x == 20 || x == 40) {
			const struct bridge_member *v = x == 20 ? mv : plain;

			/* who is sent what is made, before who makes it need be */
			assert_int_equal(
				bridge_change(ctx.b, x == 20, &v[x == 20]), 0);
			assert_int_equal(
				bridge_change(ctx.b, x != 20, &v[x != 20]), 0);
		}
		n = phone_packet(&ph);
		put(&sides[SIDE_LAN4], IN_PORT, ph.pkt, n);
		phone_next(&ph, codec("PCMU"));
		n = get(p, WIRE_WAIT);
		assert_int_equal(rtp_read(&h, p, n), 0);
		assert_int_equal(h.pt, x >= 20 && x < 40 ? 97 : 96);
		if (x) {
			assert_int_equal(h.seq, (uint16_t)(last.seq + 1));
			assert_int_equal(h.ts, last.ts + 160);
			assert_int_equal(h.ssrc, last.ssrc);
		}
		last = h;
	}
	mem_deref(ph.enc);
}

/* Back to the kernel while packets come: what the receiver has is one stream still, its
 * numbers ours, and nothing is missing */
static void leave_with(bool transcoded)
{
	enum { BURST = 12, PARTS = 6 };
	struct bridge_member mv[2];
	struct rtp_head h, last = {.seq = 0};
	struct phone ph;
	struct fp_leg l;
	uint8_t p[2000] = {0};
	uint32_t ssrc;
	unsigned got = 0;
	size_t n;

	transcoding(mv, "PCMU", "PCMA");
	if (!transcoded) {
		mv[0].ptv[96] = (struct bridge_pt){.act = BRIDGE_PASS,
						   .pt = 96};
		mv[1].codec = NULL;
		mv[0].codecc = 0;
	}
	up(PLANE_XDP, mv);
	phone_open(&ph, "PCMU", 96);
	for (unsigned part = 0; part < PARTS; part++) {
		for (unsigned i = 0; i < BURST; i++) {
			n = phone_packet(&ph);
			put(&sides[SIDE_LAN4], IN_PORT, ph.pkt, n);
			phone_next(&ph, codec("PCMU"));
		}
		if (part != PARTS / 2)
			continue;
		/* one is through: it is known what it says */
		n = get(p, WIRE_WAIT);
		assert_int_equal(rtp_read(&last, p, n), 0);
		++got;
		l = leg_plain(mv[0].local, mv[0].remote, mv[1].local,
			      mv[1].remote);
		l.state = LEG_AGENT;
		l.ssrc_rewrite = bridge_stream(ctx.b, 1, &ssrc);
		l.ssrc_out = ssrc;
		assert_int_equal(l.ssrc_rewrite, transcoded);
		leg_put(ctx.bed, &l);
		assert_int_equal(bridge_leave(ctx.b, ctx.bed->fp, 1000), 0);
	}
	for (; got < PARTS * BURST; got++) {
		n = get(p, WIRE_WAIT);
		if (!n)
			fail_msg("%u of %u arrived", got, PARTS * BURST);
		assert_int_equal(rtp_read(&h, p, n), 0);
		assert_int_equal(h.seq, (uint16_t)(last.seq + 1));
		assert_int_equal(h.ssrc, last.ssrc);
		assert_in_range((uint32_t)(h.ts - last.ts), 1, 800);
		last = h;
	}
	/* the last ones by the kernel, as they were sent */
	assert_int_equal(h.pt, 96);
	mem_deref(ph.enc);
}

static void test_leave_passed(void **state)
{
	(void)state;
	leave_with(false);
}

static void test_leave_encoded(void **state)
{
	(void)state;
	leave_with(true);
}

/* The next packet to this port of the far party's */
static size_t get_at(uint8_t *p, uint16_t port)
{
	struct pkt pkt;
	uint16_t to;

	while (wire_recv(ctx.wan, &pkt, 4000)) {
		memcpy(&to, pkt.b + 14 + 20 + 2, 2);
		if (ntohs(to) != port)
			continue;
		memcpy(p, pkt.b + HEADERS, pkt.len - HEADERS);
		return pkt.len - HEADERS;
	}

	return 0;
}

/* Who is sent what we encode gets our reports, with our SSRC, under its keys; and what
 * it says of us is seen */
static void test_reports(void **state)
{
	struct bridge_member mv[2];
	struct bridge_stats st;
	struct srtpx *keys;
	struct phone ph;
	uint8_t p[2000] = {0};
	size_t n;
	(void)state;

	transcoding(mv, "PCMU", "PCMA");
	mv[1].tx = (struct srtpx_key){.suite = SRTPX_AES_CM_128_HMAC_SHA1_80};
	memset(mv[1].tx.key, 7, sizeof(mv[1].tx.key));
	assert_int_equal(srtpx_alloc(&keys, &mv[1].tx), 0);
	up(PLANE_XDP, mv);
	phone_open(&ph, "PCMU", 96);
	for (unsigned i = 0; i < 5; i++) {
		n = phone_packet(&ph);
		put(&sides[SIDE_LAN4], IN_PORT, ph.pkt, n);
		phone_next(&ph, codec("PCMU"));
	}
	n = get_at(p, PEER_PORT + 1);
	assert_true(n > 0);
	assert_int_equal(srtpx_unprotect_rtcp(keys, p, &n), 0);
	/* SR: five packets of 160 octets, by mv[1].ssrc */
	assert_memory_equal(p, "\x80\xc8\x00\x06\x00\x00\xca\x20", 8);
	assert_memory_equal(p + 20, "\0\0\0\x05\0\0\x03\x20", 8);
	assert_int_equal(p[29], 202);
	bridge_stats(ctx.b, 0, &st);
	assert_int_equal(st.packets, 5);
	mem_deref(keys);
	mem_deref(ph.enc);
}

static int clear(void **state)
{
	(void)state;
	down();
	return 0;
}

static int setup(void **state)
{
	int rc = bed_setup(state);

	if (rc)
		return rc;
	ctx.bed = *state;
	assert_int_equal(libre_init(), 0);
	assert_int_equal(fp_net_alloc(&ctx.net, ctx.bed->fp), 0);
	sides_init(ctx.bed, sides);
	ctx.lan = wire_open("lan-p");
	ctx.wan = wire_open("wan-p");
	wire_gro("wan-p");
	wire_tx_sums("wan");
	return 0;
}

static int teardown(void **state)
{
	mem_deref(ctx.net);
	libre_close();
	return bed_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_srtp, clear),
		cmocka_unit_test_teardown(test_any_to_any, clear),
		cmocka_unit_test_teardown(test_disturbed, clear),
		cmocka_unit_test_teardown(test_pause_and_event, clear),
		cmocka_unit_test_teardown(test_event_clock, clear),
		cmocka_unit_test_teardown(test_change, clear),
		cmocka_unit_test_teardown(test_reports, clear),
		cmocka_unit_test_teardown(test_leave_passed, clear),
		cmocka_unit_test_teardown(test_leave_encoded, clear),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
