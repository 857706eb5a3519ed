/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatch/uri.c  URI of a target
 */
#include <ctype.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <re.h>
#include "dispatch/dispatch.h"
#include "dispatch/uri.h"

static bool is_name(const struct pl *host)
{
	for (size_t i = 0; i < host->l; i++) {
		char c = host->p[i];

		if (!isalnum((unsigned char)c) && c != '.' && c != '-' &&
		    c != '_')
			return false;
	}

	return host->l > 0;
}

/* libre takes any figures for a port, and cuts them to 16 bits */
static bool good_port(const struct pl *host, const char *end)
{
	const char *p = host->p + host->l;
	uint32_t port = 0;

	if (p < end && *p == ']')
		++p;
	if (p == end || *p == ';' || *p == '?')
		return true;
	if (*p++ != ':')
		return false;

	for (; p < end && isdigit((unsigned char)*p) && port <= 65535; p++)
		port = port * 10 + (uint32_t)(*p - '0');

	return port && port <= 65535 && (p == end || *p == ';' || *p == '?');
}

/* enum ds_transp, or -1 */
static int transp_of(const struct uri *uri, bool sips)
{
	static const struct pl transport = PL("transport");
	struct pl val;

	if (uri_param_get(&uri->params, &transport, &val))
		return sips ? DS_TLS : DS_UDP;
	if (!pl_strcasecmp(&val, "tls"))
		return DS_TLS;
	if (!pl_strcasecmp(&val, "tcp"))
		return sips ? DS_TLS : DS_TCP;

	return pl_strcasecmp(&val, "udp") || sips ? -1 : DS_UDP;
}

enum ds_transp ds_uri_transp(const struct pl *pl)
{
	struct uri uri;
	int transp;

	if (!pl || uri_decode(&uri, pl))
		return DS_UDP;
	transp = transp_of(&uri, !pl_strcasecmp(&uri.scheme, "sips"));

	return transp < 0 ? DS_UDP : (enum ds_transp)transp;
}

int ds_uri_check(const struct pl *pl, struct sa *addr)
{
	struct uri uri;
	bool sips;
	int transp;

	if (addr)
		sa_init(addr, AF_UNSPEC);

	if (!pl || uri_decode(&uri, pl) || uri.scheme.p != pl->p)
		return EBADMSG;

	sips = !pl_strcasecmp(&uri.scheme, "sips");
	if (!sips && pl_strcasecmp(&uri.scheme, "sip"))
		return EBADMSG;

	transp = transp_of(&uri, sips);
	if (transp < 0)
		return EBADMSG;

	if (!pl_isset(&uri.host) || pl_isset(&uri.path) ||
	    !good_port(&uri.host, pl->p + pl->l))
		return EBADMSG;

	if (uri.af == AF_UNSPEC)
		return is_name(&uri.host) ? 0 : EBADMSG;

	if (!addr)
		return 0;

	return sa_set(addr, &uri.host,
		      uri.port           ? uri.port
		      : transp == DS_TLS ? 5061
					 : 5060)
		       ? EBADMSG
		       : 0;
}
