/* SPDX-License-Identifier: BSD-2-Clause */
/* A file of many users: each is found, by each algorithm that it has, and nobody else */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <re.h>

#include "digest/users.h"

enum { USERS = 3000 };

static const char md5_end[] = "0123456789abcdef0123456789a",
		  sha_end[] = "0123456789abcdef0123456789abcdef"
			      "0123456789abcdef0123456789a";

static void each_is_found(void **state)
{
	struct mbuf *mb = mbuf_alloc(1024);
	struct users *u = NULL;
	struct users_err e = {""};
	struct pl text;
	(void)state;

	for (unsigned i = 0; i < USERS; i++) {
		assert_int_equal(
			mbuf_printf(mb, "u%u:r:%05u%s\n", i, i, md5_end), 0);
		if (i % 2)
			assert_int_equal(mbuf_printf(mb, "u%u:r:%05u%s\n", i, i,
						     sha_end),
					 0);
		assert_int_equal(
			mbuf_printf(mb, "x%u:other:%05u%s\n", i, i, md5_end),
			0);
	}
	text = (struct pl){(const char *)mb->buf, mb->end};
	assert_int_equal(users_parse(&u, "test", "r", &text, &e), 0);
	for (unsigned i = 0; i < USERS; i++) {
		const char *md5, *sha;
		char name[16], want[6];
		struct pl user;

		(void)re_snprintf(want, sizeof(want), "%05u", i);
		(void)re_snprintf(name, sizeof(name), "u%u", i);
		pl_set_str(&user, name);
		md5 = users_ha1(u, &user, DIGEST_MD5);
		sha = users_ha1(u, &user, DIGEST_SHA256);
		assert_non_null(md5);
		assert_memory_equal(md5, want, 5);
		assert_int_equal(strlen(md5), 32);
		assert_int_equal(sha != NULL, i % 2);
		if (sha)
			assert_memory_equal(sha, want, 5);
		if (sha)
			assert_int_equal(strlen(sha), 64);
		assert_null(users_ha1(u, &user, DIGEST_SHA512_256));
		name[0] = 'x';
		assert_null(users_ha1(u, &user, DIGEST_MD5));
	}
	pl_set_str(&text, "");
	assert_null(users_ha1(u, &text, DIGEST_MD5));
	mem_deref(u);
	mem_deref(mb);
}

static void nobody_is_found_in_nothing(void **state)
{
	struct pl none = PL(""), user = PL("u");
	struct users *u = NULL;
	struct users_err e = {""};
	(void)state;

	assert_int_equal(users_parse(&u, "test", "r", &none, &e), 0);
	assert_null(users_ha1(u, &user, DIGEST_MD5));
	mem_deref(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_found),
		cmocka_unit_test(nobody_is_found_in_nothing),
	};

	return cmocka_run_group_tests_name("digest users", tests, NULL, NULL);
}
