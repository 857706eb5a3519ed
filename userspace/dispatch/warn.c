/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatch/warn.c  What a list asks for in vain
 *
 * Kamailio's module has attributes for things that an edge without state does
 * not do. Somebody may count on them: so they are named, once each.
 */
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "dispatch/attr.h"
#include "dispatch/dispatch.h"

enum { NAMES = 32 /* told apart in one list */ };

static const struct {
	const char *name, *text;
} vainv[] = {
	{"maxload", "an edge keeps no calls to count; limit them at the node"},
	{"obproxy", "calls and probes go to the target itself"},
	{"ocmin", "there is no overload control by answers (RFC 7339)"},
	{"ocrate", "there is no overload control by answers (RFC 7339)"},
	{"cc", "there is no congestion control by latency"},
	{"socket", "it is kept to by probes; calls leave by the device that "
		   "leads to the target"},
	{"sockname", "calls leave by the device that leads to the target, "
		     "probes by sip.probe.listener"},
};

/* These do what they say */
static const char *const knownv[] = {"weight", "rweight",     "latency",
				     "duid",   "ping_socket", "ping_from"};

struct vain {
	struct pl name;
	uint32_t line, more;
};

struct vains {
	struct vain v[NAMES];
	size_t c;
};

static bool known(const struct pl *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(knownv); i++) {
		if (!pl_strcmp(name, knownv[i]))
			return true;
	}

	return false;
}

static void note(struct vains *all, const struct pl *name, uint32_t line)
{
	for (size_t i = 0; i < all->c; i++) {
		if (pl_cmp(&all->v[i].name, name))
			continue;
		++all->v[i].more;
		return;
	}

	if (all->c < NAMES)
		all->v[all->c++] = (struct vain){*name, line, 0};
}

static void look(struct vains *all, const struct ds_entry *en)
{
	struct pl rest, name, val;

	if (!en->attrs)
		return;

	pl_set_str(&rest, en->attrs);
	while (!ds_attr_next(&rest, &name, &val)) {
		if (!known(&name))
			note(all, &name, en->line);
	}
}

static const char *why(const struct pl *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(vainv); i++) {
		if (!pl_strcmp(name, vainv[i].name))
			return vainv[i].text;
	}

	return "kept and shown, and nothing else; it is for a script";
}

static void say(const struct vain *v, ds_warn_h *h, void *arg)
{
	const int n = v->name.l < 60 ? (int)v->name.l : 60;
	char text[256], more[32] = "";

	if (v->more)
		(void)re_snprintf(more, sizeof(more), " and %u more", v->more);
	(void)re_snprintf(text, sizeof(text), "line %u%s: attribute %b: %s",
			  v->line, more, v->name.p, (size_t)n, why(&v->name));
	h(text, arg);
}

void ds_list_warn(const struct ds_list *l, ds_warn_h *h, void *arg)
{
	struct vains all = {.c = 0};
	const struct ds_entry *en;

	if (!l || !h)
		return;

	for (size_t i = 0; i < ds_list_count(l); i++) {
		for (size_t k = 0; (en = ds_list_entry(l, i, k)); k++)
			look(&all, en);
	}
	for (size_t i = 0; i < all.c; i++)
		say(&all.v[i], h, arg);
}
