/* SPDX-License-Identifier: BSD-2-Clause */ #include "config_fix.h"

/* The section `providers`: what is taken, what is refused, and that what is printed can
 * be read again */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "daemon/config.h"

#define MEDIA                                                                  \
	"media:\n  interfaces:\n    - {name: ext, address: 192.0.2.1, "        \
	"ports: 30000-39999}\n"
#define P MEDIA "providers:\n"

	static void
	defaults(void **state)
{
	struct config *c = good(MEDIA);
	const struct config_providers *p;
	(void)state;

	assert_false(c->providers.on);
	mem_deref(c);
	c = good(P "  calls: 5\n");
	p = &c->providers;
	assert_true(p->on);
	assert_int_equal(p->listenc, 0);
	assert_int_equal(p->calls, 5);
	assert_false(p->record_route);
	assert_false(p->tls.ca_given);
	assert_non_null(p->tls.ca);
	assert_int_equal(p->probe.sourcec, 2);
	assert_int_equal(p->probe.rate, 100);
	assert_int_equal(p->probe.interval, 30);
	assert_int_equal(p->probe.timeout, 5000);
	assert_int_equal(p->probe.down, 3);
	assert_int_equal(p->probe.up, 2);
	mem_deref(c);
}

static void all(void **state)
{
	struct config *c = good(
		P
		"  listen: [\"udp:192.0.2.1:5070\", "
		"\"tls:[2001:db8::1]:5061\"]\n"
		"  trusted: [\"10.0.0.0/8\"]\n  inbound: "
		"\"tcp:10.0.0.1:5060\"\n"
		"  record-route: always\n"
		"  tls: {certificate: /c, key: /k, ca: none}\n"
		"  probe-source: [\"192.0.2.1:5066\"]\n"
		"  probe: {rate: 7, interval: 0, timeout: 100, down: 1, up: 1, "
		"from: \"sip:a@b\"}\n");
	struct config *again;
	char *once = NULL, *twice = NULL;
	(void)state;

	assert_int_equal(c->providers.listenv[1].transp, CONFIG_TLS);
	assert_null(c->providers.tls.ca);
	assert_int_equal(re_sdprintf(&once, "%H", config_print, c), 0);
	again = good(once);
	assert_int_equal(re_sdprintf(&twice, "%H", config_print, again), 0);
	assert_string_equal(once, twice);
	assert_true(again->providers.record_route);
	assert_int_equal(sa_port(&again->providers.probe.sourcev[0]), 5066);
	assert_int_equal(again->providers.inbound.transp, CONFIG_TCP);
	mem_deref(once);
	mem_deref(twice);
	mem_deref(c);
	mem_deref(again);
}

static void refused(void **state)
{
	static const struct {
		const char *text, *key, *what;
	} v[] = {
		{P "  listen: [\"192.0.2.1:5070\"]\n", "providers.listen[0]",
		 "is no listener"},
		{P "  listen: [\"udp:0.0.0.0:5070\"]\n", "providers.listen[0]",
		 "is no listener"},
		{P
		 "  listen: [\"udp:192.0.2.1:5070\", \"udp:192.0.2.1:5070\"]\n",
		 "providers.listen[1]", "twice"},
		{P "  listen: [\"tls:192.0.2.1:5070\"]\n",
		 "providers.listen[0]", "needs providers.tls.certificate"},
		/* the fast path would take its packets */
		{P "  listen: [\"udp:192.0.2.1:30001\"]\n",
		 "providers.listen[0]", "is a media port"},
		{P "  probe-source: [\"192.0.2.1:39999\"]\n",
		 "providers.probe-source[0]", "is a media port"},
		{P "  probe-source: [\"192.0.2.1\", \"192.0.2.2\"]\n",
		 "providers.probe-source[1]", "second of its family"},
		{P "  trusted: [\"10.0.0.1/8\"]\n", "providers.trusted[0]",
		 "is no network"},
		{P "  inbound: \"udp:10.0.0.1:5060\"\n", "providers.inbound",
		 "needs providers.listen"},
		{P "  tls: {certificate: /c}\n", "providers.tls",
		 "key is missing"},
		{P "  tls: {ca: x}\n", "providers.tls.ca",
		 "is no absolute path"},
		{P "  probe: {rate: 0}\n", "providers.probe.rate", "1..10000"},
		{P "  probe: {timeout: 50}\n", "providers.probe.timeout",
		 "100..32000"},
		{P "  probe: {from: \"mailto:x\"}\n", "providers.probe.from",
		 "is no sip: URI"},
		{P "  record-route: maybe\n", "providers.record-route",
		 "needed, always"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct config_err e = {""};
		struct config *c = NULL;

		if (!load(&c, v[i].text, &e))
			fail_msg("taken: %s", v[i].text);
		if (!strstr(e.msg, v[i].key) || !strstr(e.msg, v[i].what))
			fail_msg("%s", e.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(all),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
