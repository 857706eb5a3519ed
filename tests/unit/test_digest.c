/* SPDX-License-Identifier: BSD-2-Clause */
/* What digest is made of: hashes, headers, nonces, counts, guesses, users */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "digest/brake.h"
#include "digest/cred.h"
#include "digest/nonce.h"
#include "digest/replay.h"
#include "digest/users.h"

static struct pl pl(const char *s)
{
	struct pl x;

	pl_set_str(&x, s);
	return x;
}

static struct sa host(const char *ip)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, ip, 5060), 0);
	return sa;
}

/* ---- hashes ------------------------------------------------------------------ */

static void respond(char *hex, struct digest *d, enum digest_alg alg,
		    const char *realm, const char *password, const char *nonce,
		    const char *cnonce)
{
	char ha1[DIGEST_HEX + 1], ha2[DIGEST_HEX + 1];

	assert_int_equal(digest_join(d, ha1, alg,
				     (struct pl[]){pl("Mufasa"), pl(realm),
						   pl(password)},
				     3),
			 0);
	assert_int_equal(
		digest_join(d, ha2, alg,
			    (struct pl[]){pl("GET"), pl("/dir/index.html")}, 2),
		0);
	assert_int_equal(
		digest_join(d, hex, alg,
			    (struct pl[]){pl(ha1), pl(nonce), pl("00000001"),
					  pl(cnonce), pl("auth"), pl(ha2)},
			    6),
		0);
}

/* RFC 7616 3.9.1, RFC 2617 3.5 */
static void test_vectors(void **state)
{
	static const char realm[] = "http-auth@example.org",
			  nonce[] = "7ypf/xlj9XXwfDPEoM4URrv/"
				    "xwf94BcCAzFZH4GiTo0v",
			  cnonce[] = "f2/wE4q74E6zIJEtWaHKaf5wv/"
				     "H5QzzpXusqGemxURZJ";
	char hex[DIGEST_HEX + 1];
	struct digest *d = NULL;
	(void)state;

	assert_int_equal(digest_alloc(&d), 0);
	respond(hex, d, DIGEST_MD5, realm, "Circle of Life", nonce, cnonce);
	assert_string_equal(hex, "8ca523f5e9506fed4657c9700eebdbec");
	respond(hex, d, DIGEST_SHA256, realm, "Circle of Life", nonce, cnonce);
	assert_string_equal(hex, "753927fa0e85d155564e2e272a28d180"
				 "2ca10daf4496794697cf8db5856cb6c1");
	respond(hex, d, DIGEST_MD5, "testrealm@host.com", "Circle Of Life",
		"dcd98b7102dd2f0e8b11d0f600bfb0c093", "0a4f113b");
	assert_string_equal(hex, "6629fae49393a05397450978507c4ef1");
	mem_deref(d);
}

static void test_names(void **state)
{
	const struct pl a = pl("md5"), b = pl("sha-256"), c = pl("MD5-sess");
	(void)state;

	assert_int_equal(digest_find(&a), DIGEST_MD5);
	assert_int_equal(digest_find(&b), DIGEST_SHA256);
	assert_int_equal(digest_find(&c), DIGEST_ALGS);
	assert_false(digest_same(&a, &b));
	assert_true(digest_same(&a, &a));
}

/* ---- headers ------------------------------------------------------------------- */

#define HEX32 "0123456789abcdef0123456789abcdef"
#define FULL                                                                   \
	"Digest username=\"a\",realm=\"r\",nonce=\"n\",uri=\"sip:b\","         \
	"response=\"" HEX32 "\""

static void test_cred(void **state)
{
	const struct pl odd = pl(
		"dIgEsT  realm = \"a \\\"b\\\\\" ,\r\n\tusername=\"x\\y\", "
		"nc=\"00000a01\", QOP=\"auth\", cnonce=\"c,=\", nonce=n,uri=u, "
		"algorithm=\"SHA-256\", future=\"x\", response=" HEX32 HEX32);
	const struct pl realm = pl("a \"b\\"), user = pl("xy"),
			longer = pl("xyz"), shorter = pl("x");
	struct pl plain;
	struct cred c;
	char buf[2];
	(void)state;

	assert_int_equal(cred_decode(&c, &odd), 0);
	assert_null(cred_lacks(&c));
	assert_int_equal(c.alg, DIGEST_SHA256);
	assert_int_equal(c.count, 0xa01);
	assert_int_equal(pl_strcmp(&c.cnonce, "c,="), 0);
	assert_true(cred_is(&c.realm, &realm));
	assert_true(cred_is(&c.username, &user));
	assert_false(cred_is(&c.username, &longer));
	assert_false(cred_is(&c.username, &shorter));
	assert_int_equal(cred_plain(&plain, buf, 2, &c.username), 0);
	assert_int_equal(pl_cmp(&plain, &user), 0);
	assert_int_equal(cred_plain(&plain, buf, 1, &c.username), EOVERFLOW);
}

static void test_cred_bad(void **state)
{
	static const char *const badv[] = {
		"Digest",
		"Digest ",
		"Digest ,",
		"Digest realm",
		"Digest =r",
		"Digest realm=\"r",
		"Digest realm=\"r\\",
		"Digest realm=\"r\" x",
		"Digest realm=\"r\"\"s\"",
		"Digest realm=\"a\",realm=\"b\"",
		"Digest realm=\"a\r\n b\"",
		"Digest realm=\"a\x01\"",
		"Digest realm=r,,nonce=n",
	};
	static const struct {
		const char *text, *what;
	} lackv[] = {
		{FULL ",qop=auth,nc=00000001", "nc Or cnonce"},
		{FULL ",qop=auth,cnonce=x", "nc Or cnonce"},
		{FULL ",qop=auth,cnonce=x,nc=1", "nc Or cnonce"},
		{FULL ",qop=auth,cnonce=x,nc=0000000g", "nc Or cnonce"},
		{FULL ",qop=auth,cnonce=x,nc=00000000", "nc 0"},
		{FULL ",qop=auth-int,cnonce=x,nc=00000001", "another qop"},
		{FULL ",qop=\"\",cnonce=x,nc=00000001", "another qop"},
		{FULL ",algorithm=SHA-256", "Response"},
		{"Digest username=\"\",realm=\"r\"", "User"},
		{"Digest realm=\"r\"", "User"},
		{"Digest username=a,realm=\"r\",uri=x", "Nonce"},
		{"Digest username=a,realm=\"r\",nonce=x", "Nonce"},
	};
	const struct pl basic = pl("Basic QWxhZGRpbg=="), full = pl(FULL ",");
	struct cred c;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		const struct pl x = pl(badv[i]);

		if (cred_decode(&c, &x) != EBADMSG)
			fail_msg("taken: %s", badv[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(lackv); i++) {
		const struct pl x = pl(lackv[i].text);
		const char *why;

		assert_int_equal(cred_decode(&c, &x), 0);
		why = cred_lacks(&c);
		if (!why || !strcasestr(why, lackv[i].what))
			fail_msg("%s: %s", lackv[i].text, why);
	}
	assert_int_equal(cred_decode(&c, &basic), ENOENT);
	/* RFC 2069: no qop at all */
	assert_int_equal(cred_decode(&c, &full), 0);
	assert_null(cred_lacks(&c));
	assert_int_equal(c.count, 0);
}

/* ---- nonces ----------------------------------------------------------------------- */

static void test_nonce(void **state)
{
	const struct sa a = host("192.0.2.7"), b = host("192.0.2.8"),
			six = host("2001:db8::7");
	const struct nonce_scope s = {
		.key = {1, 2}, .realm = pl("r"), .alg = DIGEST_MD5, .src = &a};
	struct nonce_scope t = s;
	char text[NONCE_LEN + 1], other[NONCE_LEN + 1];
	struct pl x = {text, NONCE_LEN};
	uint64_t id, id2, expires;
	(void)state;

	nonce_make(text, &s, 1000, 7);
	nonce_make(other, &s, 1000, 8);
	assert_string_not_equal(text, other);
	/* another edge, which has the same key and nothing else */
	assert_int_equal(nonce_check(&t, &x, 1300, 300, &id, &expires),
			 NONCE_GOOD);
	assert_int_equal(expires, 1300);
	assert_int_equal(nonce_check(&t, &x, 1301, 300, &id2, &expires),
			 NONCE_OLD);
	assert_true(id == id2);
	/* its clock may be behind, a little */
	assert_int_equal(nonce_check(&t, &x, 970, 300, &id, &expires),
			 NONCE_GOOD);
	assert_int_equal(nonce_check(&t, &x, 969, 300, &id, &expires),
			 NONCE_FOREIGN);
	t.key[1] = 3;
	assert_int_equal(nonce_check(&t, &x, 1000, 300, &id, &expires),
			 NONCE_FOREIGN);
	t = s;
	t.alg = DIGEST_SHA256;
	assert_int_equal(nonce_check(&t, &x, 1000, 300, &id, &expires),
			 NONCE_FOREIGN);
	t = s;
	t.realm = pl("rr");
	assert_int_equal(nonce_check(&t, &x, 1000, 300, &id, &expires),
			 NONCE_FOREIGN);
	t = s;
	t.src = &b;
	assert_int_equal(nonce_check(&t, &x, 1000, 300, &id, &expires),
			 NONCE_FOREIGN);
	t.src = &six;
	assert_int_equal(nonce_check(&t, &x, 1000, 300, &id, &expires),
			 NONCE_FOREIGN);
	t.src = NULL;
	assert_int_equal(nonce_check(&t, &x, 1000, 300, &id, &expires),
			 NONCE_FOREIGN);
	nonce_make(text, &t, 1000, 7);
	assert_int_equal(nonce_check(&t, &x, 1000, 300, &id, &expires),
			 NONCE_GOOD);
}

/* As the kernel makes them: from a seed, which is all that it is told */
static void test_nonce_seed(void **state)
{
	static const uint8_t addr4[16] = {[10] = 0xff, 0xff, 192, 0, 2, 7};
	const struct sa a = host("192.0.2.7");
	const struct nonce_scope s = {.key = {1, 2},
				      .realm = pl("example.com"),
				      .alg = DIGEST_SHA256,
				      .src = &a};
	__u64 words[SIP_NONCE_WORDS];
	struct pl x = {(char *)words, NONCE_LEN};
	struct siphash seed;
	uint64_t id, expires;
	(void)state;

	nonce_seed(&seed, s.key, &s.realm, s.alg);
	sipnonce_text(words, &seed, 1000, ~0ull, addr4, 1);
	assert_int_equal(nonce_check(&s, &x, 1000, 300, &id, &expires),
			 NONCE_GOOD);
	sipnonce_text(words, &seed, 1000, ~0ull, addr4, 0);
	assert_int_equal(nonce_check(&s, &x, 1000, 300, &id, &expires),
			 NONCE_FOREIGN);
}

/* Each digit counts */
static void test_nonce_forged(void **state)
{
	const struct nonce_scope s = {.key = {1, 2}, .realm = pl("r")};
	char text[NONCE_LEN + 1];
	struct pl x = {text, NONCE_LEN};
	uint64_t id, expires;
	(void)state;

	nonce_make(text, &s, 1000, 7);
	for (size_t i = 0; i < NONCE_LEN; i++) {
		const char was = text[i];

		for (const char *c = "09afgAF \"\xff"; *c; c++) {
			text[i] = *c;
			if (*c != was)
				assert_int_equal(nonce_check(&s, &x, 1000, 300,
							     &id, &expires),
						 NONCE_FOREIGN);
		}
		text[i] = was;
	}
	for (x.l = 0; x.l < NONCE_LEN; x.l++)
		assert_int_equal(nonce_check(&s, &x, 1000, 300, &id, &expires),
				 NONCE_FOREIGN);
}

/* ---- counts --------------------------------------------------------------------------- */

static void test_replay(void **state)
{
	struct replay *r = NULL;
	(void)state;

	assert_int_equal(replay_alloc(&r, 15), EINVAL);
	assert_int_equal(replay_alloc(&r, 16), 0);
	assert_true(replay_use(r, 9, 1, 100, 50, 300));
	assert_true(replay_use(r, 9, 1, 100, 50 + REPLAY_AGAIN, 300));
	assert_false(replay_use(r, 9, 1, 100, 51 + REPLAY_AGAIN, 300));
	assert_false(replay_use(r, 9, 1, 101, 50, 300));
	/* out of order, each once */
	assert_true(replay_use(r, 9, 65, 102, 50, 300));
	assert_true(replay_use(r, 9, 2, 103, 50, 300));
	assert_false(replay_use(r, 9, 2, 104, 50, 300));
	assert_true(replay_use(r, 9, 2, 103, 50, 300));
	/* below the window; far ahead */
	assert_true(replay_use(r, 9, 200, 105, 50, 300));
	assert_false(replay_use(r, 9, 136, 106, 50, 300));
	assert_true(replay_use(r, 9, 137, 107, 50, 300));
	assert_true(replay_use(r, 9, UINT32_MAX, 108, 50, 300));
	assert_false(replay_use(r, 9, 201, 109, 50, 300));
	/* another nonce counts for itself */
	assert_true(replay_use(r, 10, 1, 110, 50, 400));
	mem_deref(r);
}

/* Full: what would expire next is forgotten, the others are not */
static void test_replay_full(void **state)
{
	struct replay *r = NULL;
	(void)state;

	assert_int_equal(replay_alloc(&r, 16), 0);
	for (uint64_t i = 0; i < 16; i++)
		assert_true(replay_use(r, 100 + i, 1, i, 50, 300 + i));
	assert_true(replay_use(r, 200, 1, 99, 50, 320));
	for (uint64_t i = 1; i < 16; i++)
		assert_false(replay_use(r, 100 + i, 1, 77, 50, 300 + i));
	assert_false(replay_use(r, 200, 1, 77, 50, 320));
	mem_deref(r);
}

/* ---- guesses ---------------------------------------------------------------------------- */

static void test_brake(void **state)
{
	const struct sa a = host("192.0.2.7"), b = host("192.0.2.8"),
			six = host("2001:db8::7"), near = host("2001:db8::8"),
			far = host("2001:db8:0:1::7");
	struct brake *br = NULL;
	(void)state;

	assert_int_equal(brake_alloc(&br), 0);
	brake_limit(br, 20);
	for (unsigned i = 0; i < 20; i++) {
		assert_false(brake_held(br, &a, 1000));
		brake_wrong(br, &a, 1000);
		brake_wrong(br, &six, 1000);
	}
	assert_true(brake_held(br, &a, 1000));
	assert_false(brake_held(br, &b, 1000));
	assert_true(brake_held(br, &near, 1000));
	assert_false(brake_held(br, &far, 1000));
	/* a token every three seconds */
	assert_true(brake_held(br, &a, 3999));
	assert_false(brake_held(br, &a, 4000));
	brake_wrong(br, &a, 4000);
	assert_true(brake_held(br, &a, 4000));
	assert_false(brake_held(br, &a, 70000));
	mem_deref(br);

	assert_int_equal(brake_alloc(&br), 0);
	for (unsigned i = 0; i < 100; i++)
		brake_wrong(br, &a, 1000);
	assert_false(brake_held(br, &a, 1000));
	mem_deref(br);
}

/* ---- users ------------------------------------------------------------------------------ */

#define A32 "AABBCCDDEEFF00112233445566778899"
#define A64 A32 A32

static void test_users(void **state)
{
	const struct pl text = pl("# a comment\n\n"
				  "alice:example.com:" A32 "\n"
				  "bob:example.com:" A64 "\n"
				  "alice:example.com:" A64 "\n"
				  "carol:example.org:" A32 "\n"
				  "alicea:example.com:" A32);
	const struct pl alice = pl("alice"), bob = pl("bob"),
			carol = pl("carol"), ali = pl("ali"), a = pl("alicea");
	struct users_err e = {""};
	struct users *u = NULL;
	(void)state;

	assert_int_equal(users_parse(&u, "f", "example.com", &text, &e), 0);
	assert_int_equal(users_count(u), 4);
	assert_string_equal(users_ha1(u, &alice, DIGEST_MD5),
			    "aabbccddeeff00112233445566778899");
	assert_int_equal(strlen(users_ha1(u, &alice, DIGEST_SHA256)), 64);
	assert_null(users_ha1(u, &bob, DIGEST_MD5));
	assert_non_null(users_ha1(u, &bob, DIGEST_SHA256));
	assert_null(users_ha1(u, &carol, DIGEST_MD5));
	assert_null(users_ha1(u, &ali, DIGEST_MD5));
	assert_int_equal(strlen(users_ha1(u, &a, DIGEST_MD5)), 32);
	mem_deref(u);
}

static void test_users_bad(void **state)
{
	static const struct {
		const char *text, *what;
	} badv[] = {
		{"alice\n", "f:1: a line without two colons"},
		{"\nalice:" A32 "\n", "f:2: a line without two colons"},
		{":r:" A32 "\n", "f:1: no user name"},
		{"alice::" A32 "\n", "f:1: no realm"},
		{"a:b:c:" A32 "\n", "f:1: no realm"},
		{"a\tb:r:" A32 "\n", "f:1: no user name"},
		{"alice:r:abc\n", "f:1: an HA1 of 3 characters"},
		{"alice:r:" A32 "\r\n", "f:1: an HA1 of 33 characters"},
		{"alice:r:Z" HEX32 "\n", "f:1: an HA1 of 33 characters"},
		{"alice:r:" HEX32 "\nbob:r:x123456789abcdef0123456789abcdef",
		 "f:2: an HA1 with other characters"},
		{"a:r:" A32 "\nb:r:" A32 "\na:r:" HEX32 "\n",
		 "f:3: MD5 of user 'a' is in line 1 already"},
	};
	const struct pl empty = pl("");
	struct users_err e = {""};
	struct users *u = NULL;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		const struct pl x = pl(badv[i].text);

		assert_int_equal(users_parse(&u, "f", "r", &x, &e), EBADMSG);
		assert_null(u);
		if (strncmp(e.msg, badv[i].what, strlen(badv[i].what)) != 0 ||
		    !strstr(e.msg, "allowed: "))
			fail_msg("%s: %s", badv[i].text, e.msg);
	}
	assert_int_equal(users_load(&u, "/nonexistent", "r", &e), ENOENT);
	assert_int_equal(users_load(&u, "/tmp", "r", &e), EINVAL);
	assert_int_equal(users_parse(&u, "f", "r", &empty, &e), 0);
	assert_int_equal(users_count(u), 0);
	mem_deref(u);
}

int main(void)
{
	const struct CMUnitTest testv[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_cred),
		cmocka_unit_test(test_cred_bad),
		cmocka_unit_test(test_nonce),
		cmocka_unit_test(test_nonce_seed),
		cmocka_unit_test(test_nonce_forged),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_replay_full),
		cmocka_unit_test(test_brake),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_users_bad),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
