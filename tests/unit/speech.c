/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Something that codecs take for speech: a pulse train and noise through resonators
 * (a formant synthesiser in cascade, as of D. Klatt's), and the segmental SNR.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "speech.h"

enum {
	FORMANTS = 4,
	TAPS = 127,       /* of the low-pass */
	SEGMENT = 160,    /* 20 ms, narrow */
	DELAY_MAX = 1200, /* samples, narrow: 150 ms */
	PARTS = 8,        /* of a sample */
	SINC = 16,        /* samples to each side, of an interpolation */
	LOUDEST = 12000,
};

/** A sound of so many ms: formants, Hz; no voice: a hiss; no loudness: a pause */
struct sound {
	unsigned ms;
	double loud;
	bool voice;
	double f[FORMANTS];
};

/* Average formants of a man's vowels (Peterson and Barney's), and two hisses */
static const struct sound utterance[] = {
	{160, 1.0, true, {270, 2290, 3010, 3300}},
	{60, 0.3, false, {1800, 2500, 3000, 3300}},
	{200, 0.9, true, {730, 1090, 2440, 3300}},
	{120, 0.7, true, {300, 870, 2240, 3300}},
	{140, 0, false, {500, 1500, 2500, 3300}},
	{90, 0.2, false, {1200, 2000, 2900, 3300}},
	{180, 1.0, true, {660, 1720, 2410, 3300}},
	{110, 0.8, true, {490, 1350, 1690, 3300}},
	{150, 0.6, true, {570, 840, 2410, 3300}},
	{260, 0, false, {500, 1500, 2500, 3300}},
};

static const double widthv[FORMANTS] = {60, 90, 120, 180}; /* Hz */

struct resonator {
	double y1, y2;
};

static double resonate(struct resonator *r, double x, double f, double width)
{
	const double c = -exp(-2 * M_PI * width / SPEECH_RATE),
		     b = 2 * exp(-M_PI * width / SPEECH_RATE) *
			 cos(2 * M_PI * f / SPEECH_RATE),
		     y = (1 - b - c) * x + b * r->y1 + c * r->y2;

	r->y2 = r->y1;
	r->y1 = y;

	return y;
}

/* Windowed sinc (Hamming), cut at `cut` of the rate */
static double tap(int i, double cut)
{
	const double x = i - (TAPS - 1) / 2.0,
		     w = 0.54 - 0.46 * cos(2 * M_PI * i / (TAPS - 1));

	return w * (x == 0 ? 2 * cut : sin(2 * M_PI * cut * x) / (M_PI * x));
}

/* Its delay is taken out again */
static void low_pass(double *out, const double *in, size_t n, double cut)
{
	double h[TAPS];

	for (int k = 0; k < TAPS; k++)
		h[k] = tap(k, cut);
	for (size_t i = 0; i < n; i++) {
		out[i] = 0;
		for (int k = 0; k < TAPS; k++) {
			const ptrdiff_t at = (ptrdiff_t)i + k - TAPS / 2;

			if (at >= 0 && at < (ptrdiff_t)n)
				out[i] += h[k] * in[at];
		}
	}
}

static void speak(double *x, size_t n)
{
	struct resonator r[FORMANTS] = {{0}};
	struct sound now = utterance[0];
	uint32_t chance = 1;
	double phase = 0, loud = 0;
	size_t at = 0, end = 0;
	unsigned which = 0;

	for (size_t i = 0; i < n; i++) {
		const double pitch = 115 + 20 * sin(2 * M_PI * 0.7 * (double)i /
						    SPEECH_RATE);
		double src;

		if (at++ == end) {
			now.ms = utterance[which].ms;
			now.voice = utterance[which].voice;
			now.loud = utterance[which].loud;
			at = 1;
			end = now.ms * SPEECH_RATE / 1000;
		}
		/* sounds run into one another, in some 10 ms */
		for (unsigned k = 0; k < FORMANTS; k++)
			now.f[k] += (utterance[which].f[k] - now.f[k]) * 0.006;
		loud += (now.loud - loud) * 0.006;
		if (at == end)
			which = (which + 1) %
				(sizeof(utterance) / sizeof(utterance[0]));
		chance = chance * 1664525 + 1013904223;
		src = ((double)(chance >> 8) / (1 << 24) - 0.5) *
		      (now.voice ? 0.02 : 0.6);
		phase += pitch / SPEECH_RATE;
		if (phase >= 1) {
			phase -= 1;
			src += now.voice ? 8 : 0;
		}
		for (unsigned k = 0; k < FORMANTS; k++)
			src = resonate(&r[k], src, now.f[k], widthv[k]);
		x[i] = src * loud;
	}
}

void speech_make(int16_t *pcm, size_t n)
{
	double *x = calloc(n, sizeof(*x)), *y = calloc(n, sizeof(*y));
	double most = 1e-9;

	if (!x || !y)
		abort();
	speak(x, n);
	low_pass(y, x, n, 3200.0 / SPEECH_RATE);
	for (size_t i = 0; i < n; i++) {
		if (fabs(y[i]) > most)
			most = fabs(y[i]);
	}
	for (size_t i = 0; i < n; i++)
		pcm[i] = (int16_t)lrint(y[i] / most * LOUDEST);
	free(x);
	free(y);
}

void speech_narrow(int16_t *out, const int16_t *pcm, size_t n)
{
	double *x = calloc(n, sizeof(*x)), *y = calloc(n, sizeof(*y));

	if (!x || !y)
		abort();
	for (size_t i = 0; i < n; i++)
		x[i] = pcm[i];
	low_pass(y, x, n, 3700.0 / SPEECH_RATE);
	for (size_t i = 0; i < n / 2; i++)
		out[i] = (int16_t)lrint(y[2 * i]);
	free(x);
	free(y);
}

/* ---- how much is left --------------------------------------------------------- */

/* got, `part` eighths of a sample later */
static void shift(double *out, const int16_t *got, size_t n, unsigned part)
{
	double h[2 * SINC];

	for (int k = -SINC + 1; k <= SINC; k++) {
		const double x = M_PI * ((double)part / PARTS - k),
			     w = cos(x / SINC / 2);

		h[k + SINC - 1] = x == 0 ? 1 : sin(x) / x * w * w;
	}
	for (size_t i = 0; i < n; i++) {
		out[i] = 0;
		for (int k = -SINC + 1; k <= SINC; k++) {
			const ptrdiff_t at = (ptrdiff_t)i + k;

			if (at >= 0 && at < (ptrdiff_t)n)
				out[i] += h[k + SINC - 1] * got[at];
		}
	}
}

static double segments(const int16_t *ref, const double *got, size_t n,
		       size_t late)
{
	double sum = 0, most = 0;
	unsigned count = 0;

	for (size_t i = 0; i + SEGMENT <= n; i++) {
		if (fabs((double)ref[i]) > most)
			most = fabs((double)ref[i]);
	}
	for (size_t i = 0; i + SEGMENT + late + SINC < n; i += SEGMENT) {
		double power = 0, noise = 1e-9, snr;

		for (size_t k = i; k < i + SEGMENT; k++) {
			const double e = ref[k] - got[k + late];

			power += (double)ref[k] * ref[k];
			noise += e * e;
		}
		/* 35 dB below the loudest: a pause */
		if (power / SEGMENT < most * most / 6000)
			continue;
		snr = 10 * log10(power / noise);
		sum += snr < -10 ? -10 : snr > 35 ? 35 : snr;
		++count;
	}

	return count ? sum / count : -10;
}

/* Where the two are most alike, in whole samples */
static size_t alike(const int16_t *ref, const int16_t *got, size_t n)
{
	double best = -1;
	size_t at = 0;

	for (size_t d = 0; d < DELAY_MAX && d < n; d++) {
		double sum = 0;

		for (size_t i = 0; i + d < n; i++)
			sum += (double)ref[i] * got[i + d];
		if (sum > best) {
			best = sum;
			at = d;
		}
	}

	return at;
}

double speech_snr(const int16_t *ref, const int16_t *got, size_t n,
		  double *delay)
{
	const size_t at = alike(ref, got, n), from = at ? at - 1 : 0;
	double best = -10, *x = calloc(n, sizeof(*x));

	if (!x)
		abort();
	for (unsigned i = 0; i < 2 * PARTS; i++) {
		const unsigned part = i % PARTS;
		double snr;

		shift(x, got, n, part);
		snr = segments(ref, x, n, from + i / PARTS);
		if (snr <= best)
			continue;
		best = snr;
		*delay = (double)from + (double)i / PARTS;
	}
	free(x);

	return best;
}
