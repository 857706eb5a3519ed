/* SPDX-License-Identifier: BSD-2-Clause */
/* The role `registrar`, from the configuration */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "daemon/denied.h"
#include "daemon/role_registrar.h"

_Static_assert((int)CONFIG_UDP == (int)MSG_UDP &&
		       (int)CONFIG_WSS == (int)MSG_WSS,
	       "fill_node() takes one for the other");
_Static_assert((int)CONFIG_REGISTRAR_LISTENERS == (int)SIP_NODE_LISTENERS &&
		       (int)CONFIG_REGISTRAR_TRUSTED == (int)SIP_NODE_TRUSTED &&
		       (int)DENIED == (int)SIP_NODE_DENIED &&
		       (int)CONFIG_REGISTRAR_DOMAINS == (int)REGISTRAR_DOMAINS,
	       "what the file may have is what there is room for");

static void destructor(void *arg)
{
	struct role_registrar *r = arg;

	mem_deref(r->challenge);
	mem_deref(r->reg);
	mem_deref(r->ext);
	mem_deref(r->node);
}

struct node_lists {
	struct sip_listen listenv[SIP_NODE_LISTENERS];
	struct sip_trust trustv[SIP_NODE_TRUSTED];
	struct prefix denyv[DENIED];
};

static void fill_node(struct sip_node_conf *conf, struct node_lists *l,
		      const struct config *all)
{
	const struct config_registrar *c = &all->registrar;

	for (size_t i = 0; i < c->listenc; i++)
		l->listenv[i] = (struct sip_listen){
			(enum msg_transp)c->listenv[i].transp,
			c->listenv[i].addr};
	for (size_t i = 0; i < c->trustc; i++)
		l->trustv[i] = (struct sip_trust){c->trustv[i].addr,
						  c->trustv[i].bits};
	*conf = (struct sip_node_conf){
		.listenv = l->listenv,
		.listenc = c->listenc,
		.trustv = l->trustv,
		.trustc = c->trustc,
		.denyv = l->denyv,
		.denyc = denied_fill(l->denyv, all),
		.cert = {c->tls.certificate, c->tls.key, c->tls.ca,
			 c->tls.min_version},
		.agent = "carom/" CAROM_VERSION,
		.connections = c->connections,
		.per_source = c->per_source,
		.idle = c->idle,
	};
}

static int fill_registrar(struct registrar_conf *conf,
			  const struct config_registrar *c, char *why,
			  size_t sz)
{
	struct config_err e = {""};
	int err;

	*conf = (struct registrar_conf){
		.domainv = (const char *const *)c->domainv,
		.domainc = c->domainc,
		.min_expires = c->min_expires,
		.max_expires = c->max_expires,
		.default_expires = c->default_expires,
		.max_contacts = c->max_contacts,
		.gruu = c->gruu,
		.refresh_events = c->refresh_events,
		.service_route = c->service_route,
		.authenticate = c->auth.required,
		.realm = c->auth.realm,
		.users = c->auth.users,
		.algc = c->auth.algc,
		.nonce_lifetime = c->auth.nonce_lifetime,
		.guesses = c->auth.guesses,
		.block = c->auth.block,
		.alive_interval = c->alive_interval,
		.alive_failures = c->alive_failures,
	};
	memcpy(conf->algv, c->auth.algv, sizeof(conf->algv));
	if (!c->key_file) {
		conf->key[0] = rand_u64();
		conf->key[1] = rand_u64();
		return 0;
	}
	err = config_read_key(conf->key, c->key_file, &e);
	if (err)
		(void)re_snprintf(why, sz, "%s", e.msg);
	return err;
}

int role_registrar(struct role_registrar **rp, const struct config *c,
		   struct fp *fp, struct store *store, struct location *loc)
{
	struct registrar_conf rc;
	struct role_registrar *r;
	struct sip_node_conf nc;
	struct node_lists lists;
	char why[512] = "";
	int err;

	if (!c->registrar.on)
		return 0;
	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;
	fill_node(&nc, &lists, c);
	err = fill_registrar(&rc, &c->registrar, why, sizeof(why));
	if (!err)
		err = extensions_alloc(&r->ext, store);
	if (!err)
		err = sip_node_alloc(&r->node, &nc, why, sizeof(why));
	if (!err)
		err = registrar_alloc(&r->reg, &rc, r->node, loc, r->ext, why,
				      sizeof(why));
	if (!err)
		err = role_challenge(&r->challenge, c, fp, r->node, r->reg, why,
				     sizeof(why));
	if (err) {
		log_error("registrar: %s%s%m", why, *why ? ": " : "", err);
		mem_deref(r);
		return err;
	}
	log_info("registrar: %zu contacts, %zu extensions",
		 location_count(loc, NULL), extensions_count(r->ext));
	*rp = r;
	return 0;
}

int role_registrar_renew(struct role_registrar *r, const struct config *c,
			 char *why, size_t sz)
{
	struct registrar_conf rc;
	struct sip_node_conf nc;
	struct node_lists lists;
	int err;

	if (!r || !c->registrar.on)
		return 0;
	fill_node(&nc, &lists, c);
	err = fill_registrar(&rc, &c->registrar, why, sz);
	if (!err)
		err = sip_node_renew(r->node, &nc, why, sz);
	if (!err)
		err = registrar_renew(r->reg, &rc, why, sz);
	if (!err)
		role_challenge_renew(r->challenge, c);
	return err;
}
