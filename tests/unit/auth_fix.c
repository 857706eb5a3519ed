/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file auth_fix.c  An edge that asks for digest, and a client that answers
 */
#include "digest/users.h"
#include "auth_fix.h"

uint64_t clock_s = 1000000;

static uint64_t now(void)
{
	return clock_s;
}

/* ---- the edge ------------------------------------------------------------------ */

static const char *ha1(const struct pl *user, enum digest_alg alg, void *arg)
{
	return users_ha1(arg, user, alg);
}

static struct users *make_users(void)
{
	char line[2][DIGEST_HEX + 1], text[400];
	struct digest *d = NULL;
	struct users *u = NULL;
	struct users_err e = {""};
	struct pl pl;

	assert_int_equal(digest_alloc(&d), 0);
	for (unsigned i = 0; i < DIGEST_FILED; i++)
		assert_int_equal(
			digest_join(d, line[i], i,
				    (struct pl[]){PL("alice"), PL(REALM),
						  PL("secret")},
				    3),
			0);
	(void)re_snprintf(text, sizeof(text),
			  "alice:" REALM ":%s\nalice:" REALM ":%s\n", line[0],
			  line[1]);
	pl_set_str(&pl, text);
	assert_int_equal(users_parse(&u, "users", REALM, &pl, &e), 0);
	mem_deref(d);
	return u;
}

static void make_policy(struct fix *f)
{
	static const char list_text[] = "1 sip:192.0.2.31:5060\n"
					"2 sip:192.0.2.41:5060\n";
	struct ds_sets *sets = NULL;
	struct ds_list *list = NULL;
	struct policy *p;
	struct pl pl;

	assert_int_equal(policy_alloc(&f->p), 0);
	p = f->p;
	p->key[0] = f->conf.key[0];
	p->key[1] = f->conf.key[1];
	p->listenerc = 1;
	sa_set_str(&p->listenerv[0].addr, "192.0.2.1", 5060);
	p->listenerv[0].advertised = p->listenerv[0].addr;
	assert_int_equal(str_dup(&p->domainv[p->domainc++], REALM), 0);
	pl_set_str(&pl, list_text);
	assert_int_equal(ds_list_parse(&list, "list", &pl, NULL), 0);
	assert_int_equal(ds_sets_alloc(&sets, NULL), 0);
	assert_int_equal(ds_sets_merge(sets, list, 1, NULL), 0);
	for (unsigned i = 0; i < 2; i++)
		p->setv[i].set = mem_ref(ds_sets_find(sets, i + 1));
	p->setv[0].flags = SIP_SET_AUTH;
	p->rulec = 1;
	mem_deref(sets);
	mem_deref(list);
}

struct fix *edge_of(uint64_t key)
{
	struct fix *f = mem_zalloc(sizeof(*f), NULL);

	f->users = make_users();
	assert_int_equal(digest_alloc(&f->digest), 0);
	f->conf = (struct auth_conf){.key = {key, 2},
				     .realm = REALM,
				     .algv = {DIGEST_SHA256, DIGEST_MD5},
				     .algc = 2,
				     .lifetime = 300,
				     .bind_source = true,
				     .match_from = true,
				     .guesses = 5,
				     .ha1h = ha1,
				     .arg = f->users,
				     .count = &f->count,
				     .now = now};
	make_policy(f);
	assert_int_equal(auth_alloc(&f->p->auth, &f->conf, NULL), 0);
	return f;
}

struct fix *edge(void)
{
	return edge_of(1);
}

void close_edge(struct fix *f)
{
	mem_deref(f->p);
	mem_deref(f->users);
	mem_deref(f->digest);
	mem_deref(f);
}

/* ---- the client ------------------------------------------------------------------ */

static const char * or (const char *s, const char *otherwise)
{
	return s ? s : otherwise;
}

void credentials(char *text, size_t size, struct fix *f, const struct answer *a)
{
	const char *user = or (a->user, "alice"),
		   *uri = or (a->uri, or (a->ruri, URI));
	char h1[DIGEST_HEX + 1], h2[DIGEST_HEX + 1], res[DIGEST_HEX + 1], nc[9];
	struct pl v[6];
	size_t n = 0;

	*text = '\0';
	if (!a->nonce)
		return;
	pl_set_str(&v[0], user);
	pl_set_str(&v[1], or (a->realm, REALM));
	pl_set_str(&v[2], or (a->password, "secret"));
	digest_join(f->digest, h1, a->alg, v, 3);
	pl_set_str(&v[0], or (a->method, "INVITE"));
	pl_set_str(&v[1], uri);
	digest_join(f->digest, h2, a->alg, v, 2);
	(void)re_snprintf(nc, sizeof(nc), "%08x", a->nc);
	pl_set_str(&v[n++], h1);
	pl_set_str(&v[n++], a->nonce);
	if (a->nc) {
		pl_set_str(&v[n++], nc);
		pl_set_str(&v[n++], "cn");
		pl_set_str(&v[n++], "auth");
	}
	pl_set_str(&v[n++], h2);
	digest_join(f->digest, res, a->alg, v, n);
	n = (size_t)re_snprintf(
		text, size,
		"Proxy-Authorization: Digest username=\"%s\", realm=\"%s\", "
		"nonce=\"%s\", uri=\"%s\", response=\"%s\", algorithm=%s%s%s%s"
		"\r\n",
		user, or (a->realm, REALM), a->nonce, uri, res,
		digest_name(a->alg),
		a->nc ? ", qop=auth, cnonce=\"cn\", nc=" : "", a->nc ? nc : "",
		"");
	assert_true(n < size);
}

void ask(struct fix *f, const struct answer *a)
{
	const char *met = or (a->method, "INVITE");
	char creds[1024], text[4096];
	struct forward_in in = {.listener = 0};
	struct forward_out out;

	credentials(creds, sizeof(creds), f, a);
	(void)re_snprintf(text, sizeof(text),
			  "%s %s SIP/2.0\r\n"
			  "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1\r\n"
			  "Max-Forwards: 70\r\n"
			  "From: <%s>;tag=1\r\nTo: <%s\r\n"
			  "Call-ID: %s\r\nCSeq: 1 %s\r\n%s%s"
			  "Content-Length: 0\r\n\r\n",
			  met, or (a->ruri, URI),
			  or (a->from, "sip:alice@example.com"),
			  or (a->to, URI ">"), or (a->callid, "c1"), met,
			  or (a->extra, ""), creds);
	pl_set_str(&in.text, text);
	sa_set_str(&in.src, or (a->src, "192.0.2.9"), 5060);
	f->v = forward(f->p, &in, &f->msg, &out);
	f->code = f->v == FORWARD_REPLY ? out.code : 0;
	f->why = out.why;
	*f->out = '\0';
	if (out.mb)
		(void)re_snprintf(f->out, sizeof(f->out), "%b",
				  mbuf_buf(out.mb), mbuf_get_left(out.mb));
	mem_deref(out.mb);
}

char *nonce_of(const struct fix *f, unsigned n, char nonce[128])
{
	const char *p = f->out;
	struct pl pl;

	for (unsigned i = 0; i <= n; i++) {
		p = strstr(p, "Proxy-Authenticate: ");
		assert_non_null(p);
		p++;
	}
	assert_int_equal(re_regex(p, strlen(p), "nonce=\"[^\"]+\"", &pl), 0);
	assert_int_equal(pl_strcpy(&pl, nonce, 128), 0);
	return nonce;
}

char *challenge(struct fix *f, unsigned n, char nonce[128])
{
	ask(f, &(struct answer){.nonce = NULL});
	assert_int_equal(f->code, 407);
	return nonce_of(f, n, nonce);
}
