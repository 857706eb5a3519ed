/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file unit/wavfile.h  A WAV file's bytes with a tone in it
 */
#ifndef TESTS_UNIT_WAVFILE_H
#define TESTS_UNIT_WAVFILE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { WAV_HEAD = 44 };

static inline void wav_put(uint8_t *p, uint32_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/** n samples of each of ch channels, the same in all; WAV_HEAD + 2 * n * ch bytes */
static inline size_t wav_tone(uint8_t *p, uint32_t rate, unsigned ch, size_t n,
			      double f, double amp)
{
	const uint32_t bytes = (uint32_t)(2 * n * ch);

	memcpy(p, "RIFF....WAVEfmt ", 16);
	wav_put(p + 4, bytes + WAV_HEAD - 8, 4);
	wav_put(p + 16, 16, 4);
	wav_put(p + 20, 1, 2);
	wav_put(p + 22, ch, 2);
	wav_put(p + 24, rate, 4);
	wav_put(p + 28, rate * ch * 2, 4);
	wav_put(p + 32, ch * 2, 2);
	wav_put(p + 34, 16, 2);
	memcpy(p + 36, "data", 4);
	wav_put(p + 40, bytes, 4);
	for (size_t i = 0; i < n * ch; i++) {
		const double t = (double)(i / ch) / rate;
		const int16_t s = (int16_t)lrint(amp * sin(2 * M_PI * f * t));

		wav_put(p + WAV_HEAD + 2 * i, (uint16_t)s, 2);
	}

	return WAV_HEAD + bytes;
}

#endif
