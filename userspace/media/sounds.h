/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/sounds.h  Files that are played: each is read once, and kept for a while
 */
#ifndef CAROM_MEDIA_SOUNDS_H
#define CAROM_MEDIA_SOUNDS_H

#include <re.h>
#include "audio/clip.h"
#include "media/media.h"

enum {
	SOUNDS_BYTES = 256 << 20, /**< of samples that are kept though nobody
				       plays them */
};

struct sounds;

/**
 * @param dir  Where files are whose name does not begin with "/"; NULL: there are none
 *
 * @return 0, ENOMEM
 */
int sounds_alloc(struct sounds **sp, const char *dir);

/** The file that is meant, as sounds_get() takes it; left alone where it is a blob.
 *  @return 0, EINVAL, ENOMEM */
int sounds_name(char **name, const struct media_sound *x, struct media_err *e);

/**
 * The sound of a file. One that was played before is not read again, unless it has
 * changed. The rest of a long one is read bit by bit while its begin is played
 *
 * @param cp  Set to a reference: mem_deref when done
 * @param x   Which. A name with "..", which would lead out of dir, is refused. What comes as
 *            a blob is read anew each time
 *
 * @return 0, EINVAL (no name, no number, no base64), or what clip_open() says; e says it
 *         in words
 */
int sounds_get(struct clip **cp, struct sounds *s, const struct media_sound *x,
	       struct media_err *e);

#endif
