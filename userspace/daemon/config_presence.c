/* SPDX-License-Identifier: BSD-2-Clause */
/* The section `presence`: who may see whom, and how much of it */
#include <errno.h>

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

int config_fill_presence(struct config *c, const struct config_src *src)
{
	const struct raw_presence *r = src->raw->presence;
	struct config_presence *p = &c->presence;

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
	return times(p, r, src);
}
