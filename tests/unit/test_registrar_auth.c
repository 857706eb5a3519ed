/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_registrar_auth.c  Who may register: extensions, and their answers to a challenge
 */
#include "registrar_fix.h"

/* ---- fixture ----------------------------------------------------------------------- */

static int setup_auth(void **state)
{
	struct fix *f;

	(void)setup(state);
	f = *state;
	f->conf.authenticate = true;
	stop(f);
	start(f);
	return 0;
}

/* ---- Digest -------------------------------------------------------------------------- */

static void extension_done(int err, void *arg)
{
	struct fix *f = arg;

	f->err = err;
	++f->done;
	re_cancel();
}

static void add_extension(struct fix *f, const char *user, const char *secret)
{
	const unsigned before = f->done;
	struct pl u, d = PL("Example.com"), s;

	pl_set_str(&u, user);
	pl_set_str(&s, secret);
	assert_int_equal(extension_put(f->ext, &u, &d, NULL, &s, NULL,
				       extension_done, f),
			 0);
	wait_for(&f->done, before + 1);
	assert_int_equal(f->err, 0);
}

/* An answer to the challenge of the algorithm in f->reply */
struct answer {
	const char *alg, *user, *secret, *realm;
	char nonce[64];
	unsigned nc;
};

static bool nonce_of(struct answer *a, const char *reply)
{
	char want[64];
	const char *p = reply, *end;

	(void)re_snprintf(want, sizeof(want), "algorithm=%s,", a->alg);
	while ((p = strstr(p, "nonce=\""))) {
		p += 7;
		end = strstr(p, "\r\n");
		if (strstr(p, want) && strstr(p, want) < end) {
			str_ncpy(a->nonce, p, 41);
			return true;
		}
	}
	return false;
}

static void credentials(char *hdr, size_t sz, const struct answer *a)
{
	char ha1[65], ha2[65], resp[65], nc[9];
	struct digest *d = NULL;
	struct pl alg, user, realm, secret, nonce, ncpl;
	enum digest_alg n;

	pl_set_str(&alg, a->alg);
	pl_set_str(&user, a->user);
	pl_set_str(&realm, a->realm);
	pl_set_str(&secret, a->secret);
	pl_set_str(&nonce, a->nonce);
	(void)re_snprintf(nc, sizeof(nc), "%08x", a->nc);
	pl_set_str(&ncpl, nc);
	n = digest_find(&alg);
	assert_int_equal(digest_alloc(&d), 0);
	(void)digest_join(d, ha1, n, (struct pl[]){user, realm, secret}, 3);
	(void)digest_join(d, ha2, n,
			  (struct pl[]){PL("REGISTER"), PL("sip:example.com")},
			  2);
	(void)digest_join(d, resp, n,
			  (struct pl[]){{ha1, strlen(ha1)},
					nonce,
					ncpl,
					PL("abc"),
					PL("auth"),
					{ha2, strlen(ha2)}},
			  6);
	mem_deref(d);
	(void)re_snprintf(hdr, sz,
			  "Contact: <sip:a@h>\r\nAuthorization: Digest "
			  "username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\""
			  "sip:example.com\", response=\"%s\", algorithm=%s, "
			  "qop=auth, nc=%s, cnonce=\"abc\"\r\n",
			  a->user, a->realm, a->nonce, resp, a->alg, nc);
}

static uint16_t login(struct fix *f, const struct answer *a, unsigned cseq)
{
	char hdrs[1024];

	credentials(hdrs, sizeof(hdrs), a);
	return reg(f, "c", cseq, hdrs);
}

static void each_algorithm(void **state)
{
	static const char *const algv[] = {"MD5", "SHA-256", "SHA-512-256"};
	struct fix *f = *state;
	struct answer a = {
		.user = "alice", .secret = "secret", .realm = "example.com"};

	add_extension(f, "alice", "secret");
	assert_int_equal(extensions_count(f->ext), 1);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(reg(f, "c", 10 * i, "Contact: <sip:a@h>\r\n"),
				 401);
		a.alg = algv[i];
		a.nc = 1;
		assert_true(nonce_of(&a, f->reply));
		assert_int_equal(login(f, &a, 10 * i + 1), 200);
		/* and once more, by the next count */
		a.nc = 2;
		assert_int_equal(login(f, &a, 10 * i + 2), 200);
	}
	/* the most preferred first (RFC 8760 2.4) */
	assert_int_equal(reg(f, "c", 100, ""), 401);
	assert_true(strstr(f->reply, "SHA-512-256") <
		    strstr(f->reply, "SHA-256,"));
	assert_true(strstr(f->reply, "SHA-256,") < strstr(f->reply, "MD5"));
}

static void replayed(void **state)
{
	struct fix *f = *state;
	struct answer a = {.alg = "SHA-256",
			   .user = "alice",
			   .secret = "secret",
			   .realm = "example.com",
			   .nc = 1};
	char hdrs[1024], text[8192];

	add_extension(f, "alice", "secret");
	assert_int_equal(reg(f, "c", 1, ""), 401);
	assert_true(nonce_of(&a, f->reply));
	credentials(hdrs, sizeof(hdrs), &a);
	(void)make(f, text, "alice@example.com", "c", 2, hdrs);
	assert_int_equal(exchange(f, text), 200);
	/* a retransmission is no replay */
	assert_int_equal(exchange(f, text), 200);
	assert_int_equal(contacts(f), 1);
	/* the same count in another request is one */
	assert_int_equal(reg(f, "c", 3, hdrs), 401);
	assert_true(has(f, ", stale=true"));
	/* a nonce that nobody made */
	a.nonce[5] ^= 1;
	a.nc = 2;
	assert_int_equal(login(f, &a, 4), 401);
	assert_true(has(f, ", stale=true"));
}

/* Who listens has the credentials too: they are good for no other contact */
static void replayed_with_another_contact(void **state)
{
	struct fix *f = *state;
	struct answer a = {.alg = "SHA-256",
			   .user = "alice",
			   .secret = "secret",
			   .realm = "example.com",
			   .nc = 1};
	char hdrs[1024], text[8192], *contact;

	add_extension(f, "alice", "secret");
	assert_int_equal(reg(f, "c", 1, ""), 401);
	assert_true(nonce_of(&a, f->reply));
	credentials(hdrs, sizeof(hdrs), &a);
	(void)make(f, text, "alice@example.com", "c", 2, hdrs);
	assert_int_equal(exchange(f, text), 200);
	contact = strstr(text, "<sip:a@h>");
	assert_non_null(contact);
	contact[5] = 'x';
	assert_int_equal(exchange(f, text), 401);
	assert_true(has(f, ", stale=true"));
	assert_int_equal(location_count(f->loc, NULL), 1);
}

/* Domains that share a realm: each has its alice, with her own password */
static void one_realm(void **state)
{
	static const char *const secretv[] = {"one", "two"};
	const struct pl alice = PL("alice"), realm = PL("all.example");
	struct fix *f = *state;
	struct answer a = {
		.alg = "SHA-256", .user = "alice", .realm = "all.example"};
	char hdrs[1024], text[8192], aor[64], why[64];
	struct pl d, s;

	f->conf.realm = a.realm;
	assert_int_equal(registrar_renew(f->r, &f->conf, why, sizeof(why)), 0);
	for (unsigned i = 0; i < 2; i++) {
		pl_set_str(&d, domainv[i]);
		pl_set_str(&s, secretv[i]);
		assert_int_equal(extension_put(f->ext, &alice, &d, &realm, &s,
					       NULL, extension_done, f),
				 0);
		wait_for(&f->done, i + 1);
		assert_int_equal(f->err, 0);
	}
	assert_int_equal(reg(f, "c", 1, ""), 401);
	assert_true(nonce_of(&a, f->reply));
	for (unsigned i = 0; i < 4; i++) {
		a.secret = secretv[i & 1];
		++a.nc;
		credentials(hdrs, sizeof(hdrs), &a);
		(void)re_snprintf(aor, sizeof(aor), "alice@%s",
				  domainv[i >> 1]);
		(void)make(f, text, aor, "c", 10 + i, hdrs);
		assert_int_equal(exchange(f, text),
				 (i & 1) == i >> 1 ? 200 : 401);
	}
}

static void others(void **state)
{
	struct fix *f = *state;
	struct answer a = {.alg = "SHA-256",
			   .user = "bob",
			   .secret = "hush",
			   .realm = "example.com",
			   .nc = 1};

	add_extension(f, "bob", "hush");
	assert_int_equal(reg(f, "c", 1, ""), 401);
	assert_true(nonce_of(&a, f->reply));
	/* who he is, but not who he registers */
	assert_int_equal(login(f, &a, 2), 403);
	/* another realm than ours: as if there were none */
	a.realm = "elsewhere.example";
	a.nc = 2;
	assert_int_equal(login(f, &a, 3), 401);
	assert_null(strstr(f->reply, "stale"));
	assert_int_equal(location_count(f->loc, NULL), 0);
}

static const char *inet_text(const struct sa *sa)
{
	static char text[64];

	(void)re_snprintf(text, sizeof(text), "%j", sa);
	return text;
}

static void block_handler(const struct sa *src, uint32_t s, void *arg)
{
	struct fix *f = arg;

	assert_int_equal(s, 60);
	assert_true(!strcmp(inet_text(src), "127.0.0.2"));
	++f->blocked;
	re_cancel();
}

static void guesses(void **state)
{
	struct fix *f = *state;
	struct answer a = {.alg = "SHA-256",
			   .user = "alice",
			   .secret = "wrong",
			   .realm = "example.com",
			   .nc = 1};
	char hdrs[1024], text[8192];
	struct registrar_stats st;

	registrar_block(f->r, block_handler, f);
	add_extension(f, "alice", "secret");
	assert_int_equal(reg(f, "c", 1, ""), 401);
	assert_true(nonce_of(&a, f->reply));
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(login(f, &a, 2 + i), 401);
		assert_null(strstr(f->reply, "stale"));
	}
	/* no answer any more, and in the end no hearing */
	credentials(hdrs, sizeof(hdrs), &a);
	for (unsigned i = 0; i < 100; i++)
		send_text(f, make(f, text, "alice@example.com", "c", 50 + i,
				  hdrs));
	wait_for(&f->blocked, 1);
	registrar_stats(f->r, &st);
	assert_int_equal(st.wrong, 5);
	assert_int_equal(st.held, 100);
	assert_int_equal(st.blocked, 1);
}

/* A nonce is no good to another source: guesses whose source is forged hurt nobody */
static void forged_source(void **state)
{
	struct fix *f = *state;
	struct answer a = {.alg = "SHA-256",
			   .user = "alice",
			   .secret = "wrong",
			   .realm = "example.com",
			   .nc = 1};
	struct registrar_stats st;
	struct udp_sock *us = f->us;
	struct sa sa;

	add_extension(f, "alice", "secret");
	assert_int_equal(reg(f, "c", 1, ""), 401);
	assert_true(nonce_of(&a, f->reply));
	assert_int_equal(sa_set_str(&sa, "127.0.0.3", 0), 0);
	assert_int_equal(udp_listen(&f->us, &sa, datagram, f), 0);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(login(f, &a, 2 + i), 401);
		assert_true(has(f, ", stale=true"));
	}
	a.secret = "secret";
	assert_int_equal(login(f, &a, 10), 401);
	assert_true(nonce_of(&a, f->reply));
	assert_int_equal(login(f, &a, 11), 200);
	registrar_stats(f->r, &st);
	assert_int_equal(st.wrong, 0);
	assert_int_equal(st.held, 0);
	mem_deref(us);
}

/* ---- extensions ------------------------------------------------------------------------ */

static void extension_records(void **state)
{
	const struct pl alice = PL("alice"), domain = PL("example.com"),
			bad = PL("a b");
	struct fix *f = *state;
	struct odict *o = NULL, *more = NULL;
	char *text = NULL;
	char hash[65];

	add_extension(f, "alice", "secret");
	str_ncpy(hash,
		 extension_ha1(f->ext, &alice, &domain, &domain,
			       DIGEST_SHA512_256),
		 sizeof(hash));
	assert_int_equal(strlen(hash), 64);
	assert_int_equal(store_get(f->store, EXTENSION_KIND,
				   &(struct pl)PL("alice@example.com"), &text),
			 0);
	assert_null(strstr(text, "secret"));
	mem_deref(text);
	/* more of it, the password as it was */
	assert_int_equal(odict_alloc(&more, 4), 0);
	assert_int_equal(odict_entry_add(more, "note", ODICT_STRING, "x"), 0);
	assert_int_equal(extension_put(f->ext, &alice, &domain, NULL, NULL,
				       more, extension_done, f),
			 0);
	wait_for(&f->done, 2);
	mem_deref(more);
	stop(f);
	start(f);
	assert_string_equal(extension_ha1(f->ext, &alice, &domain, &domain,
					  DIGEST_SHA512_256),
			    hash);
	assert_int_equal(extension_get(&o, f->ext, &alice, &domain), 0);
	assert_string_equal(odict_string(o, "note"), "x");
	assert_string_equal(odict_string(o, "id"), "alice@example.com");
	assert_null(odict_lookup(o, "ha1"));
	mem_deref(o);
	assert_int_equal(extension_put(f->ext, &bad, &domain, NULL, &bad, NULL,
				       NULL, NULL),
			 EINVAL);
	assert_int_equal(extension_put(f->ext, &domain, &domain, NULL, NULL,
				       NULL, NULL, NULL),
			 ENOENT);
	assert_int_equal(extension_del(f->ext, &domain, &domain, NULL, NULL),
			 ENOENT);
	assert_int_equal(
		extension_del(f->ext, &alice, &domain, extension_done, f), 0);
	wait_for(&f->done, 3);
	assert_null(
		extension_ha1(f->ext, &alice, &domain, &domain, DIGEST_MD5));
}

#define A(x) cmocka_unit_test_setup_teardown(x, setup_auth, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		A(each_algorithm),
		A(replayed),
		A(replayed_with_another_contact),
		A(one_realm),
		A(others),
		A(guesses),
		A(forged_source),
		T(extension_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
