/* SPDX-License-Identifier: BSD-2-Clause */ #include "config_fix.h"

/* The section `presence`: what is taken, what is refused, and that what is printed can be
 * read again */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "daemon/config.h"
#include "presence/presence.h"

#define MEDIA "media:\n  interfaces:\n    - {name: ext, address: 192.0.2.1}\n"
#define REG                                                                    \
	MEDIA "registrar:\n  domains: [example.com]\n"                         \
	      "  listen: [\"udp:192.0.2.3:5060\"]\n"

	static void
	test_defaults(void **state)
{
	struct config *c = good(REG "presence: {}\n");
	const struct config_presence *p = &c->presence;
	(void)state;

	assert_true(p->on);
	assert_int_equal(p->allow, PRESENCE_ALLOW_DOMAIN);
	assert_false(p->partial);
	assert_int_equal(p->min_expires, 60);
	assert_int_equal(p->max_expires, 7200);
	assert_int_equal(p->default_expires, 3600);
	assert_int_equal(p->interval, 1000);
	assert_int_equal(p->subscriptions, 100000);
	assert_int_equal(p->publications, 100000);
	assert_int_equal(p->tcp_above, 1300);
	mem_deref(c);
	c = good(REG);
	assert_false(c->presence.on);
	mem_deref(c);
}

static void check(const struct config_presence *p)
{
	assert_int_equal(p->allow, PRESENCE_ALLOW_SELF);
	assert_true(p->partial);
	assert_int_equal(p->min_expires, 30);
	assert_int_equal(p->max_expires, 100);
	/* within the others, where it is not said */
	assert_int_equal(p->default_expires, 100);
	assert_int_equal(p->interval, 0);
	assert_int_equal(p->subscriptions, 5);
	assert_int_equal(p->publications, 6);
	assert_int_equal(p->tcp_above, 0);
	assert_int_equal(p->listc, 1);
	assert_string_equal(p->listv[0].name, "team@example.com");
	assert_int_equal(p->listv[0].memberc, 2);
	assert_string_equal(p->listv[0].memberv[1], "c@example.com");
}

static void test_all(void **state)
{
	struct config *c = good(
		REG "presence: {allow: self, dialog-state: partial, "
		    "min-expires: 30, max-expires: 100, interval: 0, "
		    "subscriptions: 5, publications: 6, tcp-above: 0, "
		    "lists: [{name: team@example.com, members: [a@b, "
		    "c@example.com]}]}\n");
	struct config *again;
	char *text = NULL;
	(void)state;

	check(&c->presence);
	assert_int_equal(re_sdprintf(&text, "%H", config_print, c), 0);
	again = good(text);
	check(&again->presence);
	mem_deref(again);
	mem_deref(text);
	mem_deref(c);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *key, *what;
	} casev[] = {
		{MEDIA "presence: {}\n", "presence:", "needs the section"},
		{REG "presence: {allow: anybody}\n", "presence.allow",
		 "domain, users, all, self"},
		{REG "presence: {min-expires: 0}\n", "presence.min-expires",
		 "1..3600"},
		{REG "presence: {min-expires: 100, max-expires: 60}\n",
		 "presence.max-expires", "less than min-expires"},
		{REG "presence: {default-expires: 9000}\n",
		 "presence.default-expires", "not within"},
		{REG "presence: {interval: 60001}\n", "presence.interval",
		 "0..60000"},
		{REG "presence: {lists: true}\n", "presence.lists", ""},
		{REG "presence: {lists: [{name: team@other.test, members: "
		     "[a@b]}]}\n",
		 "presence.lists[0].name", "of ours"},
		{REG "presence: {lists: [{name: team@example.com, members: "
		     "[]}]}\n",
		 "presence.lists[0].members", "is empty"},
		{REG "presence: {lists: [{name: team@example.com, members: "
		     "[\"sip:a\"]}]}\n",
		 "presence.lists[0].members[0]", "no USER@DOMAIN"},
		{REG "presence: {lists: [{name: team@example.com, members: "
		     "[a@b, a@b]}]}\n",
		 "presence.lists[0].members[1]", "twice"},
		{REG "presence: {lists: [{name: team@example.com, members: "
		     "[team@example.com]}]}\n",
		 "presence.lists[0].members[0]", "is a list itself"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		struct config_err e = {""};
		struct config *c = NULL;

		assert_int_not_equal(load(&c, casev[i].text, &e), 0);
		if (!strstr(e.msg, casev[i].key) ||
		    !strstr(e.msg, casev[i].what))
			fail_msg("%s: %s", casev[i].key, e.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
