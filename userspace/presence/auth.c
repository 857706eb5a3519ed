/* SPDX-License-Identifier: BSD-2-Clause */
/* Who asks, and whether he may: Digest (RFC 3261 22.2) for From's user */
#include <errno.h>
#include <string.h>
#include "digest/asked.h"
#include "presence/priv.h"

int presence_auth_start(const struct presence_conf *conf, struct verify **vp,
			const struct verify *before)
{
	struct verify_conf vc = {.algc = conf->algc,
				 .bind_source = true,
				 .lifetime = conf->nonce_lifetime,
				 .guesses = conf->guesses,
				 .ha1h = conf->ha1h,
				 .arg = conf->arg,
				 .now = conf->now};

	memcpy(vc.key, conf->key, sizeof(vc.key));
	memcpy(vc.algv, conf->algv, sizeof(vc.algv));
	return verify_alloc(vp, &vc, before);
}

static struct pl domain_of(const struct pl *aor)
{
	const char *at = pl_strrchr(aor, '@');

	return at ? (struct pl){at + 1, aor->l - (size_t)(at + 1 - aor->p)}
		  : pl_null;
}

static struct pl user_of(const struct pl *aor)
{
	const char *at = pl_strrchr(aor, '@');

	return (struct pl){aor->p, at ? (size_t)(at - aor->p) : aor->l};
}

static void realm_of(const struct req *q, struct pl *realm)
{
	if (q->p->realm)
		pl_set_str(realm, q->p->realm);
	else
		*realm = domain_of(&q->user);
}

static bool challenge(const struct req *q, const struct pl *realm, bool stale)
{
	struct mbuf *mb = mbuf_alloc(DIGEST_ALGS * VERIFY_CHALLENGE);
	int err = ENOMEM;

	++q->p->stats.challenged;
	if (mb)
		err = verify_challenge(mb, q->p->verify, "WWW-Authenticate",
				       realm, &q->in->src, stale);
	if (!err)
		(void)sip_answer(q->in, 401, "Unauthorized", "%b", mb->buf,
				 mb->end);
	mem_deref(mb);
	return false;
}

static bool uri_fits(const struct req *q, const struct pl *text)
{
	const struct msg *m = q->in->m;
	struct uri uri;

	if (!pl_cmp(text, &m->ruri))
		return true;
	return m->uri_ok && !msg_uri_decode(&uri, text) && uri.host.l &&
	       (!pl_casecmp(&uri.host, &m->uri.host) ||
		(presence_domain(q->p, &uri.host) &&
		 presence_domain(q->p, &m->uri.host)));
}

static bool identified(struct req *q)
{
	struct verify_in vi = {.method = q->in->m->met, .src = q->in->src};
	const struct pl user = user_of(&q->user);
	const char *why = NULL;
	struct cred c;
	int err;

	realm_of(q, &vi.realm);
	err = asked_find(&c, q->p->verify, q->in->m, &vi.realm);
	if (err == ENOENT)
		return challenge(q, &vi.realm, false);
	if (err)
		return req_refuse(q, 400, "Malformed Credentials", NULL);
	vi.domain = domain_of(&q->user);
	vi.request = asked_hash(q->in->m, &c, q->p->conf.key);
	vi.uri_fits = uri_fits(q, &c.uri);
	switch (verify_check(q->p->verify, &c, &vi, &why)) {
	case VERIFY_PASS:
		return cred_is(&c.username, &user) ||
		       cred_is(&c.username, &q->user) ||
		       req_refuse(q, 403, "User Is Not Who It Says", NULL);
	case VERIFY_STALE:
		return challenge(q, &vi.realm, true);
	case VERIFY_WRONG:
		return challenge(q, &vi.realm, false);
	case VERIFY_HELD:
		return false;
	default:
		return req_refuse(q, 400, why, NULL);
	}
}

/* Whoever it is may see it; but a list is much to be sent to who has only been named */
static bool open_to_all(const struct req *q)
{
	return !pl_strcmp(&q->in->m->met, "SUBSCRIBE") &&
	       !package_of(q->pkg)->self &&
	       q->p->conf.allow == PRESENCE_ALLOW_ALL &&
	       !roster_find(q->p, q->pkg, &q->aor);
}

bool presence_may(const struct presence *p, enum presence_package pkg,
		  const struct pl *aor, const struct pl *user)
{
	if (!pl_cmp(aor, user))
		return true;
	if (package_of(pkg)->self)
		return false;
	switch (p->conf.allow) {
	case PRESENCE_ALLOW_DOMAIN: {
		const struct pl a = domain_of(aor);
		const struct pl b = user->l ? domain_of(user) : pl_null;

		return !pl_cmp(&a, &b);
	}
	case PRESENCE_ALLOW_USERS:
		return user->l != 0;
	case PRESENCE_ALLOW_ALL:
		return true;
	case PRESENCE_ALLOW_SELF:
		return false;
	}
	return false;
}

static bool may(const struct req *q)
{
	if (!pl_strcmp(&q->in->m->met, "PUBLISH"))
		return !pl_cmp(&q->aor, &q->user);
	return presence_may(q->p, q->pkg, &q->aor, &q->user);
}

bool presence_auth_passes(struct req *q)
{
	const bool all = open_to_all(q);

	/* an edge has asked, where we do not */
	q->guest = all || (!q->p->conf.authenticate &&
			   !sip_node_trusts(q->in->node, &q->in->peer));
	if (all)
		return true;
	/* a stranger has no password here; who is asked for whom is known first */
	if (!q->user.l)
		return req_refuse(q, 403, "From Is No User Here", NULL);
	if (q->p->conf.authenticate && !identified(q))
		return false;
	return may(q) || req_refuse(q, 403, "Forbidden", NULL);
}
