/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/hep_figures.h  What was shown to a collector, among the agent's figures
 */
#ifndef CAROM_HEP_FIGURES_H
#define CAROM_HEP_FIGURES_H

#include "hep/hep.h"

/**
 * Add to what media_figures() made
 *
 * @param unreadable  RTCP that could not be read
 * @param lines       Log lines that did not find their way to the event loop
 *
 * @return 0 or ENOMEM
 */
int hep_figures(struct odict *figures, const struct hep_count *c,
		uint64_t unreadable, uint64_t lines);

#endif
