/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file text.c  Tints, and text that a terminal may be shown
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "table.h"

const char *tint_on(const struct table_style *st, enum tint tint)
{
	if (!st->colour)
		return "";

	switch (tint) {
	case TINT_NONE:
		return "";
	case TINT_HEAD:
		return "\033[1m";
	case TINT_DIM:
		return "\033[2m";
	case TINT_GOOD:
		return "\033[32m";
	case TINT_WARN:
		return "\033[33m";
	case TINT_BAD:
		return "\033[31m";
	}

	return "";
}

const char *tint_off(const struct table_style *st, enum tint tint)
{
	return st->colour && tint != TINT_NONE ? "\033[0m" : "";
}

size_t text_width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;

	return n;
}

/* DEL and the C1 range (0xc2 0x80..0x9f) move terminals as well as C0 does */
void text_defuse(char *s)
{
	for (unsigned char *p = (unsigned char *)s; *p; p++) {
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
		else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			p[0] = p[1] = '?';
	}
}

void table_text(FILE *f, const struct table_style *st, enum tint tint,
		const char *s)
{
	char *copy = NULL;

	if (str_dup(&copy, s))
		return;

	text_defuse(copy);
	fprintf(f, "%s%s%s", tint_on(st, tint), copy, tint_off(st, tint));
	mem_deref(copy);
}
