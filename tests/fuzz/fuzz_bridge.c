/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What two parties may send a bridge: RTP, RTCP and SRTP, right and wrong, of any payload
 * type and size, in any order and at any time, while the bridge is changed, played into,
 * copied, and its wire is full. Whoever gets SRTP can open all of it, and never gets a
 * number twice; who gets an encoded stream gets one without a step.
 */
#include <string.h>
#include "bridge/bridge.h"
#include "bridge/play.h"
#include "rtp/jitter.h"
#include "rtp/packet.h"
#include "must.h"
#include "sim_plane.h"

enum {
	OPS_MAX = 300,
	PORT = 30000,
	PT_PASS = 13,
	PT_EVENT = 101,
	PT_TONE = 102,
	PT_NOISE = 19,
	NS_PER_MS = 1000000,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** What the input says, byte by byte */
struct input {
	const uint8_t *p, *end;
};

/** A party: what it sends, and what it got */
struct party {
	struct bridge_member m;
	struct srtpx *tx, *rx;           /* the other ends of m.rx and m.tx */
	struct srtpx *rtcp_tx, *rtcp_rx; /* and of those of RTCP */
	struct rtp_head h;
	bool started;
	struct rtp_head last;
};

struct world {
	struct plane *pl;
	struct bridge *b;
	struct party v[2];
	bool passes; /* something is not encoded: numbers are the sender's */
	bool events; /* of the signalling loop are being heard             */
};

static uint8_t take(struct input *in)
{
	return in->p < in->end ? *in->p++ : 0;
}

/* So many bytes, in memory of their own */
static uint8_t *take_bytes(struct input *in, size_t *n, size_t room)
{
	uint8_t *p;

	if (*n > (size_t)(in->end - in->p))
		*n = (size_t)(in->end - in->p);
	p = malloc(*n + room + 1);
	MUST(p);
	memcpy(p, in->p, *n);
	in->p += *n;

	return p;
}

/* ---- what a party gets -------------------------------------------------------- */

static void got_media(struct world *w, struct party *to, const uint8_t *p,
		      size_t n)
{
	struct rtp_head h;

	MUST(!rtp_read(&h, p, n));
	MUST(!to->m.silent && !to->m.locked);
	if (to->started && !w->passes) {
		MUST(h.ssrc == to->last.ssrc);
		MUST(h.seq == (uint16_t)(to->last.seq + 1));
		MUST(h.pt == to->m.pt || h.pt == PT_EVENT);
	}
	to->started = true;
	to->last = h;
}

static void sent(const struct sa *from, const struct sa *dst, const uint8_t *p,
		 size_t n, void *arg)
{
	struct world *w = arg;
	struct party *to = &w->v[(sa_port(from) - PORT) / 10];
	uint8_t copy[PLANE_PAYLOAD_MAX];
	enum rtp_kind kind = rtp_kind(p, n);

	MUST(sa_cmp(dst, kind == RTP_CONTROL ? &to->m.rtcp : &to->m.remote,
		    SA_ALL));
	MUST(n && n <= sizeof(copy));
	memcpy(copy, p, n);
	if (kind == RTP_CONTROL) {
		struct srtpx *rx = to->m.rtcp_keyed ? to->rtcp_rx : to->rx;

		MUST(rx || !to->m.rtcp_keyed);
		MUST(!rx || !srtpx_unprotect_rtcp(rx, copy, &n));
		return;
	}
	MUST(kind == RTP_MEDIA);
	MUST(!to->rx || !srtpx_unprotect(to->rx, copy, &n));
	got_media(w, to, copy, n);
}

static void event(struct bridge *b, unsigned side, unsigned type,
		  const struct sa *src, const uint8_t *p, size_t n, void *arg)
{
	struct world *w = arg;
	struct rtp_head h;

	MUST(w->events && b == w->b && side < 2 && src);
	if (type == BRIDGE_COPY)
		MUST(!rtp_read(&h, p, n));
	if (type == BRIDGE_DIGIT)
		MUST(n == sizeof(struct bridge_heard));
}

/* ---- what a party is ----------------------------------------------------------- */

static void keys(struct party *pa, uint8_t suite, uint8_t which)
{
	struct srtpx_key *k[4] = {&pa->m.rx, &pa->m.tx, &pa->m.rtcp_rx,
				  &pa->m.rtcp_tx};
	struct srtpx **x[4] = {&pa->tx, &pa->rx, &pa->rtcp_tx, &pa->rtcp_rx};

	for (unsigned i = 2; i < 4 && !pa->m.rtcp_keyed; i++) {
		memset(k[i], 0, sizeof(*k[i]));
		*x[i] = mem_deref(*x[i]);
	}
	for (unsigned i = 0; i < (pa->m.rtcp_keyed ? 4 : 2); i++) {
		struct srtpx_key new = {.suite = suite % SRTPX_SUITES,
					.mki_len = which & 4};

		memset(new.key, which * 2 + i, sizeof(new.key));
		if (srtpx_same_key(&new, k[i]) && (*x[i] || !new.suite))
			continue;
		*k[i] = new;
		*x[i] = mem_deref(*x[i]);
		if (new.suite)
			MUST(!srtpx_alloc(x[i], &new));
	}
}

static const struct codec *codec_by(uint8_t how)
{
	const struct codec *c = codec_nth(how % 16);

	return c && codec_usable(c) ? c : codec_static(0);
}

/* How what comes is taken: two of its codecs, one that passes, events */
static void program(struct world *w, unsigned side, struct input *in)
{
	const uint8_t a = take(in), b = take(in), how = take(in),
		      key = take(in);
	struct bridge_member *m = &w->v[side].m;

	m->codecv[0].codec = codec_by(a);
	m->codecv[1].codec = codec_by(a >> 4);
	m->codecc = 2;
	memset(m->ptv, 0, sizeof(m->ptv));
	m->ptv[0] = (struct bridge_pt){.act = BRIDGE_DECODE, .codec = 0};
	m->ptv[1] = (struct bridge_pt){.act = BRIDGE_DECODE, .codec = 1};
	if (how & 1) {
		m->ptv[PT_PASS] = (struct bridge_pt){.act = BRIDGE_PASS,
						     .pt = PT_PASS};
		w->passes = true;
	}
	m->ptv[PT_EVENT] = (struct bridge_pt){.act = BRIDGE_EVENT,
					      .pt = PT_EVENT,
					      .clock = 8000,
					      .clock_to = 48000};
	m->ptv[PT_TONE] = (struct bridge_pt){.act = BRIDGE_TONE, .clock = 8000};
	m->ptv[PT_NOISE] = (struct bridge_pt){.act = BRIDGE_NOISE,
					      .clock = 8000};
	m->codec = codec_by(b);
	m->pt = 96;
	m->ptime = m->codec->ptime * (1 + (b >> 4 & 1));
	if (m->ptime > CODEC_PTIME_MAX)
		m->ptime = m->codec->ptime;
	m->complexity = 0;
	m->hear = how & 2;
	m->guard = (struct guard){.mode = (how >> 4) % (GUARD_DIGIT + 1),
				  .digit = how & 15,
				  .volume = how & 63};
	m->event_pt = PT_EVENT;
	m->event_clock = how & 4 ? 8000 : 0;
	m->jitter_ms = how & 8 ? JITTER_MAX_MS : 0;
	m->silent = how & 16 && how & 32;
	m->locked = how & 64 && how & 32;
	m->rtcp_keyed = !m->mux && how & 128;
	m->echo = b & 32 && b & 64;
	keys(&w->v[side], key & 15, key >> 4);
}

static void party(struct world *w, unsigned side, struct input *in)
{
	struct bridge_member *m = &w->v[side].m;
	const uint8_t how = take(in);

	MUST(!sa_set_str(&m->local, "192.0.2.1", (uint16_t)(PORT + side * 10)));
	MUST(!sa_set_str(&m->remote, "192.0.2.9", 4000));
	m->mux = how & 1;
	m->rtcp = m->remote;
	if (!m->mux)
		sa_set_port(&m->rtcp, 4001);
	m->ssrc = 0xca20 + side;
	m->seq = 65530;
	m->ts = 0xffffff00u;
	m->go_on = how & 2;
	w->v[side].h.ssrc = 7;
	w->v[side].h.seq = 65500;
	program(w, side, in);
}

/* ---- what a party sends ----------------------------------------------------------- */

static void put(struct world *w, unsigned side, uint8_t *p, size_t n, bool rtcp)
{
	const struct bridge_member *m = &w->v[side].m;
	struct sa to = m->local;

	if (rtcp && !m->mux)
		sa_set_port(&to, (uint16_t)(sa_port(&to) + 1));
	sim_put(w->pl, &to, &m->remote, p, n);
	free(p);
}

/* Right by its header, at least: a byte for its place among the others, one for time */
static void media(struct world *w, unsigned side, struct input *in)
{
	static const uint8_t ptv[] = {0,       1, PT_PASS,  PT_EVENT,
				      PT_TONE, 0, PT_NOISE, 77};
	const uint8_t how = take(in), seq = take(in), ts = take(in);
	size_t n = (size_t)take(in) * (how & 8 ? 7 : 1);
	struct party *pa = &w->v[side];
	uint8_t *pay = take_bytes(in, &n, 0),
		*p = malloc(n + RTP_HEADER + SRTPX_GROWTH);

	MUST(p);
	pa->h.pt = ptv[how & 7];
	pa->h.seq = (uint16_t)(pa->h.seq + (int8_t)seq);
	pa->h.ts += (uint32_t)((int8_t)ts * 80);
	pa->h.marker = how & 16;
	if (how & 32)
		pa->h.ssrc ^= seq;
	rtp_write(p, &pa->h);
	memcpy(p + RTP_HEADER, pay, n);
	free(pay);
	n += RTP_HEADER;
	/* a number that was there before cannot be protected again */
	if (pa->tx && srtpx_protect(pa->tx, p, &n, n + SRTPX_GROWTH))
		n = n / 2;
	if (how & 64 && n)
		p[seq % n] ^= ts;
	put(w, side, p, n, false);
}

static void control(struct world *w, unsigned side, struct input *in)
{
	size_t n = (size_t)take(in) * 4;
	uint8_t *p = take_bytes(in, &n, SRTPX_GROWTH);
	struct party *pa = &w->v[side];
	struct srtpx *tx = pa->m.rtcp_keyed ? pa->rtcp_tx : pa->tx;

	if (n >= 2) {
		p[0] = (uint8_t)(0x80 | (p[0] & 0x3f));
		p[1] = (uint8_t)(200 + p[1] % 8);
	}
	if (tx && n >= 8)
		(void)srtpx_protect_rtcp(tx, p, &n, n + SRTPX_GROWTH);
	put(w, side, p, n, true);
}

static void raw(struct world *w, unsigned side, struct input *in)
{
	size_t n = (size_t)take(in) * 7;
	uint8_t *p = take_bytes(in, &n, 0);

	put(w, side, p, n, n & 1);
}

/* ---- what the signalling loop does -------------------------------------------------- */

static void play(struct world *w, unsigned side, struct input *in)
{
	const struct bridge_member *m = &w->v[side].m;
	const uint8_t how = take(in);
	struct bridge_play pl = {.codec = m->codec,
				 .pt = m->pt,
				 .ptime = m->ptime,
				 .complexity = 0,
				 .event_pt = how & 1 ? PT_EVENT : -1,
				 .event_clock = 8000,
				 .silence = how & 2};
	struct bridge_digit d = {.event = how & 15,
				 .volume = how >> 2,
				 .ms = 1 + (how & 0xf0),
				 .pause_ms = how & 12};
	struct bridge_left left = {.dial.n = 0};

	if (how & 4)
		(void)bridge_play_stop(w->b, side, &left);
	if (how & 8)
		pl.dial = (struct bridge_dialling){{d}, 1};
	else
		pl.dial = left.dial;
	if (how & 16)
		MUST(!bridge_play(w->b, side, &pl));
	else
		(void)bridge_digit(w->b, side, &d);
}

/* As the agent does it. What the kernel sends from here on is nothing; what we open, lock
 * or play is no relay's */
static void leave(struct world *w)
{
	if (w->v[0].m.tx.suite || w->v[1].m.tx.suite ||
	    bridge_playing(w->b, 0) || bridge_playing(w->b, 1))
		return;
	for (unsigned i = 0; i < 2; i++) {
		uint32_t ssrc;

		if (bridge_stream(w->b, w->v[i].m.echo ? i : !i, &ssrc))
			sim_rewrites(w->pl, &w->v[i].m.local, ssrc);
	}
	MUST(!bridge_leave(w->b, plane_fp(w->pl), 1));
	for (unsigned i = 0; i < 2; i++)
		w->v[i].m.go_on = true;
}

static void manage(struct world *w, unsigned side, struct input *in)
{
	const uint8_t how = take(in);

	switch (how & 7) {
	case 0:
		sim_full(w->pl, how & 8);
		break;
	case 1:
		bridge_copy(w->b, side, how & 8);
		break;
	case 2:
		leave(w);
		break;
	case 3:
	case 4:
		program(w, side, in);
		MUST(!bridge_change(w->b, side, &w->v[side].m));
		break;
	default:
		play(w, side, in);
		break;
	}
}

static void step(struct world *w, struct input *in)
{
	const uint8_t op = take(in);
	const unsigned side = op & 1;

	switch (op >> 1 & 7) {
	case 0:
		raw(w, side, in);
		break;
	case 1:
		control(w, side, in);
		break;
	case 2:
		manage(w, side, in);
		break;
	case 3:
		sim_pass(w->pl, (uint64_t)take(in) * NS_PER_MS);
		break;
	default:
		media(w, side, in);
		sim_pass(w->pl, (uint64_t)(op >> 4) * 2 * NS_PER_MS);
		break;
	}
	w->events = true;
	sim_events(w->pl);
	w->events = false;
}

/* Every packet is something: none is lost by us */
static void count(const struct world *w)
{
	struct bridge_stats st;

	for (unsigned i = 0; i < 2; i++) {
		bridge_stats(w->b, i, &st);
		MUST(st.late <= st.packets && st.played <= st.sent);
		MUST(st.decoded + st.passed + st.events + st.refused <=
		     st.packets);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, data + size};
	struct bridge_member mv[2];
	struct world w = {.b = NULL};

	MUST(!sim_plane_alloc(&w.pl, sent, &w));
	for (unsigned i = 0; i < 2; i++)
		party(&w, i, &in);
	mv[0] = w.v[0].m;
	mv[1] = w.v[1].m;
	MUST(!bridge_alloc(&w.b, w.pl, 0, mv, event, &w));
	for (unsigned i = 0; i < OPS_MAX && in.p < in.end; i++)
		step(&w, &in);
	count(&w);
	mem_deref(w.b);
	MUST(!sim_timers(w.pl));
	mem_deref(w.pl);
	for (unsigned i = 0; i < 2; i++) {
		mem_deref(w.v[i].tx);
		mem_deref(w.v[i].rx);
		mem_deref(w.v[i].rtcp_tx);
		mem_deref(w.v[i].rtcp_rx);
	}

	return 0;
}
