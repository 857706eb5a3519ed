/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file table.c  Aligned tables that fit the terminal
 */
#include <stdarg.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "table.h"

enum { GAP = 2, CELL_MIN = 8 };

struct cell {
	char *text;
	enum tint tint;
};

struct table {
	const struct table_col *colv;
	size_t colc;
	struct cell *cellv;
	size_t cellc, cellsz;
	uint64_t hidden; /* bit per column */
	bool nomem;
};

static void table_destructor(void *arg)
{
	struct table *t = arg;

	for (size_t i = 0; i < t->cellc; i++)
		mem_deref(t->cellv[i].text);

	mem_deref(t->cellv);
}

int table_alloc(struct table **tp, const struct table_col *colv, size_t colc)
{
	struct table *t = mem_zalloc(sizeof(*t), table_destructor);

	if (!t)
		return ENOMEM;

	/* one bit of `hidden` each */
	if (!colc || colc > 64) {
		mem_deref(t);
		return EINVAL;
	}

	t->colv = colv;
	t->colc = colc;
	*tp = t;

	return 0;
}

static int grow(struct table *t)
{
	size_t sz = t->cellsz ? t->cellsz * 2 : 64;
	struct cell *v;

	if (t->cellc < t->cellsz)
		return 0;

	v = mem_reallocarray(t->cellv, sz, sizeof(*v), NULL);
	if (!v)
		return ENOMEM;

	t->cellv = v;
	t->cellsz = sz;

	return 0;
}

void table_cell(struct table *t, enum tint tint, const char *fmt, ...)
{
	char buf[512];
	struct cell *c;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);

	text_defuse(buf);

	if (grow(t)) {
		t->nomem = true;
		return;
	}

	c = &t->cellv[t->cellc];
	c->tint = tint;
	if (str_dup(&c->text, buf)) {
		t->nomem = true;
		return;
	}

	++t->cellc;
}

size_t table_rows(const struct table *t)
{
	return t && t->colc ? t->cellc / t->colc : 0;
}

void table_hide(struct table *t, const char *name)
{
	for (size_t i = 0; i < t->colc; i++) {
		if (!strcmp(t->colv[i].name, name))
			t->hidden |= 1ull << i;
	}
}

void table_hide_empty(struct table *t, const char *name)
{
	for (size_t i = 0; i < table_rows(t) * t->colc; i++) {
		if (!strcmp(t->colv[i % t->colc].name, name) &&
		    t->cellv[i].text[0])
			return;
	}

	table_hide(t, name);
}

/** What is needed to print: widths of the columns; 0 means left out */
static size_t measure(const struct table *t, size_t *widthv)
{
	size_t total = 0;

	for (size_t i = 0; i < t->colc; i++)
		widthv[i] = text_width(t->colv[i].name);

	for (size_t i = 0; i < table_rows(t) * t->colc; i++) {
		size_t w = text_width(t->cellv[i].text);

		if (w > widthv[i % t->colc])
			widthv[i % t->colc] = w;
	}

	for (size_t i = 0; i < t->colc; i++) {
		if (t->hidden & 1ull << i)
			widthv[i] = 0;
		else
			total += widthv[i] + (total ? GAP : 0);
	}

	return total;
}

static bool drop_one(const struct table *t, size_t *widthv, size_t *total)
{
	size_t best = t->colc;

	for (size_t i = 0; i < t->colc; i++) {
		if (!widthv[i] || !t->colv[i].drop)
			continue;
		if (best == t->colc || t->colv[i].drop > t->colv[best].drop)
			best = i;
	}

	if (best == t->colc)
		return false;

	*total -= widthv[best] + GAP;
	widthv[best] = 0;

	return true;
}

/* Text is cut, numbers never are */
static void squeeze(const struct table *t, size_t *widthv, size_t total,
		    size_t limit)
{
	while (total > limit) {
		size_t best = t->colc;

		for (size_t i = 0; i < t->colc; i++) {
			if (t->colv[i].right || widthv[i] <= CELL_MIN)
				continue;
			if (best == t->colc || widthv[i] > widthv[best])
				best = i;
		}

		if (best == t->colc)
			return;

		--widthv[best];
		--total;
	}
}

static void put_text(FILE *f, const char *s, size_t width)
{
	size_t n = 0;

	if (text_width(s) <= width) {
		fputs(s, f);
		return;
	}

	for (; *s; s++) {
		n += ((unsigned char)*s & 0xc0) != 0x80;
		if (n >= width)
			break;
		fputc(*s, f);
	}

	fputc('~', f);
}

static void put_line(const struct table *t, FILE *f, const size_t *widthv,
		     const struct table_style *st, const struct cell *row)
{
	size_t pad = 0;
	bool first = true;

	for (size_t i = 0; i < t->colc; i++) {
		const char *s = row ? row[i].text : t->colv[i].name;
		enum tint tint = row ? row[i].tint : TINT_HEAD;
		size_t w;

		if (!widthv[i])
			continue;

		w = text_width(s);
		if (w > widthv[i])
			w = widthv[i];

		if (!first)
			pad += GAP;
		first = false;

		if (t->colv[i].right)
			pad += widthv[i] - w;

		/* no blanks at the end of a line */
		if (w) {
			fprintf(f, "%*s%s", (int)pad, "", tint_on(st, tint));
			put_text(f, s, widthv[i]);
			fputs(tint_off(st, tint), f);
			pad = 0;
		}

		if (!t->colv[i].right)
			pad += widthv[i] - w;
	}

	fputc('\n', f);
}

int table_print(const struct table *t, FILE *f, const struct table_style *st)
{
	size_t *widthv, total;

	if (t->nomem)
		return ENOMEM;

	widthv = mem_zalloc(t->colc * sizeof(*widthv), NULL);
	if (!widthv)
		return ENOMEM;

	total = measure(t, widthv);

	if (st->width) {
		while (total > st->width && drop_one(t, widthv, &total))
			;
		squeeze(t, widthv, total, st->width);
	}

	put_line(t, f, widthv, st, NULL);

	for (size_t i = 0; i < table_rows(t); i++)
		put_line(t, f, widthv, st, &t->cellv[i * t->colc]);

	mem_deref(widthv);

	return 0;
}
