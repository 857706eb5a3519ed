/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields of a body, held against a table */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "api/core.h"
#include "base/fields.h"

/* A part of a JSON pointer (RFC 6901 section 3) */
static int print_part(struct re_printf *pf, const char *s)
{
	int err = 0;

	for (; *s && !err; s++) {
		if (*s == '~')
			err = pf->vph("~0", 2, pf->arg);
		else if (*s == '/')
			err = pf->vph("~1", 2, pf->arg);
		else
			err = pf->vph(s, 1, pf->arg);
	}

	return err;
}

static bool word_is_one_of(const char *s, const char *words)
{
	const size_t len = strlen(s);

	while (words) {
		if (!strncmp(words, s, len) && strchr("|", words[len]))
			return true;
		words = strchr(words, '|');
		words = words ? words + 1 : NULL;
	}

	return false;
}

static bool in_bounds(const struct api_field *f, int64_t n)
{
	return (!f->min && !f->max) || (n >= f->min && n <= f->max);
}

static bool type_fits(const struct api_field *f, const struct odict_entry *e)
{
	switch (f->type) {
	case API_STRING:
		return e->type == ODICT_STRING &&
		       in_bounds(f, (int64_t)strlen(e->u.str));
	case API_ENUM:
		return e->type == ODICT_STRING &&
		       word_is_one_of(e->u.str, f->allowed);
	case API_NUMBER:
		return e->type == ODICT_INT && in_bounds(f, e->u.integer);
	case API_BOOL:
		return e->type == ODICT_BOOL;
	case API_OBJECT:
		return e->type == ODICT_OBJECT;
	case API_ARRAY:
		return e->type == ODICT_ARRAY &&
		       in_bounds(f, (int64_t)odict_count(e->u.odict, false));
	}

	return false;
}

static int print_bounds(struct re_printf *pf, const struct api_field *f)
{
	if (!f->min && !f->max)
		return 0;

	return re_hprintf(pf, "%s%lld..%lld%s",
			  f->type == API_NUMBER ? ", " : " of ",
			  (long long)f->min, (long long)f->max,
			  f->type == API_STRING  ? " bytes"
			  : f->type == API_ARRAY ? " entries"
						 : "");
}

static int print_allowed(struct re_printf *pf, const struct api_field *f)
{
	static const char *const wordv[] = {
		[API_STRING] = "a string",  [API_NUMBER] = "a whole number",
		[API_BOOL] = "true, false", [API_OBJECT] = "an object",
		[API_ARRAY] = "an array",
	};
	int err = 0;

	if (f->type == API_ENUM) {
		for (const char *p = f->allowed; *p && !err; p++)
			err = *p == '|' ? pf->vph(", ", 2, pf->arg)
					: pf->vph(p, 1, pf->arg);
		return err;
	}

	return f->allowed ? re_hprintf(pf, "%s", f->allowed)
			  : re_hprintf(pf, "%s%H", wordv[f->type], print_bounds,
				       f);
}

/* "times.windows[1].from" to "/times/windows/1/from" */
void api_fault_fields(struct api_req *req, const struct fields_err *e)
{
	char pointer[2 * sizeof(e->path)];
	size_t n = 0;

	if (*e->path)
		pointer[n++] = '/';
	for (const char *p = e->path; *p && n + 3 < sizeof(pointer); p++) {
		if (*p == '.' || *p == '[') {
			pointer[n++] = '/';
		} else if (*p == '~' || *p == '/') {
			pointer[n++] = '~';
			pointer[n++] = *p == '~' ? '0' : '1';
		} else if (*p != ']') {
			pointer[n++] = *p;
		}
	}
	pointer[n] = '\0';
	api_fault(req, pointer, "%s", e->text);
}

static const struct api_field *field_of(const struct api_field *fieldv,
					const char *name)
{
	for (; fieldv->name; fieldv++)
		if (!strcmp(fieldv->name, name))
			return fieldv;

	return NULL;
}

static int print_names(struct re_printf *pf, const struct api_field *fieldv)
{
	int err = 0;

	for (size_t i = 0; fieldv[i].name && !err; i++)
		err = re_hprintf(pf, "%s%s", i ? ", " : "", fieldv[i].name);

	return err;
}

static void fault_at(struct api_req *req, const char *pointer, const char *name,
		     const struct api_field *fieldv, const struct api_field *f,
		     const char *what)
{
	char *at = NULL;

	if (re_sdprintf(&at, "%s/%H", pointer, print_part, name))
		return;
	if (f)
		api_fault(req, at, "%s; allowed: %H", what, print_allowed, f);
	else
		api_fault(req, at, "%s; allowed: %H", what, print_names,
			  fieldv);
	mem_deref(at);
}

bool api_check(struct api_req *req, const char *pointer, const struct odict *o,
	       const struct api_field *fieldv)
{
	const unsigned before = req->faultc;
	const struct api_field *f;
	struct le *le;

	for (le = o ? o->lst.head : NULL; le; le = le->next) {
		const struct odict_entry *e = le->data;

		f = field_of(fieldv, e->key);
		if (!f)
			fault_at(req, pointer, e->key, fieldv, NULL,
				 "no such field");
		else if (odict_lookup(o, e->key) != e)
			fault_at(req, pointer, e->key, fieldv, f,
				 "is there twice");
		else if (!type_fits(f, e))
			fault_at(req, pointer, e->key, fieldv, f,
				 "cannot be this");
	}
	for (f = fieldv; f->name; f++)
		if (f->required && (!o || !odict_lookup(o, f->name)))
			fault_at(req, pointer, f->name, fieldv, f,
				 "is missing");

	return req->faultc == before;
}
