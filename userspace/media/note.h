/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/note.h  What a party said of its formats, written down in little room
 *
 * Every audio line of plain RTP has one, also of calls that the kernel relays: should
 * something be played to a party one day, its codecs have to be known.
 */
#ifndef CAROM_MEDIA_NOTE_H
#define CAROM_MEDIA_NOTE_H

#include "media/call.h"
#include "media/format.h"

struct note;

/**
 * Write down a section
 *
 * @param np  What was noted before goes; NULL where there is nothing to note: no audio,
 *            or what only its parties can decrypt
 *
 * @return 0, ENOMEM
 */
int note_take(struct note **np, const struct sdpx_media *sm);

/** Its formats; none where np is NULL */
void note_formats(struct formats *f, const struct note *n);
/** What a stream's party may send: as agreed, or, relayed, what its peer can receive */
void stream_told(struct formats *f, const struct stream *s);
/** ms that the party wants, 0: not said */
uint32_t note_ptime(const struct note *n);

/** Add one to a stored stream; NULL adds nothing. @return 0, ENOMEM */
int note_put(struct odict *o, const char *key, const struct note *n);
/** Read it again, where there is one. @return 0, ENOMEM */
int note_load(struct note **np, const struct odict *o, const char *key);

#endif
