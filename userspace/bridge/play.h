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

/** Digits, one behind the other. Of one that was stopped behind its end its pause may be
 *  left: ms is 0 then */
struct bridge_dialling {
	struct bridge_digit v[PLAY_DIGITS];
	unsigned n;
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
	struct bridge_dialling dial; /**< comes first                     */
};

/** What is left of what was played */
struct bridge_left {
	uint64_t pos_ms; /**< where in the clip it was                    */
	unsigned
		times; /**< that the clip would still have been played, this one
			      included                                   */
	struct bridge_dialling
		dial; /**< digits that nobody has heard, in order      */
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
 * Play no more. A digit that was begun ends: as an event it is told, as a tone it was heard
 * if it took 40 ms (ITU-T Q.24); it is left else
 *
 * @param left  What bridge_play() would have to be asked for to go on; or NULL. Holds if
 *              anything was played
 *
 * @return Was anything played?
 */
bool bridge_play_stop(struct bridge *b, unsigned side,
		      struct bridge_left *left);

/** Is there anything left to be played? */
bool bridge_playing(const struct bridge *b, unsigned side);

#endif
