/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials beside the request that has them: same URI, same user */
#include <string.h>
#include "edge/auth.h"

static bool own_host(const struct policy *p, const struct uri *u)
{
	struct sa sa;

	if (!sa_set(&sa, &u->host, 0))
		return policy_own_addr(p, &sa);
	return policy_domain(p, &u->host) != 0;
}

static uint16_t port_of(const struct uri *u)
{
	return u->port                             ? u->port
	       : pl_strcasecmp(&u->scheme, "sips") ? 5060
						   : 5061;
}

bool auth_uri_fits(const struct policy *p, const struct msg *m,
		   const struct pl *uri)
{
	const struct uri *r = &m->uri;
	struct uri u;

	if (!pl_cmp(uri, &m->ruri))
		return true;
	if (!m->uri_ok || msg_uri_decode(&u, uri) || !u.host.l ||
	    pl_casecmp(&u.scheme, &r->scheme))
		return false;
	if (u.user.l && pl_cmp(&u.user, &r->user))
		return false;
	if (own_host(p, &u) && own_host(p, r))
		return true;
	return !pl_casecmp(&u.host, &r->host) && port_of(&u) == port_of(r);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Is what stands in a URI, escaped or not, the first part of the text? Moves the
 * text behind it */
static bool leads(struct pl *text, const struct pl *part)
{
	for (size_t i = 0; i < part->l; i++) {
		char c = part->p[i];

		if (c == '%' && i + 2 < part->l && hex(part->p[i + 1]) >= 0 &&
		    hex(part->p[i + 2]) >= 0) {
			c = (char)(hex(part->p[i + 1]) << 4 |
				   hex(part->p[i + 2]));
			i += 2;
		}
		if (!text->l || text->p[0] != c)
			return false;
		pl_advance(text, 1);
	}
	return true;
}

bool auth_user_fits(const struct msg *m, const struct pl *user)
{
	const bool reg = !pl_strcmp(&m->met, "REGISTER");
	const struct msg_header *h = m->first[reg ? MSG_TO : MSG_FROM];
	struct pl rest = *user, text, tag;
	struct uri uri;

	if (!h || msg_addr(&text, &tag, &h->val) || msg_uri_decode(&uri, &text))
		return false;
	/* who is anonymous claims to be nobody (RFC 3323 4.1.1.3) */
	if (!reg && !pl_strcasecmp(&uri.host, "anonymous.invalid"))
		return true;
	if (!uri.user.l || !leads(&rest, &uri.user))
		return false;
	if (!rest.l)
		return true;
	/* a tel: URI has its number alone */
	if (rest.p[0] != '@' || !uri.host.l)
		return false;
	pl_advance(&rest, 1);
	return !pl_casecmp(&rest, &uri.host);
}
