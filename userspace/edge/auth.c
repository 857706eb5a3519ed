/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "carom/sipkey.h"
#include "edge/auth.h"
#include "digest/brake.h"
#include "digest/cred.h"
#include "edge/forward.h"
#include "digest/nonce.h"
#include "digest/replay.h"

enum { NONCES = 16384 /* with which somebody has logged in lately */ };

struct auth {
	struct auth_conf conf;
	char *realm;
	struct digest *digest;
	struct replay *replay;
	struct brake *brake;
};

/* A request that is looked at */
struct look {
	struct auth *a;
	const struct policy *p;
	const struct forward_in *in;
	const struct msg *m;
	struct auth_out *out;
	struct cred c;
	uint64_t id, expires; /* of the nonce */
};

static void destructor(void *arg)
{
	struct auth *a = arg;

	mem_deref(a->brake);
	mem_deref(a->replay);
	mem_deref(a->digest);
	mem_deref(a->realm);
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
		err = digest_alloc(&a->digest);
	if (before) {
		a->replay = mem_ref(before->replay);
		a->brake = mem_ref(before->brake);
	}
	if (!err && !a->replay)
		err = replay_alloc(&a->replay, NONCES);
	if (!err && !a->brake)
		err = brake_alloc(&a->brake);
	if (!err)
		brake_limit(a->brake, conf->guesses);
	if (err)
		mem_deref(a);
	else
		*ap = a;
	return err;
}

static uint64_t now(const struct auth *a)
{
	return a->conf.now ? a->conf.now() : (uint64_t)time(NULL);
}

static void scope(struct nonce_scope *s, const struct auth *a,
		  const struct forward_in *in, enum digest_alg alg)
{
	memcpy(s->key, a->conf.key, sizeof(s->key));
	pl_set_str(&s->realm, a->realm);
	s->alg = alg;
	s->src = a->conf.bind_source ? &in->src : NULL;
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

static bool offered(const struct auth *a, enum digest_alg alg)
{
	for (size_t i = 0; i < a->conf.algc; i++)
		if (a->conf.algv[i] == alg)
			return true;
	return false;
}

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
		if (found || !offered(l->a, c.alg))
			continue;
		l->c = c;
		found = true;
	}
	return found ? 0 : ENOENT;
}

/* An unknown user costs what a wrong password does, and gets the same answer */
static bool right(struct look *l)
{
	static const char nobody[] = "00000000000000000000000000000000"
				     "00000000000000000000000000000000";
	struct digest *d = l->a->digest;
	const struct cred *c = &l->c;
	const struct pl what[] = {l->m->met, c->uri};
	char user[CRED_USER], ha2[DIGEST_HEX + 1], want[DIGEST_HEX + 1],
		got[DIGEST_HEX];
	struct pl name, ha1, a2, expect, given;
	const char *known;
	int err;

	if (cred_plain(&name, user, sizeof(user), &c->username))
		return false;
	known = l->a->conf.ha1h(&name, c->alg, l->a->conf.arg);
	ha1.p = known ? known : nobody;
	ha1.l = a2.l = expect.l = given.l = digest_len(c->alg);
	a2.p = ha2;
	expect.p = want;
	given.p = got;
	for (size_t i = 0; i < given.l; i++)
		got[i] = (char)(c->response.p[i] | 0x20);
	err = digest_join(d, ha2, c->alg, what, ARRAY_SIZE(what));
	if (!err && c->qop.p)
		err = digest_join(d, want, c->alg,
				  (struct pl[]){ha1, c->nonce, c->nc, c->cnonce,
						c->qop, a2},
				  6);
	else if (!err)
		err = digest_join(d, want, c->alg,
				  (struct pl[]){ha1, c->nonce, a2}, 3);
	return !err && digest_same(&given, &expect) && known;
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

/* RFC 2069 knows no nc: such a nonce is good once */
static bool fresh(struct look *l)
{
	return replay_use(l->a->replay, l->id, l->c.count ? l->c.count : 1,
			  request_hash(l), tmr_jiffies() / 1000, l->expires);
}

static bool held(const struct look *l)
{
	const struct policy_net *net = policy_net(l->p, &l->in->src);

	return !(net && net->flags & SIP_NET_ALLOW) &&
	       brake_held(l->a->brake, &l->in->src, tmr_jiffies());
}

static enum auth_verdict check(struct look *l)
{
	const char *lacks = cred_lacks(&l->c);
	struct nonce_scope s;
	char buf[CRED_USER];
	struct pl user;

	if (lacks)
		return refuse(l, 400, lacks);
	scope(&s, l->a, l->in, l->c.alg);
	if (nonce_check(&s, &l->c.nonce, now(l->a), l->a->conf.lifetime, &l->id,
			&l->expires))
		return challenge(l, COUNT_AUTH_STALE, "Nonce Is Stale", true);
	if (held(l)) {
		l->out->why = "Source Guesses Passwords";
		count_up(l->a->conf.count, COUNT_AUTH_HELD);
		return AUTH_HELD;
	}
	if (!auth_uri_fits(l->p, l->m, &l->c.uri))
		return refuse(l, 400, "Digest URI Is Not The Request's");
	if (!right(l)) {
		brake_wrong(l->a->brake, &l->in->src, tmr_jiffies());
		return challenge(l, COUNT_AUTH_WRONG, "Wrong Password", false);
	}
	if (!fresh(l))
		return challenge(l, COUNT_AUTH_STALE, "Nonce Was Used", true);
	if (l->a->conf.match_from &&
	    (cred_plain(&user, buf, sizeof(buf), &l->c.username) ||
	     !auth_user_fits(l->m, &user)))
		return refuse(l, 403, "User Is Not Who It Says");
	count_up(l->a->conf.count, COUNT_AUTH_ACCEPTED);
	return AUTH_PASS;
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
	size_t used = 0;

	for (size_t i = 0; i < a->conf.algc; i++) {
		char nonce[NONCE_LEN + 1];
		struct nonce_scope s;
		int n;

		scope(&s, a, in, a->conf.algv[i]);
		nonce_make(nonce, &s, now(a), rand_u64());
		n = re_snprintf(
			text + used, AUTH_CHALLENGE - used,
			"Proxy-Authenticate: Digest realm=\"%s\", "
			"nonce=\"%s\", algorithm=%s, qop=\"auth\"%s\r\n",
			a->realm, nonce, digest_name(s.alg),
			stale ? ", stale=true" : "");
		if (n < 0 || (size_t)n >= AUTH_CHALLENGE - used)
			return ENOMEM;
		used += (size_t)n;
	}
	return 0;
}
