/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/daemon.h  The running agent: what it opens, and in which order
 */
#ifndef CAROM_DAEMON_H
#define CAROM_DAEMON_H

#include "daemon/config.h"

/**
 * Run until SIGTERM or SIGINT. Stopping closes what was opened and leaves the
 * data path alone: relayed calls go on. SIGHUP rereads the log level. When
 * `carom detach` takes the maps away, it stops with ESTALE.
 *
 * @param path  Configuration file, for SIGHUP
 *
 * @return 0, or an errno value; logged
 */
int daemon_run(const struct config *conf, const char *path);

#endif
