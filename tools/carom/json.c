/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file json.c  Objects and arrays for --json
 */
#include "carom.h"

enum { HASH_SIZE = 16 };

static const char *name(const struct odict *od, const char *key, char *buf,
			size_t size)
{
	if (key)
		return key;

	/* an array: its keys are never shown, yet must differ */
	(void)snprintf(buf, size, "%u", list_count(&od->lst));

	return buf;
}

void js_str(int *err, struct odict *od, const char *key, const char *val)
{
	char buf[16];

	if (!val)
		js_null(err, od, key);
	else if (!*err)
		*err = odict_entry_add(od, name(od, key, buf, sizeof(buf)),
				       ODICT_STRING, val);
}

void js_int(int *err, struct odict *od, const char *key, int64_t val)
{
	if (!*err)
		*err = odict_entry_add(od, key, ODICT_INT, val);
}

void js_dbl(int *err, struct odict *od, const char *key, double val)
{
	if (!*err)
		*err = odict_entry_add(od, key, ODICT_DOUBLE, val);
}

void js_bool(int *err, struct odict *od, const char *key, bool val)
{
	if (!*err)
		*err = odict_entry_add(od, key, ODICT_BOOL, (int)val);
}

void js_null(int *err, struct odict *od, const char *key)
{
	if (!*err)
		*err = odict_entry_add(od, key, ODICT_NULL);
}

void js_sa(int *err, struct odict *od, const char *key, const struct sa *sa)
{
	char buf[64];

	if (!sa_isset(sa, SA_ADDR)) {
		js_null(err, od, key);
		return;
	}

	(void)re_snprintf(buf, sizeof(buf), "%J", sa);
	js_str(err, od, key, buf);
}

static struct odict *nested(int *err, struct odict *od, const char *key,
			    enum odict_type type)
{
	struct odict *sub = NULL;
	char buf[16];

	if (*err)
		return NULL;

	*err = odict_alloc(&sub, HASH_SIZE);
	if (*err)
		return NULL;

	*err = odict_entry_add(od, name(od, key, buf, sizeof(buf)), type, sub);
	mem_deref(sub);

	return *err ? NULL : sub;
}

struct odict *js_obj(int *err, struct odict *od, const char *key)
{
	return nested(err, od, key, ODICT_OBJECT);
}

struct odict *js_arr(int *err, struct odict *od, const char *key)
{
	return nested(err, od, key, ODICT_ARRAY);
}

void js_counts(int *err, struct odict *od, const char *key,
	       const uint32_t *count, bool all)
{
	struct odict *sub = js_obj(err, od, key);

	for (unsigned i = 0; !*err && i < CAROM_R_LEG_MAX; i++) {
		if (count[i] && (all || i != CAROM_R_RELAYED))
			js_int(err, sub, fp_reason_name(i), count[i]);
	}
}
