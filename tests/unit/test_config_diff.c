/* SPDX-License-Identifier: BSD-2-Clause */ #include "config_fix.h"

/* In what two configurations differ: which keys are named */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "daemon/config_diff.h"

#define MEDIA "media:\n  interfaces:\n    - {name: ext, address: 192.0.2.1}\n"
#define SIP                                                                    \
	"sip:\n  listen:\n    - {name: a, address: \"192.0.2.1:5060\"}\n"      \
	"  key-file: /k\n"

	static void
	collect(const char *key, void *arg)
{
	char *all = arg;

	const size_t n = strlen(all);

	assert_true(snprintf(all + n, 512 - n, "%s ", key) < (int)(512 - n));
}

static void differ(const char *at, const char *bt, const char *want)
{
	struct config *a = good(at), *b = good(bt);
	char keys[512] = "";

	assert_int_equal(config_diff(a, b, collect, keys), 0);
	assert_string_equal(keys, want);
	mem_deref(a);
	mem_deref(b);
}

static void test_keys(void **state)
{
	(void)state;
	differ(MEDIA, MEDIA, "");
	differ(MEDIA SIP, MEDIA SIP "  force-rport: false\n", "");
	differ(MEDIA, "log: {level: debug}\n" MEDIA "  ttl: 9\n",
	       "log.level media.ttl ");
	differ(MEDIA, "user: nobody\nstore: /s\n" MEDIA, "store user ");
	/* a list in a list, deeper than the keys that are named */
	differ(MEDIA SIP "  networks:\n    - {prefix: 10.0.0.0/8, kind: deny}\n"
			 "    - {prefix: 192.0.2.0/24, kind: deny}\n",
	       MEDIA SIP "  networks:\n    - {prefix: 10.0.0.0/8, kind: deny}\n"
			 "    - {prefix: 192.0.2.0/24, kind: allow}\n",
	       "sip.networks ");
	differ(MEDIA SIP,
	       MEDIA SIP "  limits: {invite: {rate: 7}}\n  copy: 1\n"
			 "  probe: {accept: [200]}\n",
	       "sip.limits sip.probe sip.copy ");
	differ(MEDIA SIP, MEDIA SIP "  dispatcher: /d\n", "sip.dispatcher ");
}

static void test_section(void **state)
{
	struct config *a = good(MEDIA SIP), *b = good(MEDIA);
	char keys[512] = "";
	(void)state;

	assert_int_equal(config_diff(a, b, collect, keys), 0);
	assert_memory_equal(keys, "sip sip.listen ", 15);
	assert_int_equal(config_diff(NULL, b, collect, keys), EINVAL);
	assert_int_equal(config_diff(a, b, NULL, keys), EINVAL);
	mem_deref(a);
	mem_deref(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_section),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
