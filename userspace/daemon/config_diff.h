/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/config_diff.h  In what two configurations differ
 */
#ifndef CAROM_CONFIG_DIFF_H
#define CAROM_CONFIG_DIFF_H

#include "daemon/config.h"

/** A key that is not the same in both: "media.timeout" */
typedef void(config_diff_h)(const char *key, void *arg);

/**
 * Call h for each key of the first two levels that differs, defaults filled in.
 * By what config_print() says: so no key can be forgotten here
 *
 * @return 0 or ENOMEM
 */
int config_diff(const struct config *a, const struct config *b,
		config_diff_h *h, void *arg);

#endif
