/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file base/member.h  Members of JSON objects, from one to another
 */
#ifndef CAROM_BASE_MEMBER_H
#define CAROM_BASE_MEMBER_H

#include <re.h>

/**
 * Add a member of another object: what it has in it, be it an object or an array, is
 * both's from then on
 *
 * @param o  Has none of that name
 *
 * @return 0 or ENOMEM
 */
int member_copy(struct odict *o, const struct odict_entry *e);

#endif
