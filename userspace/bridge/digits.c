/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/digits.c  Digits that a member dials: told, and made what the other knows
 */
#include <string.h>
#include "bridge/member.h"

enum {
	ENDS = 3, /* packets that say that an event is over (RFC 4733 2.5.1.4) */
	FADE_MS = 5,    /* of a tone that ends */
	PART_MS = 20,   /* of a tone, made at once */
	LONGEST_S = 10, /* of an event: longer ones are not meant */
	UNITS = 0xffff, /* of an event that one packet can tell */
};

static void tell(struct member *m, const struct bridge_heard *d)
{
	member_event(m, BRIDGE_DIGIT, &m->prog->conf.remote, (const uint8_t *)d,
		     sizeof(*d));
}

void digits_event(struct member *m, const uint8_t *p, const struct rtp_head *h,
		  uint32_t clock)
{
	struct rtp_event ev, done;
	struct bridge_heard d;

	if (!m->prog->conf.hear || !clock ||
	    rtp_event_read(&ev, p + h->off, h->len) ||
	    !event_rx_put(&m->rx.events, h->ts, &ev, &done))
		return;
	memset(&d, 0, sizeof(d));
	d.event = done.event;
	d.volume = done.volume;
	d.ms = (uint32_t)((uint64_t)done.len * 1000 / clock);
	tell(m, &d);
}

/* ---- events become tones ------------------------------------------------- */

/* So many units of a tone, in the other's samples; with its last ones it fades */
static void sound(struct member *m, uint32_t units, uint32_t clock,
		  const struct rtp_event *ev)
{
	const struct program *p = m->prog;
	const unsigned ch = codec_enc_ch(m->other->prog->enc);
	const size_t fade = p->rate * FADE_MS / 1000;
	size_t n = (size_t)((uint64_t)units * p->rate / clock);
	int16_t pcm[48 * PART_MS * 2];

	guard_sound(m, ev->event, ev->volume, true);
	while (n) {
		size_t k = p->rate * PART_MS / 1000;

		if (ev->end && n <= fade)
			guard_sound(m, ev->event, ev->volume, false);
		else if (ev->end && n < k + fade)
			k = n - fade;
		if (k > n)
			k = n;
		tone_render(p->tone, pcm, k);
		if (ch == 2)
			resample_stereo(pcm, k);
		send_samples(m->other, pcm, k);
		n -= k;
	}
}

void digits_tone(struct member *m, const uint8_t *p, const struct rtp_head *h,
		 const struct bridge_pt *bp)
{
	const uint32_t most = bp->clock * GAP_MS / 1000;
	struct receiver *rx = &m->rx;
	struct rtp_event ev;
	uint32_t fresh;

	if (!m->prog->tone || !m->other->prog->enc || !bp->clock ||
	    rtp_event_read(&ev, p + h->off, h->len) || ev.event >= EVENT_DIGITS)
		return;
	if (!rx->sounding || rx->sound_ts != h->ts) {
		/* late words of one before */
		if (rx->sounding && (int32_t)(h->ts - rx->sound_ts) < 0)
			return;
		if (!rx->timed)
			send_joins(m->other, h, bp->clock);
		else if ((int32_t)(h->ts - rx->ts) > 0 &&
			 h->ts - rx->ts < bp->clock * LONGEST_S)
			send_pause(m->other, h->ts - rx->ts, bp->clock);
		rx->sounding = true;
		rx->sound_ts = h->ts;
		rx->sounded = 0;
		guard_begins(m, ev.event);
	}
	if (ev.len <= rx->sounded)
		return;
	fresh = ev.len - rx->sounded;
	/* one packet makes no eight seconds of sound, whatever it says */
	if (fresh > most) {
		send_pause(m->other, fresh - most, bp->clock);
		fresh = most;
	}
	sound(m, fresh, bp->clock, &ev);
	rx->sounded = ev.len;
	/* sound goes on behind it */
	rx->timed = true;
	rx->ts = h->ts + ev.len;
}

/* ---- tones become events ------------------------------------------------- */

static void send_digit(struct member *m, bool end, bool marker)
{
	const struct receiver *rx = &m->rx;
	const struct guard *g = &m->prog->conf.guard;
	const uint32_t len = rx->dialled_len > UNITS ? UNITS : rx->dialled_len;
	const uint8_t volume = guard_digits(g) ? g->volume : rx->dialled_volume;
	const uint8_t pay[EVENT_BYTES] = {
		(uint8_t)(rx->dialled - 1),
		(uint8_t)(volume | (end ? 0x80 : 0)),
		(uint8_t)(len >> 8),
		(uint8_t)len,
	};

	send_payload(m->other, pay, sizeof(pay), m->prog->conf.event_pt,
		     rx->dialled_ts, marker);
}

static void heard(uint8_t event, unsigned volume, uint32_t ms, void *arg)
{
	struct member *m = arg;
	struct bridge_heard d;

	m->rx.dialled_volume = (uint8_t)volume;
	if (!ms || !m->prog->conf.hear)
		return;
	memset(&d, 0, sizeof(d));
	d.event = event;
	d.volume = (uint8_t)volume;
	d.tone = true;
	d.ms = ms;
	tell(m, &d);
}

void digits_over(struct member *m)
{
	if (!m->rx.dialled)
		return;
	for (unsigned i = 0; i < ENDS; i++)
		send_digit(m, true, false);
	m->rx.dialled = 0;
	m->other->tx.marker = true;
}

/* Who listens to a digit has heard its begin: the new one goes on with that */
static void keep_ear(struct program *new, struct program *old)
{
	struct digit_rx *ear = new->ear;

	if (!new->ear || !old->ear || new->rate != old->rate)
		return;
	new->ear = old->ear;
	old->ear = ear;
}

void digits_change(struct member *m, struct program *new)
{
	keep_ear(new, m->prog);
	/* the same event under another type is the same event: it has its time */
	if (digit_rx_now(new->ear) < 0 ||
	    !guard_same(&new->conf.guard, &m->prog->conf.guard) ||
	    !new->conf.event_clock ||
	    new->conf.event_clock != m->prog->conf.event_clock)
		digits_over(m);
}

/* A tone that something else takes the place of; no event is made of it. @return true: it
 * did */
static bool replace(struct member *m, int now, size_t n)
{
	struct receiver *rx = &m->rx;

	if (now < 0) {
		rx->heard = 0;
		return false;
	}
	if (m->prog->conf.guard.mode == GUARD_DROP) {
		send_pause(m->other, (uint32_t)n, m->prog->rate);
		return true;
	}
	if (rx->heard != now + 1)
		guard_begins(m, (uint8_t)now);
	rx->heard = now + 1;
	guard_sound(m, 0, 0, true);
	guard_samples(m, n);

	return true;
}

/* The other knows events: another digit is told in its place */
static int replaced(struct member *m, int now)
{
	struct receiver *rx = &m->rx;

	if (now >= 0 && rx->heard != now + 1)
		guard_begins(m, (uint8_t)now);
	rx->heard = now + 1;

	return now < 0 ? now : rx->guard_digit;
}

bool digits_listen(struct member *m, const int16_t *pcm, size_t n)
{
	const struct program *p = m->prog, *q = m->other->prog;
	struct receiver *rx = &m->rx;
	struct sender *tx = &m->other->tx;
	bool begins;
	int now;

	digit_rx_handler(p->ear, heard, m);
	digit_rx_put(p->ear, pcm, n);
	now = digit_rx_now(p->ear);
	if (guard_digits(&p->conf.guard) && p->conf.event_clock)
		now = replaced(m, now);
	else if (p->conf.guard.mode != GUARD_OFF && replace(m, now, n))
		return true;
	if (!p->conf.event_clock || tx->playing)
		return false;
	if (now != rx->dialled - 1)
		digits_over(m);
	if (now < 0)
		return false;
	begins = !rx->dialled;
	if (begins) {
		/* what was begun of a packet is part of the tone */
		send_begins(m->other);
		rx->dialled = now + 1;
		rx->dialled_ts = tx->ts;
		rx->dialled_len = 0;
	}
	rx->dialled_len += (uint32_t)((uint64_t)n * p->conf.event_clock /
				      p->rate);
	send_digit(m, false, begins);
	tx->ts += (uint32_t)((uint64_t)n * q->conf.codec->clock / p->rate);

	return true;
}
