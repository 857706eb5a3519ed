/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/level.h  How loud samples are
 */
#ifndef CAROM_AUDIO_LEVEL_H
#define CAROM_AUDIO_LEVEL_H

#include <stddef.h>
#include <stdint.h>

enum { LEVEL_SILENT = 127 };

/**
 * Level of samples in dB below overload, as RFC 6464 and RFC 3389 tell it
 *
 * @param n  Samples, of all channels
 *
 * @return 0 (a square wave of full scale) to 127 (LEVEL_SILENT: nothing at all)
 */
unsigned level_dbov(const int16_t *pcm, size_t n);

/** Amplitude whose level that is: 32768 is 0; level 127 is silence, 0 */
double level_rms(unsigned level);

#endif
