/* SPDX-License-Identifier: BSD-2-Clause */
/* The file's YAML against the schema: keys and types */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "daemon/config.h"
#include "daemon/config_node.h"
#include "daemon/config_raw.h"
#include "daemon/config_tree.h"

enum { PATH_SIZE = 160, SHOWN_MAX = 64 };

/* How much of a scalar goes into a message */
static size_t shown(const yaml_node_t *node)
{
	return min(node->data.scalar.length, (size_t)SHOWN_MAX);
}

static const cyaml_schema_field_t *field_of(const cyaml_schema_value_t *v,
					    const yaml_node_t *key)
{
	const cyaml_schema_field_t *f;

	for (f = v->mapping.fields; f->key; f++) {
		if (tree_is_key(key, f->key, strlen(f->key)))
			return f;
	}

	return NULL;
}

static int check(const struct config_tree *t, struct config_err *e,
		 const yaml_node_t *node, size_t line,
		 const cyaml_schema_value_t *v, const char *path);

static int check_key(const struct config_tree *t, struct config_err *e,
		     const yaml_node_t *map, const yaml_node_pair_t *p,
		     const cyaml_schema_value_t *v, const char *path)
{
	const yaml_node_t *key = tree_node(t, p->key);
	const size_t line = key->start_mark.line + 1;
	const char *dot = *path ? "." : "";
	const cyaml_schema_field_t *f;
	char sub[PATH_SIZE];
	yaml_node_t *first;

	if (key->type != YAML_SCALAR_NODE)
		return tree_refuse(t, e, line, path, v,
				   "a key that is no text");

	(void)re_snprintf(sub, sizeof(sub), "%s%s%b", path, dot,
			  key->data.scalar.value, shown(key));

	f = field_of(v, key);
	if (!f)
		return tree_refuse(t, e, line, sub, v, "unknown key");

	(void)tree_lookup(t, map, f->key, strlen(f->key), &first);
	if (first != key)
		return tree_refuse(t, e, line, sub, &f->value,
				   "given before, in line %zu",
				   first->start_mark.line + 1);

	return check(t, e, tree_node(t, p->value), line, &f->value, sub);
}

static int check_map(const struct config_tree *t, struct config_err *e,
		     const yaml_node_t *map, size_t line,
		     const cyaml_schema_value_t *v, const char *path)
{
	const cyaml_schema_field_t *f;
	yaml_node_pair_t *p;
	yaml_node_t *key;
	char sub[PATH_SIZE];
	int err;

	if (map->type != YAML_MAPPING_NODE)
		return tree_refuse(t, e, line, path, v,
				   "is no section of keys");

	for (p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
	     p++) {
		err = check_key(t, e, map, p, v, path);
		if (err)
			return err;
	}

	for (f = v->mapping.fields; f->key; f++) {
		if (f->value.flags & CYAML_FLAG_OPTIONAL ||
		    tree_lookup(t, map, f->key, strlen(f->key), &key))
			continue;

		(void)re_snprintf(sub, sizeof(sub), "%s%s%s", path,
				  *path ? "." : "", f->key);
		return tree_refuse(t, e, line, sub, &f->value, "is missing");
	}

	return 0;
}

static int check_list(const struct config_tree *t, struct config_err *e,
		      const yaml_node_t *seq, size_t line,
		      const cyaml_schema_value_t *v, const char *path)
{
	const yaml_node_t *node;
	char sub[PATH_SIZE];
	size_t i;
	int err = 0;

	if (seq->type != YAML_SEQUENCE_NODE)
		return tree_refuse(t, e, line, path, v, "is no list");

	for (i = 0; !err && (node = tree_entry(t, seq, i)); i++) {
		if (i >= v->sequence.max)
			return tree_refuse(t, e, node->start_mark.line + 1,
					   path, v, "has more than %u entries",
					   v->sequence.max);

		(void)re_snprintf(sub, sizeof(sub), "%s[%zu]", path, i);
		err = check(t, e, node, node->start_mark.line + 1,
			    v->sequence.entry, sub);
	}

	return err;
}

static bool is_number(const char *s, const struct config_rule *rule)
{
	const size_t len = strlen(s);
	unsigned long long n;

	/* digits alone: no sign, no fraction, no octal in disguise */
	if (!len || len > 10 || strspn(s, "0123456789") != len ||
	    (len > 1 && *s == '0'))
		return false;

	n = strtoull(s, NULL, 10);

	return n <= UINT32_MAX && (!rule || (n >= rule->min && n <= rule->max));
}

static bool is_enum(const char *s, const cyaml_schema_value_t *v)
{
	uint32_t i;

	for (i = 0; i < v->enumeration.count; i++) {
		if (!strcmp(s, v->enumeration.strings[i].str))
			return true;
	}

	return false;
}

/* libcyaml takes any word that it does not know for true */
static bool is_bool(const char *s)
{
	static const char *const v[] = {"true", "false", "yes",
					"no",   "on",    "off"};

	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		if (!strcmp(s, v[i]))
			return true;

	return false;
}

static int check_scalar(const struct config_tree *t, struct config_err *e,
			const yaml_node_t *node, size_t line,
			const cyaml_schema_value_t *v, const char *path)
{
	const char *s;
	bool ok = true;

	if (node->type != YAML_SCALAR_NODE)
		return tree_refuse(
			t, e, line, path, v, "is a %s",
			node->type == YAML_SEQUENCE_NODE ? "list" : "section");

	s = (const char *)node->data.scalar.value;
	if (strlen(s) != node->data.scalar.length)
		return tree_refuse(t, e, line, path, v, "holds a zero byte");
	if (!*s)
		return tree_refuse(t, e, line, path, v, "is empty");

	if (v->type == CYAML_UINT)
		ok = is_number(s, config_rule(path));
	else if (v->type == CYAML_ENUM)
		ok = is_enum(s, v);
	else if (v->type == CYAML_BOOL)
		ok = is_bool(s);

	return ok ? 0
		  : tree_refuse(t, e, line, path, v, "'%b' will not do", s,
				shown(node));
}

/* Bounded by the schema, which is finite: so is an alias inside itself */
static int check(const struct config_tree *t, struct config_err *e,
		 const yaml_node_t *node, size_t line,
		 const cyaml_schema_value_t *v, const char *path)
{
	switch (v->type) {
	case CYAML_MAPPING:
		return check_map(t, e, node, line, v, path);

	case CYAML_SEQUENCE:
		return check_list(t, e, node, line, v, path);

	default:
		return check_scalar(t, e, node, line, v, path);
	}
}

int config_tree_check(const struct config_tree *t, struct config_err *e)
{
	const yaml_node_t *root = tree_root(t);

	if (!root)
		return tree_refuse(t, e, 1, "", &config_schema,
				   "the file is empty");

	return check(t, e, root, root->start_mark.line + 1, &config_schema, "");
}
