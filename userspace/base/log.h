/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file base/log.h  Logging with levels, to stderr or the journal
 */
#ifndef CAROM_LOG_H
#define CAROM_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR = 0, LOG_WARN, LOG_INFO, LOG_DEBUG };

/**
 * Set up logging. With stderr going to the journal (JOURNAL_STREAM names it),
 * each line gets an sd-daemon(3) "<N>" priority prefix and no timestamp;
 * else a timestamp, and colours only when stderr is a terminal.
 *
 * @param level  Messages above this level are not printed
 */
void log_init(enum log_level level);

/** Level by name: error, warning, info, debug. @return 0 or EINVAL */
int log_level_parse(enum log_level *level, const char *name);

/** printf-like; no trailing newline. libre's %H, %r, %J, %m are understood */
void log_error(const char *fmt, ...);
void log_warn(const char *fmt, ...);
void log_info(const char *fmt, ...);
void log_debug(const char *fmt, ...);

#endif
