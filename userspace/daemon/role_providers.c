/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <re.h>

#include "base/log.h"
#include "daemon/role_providers.h"
#include "edge/edge.h"
#include "event/event.h"
#include "provider/provider.h"
#include "provider/trunk.h"

enum { CONNECTIONS = 4096, IDLE = 600 /* s */, CONNECT = 5000 /* ms */ };

_Static_assert((int)CONFIG_UDP == (int)MSG_UDP &&
		       (int)CONFIG_TLS == (int)MSG_TLS,
	       "one is taken for the other here");

static void event_handler(const char *type, const struct odict *data, void *arg)
{
	(void)event_emit(arg, type, data);
}

static void fill_wire(struct wire_conf *w, const struct config_providers *p)
{
	w->cert.certificate = p->tls.certificate;
	w->cert.key = p->tls.key;
	w->cert.ca = p->tls.ca;
	w->verify = p->tls.ca != NULL;
	/* without the file nobody can be verified, and TLS fails: none is taken
	 * on trust because a package is missing */
	if (p->tls.ca && !p->tls.ca_given && access(p->tls.ca, R_OK)) {
		log_warn("providers.tls.ca: %s: %m; no provider can be "
			 "reached by TLS",
			 p->tls.ca, errno);
		w->cert.ca = NULL;
	}
	w->cert.min_version = 12;
	w->connections = CONNECTIONS;
	w->idle = IDLE;
	w->connect = CONNECT;
}

static void fill_outbound(struct outbound_conf *o,
			  const struct config_providers *p)
{
	fill_wire(&o->wire, p);
	for (size_t i = 0; i < p->listenc; i++) {
		o->wire.listenv[i].transp =
			(enum msg_transp)p->listenv[i].transp;
		o->wire.listenv[i].addr = p->listenv[i].addr;
	}
	o->wire.listenc = p->listenc;
	for (size_t i = 0; i < p->trustc; i++) {
		o->trustv[i].addr = p->trustv[i].addr;
		o->trustv[i].bits = p->trustv[i].bits;
	}
	o->trustc = p->trustc;
	o->inbound = p->inbound.addr;
	o->inbound_transp = (enum msg_transp)p->inbound.transp;
	o->calls = p->calls;
	o->record_route = p->record_route;
}

static void fill(struct providers_conf *conf, struct outbound_conf *out,
		 const struct config *c)
{
	const struct config_providers *p = &c->providers;

	fill_wire(&conf->probe_wire, p);
	/* probes accept nothing */
	for (size_t i = 0; i < p->probe.sourcec; i++)
		conf->probe_wire.listenv[i].addr = p->probe.sourcev[i];
	conf->probe_wire.listenc = p->probe.sourcec;
	config_media_ports(&conf->probe_wire.avoid, c);
	conf->rate = p->probe.rate;
	conf->from = p->probe.from;
	conf->def.interval = p->probe.interval;
	conf->def.timeout = p->probe.timeout;
	conf->def.down = p->probe.down;
	conf->def.up = p->probe.up;
	if (p->listenc) {
		fill_outbound(out, p);
		conf->outbound = out;
	}
}

int role_providers_renew(struct providers *ps, const struct config *c,
			 char *why, size_t sz)
{
	struct providers_conf conf = {.store = NULL};
	struct outbound_conf out = {.trustc = 0};

	fill(&conf, &out, c);
	return providers_renew(ps, &conf, why, sz);
}

/* sip.dns says who is asked, where there is such a section */
static void fill_dns(struct dns_conf *d, const struct config *c)
{
	static const struct dns_conf def = {.timeout = 4000,
					    .ttl_min = 1,
					    .ttl_max = 3600,
					    .entries = 4096};

	*d = c->sip.on ? c->sip.dns : def;
	config_media_ports(&d->avoid, c);
}

int role_providers(struct providers **pp, const struct config *c,
		   struct store *store, struct events *events)
{
	struct providers_conf conf = {
		.store = store, .eventh = event_handler, .arg = events};
	struct outbound_conf out = {.trustc = 0};
	struct dns_conf dc;
	char why[256] = "";
	int err;

	if (!c->providers.on)
		return 0;
	fill_dns(&dc, c);
	fill(&conf, &out, c);
	conf.dns_timeout = dc.timeout;
	err = dns_alloc(&conf.dns, &dc);
	if (!err)
		err = providers_alloc(pp, &conf, why, sizeof(why));
	if (err)
		log_error("providers: %s%s%m", why, *why ? ": " : "", err);
	mem_deref(conf.dns);
	return err;
}

/* ---- trunks --------------------------------------------------------------------- */

static int net_handler(const struct trunk_net *net, uint32_t set, bool add,
		       void *arg)
{
	return edge_trunk(arg, &net->addr, net->bits, set, add);
}

static bool set_handler(uint32_t set, void *arg)
{
	return edge_has_set(arg, set);
}

int role_trunks(struct trunks **tp, struct store *store, struct edge *e)
{
	int err;

	if (!e)
		return 0;
	err = trunks_alloc(tp, store, net_handler, set_handler, e);
	if (err)
		log_error("trunks: %m", err);
	else
		edge_users(e, trunks_ha1, *tp);
	return err;
}
