/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file unit/goertzel.h  How much of a tone is in samples
 */
#ifndef TESTS_UNIT_GOERTZEL_H
#define TESTS_UNIT_GOERTZEL_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

/** Amplitude of the tone of f Hz, in sample units */
static inline double goertzel(const int16_t *pcm, size_t n, double f,
			      double rate)
{
	double w = 2 * M_PI * f / rate, c = 2 * cos(w), s0, s1 = 0, s2 = 0;

	for (size_t i = 0; i < n; i++) {
		s0 = pcm[i] + c * s1 - s2;
		s2 = s1;
		s1 = s0;
	}

	return 2 * sqrt(s1 * s1 + s2 * s2 - c * s1 * s2) / (double)n;
}

/** Share of the samples' power that is not the tone's, in dB below it */
static inline double tone_snr(const int16_t *pcm, size_t n, double f,
			      double rate)
{
	double a = goertzel(pcm, n, f, rate), power = 0, tone = a * a / 2;

	for (size_t i = 0; i < n; i++)
		power += (double)pcm[i] * pcm[i];
	power /= (double)n;

	return power > tone ? 10 * log10(tone / (power - tone)) : 100;
}

#endif
