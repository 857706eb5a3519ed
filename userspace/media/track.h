/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/track.h  Two channels of samples, placed by time, given on in order
 */
#ifndef CAROM_MEDIA_TRACK_H
#define CAROM_MEDIA_TRACK_H

#include <re.h>

enum {
	TRACK_RATE = 8000, /**< Hz                                      */
	TRACK_CH = 2,
};

struct track;

/** The next n frames, left and right. @return 0, or why they could not be taken */
typedef int(track_h)(const int16_t (*v)[TRACK_CH], size_t n, void *arg);

/** mem_deref when done: what was placed is given on. @return 0, ENOMEM */
int track_alloc(struct track **tp, track_h *h, void *arg);

/**
 * Place samples of one channel. The last two seconds are held back, so that a
 * packet that comes late still gets to its place; what was never placed is
 * silence.
 *
 * @param ch   0 left, 1 right
 * @param pos  Frame number of the first sample
 *
 * @return 0, ETIME (too late for that place), else what h said
 */
int track_place(struct track *t, unsigned ch, uint64_t pos,
		const int16_t *sampv, size_t sampc);

/** Where nobody says anything for long: it is `now`, and what is held back no longer is given
 *  on. @return 0, else what h said */
int track_pass(struct track *t, uint64_t now);

/** Frames up to the end of the last sample placed, or of the silence given on */
uint64_t track_end(const struct track *t);

/** Give on everything; nothing can be placed before the end from now on */
int track_flush(struct track *t);

#endif
