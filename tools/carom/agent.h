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

/**
 * Say why the agent could not be asked, and what to do next
 *
 * @param what  Begins what is said: "network"
 * @param path  Socket that it was looked for at
 *
 * @return CLI_FAIL
 */
int agent_unreachable(const char *what, const char *path, int err);

#endif
