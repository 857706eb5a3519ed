/* SPDX-License-Identifier: BSD-2-Clause */
/* Where questions are sent from, and to which server */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/log.h"
#include "fake_dns.h"

enum { PORTS = 64 };

static const struct dns_conf base = {
	.timeout = 5000, .ttl_min = 1, .ttl_max = 3600, .entries = 64};

static void ask_done(void *arg)
{
	*(bool *)arg = true;
}

static const struct dns_set *look_up(struct dns *d, const char *name)
{
	struct dns_ask *a = NULL;
	bool done = false;
	struct pl pl;

	pl_set_str(&pl, name);
	assert_int_equal(dns_ask(&a, d, &pl, DNS_TYPE_A, ask_done, &done), 0);
	fake_wait(&done);
	return dns_cached(d, &pl, DNS_TYPE_A);
}

/* All but 64 ports are media's: each question leaves from one of those */
static void avoided(void **state)
{
	struct fake_dns *s = fake_dns();
	struct dns_conf conf = base;
	struct dns *d = NULL;
	char name[32], line[64];

	(void)state;
	conf.serverv[conf.serverc++] = s->addr;
	ports_add(&conf.avoid, 1024, 49999);
	ports_add(&conf.avoid, 50000 + PORTS, 65535);
	assert_int_equal(dns_alloc(&d, &conf), 0);
	for (unsigned i = 0; i < 32; i++) {
		(void)re_snprintf(name, sizeof(name), "n%u.example", i);
		(void)re_snprintf(line, sizeof(line), "%s 60 A 192.0.2.1",
				  name);
		fake_dns_add(s, line);
		assert_int_equal(look_up(d, name)->recc, 1);
		assert_in_range(sa_port(&s->from), 50000, 50000 + PORTS - 1);
	}
	mem_deref(d);
	mem_deref(s);
}

/* @return err of a.example, asked for at one server, then at the other */
static int second_knows(enum fake_mood first)
{
	struct fake_dns *bad = fake_dns(), *good = fake_dns();
	struct dns_conf conf = base;
	const struct dns_set *set;
	struct dns *d = NULL;
	int err;

	bad->mood = first;
	fake_dns_add(good, "a.example 60 A 192.0.2.1");
	conf.serverv[conf.serverc++] = bad->addr;
	conf.serverv[conf.serverc++] = good->addr;
	assert_int_equal(dns_alloc(&d, &conf), 0);
	set = look_up(d, "a.example");
	assert_non_null(set);
	err = set->err;
	assert_int_equal(bad->asked, 1);
	mem_deref(d);
	mem_deref(bad);
	mem_deref(good);
	return err;
}

static void next_server(void **state)
{
	(void)state;
	assert_int_equal(second_knows(FAKE_SILENT), 0);
	assert_int_equal(second_knows(FAKE_FAILS), 0);
	assert_int_equal(second_knows(FAKE_OTHER_ID), 0);
}

static void ranges(void **state)
{
	struct ports p = {.n = 0};

	(void)state;
	assert_int_equal(ports_other(&p), 0);
	ports_add(&p, 2000, 3000);
	ports_add(&p, 2100, 2200);
	assert_int_equal(p.n, 1);
	assert_true(ports_have(&p, 2000));
	assert_true(ports_have(&p, 3000));
	assert_false(ports_have(&p, 3001));
	/* more than there is room for are taken together */
	for (unsigned i = 0; i < PORT_RANGES; i++)
		ports_add(&p, (uint16_t)(4000 + 20 * i),
			  (uint16_t)(4009 + 20 * i));
	for (unsigned i = 0; i < PORT_RANGES; i++)
		assert_true(ports_have(&p, (uint16_t)(4005 + 20 * i)));
	ports_add(&p, 1024, 65535);
	assert_int_equal(ports_other(&p), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(avoided),
		cmocka_unit_test(next_server),
		cmocka_unit_test(ranges),
	};
	int failed;

	if (libre_init())
		return 1;
	log_init(LOG_ERROR);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
