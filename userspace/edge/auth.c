/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include "carom/sipkey.h"
#include "digest/cred.h"
#include "digest/verify.h"
#include "edge/auth.h"
#include "edge/forward.h"

struct auth {
	struct auth_conf conf;
	char *realm;
	struct verify *verify;
};

/* A request that is looked at */
struct look {
	struct auth *a;
	const struct policy *p;
	const struct forward_in *in;
	const struct msg *m;
	struct auth_out *out;
	struct cred c;
};

static void destructor(void *arg)
{
	struct auth *a = arg;

	mem_deref(a->verify);
	mem_deref(a->realm);
}

static const char *ha1(const struct pl *user, const struct pl *domain,
		       const struct pl *realm, enum digest_alg alg, void *arg)
{
	const struct auth *a = arg;
	(void)domain;
	(void)realm;

	return a->conf.ha1h(user, alg, a->conf.arg);
}

static int alloc_verify(struct auth *a, const struct auth *before)
{
	const struct auth_conf *c = &a->conf;
	struct verify_conf vc = {.algc = c->algc,
				 .lifetime = c->lifetime,
				 .bind_source = c->bind_source,
				 .guesses = c->guesses,
				 .ha1h = ha1,
				 .arg = a,
				 .now = c->now};

	memcpy(vc.key, c->key, sizeof(vc.key));
	memcpy(vc.algv, c->algv, sizeof(vc.algv));
	return verify_alloc(&a->verify, &vc, before ? before->verify : NULL);
}

int auth_alloc(struct auth **ap, const struct auth_conf *conf,
	       const struct auth *before)
{
	struct auth *a;
	int err;

	if (!ap || !conf || !conf->realm || !*conf->realm ||
	    strlen(conf->realm) > AUTH_REALM || !conf->algc ||
	    conf->algc > DIGEST_ALGS || !conf->ha1h)
		return EINVAL;
	a = mem_zalloc(sizeof(*a), destructor);
	if (!a)
		return ENOMEM;
	a->conf = *conf;
	err = str_dup(&a->realm, conf->realm);
	if (!err)
		err = alloc_verify(a, before);
	if (err)
		mem_deref(a);
	else
		*ap = a;
	return err;
}

/* ---- verdicts --------------------------------------------------------------- */

static enum auth_verdict challenge(struct look *l, enum count_event ev,
				   const char *why, bool stale)
{
	l->out->code = 407;
	l->out->why = why;
	l->out->stale = stale;
	count_up(l->a->conf.count, ev);
	return AUTH_CHALLENGED;
}

static enum auth_verdict refuse(struct look *l, uint16_t code, const char *why)
{
	l->out->code = code;
	l->out->why = why;
	count_up(l->a->conf.count, COUNT_AUTH_REFUSED);
	return AUTH_REFUSED;
}

/* ---- credentials -------------------------------------------------------------- */

/* The first of our realm by an algorithm that we ask for. What else is there is
 * for others, who may not be as strict. @return 0, ENOENT, EBADMSG, E2BIG */
static int find(struct look *l)
{
	struct pl realm;
	bool found = false;

	pl_set_str(&realm, l->a->realm);
	for (size_t i = 0; i < l->m->hdrc; i++) {
		const struct msg_header *h = &l->m->hdrv[i];
		struct cred c;
		int err;

		if (h->type != MSG_PROXY_AUTHORIZATION)
			continue;
		err = cred_decode(&c, &h->val);
		if (err == ENOENT || (c.realm.p && !cred_is(&c.realm, &realm)))
			continue;
		if (err || !c.realm.p)
			return EBADMSG;
		if (l->out->stripc == AUTH_CREDS)
			return E2BIG;
		l->out->stripv[l->out->stripc++] = h;
		if (found || !verify_offers(l->a->verify, c.alg))
			continue;
		l->c = c;
		found = true;
	}
	return found ? 0 : ENOENT;
}

/* What a retransmission has in common with what it repeats, and no replay by
 * somebody else has */
static uint64_t request_hash(const struct look *l)
{
	const struct pl partv[] = {l->m->met, l->m->callid, l->m->cseq,
				   l->m->viav[0].branch, l->c.response};
	const struct sa *src = &l->in->src;
	struct siphash h;

	siphash_start(&h, l->a->conf.key[0], l->a->conf.key[1]);
	siphash_word(&h, SIP_KEY_NONCE);
	for (size_t i = 0; i < ARRAY_SIZE(partv); i++)
		sipkey_mem(&h, partv[i].p, partv[i].l);
	if (sa_af(src) == AF_INET6)
		sipkey_mem(&h, &src->u.in6.sin6_addr, 16);
	else
		sipkey_mem(&h, &src->u.in.sin_addr, 4);
	return siphash_end(&h);
}

static bool trusted(const struct look *l)
{
	const struct policy_net *net = policy_net(l->p, &l->in->src);

	return net && net->flags & SIP_NET_ALLOW;
}

static enum auth_verdict passed(struct look *l)
{
	char buf[CRED_USER];
	struct pl user;

	if (l->a->conf.match_from &&
	    (cred_plain(&user, buf, sizeof(buf), &l->c.username) ||
	     !auth_user_fits(l->m, &user)))
		return refuse(l, 403, "User Is Not Who It Says");
	count_up(l->a->conf.count, COUNT_AUTH_ACCEPTED);
	return AUTH_PASS;
}

static enum auth_verdict check(struct look *l)
{
	struct verify_in in = {.method = l->m->met,
			       .src = l->in->src,
			       .request = request_hash(l),
			       .trusted = trusted(l)};
	const char *why;

	pl_set_str(&in.realm, l->a->realm);
	in.uri_fits = auth_uri_fits(l->p, l->m, &l->c.uri);
	switch (verify_check(l->a->verify, &l->c, &in, &why)) {
	case VERIFY_PASS:
		return passed(l);
	case VERIFY_STALE:
		return challenge(l, COUNT_AUTH_STALE, why, true);
	case VERIFY_WRONG:
		return challenge(l, COUNT_AUTH_WRONG, why, false);
	case VERIFY_HELD:
		l->out->why = why;
		count_up(l->a->conf.count, COUNT_AUTH_HELD);
		return AUTH_HELD;
	default:
		return refuse(l, 400, why);
	}
}

enum auth_verdict auth_check(struct auth *a, struct auth_out *out,
			     const struct policy *p,
			     const struct forward_in *in, const struct msg *m)
{
	struct look l = {.a = a, .p = p, .in = in, .m = m, .out = out};
	int err;

	memset(out, 0, sizeof(*out));
	err = find(&l);
	if (err == ENOENT)
		return challenge(&l, COUNT_AUTH_CHALLENGED, "No Credentials",
				 false);
	if (err)
		return refuse(&l, 400,
			      err == E2BIG ? "Too Many Credentials"
					   : "Malformed Credentials");
	return check(&l);
}

int auth_challenge(struct auth *a, char text[AUTH_CHALLENGE],
		   const struct forward_in *in, bool stale)
{
	struct mbuf *mb = mbuf_alloc(AUTH_CHALLENGE);
	struct pl realm;
	int err;

	pl_set_str(&realm, a->realm);
	err = mb ? verify_challenge(mb, a->verify, "Proxy-Authenticate", &realm,
				    &in->src, stale)
		 : ENOMEM;
	if (!err && mb->end >= AUTH_CHALLENGE)
		err = ENOMEM;
	if (!err) {
		memcpy(text, mb->buf, mb->end);
		text[mb->end] = '\0';
	}
	mem_deref(mb);
	return err;
}
