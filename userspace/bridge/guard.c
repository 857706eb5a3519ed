/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/guard.c  Something else in the place of digits
 */
#include <math.h>
#include <string.h>
#include "bridge/member.h"

enum { DECIMAL = 10, PART_MS = 20 };

/* dBm0 of a sine of full scale (ITU-T G.711) */
#define FULL_SCALE 3.17

void guard_begins(struct member *m, uint8_t event)
{
	const struct guard *g = &m->prog->conf.guard;
	struct receiver *rx = &m->rx;

	switch (g->mode) {
	case GUARD_TONE:
		rx->guard_hz = g->freqc ? g->freqv[rx->guarded % g->freqc]
					: GUARD_HZ;
		++rx->guarded;
		break;
	case GUARD_RANDOM:
		/* any but that */
		rx->guard_digit = (uint8_t)((event % DECIMAL + 1 +
					     rand_u32() % (DECIMAL - 1)) %
					    DECIMAL);
		break;
	case GUARD_ZERO:
		rx->guard_digit = 0;
		break;
	case GUARD_DIGIT:
		rx->guard_digit = g->digit;
		break;
	default:
		break;
	}
}

void guard_sound(struct member *m, uint8_t event, uint8_t volume, bool on)
{
	const struct guard *g = &m->prog->conf.guard;
	struct tone *t = m->prog->tone;

	if (g->mode == GUARD_TONE) {
		(void)tone_set(
			t, 0, m->rx.guard_hz,
			on ? INT16_MAX * pow(10, -(g->volume + FULL_SCALE) / 20)
			   : 0);
		(void)tone_set(t, 1, m->rx.guard_hz, 0);
	} else if (guard_digits(g)) {
		digit_sound(t, m->rx.guard_digit, g->volume, on);
	} else {
		digit_sound(t, event, volume, on && g->mode == GUARD_OFF);
	}
}

bool guard_event(struct member *m, const uint8_t *p, const struct rtp_head *h,
		 const struct bridge_pt *bp)
{
	const struct guard *g = &m->prog->conf.guard;
	struct member *to = m->other;
	uint8_t pkt[RTP_HEADER + EVENT_BYTES];
	struct receiver *rx = &m->rx;
	struct rtp_head out = *h;
	struct rtp_event ev;

	if (g->mode == GUARD_OFF)
		return false;
	if (g->mode == GUARD_DROP || rtp_event_read(&ev, p + h->off, h->len))
		return true;
	if (!guard_digits(g)) {
		digits_tone(m, p, h, bp);
		return true;
	}
	if (!rx->guard_on || rx->guard_ts != h->ts)
		guard_begins(m, ev.event);
	rx->guard_on = true;
	rx->guard_ts = h->ts;
	/* one event a packet: what else it has is of digits before */
	out.off = RTP_HEADER;
	out.len = EVENT_BYTES;
	rtp_write(pkt, &out);
	memcpy(pkt + RTP_HEADER, p + h->off, EVENT_BYTES);
	pkt[RTP_HEADER] = rx->guard_digit;
	pkt[RTP_HEADER + 1] = (uint8_t)((ev.end ? 0x80 : 0) | g->volume);
	send_event(to, pkt, sizeof(pkt), &out, bp);

	return true;
}

void guard_samples(struct member *m, size_t n)
{
	const struct program *p = m->prog;
	struct member *to = m->other;
	int16_t pcm[48 * PART_MS * 2];

	while (n) {
		const size_t part = p->rate * PART_MS / 1000;
		const size_t k = n > part ? part : n;

		tone_render(p->tone, pcm, k);
		if (codec_enc_ch(to->prog->enc) == 2)
			resample_stereo(pcm, k);
		send_samples(to, pcm, k);
		n -= k;
	}
}
