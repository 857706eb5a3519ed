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
	return secure && t == MSG_TCP ? MSG_TLS : t;
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

bool hop_addr(struct sa *sa, const struct uri *u)
{
	return u->host.l && !sa_set(sa, &u->host, port_of(u));
}

bool hop_own(const struct policy *p, const struct uri *u)
{
	struct sa sa;

	if (hop_addr(&sa, u))
		return policy_self(p, &sa) >= 0;
	return policy_domain(p, &u->host) != 0;
}

void hop_uri(struct forward_out *out, const struct uri *u)
{
	out->secure = !pl_strcasecmp(&u->scheme, "sips");
	out->transp = transp_of(u);
	out->any = !msg_param(&u->params, "transport", NULL);
	out->port = u->port;
	if (!hop_addr(&out->dst, u)) {
		sa_init(&out->dst, AF_UNSPEC);
		out->host = u->host;
	}
}
