/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sipagent.h  What the agent did with SIP, for stats and top
 */
#ifndef CAROM_SIPAGENT_H
#define CAROM_SIPAGENT_H

#include "carom.h"

/** Ask it; NULL: no agent answers (mem_deref when done) */
struct odict *sipagent_ask(struct cli *cli);

/** Tables of events and answers; says so where reply is NULL. @return 0 or
 *  ENOMEM */
int sipagent_print(struct cli *cli, const struct odict *reply);

/** Object "agent", null without a reply */
void sipagent_json(int *err, struct odict *od, const struct odict *reply);

#endif
