/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/resample.h  Samples of one rate made into those of another
 */
#ifndef CAROM_AUDIO_RESAMPLE_H
#define CAROM_AUDIO_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

struct resample;

/**
 * @param in, out  Hz, 4000..192000
 * @param ch       Channels, 1 or 2
 *
 * @return 0, EINVAL, ENOMEM
 */
int resample_alloc(struct resample **rp, uint32_t in, uint32_t out,
		   unsigned ch);

/**
 * Convert; state goes on from call to call, with some 3 ms of delay
 *
 * @param n     Samples of each channel
 * @param outc  Room in out, samples of each channel; set to what was written
 */
void resample_run(struct resample *r, const int16_t *pcm, size_t n,
		  int16_t *out, size_t *outc);

/** Two channels become one, in place */
void resample_mono(int16_t *pcm, size_t n);
/** One channel becomes two, in place; room for 2 * n */
void resample_stereo(int16_t *pcm, size_t n);

#endif
