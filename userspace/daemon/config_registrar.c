/* SPDX-License-Identifier: BSD-2-Clause */
/* The section `registrar`: who may register here, and for how long */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "base/prefix.h"
#include "daemon/config.h"
#include "daemon/config_check.h"

void config_registrar_free(struct config_registrar *r)
{
	for (size_t i = 0; i < r->domainc; i++)
		mem_deref(r->domainv[i]);
	mem_deref(r->key_file);
	mem_deref(r->service_route);
	mem_deref(r->auth.realm);
	mem_deref(r->auth.users);
	mem_deref(r->tls.certificate);
	mem_deref(r->tls.key);
	mem_deref(r->tls.ca);
}

static int refuse(const struct config_src *src, const char *path,
		  const char *value, const char *what)
{
	return config_tree_refuse(src->tree, src->e, path, "'%s' %s", value,
				  what);
}

static int refuse_at(const struct config_src *src, const char *list, size_t i,
		     const char *value, const char *what)
{
	char path[48];

	(void)re_snprintf(path, sizeof(path), "registrar.%s[%zu]", list, i);
	return refuse(src, path, value, what);
}

static uint32_t number(const uint32_t *v, const char *path)
{
	return v ? *v : config_rule(path)->def;
}

static int path_dup(char **dst, const struct config_src *src, const char *key,
		    const char *value)
{
	if (!value)
		return 0;
	return *value == '/' ? str_dup(dst, value)
			     : refuse(src, key, value, "is no absolute path");
}

/* ---- lists ---------------------------------------------------------------- */

static bool unicast(const struct sa *sa)
{
	if (sa_af(sa) == AF_INET6)
		return !IN6_IS_ADDR_MULTICAST(&sa->u.in6.sin6_addr) &&
		       !IN6_IS_ADDR_UNSPECIFIED(&sa->u.in6.sin6_addr);
	return sa_in(sa) && sa_in(sa) < 0xe0000000;
}

static bool transport(unsigned *t, const char **rest, const char *s)
{
	for (*t = 0; *t < CONFIG_TRANSPS; ++*t) {
		const size_t n = strlen(config_sip_transpv[*t]);

		if (strncmp(s, config_sip_transpv[*t], n) != 0 || s[n] != ':')
			continue;
		*rest = s + n + 1;
		return true;
	}
	return false;
}

static int listener(struct config_registrar *r, const struct config_src *src,
		    size_t i, const char *s)
{
	struct config_registrar_listen *l = &r->listenv[i];
	const char *rest = "";

	if (!transport(&l->transp, &rest, s) ||
	    config_addr_port(&l->addr, rest) || !unicast(&l->addr))
		return refuse_at(src, "listen", i, s, "is no listener");
	for (size_t k = 0; k < i; k++) {
		const struct config_registrar_listen *o = &r->listenv[k];

		if (sa_cmp(&o->addr, &l->addr, SA_ALL) &&
		    (o->transp == CONFIG_UDP) == (l->transp == CONFIG_UDP))
			return refuse_at(src, "listen", i, s, "twice");
	}
	if ((l->transp == CONFIG_TLS || l->transp == CONFIG_WSS) &&
	    !r->tls.certificate)
		return refuse_at(src, "listen", i, s, "needs registrar.tls");
	++r->listenc;
	return 0;
}

static bool domain_ok(const char *s)
{
	struct sa sa;

	return !sa_set_str(&sa, s, 0) ||
	       (strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-.") ==
			strlen(s) &&
		strlen(s) <= 255);
}

static int lists(struct config_registrar *r, const struct raw_registrar *raw,
		 const struct config_src *src)
{
	int err = 0;

	if (!raw->listenc)
		return refuse(src, "registrar.listen", "[]", "is empty");
	if (!raw->domainc)
		return refuse(src, "registrar.domains", "[]", "is empty");
	for (size_t i = 0; i < raw->listenc && !err; i++)
		err = listener(r, src, i, raw->listenv[i]);
	for (size_t i = 0; i < raw->domainc && !err; i++) {
		const char *s = raw->domainv[i];

		for (size_t k = 0; k < i; k++)
			if (!strcmp(s, r->domainv[k]))
				return refuse_at(src, "domains", i, s, "twice");
		if (!domain_ok(s))
			return refuse_at(src, "domains", i, s, "is no domain");
		err = str_dup(&r->domainv[r->domainc++], s);
	}
	for (size_t i = 0; i < raw->trustc && !err; i++) {
		struct config_registrar_net *n = &r->trustv[i];

		if (prefix_decode(&n->addr, &n->bits, raw->trustv[i]))
			return refuse_at(src, "trusted", i, raw->trustv[i],
					 "is no network");
		for (size_t k = 0; k < i; k++)
			if (n->bits == r->trustv[k].bits &&
			    sa_cmp(&n->addr, &r->trustv[k].addr, SA_ADDR))
				return refuse_at(src, "trusted", i,
						 raw->trustv[i], "twice");
		++r->trustc;
	}
	return err;
}

/* This host, its link, everybody, nobody; a cloud's metadata is at 169.254.169.254 and
 * fd00:ec2::254. Private networks are where phones are */
static const char *const never[] = {
	"0.0.0.0/8",   "127.0.0.0/8",      "169.254.0.0/16", "224.0.0.0/4",
	"240.0.0.0/4", "::/128",           "::1/128",        "fe80::/10",
	"ff00::/8",    "fd00:ec2::254/128"};

static int denied(struct config_registrar *r, const struct raw_registrar *raw,
		  const struct config_src *src)
{
	const bool given = raw &&
			   config_tree_has(src->tree, "registrar.contact-deny");
	const char *const *v = given ? (const char *const *)raw->denyv : never;
	const size_t n = given ? raw->denyc : ARRAY_SIZE(never);

	for (size_t i = 0; i < n; i++) {
		struct prefix *p = &r->denyv[i];

		if (prefix_decode(&p->addr, &p->bits, v[i]))
			return refuse_at(src, "contact-deny", i, v[i],
					 "is no network");
		for (size_t k = 0; k < i; k++)
			if (p->bits == r->denyv[k].bits &&
			    sa_cmp(&p->addr, &r->denyv[k].addr, SA_ADDR))
				return refuse_at(src, "contact-deny", i, v[i],
						 "twice");
		++r->denyc;
	}
	return 0;
}

/* ---- figures -------------------------------------------------------------- */

static int times(struct config_registrar *r, const struct raw_registrar *raw,
		 const struct config_src *src)
{
	r->min_expires = number(raw->min_expires, "registrar.min-expires");
	r->max_expires = number(raw->max_expires, "registrar.max-expires");
	r->default_expires = number(raw->default_expires,
				    "registrar.default-expires");
	/* nobody has to say the default where the bounds are others */
	if (!raw->default_expires)
		r->default_expires = max(r->min_expires, min(r->default_expires,
							     r->max_expires));
	if (r->max_expires < r->min_expires)
		return config_tree_refuse(
			src->tree, src->e, "registrar.max-expires",
			"%u is less than min-expires", r->max_expires);
	if (r->default_expires < r->min_expires ||
	    r->default_expires > r->max_expires)
		return config_tree_refuse(
			src->tree, src->e, "registrar.default-expires",
			"%u is not within min-expires and max-expires",
			r->default_expires);
	return 0;
}

static int algorithms(struct config_registrar *r,
		      const struct raw_registrar_auth *a,
		      const struct config_src *src)
{
	if (!a || !a->algorithmc) {
		if (config_tree_has(src->tree, "registrar.auth.algorithms"))
			return refuse(src, "registrar.auth.algorithms", "[]",
				      "is empty");
		r->auth.algv[0] = DIGEST_SHA256;
		r->auth.algv[1] = DIGEST_MD5;
		r->auth.algc = 2;
		return 0;
	}
	for (uint32_t i = 0; i < a->algorithmc; i++) {
		const enum digest_alg alg = (enum digest_alg)a->algorithmv[i];

		for (size_t k = 0; k < r->auth.algc; k++)
			if (r->auth.algv[k] == alg)
				return refuse_at(src, "auth.algorithms", i,
						 digest_name(alg), "twice");
		r->auth.algv[r->auth.algc++] = alg;
	}
	return 0;
}

static int auth(struct config_registrar *r, const struct raw_registrar *raw,
		const struct config_src *src)
{
	static const struct raw_registrar_auth none;
	const struct raw_registrar_auth *a = raw->auth ? raw->auth : &none;
	int err = algorithms(r, raw->auth, src);

	if (err)
		return err;
	r->auth.required = !a->required || *a->required;
	r->auth.nonce_lifetime = number(a->nonce_lifetime,
					"registrar.auth.nonce-lifetime");
	r->auth.guesses = number(a->guesses, "registrar.auth.guesses");
	r->auth.block = number(a->block, "registrar.auth.block");
	r->auth.kernel = !a->challenge || !*a->challenge;
	if (a->realm && !config_realm_ok(a->realm))
		return refuse(src, "registrar.auth.realm", a->realm,
			      "is no realm");
	if (a->realm)
		err = str_dup(&r->auth.realm, a->realm);
	if (!err)
		err = path_dup(&r->auth.users, src, "registrar.auth.users",
			       a->users);
	return err;
}

static int dup(char **dst, const char *s)
{
	return s ? str_dup(dst, s) : 0;
}

/* Its own, or the edge's */
static int tls(struct config_registrar *r, const struct config *c,
	       const struct raw_registrar *raw, const struct config_src *src)
{
	const struct raw_sip_tls *t = raw->tls;
	int err;

	if (t) {
		r->tls.min_version = t->min_version ? (unsigned)*t->min_version
						    : 12;
		err = path_dup(&r->tls.certificate, src,
			       "registrar.tls.certificate", t->certificate);
		if (!err)
			err = path_dup(&r->tls.key, src, "registrar.tls.key",
				       t->key);
		return err ? err
			   : path_dup(&r->tls.ca, src, "registrar.tls.ca",
				      t->ca);
	}
	r->tls.min_version = c->sip.tls.min_version;
	err = dup(&r->tls.certificate, c->sip.tls.certificate);
	if (!err)
		err = dup(&r->tls.key, c->sip.tls.key);
	return err ? err : dup(&r->tls.ca, c->sip.tls.ca);
}

static int route(struct config_registrar *r, const struct raw_registrar *raw,
		 const struct config_src *src)
{
	const char *s = raw->service_route;

	if (!s)
		return 0;
	for (const char *p = s; *p; p++)
		if ((uint8_t)*p < ' ' || *p == 0x7f)
			return refuse(src, "registrar.service-route", s,
				      "has a control character");
	if (*s != '<' || s[strlen(s) - 1] != '>' ||
	    strlen(s) > CONFIG_REGISTRAR_ROUTE)
		return refuse(src, "registrar.service-route", s,
			      "is no list of URIs in <>");
	return str_dup(&r->service_route, s);
}

static void rest(struct config_registrar *r, const struct raw_registrar *raw)
{
	static const struct raw_registrar_alive never;
	static const struct raw_sip_streams usual;
	const struct raw_registrar_alive *a = raw->alive ? raw->alive : &never;
	const struct raw_sip_streams *s = raw->streams ? raw->streams : &usual;

	r->max_contacts = number(raw->max_contacts, "registrar.max-contacts");
	r->gruu = !raw->gruu || *raw->gruu;
	r->refresh_events = raw->refresh_events && *raw->refresh_events;
	r->alive_interval = number(a->interval,
				   "registrar.keep-alive.interval");
	r->alive_failures = number(a->failures,
				   "registrar.keep-alive.failures");
	r->connections = number(s->connections,
				"registrar.streams.connections");
	r->per_source = number(s->per_source, "registrar.streams.per-source");
	r->idle = number(s->idle, "registrar.streams.idle");
}

int config_fill_registrar(struct config *c, const struct config_src *src)
{
	const struct raw_registrar *raw = src->raw->registrar;
	struct config_registrar *r = &c->registrar;
	int err;

	err = denied(r, raw, src);
	if (!raw || err)
		return err;
	r->on = true;
	err = tls(r, c, raw, src);
	if (!err)
		err = lists(r, raw, src);
	if (!err)
		err = times(r, raw, src);
	if (!err)
		err = auth(r, raw, src);
	if (!err)
		err = route(r, raw, src);
	if (!err)
		err = raw->key_file
			      ? path_dup(&r->key_file, src,
					 "registrar.key-file", raw->key_file)
			      : dup(&r->key_file, c->sip.key_file);
	if (!err)
		rest(r, raw);
	return err;
}
