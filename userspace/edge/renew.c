/* SPDX-License-Identifier: BSD-2-Clause */
/* Another configuration, taken while messages go on being forwarded
 *
 * Sets and domains keep the numbers that kernel and calls know them by, so that
 * whatever stays in the file is not touched. What is new gets a number that
 * nobody had: each step leads from one state that works to another. */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "edge/core.h"

/* Numbers for what the new configuration names */
struct plan {
	struct policy *p; /* the new one: becomes numbered as we are       */
	uint32_t set_idv[SIP_SETS];
	size_t setc;
	uint32_t setv[SIP_SETS]; /* by its index there                     */
	char *domainv[SIP_DOMAINS];
	size_t domainc;
	uint32_t idv[SIP_DOMAINS + 1]; /* of a domain, by its id there     */
};

static void destructor(void *arg)
{
	struct plan *pl = arg;

	for (size_t i = 0; i < pl->domainc; i++)
		mem_deref(pl->domainv[i]);
}

/* ---- numbers ---------------------------------------------------------------- */

/* A place that is nobody's, now and in the plan; SIP_SETS: there is none */
static size_t free_place(const struct plan *pl, const struct edge_conf *now)
{
	size_t k = 0;

	while (k < SIP_SETS &&
	       (pl->set_idv[k] != EDGE_NO_SET ||
		(k < now->setc && now->set_idv[k] != EDGE_NO_SET)))
		k++;
	return k;
}

static size_t place(const struct plan *pl, const struct edge_conf *now,
		    uint32_t id)
{
	for (size_t k = 0; k < now->setc; k++)
		if (now->set_idv[k] == id)
			return k;
	return free_place(pl, now);
}

static int plan_sets(struct plan *pl, const struct edge *e,
		     const struct edge_conf *conf)
{
	for (size_t i = 0; i < SIP_SETS; i++)
		pl->set_idv[i] = EDGE_NO_SET;
	pl->setc = e->conf.setc;
	for (size_t i = 0; i < conf->setc; i++) {
		const uint32_t id = conf->set_idv[i];
		const size_t k = place(pl, &e->conf, id);

		if (k >= SIP_SETS)
			return ENOSPC;
		pl->set_idv[k] = id;
		pl->setv[i] = (uint32_t)k;
		pl->setc = k >= pl->setc ? k + 1 : pl->setc;
	}
	return 0;
}

static size_t domain_index(char *const *v, size_t c, const char *name)
{
	size_t i = 0;

	while (i < c && (!v[i] || strcmp(v[i], name) != 0))
		i++;
	return i;
}

static int plan_domains(struct plan *pl, const struct policy *now)
{
	size_t next = 0;

	pl->domainc = now->domainc;
	for (size_t i = 0; i < pl->p->domainc; i++) {
		char *name = pl->p->domainv[i];
		size_t k = domain_index(now->domainv, now->domainc, name);

		if (k == now->domainc) {
			while (next < SIP_DOMAINS &&
			       ((next < now->domainc && now->domainv[next]) ||
				pl->domainv[next]))
				next++;
			k = next;
		}
		if (k >= SIP_DOMAINS)
			return ENOSPC;
		pl->domainv[k] = mem_ref(name);
		pl->idv[i + 1] = (uint32_t)k + 1;
		pl->domainc = k >= pl->domainc ? k + 1 : pl->domainc;
	}
	return 0;
}

/* The new policy's rules and networks, by our numbers */
static void renumber(const struct plan *pl)
{
	struct policy *p = pl->p;

	for (size_t i = 0; i < p->rulec; i++) {
		struct sip_rule *r = &p->rulev[i];

		if (r->set != SIP_NONE)
			r->set = (uint16_t)pl->setv[r->set];
		r->domain = pl->idv[r->domain];
	}
	for (size_t i = 0; i < p->netc; i++)
		if (p->netv[i].set != SIP_NONE)
			p->netv[i].set = pl->setv[p->netv[i].set];
}

/* ---- steps ------------------------------------------------------------------- */

static int add_domains(const struct edge *e, const struct plan *pl)
{
	int err = 0;

	for (size_t i = 0; i < pl->domainc && !err; i++) {
		struct pl name;

		if (!pl->domainv[i])
			continue;
		pl_set_str(&name, pl->domainv[i]);
		err = fp_sip_domain(e->sip, &name, (uint32_t)i + 1);
	}
	return err;
}

static void drop_domains(struct edge *e, struct plan *pl)
{
	struct policy *p = e->policy;

	for (size_t i = 0; i < p->domainc; i++) {
		struct pl name;

		if (p->domainv[i] && !pl->domainv[i]) {
			pl_set_str(&name, p->domainv[i]);
			(void)fp_sip_domain_del(e->sip, &name);
		}
		mem_deref(p->domainv[i]);
	}
	memcpy(p->domainv, pl->domainv, sizeof(p->domainv));
	p->domainc = pl->domainc;
	pl->domainc = 0;
}

static int take_sets(struct edge *e, const struct plan *pl,
		     const struct edge_conf *conf, const struct ds_list *list)
{
	struct policy *p = e->policy;
	int err = 0;

	for (size_t i = 0; i < conf->setc && !err; i++)
		err = ds_sets_mode(e->sets, conf->set_idv[i],
				   edge_mode(pl->p->setv[i].flags));
	if (err)
		return err;
	memcpy(e->conf.set_idv, pl->set_idv, sizeof(pl->set_idv));
	e->conf.setc = pl->setc;
	for (size_t i = 0; i < pl->setc; i++)
		p->setv[i].flags = 0;
	for (size_t i = 0; i < conf->setc; i++)
		p->setv[pl->setv[i]].flags = pl->p->setv[i].flags;
	return list ? edge_take(e, list) : 0;
}

/* Digest is there before a set asks for it, and as long as one does */
static void take_auth(struct edge *e, struct auth *auth, struct creds *creds)
{
	struct sip_conf *c = fp_sip_conf(e->sip);

	mem_deref(e->policy->auth);
	mem_deref(e->creds);
	e->policy->auth = auth;
	e->creds = creds;
	__atomic_store_n(&c->flags,
			 (c->flags & ~SIP_CONF_AUTH) |
				 (auth ? SIP_CONF_AUTH : 0),
			 __ATOMIC_RELEASE);
}

static void take_denied(struct policy *p, struct policy *other)
{
	struct prefix *v = p->denyv;

	p->denyv = other->denyv;
	p->denyc = other->denyc;
	other->denyv = v;
	other->denyc = 0;
}

static int take_rules(struct edge *e, const struct plan *pl)
{
	struct policy *p = e->policy;

	take_denied(p, pl->p);
	memcpy(p->rulev, pl->p->rulev, sizeof(p->rulev));
	p->rulec = pl->p->rulec;
	/* users first, for a rule for them passes by whom it does not know */
	registered_start(e->registered);
	return fp_sip_rules(e->sip, p->rulev, p->rulec);
}

static void take_rest(struct edge *e, const struct edge_conf *conf)
{
	struct sip_conf *c = fp_sip_conf(e->sip);
	const uint32_t both = SIP_CONF_FORCE_RPORT | SIP_CONF_REVERSE;
	uint32_t flags = 0;

	e->policy->force_rport = conf->policy->force_rport;
	e->policy->reverse_path = conf->policy->reverse_path;
	if (e->policy->force_rport)
		flags |= SIP_CONF_FORCE_RPORT;
	if (e->policy->reverse_path)
		flags |= SIP_CONF_REVERSE;
	__atomic_store_n(&c->flags, (c->flags & ~both) | flags,
			 __ATOMIC_RELEASE);
	e->conf.copy_every = c->copy_every = conf->copy_every;
	memcpy(e->conf.limitv, conf->limitv, sizeof(conf->limitv));
	limits_file(&e->limits, conf->limitv);
	e->conf.ds = conf->ds;
	e->conf.probe = conf->probe;
	e->conf.probe_listener = conf->probe_listener;
	e->conf.probe_listener6 = conf->probe_listener6;
	probe_set(e->probe, &conf->probe, &conf->ds);
	e->conf.names = conf->names;
	names_renew(e->names, &conf->names);
}

static int apply(struct edge *e, struct plan *pl, const struct edge_conf *conf,
		 const struct ds_list *list)
{
	const char *had = e->conf.list;
	int err = add_domains(e, pl);

	e->conf.list = conf->list;
	if (!err)
		err = take_sets(e, pl, conf, list);
	if (!err)
		err = nets_file(e->nets, pl->p->netv, pl->p->netc);
	streams_review(e->streams);
	if (!err)
		err = take_rules(e, pl);
	if (!err) {
		drop_domains(e, pl);
		take_rest(e, conf);
	} else {
		e->conf.list = had;
	}
	return err;
}

int edge_renew(struct edge *e, const struct edge_conf *conf,
	       struct ds_err *derr)
{
	struct ds_list *list = NULL;
	struct creds *creds;
	struct auth *auth;
	struct plan *pl;
	int err = 0;

	if (!e || !conf || !conf->policy || !derr)
		return EINVAL;
	pl = mem_zalloc(sizeof(*pl), destructor);
	if (!pl)
		return ENOMEM;
	pl->p = conf->policy;
	if (conf->list)
		err = ds_list_load(&list, conf->list, derr);
	if (!err) {
		err = plan_sets(pl, e, conf);
		err = err ? err : plan_domains(pl, e->policy);
		if (err == ENOSPC)
			(void)re_snprintf(derr->msg, sizeof(derr->msg),
					  "more sets or domains, old and new "
					  "ones together, than there is room "
					  "for: this takes a restart");
	}
	/* the certificate is renewed more often than all the rest */
	if (!err)
		err = streams_reload(e->streams, &conf->cert, derr->msg,
				     sizeof(derr->msg));
	if (!err)
		err = edge_auth(&auth, &creds, e, conf, derr);
	if (!err) {
		renumber(pl);
		if (auth)
			take_auth(e, auth, creds);
		err = apply(e, pl, conf, list);
		if (!err && !auth)
			take_auth(e, NULL, NULL);
	}
	mem_deref(list);
	mem_deref(pl);
	return err;
}
