/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/figures.h  Figures of bridges that have ended
 */
#ifndef CAROM_MEDIA_FIGURES_H
#define CAROM_MEDIA_FIGURES_H

#include "bridge/bridge.h"

/** Add what one member's side counted to a sum; what is no count stays as it is */
void figures_ended(struct bridge_stats *sum, const struct bridge_stats *st);

#endif
