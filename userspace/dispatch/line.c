/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatch/line.c  One line of a dispatcher.list
 */
#include <ctype.h>
#include <string.h>
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "dispatch/dispatch.h"
#include "dispatch/list.h"
#include "dispatch/attr.h"
#include "dispatch/uri.h"

/* As much of a text as a message can quote */
static struct pl brief(const struct pl *pl)
{
	return (struct pl){pl->p, pl->l < 60 ? pl->l : 60};
}

static int number(uint32_t *np, const struct pl *pl, uint32_t max)
{
	uint64_t n = 0;

	if (!pl->l)
		return EBADMSG;

	for (size_t i = 0; i < pl->l; i++) {
		if (!isdigit((unsigned char)pl->p[i]))
			return EBADMSG;
		n = n * 10 + (uint64_t)(pl->p[i] - '0');
		if (n > max)
			return ERANGE;
	}

	*np = (uint32_t)n;

	return 0;
}

/* Cut off the comment. No control characters, which also makes what messages
 * quote safe to print */
static int clean(struct pl *line, const struct ds_where *w)
{
	bool quoted = false;

	for (size_t i = 0; i < line->l; i++) {
		unsigned char c = (unsigned char)line->p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return ds_bad(w,
				      "control character 0x%02x; "
				      "allowed: text, spaces and tabs",
				      c);
		if (c == '#' && !quoted)
			line->l = i;
		else if (c == '"')
			quoted = !quoted;
	}

	if (quoted)
		return ds_bad(w, "a quote (\") is not closed; "
				 "allowed: quotes in pairs");
	return 0;
}

/* The next word; blanks between quotes are part of it */
static bool token(struct pl *rest, struct pl *tok)
{
	bool quoted = false;

	while (rest->l && isblank((unsigned char)*rest->p))
		pl_advance(rest, 1);

	*tok = (struct pl){rest->p, 0};
	while (rest->l && (quoted || !isblank((unsigned char)*rest->p))) {
		if (*rest->p == '"')
			quoted = !quoted;
		pl_advance(rest, 1);
		++tok->l;
	}

	return tok->l > 0;
}

/* Attributes that are figures; a name that we do not know is kept as it is */
static int known(struct ds_entry *en, bool *weight, const struct pl *name,
		 const struct pl *val, const struct ds_where *w)
{
	uint32_t *np, max = INT32_MAX, rweight;
	struct pl n = brief(name), v = brief(val);

	if (!pl_strcmp(name, "weight")) {
		np = &en->weight;
		max = DS_WEIGHT_MAX;
		*weight = true;
	} else if (!pl_strcmp(name, "rweight")) {
		np = *weight ? &rweight : &en->weight;
		max = DS_WEIGHT_MAX;
	} else if (!pl_strcmp(name, "maxload")) {
		np = &en->maxload;
	} else if (!pl_strcmp(name, "latency")) {
		np = &en->latency;
		max = DS_LATENCY_MAX;
	} else {
		return 0;
	}

	if (number(np, val, max))
		return ds_bad(w, "attribute %r is \"%r\"; allowed: 0 to %u", &n,
			      &v, max);
	return 0;
}

static int attributes(struct ds_entry *en, struct pl attrs,
		      const struct ds_where *w)
{
	struct pl name, val, rest, at;
	bool weight = false;
	int err;

	/* the whole in quotes, or only a value at the end of it */
	if (*attrs.p == '"') {
		attrs = (struct pl){attrs.p + 1, attrs.l - 2};
		if (pl_strchr(&attrs, '"'))
			return ds_bad(w, "a quote (\") inside of quoted "
					 "attributes; allowed: one pair, round "
					 "all or round a value");
	}

	rest = at = attrs;
	while (!(err = ds_attr_next(&rest, &name, &val))) {
		err = known(en, &weight, &name, &val, w);
		if (err)
			return err;
		at = rest;
	}

	if (err != ENOENT) {
		at = brief(&at);
		return ds_bad(w,
			      "attributes are wrong at \"%r\"; allowed: "
			      "name=value;name=value",
			      &at);
	}

	return attrs.l ? pl_strdup(&en->attrs, &attrs) : 0;
}

/* Flags, priority, attributes; each may be missing */
static int options(struct ds_entry *en, struct pl *rest,
		   const struct ds_where *w)
{
	struct pl tok, t;
	int pos = 0, err;

	for (; token(rest, &tok); pos++) {
		t = brief(&tok);

		if (pos == 3)
			return ds_bad(w,
				      "\"%r\" behind the attributes; "
				      "allowed: a comment (#); attributes "
				      "with spaces go in quotes",
				      &t);

		if (pos == 2 || *tok.p == '"' || pl_strchr(&tok, '=')) {
			err = attributes(en, tok, w);
			if (err)
				return err;
			pos = 2;
		} else if (!pos && number(&en->flags, &tok, DS_F_ALL)) {
			return ds_bad(w,
				      "flags are \"%r\"; allowed: 0 to 63, "
				      "a sum of 1 (inactive), 2 (trying), "
				      "4 (disabled), 8 (probing), 16 (no "
				      "DNS), 32 (no ping)",
				      &t);
		} else if (pos && number(&en->priority, &tok, INT32_MAX)) {
			return ds_bad(w,
				      "priority is \"%r\"; allowed: 0 to "
				      "2147483647",
				      &t);
		}
	}

	return 0;
}

static void entry_destructor(void *arg)
{
	struct ds_entry *en = arg;

	mem_deref(en->uri);
	mem_deref(en->attrs);
}

int ds_line_parse(struct ds_entry **ep, uint32_t *setid, const struct pl *line,
		  const struct ds_where *w)
{
	struct pl rest = *line, tok, t;
	struct ds_entry *en;
	int err;

	*ep = NULL;

	err = clean(&rest, w);
	if (err || !token(&rest, &tok))
		return err;

	t = brief(&tok);
	if (number(setid, &tok, INT32_MAX))
		return ds_bad(w, "set is \"%r\"; allowed: 0 to 2147483647", &t);

	if (!token(&rest, &tok))
		return ds_bad(w,
			      "set %u without a destination; allowed: "
			      "setid uri [flags] [priority] [attributes]",
			      *setid);

	t = brief(&tok);
	if (tok.l > DS_URI_MAX || ds_uri_check(&tok, NULL))
		return ds_bad(w,
			      "destination is \"%r\"; allowed: "
			      "sip:[user@]host[:port][;parameters], or "
			      "sips:, of %u bytes at most, over UDP, TCP or "
			      "TLS",
			      &t, DS_URI_MAX);

	en = mem_zalloc(sizeof(*en), entry_destructor);
	if (!en)
		return ENOMEM;

	en->line = w->line;
	en->weight = 1;
	err = pl_strdup(&en->uri, &tok);
	if (!err)
		err = options(en, &rest, w);

	if (err)
		mem_deref(en);
	else
		*ep = en;

	return err;
}
