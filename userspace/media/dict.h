/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/dict.h  Short words for filling libre's dictionaries
 */
#ifndef CAROM_MEDIA_DICT_H
#define CAROM_MEDIA_DICT_H

#include <re.h>

/** Add an empty object or array to o; the entry owns it */
static inline int dict_add(struct odict **dp, struct odict *o, const char *key,
			   int type)
{
	int err = odict_alloc(dp, 8);

	if (err)
		return err;

	err = odict_entry_add(o, key, type, *dp);
	mem_deref(*dp);

	return err;
}

/** NULL adds nothing */
static inline int dict_str(struct odict *o, const char *key, const char *val)
{
	return val ? odict_entry_add(o, key, ODICT_STRING, val) : 0;
}

static inline int dict_int(struct odict *o, const char *key, int64_t val)
{
	return odict_entry_add(o, key, ODICT_INT, val);
}

static inline int dict_float(struct odict *o, const char *key, double val)
{
	return odict_entry_add(o, key, ODICT_DOUBLE, val);
}

#endif
