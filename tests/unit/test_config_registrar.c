/* SPDX-License-Identifier: BSD-2-Clause */ #include "config_fix.h"

/* The section `registrar`: what is taken, what is refused, and that what is printed
 * can be read again */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "daemon/config.h"
#include "daemon/denied.h"

#define MEDIA "media:\n  interfaces:\n    - {name: ext, address: 192.0.2.1}\n"
#define LISTEN MEDIA "registrar:\n  domains: [example.com]\n  listen: "
#define REG LISTEN "[\"udp:192.0.2.3:5060\"]\n"

	static void
	test_defaults(void **state)
{
	struct config *c = good(REG);
	const struct config_registrar *r = &c->registrar;
	(void)state;

	assert_true(r->on);
	assert_int_equal(r->listenc, 1);
	assert_int_equal(r->listenv[0].transp, CONFIG_UDP);
	assert_int_equal(sa_port(&r->listenv[0].addr), 5060);
	assert_int_equal(r->min_expires, 60);
	assert_int_equal(r->max_expires, 7200);
	assert_int_equal(r->default_expires, 3600);
	assert_int_equal(r->max_contacts, 10);
	assert_int_equal(r->alive_interval, 0);
	assert_true(r->gruu);
	assert_false(r->refresh_events);
	assert_true(r->auth.required);
	assert_int_equal(r->auth.algc, 2);
	assert_int_equal(r->auth.algv[0], DIGEST_SHA256);
	assert_null(r->key_file);
	assert_null(r->tls.certificate);
	mem_deref(c);
	c = good(MEDIA);
	assert_false(c->registrar.on);
	mem_deref(c);
}

static bool denies(const struct prefix *v, size_t n, const char *host,
		   uint16_t port)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, host, port), 0);
	return prefix_find(v, n, &sa);
}

/* Where no contact may be: by default, as the file says, and the node's own services */
static void test_denied(void **state)
{
	static struct prefix v[DENIED];
	struct config *c = good(MEDIA);
	size_t n = denied_fill(v, c);
	(void)state;

	assert_true(denies(v, n, "127.0.0.1", 5060));
	assert_true(denies(v, n, "169.254.169.254", 80));
	assert_true(denies(v, n, "239.0.0.1", 5060));
	assert_true(denies(v, n, "::1", 5060));
	assert_true(denies(v, n, "fe80::1", 5060));
	assert_true(denies(v, n, "::ffff:127.0.0.1", 5060));
	assert_false(denies(v, n, "10.0.0.1", 5060));
	assert_false(denies(v, n, "172.16.0.1", 5060));
	assert_false(denies(v, n, "192.168.1.1", 5060));
	assert_false(denies(v, n, "2001:db8::1", 5060));
	mem_deref(c);
	c = good(MEDIA "metrics: {listen: [\"192.0.2.1:9090\"]}\n"
		       "store: \"redis://192.0.2.9:7000,redis.example/0\"\n"
		       "registrar:\n  domains: [example.com]\n"
		       "  contact-deny: [\"10.0.0.0/8\"]\n"
		       "  listen: [\"udp:192.0.2.3:5060\"]\n");
	assert_int_equal(c->registrar.denyc, 1);
	n = denied_fill(v, c);
	assert_true(denies(v, n, "10.0.0.1", 5060));
	assert_false(denies(v, n, "169.254.169.254", 80));
	assert_true(denies(v, n, "192.0.2.1", 9090));
	assert_false(denies(v, n, "192.0.2.1", 5060));
	assert_true(denies(v, n, "192.0.2.9", 7000));
	mem_deref(c);
	c = good(REG "  contact-deny: []\n");
	assert_int_equal(c->registrar.denyc, 0);
	mem_deref(c);
}

/* TLS and key are the edge's where nothing else is said */
static void test_beside_an_edge(void **state)
{
	struct config *c = good(
		MEDIA "sip:\n  listen: [{name: a, address: \"192.0.2.1:5060\"}]"
		      "\n  key-file: /k\n  tls: {certificate: /c, key: /p}\n"
		      "registrar:\n  domains: [example.com]\n  listen:\n"
		      "    - \"udp:127.0.0.1:5070\"\n"
		      "    - \"wss:[2001:db8::1]:443\"\n");
	(void)state;

	assert_string_equal(c->registrar.key_file, "/k");
	assert_string_equal(c->registrar.tls.certificate, "/c");
	assert_int_equal(c->registrar.listenv[1].transp, CONFIG_WSS);
	mem_deref(c);
}

static void test_printed(void **state)
{
	static const char text[] = REG
		"  trusted: [\"192.0.2.0/24\", \"2001:db8::/32\"]\n"
		"  key-file: /k\n  min-expires: 30\n  max-expires: 100\n"
		"  max-contacts: 3\n  gruu: false\n"
		"  service-route: \"<sip:e;lr>, <sip:f;lr>\"\n"
		"  keep-alive: {interval: 30, failures: 2}\n"
		"  auth: {required: no, realm: r, users: /u, algorithms: "
		"[SHA-512-256, MD5], nonce-lifetime: 20, guesses: 0, "
		"block: 0, challenge: agent}\n"
		"  tls: {certificate: /c, key: /p, ca: /a, min-version: "
		"\"1.3\"}\n"
		"  streams: {connections: 1, per-source: 2, idle: 10}\n";
	struct config *c = good(text), *again;
	char *one = NULL, *two = NULL;
	(void)state;

	assert_int_equal(c->registrar.default_expires, 100);
	assert_int_equal(re_sdprintf(&one, "%H", config_print, c), 0);
	again = good(one);
	assert_int_equal(re_sdprintf(&two, "%H", config_print, again), 0);
	assert_string_equal(one, two);
	assert_non_null(strstr(one, "      - SHA-512-256\n      - MD5\n"));
	assert_non_null(strstr(one, "    - \"2001:db8::/32\"\n"));
	assert_non_null(strstr(one, "    required: false\n"));
	assert_non_null(strstr(one, "    challenge: agent\n"));
	mem_deref(one);
	mem_deref(two);
	mem_deref(c);
	mem_deref(again);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *key;
	} v[] = {
		{MEDIA "registrar:\n  domains: [a]\n", "registrar.listen"},
		{MEDIA "registrar:\n  listen: [\"udp:192.0.2.1:5060\"]\n",
		 "registrar.domains"},
		{MEDIA "registrar:\n  domains: []\n  listen: "
		       "[\"udp:192.0.2.1:5060\"]\n",
		 "registrar.domains"},
		{MEDIA "registrar:\n  domains: [A]\n  listen: "
		       "[\"udp:192.0.2.1:5060\"]\n",
		 "registrar.domains[0]"},
		{MEDIA "registrar:\n  domains: [a, b, a]\n  listen: "
		       "[\"udp:192.0.2.1:5060\"]\n",
		 "registrar.domains[2]"},
		{LISTEN "[]\n", "registrar.listen"},
		{LISTEN "[\"192.0.2.3:5060\"]\n", "registrar.listen[0]"},
		{LISTEN "[\"udp:192.0.2.3\"]\n", "registrar.listen[0]"},
		{LISTEN "[\"udp:0.0.0.0:5060\"]\n", "registrar.listen[0]"},
		{LISTEN "[\"udp:[ff02::1]:5060\"]\n", "registrar.listen[0]"},
		{LISTEN "[\"tls:192.0.2.3:5061\"]\n", "registrar.listen[0]"},
		{LISTEN "[\"tcp:192.0.2.3:5060\", \"ws:192.0.2.3:5060\"]\n",
		 "registrar.listen[1]"},
		{REG "  trusted: [\"192.0.2.1/24\"]\n", "registrar.trusted[0]"},
		{REG "  trusted: [\"192.0.2.0/24\", \"192.0.2.0/24\"]\n",
		 "registrar.trusted[1]"},
		{REG "  contact-deny: [\"10.0.0.1/8\"]\n",
		 "registrar.contact-deny[0]"},
		{REG "  contact-deny: [\"10.0.0.0/8\", \"10.0.0.0/8\"]\n",
		 "registrar.contact-deny[1]"},
		{REG "  key-file: k\n", "registrar.key-file"},
		{REG "  min-expires: 0\n", "registrar.min-expires"},
		{REG "  min-expires: 3000\n  max-expires: 2000\n",
		 "registrar.max-expires"},
		{REG "  default-expires: 7201\n", "registrar.default-expires"},
		{REG "  max-contacts: 0\n", "registrar.max-contacts"},
		{REG "  service-route: sip:e\n", "registrar.service-route"},
		{REG "  keep-alive: {failures: 0}\n",
		 "registrar.keep-alive.failures"},
		{REG "  auth: {realm: \"a:b\"}\n", "registrar.auth.realm"},
		{REG "  auth: {users: u}\n", "registrar.auth.users"},
		{REG "  auth: {challenge: phone}\n",
		 "registrar.auth.challenge"},
		{REG "  auth: {algorithms: []}\n", "registrar.auth.algorithms"},
		{REG "  auth: {algorithms: [MD5, MD5]}\n",
		 "registrar.auth.algorithms[1]"},
		{REG "  auth: {algorithms: [SHA]}\n",
		 "registrar.auth.algorithms[0]"},
		{REG "  tls: {certificate: c, key: /k}\n",
		 "registrar.tls.certificate"},
		{REG "  streams: {idle: 1}\n", "registrar.streams.idle"},
		{REG "  foo: 1\n", "registrar.foo"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct config_err e = {""};
		struct config *c = NULL;

		assert_int_not_equal(load(&c, v[i].text, &e), 0);
		if (!strstr(e.msg, v[i].key) || !strstr(e.msg, "allowed: "))
			fail_msg("%s: %s", v[i].key, e.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_denied),
		cmocka_unit_test(test_beside_an_edge),
		cmocka_unit_test(test_printed),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
