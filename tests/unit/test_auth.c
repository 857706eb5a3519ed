/* SPDX-License-Identifier: BSD-2-Clause */
/* Digest at the edge, as a client sees it: requests in, what leaves or comes back */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "edge/auth.h"
#include "edge/forward.h"
#include "digest/users.h"

#define REALM "example.com"
#define URI "sip:b@example.com"

static uint64_t clock_s = 1000000;

static uint64_t now(void)
{
	return clock_s;
}

/* An edge, and what it made of the last message */
struct fix {
	struct policy *p;
	struct users *users;
	struct digest *digest;
	struct count count;
	struct auth_conf conf;
	struct msg msg;
	enum forward_verdict v;
	uint16_t code;
	char out[2048];
	const char *why;
};

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

static struct fix *edge_of(uint64_t key)
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

static struct fix *edge(void)
{
	return edge_of(1);
}

static void close_edge(struct fix *f)
{
	mem_deref(f->p);
	mem_deref(f->users);
	mem_deref(f->digest);
	mem_deref(f);
}

/* ---- the client ------------------------------------------------------------------ */

/* A client's answer: what is not set is as it should be */
struct answer {
	const char *user, *password, *realm, *uri, *from, *callid, *src,
		*method, *ruri, *to, *extra;
	enum digest_alg alg;
	const char *nonce; /* NULL: no credentials                      */
	unsigned nc;       /* 0: without qop                            */
};

static const char * or (const char *s, const char *otherwise)
{
	return s ? s : otherwise;
}

static void credentials(char *text, size_t size, struct fix *f,
			const struct answer *a)
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

static void ask(struct fix *f, const struct answer *a)
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

/* The nonce of the n'th challenge */
static char *nonce_of(const struct fix *f, unsigned n, char nonce[128])
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

/* Challenge n of an edge */
static char *challenge(struct fix *f, unsigned n, char nonce[128])
{
	ask(f, &(struct answer){.nonce = NULL});
	assert_int_equal(f->code, 407);
	return nonce_of(f, n, nonce);
}

static bool stale(const struct fix *f)
{
	return f->code == 407 && strstr(f->out, ", stale=true");
}

#define assert_sent(f)                                                         \
	do {                                                                   \
		if ((f)->v != FORWARD_SEND)                                    \
			fail_msg("%u %s", (f)->code, (f)->why);                \
	} while (0)

/* ---- tests -------------------------------------------------------------------------- */

/* RFC 8760 2.3: a header for each, the most preferred first */
static void test_challenge(void **state)
{
	struct fix *f = edge();
	const char *sha, *md5;
	char nonce[128];
	(void)state;

	challenge(f, 1, nonce);
	sha = strstr(f->out, "algorithm=SHA-256, qop=\"auth\"\r\n");
	md5 = strstr(f->out, "algorithm=MD5, qop=\"auth\"\r\n");
	assert_true(sha && md5 && sha < md5);
	assert_non_null(strstr(f->out, "Proxy-Authenticate: Digest "
				       "realm=\"example.com\", nonce=\""));
	assert_null(strstr(f->out, "stale"));
	assert_int_equal(f->count.eventv[COUNT_AUTH_CHALLENGED], 1);
	close_edge(f);
}

/* libre, which baresip is made of, as another judge of what a client computes */
static void test_judge(void **state)
{
	struct fix *f = edge();
	struct httpauth_digest_resp resp;
	struct answer a = {.alg = DIGEST_MD5, .nc = 1};
	const struct pl met = PL("INVITE");
	char nonce[128], text[1024];
	uint8_t raw[MD5_SIZE];
	struct pl val;
	(void)state;

	a.nonce = challenge(f, 1, nonce);
	credentials(text, sizeof(text), f, &a);
	pl_set_str(&val, text + strlen("Proxy-Authorization: "));
	assert_int_equal(httpauth_digest_response_decode(&resp, &val), 0);
	assert_int_equal(md5_printf(raw, "alice:" REALM ":secret"), 0);
	assert_int_equal(httpauth_digest_response_auth(&resp, &met, raw), 0);
	close_edge(f);
}

static void test_accepted(void **state)
{
	struct fix *f = edge();
	char nonce[128];
	(void)state;

	for (unsigned alg = 0; alg < DIGEST_FILED; alg++) {
		struct answer a = {.alg = alg, .nc = 1};

		a.nonce = challenge(f, alg == DIGEST_SHA256 ? 0 : 1, nonce);
		a.extra = "Proxy-Authorization: Digest realm=\"other\", x=1\r\n"
			  "Proxy-Authorization: Basic abc\r\n"
			  "Authorization: Digest realm=\"" REALM "\"\r\n";
		ask(f, &a);
		assert_sent(f);
		/* ours is taken out, others' are not */
		assert_null(strstr(f->out, nonce));
		assert_non_null(strstr(f->out, "realm=\"other\", x=1\r\n"));
		assert_non_null(strstr(f->out, "Basic abc\r\n"));
		assert_non_null(strstr(f->out, "\r\nAuthorization: "));
		assert_non_null(strstr(f->out, "CSeq: 1 INVITE\r\n"));
		assert_non_null(strstr(f->out, "Content-Length: 0\r\n\r\n"));
	}
	assert_int_equal(f->count.eventv[COUNT_AUTH_ACCEPTED], 2);
	close_edge(f);
}

/* By the wrong algorithm's nonce: each is good for its own */
static void test_crossed(void **state)
{
	struct fix *f = edge();
	struct answer a = {.alg = DIGEST_MD5, .nc = 1};
	char nonce[128];
	(void)state;

	a.nonce = challenge(f, 0, nonce);
	ask(f, &a);
	assert_true(stale(f));
	close_edge(f);
}

static void test_edges(void **state)
{
	struct fix *one = edge(), *two = edge(), *other = edge_of(7);
	struct answer a = {.alg = DIGEST_SHA256, .nc = 1};
	char nonce[128];
	(void)state;

	a.nonce = challenge(one, 0, nonce);
	ask(two, &a);
	assert_sent(two);
	ask(other, &a);
	assert_true(stale(other));
	/* nobody else's address */
	a.src = "192.0.2.10";
	ask(one, &a);
	assert_true(stale(one));
	close_edge(one);
	close_edge(two);
	close_edge(other);
}

static void test_stale(void **state)
{
	struct fix *f = edge();
	struct answer a = {.alg = DIGEST_SHA256, .nc = 1};
	char nonce[128];
	(void)state;

	a.nonce = challenge(f, 0, nonce);
	clock_s += 301;
	ask(f, &a);
	assert_true(stale(f));
	/* the new one is good */
	a.nonce = nonce_of(f, 0, nonce);
	ask(f, &a);
	assert_sent(f);
	assert_int_equal(f->count.eventv[COUNT_AUTH_STALE], 1);
	close_edge(f);
}

static void test_counts(void **state)
{
	struct fix *f = edge();
	struct answer a = {.alg = DIGEST_MD5, .nc = 1};
	char nonce[128];
	(void)state;

	a.nonce = challenge(f, 1, nonce);
	ask(f, &a);
	assert_sent(f);
	ask(f, &a); /* a retransmission */
	assert_sent(f);
	a.callid = "c2";
	ask(f, &a); /* a replay */
	assert_true(stale(f));
	a.nc = 2;
	ask(f, &a);
	assert_sent(f);
	close_edge(f);
}

/* RFC 2069: no qop, so no count. Good once */
static void test_no_qop(void **state)
{
	struct fix *f = edge();
	struct answer a = {.alg = DIGEST_MD5};
	char nonce[128];
	(void)state;

	a.nonce = challenge(f, 1, nonce);
	ask(f, &a);
	assert_sent(f);
	a.callid = "c2";
	ask(f, &a);
	assert_true(stale(f));
	close_edge(f);
}

static void test_wrong(void **state)
{
	static const struct answer wrongv[] = {
		{.password = "guess"},
		{.user = "mallory", .from = "sip:mallory@example.com"},
		{.user = "alic", .from = "sip:alic@example.com"},
	};
	struct fix *f = edge();
	char nonce[128], first[2048];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(wrongv); i++) {
		struct answer a = wrongv[i];

		a.nc = 1;
		a.nonce = challenge(f, 1, nonce);
		ask(f, &a);
		assert_int_equal(f->code, 407);
		assert_null(strstr(f->out, "stale"));
		assert_null(strstr(f->out, nonce));
		/* who does not exist gets the same answer */
		if (!i)
			memcpy(first, f->out, sizeof(first));
		assert_int_equal(
			strlen(first),
			strlen(f->out) -
				(i ? strlen(wrongv[i].from) -
						 strlen("sip:alice@example.com")
				   : 0));
	}
	assert_int_equal(f->count.eventv[COUNT_AUTH_WRONG], 3);
	close_edge(f);
}

/* After five, silence for a while, whatever the password; not for its neighbours */
static void test_guesses(void **state)
{
	struct fix *f = edge();
	struct answer a = {.nc = 1, .password = "guess"};
	char nonce[128];
	(void)state;

	for (unsigned i = 0; i < 5; i++) {
		a.nonce = challenge(f, 1, nonce);
		ask(f, &a);
		assert_int_equal(f->code, 407);
	}
	a.password = NULL;
	a.nonce = challenge(f, 1, nonce);
	ask(f, &a);
	assert_int_equal(f->v, FORWARD_DROP);
	assert_int_equal(f->count.eventv[COUNT_AUTH_HELD], 1);
	a.src = "192.0.2.10";
	ask(f, &(struct answer){.src = a.src});
	a.nonce = nonce_of(f, 1, nonce);
	ask(f, &a);
	assert_sent(f);
	close_edge(f);
}

/* What is the request's to say, and what is not */
static void test_fits(void **state)
{
	static const struct {
		uint16_t code; /* 0: it is sent on */
		struct answer a;
	} casev[] = {
		{0, {.uri = "sip:example.com"}},
		{0, {.uri = "sip:b@192.0.2.1;transport=udp"}},
		{0, {.uri = "SIP:b@EXAMPLE.com:5060"}},
		{400, {.uri = "sip:c@example.com"}},
		{400, {.uri = "sip:b@example.org"}},
		{400, {.uri = "sips:b@example.com"}},
		{400, {.uri = "garbage"}},
		{0, {.ruri = "tel:+1234"}},
		{400, {.ruri = "tel:+1234", .uri = "tel:+1235"}},
		{400, {.ruri = "tel:+1234", .uri = "tel:+1234;x"}},
		{403, {.from = "sip:bob@example.com"}},
		{403, {.from = "sip:alicea@example.com"}},
		{403, {.from = "sip:example.com"}},
		{0, {.from = "sip:%61lice@example.org"}},
		{0, {.from = "tel:alice;phone-context=+1"}},
		{403, {.from = "tel:alicea"}},
		{0, {.from = "sip:anonymous@anonymous.invalid"}},
		{403,
		 {.method = "REGISTER",
		  .ruri = "sip:example.com",
		  .to = "sip:bob@example.com>"}},
		{0,
		 {.method = "REGISTER",
		  .ruri = "sip:example.com",
		  .to = "sip:alice@example.com>"}},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		struct fix *f = edge();
		struct answer a = casev[i].a;
		char nonce[128];

		a.nc = 1;
		a.nonce = challenge(f, 1, nonce);
		ask(f, &a);
		if (f->code != casev[i].code ||
		    (!f->code && f->v != FORWARD_SEND))
			fail_msg("%zu: %u %s", i, f->code, f->why);
		close_edge(f);
	}
}

/* What anybody may send who has got a nonce, and what whoever has logged in: time
 * that grew with the square of it would be minutes here */
static void test_long(void **state)
{
	static const char *const unitv[] = {"a", "a:", ":", ";a", "\\\"", "<a"};
	struct fix *f = edge();
	char *text = malloc(65536);
	struct pl uri, from = PL("sip:alice@example.com");
	(void)state;

	assert_non_null(text);
	ask(f, &(struct answer){.nonce = NULL});
	for (size_t i = 0; i < ARRAY_SIZE(unitv); i++) {
		struct msg_header h = {.type = MSG_FROM};

		uri.p = text;
		uri.l = (size_t)sprintf(text, "sip:");
		while (uri.l < 65000)
			uri.l += (size_t)sprintf(text + uri.l, "%s", unitv[i]);
		h.val = uri;
		f->msg.first[MSG_FROM] = &h;
		f->msg.ruri = f->msg.uri.user = from;
		for (unsigned k = 0; k < 20; k++) {
			assert_false(auth_uri_fits(f->p, &f->msg, &uri));
			assert_false(auth_user_fits(&f->msg, &from));
		}
	}
	free(text);
	close_edge(f);
}

static void test_from_not_matched(void **state)
{
	struct fix *f = edge();
	struct answer a = {.nc = 1, .from = "sip:+1234@example.com"};
	char nonce[128];
	(void)state;

	f->conf.match_from = f->conf.bind_source = false;
	f->p->auth = mem_deref(f->p->auth);
	assert_int_equal(auth_alloc(&f->p->auth, &f->conf, NULL), 0);
	a.nonce = challenge(f, 1, nonce);
	a.src = "192.0.2.10";
	ask(f, &a);
	assert_sent(f);
	close_edge(f);
}

static void test_malformed(void **state)
{
	static const struct {
		uint16_t code;
		const char *extra;
	} casev[] = {
		{400, "Proxy-Authorization: Digest\r\n"},
		{400,
		 "Proxy-Authorization: Digest realm=\"" REALM "\", \"\r\n"},
		{400, "Proxy-Authorization: Digest realm=\"" REALM "\"\r\n"},
		{400, "Proxy-Authorization: Digest username=\"a\"\r\n"},
		{407, "Proxy-Authorization: Digest realm=\"x\", \"\r\n"},
		{407, "Proxy-Authorization: Digest realm=\"EXAMPLE.com\"\r\n"},
		{407, "Proxy-Authorization: Bearer x\r\n"},
		{407, "Proxy-Authorization: \r\n"},
		{407, "Proxy-Authorization: Digest realm=\"" REALM
		      "\", algorithm=SHA-512-256\r\n"},
		{407, "Authorization: Digest realm=\"" REALM "\"\r\n"},
	};
	struct fix *f = edge();
	char many[2048] = "";
	size_t n = 0;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		ask(f, &(struct answer){.extra = casev[i].extra});
		if (f->code != casev[i].code)
			fail_msg("%s: %u %s", casev[i].extra, f->code, f->why);
	}
	for (unsigned i = 0; i <= AUTH_CREDS; i++)
		n += (size_t)re_snprintf(
			many + n, sizeof(many) - n,
			"Proxy-Authorization: Digest realm=\"" REALM
			"\", nonce=n\r\n");
	ask(f, &(struct answer){.extra = many});
	assert_int_equal(f->code, 400);
	assert_string_equal(f->why, "Too Many Credentials");
	close_edge(f);
}

static bool was_node(const struct sa *addr, void *arg)
{
	struct sa gone;
	(void)arg;

	return !sa_set_str(&gone, "192.0.2.51", 5060) &&
	       sa_cmp(addr, &gone, SA_ADDR);
}

/* Who is asked, and who is not */
static void test_asked(void **state)
{
	static const struct {
		uint16_t code;
		struct answer a;
	} casev[] = {
		{407, {.method = "REGISTER"}},
		{407, {.method = "BYE", .to = URI ">;tag=2"}},
		{0, {.method = "ACK"}},
		{0, {.method = "CANCEL"}},
		{0, {.src = "192.0.2.31"}},
		/* to a node by its name, or by a Route of the client's */
		{407, {.ruri = "sip:b@192.0.2.31"}},
		{407,
		 {.ruri = "sip:b@192.0.2.31",
		  .method = "REGISTER",
		  .to = "sip:a@x>;tag=1"}},
		{407, {.extra = "Route: <sip:192.0.2.31;lr>\r\n"}},
		{407,
		 {.extra = "Route: <sip:192.0.2.1;lr>, "
			   "<sip:192.0.2.31;lr>\r\n"}},
		{0, {.ruri = "sip:b@192.0.2.31", .to = URI ">;tag=2"}},
		{0, {.ruri = "sip:b@192.0.2.31", .method = "ACK"}},
		{0, {.ruri = "sip:b@192.0.2.41"}},
		/* one that has gone is there for its calls */
		{407, {.ruri = "sip:b@192.0.2.51"}},
		{0, {.ruri = "sip:b@192.0.2.51", .to = URI ">;tag=2"}},
		{403, {.ruri = "sip:b@192.0.2.61"}},
	};
	struct fix *f = edge();
	char nonce[128];
	struct answer a = {.nc = 1, .ruri = "sip:b@192.0.2.31"};
	(void)state;

	f->p->was_node = was_node;
	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		ask(f, &casev[i].a);
		if (f->code != casev[i].code ||
		    (!f->code && f->v != FORWARD_SEND))
			fail_msg("%zu: %u %s", i, f->code, f->why);
	}
	a.nonce = challenge(f, 1, nonce);
	ask(f, &a);
	assert_sent(f);
	assert_null(strstr(f->out, nonce));
	/* the set asks, and nobody can check */
	f->p->auth = mem_deref(f->p->auth);
	ask(f, &(struct answer){.nonce = NULL});
	assert_int_equal(f->code, 403);
	close_edge(f);
}

int main(void)
{
	const struct CMUnitTest testv[] = {
		cmocka_unit_test(test_challenge),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_crossed),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_no_qop),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_guesses),
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_from_not_matched),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_asked),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
