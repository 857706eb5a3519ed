/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/hairpin.h  Calls of ours that meet one another
 */
#ifndef CAROM_MEDIA_HAIRPIN_H
#define CAROM_MEDIA_HAIRPIN_H

#include "media/call.h"

/** A stream has got its ports */
void hairpin_add(struct stream *s);

/** Is a stream's party a port of ours, of a call that the agent has, or of one that is
 *  joined to such a call? */
bool hairpin_agent(const struct stream *s);

/** A call has been applied: those that are joined to it follow */
void hairpins_apply(struct media_call *c);

/** A call ends (mem_deref): those that were joined to it need the agent no more, perhaps */
void hairpins_drop(struct media_call *c);

#endif
