/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/redial.h  Digits that are silence at first, and dialled later
 */
#ifndef CAROM_MEDIA_REDIAL_H
#define CAROM_MEDIA_REDIAL_H

#include "bridge/bridge.h"
#include "media/call.h"

/** A stream's party has dialled a digit: where it is to come later (guard.delay_ms behind
 *  its begin, and not before its end), its peer is dialled it then, or what takes its place */
void redial_digit(struct stream *s, const struct bridge_heard *h);

#endif
