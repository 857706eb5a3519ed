/* SPDX-License-Identifier: BSD-2-Clause */
/* The section `presence`: who may see whom, and how much of it */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "daemon/config.h"
#include "daemon/config_check.h"

const char *const config_presence_allowv[4] = {"domain", "users", "all",
					       "self"};

static uint32_t number(const uint32_t *v, const char *path)
{
	return v ? *v : config_rule(path)->def;
}

static int times(struct config_presence *p, const struct raw_presence *r,
		 const struct config_src *src)
{
	p->min_expires = number(r->min_expires, "presence.min-expires");
	p->max_expires = number(r->max_expires, "presence.max-expires");
	p->default_expires = number(r->default_expires,
				    "presence.default-expires");
	/* nobody has to say the default where the bounds are others */
	if (!r->default_expires)
		p->default_expires = max(p->min_expires, min(p->default_expires,
							     p->max_expires));
	if (p->max_expires < p->min_expires)
		return config_tree_refuse(
			src->tree, src->e, "presence.max-expires",
			"%u is less than min-expires", p->max_expires);
	if (p->default_expires < p->min_expires ||
	    p->default_expires > p->max_expires)
		return config_tree_refuse(
			src->tree, src->e, "presence.default-expires",
			"%u is not within min-expires and max-expires",
			p->default_expires);
	return 0;
}

void config_presence_free(struct config_presence *p)
{
	for (size_t i = 0; i < p->listc; i++) {
		struct config_list *l = &p->listv[i];

		for (size_t k = 0; k < l->memberc; k++)
			mem_deref(l->memberv[k]);
		mem_deref(l->memberv);
		mem_deref(l->name);
	}
	p->listv = mem_deref(p->listv);
	p->listc = 0;
}

/* "user@domain", as an address of record is kept; *domain: what is behind the '@' */
static bool is_address(const char *s, const char **domain)
{
	const char *at = strchr(s, '@');

	*domain = at ? at + 1 : "";
	return at && at != s && strlen(s) <= 255 && !strchr(at + 1, '@') &&
	       strcspn(s, " \t\"<>\\:;?") == strlen(s) && (*domain)[0] &&
	       strspn(*domain, "abcdefghijklmnopqrstuvwxyz0123456789-.[]:") ==
		       strlen(*domain);
}

static bool is_ours(const struct config_registrar *r, const char *domain)
{
	for (size_t i = 0; i < r->domainc; i++)
		if (!strcmp(r->domainv[i], domain))
			return true;
	return false;
}

static int members(struct config_list *l, const struct raw_presence_list *raw,
		   const struct config_src *src, size_t i)
{
	const char *domain;
	char path[64];
	int err = 0;

	l->memberv = mem_zalloc((raw->memberc + 1) * sizeof(*l->memberv), NULL);
	if (!l->memberv)
		return ENOMEM;
	(void)re_snprintf(path, sizeof(path), "presence.lists[%zu].members", i);
	if (!raw->memberc)
		return config_tree_refuse(src->tree, src->e, path, "is empty");
	for (size_t k = 0; k < raw->memberc && !err; k++) {
		const char *s = raw->memberv[k];

		(void)re_snprintf(path, sizeof(path),
				  "presence.lists[%zu].members[%zu]", i, k);
		if (!is_address(s, &domain))
			return config_tree_refuse(src->tree, src->e, path,
						  "%s is no USER@DOMAIN", s);
		for (size_t n = 0; n < l->memberc; n++)
			if (!strcmp(l->memberv[n], s))
				return config_tree_refuse(src->tree, src->e,
							  path, "%s twice", s);
		err = str_dup(&l->memberv[l->memberc++], s);
	}
	return err;
}

static int list(struct config *c, const struct raw_presence_list *raw,
		const struct config_src *src, size_t i)
{
	struct config_presence *p = &c->presence;
	struct config_list *l = &p->listv[p->listc++];
	const char *domain;
	char path[64];
	int err;

	(void)re_snprintf(path, sizeof(path), "presence.lists[%zu].name", i);
	if (!is_address(raw->name, &domain) || !is_ours(&c->registrar, domain))
		return config_tree_refuse(src->tree, src->e, path,
					  "%s is no USER@DOMAIN of ours",
					  raw->name);
	for (size_t k = 0; k < i; k++)
		if (!strcmp(p->listv[k].name, raw->name))
			return config_tree_refuse(src->tree, src->e, path,
						  "%s twice", raw->name);
	err = str_dup(&l->name, raw->name);
	return err ? err : members(l, raw, src, i);
}

/* A list of lists would have to be subscribed to in turn */
static int nested(const struct config_presence *p, const struct config_src *src)
{
	char path[64];

	for (size_t i = 0; i < p->listc; i++)
		for (size_t k = 0; k < p->listv[i].memberc; k++)
			for (size_t n = 0; n < p->listc; n++) {
				if (strcmp(p->listv[i].memberv[k],
					   p->listv[n].name) != 0)
					continue;
				(void)re_snprintf(
					path, sizeof(path),
					"presence.lists[%zu].members[%zu]", i,
					k);
				return config_tree_refuse(src->tree, src->e,
							  path,
							  "%s is a list itself",
							  p->listv[n].name);
			}
	return 0;
}

static int lists(struct config *c, const struct config_src *src)
{
	const struct raw_presence *r = src->raw->presence;
	struct config_presence *p = &c->presence;
	int err = 0;

	if (!r->listc)
		return 0;
	p->listv = mem_zalloc(r->listc * sizeof(*p->listv), NULL);
	if (!p->listv)
		return ENOMEM;
	for (size_t i = 0; i < r->listc && !err; i++)
		err = list(c, &r->listv[i], src, i);
	return err ? err : nested(p, src);
}

int config_fill_presence(struct config *c, const struct config_src *src)
{
	const struct raw_presence *r = src->raw->presence;
	struct config_presence *p = &c->presence;
	int err;

	if (!r)
		return 0;
	if (!c->registrar.on)
		return config_tree_refuse(src->tree, src->e, "presence",
					  "needs the section registrar");
	p->on = true;
	p->allow = r->allow ? (unsigned)*r->allow : 0;
	p->partial = r->partial && *r->partial;
	p->interval = number(r->interval, "presence.interval");
	p->subscriptions = number(r->subscriptions, "presence.subscriptions");
	p->publications = number(r->publications, "presence.publications");
	p->tcp_above = number(r->tcp_above, "presence.tcp-above");
	err = times(p, r, src);
	return err ? err : lists(c, src);
}
