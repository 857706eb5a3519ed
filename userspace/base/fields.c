/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include <re.h>

#include "base/fields.h"

void fields_init(struct fields *f, const struct odict *o, struct fields_err *e)
{
	memset(f, 0, sizeof(*f));
	f->o = o;
	f->e = e;
	str_ncpy(f->at, e->path, sizeof(f->at));
	e->path[0] = e->text[0] = '\0';
}

int fields_bad(struct fields *f, const char *key, const char *fmt, ...)
{
	va_list ap;

	if (f->err)
		return f->err;
	(void)re_snprintf(f->e->path, sizeof(f->e->path), "%s%s%s", f->at,
			  *f->at && *key ? "." : "", key);
	va_start(ap, fmt);
	(void)re_vsnprintf(f->e->text, sizeof(f->e->text), fmt, ap);
	va_end(ap);
	f->err = EBADMSG;
	return f->err;
}

/* An entry that is null counts as one that is not there */
static const struct odict_entry *member(struct fields *f, const char *key)
{
	const struct odict_entry *e;

	if (f->err)
		return NULL;
	if (f->seenc < ARRAY_SIZE(f->seenv))
		f->seenv[f->seenc++] = key;
	e = odict_lookup(f->o, key);
	return e && e->type != ODICT_NULL ? e : NULL;
}

const struct odict *fields_object(struct fields *f, const char *key)
{
	const struct odict_entry *e = member(f, key);

	if (!e)
		return NULL;
	if (e->type == ODICT_OBJECT)
		return e->u.odict;
	(void)fields_bad(f, key, "allowed: an object");
	return NULL;
}

const struct odict *fields_array(struct fields *f, const char *key, size_t max)
{
	const struct odict_entry *e = member(f, key);

	if (!e)
		return NULL;
	if (e->type != ODICT_ARRAY || odict_count(e->u.odict, false) > max) {
		(void)fields_bad(f, key, "allowed: an array of at most %zu",
				 max);
		return NULL;
	}
	return odict_count(e->u.odict, false) ? e->u.odict : NULL;
}

void fields_element(struct fields *in, struct fields *f, const char *key,
		    size_t i, const struct odict_entry *entry)
{
	(void)re_snprintf(f->e->path, sizeof(f->e->path), "%s%s%s[%zu]", f->at,
			  *f->at ? "." : "", key, i);
	fields_init(in, entry->type == ODICT_OBJECT ? entry->u.odict : NULL,
		    f->e);
	if (entry->type != ODICT_OBJECT)
		(void)fields_bad(in, "", "allowed: an object");
}

void fields_inner(struct fields *in, struct fields *f, const char *key,
		  const struct odict *o)
{
	(void)re_snprintf(f->e->path, sizeof(f->e->path), "%s%s%s", f->at,
			  *f->at ? "." : "", key);
	fields_init(in, o, f->e);
}

static bool printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

void fields_string(struct fields *f, const char *key, char **s, size_t min,
		   size_t max)
{
	const struct odict_entry *e = member(f, key);
	size_t len;

	if (f->err || (!e && !min)) {
		if (!f->err)
			*s = mem_deref(*s);
		return;
	}
	len = e && e->type == ODICT_STRING ? strlen(e->u.str) : 0;
	if (!e || e->type != ODICT_STRING || len < min || len > max ||
	    !printable(e->u.str)) {
		(void)fields_bad(f, key,
				 "%sallowed: a string of %zu..%zu characters",
				 e ? "" : "is missing; ", min, max);
		return;
	}
	*s = mem_deref(*s);
	f->err = str_dup(s, e->u.str);
}

void fields_number(struct fields *f, const char *key, uint32_t *n, uint32_t min,
		   uint32_t max, uint32_t def)
{
	const struct odict_entry *e = member(f, key);

	if (f->err)
		return;
	*n = def;
	if (!e)
		return;
	if (e->type != ODICT_INT || e->u.integer < min || e->u.integer > max)
		(void)fields_bad(f, key, "allowed: a number, %u..%u", min, max);
	else
		*n = (uint32_t)e->u.integer;
}

void fields_real(struct fields *f, const char *key, double *n, double max,
		 double def)
{
	const struct odict_entry *e = member(f, key);
	double val;

	if (f->err)
		return;
	*n = def;
	if (!e)
		return;
	val = e->type == ODICT_INT      ? (double)e->u.integer
	      : e->type == ODICT_DOUBLE ? e->u.dbl
					: NAN;
	if (!(val >= 0 && val <= max))
		(void)fields_bad(f, key, "allowed: a number, 0..%.0f", max);
	else
		*n = val;
}

void fields_bool(struct fields *f, const char *key, bool *b, bool def)
{
	const struct odict_entry *e = member(f, key);

	if (f->err)
		return;
	*b = def;
	if (e && e->type != ODICT_BOOL)
		(void)fields_bad(f, key, "allowed: true, false");
	else if (e)
		*b = e->u.boolean;
}

void fields_word(struct fields *f, const char *key, unsigned *i,
		 const char *const *wordv, size_t n, unsigned def)
{
	const struct odict_entry *e = member(f, key);
	char all[128] = "";
	size_t k = 0;

	if (f->err)
		return;
	*i = def;
	if (!e)
		return;
	while (k < n &&
	       (e->type != ODICT_STRING || str_casecmp(e->u.str, wordv[k])))
		k++;
	if (k < n) {
		*i = (unsigned)k;
		return;
	}
	for (k = 0; k < n; k++)
		(void)re_snprintf(all + strlen(all), sizeof(all) - strlen(all),
				  "%s%s", k ? ", " : "", wordv[k]);
	(void)fields_bad(f, key, "allowed: %s", all);
}

const char *fields_text(struct fields *f, const char *key, size_t i,
			const struct odict_entry *entry)
{
	char name[80];

	if (f->err)
		return NULL;
	if (entry->type == ODICT_STRING && printable(entry->u.str))
		return entry->u.str;
	(void)re_snprintf(name, sizeof(name), "%s[%zu]", key, i);
	(void)fields_bad(f, name, "allowed: a string");
	return NULL;
}

int fields_done(struct fields *f)
{
	struct le *le;

	for (le = f->o ? list_head(&f->o->lst) : NULL; le && !f->err;
	     le = le->next) {
		const struct odict_entry *e = le->data;
		size_t i = 0;

		while (i < f->seenc && strcmp(f->seenv[i], e->key) != 0)
			i++;
		if (i == f->seenc)
			(void)fields_bad(f, printable(e->key) ? e->key : "",
					 "there is no such member");
	}
	return f->err;
}

bool fields_is_id(const char *s)
{
	size_t n = 0;

	while (s && s[n] && n <= 64 &&
	       (isalnum((unsigned char)s[n]) || strchr("_-.", s[n])))
		n++;
	return n && n <= 64 && !s[n];
}
