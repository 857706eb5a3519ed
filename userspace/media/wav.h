/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/wav.h  Stereo WAV, 16 bits at 8 kHz
 */
#ifndef CAROM_MEDIA_WAV_H
#define CAROM_MEDIA_WAV_H

#include <re.h>
#include "media/track.h"

struct wav;

/**
 * @param wp  Pointer to the object (mem_deref when done: closes)
 * @param fd  Open, empty file; owned by the object from now on
 *
 * @return 0 or errno; fd is closed on errors
 */
int wav_alloc(struct wav **wp, int fd);

/**
 * Write the next frames. What a full disk did not take is silence, once there is room
 * behind it again
 *
 * @return 0, EFBIG (RIFF counts in 32 bits), else what the disk said
 */
int wav_write(struct wav *w, const int16_t (*v)[TRACK_CH], size_t n);

/** G.711 (ITU-T G.711) to linear */
int16_t wav_ulaw(uint8_t u);
int16_t wav_alaw(uint8_t a);

#endif
