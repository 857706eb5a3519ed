/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_auth.c  Digest at the edge, as a client sees it: requests in, what leaves or comes back
 */
#include "auth_fix.h"

/* ---- the client ------------------------------------------------------------------ */

static bool stale(const struct fix *f)
{
	return f->code == 407 && strstr(f->out, ", stale=true");
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
