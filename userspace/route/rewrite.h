/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file route/rewrite.h  Numbers as a provider wants them
 *
 * Steps, one after the other: so many characters taken off and others put in
 * front, or an extended regular expression (POSIX) whose match is replaced. What
 * an expression may cost is bounded: it has no back references, and what it
 * repeats, it repeats 32 times at most.
 */
#ifndef CAROM_ROUTE_REWRITE_H
#define CAROM_ROUTE_REWRITE_H

#include <re.h>
#include "base/fields.h"

enum { NUMBER_MAX = 64, REWRITE_STEPS = 8 };

/** A number, or another user part of a URI, unescaped */
struct number {
	char s[NUMBER_MAX + 1];
};

struct rewrite;

/**
 * Read the array at key
 *
 * @param rp  Pointer to the object (mem_deref when done); NULL where there is none
 *
 * [{"strip": 1, "add": "00"}, {"match": "^49", "replace": "0"}]: \1 to \9 in
 * "replace" are the expression's groups
 */
void rewrite_read(struct rewrite **rp, struct fields *f, const char *key);

/** As rewrite_read() takes it. @param arr  Array */
int rewrite_json(struct odict *arr, const struct rewrite *r);

/**
 * Apply all steps. An expression that does not match leaves the number as it is,
 * and so does `strip` where the number is not longer
 *
 * @return 0; EOVERFLOW: longer than NUMBER_MAX; EINVAL: nothing is left of it
 */
int rewrite_apply(const struct rewrite *r, struct number *n);

#endif
