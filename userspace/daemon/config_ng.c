/* SPDX-License-Identifier: BSD-2-Clause */
/* Listeners of the ng protocol */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "daemon/config.h"
#include "daemon/config_check.h"

static const char listen_default[] = "127.0.0.1:2223";

/* sa_decode() takes any number for a port, and the rest modulo 2^16 */
static bool port_fits(const char *s)
{
	const char *colon = strrchr(s, ':');
	size_t n = colon ? strspn(colon + 1, "0123456789") : 0;

	return n && n <= 5 && !colon[1 + n] &&
	       strtoul(colon + 1, NULL, 10) <= UINT16_MAX;
}

int config_addr_port(struct sa *sa, const char *s)
{
	if (!port_fits(s) || sa_decode(sa, s, strlen(s)))
		return EINVAL;

	return sa_port(sa) ? 0 : EINVAL;
}

/* [udp:|tcp:]ADDRESS:PORT; without a transport it is both */
static int decode(struct config_listen *l, const char *s)
{
	l->udp = l->tcp = true;
	if (!strncmp(s, "udp:", 4) || !strncmp(s, "tcp:", 4)) {
		l->udp = *s == 'u';
		l->tcp = !l->udp;
		s += 4;
	}

	return config_addr_port(&l->addr, s);
}

static int check(const struct config *c, const struct config_src *src, size_t i,
		 const char *s)
{
	const struct config_listen *l = &c->ngv[i];
	char path[32];
	size_t j;

	(void)re_snprintf(path, sizeof(path), "ng.listen[%zu]", i);

	for (j = 0; j < i; j++) {
		const struct config_listen *b = &c->ngv[j];

		if (sa_cmp(&l->addr, &b->addr, SA_ALL) &&
		    ((l->udp && b->udp) || (l->tcp && b->tcp)))
			return config_tree_refuse(src->tree, src->e, path,
						  "'%s' twice", s);
	}

	/* the fast path would take its packets for media */
	for (j = 0; l->udp && j < c->media.ifacec; j++) {
		const struct media_iface_conf *m = &c->media.ifacev[j];

		if (sa_cmp(&l->addr, &m->addr, SA_ADDR) &&
		    sa_port(&l->addr) >= m->port_min &&
		    sa_port(&l->addr) <= m->port_max)
			return config_tree_refuse(
				src->tree, src->e, path,
				"'%s' is a media port of interfaces[%zu] (%s)",
				s, j, m->name);
	}

	return 0;
}

static int add(struct config *c, const struct config_src *src, size_t i,
	       const char *s)
{
	char path[32];

	if (decode(&c->ngv[i], s)) {
		(void)re_snprintf(path, sizeof(path), "ng.listen[%zu]", i);
		return config_tree_refuse(src->tree, src->e, path,
					  "'%s' is no listener", s);
	}

	return check(c, src, i, s);
}

int config_fill_ng(struct config *c, const struct config_src *src)
{
	const struct raw_ng *r = src->raw->ng;
	const bool given = config_tree_has(src->tree, "ng.listen");
	const size_t n = given ? r->listenc : 1;
	size_t i;
	int err = 0;

	c->ngv = mem_zalloc((n ? n : 1) * sizeof(*c->ngv), NULL);
	if (!c->ngv)
		return ENOMEM;
	c->ngc = n;

	for (i = 0; i < n && !err; i++)
		err = add(c, src, i, given ? r->listenv[i] : listen_default);
	if (err || !r || !r->dtmf_log)
		return err;
	if (config_addr_port(&c->media.dtmf_log, r->dtmf_log))
		return config_tree_refuse(src->tree, src->e, "ng.dtmf-log",
					  "'%s' is nowhere to send to",
					  r->dtmf_log);

	return 0;
}
