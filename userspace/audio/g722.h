/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/g722.h  ITU-T G.722 at 64 kbit/s
 *
 * Bit by bit what the recommendation says, in integers. The two bands know nothing of
 * each other, so the CPU works on both at once; the six zeros of a predictor, the
 * thresholds of the quantiser and the filters are vectors.
 */
#ifndef CAROM_AUDIO_G722_H
#define CAROM_AUDIO_G722_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct g722_enc;
struct g722_dec;

/**
 * @param narrow  Samples are at 8 kHz, the lower band alone, and not at 16 kHz
 *
 * @return 0, ENOMEM
 */
int g722_enc_alloc(struct g722_enc **ep, bool narrow);
int g722_dec_alloc(struct g722_dec **dp, bool narrow);

/** @param n  Octets to be written: of 2 samples each, narrow 1 */
void g722_enc_run(struct g722_enc *e, const int16_t *pcm, size_t n,
		  uint8_t *out);
/** @param n  Octets to be read */
void g722_dec_run(struct g722_dec *d, const uint8_t *p, size_t n, int16_t *pcm);

#endif
