/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file legmos.h  How legs sound, as the agent knows it
 */
#ifndef CAROM_LEGMOS_H
#define CAROM_LEGMOS_H

#include "legview.h"

/** Ask the agent; NULL: it does not answer (mem_deref when done) */
struct odict *legmos_ask(struct cli *cli);

/** Fill in mos_in and mos_out of a leg. @param mos  Of legmos_ask(), or NULL */
void legmos_fill(struct legview *v, const struct odict *mos);

#endif
