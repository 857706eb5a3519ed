/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/guard.h  What becomes of digits that a member sends
 */
#ifndef CAROM_BRIDGE_GUARD_H
#define CAROM_BRIDGE_GUARD_H

#include <stdbool.h>
#include <stdint.h>

enum { GUARD_FREQS = 8, GUARD_HZ = 400 /**< where none is given */ };

enum guard_mode {
	GUARD_OFF = 0, /**< they go on                                   */
	GUARD_DROP,    /**< events are dropped; tones are no packets      */
	GUARD_SILENCE, /**< both become silence                           */
	GUARD_TONE,    /**< one sine                                      */
	GUARD_RANDOM,  /**< another digit of 0 to 9, by chance            */
	GUARD_ZERO,    /**< digit 0                                       */
	GUARD_DIGIT,   /**< a digit of choice                             */
};

/** Zeroed: off */
struct guard {
	enum guard_mode mode;
	uint8_t digit;  /**< GUARD_DIGIT: 0..15 (RFC 4733 3.2)           */
	uint8_t volume; /**< -dBm0 of what is put in their place, 0..63  */
	uint32_t
		delay_ms; /**< not of a bridge: they are silence there, and come so
				much later, as the mode says; 0: at once */
	uint8_t freqc;
	uint16_t freqv[GUARD_FREQS]; /**< GUARD_TONE: Hz, 100..3400, one for
					  each digit in turn              */
};

/** Does sound have to be made in their place? */
static inline bool guard_sounds(const struct guard *g)
{
	return g->mode > GUARD_DROP || g->delay_ms;
}

/** Is another digit put in their place? */
static inline bool guard_digits(const struct guard *g)
{
	return g->mode >= GUARD_RANDOM;
}

static inline bool guard_same(const struct guard *a, const struct guard *b)
{
	bool same = a->mode == b->mode && a->digit == b->digit &&
		    a->volume == b->volume && a->freqc == b->freqc;

	for (unsigned i = 0; same && i < a->freqc; i++)
		same = a->freqv[i] == b->freqv[i];

	return same;
}

#endif
