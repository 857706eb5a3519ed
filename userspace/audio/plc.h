/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/plc.h  What a lost packet of speech may have sounded like
 *
 * For codecs without a concealment of their own, in the manner of G.711 appendix
 * I: the last pitch period goes on, softer and softer.
 */
#ifndef CAROM_AUDIO_PLC_H
#define CAROM_AUDIO_PLC_H

#include <stddef.h>
#include <stdint.h>

struct plc;

/** @param rate  Hz, 8000..48000. @return 0, EINVAL, ENOMEM */
int plc_alloc(struct plc **pp, uint32_t rate);

/** Samples that did come. After a loss their first 5 ms are faded in */
void plc_good(struct plc *p, int16_t *pcm, size_t n);

/** Samples for what did not come */
void plc_lost(struct plc *p, int16_t *pcm, size_t n);

#endif
