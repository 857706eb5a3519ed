/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/tone.c  Sines, one or some at once
 *
 * Each is a pointer that is turned a little for each sample: two products and two sums,
 * no sine is computed. Rounding would let its length drift, so it is set right at times.
 */
#include <errno.h>
#include <math.h>
#include <re.h>
#include "audio/tone.h"

enum { FADE_HZ = 800 }; /* 1.25 ms to two thirds, 5 ms to 98 % */

struct sine {
	double re, im;   /* the pointer, of length 1        */
	double cos, sin; /* how far it turns in one sample  */
	double amp, wanted;
};

struct tone {
	struct sine v[TONE_SINES];
	uint32_t rate;
};

int tone_alloc(struct tone **tp, uint32_t rate)
{
	struct tone *t;

	if (!tp || rate < 8000 || rate > 48000)
		return EINVAL;
	t = mem_zalloc(sizeof(*t), NULL);
	if (!t)
		return ENOMEM;
	t->rate = rate;
	for (int i = 0; i < TONE_SINES; i++)
		t->v[i].re = t->v[i].cos = 1;
	*tp = t;

	return 0;
}

int tone_set(struct tone *t, unsigned i, double freq, double amp)
{
	double turn;

	if (!t || i >= TONE_SINES || !(freq > 0) || !(freq < t->rate / 2.0) ||
	    !(amp >= 0) || amp > INT16_MAX)
		return EINVAL;
	turn = 2 * M_PI * freq / t->rate;
	t->v[i].cos = cos(turn);
	t->v[i].sin = sin(turn);
	t->v[i].wanted = amp;

	return 0;
}

static double next(struct sine *s, double fade)
{
	const double re = s->re * s->cos - s->im * s->sin;

	s->im = s->im * s->cos + s->re * s->sin;
	s->re = re;
	s->amp += (s->wanted - s->amp) * fade;

	return s->im * s->amp;
}

void tone_render(struct tone *t, int16_t *pcm, size_t n)
{
	const double fade = (double)FADE_HZ / t->rate;

	for (size_t i = 0; i < n; i++) {
		double sum = 0;

		for (int k = 0; k < TONE_SINES; k++)
			sum += next(&t->v[k], fade);
		sum = fmax(INT16_MIN, fmin(INT16_MAX, sum));
		pcm[i] = (int16_t)lrint(sum);
	}
	for (int k = 0; k < TONE_SINES; k++) {
		struct sine *s = &t->v[k];
		const double len = hypot(s->re, s->im);

		s->re /= len;
		s->im /= len;
	}
}
