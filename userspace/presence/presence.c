/* SPDX-License-Identifier: BSD-2-Clause */
/* The role: what it is made of, who expires, and what it is told */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "base/log.h"
#include "presence/priv.h"

enum {
	BUCKETS = 16384,
	SWEEP = 1000, /* ms between two looks at who has expired */
};

static void end_subs(struct presence *p)
{
	for (uint32_t i = 0; i < hash_bsize(p->subs); i++) {
		struct le *le;

		while ((le = list_head(hash_list(p->subs, i)))) {
			struct sub *s = le->data;

			sub_unlink(s);
			mem_deref(s);
		}
	}
}

static void destructor(void *arg)
{
	struct presence *p = arg;

	if (p->life)
		p->life->p = NULL;
	tmr_cancel(&p->sweep);
	if (p->node) {
		(void)sip_node_handle(p->node, "SUBSCRIBE", SIP_STATEFUL, NULL,
				      NULL);
		(void)sip_node_handle(p->node, "PUBLISH", SIP_STATEFUL, NULL,
				      NULL);
	}
	mem_deref(p->watchv[0]);
	mem_deref(p->watchv[1]);
	mem_deref(p->locw);
	if (p->subs)
		end_subs(p);
	mem_deref(p->subs);
	mem_deref(p->guests);
	if (p->resources)
		hash_flush(p->resources);
	mem_deref(p->resources);
	list_flush(&p->lists);
	mem_deref(p->verify);
	for (size_t i = 0; i < PRESENCE_DOMAINS; i++)
		mem_deref(p->domainv[i]);
	mem_deref(p->realm);
	mem_deref(p->events);
	mem_deref(p->loc);
	mem_deref(p->node);
	mem_deref(p->life);
}

uint64_t presence_now(const struct presence *p)
{
	return p->conf.now ? p->conf.now() : (uint64_t)time(NULL);
}

const char *presence_domain(const struct presence *p, const struct pl *host)
{
	for (size_t i = 0; i < p->conf.domainc; i++)
		if (!pl_strcasecmp(host, p->domainv[i]))
			return p->domainv[i];
	return NULL;
}

/* A user as it is meant: what would be read another way elsewhere is nobody's name */
int presence_aor(const struct presence *p, struct pl *aor, char *buf, size_t sz,
		 const struct pl *text)
{
	const char *domain;
	struct pl user;
	struct uri uri;
	size_t n = 0;

	if (msg_uri_decode(&uri, text) || !uri.host.l)
		return ENOENT;
	domain = presence_domain(p, &uri.host);
	if (!domain || !uri.user.l)
		return ENOENT;
	user = uri.user;
	while (user.l) {
		const char c = msg_uri_char(&user);

		if ((uint8_t)c <= ' ' || c == 0x7f || strchr("\"<>@\\:", c))
			return ENOENT;
		if (n + strlen(domain) + 2 >= sz)
			return EOVERFLOW;
		buf[n++] = c;
	}
	(void)re_snprintf(buf + n, sz - n, "@%s", domain);
	aor->p = buf;
	aor->l = strlen(buf);
	return 0;
}

/* ---- time -------------------------------------------------------------------------- */

static void sweep_subs(struct presence *p, uint64_t now)
{
	for (uint32_t i = 0; i < hash_bsize(p->subs); i++) {
		struct le *le = list_head(hash_list(p->subs, i));

		while (le) {
			struct sub *s = le->data;

			le = le->next;
			if (!s->answered || s->expires > now ||
			    s->end != SUB_STAYS)
				continue;
			++p->stats.expired;
			sub_finish(s, SUB_TIMEOUT);
		}
	}
}

/* The store forgets them of itself */
static bool sweep_pubs(struct res *r, uint64_t now)
{
	struct le *le = list_head(&r->pubs);
	bool any = false;

	while (le) {
		struct pub *pb = le->data;

		le = le->next;
		if (!pb->expires || pb->expires > now)
			continue;
		++r->p->stats.expired;
		pub_replace(r, pb, NULL);
		any = true;
	}
	return any;
}

static void sweep_handler(void *arg)
{
	struct presence *p = arg;
	const uint64_t now = presence_now(p);

	tmr_start(&p->sweep, SWEEP, sweep_handler, p);
	presence_sweep(p, now);
}

void presence_sweep(struct presence *p, uint64_t now)
{
	for (uint32_t i = 0; i < hash_bsize(p->resources); i++) {
		struct le *le = list_head(hash_list(p->resources, i));

		while (le) {
			struct res *r = le->data;

			le = le->next;
			/* a change may drop others' resources, not this one */
			if (sweep_pubs(r, now))
				res_changed(r);
			res_release(r);
		}
	}
	sweep_subs(p, now);
}

/* ---- registrations ------------------------------------------------------------------ */

static void location_handler(enum location_event ev, const struct binding *b,
			     void *arg)
{
	static const enum presence_package pkgv[] = {PRESENCE_PRESENCE,
						     PRESENCE_REG};
	const struct presence *p = arg;
	(void)ev;

	for (size_t i = 0; i < ARRAY_SIZE(pkgv); i++) {
		struct res *r = res_find(p, pkgv[i], &b->aor);

		if (!r)
			continue;
		res_changed(r);
		res_release(r);
	}
}

/* ---- configuration ------------------------------------------------------------------- */

static bool conf_good(const struct presence_conf *c)
{
	return c->domainc && c->domainc <= PRESENCE_DOMAINS && c->min_expires &&
	       c->min_expires <= c->default_expires &&
	       c->default_expires <= c->max_expires && c->subscriptions &&
	       c->publications &&
	       (!c->authenticate ||
		(c->algc && c->algc <= DIGEST_ALGS && c->ha1h));
}

static int take_conf(struct presence *p, const struct presence_conf *conf)
{
	struct verify *v = NULL;
	char *domainv[PRESENCE_DOMAINS] = {NULL}, *realm = NULL;
	struct list lists = LIST_INIT;
	int err = conf_good(conf) ? 0 : EINVAL;

	for (size_t i = 0; i < conf->domainc && !err; i++)
		err = str_dup(&domainv[i], conf->domainv[i]);
	if (!err && conf->realm)
		err = str_dup(&realm, conf->realm);
	if (!err)
		err = roster_read(&lists, conf);
	if (!err && conf->authenticate)
		err = presence_auth_start(conf, &v, p->verify);
	if (err) {
		list_flush(&lists);
		for (size_t i = 0; i < PRESENCE_DOMAINS; i++)
			mem_deref(domainv[i]);
		mem_deref(realm);
		return err;
	}
	for (size_t i = 0; i < PRESENCE_DOMAINS; i++)
		mem_deref(p->domainv[i]);
	memcpy(p->domainv, domainv, sizeof(domainv));
	mem_deref(p->realm);
	p->realm = realm;
	mem_deref(p->verify);
	p->verify = v;
	p->conf = *conf;
	p->conf.listv = NULL;
	list_flush(&p->lists);
	while (lists.head) {
		struct le *le = lists.head;

		list_unlink(le);
		list_append(&p->lists, le, le->data);
	}
	return 0;
}

int presence_renew(struct presence *p, const struct presence_conf *conf)
{
	int err = p && conf ? take_conf(p, conf) : EINVAL;

	if (!err)
		roster_renew(p);
	return err;
}

/* ---- start ---------------------------------------------------------------------------- */

static int watch(struct presence *p)
{
	int err = store_watch(&p->watchv[0], p->store, PUB_KIND,
			      presence_pub_changed, p);

	if (!err)
		err = store_watch(&p->watchv[1], p->store, BOX_KIND,
				  presence_box_changed, p);
	if (!err && p->loc)
		err = location_watch(&p->locw, p->loc, location_handler, p);
	return err;
}

static int take_methods(struct presence *p, struct sip_node *node)
{
	int err = sip_node_handle(node, "SUBSCRIBE", SIP_STATEFUL,
				  subscribe_handler, p);

	if (err)
		return err;
	p->node = mem_ref(node);
	return sip_node_handle(node, "PUBLISH", SIP_STATEFUL, publish_handler,
			       p);
}

int presence_alloc(struct presence **pp, const struct presence_conf *conf,
		   struct sip_node *node, struct store *store,
		   struct location *loc, struct events *events)
{
	struct presence *p;
	int err;

	if (!pp || !conf || !node || !store)
		return EINVAL;
	p = mem_zalloc(sizeof(*p), destructor);
	if (!p)
		return ENOMEM;
	tmr_init(&p->sweep);
	p->store = store;
	p->loc = mem_ref(loc);
	p->events = mem_ref(events);
	p->life = mem_zalloc(sizeof(*p->life), NULL);
	err = p->life ? 0 : ENOMEM;
	if (!err) {
		p->life->p = p;
		err = take_conf(p, conf);
	}
	if (!err)
		err = guests_alloc(&p->guests);
	if (!err)
		err = hash_alloc(&p->resources, BUCKETS);
	if (!err)
		err = hash_alloc(&p->subs, BUCKETS);
	if (!err)
		err = take_methods(p, node);
	if (!err)
		err = presence_read(p);
	if (!err)
		err = watch(p);
	if (err) {
		mem_deref(p);
		return err;
	}
	tmr_start(&p->sweep, SWEEP, sweep_handler, p);
	*pp = p;
	return 0;
}

void presence_stats(const struct presence *p, struct presence_stats *s)
{
	if (p && s)
		*s = p->stats;
}
