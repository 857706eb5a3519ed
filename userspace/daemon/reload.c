/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration, read again while the agent runs */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <re.h>

#include "base/log.h"
#include "daemon/config_diff.h"
#include "daemon/reload.h"
#include "daemon/role_edge.h"
#include "daemon/role_hep.h"
#include "daemon/role_providers.h"

struct reload {
	const char *path;
	const struct config *started;
	struct config *now; /* what was taken last; NULL: as started      */
	const struct config *fresh; /* what is being read            */
	struct edge *edge;
	struct providers *providers;
	struct role_registrar *reg;
	struct role_presence *presence;
	struct role_hep *hep;
	struct mbuf *said;
	unsigned taken;
};

static void destructor(void *arg)
{
	struct reload *r = arg;

	mem_deref(r->now);
}

int reload_alloc(struct reload **rp, const char *path,
		 const struct config *started, struct edge *edge,
		 struct providers *ps, struct role_registrar *reg,
		 struct role_presence *presence, struct role_hep *hep)
{
	struct reload *r;

	if (!rp || !path || !started)
		return EINVAL;
	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;
	r->path = path;
	r->started = started;
	r->edge = edge;
	r->providers = ps;
	r->reg = reg;
	r->presence = presence;
	r->hep = hep;
	*rp = r;
	return 0;
}

void reload_foresee(const struct reload *r)
{
	const struct config *c = r->started;
	const char *const pathv[] = {r->path,
				     c->sip.dispatcher,
				     c->sip.auth.users,
				     c->sip.tls.certificate,
				     c->sip.tls.key,
				     c->sip.tls.ca,
				     c->providers.tls.certificate,
				     c->providers.tls.key,
				     c->providers.tls.ca,
				     c->api.tokens,
				     c->api.certificate,
				     c->api.key,
				     c->registrar.key_file,
				     c->registrar.auth.users,
				     c->registrar.tls.certificate,
				     c->registrar.tls.key,
				     c->registrar.tls.ca,
				     c->hep.ca};

	for (size_t i = 0; i < ARRAY_SIZE(pathv); i++)
		if (pathv[i] && faccessat(AT_FDCWD, pathv[i], R_OK, AT_EACCESS))
			log_warn("%s: user %s may not read it: carom reload "
				 "will be refused",
				 pathv[i], c->user ? c->user : "root");
}

static int refuse(struct reload *r, int err, const char *why)
{
	log_error("reload: %s; nothing has changed", why);
	(void)mbuf_printf(r->said, "%s; nothing has changed", why);
	return err;
}

/* ---- what goes without a restart ------------------------------------------- */

static const char *const takenv[] = {
	"log.level",
	"sip.domains",
	"sip.force-rport",
	"sip.dispatcher",
	"sip.sets",
	"sip.rules",
	"sip.networks",
	"sip.limits",
	"sip.probe",
	"sip.copy",
	"sip.auth",
	"sip.tls",
	"sip.reverse-path",
	"providers.trusted",
	"providers.inbound",
	"providers.calls",
	"providers.record-route",
	"providers.tls",
	"providers.probe",
	"registrar.domains",
	"registrar.trusted",
	"registrar.contact-deny",
	"registrar.min-expires",
	"registrar.max-expires",
	"registrar.default-expires",
	"registrar.max-contacts",
	"registrar.gruu",
	"registrar.refresh-events",
	"registrar.service-route",
	"registrar.keep-alive",
	"registrar.auth",
	"registrar.tls",
	"presence.allow",
	"presence.dialog-state",
	"presence.min-expires",
	"presence.max-expires",
	"presence.default-expires",
	"presence.interval",
	"presence.subscriptions",
	"presence.publications",
	"presence.tcp-above",
	"hep",
	"hep.send",
	"hep.id",
	"hep.node-name",
	"hep.password",
	"hep.sip",
	"hep.rtcp",
	"hep.log",
	"hep.sample",
	"hep.large",
	"hep.queue",
	"hep.ca",
	"presence.lists",
};

/* Of a section that comes or goes its name says it all */
static bool inside_other(const struct reload *r, const char *key)
{
	if (!strncmp(key, "sip.", 4))
		return !r->edge || !r->fresh->sip.on;
	if (!strncmp(key, "registrar.", 10))
		return !r->reg || !r->fresh->registrar.on;
	if (!strncmp(key, "presence.", 9))
		return !r->presence || !r->fresh->presence.on;
	if (!strncmp(key, "providers.", 10))
		return !r->providers || !r->fresh->providers.on;
	if (!strncmp(key, "hep.", 4))
		return !(r->now ? r->now : r->started)->hep.on ||
		       !r->fresh->hep.on;
	return false;
}

static bool can_be_taken(const struct reload *r, const char *key)
{
	if (inside_other(r, key))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(takenv); i++)
		if (!strcmp(takenv[i], key))
			return true;
	return false;
}

static void say_taken(const char *key, void *arg)
{
	struct reload *r = arg;

	if (!can_be_taken(r, key))
		return;
	r->taken++;
	log_info("reload: %s: taken", key);
	(void)mbuf_printf(r->said, "%s: taken\n", key);
}

static const char *what_it_takes(const char *key)
{
	if (!strcmp(key, "devices"))
		return "carom attach DEV, carom detach DEV";
	if (!strcmp(key, "media.legs") || !strcmp(key, "pin-dir"))
		return "carom detach --all, carom attach";
	return "a restart of caromd";
}

static void say_left(const char *key, void *arg)
{
	struct reload *r = arg;
	if (can_be_taken(r, key) || inside_other(r, key))
		return;
	log_warn("reload: %s: not taken: takes %s", key, what_it_takes(key));
	(void)mbuf_printf(r->said, "%s: not taken: takes %s\n", key,
			  what_it_takes(key));
}

/* -------------------------------------------------------------------------- */

static int take_providers(const struct reload *r, const struct config *c,
			  struct ds_err *derr)
{
	return r->providers && c->providers.on
		       ? role_providers_renew(r->providers, c, derr->msg,
					      sizeof(derr->msg))
		       : 0;
}

static int take_roles(const struct reload *r, const struct config *c,
		      struct ds_err *derr)
{
	int err = take_providers(r, c, derr);

	if (!err)
		err = role_registrar_renew(r->reg, c, derr->msg,
					   sizeof(derr->msg));
	if (!err)
		err = role_presence_renew(r->presence, c, derr->msg,
					  sizeof(derr->msg));
	return err ? err
		   : role_hep_renew(r->hep, c, derr->msg, sizeof(derr->msg));
}

static int take(struct reload *r, struct config *c)
{
	struct ds_err derr = {""}, none;
	int err = take_roles(r, c, &derr);

	if (!err && r->edge && c->sip.on)
		err = role_edge_renew(r->edge, c, &derr);
	/* all or nothing */
	if (err)
		(void)take_roles(r, r->now ? r->now : r->started, &none);
	if (err)
		return refuse(r, err, derr.msg[0] ? derr.msg : strerror(err));
	log_init(c->log_level);
	return 0;
}

int reload_now(struct reload *r, struct mbuf *said)
{
	struct config *c = NULL;
	struct config_err e = {""};
	int err;

	if (!r || !said)
		return EINVAL;
	r->said = said;
	r->taken = 0;
	err = config_load(&c, r->path, &e);
	if (err)
		return refuse(r, err, e.msg[0] ? e.msg : strerror(err));
	r->fresh = c;
	err = take(r, c);
	if (err) {
		mem_deref(c);
		return err;
	}
	(void)config_diff(r->now ? r->now : r->started, c, say_taken, r);
	(void)config_diff(r->started, c, say_left, r);
	mem_deref(r->now);
	r->now = c;
	if (r->edge)
		(void)mbuf_write_str(said, edge_warnings(r->edge));
	if (!r->taken)
		log_info("reload: nothing new in it");
	return mbuf_printf(said, "%s: read%s%s", r->path,
			   r->edge && c->sip.dispatcher ? ", and " : "",
			   r->edge && c->sip.dispatcher ? c->sip.dispatcher
							: "");
}
