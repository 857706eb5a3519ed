/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatch/attr.c  Attributes of a target
 */
#include <string.h>
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "dispatch/dispatch.h"
#include "dispatch/attr.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static void trim(struct pl *pl)
{
	while (pl->l && blank(*pl->p))
		pl_advance(pl, 1);
	while (pl->l && blank(pl->p[pl->l - 1]))
		--pl->l;
}

/* What is before any of the stops; rest moves there */
static struct pl until(struct pl *rest, const char *stops)
{
	struct pl pl = {rest->p, 0};

	while (pl.l < rest->l && !strchr(stops, rest->p[pl.l]))
		++pl.l;

	pl_advance(rest, (ssize_t)pl.l);
	trim(&pl);

	return pl;
}

static bool take(struct pl *rest, char c)
{
	if (!rest->l || *rest->p != c)
		return false;

	pl_advance(rest, 1);

	return true;
}

int ds_attr_next(struct pl *rest, struct pl *name, struct pl *val)
{
	trim(rest);
	if (!rest->l)
		return ENOENT;

	*val = (struct pl){"", 0};
	*name = until(rest, "=;\"");
	if (!name->l)
		return EBADMSG;

	if (take(rest, '=')) {
		*val = until(rest, ";\"");
		if (!val->l && take(rest, '"')) {
			*val = until(rest, "\"");
			if (!take(rest, '"'))
				return EBADMSG;
			trim(rest);
		}
	}

	return !rest->l || take(rest, ';') ? 0 : EBADMSG;
}

bool ds_attr_get(const char *attrs, const char *name, struct pl *val)
{
	struct pl rest, n, v;
	bool found = false;

	if (!attrs || !name)
		return false;

	pl_set_str(&rest, attrs);
	while (!ds_attr_next(&rest, &n, &v)) {
		if (pl_strcmp(&n, name))
			continue;
		if (val)
			*val = v;
		found = true;
	}

	return found;
}
