/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/g722_qmf.h  G.722's filters: one signal to two bands and back
 */
#ifndef CAROM_AUDIO_G722_QMF_H
#define CAROM_AUDIO_G722_QMF_H

#include <stddef.h>
#include <stdint.h>

enum {
	QMF_BLOCK = 80, /**< most samples of a band in one go        */
	QMF_PAST = 11,  /**< of each phase, that the filter remembers */
	QMF_ROOM = QMF_PAST + QMF_BLOCK + 13, /**< a vector may read on */
};

/** The two phases of the signal: past samples, then those of this block */
struct qmf {
	int16_t even[QMF_ROOM], odd[QMF_ROOM];
};

/**
 * @param pcm      2 * n samples at 16 kHz
 * @param low, hi  QMF_BLOCK samples at 8 kHz, n of them written
 */
void qmf_split(struct qmf *q, const int16_t *pcm, size_t n, int16_t *low,
	       int16_t *hi);
void qmf_join(struct qmf *q, const int16_t *low, const int16_t *hi, size_t n,
	      int16_t *pcm);

#endif
