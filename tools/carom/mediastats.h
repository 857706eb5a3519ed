/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file mediastats.h  What media workers and bridges did, as the agent tells it
 */
#ifndef CAROM_MEDIASTATS_H
#define CAROM_MEDIASTATS_H

#include "carom.h"

/** Ask the agent for the object of media_figures(); NULL: it does not answer */
struct odict *mediastats_ask(struct cli *cli);

/** carom stats media. @param all  Figures of 0, too. @return exit code */
int mediastats(struct cli *cli, bool all);

#endif
