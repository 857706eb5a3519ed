/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/oggopus.h  Stereo Ogg/Opus (RFC 7845), of samples at TRACK_RATE
 */
#ifndef CAROM_MEDIA_OGGOPUS_H
#define CAROM_MEDIA_OGGOPUS_H

#include <re.h>
#include "media/track.h"

struct oggopus;

/**
 * @param op     Pointer to the object (mem_deref when done: ends the stream, closes)
 * @param fd     Open, empty file; owned by the object from now on
 * @param title  For the comment header, or NULL
 *
 * @return 0, ENOMEM, or what the disk said; fd is closed on errors
 */
int oggopus_alloc(struct oggopus **op, int fd, const char *title);

/**
 * Write the next frames; they are on the disk, as whole pages, within two seconds of
 * sound. A page that a full disk did not take is left out: readers go on behind it
 *
 * @return 0, EIO (cannot be encoded), else what the disk said
 */
int oggopus_write(struct oggopus *o, const int16_t (*v)[TRACK_CH], size_t n);

#endif
