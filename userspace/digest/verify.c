/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "digest/brake.h"
#include "digest/nonce.h"
#include "digest/replay.h"
#include "digest/verify.h"

enum { NONCES = 131072 /* with which somebody has logged in lately */ };

struct verify {
	struct verify_conf conf;
	struct digest *digest;
	struct replay *replay;
	struct brake *brake;
};

static void destructor(void *arg)
{
	struct verify *v = arg;

	mem_deref(v->brake);
	mem_deref(v->replay);
	mem_deref(v->digest);
}

int verify_alloc(struct verify **vp, const struct verify_conf *conf,
		 const struct verify *before)
{
	struct verify *v;
	int err;

	if (!vp || !conf || !conf->algc || conf->algc > DIGEST_ALGS ||
	    !conf->ha1h)
		return EINVAL;
	v = mem_zalloc(sizeof(*v), destructor);
	if (!v)
		return ENOMEM;
	v->conf = *conf;
	err = digest_alloc(&v->digest);
	if (before) {
		v->replay = mem_ref(before->replay);
		v->brake = mem_ref(before->brake);
	}
	if (!err && !v->replay)
		err = replay_alloc(&v->replay, NONCES);
	if (!err && !v->brake)
		err = brake_alloc(&v->brake);
	if (!err)
		brake_limit(v->brake, conf->guesses);
	if (err)
		mem_deref(v);
	else
		*vp = v;
	return err;
}

bool verify_offers(const struct verify *v, enum digest_alg alg)
{
	for (size_t i = 0; i < v->conf.algc; i++)
		if (v->conf.algv[i] == alg)
			return true;
	return false;
}

static uint64_t now(const struct verify *v)
{
	return v->conf.now ? v->conf.now() : (uint64_t)time(NULL);
}

static void scope(struct nonce_scope *s, const struct verify *v,
		  const struct pl *realm, const struct sa *src,
		  enum digest_alg alg)
{
	memcpy(s->key, v->conf.key, sizeof(s->key));
	s->realm = *realm;
	s->alg = alg;
	s->src = v->conf.bind_source ? src : NULL;
}

/* An unknown user costs what a wrong password does, and gets the same answer */
static bool right(struct verify *v, const struct cred *c,
		  const struct verify_in *in)
{
	static const char nobody[] = "00000000000000000000000000000000"
				     "00000000000000000000000000000000";
	struct digest *d = v->digest;
	const struct pl what[] = {in->method, c->uri};
	char user[CRED_USER], ha2[DIGEST_HEX + 1], want[DIGEST_HEX + 1],
		got[DIGEST_HEX];
	struct pl name, ha1, a2, expect, given;
	const char *known;
	int err;

	if (cred_plain(&name, user, sizeof(user), &c->username))
		return false;
	known = v->conf.ha1h(&name, &in->domain, &in->realm, c->alg,
			     v->conf.arg);
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

static bool held(const struct verify *v, const struct verify_in *in)
{
	return !in->trusted && brake_held(v->brake, &in->src, tmr_jiffies());
}

enum verify_verdict verify_check(struct verify *v, struct cred *c,
				 const struct verify_in *in, const char **why)
{
	uint64_t id, expires;
	struct nonce_scope s;

	*why = cred_lacks(c);
	if (*why)
		return VERIFY_BAD;
	scope(&s, v, &in->realm, &in->src, c->alg);
	*why = "Nonce Is Stale";
	if (nonce_check(&s, &c->nonce, now(v), v->conf.lifetime, &id, &expires))
		return VERIFY_STALE;
	*why = "Source Guesses Passwords";
	if (held(v, in))
		return VERIFY_HELD;
	*why = "Digest URI Is Not The Request's";
	if (!in->uri_fits)
		return VERIFY_BAD;
	*why = "Wrong Password";
	if (!right(v, c, in)) {
		brake_wrong(v->brake, &in->src, tmr_jiffies());
		return VERIFY_WRONG;
	}
	*why = "Nonce Was Used";
	/* RFC 2069 knows no nc: such a nonce is good once */
	if (!replay_use(v->replay, id, c->count ? c->count : 1, in->request,
			tmr_jiffies() / 1000, expires - v->conf.lifetime))
		return VERIFY_STALE;
	*why = NULL;
	return VERIFY_PASS;
}

/* A nonce begins behind the realm */
static int line(struct mbuf *mb, const char *header, const struct pl *realm,
		const char *nonce, enum digest_alg alg, bool stale)
{
	return mbuf_printf(mb,
			   "%s: Digest realm=\"%r\", nonce=\"%s\", "
			   "algorithm=%s, qop=\"auth\"%s\r\n",
			   header, realm, nonce, digest_name(alg),
			   stale ? ", stale=true" : "");
}

int verify_challenge(struct mbuf *mb, const struct verify *v,
		     const char *header, const struct pl *realm,
		     const struct sa *src, bool stale)
{
	int err = 0;

	for (size_t i = 0; i < v->conf.algc && !err; i++) {
		char nonce[NONCE_LEN + 1];
		struct nonce_scope s;

		scope(&s, v, realm, src, v->conf.algv[i]);
		nonce_make(nonce, &s, now(v), rand_u64());
		err = line(mb, header, realm, nonce, s.alg, stale);
	}
	return err;
}

int verify_template(struct mbuf *mb, const struct verify *v, const char *header,
		    const struct pl *realm,
		    struct verify_place placev[DIGEST_ALGS], size_t *placec)
{
	char room[NONCE_LEN + 1];
	int err = 0;

	if (!v->conf.bind_source)
		return EINVAL;
	memset(room, '0', NONCE_LEN);
	room[NONCE_LEN] = '\0';
	for (size_t i = 0; i < v->conf.algc && !err; i++) {
		const enum digest_alg alg = v->conf.algv[i];

		placev[i].pos = mb->pos + strlen(header) +
				strlen(": Digest realm=\"") + realm->l +
				strlen("\", nonce=\"");
		nonce_seed(&placev[i].seed, v->conf.key, realm, alg);
		err = line(mb, header, realm, room, alg, false);
	}
	*placec = v->conf.algc;
	return err;
}
