/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatch/attr.h  Attributes one by one
 */
#ifndef CAROM_DISPATCH_ATTR_H
#define CAROM_DISPATCH_ATTR_H

#include <re.h>

/**
 * The next attribute of `name=value;name="value";name`
 *
 * @param rest  What is left; moves on
 * @param name  Not empty
 * @param val   Quotes off; empty for a name alone
 *
 * @return 0, ENOENT (no more), EBADMSG (nothing between semicolons, no name
 *         before "=", a quote where none belongs)
 */
int ds_attr_next(struct pl *rest, struct pl *name, struct pl *val);

#endif
