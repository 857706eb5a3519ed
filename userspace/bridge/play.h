/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/play.h  What a member is sent instead of what the other says: sound of a
 *                      file, digits, silence
 *
 * It goes on in the member's stream: the same SSRC, numbers without a step. What the
 * other sends meanwhile is heard (decoded, counted, copied) and not sent on. Functions
 * here are the signalling loop's.
 */
#ifndef CAROM_BRIDGE_PLAY_H
#define CAROM_BRIDGE_PLAY_H

#include "audio/clip.h"
#include "bridge/bridge.h"

enum {
	PLAY_DIGITS = 32, /**< that may wait                              */
	PLAY_DIGIT_MS_MAX = 10000,
};

/** A digit */
struct bridge_digit {
	uint8_t event;     /**< 0..15: 0 to 9, *, #, A to D (RFC 4733 3.2) */
	uint8_t volume;    /**< -dBm0, 0..63                               */
	unsigned ms;       /**< that it takes, 1..PLAY_DIGIT_MS_MAX        */
	unsigned pause_ms; /**< behind it                                  */
};

/** What is played. Everything but the clip is copied; that gets a reference */
struct bridge_play {
	/* how: as the codec of a bridge_member */
	const struct codec *codec; /**< NULL: digits alone, by events        */
	uint8_t pt;
	char fmtp[128];
	unsigned ptime;
	uint32_t bitrate;
	int complexity;
	int event_pt;         /**< of telephone-event, -1: digits are tones */
	uint32_t event_clock; /**< Hz of it                                 */

	/* what */
	struct clip *clip; /**< NULL: none                               */
	uint64_t start_ms; /**< where in it                              */
	unsigned times;    /**< that it is played, 0: without end        */
	uint64_t max_ms;   /**< that it is played in all, 0: any         */
	bool silence; /**< when there is nothing else: it does not end then */
	struct bridge_digit first; /**< comes first; ms 0: none             */
};

/**
 * Play to a member; what it is played before ends. When nothing is left to be played,
 * there is a BRIDGE_PLAYED event (which may be lost: ask bridge_playing(), too), and
 * what the other says is heard again
 *
 * @param side  Who hears it
 *
 * @return 0, EINVAL, ENOTSUP (its codec cannot be made here), ENOMEM
 */
int bridge_play(struct bridge *b, unsigned side, const struct bridge_play *p);

/**
 * A digit, behind those that wait; a clip waits meanwhile
 *
 * @return 0, EINVAL, ENOENT (nothing is played: bridge_play() first, without a clip),
 *         ENOSPC (PLAY_DIGITS wait)
 */
int bridge_digit(struct bridge *b, unsigned side, const struct bridge_digit *d);

/**
 * Play no more
 *
 * @param pos_ms  Where in the clip it was, or NULL
 * @param times   Times that the clip would still have been played, that one included;
 *                or NULL
 *
 * @return Was anything played?
 */
bool bridge_play_stop(struct bridge *b, unsigned side, uint64_t *pos_ms,
		      unsigned *times);

/** Is there anything left to be played? */
bool bridge_playing(const struct bridge *b, unsigned side);

#endif
