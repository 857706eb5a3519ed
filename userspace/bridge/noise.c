/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/noise.c  Comfort noise (RFC 3389), which the other hears as sound
 *
 * Who falls silent says once, or now and then, what its silence is like; the one who
 * knows no such packets gets it as sound, until speech goes on.
 */
#include "audio/cn.h"
#include "bridge/member.h"

enum {
	STEP_MS = 20,
	STEP_MAX = 48 * STEP_MS, /* samples                                 */
	LONGEST_MS =
		60000, /* nothing was heard of it for so long: it is gone */
};

static void step(void *arg)
{
	struct member *m = arg, *to = m->other;
	const size_t n = (size_t)m->prog->rate * STEP_MS / 1000;
	int16_t pcm[2 * STEP_MAX];

	cn_render(m->prog->noise, pcm, n);
	if (codec_enc_ch(to->prog->enc) == 2)
		resample_stereo(pcm, n);
	send_samples(to, pcm, n);
	m->rx.ts += m->noise.clock * STEP_MS / 1000;
	m->noise.left -= STEP_MS;
	m->noise.at += STEP_MS;
	m->noise.on = m->noise.left > 0;
	if (m->noise.on)
		plane_tmr_at(&m->noise.tmr, m->port, m->noise.at, step, m);
}

void noise_take(struct member *m, const uint8_t *p, const struct rtp_head *h,
		const struct bridge_pt *bp)
{
	struct member *to = m->other;
	struct receiver *rx = &m->rx;
	int32_t gap;

	if (!m->prog->noise || !to->prog->enc || !bp->clock)
		return;
	if (cn_take(m->prog->noise, p + h->off, h->len)) {
		++m->st.malformed;
		return;
	}
	m->noise.left = LONGEST_MS;
	if (m->noise.on)
		return;
	gap = (int32_t)(h->ts - rx->ts);
	if (!rx->timed)
		send_joins(to, h, bp->clock);
	else if (gap > 0 && gap < (int32_t)(bp->clock * 10))
		send_pause(to, (uint32_t)gap, bp->clock);
	rx->timed = true;
	rx->ts = h->ts;
	m->noise.clock = bp->clock;
	m->noise.at = plane_now(m->port) / 1000000;
	step(m);
}

void noise_over(struct member *m)
{
	plane_tmr_stop(&m->noise.tmr);
	m->noise.on = false;
}
