/* SPDX-License-Identifier: BSD-2-Clause */
/* Services that listen to others than phones, and would read SIP as something else */
#include "daemon/denied.h"
#include "store/redis_url.h"

struct list_of {
	struct prefix *v;
	size_t n;
	uint16_t port;
	int af;
};

static void add(struct list_of *l, const struct sa *sa, uint16_t port)
{
	struct prefix *p = &l->v[l->n];

	if (l->n == DENIED)
		return;
	sa_cpy(&p->addr, sa);
	sa_set_port(&p->addr, port);
	p->bits = sa_af(sa) == AF_INET ? 32 : 128;
	++l->n;
}

static bool add_own(const char *dev, const struct sa *sa, void *arg)
{
	struct list_of *l = arg;
	(void)dev;

	/* a socket of :: takes IPv4, too */
	if (sa_af(sa) == l->af || l->af == AF_INET6)
		add(l, sa, l->port);
	return false;
}

static void service(struct list_of *l, const struct sa *sa)
{
	if (!sa_isset(sa, SA_PORT))
		return;
	l->port = sa_port(sa);
	l->af = sa_af(sa);
	if (sa_is_any(sa))
		(void)net_if_apply(add_own, l);
	else
		add(l, sa, l->port);
}

static void redis(struct list_of *l, const char *url)
{
	struct redis_url r;
	struct sa sa;

	if (redis_url_decode(&r, url, NULL))
		return;
	for (size_t i = 0; i < r.addrc; i++)
		if (!sa_set_str(&sa, r.addrv[i].host, r.addrv[i].port))
			add(l, &sa, r.addrv[i].port);
}

size_t denied_fill(struct prefix v[DENIED], const struct config *c)
{
	struct list_of l = {.v = v};

	for (size_t i = 0; i < c->registrar.denyc; i++)
		v[l.n++] = c->registrar.denyv[i];
	for (size_t i = 0; i < c->api.listenc; i++)
		service(&l, &c->api.listenv[i].addr);
	for (size_t i = 0; i < c->metricsc; i++)
		service(&l, &c->metricsv[i]);
	for (size_t i = 0; i < c->ngc; i++)
		service(&l, &c->ngv[i].addr);
	if (c->store_shared)
		redis(&l, c->store_path);
	return l.n;
}
