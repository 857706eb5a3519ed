/* SPDX-License-Identifier: BSD-2-Clause */
/* The role `edge`, from the configuration */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "daemon/denied.h"
#include "daemon/role_edge.h"

_Static_assert((int)CONFIG_TCP == (int)MSG_TCP &&
		       (int)CONFIG_WSS == (int)MSG_WSS,
	       "fill_policy() takes one for the other");

static const struct policy_listener *udp_of(const struct policy *p, int af)
{
	const int own = policy_own_listener(p, MSG_UDP, af);

	if (own >= 0)
		return &p->listenerv[own];
	for (size_t i = 0; i < p->listenerc; i++)
		if (p->listenerv[i].transp == MSG_UDP &&
		    sa_af(&p->listenerv[i].addr) == af)
			return &p->listenerv[i];
	return NULL;
}

/* Who listens for UDP alone may yet have to connect: from that address */
static void add_silent(struct policy *p, enum msg_transp transp, int af)
{
	const struct policy_listener *udp = udp_of(p, af);
	struct policy_listener *l = &p->listenerv[p->listenerc];

	for (size_t i = 0; i < p->listenerc; i++)
		if (p->listenerv[i].transp == transp &&
		    sa_af(&p->listenerv[i].addr) == af)
			return;
	if (!udp || p->listenerc == POLICY_LISTENERS)
		return;
	*l = *udp;
	l->transp = transp;
	l->silent = true;
	++p->listenerc;
}

static void fill_listeners(struct policy *p, const struct config_sip *s)
{
	for (size_t i = 0; i < s->listenc; i++) {
		struct policy_listener *l = &p->listenerv[p->listenerc++];

		l->transp = (enum msg_transp)s->listenv[i].transp;
		l->own = s->listenv[i].own;
		l->addr = s->listenv[i].addr;
		l->advertised = s->listenv[i].advertised;
	}
	add_silent(p, MSG_TCP, AF_INET);
	add_silent(p, MSG_TLS, AF_INET);
	add_silent(p, MSG_TCP, AF_INET6);
	add_silent(p, MSG_TLS, AF_INET6);
}

static int fill_denied(struct policy *p, const struct config *c)
{
	p->denyv = mem_zalloc(DENIED * sizeof(*p->denyv), NULL);
	if (!p->denyv)
		return ENOMEM;
	p->denyc = denied_fill(p->denyv, c);
	return 0;
}

static int fill_policy(struct policy *p, const struct config_sip *s)
{
	int err = 0;

	p->force_rport = s->force_rport;
	p->reverse_path = s->reverse_path;
	p->datagram = s->tcp_above;
	fill_listeners(p, s);
	for (size_t i = 0; i < s->domainc && !err; i++) {
		err = str_dup(&p->domainv[i], s->domainv[i]);
		p->domainc += !err;
	}
	p->netv = mem_zalloc((s->netc + 1) * sizeof(*p->netv), NULL);
	if (!p->netv)
		return ENOMEM;
	for (size_t i = 0; i < s->netc; i++) {
		struct policy_net *n = &p->netv[p->netc++];

		n->addr = s->netv[i].addr;
		n->bits = s->netv[i].bits;
		n->flags = s->netv[i].flags;
		n->set = s->netv[i].set;
	}
	for (size_t i = 0; i < s->setc; i++)
		p->setv[i].flags = (s->setv[i].record_route ? SIP_SET_RR : 0) |
				   (s->setv[i].path ? SIP_SET_PATH : 0) |
				   (s->setv[i].kamailio ? SIP_SET_KAMAILIO
							: 0) |
				   (s->setv[i].auth ? SIP_SET_AUTH : 0) |
				   (s->setv[i].own ? SIP_SET_OWN : 0);
	for (size_t i = 0; i < s->rulec; i++)
		p->rulev[p->rulec++] = s->rulev[i].rule;
	return err;
}

static void fill_limits(struct edge_conf *e, const struct config_sip *s)
{
	for (unsigned i = 0; i < SIP_CLASS_MAX; i++) {
		e->limitv[i].rate = s->limitv[i].rate;
		e->limitv[i].burst = s->limitv[i].burst;
	}
}

static void fill_auth(struct edge_conf *e, const struct config_sip_auth *a)
{
	static const enum digest_alg algv[CONFIG_SIP_ALGS] = {DIGEST_MD5,
							      DIGEST_SHA256};

	e->auth.realm = a->realm;
	e->users = a->users;
	for (size_t i = 0; i < a->algc; i++)
		e->auth.algv[i] = algv[a->algv[i]];
	e->auth.algc = a->algc;
	e->auth.lifetime = a->nonce_lifetime;
	e->auth.guesses = a->guesses;
	e->auth.bind_source = a->bind_source;
	e->auth.match_from = a->match_from;
}

static void fill_streams(struct edge_conf *e, const struct config_sip *s)
{
	e->stream.connections = s->streams.connections;
	e->stream.per_source = s->streams.per_source;
	e->stream.idle = s->streams.idle;
	e->cert.certificate = s->tls.certificate;
	e->cert.key = s->tls.key;
	e->cert.ca = s->tls.ca;
	e->cert.min_version = s->tls.min_version;
}

static void fill_probe(struct edge_conf *e, const struct config_sip *s)
{
	e->probe.interval = s->probe.interval;
	e->probe.timeout = s->probe.timeout;
	e->probe.from = s->probe.from;
	e->probe_listener = s->probe.listener;
	e->probe_listener6 = s->probe.listener6;
	e->ds = ds_conf_default;
	e->ds.down = s->probe.down;
	e->ds.up = s->probe.up;
	e->probe.marked = s->probe.marked;
	for (size_t i = 0; i < s->probe.acceptc && i < PROBE_RANGES; i++) {
		e->probe.acceptv[i].min = s->probe.acceptv[i].min;
		e->probe.acceptv[i].max = s->probe.acceptv[i].max;
		e->probe.acceptc = i + 1;
	}
}

/* All but the key. Strings stay the configuration's */
static int fill_conf(struct edge_conf *conf, const struct config *c)
{
	const struct config_sip *s = &c->sip;
	int err = policy_alloc(&conf->policy);

	if (!err)
		err = fill_policy(conf->policy, s);
	if (!err)
		err = fill_denied(conf->policy, c);
	if (err)
		return err;
	for (size_t i = 0; i < s->setc; i++)
		conf->set_idv[i] = s->setv[i].id;
	conf->setc = s->setc;
	conf->list = s->dispatcher;
	conf->copy_every = s->copy;
	fill_limits(conf, s);
	fill_probe(conf, s);
	fill_auth(conf, &s->auth);
	fill_streams(conf, s);
	conf->names.dns = s->dns;
	config_media_ports(&conf->names.dns.avoid, c);
	conf->names.waiting = s->dns_waiting;
	return 0;
}

int role_edge_renew(struct edge *e, const struct config *c, struct ds_err *derr)
{
	struct edge_conf conf = {.policy = NULL};
	int err = fill_conf(&conf, c);

	if (!err)
		err = edge_renew(e, &conf, derr);
	mem_deref(conf.policy);
	return err;
}

int role_edge(struct edge **ep, const struct config *c, struct fp *fp)
{
	const struct config_sip *s = &c->sip;
	struct edge_conf conf = {.policy = NULL};
	struct fp_sip *sip = NULL;
	struct ds_err derr = {""};
	struct config_err ke = {""};
	struct fp_err e = {""};
	int err;

	if (!s->on)
		return 0;
	err = fill_conf(&conf, c);
	if (!err)
		err = config_read_key(conf.policy->key, s->key_file, &ke);
	if (err) {
		if (str_isset(ke.msg))
			log_error("%s", ke.msg);
		goto out;
	}
	err = fp_sip_open(&sip, c->pin_dir, false, &e);
	if (err) {
		log_error("sip: %s", e.msg);
		goto out;
	}
	err = edge_alloc(ep, &conf, fp, sip, &derr);
	if (err)
		log_error("sip: %s", derr.msg);
out:
	mem_deref(sip);
	mem_deref(conf.policy);
	return err;
}
