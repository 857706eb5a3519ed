/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file table.h  Aligned tables that fit the terminal
 */
#ifndef CAROM_TABLE_H
#define CAROM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum tint {
	TINT_NONE = 0,
	TINT_HEAD,
	TINT_DIM,
	TINT_GOOD,
	TINT_WARN,
	TINT_BAD,
};

/** How the output looks */
struct table_style {
	bool colour;
	unsigned width; /**< columns of the terminal; 0: no limit          */
};

/** One column */
struct table_col {
	const char *name;
	bool right;    /**< numbers: flush right                          */
	unsigned drop; /**< left out where the line is too long, highest
			     first; 0 never                                */
};

struct table;

/**
 * @param tp    Pointer to the object (mem_deref when done)
 * @param colv  Columns; kept, not copied
 *
 * @return 0 or ENOMEM
 */
int table_alloc(struct table **tp, const struct table_col *colv, size_t colc);

/**
 * Put the next cell, row after row. Control characters become '?', as text
 * from the network may be anything. Lack of memory shows in table_print().
 */
void table_cell(struct table *t, enum tint tint, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** Number of complete rows */
size_t table_rows(const struct table *t);

/** Leave a column out: always, or where all of its cells are empty */
void table_hide(struct table *t, const char *name);
void table_hide_empty(struct table *t, const char *name);

/** Print header and rows. @return 0 or ENOMEM */
int table_print(const struct table *t, FILE *f, const struct table_style *st);

/** Start and end of a tint; "" without colour */
const char *tint_on(const struct table_style *st, enum tint tint);
const char *tint_off(const struct table_style *st, enum tint tint);

/** Replace control characters by '?' */
void text_defuse(char *s);

/** Print text that may come from the network, control characters as '?' */
void table_text(FILE *f, const struct table_style *st, enum tint tint,
		const char *s);

/** Columns a UTF-8 string takes, each character counted as one */
size_t text_width(const char *s);

#endif
