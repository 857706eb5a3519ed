/* SPDX-License-Identifier: BSD-2-Clause */
/* Where nobody is to be reached: a phone says where it is, and must not have us send to
 * this host's services, or to those of its network that listen to nobody else */
#include "sip/priv.h"

bool sip_node_denies(const struct sip_node *n, const struct sa *dst)
{
	const struct prefix *p = prefix_find(n->denyv, n->denyc, dst);

	return p && (sa_port(&p->addr) || !sip_node_trusts(n, dst));
}

static bool denies_host(const struct sip_node *n, const struct pl *host,
			uint16_t port)
{
	struct pl plain = *host;
	struct sa sa;

	if (plain.l > 2 && plain.p[0] == '[' && plain.p[plain.l - 1] == ']') {
		pl_advance(&plain, 1);
		--plain.l;
	}
	return !sa_set(&sa, &plain, port) && sip_node_denies(n, &sa);
}

bool sip_node_denies_uri(const struct sip_node *n, const struct pl *text)
{
	struct uri uri;
	struct pl maddr;
	uint16_t port;

	if (msg_uri_decode(&uri, text) || !uri.host.l)
		return false;
	port = uri.port                             ? uri.port
	       : pl_strcasecmp(&uri.scheme, "sips") ? 5060
						    : 5061;
	return denies_host(n, &uri.host, port) ||
	       (msg_param(&uri.params, "maddr", &maddr) &&
		denies_host(n, &maddr, port));
}
