/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/resample.c  Rates converted, by speexdsp
 */
#include <errno.h>
#include <re.h>
#include <speex/speex_resampler.h>
#include "audio/resample.h"

/* 3 of 10: what Speex calls good enough for telephony; aliases at -60 dB */
enum { QUALITY = SPEEX_RESAMPLER_QUALITY_VOIP };

struct resample {
	SpeexResamplerState *st;
};

static void destructor(void *arg)
{
	struct resample *r = arg;

	if (r->st)
		speex_resampler_destroy(r->st);
}

int resample_alloc(struct resample **rp, uint32_t in, uint32_t out, unsigned ch)
{
	struct resample *r;
	int err;

	if (!rp || in < 4000 || in > 192000 || out < 4000 || out > 192000 ||
	    !ch || ch > 2)
		return EINVAL;
	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;
	r->st = speex_resampler_init(ch, in, out, QUALITY, &err);
	if (!r->st) {
		mem_deref(r);
		return ENOMEM;
	}
	/* without it the first samples would be the filter's zeroes */
	(void)speex_resampler_skip_zeros(r->st);
	*rp = r;

	return 0;
}

void resample_run(struct resample *r, const int16_t *pcm, size_t n,
		  int16_t *out, size_t *outc)
{
	spx_uint32_t in = (spx_uint32_t)n, room = (spx_uint32_t)*outc;

	(void)speex_resampler_process_interleaved_int(r->st, pcm, &in, out,
						      &room);
	*outc = room;
}

void resample_mono(int16_t *pcm, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pcm[i] = (int16_t)((pcm[2 * i] + pcm[2 * i + 1]) / 2);
}

void resample_stereo(int16_t *pcm, size_t n)
{
	for (size_t i = n; i > 0; i--)
		pcm[2 * i - 1] = pcm[2 * i - 2] = pcm[i - 1];
}
