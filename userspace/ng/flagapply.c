/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/flagapply.c  One flag against the table
 */
#include <ctype.h>
#include <string.h>
#include <re.h>
#include "ng/flagapply.h"

static const struct pl pl_empty = {"", 0};

enum {
	/** A name is shown up to here in a warning or error */
	SHOW_MAX = 48,
};

static char fold(char c)
{
	return c == ' ' || c == '_' ? '-' : (char)tolower((unsigned char)c);
}

static bool prefix_eq(const struct pl *pl, const char *name, size_t len)
{
	size_t i;

	if (pl->l < len)
		return false;

	for (i = 0; i < len; i++) {
		if (fold(pl->p[i]) != fold(name[i]))
			return false;
	}

	return true;
}

bool ng_name_eq(const struct pl *pl, const char *name)
{
	return pl->l == strlen(name) && prefix_eq(pl, name, pl->l);
}

int ng_flag_show(struct re_printf *pf, const struct pl *pl)
{
	char buf[SHOW_MAX + 1];
	size_t i;

	for (i = 0; i < pl->l && i < SHOW_MAX; i++)
		buf[i] = isprint((unsigned char)pl->p[i]) && pl->p[i] != '"'
				 ? pl->p[i]
				 : '?';
	buf[i] = '\0';

	return re_hprintf(pf, "%s%s", buf, pl->l > SHOW_MAX ? "..." : "");
}

void ng_flag_unknown(struct ng_flags *f, const struct pl *name,
		     const struct pl *val)
{
	const size_t len = strlen(f->warning);
	const size_t left = sizeof(f->warning) - len;

	/* One more would be cut in the middle: the log has all of them */
	if (left < 3 * SHOW_MAX)
		return;

	(void)re_snprintf(f->warning + len, left, "%s'%H%s%H'",
			  len ? ", " : "unknown flag or key: ", ng_flag_show,
			  name, val->l ? "=" : "", ng_flag_show, val);
}

int ng_flag_refuse(struct ng_flags *f, const struct pl *name,
		   const struct pl *val, int err, const char *why)
{
	/* The first refusal stands */
	if (!f->error[0])
		(void)re_snprintf(f->error, sizeof(f->error), "%H%s%H: %s",
				  ng_flag_show, name, val->l ? "=" : "",
				  ng_flag_show, val, why);

	return err;
}

static int apply_row(struct ng_flags *f, const struct ng_flag *row,
		     const struct pl *name, const struct pl *val)
{
	int err;

	if (row->fate == NG_HARMLESS || !(row->scopes & f->scope))
		return 0;

	if (row->fate == NG_REFUSED)
		return ng_flag_refuse(f, name, val, ENOTSUP, row->why);

	err = row->set(f, val);
	if (!err)
		return 0;

	return ng_flag_refuse(f, name, val, err,
			      err == EOVERFLOW ? "too many of them"
					       : "bad value");
}

/* The row of a name and value. A row with the value goes before one without */
static const struct ng_flag *find_row(const struct pl *name,
				      const struct pl *val, bool *named)
{
	const struct ng_flag *tab, *any = NULL;
	const size_t n = ng_flag_table(&tab);
	size_t i;

	*named = false;

	for (i = 0; i < n; i++) {

		if (!ng_name_eq(name, tab[i].name))
			continue;

		*named = true;
		if (!tab[i].value)
			any = &tab[i];
		else if (ng_name_eq(val, tab[i].value))
			return &tab[i];
	}

	return any;
}

int ng_flag_apply(struct ng_flags *f, const struct pl *name,
		  const struct pl *val)
{
	const struct ng_flag *row;
	bool named;

	row = find_row(name, val, &named);
	if (!row) {
		ng_flag_unknown(f, name, val);
		return 0;
	}

	return apply_row(f, row, name, val);
}

/* "name-value": the longest name of the table that the flag begins with */
static const struct ng_flag *find_prefix(const struct pl *flag, struct pl *name,
					 struct pl *val)
{
	const struct ng_flag *tab, *best = NULL;
	const size_t n = ng_flag_table(&tab);
	size_t i;

	for (i = 0; i < n; i++) {

		const size_t len = strlen(tab[i].name);
		const struct ng_flag *row;
		struct pl nm, v;
		bool named;

		if (flag->l < len + 2 || fold(flag->p[len]) != '-' ||
		    !prefix_eq(flag, tab[i].name, len))
			continue;
		if (best && strlen(best->name) >= len)
			continue;

		nm = (struct pl){flag->p, len};
		v = (struct pl){flag->p + len + 1, flag->l - len - 1};

		row = find_row(&nm, &v, &named);
		if (row) {
			best = row;
			*name = nm;
			*val = v;
		}
	}

	return best;
}

int ng_flag_apply_bare(struct ng_flags *f, const struct pl *flag)
{
	const struct ng_flag *row;
	struct pl name, val;
	const char *eq;
	bool named;

	row = find_row(flag, &pl_empty, &named);
	if (row)
		return apply_row(f, row, flag, &pl_empty);

	eq = memchr(flag->p, '=', flag->l);
	if (eq && eq > flag->p) {
		name = (struct pl){flag->p, (size_t)(eq - flag->p)};
		val = (struct pl){eq + 1, flag->l - name.l - 1};

		(void)find_row(&name, &val, &named);
		if (named)
			return ng_flag_apply(f, &name, &val);
	}

	row = find_prefix(flag, &name, &val);
	if (row)
		return apply_row(f, row, &name, &val);

	/* rtpp-flags may name a transport bare */
	if (flag->l > 4 && memchr(flag->p, '/', flag->l)) {
		pl_set_str(&name, "transport-protocol");
		return ng_flag_apply(f, &name, flag);
	}

	ng_flag_unknown(f, flag, &pl_empty);

	return 0;
}
