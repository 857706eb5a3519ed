/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_api_token.c  Who may use the API: tokens, and no browser
 */
#include <unistd.h>
#include "api_fix.h"

static void write_tokens(char *path, const char *lines)
{
	const int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");

	assert_non_null(f);
	fputs(lines, f);
	assert_int_equal(fclose(f), 0);
}

static void load(struct fix *f, const char *lines, const char *want)
{
	char path[] = "/tmp/carom-tokens-XXXXXX", why[256] = "";
	int err;

	write_tokens(path, lines);
	err = api_tokens(f->a, path, why, sizeof(why));
	(void)unlink(path);
	assert_int_equal(err, want ? EBADMSG : 0);
	if (want)
		assert_non_null(strstr(why, want));
}

/* of "secret" */
#define HASH "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"

static void test_tokens(void **state)
{
	struct fix *f = fix_of(state);

	f->closed = true;
	assert_int_equal(sa_set_str(&f->peer, "192.0.2.1", 1), 0);
	assert_int_equal(ask(f, "GET", "/healthz", NULL), 200);
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 401);
	assert_string_equal(reply_header(f, "WWW-Authenticate"),
			    "Bearer realm=\"carom\"");
	load(f, "# a comment\n\nann:read:" HASH "\n", NULL);
	f->headerv[1] = (struct header){"Authorization", "Bearer secret"};
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 200);
	assert_string_equal(api_who(f->req), "ann");
	assert_int_equal(ask(f, "PUT", "/v1/things/a", "{}"), 403);
	assert_non_null(
		strstr(reply_header(f, "WWW-Authenticate"), "scope=\"write\""));
	f->headerv[1].value = "Basic secret";
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 401);
	f->headerv[1].value = "Bearer secretx";
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 401);
	f->headerv[1].value = "Bearer secret";
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 200);

	/* what is wrong leaves the old ones in force */
	load(f, "ann:read:" HASH "\nann:read:" HASH "\n", ":2: a name");
	load(f, "ann:reed:" HASH "\n", ":1: scopes");
	load(f, "ann:read:abc\n", ":1: behind the scopes");
	load(f, "ann:read:" HASH "0\n", ":1: behind the scopes");
	load(f, "ann\n", ":1: a line is");
	load(f, "a b:read:" HASH "\n", ":1: a line is");
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 200);
	load(f, "bob:read,write:" HASH "\n", NULL);
	assert_int_equal(ask(f, "PUT", "/v1/things/a", "{}"), 200);
}

/* A page in a browser of this host is no program of this host */
static void test_browser(void **state)
{
	struct fix *f = fix_of(state);

	assert_int_equal(sa_set_str(&f->peer, "127.0.0.1", 1), 0);
	f->headerv[1] = (struct header){"Host", "localhost:9650"};
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 200);
	f->headerv[1].value = "127.0.0.1";
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 200);
	f->headerv[1].value = "localhost.evil.example";
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 421);
	/* a name for this address is not the address */
	f->headerv[1].value = "127.evil.example:9650";
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 421);
	f->headerv[1].value = "127.0.0.1.evil.example";
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 421);
	f->headerv[1].value = "127.1.2.3:9650";
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 200);
	f->headerv[1].value = "[::1]:9650";
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 200);
	f->headerv[1] = (struct header){"Origin", "http://evil.example"};
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 403);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_tokens),
		T(test_browser),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
