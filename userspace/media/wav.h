/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/wav.h  Stereo WAV, 16 bits at 8 kHz, written by position
 */
#ifndef CAROM_MEDIA_WAV_H
#define CAROM_MEDIA_WAV_H

#include <re.h>

enum { WAV_RATE = 8000 };

struct wav;

/**
 * @param wp  Pointer to the object (mem_deref when done: flushes and closes)
 * @param fd  Open, empty file; owned by the object from now on
 *
 * @return 0 or errno; fd is closed on errors
 */
int wav_alloc(struct wav **wp, int fd);

/**
 * Place samples of one channel. The last two seconds are held back, so that a
 * packet that comes late still gets to its place; what was never placed is
 * silence.
 *
 * @param ch   0 left, 1 right
 * @param pos  Frame number of the first sample
 *
 * @return 0, ETIME (too late for that place), else what the disk said
 */
int wav_place(struct wav *w, unsigned ch, uint64_t pos, const int16_t *sampv,
	      size_t sampc);

/** Frames up to the end of the last sample placed */
uint64_t wav_end(const struct wav *w);

/** Write out everything; nothing can be placed before the end from now on */
int wav_flush(struct wav *w);

/** G.711 (ITU-T G.711) to linear */
int16_t wav_ulaw(uint8_t u);
int16_t wav_alaw(uint8_t a);

#endif
