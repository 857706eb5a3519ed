/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file base/figure.c  A figure of a room: one line of /metrics, one number in JSON
 */
#include "base/figure.h"

static int add(struct odict *array, const struct figure *f)
{
	const struct {
		const char *name, *text;
	} v[] = {
		{"group", f->group},
		{"key", f->key},
		{"label", f->label},
		{"metric", f->metric},
		{"type", f->kind == FIGURE_GAUGE ? "gauge" : "counter"},
		{"help", f->help},
	};
	struct odict *o = NULL;
	char name[64];
	int err = odict_alloc(&o, 8);

	for (size_t i = 0; i < ARRAY_SIZE(v) && !err; i++)
		if (v[i].text)
			err = odict_entry_add(o, v[i].name, ODICT_STRING,
					      v[i].text);
	if (!err && f->kind == FIGURE_MICROSECONDS)
		err = odict_entry_add(o, "value", ODICT_DOUBLE,
				      (double)f->value / 1e6);
	else if (!err)
		err = odict_entry_add(o, "value", ODICT_INT, (int64_t)f->value);
	/* an array's keys have no meaning, but differ */
	(void)re_snprintf(name, sizeof(name), "%s%zu", f->group,
			  odict_count(array, false));
	if (!err)
		err = odict_entry_add(array, name, ODICT_OBJECT, o);
	mem_deref(o);
	return err;
}

int figure_add(struct odict *figures, const struct figure *v, size_t n)
{
	const struct odict_entry *e = odict_get_type(figures, ODICT_ARRAY,
						     "figures");
	int err = 0;

	for (size_t i = 0; e && i < n && !err; i++)
		err = add(e->u.odict, &v[i]);
	return err;
}
