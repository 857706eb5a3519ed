/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file daemon/config_node.h  Nodes of the file's YAML, for those who walk it
 */
#ifndef CAROM_CONFIG_NODE_H
#define CAROM_CONFIG_NODE_H

#include <re.h>
#include <yaml.h>

#include "daemon/config_raw.h"
#include "daemon/config_tree.h"

struct config_tree {
	yaml_document_t doc;
	bool loaded;
	char *file;
};

yaml_node_t *tree_root(const struct config_tree *t);
yaml_node_t *tree_node(const struct config_tree *t, int index);
bool tree_is_key(const yaml_node_t *node, const char *key, size_t len);

/** Value of a key in a mapping, and the key's own node; NULL: not there */
yaml_node_t *tree_lookup(const struct config_tree *t, const yaml_node_t *map,
			 const char *key, size_t len, yaml_node_t **keyp);

/** Entry of a list; NULL past its end */
yaml_node_t *tree_entry(const struct config_tree *t, const yaml_node_t *seq,
			size_t i);

/**
 * Refuse what stands at a line
 *
 * @param v  Schema that it should follow: gives the words for "allowed" where
 *           no rule has better ones
 *
 * @return EBADMSG or ENOMEM
 */
int tree_refuse(const struct config_tree *t, struct config_err *e, size_t line,
		const char *path, const cyaml_schema_value_t *v,
		const char *what, ...);

#endif
