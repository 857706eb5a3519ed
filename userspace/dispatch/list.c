/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatch/list.c  A dispatcher.list as the file has it
 */
#include <stdlib.h>
#include <string.h>
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "dispatch/dispatch.h"
#include "dispatch/hash.h"
#include "dispatch/list.h"

int ds_bad(const struct ds_where *w, const char *fmt, ...)
{
	size_t len = str_len(w->name);
	va_list ap;
	int n;

	if (!w->e)
		return EBADMSG;

	/* of a long path the end, so that the message has room */
	re_snprintf(w->e->msg, sizeof(w->e->msg), "%s%s",
		    len > 160 ? "..." : "",
		    w->name + (len > 160 ? len - 160 : 0));
	n = (int)strlen(w->e->msg);
	n += re_snprintf(w->e->msg + n, sizeof(w->e->msg) - n,
			 w->line ? ":%u: " : ": ", w->line);

	va_start(ap, fmt);
	re_vsnprintf(w->e->msg + n, sizeof(w->e->msg) - n, fmt, ap);
	va_end(ap);

	return EBADMSG;
}

static void group_destructor(void *arg)
{
	struct ds_group *g = arg;

	for (size_t i = 0; i < g->entryc; i++)
		mem_deref(g->entryv[i]);
	mem_deref(g->entryv);
}

static void list_destructor(void *arg)
{
	struct ds_list *l = arg;

	for (size_t i = 0; i < l->groupc; i++)
		mem_deref(l->groupv[i]);
	mem_deref(l->groupv);
}

/* Room for one more in an array of pointers that starts with NULL */
static int grow(void *vp, size_t c, size_t *size)
{
	void **v, *old;
	size_t n = *size ? *size * 2 : 8;

	if (c < *size)
		return 0;

	memcpy(&old, vp, sizeof(old));
	v = old ? mem_realloc(old, n * sizeof(void *))
		: mem_alloc(n * sizeof(void *), NULL);
	if (!v)
		return ENOMEM;

	memcpy(vp, &v, sizeof(v));
	*size = n;

	return 0;
}

/* The set with this id, or where it belongs */
static bool find(const struct ds_list *l, uint32_t id, size_t *pos)
{
	size_t lo = 0, hi = l->groupc;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (l->groupv[mid]->id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	*pos = lo;

	return lo < l->groupc && l->groupv[lo]->id == id;
}

static int group_of(struct ds_group **gp, struct ds_list *l, uint32_t id,
		    const struct ds_where *w)
{
	struct ds_group *g;
	size_t pos;
	int err;

	if (find(l, id, &pos)) {
		*gp = l->groupv[pos];
		return 0;
	}

	if (l->groupc >= DS_SETS_MAX) {
		(void)ds_bad(w, "set %u is one too many; allowed: %u sets", id,
			     DS_SETS_MAX);
		return EBADMSG;
	}

	err = grow(&l->groupv, l->groupc, &l->size);
	if (err)
		return err;

	g = mem_zalloc(sizeof(*g), group_destructor);
	if (!g)
		return ENOMEM;

	g->id = id;
	memmove(&l->groupv[pos + 1], &l->groupv[pos],
		(l->groupc - pos) * sizeof(void *));
	l->groupv[pos] = g;
	++l->groupc;
	*gp = g;

	return 0;
}

/* Owns en in any case. A URI may come more than once: before there were
 * weights, that was how to give one a larger share */
static int add(struct ds_list *l, uint32_t setid, struct ds_entry *en,
	       const struct ds_where *w)
{
	uint64_t first = ds_id(en->uri, 0);
	struct ds_group *g = NULL;
	int err;

	err = group_of(&g, l, setid, w);
	if (err)
		goto out;

	if (g->entryc >= DS_TARGETS_MAX) {
		err = ds_bad(w,
			     "set %u has one target too many; allowed: %u "
			     "in a set",
			     setid, DS_TARGETS_MAX);
		goto out;
	}

	err = grow(&g->entryv, g->entryc, &g->size);
	if (err)
		goto out;

	en->id = first;
	for (size_t i = 0, nth = 0; i < g->entryc; i++) {
		if (g->entryv[i]->id == en->id)
			en->id = ds_id(en->uri, (uint32_t)++nth);
	}
	g->entryv[g->entryc++] = mem_ref(en);

out:
	mem_deref(en);

	return err;
}

static int by_order(const void *a, const void *b)
{
	const struct ds_entry *x = *(struct ds_entry *const *)a;
	const struct ds_entry *y = *(struct ds_entry *const *)b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;

	return x->line > y->line ? -1 : 1;
}

/* Takes a line off the text */
static int next_line(struct pl *text, struct pl *line, const struct ds_where *w)
{
	const char *end = memchr(text->p, '\n', text->l);

	line->p = text->p;
	line->l = end ? (size_t)(end - text->p) : text->l;
	pl_advance(text, (ssize_t)(line->l + (end ? 1 : 0)));
	if (line->l && line->p[line->l - 1] == '\r')
		--line->l;

	if (line->l > DS_LINE_MAX)
		return ds_bad(w, "line of %zu bytes; allowed: %u", line->l,
			      DS_LINE_MAX);
	return 0;
}

int ds_list_parse(struct ds_list **lp, const char *name, const struct pl *text,
		  struct ds_err *e)
{
	struct ds_where w = {name, 0, e};
	struct ds_list *l;
	struct pl rest, line;
	int err = 0;

	if (!lp || !name || !text)
		return EINVAL;

	if (text->l > DS_FILE_MAX) {
		(void)ds_bad(&w, "%zu bytes; allowed: %u", text->l,
			     DS_FILE_MAX);
		return EFBIG;
	}

	l = mem_zalloc(sizeof(*l), list_destructor);
	if (!l)
		return ENOMEM;

	for (rest = *text; rest.l && !err;) {
		struct ds_entry *en = NULL;
		uint32_t setid = 0;

		++w.line;
		err = next_line(&rest, &line, &w);
		if (!err)
			err = ds_line_parse(&en, &setid, &line, &w);
		if (!err && en)
			err = add(l, setid, en, &w);
	}

	for (size_t i = 0; i < l->groupc; i++)
		qsort(l->groupv[i]->entryv, l->groupv[i]->entryc,
		      sizeof(void *), by_order);

	if (err)
		mem_deref(l);
	else
		*lp = l;

	return err;
}

size_t ds_list_count(const struct ds_list *l)
{
	return l ? l->groupc : 0;
}

size_t ds_list_set(const struct ds_list *l, size_t i, uint32_t *id)
{
	if (!l || i >= l->groupc)
		return 0;

	if (id)
		*id = l->groupv[i]->id;

	return l->groupv[i]->entryc;
}

const struct ds_entry *ds_list_entry(const struct ds_list *l, size_t i,
				     size_t k)
{
	if (k >= ds_list_set(l, i, NULL))
		return NULL;

	return l->groupv[i]->entryv[k];
}
