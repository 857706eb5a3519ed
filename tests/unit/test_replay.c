/* SPDX-License-Identifier: BSD-2-Clause */
/* What was forgotten does not pass once more */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "digest/nonce.h"
#include "digest/replay.h"
#include "digest/verify.h"

enum { NOW = 1000, LIFE = 300 };

/* Overheard; then somebody with an account logs in again and again, until the nonce is
 * forgotten */
static void displaced(void **state)
{
	struct replay *r = NULL;
	(void)state;

	assert_int_equal(replay_alloc(&r, 16), 0);
	assert_true(replay_use(r, 1, 1, 100, 50, NOW));
	for (uint64_t i = 0; i < 100; i++)
		assert_true(replay_use(r, 1000 + i, 1, i, 50, NOW + 1 + i));
	assert_false(replay_use(r, 1, 1, 101, 50, NOW));
	/* nor does a count that was never used: nobody knows which were */
	assert_false(replay_use(r, 1, 2, 102, 50, NOW));
	/* one that was made meanwhile is good */
	assert_true(replay_use(r, 2, 1, 103, 50, NOW + 100));
	mem_deref(r);
}

/* Of one second, too, in which more are made than there is room for */
static void of_one_second(void **state)
{
	struct replay *r = NULL;
	unsigned passed = 0;
	(void)state;

	assert_int_equal(replay_alloc(&r, 16), 0);
	for (uint64_t i = 0; i < 40; i++)
		passed += replay_use(r, 100 + i, 1, i, 50, NOW);
	/* the 17th takes the first one's place, and is the last */
	assert_int_equal(passed, 17);
	for (uint64_t i = 0; i < 40; i++)
		assert_false(replay_use(r, 100 + i, 1, 500 + i, 50, NOW));
	assert_true(replay_use(r, 200, 1, 1, 50, NOW + 1));
	mem_deref(r);
}

/* Whatever comes in whatever order: each count passes for one request alone */
static void never_twice(void **state)
{
	enum { NONCES = 256, COUNTS = 8, TRIES = 200000 };
	static bool used[NONCES][COUNTS + 1];
	struct replay *r = NULL;
	uint32_t seed = 1, passed = 0;
	(void)state;

	assert_int_equal(replay_alloc(&r, 64), 0);
	for (unsigned i = 0; i < TRIES; i++) {
		unsigned n, c;

		seed = seed * 1103515245 + 12345;
		n = seed >> 16 & (NONCES - 1);
		seed = seed * 1103515245 + 12345;
		c = 1 + (seed >> 16) % COUNTS;
		if (!replay_use(r, n * 0x9e3779b97f4a7c15ull, c, i, i / 1000,
				NOW + n / 4))
			continue;
		assert_false(used[n][c]);
		used[n][c] = true;
		++passed;
	}
	assert_true(passed >= 64);
	mem_deref(r);
}

/* ---- by way of credentials ------------------------------------------------------- */

static const char ha1[] = "939e7578ed9e3c518a452acee763bce9";

static const char *secret(const struct pl *user, const struct pl *domain,
			  const struct pl *realm, enum digest_alg alg,
			  void *arg)
{
	(void)user;
	(void)domain;
	(void)realm;
	(void)alg;
	(void)arg;
	return ha1;
}

static uint64_t clock_now(void)
{
	return NOW;
}

static enum verify_verdict answer(struct verify *v, const char *nonce,
				  const char *nc, uint64_t request)
{
	struct verify_in in = {.request = request, .uri_fits = true};
	struct pl a2[] = {PL("REGISTER"), PL("sip:h")}, what[6];
	char ha2[DIGEST_HEX + 1], response[DIGEST_HEX + 1], text[512];
	struct digest *d = NULL;
	const char *why;
	struct cred c;
	struct pl val;

	pl_set_str(&in.method, "REGISTER");
	pl_set_str(&in.realm, "h");
	assert_int_equal(sa_set_str(&in.src, "192.0.2.1", 5060), 0);
	assert_int_equal(digest_alloc(&d), 0);
	assert_int_equal(digest_join(d, ha2, DIGEST_MD5, a2, 2), 0);
	pl_set_str(&what[0], ha1);
	pl_set_str(&what[1], nonce);
	pl_set_str(&what[2], nc);
	pl_set_str(&what[3], "x");
	pl_set_str(&what[4], "auth");
	pl_set_str(&what[5], ha2);
	assert_int_equal(digest_join(d, response, DIGEST_MD5, what, 6), 0);
	mem_deref(d);
	(void)re_snprintf(text, sizeof(text),
			  "Digest username=\"a\", realm=\"h\", nonce=\"%s\", "
			  "uri=\"sip:h\", algorithm=MD5, qop=auth, nc=%s, "
			  "cnonce=\"x\", response=\"%s\"",
			  nonce, nc, response);
	pl_set_str(&val, text);
	assert_int_equal(cred_decode(&c, &val), 0);
	return verify_check(v, &c, &in, &why);
}

static void nonce_of(char text[NONCE_LEN + 1], uint64_t when, uint64_t chance)
{
	struct nonce_scope s = {.key = {1, 2}, .alg = DIGEST_MD5};

	pl_set_str(&s.realm, "h");
	nonce_make(text, &s, when, chance);
}

/* A table of so many places as verify.c has, filled by one account */
static void by_credentials(void **state)
{
	const struct verify_conf conf = {.key = {1, 2},
					 .algv = {DIGEST_MD5},
					 .algc = 1,
					 .lifetime = LIFE,
					 .ha1h = secret,
					 .now = clock_now};
	char overheard[NONCE_LEN + 1], other[NONCE_LEN + 1];
	struct verify *v = NULL;
	uint64_t i = 0;
	(void)state;

	assert_int_equal(verify_alloc(&v, &conf, NULL), 0);
	nonce_of(overheard, NOW - 10, 0);
	assert_int_equal(answer(v, overheard, "00000001", 1), VERIFY_PASS);
	assert_int_equal(answer(v, overheard, "00000001", 2), VERIFY_STALE);
	/* until its own retransmission is not known any more */
	while (answer(v, overheard, "00000001", 1) == VERIFY_PASS) {
		for (unsigned n = 0; n < 8192; n++) {
			nonce_of(other, NOW - 5, ++i);
			(void)answer(v, other, "00000001", i);
		}
		assert_true(i < 4000000);
	}
	assert_int_equal(answer(v, overheard, "00000001", 2), VERIFY_STALE);
	nonce_of(other, NOW, ++i);
	assert_int_equal(answer(v, other, "00000001", 1), VERIFY_PASS);
	mem_deref(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(displaced),
		cmocka_unit_test(of_one_second),
		cmocka_unit_test(never_twice),
		cmocka_unit_test(by_credentials),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
