/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include "provider/peers.h"

struct peer {
	char host[PEER_HOST];
	uint16_t port;
};

struct peers {
	struct peer v[PEERS];
	unsigned next;
};

/* An address has more than one way to be written */
static bool decode(struct peer *p, const struct pl *host, uint16_t port)
{
	struct sa sa;

	p->port = port;
	if (!sa_set(&sa, host, port))
		return re_snprintf(p->host, sizeof(p->host), "%j", &sa) > 0;
	return pl_isset(host) && !pl_strcpy(host, p->host, sizeof(p->host));
}

static bool have(const struct peers *ps, const struct peer *p)
{
	for (size_t i = 0; ps && i < PEERS; i++)
		if (ps->v[i].port == p->port &&
		    !str_casecmp(ps->v[i].host, p->host))
			return true;
	return false;
}

bool peers_have(const struct peers *ps, const struct pl *host, uint16_t port)
{
	struct peer p;

	return decode(&p, host, port) && have(ps, &p);
}

bool peers_have_addr(const struct peers *ps, const struct sa *addr)
{
	char text[PEER_HOST];
	struct pl host;

	(void)re_snprintf(text, sizeof(text), "%j", addr);
	pl_set_str(&host, text);
	return peers_have(ps, &host, sa_port(addr));
}

int peers_add(struct peers **pp, const struct pl *host, uint16_t port)
{
	struct peer p;

	if (!decode(&p, host, port) || have(*pp, &p))
		return 0;
	if (!*pp)
		*pp = mem_zalloc(sizeof(**pp), NULL);
	if (!*pp)
		return ENOMEM;
	(*pp)->v[(*pp)->next++ % PEERS] = p;
	return 0;
}

int peers_add_addr(struct peers **pp, const struct sa *addr)
{
	char text[PEER_HOST];
	struct pl host;

	(void)re_snprintf(text, sizeof(text), "%j", addr);
	pl_set_str(&host, text);
	return peers_add(pp, &host, sa_port(addr));
}
