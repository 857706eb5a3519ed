/* SPDX-License-Identifier: BSD-2-Clause */
/* Names looked up, against a server in this process */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/log.h"
#include "fake_dns.h"

struct fix {
	struct fake_dns *s;
	struct dns *d;
};

static int fix_up(void **state)
{
	struct fix *f = mem_zalloc(sizeof(*f), NULL);

	f->s = fake_dns();
	f->d = fake_client(f->s);
	*state = f;
	return 0;
}

static int fix_down(void **state)
{
	struct fix *f = *state;

	mem_deref(f->d);
	mem_deref(f->s);
	mem_deref(f);
	return 0;
}

static void ask_done(void *arg)
{
	*(bool *)arg = true;
}

static const struct dns_set *cached(struct fix *f, const char *name,
				    uint16_t type)
{
	struct pl pl;

	pl_set_str(&pl, name);
	return dns_cached(f->d, &pl, type);
}

/* Ask and wait for what the cache has then */
static const struct dns_set *look_up(struct fix *f, const char *name,
				     uint16_t type)
{
	struct dns_ask *a = NULL;
	bool done = false;
	struct pl pl;

	pl_set_str(&pl, name);
	assert_int_equal(dns_ask(&a, f->d, &pl, type, ask_done, &done), 0);
	assert_false(done);
	assert_non_null(a);
	fake_wait(&done);
	assert_null(a);
	return cached(f, name, type);
}

static int error(struct fix *f, const char *name, uint16_t type)
{
	const struct dns_set *s = look_up(f, name, type);

	assert_non_null(s);
	assert_int_equal(s->recc, 0);
	return s->err;
}

static void is_addr(const struct dns_set *s, size_t i, const char *addr)
{
	struct sa sa;

	assert_non_null(s);
	assert_int_equal(s->err, 0);
	assert_true(i < s->recc);
	(void)sa_set_str(&sa, addr, 0);
	assert_true(sa_cmp(&s->recv[i].addr, &sa, SA_ADDR));
}

static void test_addresses(void **state)
{
	struct fix *f = *state;

	fake_dns_add(f->s, "a.example 60 A 192.0.2.1");
	fake_dns_add(f->s, "a.example 60 AAAA 2001:db8::1");
	is_addr(look_up(f, "a.example", DNS_TYPE_A), 0, "192.0.2.1");
	is_addr(look_up(f, "a.example", DNS_TYPE_AAAA), 0, "2001:db8::1");
	assert_int_equal(f->s->asked, 2);
	/* known by now, however it is written */
	is_addr(cached(f, "A.Example.", DNS_TYPE_A), 0, "192.0.2.1");
	assert_null(cached(f, "a.example", DNS_TYPE_SRV));
	assert_null(cached(f, "b.example", DNS_TYPE_A));
	dns_reload(f->d);
	assert_null(cached(f, "a.example", DNS_TYPE_A));
}

/* However a server turns them: who chooses among them chooses the same */
static void test_order_is_ours(void **state)
{
	struct fix *f = *state;
	const struct dns_set *s;

	fake_dns_add(f->s, "x.example 60 A 192.0.2.9");
	fake_dns_add(f->s, "x.example 60 A 192.0.2.1");
	fake_dns_add(f->s, "_s.example 60 SRV 20 0 5060 b.example");
	fake_dns_add(f->s, "_s.example 60 SRV 10 5 5060 b.example");
	fake_dns_add(f->s, "_s.example 60 SRV 10 5 5060 a.example");
	fake_dns_add(f->s, "_s.example 60 SRV 10 1 5060 .");
	for (unsigned i = 0; i < 2; i++) {
		f->s->backwards = i;
		dns_reload(f->d);
		s = look_up(f, "x.example", DNS_TYPE_A);
		is_addr(s, 0, "192.0.2.1");
		is_addr(s, 1, "192.0.2.9");
		s = look_up(f, "_s.example", DNS_TYPE_SRV);
		assert_int_equal(s->recc, 4);
		assert_string_equal(s->recv[0].name, "");
		assert_string_equal(s->recv[1].name, "a.example");
		assert_string_equal(s->recv[2].name, "b.example");
		assert_int_equal(s->recv[3].priority, 20);
	}
}

static void test_naptr(void **state)
{
	struct fix *f = *state;
	const struct dns_set *s;

	fake_dns_add(f->s, "n.example 60 NAPTR 20 5 s SIP+D2T _sip._tcp.n");
	fake_dns_add(f->s, "n.example 60 NAPTR 10 9 S SIP+D2U _sip._udp.n");
	fake_dns_add(f->s, "n.example 60 NAPTR 1 1 u E2U+sip x.example");
	s = look_up(f, "n.example", DNS_TYPE_NAPTR);
	assert_int_equal(s->recc, 2);
	assert_string_equal(s->recv[0].service, "SIP+D2U");
	assert_string_equal(s->recv[0].name, "_sip._udp.n");
	assert_int_equal(s->recv[1].priority, 20);
}

static void test_aliases(void **state)
{
	struct fix *f = *state;
	const struct dns_set *s;

	fake_dns_add(f->s, "one.example 60 CNAME two.example");
	fake_dns_add(f->s, "two.example 60 CNAME three.example");
	fake_dns_add(f->s, "three.example 60 A 192.0.2.3");
	fake_dns_add(f->s, "far.example 60 CNAME elsewhere.example");
	is_addr(look_up(f, "one.example", DNS_TYPE_A), 0, "192.0.2.3");
	assert_int_equal(f->s->asked, 1);
	fake_dns_add(f->s, "root.example 60 CNAME .");
	assert_int_equal(error(f, "root.example", DNS_TYPE_A), ENOENT);
	/* the server does not have all of it: said so */
	s = look_up(f, "far.example", DNS_TYPE_A);
	assert_int_equal(s->err, 0);
	assert_string_equal(s->alias, "elsewhere.example");
}

static void test_missing(void **state)
{
	struct fix *f = *state;
	const uint64_t now = tmr_jiffies();

	fake_dns_add(f->s, "a.example 60 A 192.0.2.1");
	fake_dns_add(f->s, "example 30 SOA");
	assert_int_equal(error(f, "nobody.example", DNS_TYPE_A), ENOENT);
	assert_int_equal(error(f, "a.example", DNS_TYPE_SRV), ENOENT);
	assert_in_range(cached(f, "a.example", DNS_TYPE_SRV)->expires,
			now + 29000, now + 60000);
}

static void test_failures(void **state)
{
	static const struct {
		enum fake_mood mood;
		int err;
	} casev[] = {
		{FAKE_SILENT, ETIMEDOUT},   {FAKE_FAILS, EPROTO},
		{FAKE_GARBLES, EPROTO},     {FAKE_STRAYS, ENOENT},
		{FAKE_OTHER_ID, ETIMEDOUT},
	};
	struct fix *f = *state;
	char name[32];

	fake_dns_add(f->s, "a.example 60 A 192.0.2.1");
	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		f->s->mood = casev[i].mood;
		(void)re_snprintf(name, sizeof(name), "n%zu.example", i);
		assert_int_equal(error(f, name, DNS_TYPE_A), casev[i].err);
	}
	f->s->mood = FAKE_ANSWERS;
	is_addr(look_up(f, "a.example", DNS_TYPE_A), 0, "192.0.2.1");
}

static void test_cut_off(void **state)
{
	struct fix *f = *state;
	const struct dns_set *s;
	char line[64];

	for (unsigned i = 0; i < 100; i++) {
		(void)re_snprintf(line, sizeof(line),
				  "big.example 60 A 192.0.2.%u", i);
		fake_dns_add(f->s, line);
	}
	/* of what comes twice, the second is nothing new */
	f->s->mood = FAKE_CUTS;
	f->s->twice = true;
	s = look_up(f, "big.example", DNS_TYPE_A);
	assert_int_equal(f->s->asked_tcp, 1);
	/* no more than we keep, and always the same ones */
	assert_int_equal(s->recc, DNS_RECORDS);
	is_addr(s, 0, "192.0.2.0");
	is_addr(s, DNS_RECORDS - 1, "192.0.2.63");
}

static void test_ttl(void **state)
{
	struct fix *f = *state;
	bool gone = false;

	fake_dns_add(f->s, "short.example 0 A 192.0.2.1");
	fake_dns_add(f->s, "long.example 999999 A 192.0.2.1");
	(void)look_up(f, "long.example", DNS_TYPE_A);
	assert_in_range(cached(f, "long.example", DNS_TYPE_A)->expires, 0,
			tmr_jiffies() + 3600 * 1000);
	is_addr(look_up(f, "short.example", DNS_TYPE_A), 0, "192.0.2.1");
	for (unsigned i = 0; i < 500 && !gone; i++) {
		sys_msleep(10);
		gone = !cached(f, "short.example", DNS_TYPE_A);
	}
	assert_true(gone);
	fake_dns_del(f->s, "short.example");
	fake_dns_add(f->s, "short.example 0 A 192.0.2.2");
	is_addr(look_up(f, "short.example", DNS_TYPE_A), 0, "192.0.2.2");
	assert_non_null(cached(f, "long.example", DNS_TYPE_A));
}

struct order {
	char text[8];
	bool done;
};

static void first(void *arg)
{
	(void)strcat(((struct order *)arg)->text, "1");
}

static void second(void *arg)
{
	struct order *o = arg;

	(void)strcat(o->text, "2");
	o->done = true;
}

static void test_asked_once(void **state)
{
	struct dns_ask *av[3] = {NULL};
	struct fix *f = *state;
	struct order o = {"", false};
	struct pl pl = PL("a.example"), upper = PL("A.EXAMPLE");

	fake_dns_add(f->s, "a.example 60 A 192.0.2.1");
	assert_int_equal(dns_ask(&av[0], f->d, &pl, DNS_TYPE_A, first, &o), 0);
	assert_int_equal(dns_ask(&av[2], f->d, &pl, DNS_TYPE_A, first, &o), 0);
	assert_int_equal(dns_ask(&av[1], f->d, &upper, DNS_TYPE_A, second, &o),
			 0);
	/* one of them is not interested any more */
	av[2] = mem_deref(av[2]);
	fake_wait(&o.done);
	assert_string_equal(o.text, "12");
	assert_int_equal(f->s->asked, 1);
}

static void test_bounds(void **state)
{
	struct dns_ask *av[DNS_QUESTIONS + 1] = {NULL};
	struct fix *f = *state;
	bool done = false;
	char name[32];
	struct pl pl;
	unsigned n = 0;

	/* of the cache */
	for (unsigned i = 0; i < 70; i++) {
		(void)re_snprintf(name, sizeof(name), "n%u.example", i);
		(void)look_up(f, name, DNS_TYPE_A);
		assert_non_null(cached(f, "n0.example", DNS_TYPE_A));
	}
	for (unsigned i = 0; i < 70; i++) {
		(void)re_snprintf(name, sizeof(name), "n%u.example", i);
		n += cached(f, name, DNS_TYPE_A) != NULL;
	}
	assert_int_equal(n, 64);
	assert_null(cached(f, "n1.example", DNS_TYPE_A));
	/* of what is asked at a time */
	f->s->mood = FAKE_SILENT;
	for (unsigned i = 0; i <= DNS_QUESTIONS; i++) {
		(void)re_snprintf(name, sizeof(name), "q%u.example", i);
		pl_set_str(&pl, name);
		assert_int_equal(
			dns_ask(&av[i], f->d, &pl, DNS_TYPE_A, ask_done, &done),
			i < DNS_QUESTIONS ? 0 : EBUSY);
	}
	fake_wait(&done);
	f->d = mem_deref(f->d);
	for (unsigned i = 0; i < DNS_QUESTIONS; i++)
		mem_deref(av[i]);
}

static void test_names(void **state)
{
	static const char *const badv[] = {
		"",
		".",
		"..",
		".a",
		"a..b",
		"a b",
		"a\tb",
		"a/b",
		"[::1]",
		"0123456789012345678901234567890123456789012345678901234567890"
		"123.example"};
	static const char *const goodv[] = {
		"a", "a.", "A-b_c.9", "_sip._udp.example",
		"012345678901234567890123456789012345678901234567890123456789"
		"012.example"};
	struct fix *f = *state;
	struct dns_ask *a = NULL;
	bool done = false;
	char text[300];
	struct pl pl;

	for (size_t i = 0; i < ARRAY_SIZE(goodv); i++) {
		pl_set_str(&pl, goodv[i]);
		assert_true(dns_name_ok(&pl));
	}
	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		pl_set_str(&pl, badv[i]);
		assert_false(dns_name_ok(&pl));
		assert_int_equal(
			dns_ask(&a, f->d, &pl, DNS_TYPE_A, ask_done, &done),
			EINVAL);
	}
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 ? '.' : 'a';
	pl = (struct pl){text, 253};
	assert_true(dns_name_ok(&pl));
	pl.l = 255;
	assert_false(dns_name_ok(&pl));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_addresses, fix_up,
						fix_down),
		cmocka_unit_test_setup_teardown(test_order_is_ours, fix_up,
						fix_down),
		cmocka_unit_test_setup_teardown(test_naptr, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_aliases, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_missing, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_failures, fix_up,
						fix_down),
		cmocka_unit_test_setup_teardown(test_cut_off, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_ttl, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_asked_once, fix_up,
						fix_down),
		cmocka_unit_test_setup_teardown(test_bounds, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_names, fix_up, fix_down),
	};
	int err;

	log_init(LOG_ERROR);
	if (libre_init())
		return 1;
	err = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	mem_debug();
	return err;
}
