/* SPDX-License-Identifier: BSD-2-Clause */
/* The section `sip`, defaults filled in, as YAML */
#include <string.h>

#include <re.h>

#include "daemon/config_sip.h"
#include "fastpath/sip.h"

static int print_listeners(struct re_printf *pf, const struct config_sip *s)
{
	int err = re_hprintf(pf, "  listen:\n");

	for (size_t i = 0; i < s->listenc && !err; i++)
		err = re_hprintf(pf,
				 "    - name: \"%s\"\n      address: \"%J\"\n"
				 "      advertised: \"%J\"\n"
				 "      transport: %s\n      own: %s\n",
				 s->listenv[i].name, &s->listenv[i].addr,
				 &s->listenv[i].advertised,
				 config_sip_transpv[s->listenv[i].transp],
				 s->listenv[i].own ? "true" : "false");
	return err;
}

static int print_sets(struct re_printf *pf, const struct config_sip *s)
{
	int err = re_hprintf(pf, "  domains: [");

	for (size_t i = 0; i < s->domainc && !err; i++)
		err = re_hprintf(pf, "%s\"%s\"", i ? ", " : "", s->domainv[i]);
	if (!err)
		err = re_hprintf(pf, "]\n  sets:%s\n", s->setc ? "" : " []");
	for (size_t i = 0; i < s->setc && !err; i++)
		err = re_hprintf(pf,
				 "    - name: \"%s\"\n      id: %u\n"
				 "      mode: %s\n      record-route: %s\n"
				 "      path: %s\n      auth: %s\n"
				 "      own: %s\n",
				 s->setv[i].name, s->setv[i].id,
				 s->setv[i].kamailio ? "kamailio"
						     : "rendezvous",
				 s->setv[i].record_route ? "true" : "false",
				 s->setv[i].path ? "true" : "false",
				 s->setv[i].auth ? "true" : "false",
				 s->setv[i].own ? "true" : "false");
	return err;
}

static int print_rule(struct re_printf *pf, const struct config_sip *s,
		      const struct sip_rule *r)
{
	const char *sep = "";
	int err;

	if (r->flags & SIP_RULE_REGISTERED)
		err = re_hprintf(pf,
				 "    - registered: true\n"
				 "      record-route: %s\n      auth: %s\n",
				 r->flags & SIP_RULE_RR ? "true" : "false",
				 r->flags & SIP_RULE_AUTH ? "true" : "false");
	else
		err = re_hprintf(pf, "    - set: \"%s\"\n",
				 s->setv[r->set].name);
	if (!err && r->methods)
		err = re_hprintf(pf, "      methods: [");
	for (unsigned m = 1; m < SCAN_M_MAX && !err && r->methods; m++) {
		if (!(r->methods >> m & 1))
			continue;
		err = re_hprintf(pf, "%s%s", sep, fp_sip_method(m));
		sep = ", ";
	}
	if (!err && r->methods)
		err = re_hprintf(pf, "]\n");
	if (!err && r->flags & SIP_RULE_PRESENCE)
		err = re_hprintf(pf, "      event: presence\n");
	if (!err && r->mask[0])
		err = re_hprintf(
			pf, "      user-prefix: \"%b\"\n", r->user,
			strnlen((const char *)r->user, sizeof(r->user)));
	if (!err && r->domain)
		err = re_hprintf(pf, "      domain: \"%s\"\n",
				 s->domainv[r->domain - 1]);
	return err;
}

static const char *kind(const struct config_sip_net *n)
{
	if (n->set != SIP_NONE)
		return "trunk";
	if (n->flags & SIP_NET_TRUSTED)
		return "trusted";
	return n->flags & SIP_NET_DENY ? "deny" : "allow";
}

static int print_nets(struct re_printf *pf, const struct config_sip *s)
{
	int err = re_hprintf(pf, "  networks:%s\n", s->netc ? "" : " []");

	for (size_t i = 0; i < s->netc && !err; i++) {
		const struct config_sip_net *n = &s->netv[i];

		err = re_hprintf(pf,
				 "    - prefix: \"%j/%u\"\n      kind: %s\n",
				 &n->addr, n->bits, kind(n));
		if (!err && n->set != SIP_NONE)
			err = re_hprintf(pf, "      set: \"%s\"\n",
					 s->setv[n->set].name);
	}
	return err;
}

static int print_accept(struct re_printf *pf, const struct config_sip *s)
{
	int err = re_hprintf(pf, "    targets: %s\n    accept: [",
			     s->probe.marked ? "marked" : "all");

	for (size_t i = 0; i < s->probe.acceptc && !err; i++) {
		const struct config_sip_codes *c = &s->probe.acceptv[i];

		err = re_hprintf(pf, "%s%u", i ? ", " : "", c->min);
		if (!err && c->max != c->min)
			err = re_hprintf(pf, "-%u", c->max);
	}
	return err ? err : re_hprintf(pf, "]\n");
}

static int print_streams(struct re_printf *pf, const struct config_sip *s)
{
	int err;

	err = re_hprintf(pf,
			 "  streams:\n    connections: %u\n"
			 "    per-source: %u\n    idle: %u\n"
			 "  tcp-above: %u\n",
			 s->streams.connections, s->streams.per_source,
			 s->streams.idle, s->tcp_above);
	if (err || !s->tls.certificate)
		return err;
	err = re_hprintf(pf,
			 "  tls:\n    certificate: \"%s\"\n    key: \"%s\"\n"
			 "    min-version: \"1.%u\"\n",
			 s->tls.certificate, s->tls.key,
			 s->tls.min_version - 10);
	return err || !s->tls.ca
		       ? err
		       : re_hprintf(pf, "    ca: \"%s\"\n", s->tls.ca);
}

static int print_auth(struct re_printf *pf, const struct config_sip_auth *a)
{
	int err;

	if (!a->realm)
		return 0;
	err = re_hprintf(pf,
			 "  auth:\n    realm: \"%s\"\n    users: \"%s\"\n"
			 "    algorithms: [",
			 a->realm, a->users);
	for (size_t i = 0; i < a->algc && !err; i++)
		err = re_hprintf(pf, "%s%s", i ? ", " : "",
				 config_sip_algv[a->algv[i]]);
	if (!err)
		err = re_hprintf(pf,
				 "]\n    nonce-lifetime: %u\n"
				 "    guesses: %u\n    bind-source: %s\n"
				 "    match-from: %s\n",
				 a->nonce_lifetime, a->guesses,
				 a->bind_source ? "true" : "false",
				 a->match_from ? "true" : "false");
	return err;
}

int config_sip_print(struct re_printf *pf, const struct config_sip *s)
{
	int err;

	if (!s->on)
		return 0;
	err = re_hprintf(pf, "sip:\n");
	if (!err)
		err = print_listeners(pf, s);
	if (!err)
		err = re_hprintf(pf,
				 "  key-file: \"%s\"\n  force-rport: %s\n"
				 "  reverse-path: %s\n",
				 s->key_file, s->force_rport ? "true" : "false",
				 s->reverse_path ? "true" : "false");
	if (!err && s->dispatcher)
		err = re_hprintf(pf, "  dispatcher: \"%s\"\n", s->dispatcher);
	if (!err)
		err = print_sets(pf, s);
	if (!err)
		err = re_hprintf(pf, "  rules:%s\n", s->rulec ? "" : " []");
	for (size_t i = 0; i < s->rulec && !err; i++)
		err = print_rule(pf, s, &s->rulev[i].rule);
	if (!err)
		err = print_nets(pf, s);
	if (!err)
		err = re_hprintf(pf, "  limits:\n");
	for (unsigned i = 0; i < SIP_CLASS_MAX && !err; i++)
		err = re_hprintf(pf, "    %s: {rate: %u, burst: %u}\n",
				 fp_sip_class(i), s->limitv[i].rate,
				 s->limitv[i].burst);
	if (!err)
		err = print_auth(pf, &s->auth);
	if (!err)
		err = re_hprintf(pf, "  probe:\n");
	if (!err && s->probe.listener < s->listenc)
		err = re_hprintf(pf, "    listener: \"%s\"\n",
				 s->listenv[s->probe.listener].name);
	else if (!err && s->probe.listener6 < s->listenc)
		err = re_hprintf(pf, "    listener: \"%s\"\n",
				 s->listenv[s->probe.listener6].name);
	if (!err)
		err = print_accept(pf, s);
	if (!err)
		err = re_hprintf(pf,
				 "    interval: %u\n    timeout: %u\n"
				 "    down: %u\n    up: %u\n    from: \"%s\"\n"
				 "  copy: %u\n",
				 s->probe.interval, s->probe.timeout,
				 s->probe.down, s->probe.up, s->probe.from,
				 s->copy);
	if (!err)
		err = config_print_dns(pf, s);
	return err ? err : print_streams(pf, s);
}
