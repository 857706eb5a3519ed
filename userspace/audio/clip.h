/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file audio/clip.h  Sound from a file, to be played
 *
 * One channel, at the file's own rate. It is read bit by bit by who owns it, while
 * players may already be at its begin: who plays reads no further than clip_have().
 */
#ifndef CAROM_AUDIO_CLIP_H
#define CAROM_AUDIO_CLIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CLIP_BYTES_MAX = 128 << 20, /**< of one clip's samples: 20 minutes
					 at 48 kHz, two hours at 8         */
};

struct clip;

/**
 * Open a file: WAV, AIFF, AU, FLAC, Ogg with Opus or Vorbis, MP3, as libsndfile knows
 * them. Several channels become one. The first second is read
 *
 * @param cp   Pointer to the object (mem_deref when done)
 * @param why  What is wrong, in libsndfile's words, or NULL
 *
 * @return 0, ENOENT or another errno of the file's, EBADMSG (no sound that is known,
 *         or empty), EFBIG (over CLIP_BYTES_MAX), ENOTSUP (a rate under 4 or over
 *         192 kHz, more than 8 channels), ENOMEM
 */
int clip_open(struct clip **cp, const char *path, const char **why);

/** The same of a file's bytes, which are copied */
int clip_mem(struct clip **cp, const void *p, size_t n, const char **why);

/**
 * Read on
 *
 * @param ms  Of sound, at most
 *
 * @return false when there is no more to read: clip_len() is what there is
 */
bool clip_load(struct clip *c, unsigned ms);

/** Hz */
uint32_t clip_rate(const struct clip *c);
/** Samples that it will have when it is all there */
size_t clip_len(const struct clip *c);
/** Samples that are there; of any thread */
size_t clip_have(const struct clip *c);
const int16_t *clip_pcm(const struct clip *c);
/** ms that it takes */
uint64_t clip_ms(const struct clip *c);

#endif
