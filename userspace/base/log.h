/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file base/log.h  Logging with levels, to stderr or the journal
 */
#ifndef CAROM_LOG_H
#define CAROM_LOG_H

#include <stdbool.h>
#include <stddef.h>

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

/**
 * What this thread logs from now on is about a call
 *
 * @param callid  Copied, as much of it as fits; n 0: about none
 */
void log_about(const char *callid, size_t n);

/**
 * A line that has been logged
 *
 * @param text   Without its end
 * @param about  Call-ID; "" where it is about none
 */
typedef void(log_watch_h)(enum log_level level, const char *text,
			  const char *about, void *arg);

/** Show each line to h, too, in the thread that logs it; NULL: to nobody any more, but
 *  another thread may be showing its last one. Set while other threads log, arg stays
 *  what it was */
void log_watch(log_watch_h *h, void *arg);

#endif
