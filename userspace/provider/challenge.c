/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include "provider/challenge.h"

/* ---- reading --------------------------------------------------------------------- */

/* The value of a directive, its escapes kept; whether it is there */
static bool directive(const struct pl *val, const char *name, struct pl *out)
{
	const char *p = val->p, *end = val->p + val->l;

	while (p < end) {
		struct pl key;

		while (p < end && (isspace((unsigned char)*p) || *p == ','))
			p++;
		key.p = p;
		while (p < end && (isalnum((unsigned char)*p) || *p == '-'))
			p++;
		key.l = (size_t)(p - key.p);
		while (p < end && isspace((unsigned char)*p))
			p++;
		if (p == end || *p != '=') {
			if (!key.l)
				p++;
			continue; /* the scheme */
		}
		p++;
		while (p < end && isspace((unsigned char)*p))
			p++;
		if (p < end && *p == '"') {
			out->p = ++p;
			while (p < end && *p != '"')
				p += *p == '\\' && p + 1 < end ? 2 : 1;
			p = p > end ? end : p;
			out->l = (size_t)(p - out->p);
			p++;
		} else {
			out->p = p;
			while (p < end && *p != ',' &&
			       !isspace((unsigned char)*p))
				p++;
			out->l = (size_t)(p - out->p);
		}
		if (!pl_strcasecmp(&key, name))
			return true;
	}
	return false;
}

static bool copy(char text[CHALLENGE_TEXT], const struct pl *val,
		 const char *name)
{
	struct pl pl;

	text[0] = '\0';
	return !directive(val, name, &pl) ||
	       (pl.l < CHALLENGE_TEXT && !pl_strcpy(&pl, text, CHALLENGE_TEXT));
}

/* "auth,auth-int" */
static bool offers_auth(struct pl list)
{
	struct pl one;

	while (msg_list_next(&list, &one))
		if (!pl_strcasecmp(&one, "auth"))
			return true;
	return false;
}

static int read_one(struct challenge *c, const struct pl *val,
		    const struct secret *s, char *why, size_t sz)
{
	struct pl pl;

	memset(c, 0, sizeof(*c));
	if (val->l < 7 || strncasecmp(val->p, "Digest", 6) != 0 ||
	    !isspace((unsigned char)val->p[6])) {
		(void)re_snprintf(why, sz, "it asks for another scheme");
		return ENOENT;
	}
	if (!copy(c->realm, val, "realm") || !copy(c->nonce, val, "nonce") ||
	    !copy(c->opaque, val, "opaque") || !c->nonce[0]) {
		(void)re_snprintf(why, sz, "its challenge can't be used");
		return ENOENT;
	}
	if (strcmp(c->realm, s->realm) != 0) {
		(void)re_snprintf(why, sz, "its realm is '%s', not '%s'",
				  c->realm, s->realm);
		return ENOENT;
	}
	c->alg = directive(val, "algorithm", &pl) ? digest_find(&pl)
						  : DIGEST_MD5;
	if (c->alg == DIGEST_ALGS || !s->ha1v[c->alg][0]) {
		(void)re_snprintf(why, sz, "there is no HA1 by %s",
				  c->alg == DIGEST_ALGS ? "its algorithm"
							: digest_name(c->alg));
		return ENOENT;
	}
	if (directive(val, "qop", &pl)) {
		c->qop = offers_auth(pl);
		if (!c->qop) {
			(void)re_snprintf(why, sz, "it asks for another qop");
			return ENOENT;
		}
	}
	c->stale = directive(val, "stale", &pl) && !pl_strcasecmp(&pl, "true");
	return 0;
}

int challenge_read(struct challenge *c, const struct msg *resp,
		   const struct secret *s, char *why, size_t sz)
{
	const bool proxy = resp->code == 407;
	const char *name = proxy ? "Proxy-Authenticate" : "WWW-Authenticate";
	struct challenge one;
	bool found = false;

	(void)re_snprintf(why, sz,
			  "it asks for a log-in, and does not say "
			  "how");
	if (!s->username) {
		(void)re_snprintf(why, sz,
				  "it asks for a log-in, and there is none");
		return ENOENT;
	}
	for (size_t i = 0; i < resp->hdrc; i++) {
		const struct msg_header *h = &resp->hdrv[i];

		if (pl_strcasecmp(&h->name, name) ||
		    read_one(&one, &h->val, s, why, sz))
			continue;
		/* numbers of algorithms grow with their strength */
		if (!found || one.alg > c->alg)
			*c = one;
		found = true;
	}
	if (!found)
		return ENOENT;
	c->proxy = proxy;
	return 0;
}

/* ---- answering --------------------------------------------------------------------- */

static int response(char hex[DIGEST_HEX + 1], const struct challenge *c,
		    const struct secret *s, const char *method,
		    const struct pl *uri, const char *nc, const char *cnonce)
{
	char ha2[DIGEST_HEX + 1];
	struct digest *d = NULL;
	struct pl v[6];
	int err = digest_alloc(&d);

	pl_set_str(&v[0], method);
	v[1] = *uri;
	if (!err)
		err = digest_join(d, ha2, c->alg, v, 2);
	pl_set_str(&v[0], s->ha1v[c->alg]);
	pl_set_str(&v[1], c->nonce);
	pl_set_str(&v[2], nc);
	pl_set_str(&v[3], cnonce);
	pl_set_str(&v[4], "auth");
	pl_set_str(&v[5], ha2);
	if (!c->qop)
		v[2] = v[5];
	if (!err)
		err = digest_join(d, hex, c->alg, v, c->qop ? 6 : 3);
	mem_deref(d);
	return err;
}

int challenge_answer(struct mbuf *mb, struct challenge *c,
		     const struct secret *s, const char *method,
		     const struct pl *uri)
{
	char hex[DIGEST_HEX + 1], nc[9], cnonce[17];
	uint64_t rnd;
	int err;

	if (getrandom(&rnd, sizeof(rnd), 0) != sizeof(rnd))
		return EIO;
	(void)re_snprintf(cnonce, sizeof(cnonce), "%016llx", rnd);
	(void)re_snprintf(nc, sizeof(nc), "%08x", ++c->count);
	err = response(hex, c, s, method, uri, nc, cnonce);
	if (!err)
		err = mbuf_printf(mb,
				  "%s: Digest username=\"%s\", realm=\"%s\", "
				  "nonce=\"%s\", uri=\"%r\", response=\"%s\", "
				  "algorithm=%s",
				  c->proxy ? "Proxy-Authorization"
					   : "Authorization",
				  s->username, c->realm, c->nonce, uri, hex,
				  digest_name(c->alg));
	if (!err && c->qop)
		err = mbuf_printf(mb, ", qop=auth, nc=%s, cnonce=\"%s\"", nc,
				  cnonce);
	if (!err && c->opaque[0])
		err = mbuf_printf(mb, ", opaque=\"%s\"", c->opaque);
	return err ? err : mbuf_write_str(mb, "\r\n");
}
