/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/digit.h  DTMF: tones heard in sound (ITU-T Q.24), and which they are
 */
#ifndef CAROM_AUDIO_DIGIT_H
#define CAROM_AUDIO_DIGIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "audio/tone.h"

enum { DIGITS = 16 /**< 0 to 9, *, #, A to D */ };

/**
 * Have a tone sound like a digit, by its first two sines, or no more
 *
 * @param event   0..DIGITS - 1
 * @param volume  -dBm0 of both together
 */
void digit_sound(struct tone *t, uint8_t event, unsigned volume, bool on);

/** A listener for digits */
struct digit_rx;

/**
 * A digit was heard
 *
 * @param event   0..DIGITS - 1
 * @param volume  -dBm0 of it, 0..63
 * @param ms      That it took; 0: it begins
 */
typedef void(digit_rx_h)(uint8_t event, unsigned volume, uint32_t ms,
			 void *arg);

/**
 * @param rate  Hz of the samples that come, 8000..48000
 *
 * @return 0, EINVAL, ENOMEM
 */
int digit_rx_alloc(struct digit_rx **rp, uint32_t rate, digit_rx_h *h,
		   void *arg);

/** Another one is to be told */
void digit_rx_handler(struct digit_rx *rx, digit_rx_h *h, void *arg);

/** Listen to samples, one channel. h is called from here; a digit is known some 30 to
 *  50 ms after its begin. Allocates nothing */
void digit_rx_put(struct digit_rx *rx, const int16_t *pcm, size_t n);

/** The digit that goes on, -1 none */
int digit_rx_now(const struct digit_rx *rx);

#endif
