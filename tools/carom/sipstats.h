/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sipstats.h  carom stats sip
 */
#ifndef CAROM_SIPSTATS_H
#define CAROM_SIPSTATS_H

#include "carom.h"

/**
 * Print messages by kind, targets, reasons, and what the agent did
 *
 * @param rcv  CAROM_R_MAX counters
 * @param all  Reasons that never occurred, too
 *
 * @return exit code
 */
int sipstats(struct cli *cli, const struct reason_count *rcv, bool all);

#endif
