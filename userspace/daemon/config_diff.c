/* SPDX-License-Identifier: BSD-2-Clause */
/* In what two configurations differ */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include <re.h>

#include "daemon/config_diff.h"

/* A key and its value, as config_print() writes them: "ng:", "  ttl: 64" and
 * the lines that are further in */
struct block {
	struct pl section; /* empty: the key has none                   */
	struct pl key, text;
};

/* Where we are in a text */
struct walk {
	struct pl rest, section;
};

static struct pl line_of(const struct pl *rest)
{
	const char *nl = pl_strchr(rest, '\n');

	return (struct pl){rest->p, nl ? (size_t)(nl - rest->p) + 1 : rest->l};
}

/* How far in a line's key stands; -1: it goes on with the one before */
static int depth(const struct pl *line)
{
	const size_t in = line->l > 2 && !strncmp(line->p, "  ", 2) ? 2 : 0;

	return line->l > in && isalpha((unsigned char)line->p[in]) ? (int)in
								   : -1;
}

static struct pl key_of(const struct pl *line, int in)
{
	struct pl key = {line->p + in, 0};

	while (key.l < line->l - (size_t)in && key.p[key.l] != ':')
		key.l++;
	return key;
}

static bool next(struct walk *w, struct block *b)
{
	struct pl line = line_of(&w->rest);
	const int in = depth(&line);

	if (!line.l)
		return false;
	b->key = key_of(&line, in > 0 ? in : 0);
	if (in <= 0)
		w->section = b->key;
	b->section = in > 0 ? w->section : pl_null;
	b->text.p = line.p;
	do {
		pl_advance(&w->rest, (ssize_t)line.l);
		line = line_of(&w->rest);
	} while (line.l && depth(&line) < 0);
	b->text.l = (size_t)(w->rest.p - b->text.p);
	return true;
}

static bool find(const char *text, const struct block *want, struct block *b)
{
	struct walk w = {.section = pl_null};

	pl_set_str(&w.rest, text);
	while (next(&w, b))
		if (!pl_cmp(&b->key, &want->key) &&
		    b->section.l == want->section.l &&
		    !memcmp(b->section.p ? b->section.p : "",
			    want->section.p ? want->section.p : "",
			    b->section.l))
			return true;
	return false;
}

static void say(const struct block *b, config_diff_h *h, void *arg)
{
	char path[128];

	(void)re_snprintf(path, sizeof(path), "%r%s%r", &b->section,
			  b->section.l ? "." : "", &b->key);
	h(path, arg);
}

/* Blocks of a that b has otherwise, or, with `missing`, not at all */
static void compare(const char *a, const char *b, bool missing,
		    config_diff_h *h, void *arg)
{
	struct walk w = {.section = pl_null};
	struct block one, other;

	pl_set_str(&w.rest, a);
	while (next(&w, &one)) {
		const bool there = find(b, &one, &other);

		if (missing ? !there
			    : there && pl_cmp(&one.text, &other.text) != 0)
			say(&one, h, arg);
	}
}

int config_diff(const struct config *a, const struct config *b,
		config_diff_h *h, void *arg)
{
	char *at = NULL, *bt = NULL;
	int err;

	if (!a || !b || !h)
		return EINVAL;
	err = re_sdprintf(&at, "%H", config_print, a);
	if (!err)
		err = re_sdprintf(&bt, "%H", config_print, b);
	if (!err) {
		compare(at, bt, false, h, arg);
		compare(at, bt, true, h, arg);
		compare(bt, at, true, h, arg);
	}
	mem_deref(at);
	mem_deref(bt);
	return err;
}
