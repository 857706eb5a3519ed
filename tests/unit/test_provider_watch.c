/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_provider_watch.c  What another node changes while a node starts is not lost: the store here
 * tells of a change right after it was read
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "base/log.h"
#include "fake_dns.h"
#include "provider/core.h"
#include "provider/trunk.h"
#include "store/store.h"

/* ---- the store ----------------------------------------------------------------- */

struct store_watch {
	const char *kind;
	store_change_h *h;
	void *arg;
};

struct store {
	const char *kind; /* of the only record, "id"                      */
	const char *value;
	struct store_watch *watchv[4];
	size_t watchc;
};

int store_each(struct store *s, const char *kind, store_h *h, void *arg)
{
	const struct pl key = PL("id");
	struct pl value;

	if (strcmp(s->kind, kind) != 0)
		return 0;
	pl_set_str(&value, s->value);
	(void)h(&key, &value, arg);
	/* somebody deletes it */
	for (size_t i = 0; i < s->watchc; i++)
		if (!strcmp(s->watchv[i]->kind, kind))
			s->watchv[i]->h(kind, &key, NULL, s->watchv[i]->arg);
	return 0;
}

int store_watch(struct store_watch **wp, struct store *s, const char *kind,
		store_change_h *h, void *arg)
{
	struct store_watch *w = mem_zalloc(sizeof(*w), NULL);

	assert_non_null(w);
	*w = (struct store_watch){kind, h, arg};
	assert_true(s->watchc < ARRAY_SIZE(s->watchv));
	s->watchv[s->watchc++] = w;
	*wp = w;
	return 0;
}

int store_first(struct store *s, const char *kind, const struct pl *key,
		const struct pl *value, char **kept)
{
	(void)s;
	(void)kind;
	(void)key;
	return pl_strdup(kept, value);
}

int store_put(struct store *s, const char *kind, const struct pl *key,
	      const struct pl *value)
{
	(void)s;
	(void)kind;
	(void)key;
	(void)value;
	return 0;
}

int store_del(struct store *s, const char *kind, const struct pl *key)
{
	(void)s;
	(void)kind;
	(void)key;
	return 0;
}

/* ---- who reads it ----------------------------------------------------------------- */

static int count(const struct trunk_net *net, uint32_t set, bool add, void *arg)
{
	int *n = arg;

	(void)net;
	(void)set;
	*n += add ? 1 : -1;
	return 0;
}

static bool any_set(uint32_t set, void *arg)
{
	(void)set;
	(void)arg;
	return true;
}

static void trunks(void **state)
{
	struct store *s = mem_zalloc(sizeof(*s), NULL);
	struct trunks *ts = NULL;
	int n = 0;

	(void)state;
	s->kind = "trunk";
	s->value = "{\"id\":\"id\",\"prefixes\":[\"192.0.2.0/24\"],\"set\":1}";
	assert_int_equal(trunks_alloc(&ts, s, count, any_set, &n), 0);
	assert_int_equal(n, 0);
	mem_deref(ts);
	mem_deref(s);
}

static struct providers *open_providers(struct store *s, struct dns *dns)
{
	struct providers_conf conf = {
		.store = s,
		.dns = dns,
		.dns_timeout = 500,
		.probe_wire = {.listenc = 1,
			       .cert = {.min_version = 12},
			       .connections = 16,
			       .idle = 60,
			       .connect = 5000},
		.rate = 100,
		.from = "sip:carom@carom.invalid",
		.def = {0, 5000, 2, 2},
	};
	struct providers *ps = NULL;
	char why[128] = "";

	assert_int_equal(
		sa_set_str(&conf.probe_wire.listenv[0].addr, "127.0.0.1", 0),
		0);
	if (providers_alloc(&ps, &conf, why, sizeof(why)))
		fail_msg("%s", why);
	return ps;
}

static void providers(void **state)
{
	struct store *s = mem_zalloc(sizeof(*s), NULL);
	struct fake_dns *fake = fake_dns();
	struct dns *dns = fake_client(fake);
	struct providers *ps;

	(void)state;
	s->kind = "provider";
	s->value = "{\"id\":\"id\",\"hostname\":\"192.0.2.1\"}";
	ps = open_providers(s, dns);
	assert_int_equal(providers_count(ps), 0);
	mem_deref(ps);
	mem_deref(dns);
	mem_deref(fake);
	mem_deref(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trunks),
		cmocka_unit_test(providers),
	};
	int failed;

	if (libre_init())
		return 1;
	log_init(LOG_ERROR);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
