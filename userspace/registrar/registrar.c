/* SPDX-License-Identifier: BSD-2-Clause */
/* The registrar: what it is made of, and made anew */
#include <errno.h>
#include <string.h>
#include "registrar/priv.h"

enum { BUCKETS = 1024, LINES = 1024 };

static void destructor(void *arg)
{
	struct registrar *r = arg;

	if (r->node)
		(void)sip_node_handle(r->node, "REGISTER", SIP_STATELESS, NULL,
				      NULL);
	qualify_close(r);
	mem_deref(r->alive);
	mem_deref(r->flows);
	register_close(r);
	for (size_t i = 0; i < REGISTRAR_DOMAINS; i++) {
		mem_deref(r->credv[i]);
		mem_deref(r->domainv[i]);
	}
	mem_deref(r->verify);
	mem_deref(r->block);
	mem_deref(r->realm);
	mem_deref(r->service_route);
	mem_deref(r->users);
	mem_deref(r->havev);
	mem_deref(r->lines);
	mem_deref(r->date);
	mem_deref(r->spare);
	mem_deref(r->ext);
	mem_deref(r->loc);
	mem_deref(r->node);
}

static bool conf_good(const struct registrar_conf *c)
{
	return c->domainc && c->domainc <= REGISTRAR_DOMAINS &&
	       c->min_expires && c->min_expires <= c->default_expires &&
	       c->default_expires <= c->max_expires && c->max_contacts &&
	       (!c->authenticate || (c->algc && c->algc <= DIGEST_ALGS)) &&
	       str_len(c->service_route) < REGISTRAR_ROUTE;
}

static int dup(char **dp, const char *s)
{
	return s ? str_dup(dp, s) : 0;
}

/* All of it that is the configuration's */
static int take_conf(struct registrar *r, const struct registrar_conf *conf,
		     const struct registrar *before, char *why, size_t sz)
{
	int err = 0;

	if (!conf_good(conf))
		return EINVAL;
	r->conf = *conf;
	for (size_t i = 0; i < conf->domainc && !err; i++)
		err = str_dup(&r->domainv[i], conf->domainv[i]);
	if (!err)
		err = dup(&r->realm, conf->realm);
	if (!err)
		err = dup(&r->service_route, conf->service_route);
	if (!err)
		err = dup(&r->users, conf->users);
	if (!err && conf->authenticate)
		err = auth_start(r, before, why, sz);
	return err;
}

int registrar_alloc(struct registrar **rp, const struct registrar_conf *conf,
		    struct sip_node *node, struct location *loc,
		    struct extensions *ext, char *why, size_t sz)
{
	struct registrar *r;
	int err = 0;

	if (!rp || !conf || !node || !loc || !ext || !why)
		return EINVAL;
	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;
	r->loc = mem_ref(loc);
	r->ext = mem_ref(ext);
	r->lines = mbuf_alloc(LINES);
	r->date = mbuf_alloc(64);
	if (!r->lines || !r->date)
		err = ENOMEM;
	if (!err)
		err = take_conf(r, conf, NULL, why, sz);
	if (!err)
		err = hash_alloc(&r->parked, BUCKETS);
	if (!err)
		err = block_alloc(&r->block);
	if (!err)
		err = sip_node_handle(node, "REGISTER", SIP_STATELESS,
				      register_handler, r);
	if (!err)
		r->node = mem_ref(node);
	if (!err)
		err = flows_alloc(&r->flows, r);
	if (!err)
		err = alive_alloc(&r->alive, r);
	if (err)
		mem_deref(r);
	else
		*rp = r;
	return err;
}

#define SWAP(a, b)                                                             \
	do {                                                                   \
		__typeof__(a) swap_ = (a);                                     \
		(a) = (b);                                                     \
		(b) = swap_;                                                   \
	} while (0)

/* What was in force goes with the one that is made for the purpose */
int registrar_renew(struct registrar *r, const struct registrar_conf *conf,
		    char *why, size_t sz)
{
	struct registrar *n;
	int err;

	if (!r || !conf || !why)
		return EINVAL;
	n = mem_zalloc(sizeof(*n), destructor);
	if (!n)
		return ENOMEM;
	n->ext = mem_ref(r->ext);
	err = take_conf(n, conf, r, why, sz);
	if (!err) {
		SWAP(n->conf, r->conf);
		for (size_t i = 0; i < REGISTRAR_DOMAINS; i++) {
			SWAP(n->domainv[i], r->domainv[i]);
			SWAP(n->credv[i], r->credv[i]);
		}
		SWAP(n->credc, r->credc);
		SWAP(n->realm, r->realm);
		SWAP(n->service_route, r->service_route);
		SWAP(n->users, r->users);
		SWAP(n->verify, r->verify);
		alive_renew(r->alive);
	}
	mem_deref(n);
	return err;
}

void registrar_block(struct registrar *r, registrar_block_h *h, void *arg)
{
	if (!r)
		return;
	r->blockh = h;
	r->block_arg = arg;
}

const char *registrar_realm(const struct registrar *r)
{
	return r && r->realm ? r->realm : "";
}

bool registrar_refresh_events(const struct registrar *r)
{
	return r && r->conf.refresh_events;
}

void registrar_stats(const struct registrar *r, struct registrar_stats *s)
{
	if (r && s)
		*s = r->stats;
}
