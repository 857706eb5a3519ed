/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/player.c  Players, on the worker: a packet each ptime
 */
#include <string.h>
#include "bridge/member.h"
#include "audio/digit.h"
#include "bridge/player.h"

enum {
	NS_PER_MS = 1000000,
	LATE_MAX = 5,   /* packets that are made up for at once           */
	PART_MS = 10,   /* of a clip that is converted at once            */
	ENDS = 3,       /* packets that say that a digit is over (RFC 4733
			   2.5.1.4)                                       */
	HEARD_MS = 40,  /* of a tone that is a digit (ITU-T Q.24)         */
	UNITS = 0xffff, /* of an event that one packet can tell           */
};

static uint32_t units(const struct player *p, uint64_t ms)
{
	const uint32_t clock = p->conf.codec ? p->conf.codec->clock
					     : p->conf.event_clock;

	return (uint32_t)(ms * clock / 1000);
}

/* ---- sound ----------------------------------------------------------------- */

/* The first samples that wait, as a packet */
static void send_frame(struct member *m, struct player *p)
{
	int16_t both[CODEC_SAMPLES_MAX];
	const int16_t *pcm = p->pcm;
	uint8_t buf[CODEC_BYTES_MAX];
	size_t len = 0;

	if (codec_enc_ch(p->enc) == 2) {
		memcpy(both, p->pcm, p->frame * sizeof(*both));
		resample_stereo(both, p->frame);
		pcm = both;
	}
	if (codec_encode(p->enc, pcm, p->frame, buf, &len))
		len = 0;
	if (len)
		send_payload(m, buf, len, p->conf.pt, m->tx.ts, m->tx.marker);
	m->tx.marker = !len; /* DTX: a talkspurt has ended */
	p->pcmn -= p->frame;
	memmove(p->pcm, p->pcm + p->frame, p->pcmn * sizeof(*p->pcm));
}

/* Silence for what is missing of a packet */
static void fill(struct player *p)
{
	if (p->pcmn >= p->frame)
		return;
	memset(p->pcm + p->pcmn, 0, (p->frame - p->pcmn) * sizeof(*p->pcm));
	p->pcmn = p->frame;
}

/* Behind its last sample a clip begins again, or is over */
static void look_at_end(struct player *p)
{
	const struct clip *c = p->conf.clip;

	if (!p->left) {
		p->ended = true;
	} else if (p->pos >= clip_len(c)) {
		p->ended = p->times == 1 || !clip_len(c);
		if (p->ended)
			return;
		if (p->times)
			--p->times;
		p->pos = 0;
	}
}

/* Samples of the clip that are there, and may be played: it may begin further on than has
 * been read */
static size_t ready(const struct player *p, size_t most)
{
	const size_t have = clip_have(p->conf.clip);
	size_t n = have > p->pos ? have - p->pos : 0;

	if (n > most)
		n = most;

	return n > p->left ? (size_t)p->left : n;
}

static void take_part(struct player *p, size_t n)
{
	const int16_t *pcm = clip_pcm(p->conf.clip) + p->pos;
	size_t room = codec_enc_rate(p->enc) * PART_MS / 1000 + 2;

	if (p->rs) {
		resample_run(p->rs, pcm, n, p->pcm + p->pcmn, &room);
	} else {
		memcpy(p->pcm + p->pcmn, pcm, n * sizeof(*pcm));
		room = n;
	}
	p->pcmn += room;
	p->pos += n;
	if (p->left != UINT64_MAX)
		p->left -= n;
	look_at_end(p);
}

static void clip_step(struct member *m, struct player *p)
{
	const size_t part = clip_rate(p->conf.clip) * PART_MS / 1000;

	while (p->pcmn < p->frame && !p->ended) {
		const size_t want = p->frame - p->pcmn;
		const size_t n = ready(p, p->rs || want > part ? part : want);
		const size_t at = p->pos;

		if (n) {
			take_part(p, n);
			continue;
		}
		/* it is still being read, or shorter than it said */
		look_at_end(p);
		if (p->pos == at)
			break;
	}
	fill(p);
	send_frame(m, p);
}

/* ---- digits ----------------------------------------------------------------- */

static void event_packet(struct member *m, struct player *p, uint32_t len,
			 bool end, bool marker)
{
	const struct bridge_digit *d = &p->digitv[p->head];
	const uint8_t pay[4] = {
		d->event,
		(uint8_t)(d->volume | (end ? 0x80 : 0)),
		(uint8_t)(len >> 8),
		(uint8_t)len,
	};

	send_payload(m, pay, sizeof(pay), (uint8_t)p->conf.event_pt,
		     p->event_ts, marker);
}

/* One that is longer than a packet can say goes on as another (RFC 4733 2.5.1.3) */
static void event_step(struct member *m, struct player *p)
{
	const struct bridge_digit *d = &p->digitv[p->head];
	const uint32_t ms = p->digit_ms + p->conf.ptime;
	const bool end = ms >= d->ms;
	const uint32_t len = (uint32_t)((uint64_t)(end ? d->ms : ms) *
					p->conf.event_clock / 1000);

	if (!p->digit_ms) {
		p->event_ts = m->tx.ts;
		p->event_at = 0;
		p->ends = d->ms ? 0 : ENDS; /* a pause that is left */
	}
	if (p->ends == ENDS)
		return;
	while (len - p->event_at > UNITS) {
		event_packet(m, p, UNITS, false, !p->digit_ms && !p->event_at);
		p->event_ts += (uint32_t)((uint64_t)UNITS * units(p, 1000) /
					  p->conf.event_clock);
		p->event_at += UNITS;
	}
	event_packet(m, p, len - p->event_at, end,
		     !p->digit_ms && !p->event_at);
	p->ends += end;
}

/* So much of it was told, and more does not come */
static void event_ends(struct member *m, struct player *p)
{
	const struct bridge_digit *d = &p->digitv[p->head];
	const uint32_t ms = p->digit_ms < d->ms ? p->digit_ms : d->ms;
	const uint32_t len = (uint32_t)((uint64_t)ms * p->conf.event_clock /
					1000);

	for (; p->ends < ENDS; p->ends++)
		event_packet(m, p, len - p->event_at, true, false);
}

static void tone_step(struct member *m, struct player *p)
{
	const struct bridge_digit *d = &p->digitv[p->head];

	digit_sound(p->tone, d->event, d->volume, p->digit_ms < d->ms);
	p->pcmn = 0; /* of a clip that waits: less than a packet */
	tone_render(p->tone, p->pcm, p->frame);
	p->pcmn = p->frame;
	send_frame(m, p);
}

static void digit_step(struct member *m, struct player *p)
{
	const struct bridge_digit *d = &p->digitv[p->head];

	if (p->conf.event_pt >= 0)
		event_step(m, p);
	else
		tone_step(m, p);
	p->digit_ms += p->conf.ptime;
	if (p->digit_ms < d->ms + d->pause_ms)
		return;
	/* its end has to be told, however short the pause is */
	if (p->conf.event_pt >= 0 && p->ends < ENDS)
		return;
	p->digit_ms = 0;
	p->head = (p->head + 1) % PLAY_DIGITS;
	--p->digitc;
	m->tx.marker = true;
}

/* ---- time -------------------------------------------------------------------- */

/* @return false: nothing is left */
static bool step(struct member *m, struct player *p)
{
	if (p->digitc) {
		digit_step(m, p);
	} else if (!p->ended || p->pcmn) {
		clip_step(m, p);
	} else if (p->conf.silence) {
		fill(p);
		send_frame(m, p);
	} else {
		return false;
	}
	m->tx.ts += units(p, p->conf.ptime);

	return true;
}

static void over(struct member *m, struct player *p)
{
	m->tx.playing = false;
	m->tx.marker = true;
	__atomic_store_n(&p->over, true, __ATOMIC_RELEASE);
	member_event(m, BRIDGE_PLAYED, &m->prog->conf.remote, NULL, 0);
}

static void tick(void *arg)
{
	struct member *m = arg;
	struct player *p = m->player;
	const uint64_t now = plane_now(m->port) / NS_PER_MS;

	for (unsigned i = 0; i < LATE_MAX && p->next <= now; i++) {
		if (!step(m, p)) {
			over(m, p);
			return;
		}
		p->next += p->conf.ptime;
	}
	/* after a longer standstill time goes on from here */
	if (p->next <= now) {
		m->tx.ts += units(p, now + p->conf.ptime - p->next);
		p->next = now + p->conf.ptime;
	}
	plane_tmr_at(&m->play_tmr, m->port, p->next, tick, m);
}

void player_start(struct member *m, struct player *p)
{
	digits_over(m->other);
	m->player = p;
	m->tx.playing = true;
	m->tx.accn = 0;
	send_now(m, p->conf.codec ? p->conf.codec->clock : p->conf.event_clock,
		 p->conf.ptime);
	p->next = plane_now(m->port) / NS_PER_MS;
	plane_tmr_at(&m->play_tmr, m->port, p->next, tick, m);
}

/* Of the digit that was begun: does its receiver know it? */
static bool is_heard(const struct player *p)
{
	const uint32_t ms = p->digitv[p->head].ms;

	return p->digit_ms && (p->conf.event_pt >= 0 ||
			       p->digit_ms >= HEARD_MS || p->digit_ms >= ms);
}

void player_left(const struct player *p, struct bridge_left *left)
{
	struct bridge_digit *d = left->dial.v;

	left->pos_ms = p->conf.clip ? (uint64_t)p->pos * 1000 /
					      clip_rate(p->conf.clip)
				    : 0;
	left->times = p->times;
	left->dial.n = p->digitc;
	for (unsigned i = 0; i < p->digitc; i++)
		d[i] = p->digitv[(p->head + i) % PLAY_DIGITS];
	if (!p->digitc || !is_heard(p))
		return;
	/* its pause keeps the next one apart */
	if (p->digit_ms > d->ms)
		d->pause_ms -= p->digit_ms - d->ms < d->pause_ms
				       ? p->digit_ms - d->ms
				       : d->pause_ms;
	d->ms = 0;
}

void player_stop(struct member *m)
{
	struct player *p = m->player;

	if (p && p->digitc && p->digit_ms && p->conf.event_pt >= 0)
		event_ends(m, p);
	plane_tmr_stop(&m->play_tmr);
	m->player = NULL;
	m->tx.playing = false;
	m->tx.marker = true;
}
