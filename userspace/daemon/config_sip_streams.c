/* SPDX-License-Identifier: BSD-2-Clause */
/* `sip.tls`, `sip.streams`: connections */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "daemon/config.h"
#include "daemon/config_check.h"
#include "daemon/config_sip_raw.h"

const char *const config_sip_transpv[CONFIG_TRANSPS] = {"udp", "tcp", "tls",
							"ws", "wss"};

static uint32_t number(const uint32_t *v, const char *path)
{
	return v ? *v : config_rule(path)->def;
}

static int path_dup(char **dst, const struct config_src *src, const char *key,
		    const char *value)
{
	char path[40];

	if (!value)
		return 0;
	(void)re_snprintf(path, sizeof(path), "sip.tls.%s", key);
	if (*value != '/')
		return config_tree_refuse(src->tree, src->e, path,
					  "'%s' is no absolute path", value);
	return str_dup(dst, value);
}

static int fill_tls(struct config_sip *s, const struct raw_sip_tls *r,
		    const struct config_src *src)
{
	int err;

	s->tls.min_version = r->min_version ? (unsigned)*r->min_version : 12;
	err = path_dup(&s->tls.certificate, src, "certificate", r->certificate);
	if (!err)
		err = path_dup(&s->tls.key, src, "key", r->key);
	return err ? err : path_dup(&s->tls.ca, src, "ca", r->ca);
}

static int need_tls(const struct config_sip *s, const struct config_src *src)
{
	char path[40];

	for (size_t i = 0; i < s->listenc; i++) {
		const unsigned t = s->listenv[i].transp;

		if (t != CONFIG_TLS && t != CONFIG_WSS)
			continue;
		(void)re_snprintf(path, sizeof(path),
				  "sip.listen[%zu].transport", i);
		return config_tree_refuse(src->tree, src->e, path,
					  "'%s' needs sip.tls",
					  config_sip_transpv[t]);
	}
	return 0;
}

/* The fast path would take its packets for media */
int config_check_ports(const struct config *c, const struct config_src *src)
{
	char path[40];

	for (size_t i = 0; i < c->sip.listenc; i++)
		for (size_t k = 0; k < c->media.ifacec; k++) {
			const struct sa *sa = &c->sip.listenv[i].addr;
			const struct media_iface_conf *m = &c->media.ifacev[k];

			if (c->sip.listenv[i].transp != CONFIG_UDP ||
			    !sa_cmp(sa, &m->addr, SA_ADDR) ||
			    sa_port(sa) < m->port_min ||
			    sa_port(sa) > m->port_max)
				continue;
			(void)re_snprintf(path, sizeof(path),
					  "sip.listen[%zu].address", i);
			return config_tree_refuse(
				src->tree, src->e, path,
				"'%J' is a media port of interfaces[%zu] (%s)",
				sa, k, m->name);
		}
	return 0;
}

int config_fill_streams(struct config_sip *s, const struct config_src *src)
{
	const struct raw_sip *r = src->raw->sip;
	const struct raw_sip_streams none = {.idle = NULL},
				     *c = r->streams ? r->streams : &none;

	s->tcp_above = number(r->tcp_above, "sip.tcp-above");
	s->streams.connections = number(c->connections,
					"sip.streams.connections");
	s->streams.per_source = number(c->per_source, "sip.streams.per-source");
	s->streams.idle = number(c->idle, "sip.streams.idle");
	return r->tls ? fill_tls(s, r->tls, src) : need_tls(s, src);
}
