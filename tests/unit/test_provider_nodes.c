/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_provider_nodes.c  Two nodes with one store: providers, routes, trunks, health
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "base/log.h"
#include "provider/provider.h"
#include "provider/trunk.h"
#include "store/store.h"
#include "fake_dns.h"
#include "redis_srv.h"
#include "route_util.h"

static struct {
	struct redis_srv *srv;
	struct fake_dns *dns;
	struct dns *client;
	struct node {
		struct store *store;
		struct providers *ps;
		struct trunks *trunks;
		char nets[256];
	} a, b;
} t;

static int net_handler(const struct trunk_net *net, uint32_t set, bool add,
		       void *arg)
{
	struct node *n = arg;
	const size_t len = strlen(n->nets);

	(void)re_snprintf(n->nets + len, sizeof(n->nets) - len, "%s%j/%u>%u ",
			  add ? "+" : "-", &net->addr, net->bits, set);
	return 0;
}

static bool set_handler(uint32_t set, void *arg)
{
	(void)arg;
	return set == 1;
}

static void open_node(struct node *n, const char *name)
{
	struct providers_conf conf = {
		.dns = t.client,
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
	char why[128] = "", url[64];
	struct store_conf sc = {.path = url, .node = name, .own = "media"};

	(void)re_snprintf(url, sizeof(url), "redis://127.0.0.1:%u",
			  redis_srv_port(t.srv));
	assert_int_equal(store_open_conf(&n->store, &sc), 0);
	assert_int_equal(
		sa_set_str(&conf.probe_wire.listenv[0].addr, "127.0.0.1", 0),
		0);
	conf.store = n->store;
	if (providers_alloc(&n->ps, &conf, why, sizeof(why)))
		fail_msg("%s", why);
	assert_int_equal(
		trunks_alloc(&n->trunks, n->store, net_handler, set_handler, n),
		0);
}

static void put(const char *kind, const char *key, const char *text)
{
	struct pl k, v;

	pl_set_str(&k, key);
	pl_set_str(&v, text);
	assert_int_equal(store_put(t.a.store, kind, &k, &v), 0);
}

static void del(const char *kind, const char *key)
{
	struct pl k;

	pl_set_str(&k, key);
	assert_int_equal(store_del(t.a.store, kind, &k), 0);
}

static int set_up(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	t.dns = fake_dns();
	t.client = fake_client(t.dns);
	assert_int_equal(redis_srv_start(&t.srv, NULL), 0);
	open_node(&t.a, "a");
	open_node(&t.b, "b");
	return 0;
}

static int tear_down(void **state)
{
	struct node *const v[] = {&t.a, &t.b};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		mem_deref(v[i]->trunks);
		mem_deref(v[i]->ps);
		mem_deref(v[i]->store);
	}
	mem_deref(t.srv);
	mem_deref(t.client);
	mem_deref(t.dns);
	return 0;
}

/* ---- what is waited for ------------------------------------------------------- */

static bool two_are_there(void *arg)
{
	(void)arg;
	return provider_find(t.b.ps, "one") && provider_find(t.b.ps, "two") &&
	       routes_count(providers_routes(t.b.ps)) == 2;
}

static bool is_down(void *arg)
{
	return provider_route_health(arg) == ROUTE_DOWN;
}

static bool are_gone(void *arg)
{
	(void)arg;
	return !provider_find(t.b.ps, "one") &&
	       routes_count(providers_routes(t.b.ps)) == 1;
}

static bool nets_are(void *arg)
{
	return !strcmp(t.b.nets, arg);
}

/* ------------------------------------------------------------------------------- */

static const char *first(const struct providers *ps, unsigned call)
{
	struct route_choice v[ROUTE_CHOICES];
	char text[32];
	struct pl id;

	(void)re_snprintf(text, sizeof(text), "call-%u", call);
	pl_set_str(&id, text);
	assert_true(provider_choose(ps, "12", NULL, 0, &id, v) > 0);
	return v[0].route->provider;
}

/* a is told by its API what b hears of by the store */
static void heard(void **state)
{
	struct route *r[2];
	(void)state;

	put("provider", "one", "{\"id\":\"one\",\"hostname\":\"192.0.2.1\"}");
	put("provider", "two", "{\"id\":\"two\",\"hostname\":\"192.0.2.2\"}");
	put("route", "r1", "{\"id\":\"r1\",\"provider\":\"one\",\"weight\":1}");
	put("route", "r2", "{\"id\":\"r2\",\"provider\":\"two\",\"weight\":1}");
	fake_until(two_are_there, NULL);

	/* both choose the same way, for they have the same key */
	r[0] = route_of("{\"id\":\"r1\",\"provider\":\"one\",\"weight\":1}");
	r[1] = route_of("{\"id\":\"r2\",\"provider\":\"two\",\"weight\":1}");
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(routes_put(providers_routes(t.a.ps), r[i]), 0);
		mem_deref(r[i]);
	}
	for (unsigned i = 0; i < 50; i++)
		assert_string_equal(first(t.a.ps, i), first(t.b.ps, i));

	del("provider", "one");
	del("route", "r1");
	fake_until(are_gone, NULL);
}

static void health(void **state)
{
	const struct health_result r = {.reason = "no answer"};
	struct fields_err e = {"", ""};
	struct record *rec = NULL;
	struct odict *o;
	(void)state;

	put("provider", "one", "{\"id\":\"one\",\"hostname\":\"192.0.2.1\"}");
	put("provider", "two", "{\"id\":\"two\",\"hostname\":\"192.0.2.2\"}");
	put("route", "r1", "{\"id\":\"r1\",\"provider\":\"one\"}");
	put("route", "r2", "{\"id\":\"r2\",\"provider\":\"two\"}");
	fake_until(two_are_there, NULL);
	o = json("{\"id\":\"one\",\"hostname\":\"192.0.2.1\"}");
	assert_int_equal(record_decode(&rec, o, providers_defaults(t.a.ps), &e),
			 0);
	assert_int_equal(provider_put(t.a.ps, rec), 0);
	mem_deref(rec);
	mem_deref(o);
	provider_passive(provider_find(t.a.ps, "one"), &r);
	provider_passive(provider_find(t.a.ps, "one"), &r);
	fake_until(is_down, provider_find(t.b.ps, "one"));
	assert_string_equal(
		provider_health(provider_find(t.b.ps, "one"))->last.reason,
		"no answer");
	assert_int_equal(provider_route_health(provider_find(t.b.ps, "two")),
			 ROUTE_UP);
}

static void trunks(void **state)
{
	const struct pl user = PL("u");
	(void)state;

	put("trunk", "x",
	    "{\"id\":\"x\",\"prefixes\":[\"10.0.0.0/8\",\"192.0.2.1/32\"],"
	    "\"set\":1,\"username\":\"u\",\"realm\":\"r\","
	    "\"password\":\"p\"}");
	fake_until(nets_are, "+10.0.0.0/8>1 +192.0.2.1/32>1 ");
	assert_non_null(trunks_ha1(&user, DIGEST_MD5, t.b.trunks));
	assert_null(trunks_ha1(&user, DIGEST_MD5, t.a.trunks));
	t.b.nets[0] = '\0';
	put("trunk", "x",
	    "{\"id\":\"x\",\"prefixes\":[\"10.0.0.0/8\",\"192.0.2.2/32\"],"
	    "\"set\":1}");
	fake_until(nets_are, "+192.0.2.2/32>1 -192.0.2.1/32>1 ");
	assert_null(trunks_ha1(&user, DIGEST_MD5, t.b.trunks));
	t.b.nets[0] = '\0';
	del("trunk", "x");
	fake_until(nets_are, "-10.0.0.0/8>1 -192.0.2.2/32>1 ");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(heard),
		TEST(health),
		TEST(trunks),
	};
	int failed;

	if (!redis_srv_can()) {
		print_message("no redis-server: not looked at\n");
		return 0;
	}
	if (libre_init())
		return 1;
	log_init(LOG_ERROR);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
