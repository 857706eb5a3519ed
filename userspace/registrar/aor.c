/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose address it is */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "registrar/priv.h"

const char *registrar_domain(const struct registrar *r, const struct pl *host)
{
	for (size_t i = 0; i < r->conf.domainc; i++)
		if (!pl_strcasecmp(host, r->domainv[i]))
			return r->domainv[i];
	return NULL;
}

/* A user as it is meant. What would be read another way in an AOR, in a key of the
 * store or in a header is nobody's name */
static int plain_user(char *buf, size_t *n, size_t sz, struct pl user)
{
	*n = 0;
	while (user.l) {
		const char c = msg_uri_char(&user);

		if ((uint8_t)c <= ' ' || c == 0x7f || strchr("\"<>@\\:", c))
			return ENOENT;
		if (*n + 1 >= sz)
			return EOVERFLOW;
		buf[(*n)++] = c;
	}
	return *n ? 0 : ENOENT;
}

int aor_make(struct pl *aor, char *buf, size_t sz, const struct uri *uri,
	     const char *domain)
{
	size_t n;
	int err = plain_user(buf, &n, sz, uri->user);

	if (err)
		return err;
	if (n + 1 + strlen(domain) >= sz)
		return EOVERFLOW;
	buf[n] = '@';
	memcpy(buf + n + 1, domain, strlen(domain));
	aor->p = buf;
	aor->l = n + 1 + strlen(domain);
	return 0;
}

bool reg_aor(struct reg *g, const struct pl *text)
{
	const char *domain;
	struct uri uri;

	if (msg_uri_decode(&uri, text) || !uri.host.l)
		return false;
	domain = registrar_domain(g->r, &uri.host);
	if (!domain ||
	    aor_make(&g->aor, g->aorbuf, sizeof(g->aorbuf), &uri, domain))
		return false;
	g->user.p = g->aor.p;
	g->user.l = g->aor.l - strlen(domain) - 1;
	g->domain.p = g->user.p + g->user.l + 1;
	g->domain.l = strlen(domain);
	return true;
}
