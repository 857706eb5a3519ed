/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/config_tree.h  The file's YAML with its line numbers
 *
 * libcyaml fills structs, but forgets where a value stood, and takes "1.5" or
 * "010" for whole numbers. The tree is checked against the very same schema
 * first, and knows the line of every key afterwards.
 */
#ifndef CAROM_CONFIG_TREE_H
#define CAROM_CONFIG_TREE_H

#include <re.h>
#include "daemon/config.h"

struct config_tree;

/**
 * Parse YAML
 *
 * @param file  Name for messages
 *
 * @return 0, EBADMSG (e says where and why), ENOMEM
 */
int config_tree_parse(struct config_tree **tp, const char *file,
		      const struct pl *text, struct config_err *e);

/** Check keys and types against config_schema. @return 0 or EBADMSG */
int config_tree_check(const struct config_tree *t, struct config_err *e);

/** Does the file give this key a value, be it an empty list? */
bool config_tree_has(const struct config_tree *t, const char *path);

/**
 * Refuse the value of a key: writes "FILE:LINE: PATH: what; allowed: ...".
 * The line is that of the key, or of the section where it is missing.
 *
 * @param path  "media.interfaces[1].ports"
 *
 * @return EBADMSG
 */
int config_tree_refuse(const struct config_tree *t, struct config_err *e,
		       const char *path, const char *what, ...);

#endif
