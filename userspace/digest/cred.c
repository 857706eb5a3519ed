/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "digest/cred.h"

static const struct {
	const char *name;
	size_t len, off;
} directivev[] = {
#define DIRECTIVE(d)                                                           \
	{                                                                      \
#d, sizeof(#d) - 1, offsetof(struct cred, d)                   \
	}
	DIRECTIVE(username), DIRECTIVE(realm),    DIRECTIVE(nonce),
	DIRECTIVE(uri),      DIRECTIVE(response), DIRECTIVE(algorithm),
	DIRECTIVE(qop),      DIRECTIVE(nc),       DIRECTIVE(cnonce),
};

static bool is_lws(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool parts(char c)
{
	return is_lws(c) || c == ',' || c == '=' || c == '"' || !c;
}

static void skip_lws(struct pl *pl)
{
	while (pl->l && is_lws(pl->p[0]))
		pl_advance(pl, 1);
}

/* Up to white space, or one of the characters that part directives */
static struct pl word(struct pl *pl)
{
	struct pl w = {pl->p, 0};

	while (w.l < pl->l && !parts(w.p[w.l]))
		w.l++;
	pl_advance(pl, (ssize_t)w.l);
	return w;
}

static int quoted(struct pl *val, struct pl *pl)
{
	const char *p = pl->p + 1, *const end = pl->p + pl->l;

	val->p = p;
	for (; p < end && *p != '"'; p++) {
		if ((uint8_t)*p < ' ' && *p != '\t')
			return EBADMSG;
		if (*p == '\\' && (++p == end || (uint8_t)*p < ' '))
			return EBADMSG;
	}
	if (p == end)
		return EBADMSG;
	val->l = (size_t)(p - val->p);
	pl_advance(pl, p + 1 - pl->p);
	return 0;
}

static int keep(struct cred *c, const struct pl *name, const struct pl *val)
{
	for (size_t i = 0; i < ARRAY_SIZE(directivev); i++) {
		struct pl *field = (void *)((char *)c + directivev[i].off);

		if (name->l != directivev[i].len ||
		    strncasecmp(name->p, directivev[i].name, name->l) != 0)
			continue;
		if (field->p)
			return EBADMSG;
		*field = *val;
		return 0;
	}
	return 0;
}

static int directive(struct cred *c, struct pl *pl)
{
	struct pl name = word(pl), val;
	int err = 0;

	skip_lws(pl);
	if (!name.l || !pl->l || pl->p[0] != '=')
		return EBADMSG;
	pl_advance(pl, 1);
	skip_lws(pl);
	if (pl->l && pl->p[0] == '"')
		err = quoted(&val, pl);
	else
		val = word(pl);
	return err ? err : keep(c, &name, &val);
}

int cred_decode(struct cred *c, const struct pl *val)
{
	struct pl pl = *val, scheme;
	int err;

	memset(c, 0, sizeof(*c));
	c->alg = DIGEST_MD5;
	scheme = word(&pl);
	if (pl_strcasecmp(&scheme, "Digest"))
		return ENOENT;
	if (!pl.l || !is_lws(pl.p[0]))
		return EBADMSG;
	do {
		skip_lws(&pl);
		err = directive(c, &pl);
		skip_lws(&pl);
		if (!err && pl.l && pl.p[0] != ',')
			err = EBADMSG;
		if (!err && pl.l)
			pl_advance(&pl, 1);
	} while (!err && pl.l);
	if (c->algorithm.p)
		c->alg = digest_find(&c->algorithm);
	return err;
}

static bool all_hex(const struct pl *pl)
{
	for (size_t i = 0; i < pl->l; i++) {
		const char c = pl->p[i];

		if ((c < '0' || c > '9') && (c < 'a' || c > 'f') &&
		    (c < 'A' || c > 'F'))
			return false;
	}
	return pl->l > 0;
}

const char *cred_lacks(struct cred *c)
{
	if (!c->username.l || c->username.l > CRED_USER)
		return "Digest Without User Name";
	if (!c->nonce.l || !c->uri.l)
		return "Digest Without Nonce Or URI";
	if (c->response.l != digest_len(c->alg) || !all_hex(&c->response))
		return "Malformed Digest Response";
	if (!c->qop.p)
		return NULL;
	if (pl_strcasecmp(&c->qop, "auth"))
		return "Digest With Another qop";
	if (!c->cnonce.l || c->nc.l != 8 || !all_hex(&c->nc))
		return "Digest Without nc Or cnonce";
	c->count = pl_x32(&c->nc);
	return c->count ? NULL : "Digest With nc 0";
}

bool cred_is(const struct pl *val, const struct pl *text)
{
	size_t k = 0;

	for (size_t i = 0; i < val->l; i++, k++) {
		if (val->p[i] == '\\' && i + 1 < val->l)
			i++;
		if (k == text->l || val->p[i] != text->p[k])
			return false;
	}
	return k == text->l;
}

int cred_plain(struct pl *out, char *buf, size_t size, const struct pl *val)
{
	size_t k = 0;

	for (size_t i = 0; i < val->l; i++, k++) {
		if (val->p[i] == '\\' && i + 1 < val->l)
			i++;
		if (k == size)
			return EOVERFLOW;
		buf[k] = val->p[i];
	}
	out->p = buf;
	out->l = k;
	return 0;
}
