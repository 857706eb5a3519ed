/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/player.h  A player, as the files of this room see it
 */
#ifndef CAROM_BRIDGE_PLAYER_H
#define CAROM_BRIDGE_PLAYER_H

#include "audio/resample.h"
#include "audio/tone.h"
#include "bridge/play.h"

/** Made on the signalling loop; then the worker's, until it is taken back */
struct player {
	struct bridge_play conf;
	struct codec_enc *enc; /* NULL: no codec                       */
	struct resample *rs;   /* from the clip's rate; NULL: the same */
	struct tone *tone;

	int16_t *pcm; /* samples that wait, one channel; room for a frame and a
			   part of the clip */
	size_t pcmn;  /* of them */
	size_t frame; /* samples of a packet */
	size_t pos;   /* in the clip */
	bool ended;   /* the clip was played */
	unsigned times; /* left, the present one included; 0: no end */
	uint64_t left;  /* samples of the clip that may be played */

	struct bridge_digit digitv[PLAY_DIGITS]; /* a ring */
	unsigned head, digitc;
	uint32_t digit_ms; /* of the first digit and its pause */
	uint32_t event_ts; /* of its begin, as it is sent      */
	uint32_t event_at; /* units that event_ts is behind the begin */
	unsigned ends;     /* packets that have said that it is over  */

	uint64_t next; /* ms: the next packet's */
	bool over;     /* nothing is left; atomic */
};

struct member;

/** Start and stop: on the worker */
void player_start(struct member *m, struct player *p);
void player_stop(struct member *m);
/** What is left of one that was stopped */
void player_left(const struct player *p, struct bridge_left *left);

#endif
