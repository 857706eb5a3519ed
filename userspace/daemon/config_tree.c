/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "daemon/config.h"
#include "daemon/config_node.h"
#include "daemon/config_raw.h"
#include "daemon/config_tree.h"

static void destructor(void *data)
{
	struct config_tree *t = data;

	if (t->loaded)
		yaml_document_delete(&t->doc);
	mem_deref(t->file);
}

static unsigned line_at(const struct pl *text, size_t offset)
{
	unsigned line = 1;
	size_t i;

	for (i = 0; i < offset && i < text->l; i++)
		line += text->p[i] == '\n';

	return line;
}

static int not_yaml(const char *file, const yaml_parser_t *p,
		    const struct pl *text, struct config_err *e)
{
	unsigned line = (unsigned)p->problem_mark.line + 1;

	if (p->error == YAML_MEMORY_ERROR)
		return ENOMEM;

	/* what is no text at all has an offset instead of a line */
	if (p->error == YAML_READER_ERROR)
		line = line_at(text, p->problem_offset);

	(void)re_snprintf(e->msg, sizeof(e->msg),
			  "%s:%u: not YAML: %s%s%s; allowed: UTF-8, indented "
			  "with spaces",
			  file, line, p->problem ? p->problem : "unreadable",
			  p->context ? " " : "", p->context ? p->context : "");

	return EBADMSG;
}

/* Anything after the first document would be ignored, and that surprises */
static int no_more(yaml_parser_t *p, const char *file, const struct pl *text,
		   struct config_err *e)
{
	yaml_document_t doc;
	int err = 0;

	if (!yaml_parser_load(p, &doc))
		return not_yaml(file, p, text, e);

	if (yaml_document_get_root_node(&doc)) {
		(void)re_snprintf(e->msg, sizeof(e->msg),
				  "%s:%zu: a second document; allowed: one",
				  file, doc.start_mark.line + 1);
		err = EBADMSG;
	}
	yaml_document_delete(&doc);

	return err;
}

int config_tree_parse(struct config_tree **tp, const char *file,
		      const struct pl *text, struct config_err *e)
{
	struct config_tree *t;
	yaml_parser_t parser;
	int err;

	t = mem_zalloc(sizeof(*t), destructor);
	if (!t)
		return ENOMEM;

	if (!yaml_parser_initialize(&parser)) {
		err = ENOMEM;
		goto out;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text->p,
				     text->l);

	err = str_dup(&t->file, file);
	if (err)
		goto parsed;

	if (!yaml_parser_load(&parser, &t->doc)) {
		err = not_yaml(file, &parser, text, e);
		goto parsed;
	}
	t->loaded = true;

	if (yaml_document_get_root_node(&t->doc))
		err = no_more(&parser, file, text, e);

parsed:
	yaml_parser_delete(&parser);
out:
	if (err)
		mem_deref(t);
	else
		*tp = t;

	return err;
}

yaml_node_t *tree_node(const struct config_tree *t, int index)
{
	return yaml_document_get_node((yaml_document_t *)&t->doc, index);
}

yaml_node_t *tree_root(const struct config_tree *t)
{
	return yaml_document_get_root_node((yaml_document_t *)&t->doc);
}

bool tree_is_key(const yaml_node_t *node, const char *key, size_t len)
{
	return node && node->type == YAML_SCALAR_NODE &&
	       node->data.scalar.length == len &&
	       !memcmp(node->data.scalar.value, key, len);
}

/* Value of a key in a mapping; NULL when it is not there */
yaml_node_t *tree_lookup(const struct config_tree *t, const yaml_node_t *map,
			 const char *key, size_t len, yaml_node_t **keyp)
{
	yaml_node_pair_t *p;

	if (!map || map->type != YAML_MAPPING_NODE)
		return NULL;

	for (p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
	     p++) {
		yaml_node_t *k = tree_node(t, p->key);

		if (tree_is_key(k, key, len)) {
			*keyp = k;
			return tree_node(t, p->value);
		}
	}

	return NULL;
}

yaml_node_t *tree_entry(const struct config_tree *t, const yaml_node_t *seq,
			size_t i)
{
	yaml_node_item_t *item;

	if (!seq || seq->type != YAML_SEQUENCE_NODE)
		return NULL;

	item = seq->data.sequence.items.start + i;

	return item < seq->data.sequence.items.top ? tree_node(t, *item) : NULL;
}

/* Walk a key path; *line is that of the last key that was there */
static const yaml_node_t *walk(const struct config_tree *t, const char *path,
			       size_t *line)
{
	yaml_node_t *node = tree_root(t), *key = NULL;

	*line = 1;
	while (node && *path) {
		if (*path == '[') {
			char *end;

			node = tree_entry(t, node, strtoul(path + 1, &end, 10));
			path = *end ? end + 1 : end;
			key = node;
		} else {
			size_t len;

			path += *path == '.';
			len = strcspn(path, ".[");
			node = tree_lookup(t, node, path, len, &key);
			path += len;
		}
		if (node)
			*line = key->start_mark.line + 1;
	}

	return node;
}

bool config_tree_has(const struct config_tree *t, const char *path)
{
	size_t line;

	return walk(t, path, &line) != NULL;
}

/* Words for what a schema's value may be */
static int print_allowed(struct re_printf *pf, const cyaml_schema_value_t *v)
{
	const cyaml_schema_field_t *f;
	uint32_t i;
	int err = 0;

	switch (v->type) {
	case CYAML_MAPPING:
		for (f = v->mapping.fields; f->key && !err; f++)
			err = re_hprintf(pf, "%s%s",
					 f == v->mapping.fields ? "" : ", ",
					 f->key);
		return err;

	case CYAML_ENUM:
		for (i = 0; i < v->enumeration.count && !err; i++)
			err = re_hprintf(pf, "%s%s", i ? ", " : "",
					 v->enumeration.strings[i].str);
		return err;

	case CYAML_SEQUENCE:
		return re_hprintf(pf, "a list");

	case CYAML_UINT:
		return re_hprintf(pf, "a number");

	case CYAML_BOOL:
		return re_hprintf(pf, "true, false");

	default:
		return re_hprintf(pf, "text");
	}
}

static int say(const struct config_tree *t, struct config_err *e, size_t line,
	       const char *path, const cyaml_schema_value_t *v,
	       const char *what, va_list *ap)
{
	const struct config_rule *rule = config_rule(path);
	char *text = NULL;

	if (re_vsdprintf(&text, what, *ap))
		return ENOMEM;

	/* the keys of a section say more than words about it */
	if (rule && (!v || v->type != CYAML_MAPPING))
		(void)re_snprintf(e->msg, sizeof(e->msg),
				  "%s:%zu: %s: %s; allowed: %s", t->file, line,
				  path, text, rule->allowed);
	else if (v)
		(void)re_snprintf(e->msg, sizeof(e->msg),
				  "%s:%zu: %s%s%s; allowed: %H", t->file, line,
				  path, *path ? ": " : "", text, print_allowed,
				  v);
	else
		(void)re_snprintf(e->msg, sizeof(e->msg), "%s:%zu: %s: %s",
				  t->file, line, path, text);
	mem_deref(text);

	return EBADMSG;
}

int tree_refuse(const struct config_tree *t, struct config_err *e, size_t line,
		const char *path, const cyaml_schema_value_t *v,
		const char *what, ...)
{
	va_list ap;
	int err;

	va_start(ap, what);
	err = say(t, e, line, path, v, what, &ap);
	va_end(ap);

	return err;
}

int config_tree_refuse(const struct config_tree *t, struct config_err *e,
		       const char *path, const char *what, ...)
{
	va_list ap;
	size_t line;
	int err;

	(void)walk(t, path, &line);
	va_start(ap, what);
	err = say(t, e, line, path, NULL, what, &ap);
	va_end(ap);

	return err;
}
