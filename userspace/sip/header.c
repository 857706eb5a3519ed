/* SPDX-License-Identifier: BSD-2-Clause */
/* Headers that msg.h has no type for, options, and URIs beside each other */
#include <string.h>
#include "carom/sipkey.h"
#include "sip/sip.h"

bool sip_header(const struct msg *m, const char *name, char compact, size_t *at,
		struct pl *val)
{
	const size_t n = strlen(name);

	for (size_t i = at ? *at : 0; i < m->hdrc; i++) {
		const struct pl *have = &m->hdrv[i].name;

		if ((have->l != n || strncasecmp(have->p, name, n) != 0) &&
		    !(compact && have->l == 1 &&
		      (have->p[0] | 0x20) == compact))
			continue;
		if (at)
			*at = i + 1;
		*val = m->hdrv[i].val;
		return true;
	}
	return false;
}

bool sip_option(const struct msg *m, const char *name, char compact,
		const char *option)
{
	const size_t n = strlen(option);
	struct pl list, entry;
	size_t at = 0;

	while (sip_header(m, name, compact, &at, &list))
		while (msg_list_next(&list, &entry))
			if (entry.l == n && !strncasecmp(entry.p, option, n))
				return true;
	return false;
}

/* Proxies write these, each time in their own way */
static bool of_the_way(const struct msg_header *h)
{
	return h->type == MSG_VIA || h->type == MSG_ROUTE ||
	       h->type == MSG_RECORD_ROUTE || h->type == MSG_MAX_FORWARDS ||
	       (h->name.l == 4 && !strncasecmp(h->name.p, "Path", 4));
}

void sip_hash_asked(struct siphash *h, const struct msg *m)
{
	sipkey_mem(h, m->met.p, m->met.l);
	sipkey_mem(h, m->ruri.p, m->ruri.l);
	for (size_t i = 0; i < m->hdrc; i++) {
		const struct msg_header *hdr = &m->hdrv[i];

		if (of_the_way(hdr))
			continue;
		sipkey_mem(h, hdr->name.p, hdr->name.l);
		sipkey_mem(h, hdr->val.p, hdr->val.l);
	}
	sipkey_mem(h, m->body.p, m->body.l);
}

static bool among(const char *known, const struct pl *option)
{
	const char *p = known;

	while (*p) {
		const size_t n = strcspn(p, " ");

		if (n == option->l && !strncasecmp(p, option->p, n))
			return true;
		p += n + (p[n] == ' ');
	}
	return false;
}

bool sip_requires_other(const struct msg *m, const char *known,
			struct pl *other)
{
	struct pl list;
	size_t at = 0;

	while (sip_header(m, "Require", 0, &at, &list))
		while (msg_list_next(&list, other))
			if (other->l && !among(known, other))
				return true;
	return false;
}

/* ---- URIs --------------------------------------------------------------------- */

static bool text_same(struct pl a, struct pl b, bool fold)
{
	while (a.l && b.l) {
		const char x = msg_uri_char(&a), y = msg_uri_char(&b);

		if (x == y)
			continue;
		if (!fold || (x | 0x20) != (y | 0x20) || (x | 0x20) < 'a' ||
		    (x | 0x20) > 'z')
			return false;
	}
	return !a.l && !b.l;
}

static bool must_match(const struct pl *name)
{
	static const char *const namev[] = {"transport", "user", "method",
					    "ttl", "maddr"};

	for (size_t i = 0; i < ARRAY_SIZE(namev); i++)
		if (!pl_strcasecmp(name, namev[i]))
			return true;
	return false;
}

/* Each of a's parameters that b has too is the same there; some must be there */
static bool params_fit(const struct uri *a, const struct uri *b)
{
	struct pl list = a->params, name, val;

	while (msg_param_next(&list, &name, &val)) {
		struct pl rest = b->params, other, have;
		bool found = false;

		while (!found && msg_param_next(&rest, &other, &have))
			found = text_same(name, other, true);
		if (found ? !text_same(val, have, true) : must_match(&name))
			return false;
	}
	return true;
}

bool sip_uri_same(const struct pl *a, const struct pl *b)
{
	struct uri ua, ub;

	if (!pl_cmp(a, b))
		return true;
	if (msg_uri_decode(&ua, a) || msg_uri_decode(&ub, b))
		return false;
	return !pl_casecmp(&ua.scheme, &ub.scheme) &&
	       text_same(ua.user, ub.user, false) &&
	       text_same(ua.password, ub.password, false) &&
	       !pl_casecmp(&ua.host, &ub.host) && ua.port == ub.port &&
	       text_same(ua.headers, ub.headers, false) &&
	       params_fit(&ua, &ub) && params_fit(&ub, &ua);
}
