/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/notify.h  Telling systemd how we are: sd_notify(3), without its
 * library
 */
#ifndef CAROM_NOTIFY_H
#define CAROM_NOTIFY_H

#include <stdint.h>

/** Send "READY=1" and the like; silent where nobody asked for it */
void notify(const char *state);

/** Milliseconds between two "WATCHDOG=1"; 0 when none are wanted */
uint64_t notify_watchdog(void);

#endif
