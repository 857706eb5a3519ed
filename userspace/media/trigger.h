/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/trigger.h  Digits that change what becomes of digits
 */
#ifndef CAROM_MEDIA_TRIGGER_H
#define CAROM_MEDIA_TRIGGER_H

#include "media/call.h"

/** What the options say holds for a stream from now on; where they say nothing, what
 *  there is stays. @return 0, ENOMEM */
int trigger_set(struct stream *s, const struct media_trigger *t);

/** A stream's party has dialled a digit. What follows is done a moment later: who tells
 *  it is in the middle of what would change */
void trigger_digit(struct stream *s, uint8_t event);

/** Add it to a stored stream; NULL adds nothing. And read it again. @return 0, ENOMEM */
int trigger_put(struct odict *o, const struct trigger *t);
int trigger_load(struct stream *s, const struct odict *o);

#endif
