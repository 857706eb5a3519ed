/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file base/member.c  Members of JSON objects, from one to another
 */
#include "base/member.h"

int member_copy(struct odict *o, const struct odict_entry *e)
{
	switch (e->type) {
	case ODICT_OBJECT:
	case ODICT_ARRAY:
		return odict_entry_add(o, e->key, e->type, e->u.odict);
	case ODICT_STRING:
		return odict_entry_add(o, e->key, e->type, e->u.str);
	case ODICT_INT:
		return odict_entry_add(o, e->key, e->type, e->u.integer);
	case ODICT_DOUBLE:
		return odict_entry_add(o, e->key, e->type, e->u.dbl);
	case ODICT_BOOL:
		return odict_entry_add(o, e->key, e->type, (int)e->u.boolean);
	default:
		return odict_entry_add(o, e->key, ODICT_NULL);
	}
}
