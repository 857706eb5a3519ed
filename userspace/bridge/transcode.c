/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/transcode.c  Packets of one codec become samples for the other
 */
#include <string.h>
#include "bridge/member.h"

/** Samples on their way: a worker has its stack, and no heap */
struct pcm {
	int16_t v[CODEC_SAMPLES_MAX];
	int16_t converted[CODEC_SAMPLES_MAX];
};

/* To the other's rate and channels, and on */
static void deliver(struct member *m, const struct source *s, struct pcm *pcm,
		    size_t n)
{
	struct member *to = m->other;
	const unsigned want = to->fax ? 1 : codec_enc_ch(to->prog->enc);
	unsigned ch = codec_dec_ch(s->dec);
	int16_t *v = pcm->v;

	if (ch == 2 && (want == 1 || s->rs || m->prog->ear)) {
		resample_mono(v, n);
		ch = 1;
	}
	if (s->rs) {
		size_t room = CODEC_SAMPLES_MAX / 2;

		resample_run(s->rs, v, n, pcm->converted, &room);
		v = pcm->converted;
		n = room;
	}
	if (m->prog->ear && ch == 1 && digits_listen(m, v, n))
		return;
	if (ch < want && n <= CODEC_SAMPLES_MAX / 2)
		resample_stereo(v, n);
	if (to->fax)
		gateway_listen(to->fax, v, n);
	else
		send_samples(to, v, n);
}

static void conceal(struct member *m, const struct source *s, struct pcm *pcm,
		    uint32_t units, const uint8_t *next, size_t next_len)
{
	const uint32_t rate = codec_dec_rate(s->dec);
	size_t n = (size_t)((uint64_t)units * rate / s->clock);
	const size_t most = rate / 1000 * 60;

	m->st.concealed += (uint64_t)units * 1000 / s->clock;
	while (n) {
		size_t k = n > most ? most : n;

		/* only the packet just before has a copy in this one */
		codec_conceal(s->dec, pcm->v, k, k == n ? next : NULL,
			      next_len);
		deliver(m, s, pcm, k);
		n -= k;
	}
}

/* Between what should have come and what did: lost sound is guessed, silence that
 * was not sent stays silence */
static void bridge_gap(struct member *m, const struct source *s,
		       struct pcm *pcm, const struct rtp_head *h, unsigned lost,
		       const uint8_t *payload)
{
	struct member *to = m->other;
	int32_t gap = (int32_t)(h->ts - m->rx.ts);

	if (!m->rx.timed || !gap)
		return;
	if (gap < 0 || gap > (int32_t)(s->clock * 10)) {
		/* its clock was set anew: the receiver need not know */
		return;
	}
	if (to->fax)
		fax_missing(to, (uint32_t)gap, s->clock);
	else if (lost && gap <= (int32_t)(s->clock * GAP_MS / 1000))
		conceal(m, s, pcm, (uint32_t)gap, payload, h->len);
	else
		send_pause(to, (uint32_t)gap, s->clock);
}

void transcode(struct member *m, const uint8_t *p, const struct rtp_head *h,
	       unsigned lost)
{
	const struct bridge_pt *bp = &m->prog->conf.ptv[h->pt];
	struct source *s = &m->prog->sourcev[bp->codec];
	struct member *to = m->other;
	struct pcm pcm;
	size_t n;

	if (!s->dec || (!to->prog->enc && !to->fax) || !h->len)
		return;
	if (!m->rx.timed && !to->fax)
		send_joins(to, h, s->clock);
	bridge_gap(m, s, &pcm, h, lost, p + h->off);
	if (codec_decode(s->dec, p + h->off, h->len, pcm.v, &n)) {
		++m->st.malformed;
		return;
	}
	++m->st.decoded;
	m->rx.timed = true;
	m->rx.pt = h->pt;
	m->rx.ts = h->ts +
		   (uint32_t)((uint64_t)n * s->clock / codec_dec_rate(s->dec));
	deliver(m, s, &pcm, n);
}
