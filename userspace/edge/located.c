/* SPDX-License-Identifier: BSD-2-Clause */
/* From the table of bindings to the edge */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "edge/located.h"

struct located {
	struct edge *edge;
	struct location *location;
	struct location_watch *watch;
	struct located_users users;
	bool source; /* the edge asks us                              */
	bool full;   /* it has been said that the kernel's table is      */
};

static void destructor(void *arg)
{
	struct located *l = arg;

	mem_deref(l->watch);
	if (l->source)
		(void)edge_registered(l->edge, NULL);
}

/* ---- asked -------------------------------------------------------------------- */

/* Bindings of one name, for the edge */
struct asked {
	const struct pl *gr;
	registered_binding_h *h;
	void *harg;
	bool any;
};

static void view(struct contact_binding *cb, const struct binding *b)
{
	*cb = (struct contact_binding){
		.uri = b->uri, .path = b->path, .expires = b->expires};
	sa_init(&cb->received, AF_UNSPEC);
	if (b->transp == MSG_UDP && !b->path.l)
		cb->received = b->src;
}

static bool binding(const struct binding *b, void *arg)
{
	struct contact_binding cb;
	struct asked *a = arg;

	a->any = true;
	if (a->gr && (!b->instance.l || pl_casecmp(a->gr, &b->instance) != 0))
		return false;
	view(&cb, b);
	return a->h(&cb, a->harg);
}

/* By a temporary GRUU, which says whose it is and of which instance */
static bool each_temporary(const struct located *l, const struct pl *user,
			   const struct pl *domain, struct asked *a)
{
	char text[LOCATION_AOR + LOCATION_TEXT];
	struct pl aor, instance;

	if (!l->users.temporary ||
	    l->users.temporary(&aor, &instance, text, sizeof(text), user,
			       domain, l->users.arg))
		return false;
	a->gr = &instance;
	(void)location_find(l->location, &aor, binding, a);
	return true;
}

static bool each(const struct pl *user, const struct pl *domain,
		 const struct pl *gr, registered_binding_h *h, void *harg,
		 void *arg)
{
	const struct located *l = arg;
	struct asked a = {.gr = gr, .h = h, .harg = harg};
	char text[LOCATION_AOR];
	struct pl aor = {text, 0};
	int n;

	if (gr && !gr->l)
		return each_temporary(l, user, domain, &a);
	n = re_snprintf(text, sizeof(text), "%r@%r", user, domain);

	if (n < 0)
		return false;
	aor.l = (size_t)n;
	(void)location_find(l->location, &aor, binding, &a);
	return a.any ||
	       (l->users.known && l->users.known(user, domain, l->users.arg));
}

/* ---- told ----------------------------------------------------------------------- */

static void tell(struct located *l, const struct pl *user,
		 const struct pl *domain, const struct contact_binding *b)
{
	const int err = edge_registered_changed(l->edge, user, domain, b);

	if (!err || (err == E2BIG && l->full))
		return;
	if (err == E2BIG)
		log_warn("edge: the kernel's table of registered users is "
			 "full: calls to others are the agent's");
	else
		log_warn("edge: user %r@%r: the kernel can't be told: %m", user,
			 domain, err);
	l->full |= err == E2BIG;
}

static void tell_binding(struct located *l, const struct binding *b, bool gone)
{
	const char *at = pl_strrchr(&b->aor, '@');
	struct contact_binding cb;
	struct pl user, domain;

	if (!at)
		return;
	user = (struct pl){b->aor.p, (size_t)(at - b->aor.p)};
	domain = (struct pl){at + 1, b->aor.l - user.l - 1};
	view(&cb, b);
	tell(l, &user, &domain, gone ? NULL : &cb);
}

static bool tell_each(const struct binding *b, void *arg)
{
	tell_binding(arg, b, false);
	return false;
}

static void tell_known(const struct pl *user, const struct pl *domain,
		       void *arg)
{
	tell(arg, user, domain, NULL);
}

static void all(void *arg)
{
	struct located *l = arg;

	l->full = false;
	(void)location_each(l->location, tell_each, l);
	if (l->users.each)
		l->users.each(tell_known, l, l->users.arg);
}

static void changed(enum location_event ev, const struct binding *b, void *arg)
{
	tell_binding(arg, b, ev >= LOCATION_UNREGISTERED);
}

void located_changed(struct located *l, const struct pl *user,
		     const struct pl *domain)
{
	if (l && user && domain)
		tell(l, user, domain, NULL);
}

int located_alloc(struct located **lp, struct edge *edge,
		  struct location *location, const struct located_users *users)
{
	struct registered_source source = {.each = each, .all = all};
	struct located *l;
	int err;

	if (!lp || !edge || !location)
		return EINVAL;
	l = mem_zalloc(sizeof(*l), destructor);
	if (!l)
		return ENOMEM;
	l->edge = edge;
	l->location = location;
	if (users)
		l->users = *users;
	source.arg = l;
	err = location_watch(&l->watch, location, changed, l);
	if (!err)
		err = edge_registered(edge, &source);
	l->source = !err;
	if (err)
		mem_deref(l);
	else
		*lp = l;
	return err;
}
