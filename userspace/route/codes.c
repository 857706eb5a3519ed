/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "route/codes.h"

static bool code(const char *s, size_t n, uint16_t *val)
{
	if (n != 3 || !isdigit((unsigned char)s[0]) ||
	    !isdigit((unsigned char)s[1]) || !isdigit((unsigned char)s[2]))
		return false;
	*val = (uint16_t)((s[0] - '0') * 100 + (s[1] - '0') * 10 + s[2] - '0');
	return *val >= 200 && *val <= 699;
}

bool code_range_decode(struct code_range *r, const char *s)
{
	const char *dash = strchr(s, '-');

	if (!code(s, dash ? (size_t)(dash - s) : strlen(s), &r->min))
		return false;
	r->max = r->min;
	return !dash ||
	       (code(dash + 1, strlen(dash + 1), &r->max) && r->min <= r->max);
}

/* A number will do for a single code */
static bool entry(struct code_range *r, const struct odict_entry *e)
{
	if (e->type == ODICT_STRING)
		return code_range_decode(r, e->u.str);
	if (e->type != ODICT_INT || e->u.integer < 200 || e->u.integer > 699)
		return false;
	r->min = r->max = (uint16_t)e->u.integer;
	return true;
}

void codes_read(struct codes *c, struct fields *f, const char *key)
{
	const struct odict_entry *e = odict_lookup(f->o, key);
	const struct odict *arr = fields_array(f, key, CODES);
	struct le *le;

	if (f->err || !e || e->type == ODICT_NULL)
		return;
	c->n = 0;
	for (le = arr ? list_head(&arr->lst) : NULL; le; le = le->next) {
		if (entry(&c->v[c->n++], le->data))
			continue;
		(void)fields_bad(f, key,
				 "allowed: codes and ranges of them of "
				 "200..699, such as 503 or \"500-599\"");
		return;
	}
}

int codes_json(struct odict *o, const char *key, const struct codes *c)
{
	struct odict *arr = NULL;
	char text[12], name[8];
	int err = odict_alloc(&arr, 8);

	for (size_t i = 0; i < c->n && !err; i++) {
		const struct code_range *r = &c->v[i];

		(void)re_snprintf(name, sizeof(name), "%zu", i);
		if (r->min == r->max)
			(void)re_snprintf(text, sizeof(text), "%u", r->min);
		else
			(void)re_snprintf(text, sizeof(text), "%u-%u", r->min,
					  r->max);
		err = odict_entry_add(arr, name, ODICT_STRING, text);
	}
	if (!err)
		err = odict_entry_add(o, key, ODICT_ARRAY, arr);
	mem_deref(arr);
	return err;
}

bool codes_have(const struct codes *c, uint16_t code)
{
	for (size_t i = 0; i < c->n; i++)
		if (code >= c->v[i].min && code <= c->v[i].max)
			return true;
	return false;
}
