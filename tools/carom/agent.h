/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file agent.h  Is caromd running?
 */
#ifndef CAROM_AGENT_H
#define CAROM_AGENT_H

#include "carom.h"

enum agent_state { AGENT_UNKNOWN = 0, AGENT_DEAD, AGENT_ALIVE };

/**
 * @param pid  Process of a living agent, 0 where it cannot be told
 */
enum agent_state agent_state(const struct cli *cli, int *pid);

const char *agent_name(enum agent_state state);

#endif
