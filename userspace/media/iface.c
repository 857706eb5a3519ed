/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/iface.c  Named interfaces: where a party's ports are taken from
 */
#include <errno.h>
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "base/log.h"
#include "media/call.h"

/* Interfaces of one address share its ports: a port is taken once */
static int share_ports(struct media *m, struct iface *ifc,
		       const struct media_iface_conf *c, struct media_err *e)
{
	for (size_t i = 0; i < m->ifacec; i++) {
		struct iface *o = &m->ifacev[i];

		if (o == ifc || !o->ports ||
		    !sa_cmp(&o->addr, &c->addr, SA_ADDR))
			continue;

		if (ports_min(o->ports) != ((c->port_min + 1) & ~1) ||
		    ports_max(o->ports) != c->port_max)
			return media_fail(e, EINVAL,
					  "interfaces %s and %s share %j, but "
					  "not its port range",
					  o->name, c->name, &c->addr);

		ifc->ports = mem_ref(o->ports);
		return 0;
	}

	return ports_alloc(&ifc->ports, c->port_min, c->port_max,
			   PORTS_QUARANTINE);
}

static int iface_init(struct media *m, struct iface *ifc,
		      const struct media_iface_conf *c, struct media_err *e)
{
	struct fp_err fe = {""};
	int err;

	if (!c->name || !sa_isset(&c->addr, SA_ADDR))
		return media_fail(e, EINVAL,
				  "interface without name or address");

	err = str_dup(&ifc->name, c->name);
	if (err)
		return err;

	ifc->addr = c->addr;
	ifc->adv = sa_isset(&c->advertised, SA_ADDR) ? c->advertised : c->addr;
	sa_set_port(&ifc->addr, 0);
	sa_set_port(&ifc->adv, 0);

	err = share_ports(m, ifc, c, e);
	if (err)
		return e && e->msg[0]
			       ? err
			       : media_fail(e, err,
					    "interface %s: ports %u-%u: %m",
					    c->name, c->port_min, c->port_max,
					    err);

	err = fp_local_add(m->fp, &ifc->addr, ports_min(ifc->ports),
			   ports_max(ifc->ports), &fe);
	if (err)
		return media_fail(e, err, "interface %s (%j): %s", c->name,
				  &c->addr, fe.msg[0] ? fe.msg : "refused");

	return 0;
}

int ifaces_init(struct media *m, const struct media_conf *conf,
		struct media_err *e)
{
	int err = 0;

	if (!conf->ifacec)
		return media_fail(e, EINVAL, "no media interface configured");

	m->ifacev = mem_zalloc(conf->ifacec * sizeof(*m->ifacev), NULL);
	if (!m->ifacev)
		return ENOMEM;

	m->ifacec = conf->ifacec;

	for (size_t i = 0; i < conf->ifacec && !err; i++)
		err = iface_init(m, &m->ifacev[i], &conf->ifacev[i], e);

	return err;
}

void ifaces_close(struct media *m)
{
	for (size_t i = 0; i < m->ifacec; i++) {
		mem_deref(m->ifacev[i].name);
		mem_deref(m->ifacev[i].ports);
	}

	m->ifacev = mem_deref(m->ifacev);
	m->ifacec = 0;
}

struct iface *iface_find(struct media *m, const struct pl *name, int af)
{
	struct iface *other = NULL;

	for (size_t i = 0; m->ifacev && i < m->ifacec; i++) {
		struct iface *ifc = &m->ifacev[i];

		if (pl_isset(name) && pl_strcmp(name, ifc->name))
			continue;

		if (af == AF_UNSPEC || sa_af(&ifc->addr) == af)
			return ifc;

		if (!other)
			other = ifc;
	}

	return other;
}

struct iface *iface_by_addr(struct media *m, const struct sa *addr)
{
	for (size_t i = 0; i < m->ifacec; i++) {
		if (sa_cmp(&m->ifacev[i].addr, addr, SA_ADDR))
			return &m->ifacev[i];
	}

	return NULL;
}
