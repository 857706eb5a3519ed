/* SPDX-License-Identifier: BSD-2-Clause */
/* The role `presence`, from the configuration */
#include <errno.h>
#include <string.h>
#include "base/figure.h"
#include "base/log.h"
#include "daemon/role_presence.h"

_Static_assert((int)CONFIG_PRESENCE_LISTS == (int)PRESENCE_LISTS &&
		       (int)CONFIG_PRESENCE_MEMBERS == (int)PRESENCE_MEMBERS,
	       "as many as may be configured");
_Static_assert((int)CONFIG_REGISTRAR_DOMAINS == (int)PRESENCE_DOMAINS,
	       "whose users register, they have presence");

struct role_presence {
	struct presence *p;
	struct role_registrar *reg;
	struct location *loc;
	uint64_t key[2];
	struct presence_list listv[PRESENCE_LISTS];
	bool users; /* there is a file of users that are no extensions */
};

static void destructor(void *arg)
{
	struct role_presence *r = arg;

	mem_deref(r->p);
	mem_deref(r->loc);
}

static const char *ha1(const struct pl *user, const struct pl *domain,
		       const struct pl *realm, enum digest_alg alg, void *arg)
{
	const struct role_presence *r = arg;

	return registrar_ha1(user, domain, realm, alg, r->reg->reg);
}

static bool registered(const struct binding *b, void *arg)
{
	(void)b;
	(void)arg;
	return true;
}

/* Of who is in a file alone, or needs no password, it is not known that there is none */
static bool known(const struct pl *user, const struct pl *domain, void *arg)
{
	const struct role_presence *r = arg;
	char text[LOCATION_AOR + 1];
	struct pl aor;

	if (r->users || extension_known(r->reg->ext, user, domain) ||
	    !extensions_count(r->reg->ext))
		return true;
	(void)re_snprintf(text, sizeof(text), "%r@%r", user, domain);
	pl_set_str(&aor, text);
	return location_find(r->loc, &aor, registered, NULL);
}

static void fill(struct presence_conf *conf, const struct config *c,
		 struct role_presence *r)
{
	const struct config_registrar *g = &c->registrar;
	const struct config_presence *p = &c->presence;

	*conf = (struct presence_conf){
		.domainv = (const char *const *)g->domainv,
		.domainc = g->domainc,
		.min_expires = p->min_expires,
		.max_expires = p->max_expires,
		.default_expires = p->default_expires,
		.interval = p->interval,
		.subscriptions = p->subscriptions,
		.publications = p->publications,
		.datagram = p->tcp_above,
		.allow = (enum presence_allow)p->allow,
		.partial = p->partial,
		.authenticate = g->auth.required,
		.realm = g->auth.realm,
		.algc = g->auth.algc,
		.nonce_lifetime = g->auth.nonce_lifetime,
		.guesses = g->auth.guesses,
		.ha1h = ha1,
		.knownh = known,
		.arg = r,
	};
	for (size_t i = 0; i < p->listc; i++)
		r->listv[i] = (struct presence_list){
			p->listv[i].name,
			(const char *const *)p->listv[i].memberv,
			p->listv[i].memberc};
	conf->listv = r->listv;
	conf->listc = p->listc;
	memcpy(conf->algv, g->auth.algv, sizeof(conf->algv));
	memcpy(conf->key, r->key, sizeof(conf->key));
}

static int read_key(uint64_t key[2], const struct config *c)
{
	struct config_err e = {""};
	int err;

	if (!c->registrar.key_file) {
		key[0] = rand_u64();
		key[1] = rand_u64();
		return 0;
	}
	err = config_read_key(key, c->registrar.key_file, &e);
	if (err)
		log_error("presence: %s", e.msg);
	return err;
}

int role_presence(struct role_presence **rp, const struct config *c,
		  struct role_registrar *reg, struct store *store,
		  struct location *loc, struct events *events)
{
	struct presence_conf conf;
	struct role_presence *r;
	int err;

	if (!c->presence.on || !reg)
		return 0;
	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;
	r->reg = reg;
	r->loc = mem_ref(loc);
	r->users = c->registrar.auth.users != NULL;
	err = read_key(r->key, c);
	if (!err) {
		fill(&conf, c, r);
		err = presence_alloc(&r->p, &conf, reg->node, store, loc,
				     events);
	}
	if (err) {
		log_error("presence: %m", err);
		mem_deref(r);
		return err;
	}
	*rp = r;
	return 0;
}

struct presence *role_presence_room(const struct role_presence *r)
{
	return r ? r->p : NULL;
}

int role_presence_renew(struct role_presence *r, const struct config *c,
			char *why, size_t sz)
{
	struct presence_conf conf;
	int err;

	if (!r || !c->presence.on)
		return 0;
	fill(&conf, c, r);
	err = presence_renew(r->p, &conf);
	if (err)
		(void)re_snprintf(why, sz, "presence: %m", err);
	else
		r->users = c->registrar.auth.users != NULL;
	return err;
}

void role_presence_user(struct role_presence *r, const struct pl *user,
			const struct pl *domain)
{
	char text[LOCATION_AOR + 1];
	struct pl aor;

	if (!r || extension_known(r->reg->ext, user, domain))
		return;
	(void)re_snprintf(text, sizeof(text), "%r@%r", user, domain);
	pl_set_str(&aor, text);
	presence_end(r->p, &aor, true);
}

/* ---- figures ------------------------------------------------------------------------ */

static const char group[] = "presence";
static const char asked[] = "carom_presence_requests_total";
static const char asked_help[] = "SUBSCRIBEs and PUBLISHs by what came of them";
static const char told[] = "carom_presence_notifies_total";
static const char told_help[] =
	"NOTIFYs by what came of them, and changes that went with another one";

int role_presence_figures(const struct role_presence *r, struct odict *figures)
{
	struct presence_stats s = {0};

	if (!r)
		return 0;
	presence_stats(r->p, &s);
#define ASKED(member)                                                          \
	{                                                                      \
		group, "requests", #member, asked, asked_help, FIGURE_COUNTER, \
			s.member                                               \
	}
	const struct figure v[] = {
		{group, "subscriptions", NULL, "carom_presence_subscriptions",
		 "Subscriptions that there are", FIGURE_GAUGE, s.subscriptions},
		{group, "publications", NULL, "carom_presence_publications",
		 "Publications that there are", FIGURE_GAUGE, s.publications},
		ASKED(subscribed),
		ASKED(refreshed),
		ASKED(unsubscribed),
		ASKED(fetched),
		ASKED(published),
		ASKED(withdrawn),
		ASKED(challenged),
		ASKED(refused),
		{group, "notifies", "answered", told, told_help, FIGURE_COUNTER,
		 s.notified},
		{group, "notifies", "failed", told, told_help, FIGURE_COUNTER,
		 s.notify_failed},
		{group, "notifies", "coalesced", told, told_help,
		 FIGURE_COUNTER, s.coalesced},
		{group, "expired", NULL, "carom_presence_expired_total",
		 "Subscriptions and publications that nobody refreshed",
		 FIGURE_COUNTER, s.expired},
	};

	return figure_add(figures, v, ARRAY_SIZE(v));
}
