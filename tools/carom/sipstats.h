/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sipstats.h  carom stats sip
 */
#ifndef CAROM_SIPSTATS_H
#define CAROM_SIPSTATS_H

struct cli;

/** Print messages by kind, and targets. @return exit code */
int sipstats(struct cli *cli);

#endif
