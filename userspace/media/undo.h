/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/undo.h  What an offer changes of a call before it is answered, to be as it
 *                     was should the offer fail
 *
 * Private to userspace/media.
 */
#ifndef CAROM_MEDIA_UNDO_H
#define CAROM_MEDIA_UNDO_H

#include "media/call.h"

struct undo;

/**
 * Remember what is offered, and agreed, between two parties
 *
 * @param up  Pointer to the object (mem_deref when the offer stands)
 *
 * @return 0, ENOMEM
 */
int undo_take(struct undo **up, struct party *from, struct party *to);

/** The offer has failed: sections that it brought go, and what was offered before is offered
 *  still. Both parties are there yet. Ports that moved to another interface stay there */
void undo_run(struct undo *u);

#endif
