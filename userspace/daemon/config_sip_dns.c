/* SPDX-License-Identifier: BSD-2-Clause */
/* `sip.dns`: who is asked for names, and for how long answers are kept */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "daemon/config.h"
#include "daemon/config_check.h"
#include "daemon/config_sip_raw.h"

static int refuse(const struct config_src *src, const char *path,
		  const char *value, const char *what)
{
	return config_tree_refuse(src->tree, src->e, path, "'%s' %s", value,
				  what);
}

/* "192.0.2.53", "192.0.2.53:53", "2001:db8::53", "[2001:db8::53]:53" */
static int server(struct sa *sa, const char *s)
{
	const char *colon = strrchr(s, ':');
	const bool port = colon && (*s == '[' || colon == strchr(s, ':'));
	const size_t n = port ? strspn(colon + 1, "0123456789") : 0;

	if (port && (!n || n > 5 || colon[1 + n] || colon[1] == '0' ||
		     strtoul(colon + 1, NULL, 10) > UINT16_MAX))
		return EINVAL;
	if (port ? sa_decode(sa, s, strlen(s)) : sa_set_str(sa, s, DNS_PORT))
		return EINVAL;
	if (sa_is_any(sa) || sa_is_linklocal(sa))
		return EINVAL;
	if (sa_af(sa) == AF_INET)
		return sa_in(sa) >= 0xe0000000u ? EINVAL : 0;
	return sa->u.in6.sin6_addr.s6_addr[0] == 0xff ? EINVAL : 0;
}

static int fill_servers(struct dns_conf *d, const struct raw_sip_dns *r,
			const struct config_src *src)
{
	char path[40];

	for (uint32_t i = 0; i < r->serverc; i++) {
		struct sa *sa = &d->serverv[i];

		(void)re_snprintf(path, sizeof(path), "sip.dns.servers[%u]", i);
		if (server(sa, r->serverv[i]))
			return refuse(src, path, r->serverv[i],
				      "is no server's address");
		for (uint32_t k = 0; k < i; k++)
			if (sa_cmp(sa, &d->serverv[k], SA_ALL))
				return refuse(src, path, r->serverv[i],
					      "twice");
		d->serverc = i + 1;
	}
	return 0;
}

static uint32_t number(const uint32_t *v, const char *path)
{
	return v ? *v : config_rule(path)->def;
}

int config_fill_dns(struct config_sip *s, const struct config_src *src)
{
	const struct raw_sip *raw = src->raw->sip;
	const struct raw_sip_dns none = {.serverv = NULL},
				 *r = raw->dns ? raw->dns : &none;
	struct dns_conf *d = &s->dns;

	d->timeout = number(r->timeout, "sip.dns.timeout");
	d->ttl_min = number(r->ttl_min, "sip.dns.ttl-min");
	d->ttl_max = number(r->ttl_max, "sip.dns.ttl-max");
	d->entries = number(r->cache, "sip.dns.cache");
	s->dns_waiting = number(r->waiting, "sip.dns.waiting");
	if (d->ttl_min > d->ttl_max)
		return config_tree_refuse(src->tree, src->e, "sip.dns.ttl-min",
					  "%u s is longer than ttl-max, %u s",
					  d->ttl_min, d->ttl_max);
	return fill_servers(d, r, src);
}

int config_print_dns(struct re_printf *pf, const struct config_sip *s)
{
	const struct dns_conf *d = &s->dns;
	int err = re_hprintf(pf, "  dns:\n    servers: [");

	for (uint32_t i = 0; i < d->serverc && !err; i++)
		err = re_hprintf(pf, "%s\"%J\"", i ? ", " : "", &d->serverv[i]);
	if (err)
		return err;
	return re_hprintf(pf,
			  "]\n    timeout: %u\n    ttl-min: %u\n"
			  "    ttl-max: %u\n    cache: %u\n    waiting: %u\n",
			  d->timeout, d->ttl_min, d->ttl_max, d->entries,
			  s->dns_waiting);
}
