/* SPDX-License-Identifier: BSD-2-Clause */
/* Media interfaces: names, addresses, ports, and the legs that they need */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include <re.h>

#include "daemon/config.h"
#include "daemon/config_check.h"

enum {
	PORT_FIRST = 1024,
	PORT_MIN = 16384,
	PORT_MAX = 32767,
	NAME_MAX_LEN = 31,
};

struct place {
	const struct config_src *src;
	size_t i;
	char path[64];
};

static const char *at(struct place *p, const char *field)
{
	(void)re_snprintf(p->path, sizeof(p->path), "media.interfaces[%zu].%s",
			  p->i, field);

	return p->path;
}

/* Digits alone: strtoul would take " +7" too */
static int port(const char *s, size_t len, uint16_t *out)
{
	struct pl pl = {s, len};
	uint32_t n;
	size_t i;

	if (!len || len > 5)
		return EINVAL;
	for (i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return EINVAL;
	}

	n = pl_u32(&pl);
	if (n > UINT16_MAX)
		return EINVAL;
	*out = (uint16_t)n;

	return 0;
}

int config_port_range(const char *s, uint16_t *min, uint16_t *max)
{
	const char *dash = strchr(s, '-');

	if (!dash)
		return EINVAL;

	return port(s, (size_t)(dash - s), min) ||
			       port(dash + 1, strlen(dash + 1), max)
		       ? EINVAL
		       : 0;
}

/* Why an address cannot be one of our media addresses; NULL when it can */
static const char *unfit(const struct sa *sa)
{
	if (sa_is_any(sa))
		return "is the unspecified address";

	if (sa_af(sa) == AF_INET) {
		const uint32_t a = sa_in(sa);

		if (a >> 28 == 0xe)
			return "is a multicast address";
		if (a == INADDR_BROADCAST)
			return "is the broadcast address";
	} else {
		struct in6_addr a;

		sa_in6(sa, a.s6_addr);
		if (IN6_IS_ADDR_MULTICAST(&a))
			return "is a multicast address";
		if (IN6_IS_ADDR_LINKLOCAL(&a))
			return "is a link-local address";
	}

	return NULL;
}

static int address(struct sa *sa, struct place *p, const char *field,
		   const char *s)
{
	const char *why;

	if (strchr(s, '%') || sa_set_str(sa, s, 0))
		return config_tree_refuse(p->src->tree, p->src->e, at(p, field),
					  "'%s' is no IP address", s);

	why = unfit(sa);
	if (why)
		return config_tree_refuse(p->src->tree, p->src->e, at(p, field),
					  "%s %s", s, why);

	return 0;
}

static int iface_name(struct media_iface_conf *m, struct place *p,
		      const struct media_iface_conf *before, const char *s)
{
	size_t j;

	if (strlen(s) > NAME_MAX_LEN ||
	    strspn(s, "abcdefghijklmnopqrstuvwxyz"
		      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") != strlen(s))
		return config_tree_refuse(p->src->tree, p->src->e,
					  at(p, "name"), "'%s' will not do", s);

	/* one name may stand for an IPv4 and an IPv6 address */
	for (j = 0; j < p->i; j++) {
		if (strcmp(before[j].name, s) ||
		    sa_af(&before[j].addr) != sa_af(&m->addr))
			continue;

		return config_tree_refuse(p->src->tree, p->src->e,
					  at(p, "name"),
					  "'%s' is the name of interfaces[%zu] "
					  "too",
					  s, j);
	}

	return str_dup((char **)&m->name, s);
}

static const struct sa *shown_as(const struct media_iface_conf *m)
{
	return sa_isset(&m->advertised, SA_ADDR) ? &m->advertised : &m->addr;
}

/* Two interfaces of one address share all its ports, and differ in what they
 * advertise: anything else is a mistake, or more than the leg table can say */
static int share(const struct media_iface_conf *m, struct place *p,
		 const struct media_iface_conf *b, size_t j)
{
	const char *what = "overlaps with";

	if (m->port_min == b->port_min && m->port_max == b->port_max &&
	    !sa_cmp(shown_as(m), shown_as(b), SA_ADDR))
		return 0;

	if (m->port_min > b->port_max || b->port_min > m->port_max)
		what = "is another range than";

	return config_tree_refuse(p->src->tree, p->src->e, at(p, "ports"),
				  "%u-%u %s that of interfaces[%zu] (%s), "
				  "%u-%u, on the same address",
				  m->port_min, m->port_max, what, j, b->name,
				  b->port_min, b->port_max);
}

static int iface_ports(struct media_iface_conf *m, struct place *p,
		       const struct media_iface_conf *before, const char *s)
{
	size_t j;
	int err = 0;

	m->port_min = PORT_MIN;
	m->port_max = PORT_MAX;
	if (s && config_port_range(s, &m->port_min, &m->port_max))
		return config_tree_refuse(p->src->tree, p->src->e,
					  at(p, "ports"),
					  "'%s' is no range of ports", s);

	if (m->port_min < PORT_FIRST || m->port_min >= m->port_max)
		return config_tree_refuse(p->src->tree, p->src->e,
					  at(p, "ports"),
					  "'%s' is out of range", s);

	/* RTP on the even port, RTCP on the next (RFC 3550, 11) */
	if (m->port_min & 1)
		return config_tree_refuse(p->src->tree, p->src->e,
					  at(p, "ports"),
					  "'%s' begins with an odd port", s);

	for (j = 0; j < p->i && !err; j++) {
		if (sa_cmp(&before[j].addr, &m->addr, SA_ADDR))
			err = share(m, p, &before[j], j);
	}

	return err;
}

static int iface(struct media_iface_conf *m, struct place *p,
		 const struct media_iface_conf *before,
		 const struct raw_iface *r)
{
	int err;

	err = address(&m->addr, p, "address", r->address);
	if (!err)
		err = iface_name(m, p, before, r->name);
	if (err)
		return err;

	sa_init(&m->advertised, AF_UNSPEC);
	if (r->advertised) {
		err = address(&m->advertised, p, "advertised", r->advertised);
		if (err)
			return err;
		if (sa_af(&m->advertised) != sa_af(&m->addr))
			return config_tree_refuse(p->src->tree, p->src->e,
						  at(p, "advertised"),
						  "%s is not of the family of "
						  "%s",
						  r->advertised, r->address);
	}

	return iface_ports(m, p, before, r->ports);
}

/* The first slot is no leg's: 0 says "none" where slots are named */
static int legs(struct config *c, const struct config_src *src, uint32_t ports)
{
	const struct config_rule *rule = config_rule("media.legs");
	const uint32_t *given = src->raw->media->legs;

	c->slots = given ? *given : max(rule->def, ports + 1);

	if (c->slots > rule->max)
		return config_tree_refuse(src->tree, src->e, "media.interfaces",
					  "have %u ports together, more than "
					  "the leg table can hold, %u",
					  ports, rule->max);
	if (c->slots <= ports)
		return config_tree_refuse(src->tree, src->e, "media.legs",
					  "%u is too few for the %u ports of "
					  "all interfaces",
					  c->slots, ports);

	return 0;
}

/* Leg table slots of an interface; a shared address has them once */
static uint32_t slots_of(const struct media_iface_conf *v, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++) {
		if (sa_cmp(&v[j].addr, &v[i].addr, SA_ADDR))
			return 0;
	}

	return (uint32_t)v[i].port_max - v[i].port_min + 1;
}

int config_fill_media(struct config *c, const struct config_src *src)
{
	const struct raw_media *r = src->raw->media;
	struct media_iface_conf *v;
	struct place p = {.src = src};
	uint32_t ports = 0;
	int err;

	if (!r->ifacec)
		return config_tree_refuse(src->tree, src->e, "media.interfaces",
					  "is empty");

	v = mem_zalloc(r->ifacec * sizeof(*v), NULL);
	if (!v)
		return ENOMEM;
	c->media.ifacev = v;
	c->media.ifacec = r->ifacec;

	for (p.i = 0; p.i < r->ifacec; p.i++) {
		err = iface(&v[p.i], &p, v, &r->ifacev[p.i]);
		if (err)
			return err;
		ports += slots_of(v, p.i);
	}

	return legs(c, src, ports);
}

void config_media_ports(struct ports *p, const struct config *c)
{
	const struct media_conf *m = &c->media;

	for (size_t i = 0; i < m->ifacec; i++)
		ports_add(p, m->ifacev[i].port_min, m->ifacev[i].port_max);
}
