/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/sdpattr.c  sdp-attr: attributes put in, taken out, exchanged
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "ng/flagapply.h"
#include "ng/flagset.h"

static const struct pl pl_empty = {"", 0};

static int attr_op(const struct pl *name)
{
	static const char *const names[] = {
		[ATTR_ADD] = "add",
		[ATTR_REMOVE] = "remove",
		[ATTR_SUBSTITUTE] = "substitute",
	};

	for (int i = 0; i < (int)ARRAY_SIZE(names); i++) {
		if (ng_name_eq(name, names[i]))
			return i;
	}

	return -1;
}

/* It becomes a line of the SDP, and must be one */
static bool clean(const struct pl *pl)
{
	for (size_t i = 0; i < pl->l; i++) {
		if ((unsigned char)pl->p[i] < ' ')
			return false;
	}

	return pl->l > 0;
}

static int put(struct ng_flags *f, int op, const struct pl *where,
	       const struct pl *value, const struct pl *with)
{
	struct media_attr *at;

	if (op < 0 || !where->l || !clean(value) ||
	    (op == ATTR_SUBSTITUTE && !clean(with)))
		return EINVAL;
	if (f->o.attrc >= MEDIA_ATTRS_MAX)
		return EOVERFLOW;

	at = &f->o.attrv[f->o.attrc++];
	at->op = op;
	at->where = ng_name_eq(where, "none") || ng_name_eq(where, "global")
			    ? pl_null
			    : *where;
	at->value = *value;
	at->with = *with;

	return 0;
}

/* "--" is an equals sign, ".." a space: neither can stand in a flag */
static int unescape(struct ng_flags *f, struct pl *pl)
{
	const struct pl in = *pl;
	char *to = f->attr_text + f->attr_len;

	if (f->attr_len + in.l > sizeof(f->attr_text))
		return EOVERFLOW;

	pl->p = to;
	for (size_t i = 0; i < in.l; i++) {
		const bool two = i + 1 < in.l && in.p[i] == in.p[i + 1];

		if (two && (in.p[i] == '-' || in.p[i] == '.')) {
			*to++ = in.p[i] == '-' ? '=' : ' ';
			++i;
		} else {
			*to++ = in.p[i];
		}
	}
	pl->l = (size_t)(to - pl->p);
	f->attr_len += pl->l;

	return 0;
}

/* "remove-audio-ptime:20", "substitute-none-sendrecv>sendonly" */
int ng_set_sdp_attr(struct ng_flags *f, const struct pl *val)
{
	struct pl op, where, rest = *val, with = pl_empty;
	const char *p;
	int err;

	p = memchr(rest.p, '-', rest.l);
	if (!p)
		return EINVAL;
	op = (struct pl){rest.p, (size_t)(p - rest.p)};
	pl_advance(&rest, (ssize_t)op.l + 1);

	p = rest.l ? memchr(rest.p, '-', rest.l) : NULL;
	if (!p)
		return EINVAL;
	where = (struct pl){rest.p, (size_t)(p - rest.p)};
	pl_advance(&rest, (ssize_t)where.l + 1);

	p = rest.l ? memchr(rest.p, '>', rest.l) : NULL;
	if (p && attr_op(&op) == ATTR_SUBSTITUTE) {
		with = (struct pl){p + 1, (size_t)(rest.p + rest.l - p - 1)};
		rest.l = (size_t)(p - rest.p);
	}

	err = unescape(f, &rest);
	if (!err)
		err = unescape(f, &with);

	return err ? err : put(f, attr_op(&op), &where, &rest, &with);
}

static int text(struct pl *pl, const struct odict_entry *e)
{
	if (!e || e->type != ODICT_STRING)
		return EINVAL;
	pl_set_str(pl, e->u.str);

	return 0;
}

/* [from, to] */
static int put_pair(struct ng_flags *f, const struct pl *where,
		    const struct odict *pair)
{
	const struct le *le = pair->lst.head;
	struct pl from, to;

	if (!le || !le->next || text(&from, le->data) ||
	    text(&to, le->next->data))
		return EINVAL;

	return put(f, ATTR_SUBSTITUTE, where, &from, &to);
}

static int put_value(struct ng_flags *f, int op, const struct pl *where,
		     const struct odict_entry *e)
{
	struct pl value;
	int err;

	if (op == ATTR_SUBSTITUTE)
		return e->type == ODICT_ARRAY ? put_pair(f, where, e->u.odict)
					      : EINVAL;

	err = text(&value, e);

	return err ? err : put(f, op, where, &value, &pl_empty);
}

static int put_list(struct ng_flags *f, int op, const struct pl *where,
		    const struct odict *list)
{
	const struct le *le = list->lst.head;
	const struct odict_entry *first = le ? le->data : NULL;
	int err = 0;

	if (op == ATTR_SUBSTITUTE && first && first->type == ODICT_STRING)
		return put_pair(f, where, list);

	for (; le && le->data && !err; le = le->next)
		err = put_value(f, op, where, le->data);

	return err;
}

static int put_place(struct ng_flags *f, const struct pl *where,
		     const struct odict *ops)
{
	const struct le *le;
	int err = 0;

	for (le = ops->lst.head; le && !err; le = le->next) {
		const struct odict_entry *e = le->data;
		struct pl op;

		pl_set_str(&op, e->key);
		err = e->type == ODICT_ARRAY
			      ? put_list(f, attr_op(&op), where, e->u.odict)
			      : EINVAL;
	}

	return err;
}

int ng_sdp_attr(struct ng_flags *f, const struct odict *dict)
{
	const struct pl name = PL("sdp-attr");
	const struct le *le;
	struct pl where = pl_empty;
	int err = 0;

	for (le = dict->lst.head; le && !err; le = le->next) {
		const struct odict_entry *e = le->data;

		pl_set_str(&where, e->key);
		err = e->type == ODICT_OBJECT ? put_place(f, &where, e->u.odict)
					      : EINVAL;
	}

	return err ? ng_flag_refuse(f, &name, &where, err,
				    err == EOVERFLOW ? "too many of them"
						     : "bad value")
		   : 0;
}
