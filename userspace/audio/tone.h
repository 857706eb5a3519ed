/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/tone.h  Sines, one or some at once
 */
#ifndef CAROM_AUDIO_TONE_H
#define CAROM_AUDIO_TONE_H

#include <stddef.h>
#include <stdint.h>

enum { TONE_SINES = 4 };

struct tone;

/** Silent until it is set. @param rate  Hz, 8000..48000. @return 0, EINVAL, ENOMEM */
int tone_alloc(struct tone **tp, uint32_t rate);

/**
 * Change one of the sines; it fades to its new level over some 5 ms, and its phase goes
 * on, so that there is no click
 *
 * @param i     0..TONE_SINES - 1
 * @param freq  Hz, more than 0 and less than half the rate
 * @param amp   0 (off) to 32767
 *
 * @return 0, EINVAL
 */
int tone_set(struct tone *t, unsigned i, double freq, double amp);

/** Make the next n samples, one channel; a sum that is too loud is limited */
void tone_render(struct tone *t, int16_t *pcm, size_t n);

#endif
