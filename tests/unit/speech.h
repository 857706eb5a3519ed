/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file unit/speech.h  Something that codecs take for speech, and how much is left of it
 */
#ifndef TESTS_UNIT_SPEECH_H
#define TESTS_UNIT_SPEECH_H

#include <stddef.h>
#include <stdint.h>

enum { SPEECH_RATE = 16000, SPEECH_NARROW = 8000 };

/**
 * A voice: pulses of a pitch that rises and falls, through the formants of vowels that
 * run into one another; hisses between them, and pauses. Nothing above 3.4 kHz. Always
 * the same
 *
 * @param pcm  n samples at SPEECH_RATE
 */
void speech_make(int16_t *pcm, size_t n);

/** Every other sample, without what would fold back: n of SPEECH_RATE, n / 2 of
 *  SPEECH_NARROW */
void speech_narrow(int16_t *out, const int16_t *pcm, size_t n);

/**
 * How well one is the other: segments of 20 ms that are not silent, the mean of their
 * signal-to-noise ratios in dB (each within -10 to 35, as is usual), at the delay where
 * that is best, to an eighth of a sample
 *
 * @param ref    n samples at SPEECH_NARROW: what was said
 * @param got    The same: what was heard
 * @param delay  Samples that it is later
 */
double speech_snr(const int16_t *ref, const int16_t *got, size_t n,
		  double *delay);

#endif
