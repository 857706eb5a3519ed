/* SPDX-License-Identifier: BSD-2-Clause */
/* URIs: whose host, which transport */
#include "edge/hop.h"

static enum msg_transp transp_of(const struct uri *u)
{
	const bool secure = !pl_strcasecmp(&u->scheme, "sips");
	enum msg_transp t = secure ? MSG_TLS : MSG_UDP;
	struct pl name;

	if (!msg_param(&u->params, "transport", &name))
		return t;
	t = msg_transp(&name);
	if (t == MSG_TRANSP_MAX)
		return secure ? MSG_TLS : MSG_UDP;
	if (secure && t == MSG_WS)
		return MSG_WSS;
	/* in the clear it never goes, whatever the parameter says (26.2.2) */
	return secure && t != MSG_WSS ? MSG_TLS : t;
}

static uint16_t port_of(const struct uri *u)
{
	if (u->port)
		return u->port;
	switch (transp_of(u)) {
	case MSG_TLS:
		return 5061;
	case MSG_WS: /* RFC 7118 5.4 */
		return 80;
	case MSG_WSS:
		return 443;
	default:
		return 5060;
	}
}

/* The host that a URI leads to: maddr stands in for the one that it names (RFC 3263
 * 4, RFC 3261 19.1.1) */
static struct pl host_of(const struct uri *u)
{
	struct pl host;

	if (!msg_param(&u->params, "maddr", &host) || !host.l)
		return u->host;
	if (host.l > 2 && host.p[0] == '[' && host.p[host.l - 1] == ']') {
		pl_advance(&host, 1);
		--host.l;
	}
	return host;
}

bool hop_addr(struct sa *sa, const struct uri *u)
{
	const struct pl host = host_of(u);

	return host.l && !sa_set(sa, &host, port_of(u));
}

bool hop_own(const struct policy *p, const struct uri *u)
{
	struct pl host;
	struct sa sa;

	if (hop_addr(&sa, u))
		return policy_self(p, &sa) >= 0;
	host = host_of(u);
	return policy_domain(p, &host) != 0;
}

void hop_uri(struct forward_out *out, const struct uri *u)
{
	out->secure = !pl_strcasecmp(&u->scheme, "sips");
	out->transp = transp_of(u);
	out->any = !msg_param(&u->params, "transport", NULL);
	out->port = u->port;
	if (!hop_addr(&out->dst, u)) {
		sa_init(&out->dst, AF_UNSPEC);
		out->host = host_of(u);
	}
}
