/* SPDX-License-Identifier: BSD-2-Clause */
/* SIP: the edge, who is registered, and who knows of whom */
#include <errno.h>

#include <re.h>

#include "base/log.h"
#include "daemon/core.h"
#include "daemon/role_edge.h"
#include "edge/located.h"
#include "location/location.h"

/* Who is registered: by a registrar here, or by another node with the same store */
static int open_location(struct daemon *d)
{
	const struct config *c = d->conf;
	const int err = location_alloc(&d->location, d->store,
				       c->store_shared ? c->node : NULL, NULL);

	if (err)
		log_error("registrations: %m", err);

	return err;
}

/* Who may register is reachable, or is told that he is not */
static bool user_known(const struct pl *user, const struct pl *domain,
		       void *arg)
{
	const struct daemon *d = arg;

	return extension_known(d->extensions, user, domain);
}

struct each_user {
	void (*h)(const struct pl *user, const struct pl *domain, void *arg);
	void *arg;
};

static bool tell_user(const struct pl *user, const struct pl *domain, void *arg)
{
	const struct each_user *u = arg;

	u->h(user, domain, u->arg);
	return false;
}

static void each_user(void (*h)(const struct pl *user, const struct pl *domain,
				void *harg),
		      void *harg, void *arg)
{
	const struct daemon *d = arg;
	struct each_user u = {h, harg};

	(void)extension_each(d->extensions, tell_user, &u);
}

static int temporary_gruu(struct pl *aor, struct pl *instance, char *buf,
			  size_t sz, const struct pl *user,
			  const struct pl *domain, void *arg)
{
	const struct daemon *d = arg;
	char text[2048];
	struct pl uri;

	/* whoever made it can read it */
	if (!d->registrar ||
	    re_snprintf(text, sizeof(text), "sip:%r@%r;gr", user, domain) < 0)
		return ENOENT;
	pl_set_str(&uri, text);
	return registrar_aor(d->registrar->reg, aor, instance, buf, sz, &uri);
}

static void user_changed(const struct pl *user, const struct pl *domain,
			 void *arg)
{
	const struct daemon *d = arg;

	if (d->located)
		located_changed(d->located, user, domain);
	role_presence_user(d->presence, user, domain);
}

/* Who guesses passwords is kept out by the kernel, where there is an edge */
static void keep_out(const struct sa *src, uint32_t seconds, void *arg)
{
	struct daemon *d = arg;
	const int err = d->edge ? edge_deny(d->edge, src, seconds) : ENOENT;

	if (err && d->edge)
		log_warn("registrar: %j can't be kept out: %m", src, err);
}

static int open_registrar(struct daemon *d)
{
	int err = role_registrar(&d->registrar, d->conf, d->fp, d->store,
				 d->location);

	if (!err && d->registrar)
		registrar_block(d->registrar->reg, keep_out, d);
	return err;
}

/* Without a registrar here the store says who may register elsewhere */
static int open_extensions(struct daemon *d)
{
	if (d->registrar)
		d->extensions = mem_ref(d->registrar->ext);

	return d->registrar || !d->edge
		       ? 0
		       : extensions_alloc(&d->extensions, d->store);
}

static int open_located(struct daemon *d)
{
	const struct located_users users = {user_known, each_user,
					    temporary_gruu, d};

	return d->edge ? located_alloc(&d->located, d->edge, d->location,
				       &users)
		       : 0;
}

int daemon_open_signalling(struct daemon *d)
{
	int err = role_edge(&d->edge, d->conf, d->fp);

	if (!err && (d->edge || d->conf->registrar.on))
		err = open_location(d);
	if (!err)
		err = open_registrar(d);
	if (!err)
		err = open_extensions(d);
	if (!err)
		err = open_located(d);
	if (!err)
		err = role_presence(&d->presence, d->conf, d->registrar,
				    d->store, d->location, d->events);
	if (!err && d->extensions)
		extensions_watch(d->extensions, user_changed, d);
	return err;
}
