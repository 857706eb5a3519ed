/* SPDX-License-Identifier: BSD-2-Clause */
/* The section `providers` */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "base/prefix.h"
#include "daemon/config.h"
#include "daemon/config_check.h"

#define CA "/etc/ssl/certs/ca-certificates.crt"

static uint32_t number(const uint32_t *v, const char *path)
{
	return v ? *v : config_rule(path)->def;
}

static int refuse(const struct config_src *src, const char *key, size_t i,
		  const char *value, const char *what)
{
	char path[48];

	(void)re_snprintf(path, sizeof(path), "%s[%zu]", key, i);
	return config_tree_refuse(src->tree, src->e, path, "'%s' %s", value,
				  what);
}

/* "udp:192.0.2.1:5060" */
static int decode(struct config_providers_listen *l, const char *s)
{
	for (unsigned t = CONFIG_UDP; t <= CONFIG_TLS; t++) {
		const char *name = config_sip_transpv[t];

		if (strncmp(s, name, 3) != 0 || s[3] != ':')
			continue;
		l->transp = t;
		return config_addr_port(&l->addr, s + 4) || sa_is_any(&l->addr)
			       ? EINVAL
			       : 0;
	}
	return EINVAL;
}

static int fill_listen(struct config_providers *p, const struct config_src *src)
{
	const struct raw_providers *r = src->raw->providers;

	for (size_t i = 0; i < r->listenc; i++) {
		struct config_providers_listen *l = &p->listenv[i];

		if (decode(l, r->listenv[i]))
			return refuse(src, "providers.listen", i, r->listenv[i],
				      "is no listener");
		for (size_t k = 0; k < i; k++)
			if (p->listenv[k].transp == l->transp &&
			    sa_cmp(&p->listenv[k].addr, &l->addr, SA_ALL))
				return refuse(src, "providers.listen", i,
					      r->listenv[i], "twice");
		if (l->transp == CONFIG_TLS && !p->tls.certificate)
			return refuse(src, "providers.listen", i, r->listenv[i],
				      "needs providers.tls.certificate");
		p->listenc = i + 1;
	}
	return 0;
}

static int fill_nets(struct config_providers *p, const struct config_src *src)
{
	const struct raw_providers *r = src->raw->providers;

	for (size_t i = 0; i < r->trustedc; i++) {
		if (prefix_decode(&p->trustv[i].addr, &p->trustv[i].bits,
				  r->trustedv[i]))
			return refuse(src, "providers.trusted", i,
				      r->trustedv[i], "is no network");
		p->trustc = i + 1;
	}
	if (!r->inbound)
		return 0;
	if (decode(&p->inbound, r->inbound))
		return config_tree_refuse(
			src->tree, src->e, "providers.inbound",
			"'%s' is nowhere to send calls to", r->inbound);
	if (!p->listenc)
		return config_tree_refuse(
			src->tree, src->e, "providers.inbound",
			"'%s' needs providers.listen", r->inbound);
	return 0;
}

static int path_dup(char **dst, const struct config_src *src, const char *key,
		    const char *value)
{
	if (!value || !*value)
		return 0;
	if (*value != '/')
		return config_tree_refuse(src->tree, src->e, key,
					  "'%s' is no absolute path", value);
	return str_dup(dst, value);
}

static int fill_tls(struct config_providers *p, const struct config_src *src)
{
	static const struct raw_providers_tls none = {NULL};
	const struct raw_providers_tls *r = src->raw->providers->tls
						    ? src->raw->providers->tls
						    : &none;
	int err;

	err = path_dup(&p->tls.certificate, src, "providers.tls.certificate",
		       r->certificate);
	if (!err)
		err = path_dup(&p->tls.key, src, "providers.tls.key", r->key);
	if (!err && !p->tls.certificate != !p->tls.key)
		return config_tree_refuse(src->tree, src->e, "providers.tls",
					  "%s is missing",
					  p->tls.key ? "certificate" : "key");
	p->tls.ca_given = r->ca != NULL;
	if (!err && r->ca && !strcmp(r->ca, "none"))
		return 0;
	return err ? err
		   : path_dup(&p->tls.ca, src, "providers.tls.ca",
			      r->ca ? r->ca : CA);
}

/* ---- probe ------------------------------------------------------------------- */

/* "192.0.2.1", "[2001:db8::1]:5066": an address of ours, any port where none is
 * given */
static int source(struct sa *sa, const char *s)
{
	return !sa_set_str(sa, s, 0) || !config_addr_port(sa, s) ? 0 : EINVAL;
}

static int fill_sources(struct config_providers *p,
			const struct config_src *src)
{
	const struct raw_providers *r = src->raw->providers;
	static const char *const defv[] = {"0.0.0.0", "::"};
	const size_t n = r->sourcec ? r->sourcec : ARRAY_SIZE(defv);

	for (size_t i = 0; i < n; i++) {
		const char *s = r->sourcec ? r->sourcev[i] : defv[i];

		if (source(&p->probe.sourcev[i], s))
			return refuse(src, "providers.probe-source", i, s,
				      "is no address");
		if (i &&
		    sa_af(&p->probe.sourcev[0]) == sa_af(&p->probe.sourcev[1]))
			return refuse(src, "providers.probe-source", i, s,
				      "is the second of its family");
		p->probe.sourcec = i + 1;
	}
	return 0;
}

static int fill_probe(struct config_providers *p, const struct config_src *src)
{
	static const struct raw_providers_probe none = {NULL};
	const struct raw_providers_probe *r =
		src->raw->providers->probe ? src->raw->providers->probe : &none;
	const char *from = r->from ? r->from : "sip:carom@carom.invalid";

	p->probe.rate = number(r->rate, "providers.probe.rate");
	p->probe.interval = number(r->interval, "providers.probe.interval");
	p->probe.timeout = number(r->timeout, "providers.probe.timeout");
	p->probe.down = number(r->down, "providers.probe.down");
	p->probe.up = number(r->up, "providers.probe.up");
	if (strncmp(from, "sip:", 4) != 0 || strpbrk(from, "<> \t\r\n\""))
		return config_tree_refuse(src->tree, src->e,
					  "providers.probe.from",
					  "'%s' is no sip: URI", from);
	if (str_dup(&p->probe.from, from))
		return ENOMEM;
	return fill_sources(p, src);
}

/* The fast path would take what comes there for media */
static int check_ports(const struct config *c, const struct config_src *src)
{
	const struct config_providers *p = &c->providers;
	char path[40];

	for (size_t i = 0; i < p->listenc + p->probe.sourcec; i++) {
		const bool probe = i >= p->listenc;
		const struct sa *sa = probe ? &p->probe.sourcev[i - p->listenc]
					    : &p->listenv[i].addr;

		if (!probe && p->listenv[i].transp != CONFIG_UDP)
			continue;
		(void)re_snprintf(path, sizeof(path), "providers.%s[%zu]",
				  probe ? "probe-source" : "listen",
				  probe ? i - p->listenc : i);
		for (size_t k = 0; k < c->media.ifacec; k++) {
			const struct media_iface_conf *m = &c->media.ifacev[k];

			if (sa_cmp(sa, &m->addr, SA_ADDR) &&
			    sa_port(sa) >= m->port_min &&
			    sa_port(sa) <= m->port_max)
				return config_tree_refuse(
					src->tree, src->e, path,
					"'%J' is a media port of "
					"interfaces[%zu] (%s)",
					sa, k, m->name);
		}
	}
	return 0;
}

int config_fill_providers(struct config *c, const struct config_src *src)
{
	const struct raw_providers *r = src->raw->providers;
	struct config_providers *p = &c->providers;
	int err;

	if (!r)
		return 0;
	p->on = true;
	p->calls = number(r->calls, "providers.calls");
	p->record_route = r->record_route && *r->record_route;
	err = fill_tls(p, src);
	if (!err)
		err = fill_listen(p, src);
	if (!err)
		err = fill_nets(p, src);
	if (!err)
		err = fill_probe(p, src);
	return err ? err : check_ports(c, src);
}

void config_providers_free(struct config_providers *p)
{
	mem_deref(p->tls.certificate);
	mem_deref(p->tls.key);
	mem_deref(p->tls.ca);
	mem_deref(p->probe.from);
}

/* ---- and back ----------------------------------------------------------------- */

static int print_listen(struct re_printf *pf, const struct config_providers *p)
{
	int err = re_hprintf(pf, "  listen: [");

	for (size_t i = 0; i < p->listenc && !err; i++)
		err = re_hprintf(pf, "%s\"%s:%J\"", i ? ", " : "",
				 config_sip_transpv[p->listenv[i].transp],
				 &p->listenv[i].addr);
	if (!err)
		err = re_hprintf(pf, "]\n  trusted: [");
	for (size_t i = 0; i < p->trustc && !err; i++)
		err = re_hprintf(pf, "%s\"%j/%u\"", i ? ", " : "",
				 &p->trustv[i].addr, p->trustv[i].bits);
	if (!err)
		err = re_hprintf(pf, "]\n");
	if (!err && sa_isset(&p->inbound.addr, SA_ALL))
		err = re_hprintf(pf, "  inbound: \"%s:%J\"\n",
				 config_sip_transpv[p->inbound.transp],
				 &p->inbound.addr);
	return err ? err
		   : re_hprintf(pf, "  calls: %u\n  record-route: %s\n",
				p->calls,
				p->record_route ? "always" : "needed");
}

static int print_tls(struct re_printf *pf, const struct config_providers *p)
{
	int err = re_hprintf(pf, "  tls:\n    ca: %H\n", config_quoted,
			     p->tls.ca ? p->tls.ca : "none");

	if (!err && p->tls.certificate)
		err = re_hprintf(pf, "    certificate: %H\n", config_quoted,
				 p->tls.certificate);
	if (!err && p->tls.key)
		err = re_hprintf(pf, "    key: %H\n", config_quoted,
				 p->tls.key);
	return err;
}

static int print_probe(struct re_printf *pf, const struct config_providers *p)
{
	int err = re_hprintf(pf, "  probe-source: [");

	for (size_t i = 0; i < p->probe.sourcec && !err; i++)
		err = sa_port(&p->probe.sourcev[i])
			      ? re_hprintf(pf, "%s\"%J\"", i ? ", " : "",
					   &p->probe.sourcev[i])
			      : re_hprintf(pf, "%s\"%j\"", i ? ", " : "",
					   &p->probe.sourcev[i]);
	return err ? err
		   : re_hprintf(pf,
				"]\n  probe:\n    rate: %u\n"
				"    interval: %u\n    timeout: %u\n"
				"    down: %u\n    up: %u\n    from: %H\n",
				p->probe.rate, p->probe.interval,
				p->probe.timeout, p->probe.down, p->probe.up,
				config_quoted, p->probe.from);
}

int config_providers_print(struct re_printf *pf,
			   const struct config_providers *p)
{
	int err;

	if (!p->on)
		return 0;
	err = re_hprintf(pf, "providers:\n");
	if (!err)
		err = print_listen(pf, p);
	if (!err)
		err = print_tls(pf, p);
	return err ? err : print_probe(pf, p);
}
