/* SPDX-License-Identifier: BSD-2-Clause */
/* Who registers: Digest (RFC 3261 22.2), and only for himself (10.3, step 4) */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "digest/asked.h"
#include "registrar/priv.h"

/* ---- secrets --------------------------------------------------------------------- */

static const struct creds *creds_of(const struct registrar *r,
				    const struct pl *realm)
{
	for (size_t i = 0; i < r->credc; i++)
		if (!pl_strcmp(realm, r->realm ? r->realm : r->domainv[i]))
			return r->credv[i];
	return NULL;
}

/* An extension goes before a user of the file. Where domains share a realm each may
 * have the user: he who is meant, and no other, answers for his address */
const char *registrar_ha1(const struct pl *user, const struct pl *domain,
			  const struct pl *realm, enum digest_alg alg,
			  void *arg)
{
	struct registrar *r = arg;
	const struct creds *c = creds_of(r, realm);
	const char *hex = NULL;

	if (registrar_domain(r, domain))
		hex = extension_ha1(r->ext, user, domain, realm, alg);
	if (!hex && c && (unsigned)alg < DIGEST_FILED)
		hex = creds_ha1(user, alg, (void *)(uintptr_t)c);
	return hex;
}

static int read_users(struct registrar *r, char *why, size_t sz)
{
	struct users_err e = {""};
	int err = 0;

	/* one realm: one reading, for all domains */
	r->credc = r->users ? (r->realm ? 1 : r->conf.domainc) : 0;
	for (size_t i = 0; i < r->credc && !err; i++)
		err = creds_alloc(&r->credv[i], r->users,
				  r->realm ? r->realm : r->domainv[i], &e);
	if (err)
		(void)re_snprintf(why, sz, "%s", e.msg);
	return err;
}

int auth_start(struct registrar *r, const struct registrar *before, char *why,
	       size_t sz)
{
	/* else guesses with a forged source would be held against whom they name */
	struct verify_conf vc = {.algc = r->conf.algc,
				 .bind_source = true,
				 .lifetime = r->conf.nonce_lifetime,
				 .guesses = r->conf.guesses,
				 .ha1h = registrar_ha1,
				 .arg = r};
	int err;

	/* the object stays, its configuration changes */
	if (before)
		vc.arg = (void *)(uintptr_t)before;
	memcpy(vc.key, r->conf.key, sizeof(vc.key));
	memcpy(vc.algv, r->conf.algv, sizeof(vc.algv));
	err = read_users(r, why, sz);
	if (!err)
		err = verify_alloc(&r->verify, &vc,
				   before ? before->verify : NULL);
	return err;
}

/* ---- verdicts -------------------------------------------------------------------- */

static void realm_of(const struct reg *g, struct pl *realm)
{
	if (g->r->realm)
		pl_set_str(realm, g->r->realm);
	else
		*realm = g->domain;
}

static bool challenge(const struct reg *g, uint64_t *counter, bool stale)
{
	struct mbuf *mb = mbuf_alloc(DIGEST_ALGS * VERIFY_CHALLENGE);
	struct pl realm;
	int err = ENOMEM;

	++*counter;
	realm_of(g, &realm);
	if (mb)
		err = verify_challenge(mb, g->r->verify, "WWW-Authenticate",
				       &realm, &g->in->src, stale);
	if (!err)
		(void)sip_answer(g->in, 401, "Unauthorized", "%b", mb->buf,
				 mb->end);
	mem_deref(mb);
	return false;
}

/* The source is a proxy that nobody told us to trust: behind it are others, too */
static bool is_proxy(const struct reg *g)
{
	return g->in->direct && g->in->m->viac > 1;
}

static bool held(const struct reg *g)
{
	struct registrar *r = g->r;

	++r->stats.held;
	if (!r->conf.block || !r->blockh || is_proxy(g) ||
	    !block_count(r->block, &g->in->src, tmr_jiffies()))
		return false;
	++r->stats.blocked;
	log_warn("registrar: %j guesses passwords: kept out for %u s",
		 &g->in->src, r->conf.block);
	r->blockh(&g->in->src, r->conf.block, r->block_arg);
	return false;
}

/* ---- credentials ----------------------------------------------------------------- */

/* A phone may name the host that it sends to, an edge's address: what it names is
 * a registrar all the same, for its method is hashed, too */
static bool uri_fits(const struct reg *g, const struct pl *text)
{
	const struct msg *m = g->in->m;
	struct uri uri;
	struct sa sa;

	if (!pl_cmp(text, &m->ruri))
		return true;
	if (!m->uri_ok || msg_uri_decode(&uri, text) || !uri.host.l)
		return false;
	return !pl_casecmp(&uri.host, &m->uri.host) ||
	       registrar_domain(g->r, &uri.host) || !sa_set(&sa, &uri.host, 0);
}

/* Name alone, or with the domain */
static bool user_fits(const struct reg *g, const struct cred *c)
{
	return cred_is(&c->username, &g->user) ||
	       cred_is(&c->username, &g->aor);
}

bool auth_passes(struct reg *g)
{
	struct registrar_stats *st = &g->r->stats;
	struct verify_in vi = {.method = g->in->m->met, .src = g->in->src};
	const char *why = NULL;
	struct cred c;
	int err;

	if (!g->r->conf.authenticate)
		return true;
	realm_of(g, &vi.realm);
	err = asked_find(&c, g->r->verify, g->in->m, &vi.realm);
	if (err == ENOENT)
		return challenge(g, &st->challenged, false);
	if (err)
		return reg_refuse(g, 400, "Malformed Credentials");
	vi.domain = g->domain;
	vi.request = asked_hash(g->in->m, &c, g->r->conf.key);
	vi.uri_fits = uri_fits(g, &c.uri);
	switch (verify_check(g->r->verify, &c, &vi, &why)) {
	case VERIFY_PASS:
		return user_fits(g, &c) ||
		       reg_refuse(g, 403, "User Is Not Who It Says");
	case VERIFY_STALE:
		return challenge(g, &st->stale, true);
	case VERIFY_WRONG:
		return challenge(g, &st->wrong, false);
	case VERIFY_HELD:
		return held(g);
	default:
		return reg_refuse(g, 400, why);
	}
}
