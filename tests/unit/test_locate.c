/* SPDX-License-Identifier: BSD-2-Clause */
/* RFC 3263: which address and transport a URI's name leads to */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/log.h"
#include "locate/locate.h"
#include "fake_dns.h"

#define BIT(t) (1u << (t))
#define ALL (BIT(MSG_UDP) | BIT(MSG_TCP) | BIT(MSG_TLS))

struct fix {
	struct fake_dns *s;
	struct dns *d;
	struct locator *l;
	bool done;
	int err;
};

static int fix_up(void **state)
{
	struct fix *f = mem_zalloc(sizeof(*f), NULL);

	f->s = fake_dns();
	f->d = fake_client(f->s);
	assert_int_equal(locator_alloc(&f->l, f->d, 2000), 0);
	*state = f;
	return 0;
}

static int fix_down(void **state)
{
	struct fix *f = *state;

	mem_deref(f->l);
	mem_deref(f->d);
	mem_deref(f->s);
	mem_deref(f);
	return 0;
}

static void zone(struct fix *f, const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fake_dns_add(f->s, v[i]);
}

#define ZONE(f, ...)                                                           \
	zone(f, (const char *const[]){__VA_ARGS__},                            \
	     ARRAY_SIZE(((const char *const[]){__VA_ARGS__})))

static struct locate_want want(const char *host, uint16_t port,
			       enum msg_transp transp, bool secure)
{
	struct locate_want w = {.port = port,
				.transp = transp,
				.secure = secure,
				.have = {ALL, ALL},
				.key = 1};

	pl_set_str(&w.host, host);
	return w;
}

static void located(int err, void *arg)
{
	struct fix *f = arg;

	f->err = err;
	f->done = true;
}

/* Look it up and wait; the cache says the same afterwards */
static int look_up(struct fix *f, const struct locate_want *w,
		   struct locate_found *found)
{
	struct locating *g = NULL;
	int err;

	f->done = false;
	err = locate(&g, f->l, w, located, f);
	if (err)
		return err;
	assert_false(f->done);
	fake_wait(&f->done);
	assert_null(g);
	if (f->err != ETIMEDOUT)
		assert_int_equal(locate_cached(f->l, w, found, NULL), f->err);
	return f->err;
}

static void goes(struct fix *f, struct locate_want w, const char *to,
		 enum msg_transp transp)
{
	struct locate_found found;
	char text[64];
	int err = look_up(f, &w, &found);

	if (err)
		fail_msg("%s: %s", to, strerror(err));
	(void)re_snprintf(text, sizeof(text), "%J", &found.addr);
	assert_string_equal(text, to);
	assert_int_equal(found.transp, transp);
}

static void fails(struct fix *f, struct locate_want w, int err)
{
	struct locate_found found;

	assert_int_equal(look_up(f, &w, &found), err);
}

#define OPEN MSG_TRANSP_MAX

static void test_naptr(void **state)
{
	struct fix *f = *state;
	struct locate_want w = want("example.com", 0, OPEN, false);

	ZONE(f, "example.com 60 NAPTR 10 20 s SIPS+D2T _sips._tcp.example.com",
	     "example.com 60 NAPTR 10 10 s SIP+D2X _sip._x.example.com",
	     "example.com 60 NAPTR 20 10 s SIP+D2T _sip._tcp.example.com",
	     "example.com 60 NAPTR 30 10 s SIP+D2U _u.other.example",
	     "_sips._tcp.example.com 60 SRV 1 1 5071 s.example.com",
	     "_sip._tcp.example.com 60 SRV 1 1 5070 t.example.com",
	     "_u.other.example 60 SRV 1 1 5069 u.example.com",
	     "s.example.com 60 A 192.0.2.3", "t.example.com 60 A 192.0.2.2",
	     "u.example.com 60 A 192.0.2.1");
	/* what the name wants first, of what we have */
	goes(f, w, "192.0.2.3:5071", MSG_TLS);
	w.have[0] = w.have[1] = BIT(MSG_UDP) | BIT(MSG_TCP);
	goes(f, w, "192.0.2.2:5070", MSG_TCP);
	w.have[0] = w.have[1] = BIT(MSG_UDP);
	goes(f, w, "192.0.2.1:5069", MSG_UDP);
	/* sips: TLS and nothing else */
	goes(f, want("example.com", 0, OPEN, true), "192.0.2.3:5071", MSG_TLS);
	w = want("example.com", 0, OPEN, true);
	w.have[0] = w.have[1] = BIT(MSG_UDP) | BIT(MSG_TCP);
	fails(f, w, EHOSTUNREACH);
	/* a transport in the URI: no NAPTR */
	goes(f, want("example.com", 0, MSG_TCP, false), "192.0.2.2:5070",
	     MSG_TCP);
}

static void test_srv(void **state)
{
	struct fix *f = *state;
	struct locate_want w = want("example.com", 0, OPEN, false);

	ZONE(f, "_sip._udp.example.com 60 SRV 1 1 5070 u.example.com",
	     "_sip._tcp.example.com 60 SRV 1 1 5071 t.example.com",
	     "_sips._tcp.example.com 60 SRV 1 1 5072 s.example.com",
	     "_sip._tcp.only.example 60 SRV 1 1 5073 t.example.com",
	     "_sip._udp.none.example 60 SRV 0 0 0 .",
	     "none.example 60 A 192.0.2.9",
	     "_sip._udp.void.example 60 SRV 0 0 5060 nobody.example",
	     "void.example 60 A 192.0.2.9", "s.example.com 60 A 192.0.2.3",
	     "t.example.com 60 A 192.0.2.2", "u.example.com 60 A 192.0.2.1",
	     "example.com 60 A 192.0.2.9");
	goes(f, w, "192.0.2.1:5070", MSG_UDP);
	goes(f, want("example.com", 0, MSG_TLS, false), "192.0.2.3:5072",
	     MSG_TLS);
	goes(f, want("example.com", 0, OPEN, true), "192.0.2.3:5072", MSG_TLS);
	/* sips over TCP is TLS */
	goes(f, want("example.com", 0, MSG_TCP, true), "192.0.2.3:5072",
	     MSG_TLS);
	goes(f, want("only.example", 0, OPEN, false), "192.0.2.2:5073",
	     MSG_TCP);
	/* a service that is declared not to be, or leads nowhere */
	fails(f, want("none.example", 0, OPEN, false), EHOSTUNREACH);
	fails(f, want("void.example", 0, OPEN, false), EHOSTUNREACH);
	/* a port in the URI: neither NAPTR nor SRV */
	goes(f, want("example.com", 5080, OPEN, false), "192.0.2.9:5080",
	     MSG_UDP);
	goes(f, want("example.com", 5080, OPEN, true), "192.0.2.9:5080",
	     MSG_TLS);
	goes(f, want("example.com", 5080, MSG_TCP, false), "192.0.2.9:5080",
	     MSG_TCP);
}

static void test_hosts(void **state)
{
	struct fix *f = *state;
	struct locate_want w = want("six.example", 0, OPEN, false);

	ZONE(f, "four.example 60 A 192.0.2.4",
	     "six.example 60 AAAA 2001:db8::6", "both.example 60 A 192.0.2.4",
	     "both.example 60 AAAA 2001:db8::6",
	     "alias.example 60 CNAME four.example");
	goes(f, want("four.example", 0, OPEN, false), "192.0.2.4:5060",
	     MSG_UDP);
	goes(f, want("four.example", 0, OPEN, true), "192.0.2.4:5061", MSG_TLS);
	goes(f, want("alias.example", 0, MSG_TCP, false), "192.0.2.4:5060",
	     MSG_TCP);
	goes(f, want("four.example", 0, MSG_TLS, false), "192.0.2.4:5061",
	     MSG_TLS);
	goes(f, w, "[2001:db8::6]:5060", MSG_UDP);
	w.have[1] = 0;
	fails(f, w, ENOENT);
	w = want("four.example", 0, MSG_WS, true);
	w.have[0] = BIT(MSG_WSS);
	goes(f, w, "192.0.2.4:5061", MSG_WSS);
	goes(f, want("both.example", 0, OPEN, false), "192.0.2.4:5060",
	     MSG_UDP);
	w = want("both.example", 0, OPEN, false);
	w.have[0] = 0;
	goes(f, w, "[2001:db8::6]:5060", MSG_UDP);
	w.have[1] = 0;
	fails(f, w, EHOSTUNREACH);
	fails(f, want("nobody.example", 0, OPEN, false), ENOENT);
	fails(f, want("no name", 0, OPEN, false), EINVAL);
}

/* The share of each among many calls is its weight's; each call's is its own */
static void test_weights(void **state)
{
	struct fix *f = *state;
	struct locate_want w = want("example.com", 0, MSG_UDP, false);
	struct locate_found a, b;
	unsigned n[5] = {0};

	ZONE(f, "_sip._udp.example.com 60 SRV 1 60 5061 h.example.com",
	     "_sip._udp.example.com 60 SRV 1 30 5062 h.example.com",
	     "_sip._udp.example.com 60 SRV 1 10 5063 h.example.com",
	     "_sip._udp.example.com 60 SRV 2 90 5064 h.example.com",
	     "h.example.com 60 A 192.0.2.1");
	assert_int_equal(look_up(f, &w, &a), 0);
	for (w.key = 0; w.key < 10000; w.key++) {
		assert_int_equal(locate_cached(f->l, &w, &a, NULL), 0);
		assert_int_equal(locate_cached(f->l, &w, &b, NULL), 0);
		assert_true(sa_cmp(&a.addr, &b.addr, SA_ALL));
		n[sa_port(&a.addr) - 5060]++;
	}
	assert_in_range(n[1], 5700, 6300);
	assert_in_range(n[2], 2700, 3300);
	assert_in_range(n[3], 800, 1200);
	assert_int_equal(n[4], 0);
	/* the same calls go the same way when the answer comes turned round */
	f->s->backwards = true;
	for (w.key = 0; w.key < 20; w.key++) {
		assert_int_equal(locate_cached(f->l, &w, &a, NULL), 0);
		dns_reload(f->d);
		assert_int_equal(look_up(f, &w, &b), 0);
		assert_true(sa_cmp(&a.addr, &b.addr, SA_ALL));
	}
}

static void test_no_weights(void **state)
{
	struct fix *f = *state;
	struct locate_want w = want("example.com", 0, MSG_UDP, false);
	unsigned n[3][3] = {{0}};
	struct locate_found a;

	ZONE(f, "_sip._udp.example.com 60 SRV 1 0 5060 h.example.com",
	     "_sip._udp.example.com 60 SRV 1 0 5061 h.example.com",
	     "_sip._udp.example.com 60 SRV 1 0 5062 h.example.com",
	     "h.example.com 60 A 192.0.2.0", "h.example.com 60 A 192.0.2.1",
	     "h.example.com 60 A 192.0.2.2");
	assert_int_equal(look_up(f, &w, &a), 0);
	for (w.key = 0; w.key < 9000; w.key++) {
		assert_int_equal(locate_cached(f->l, &w, &a, NULL), 0);
		n[sa_port(&a.addr) - 5060][sa_in(&a.addr) & 3]++;
	}
	for (unsigned i = 0; i < 9; i++)
		assert_in_range(n[i / 3][i % 3], 850, 1150);
}

static void refuse(struct locator *l, const struct sa *addr)
{
	struct locate_found found = {.addr = *addr};

	locate_given(l, &found);
	locate_refused(l, addr);
}

static void test_refused(void **state)
{
	struct fix *f = *state;
	struct locate_want w = want("h.example", 5060, MSG_UDP, false);
	struct sa first, second, alone;
	struct locate_found a;

	ZONE(f, "h.example 60 A 192.0.2.1", "h.example 60 A 192.0.2.2",
	     "one.example 60 A 192.0.2.3");
	assert_int_equal(look_up(f, &w, &a), 0);
	first = a.addr;
	refuse(f->l, &first);
	assert_int_equal(locate_cached(f->l, &w, &a, NULL), 0);
	second = a.addr;
	assert_false(sa_cmp(&first, &second, SA_ADDR));
	/* nobody else is left: then it is tried nevertheless */
	refuse(f->l, &second);
	assert_int_equal(look_up(f, &w, &a), 0);
	assert_true(sa_cmp(&first, &a.addr, SA_ALL));
	w = want("one.example", 5060, MSG_UDP, false);
	(void)sa_set_str(&alone, "192.0.2.3", 5060);
	refuse(f->l, &alone);
	goes(f, w, "192.0.2.3:5060", MSG_UDP);
	/* another port of the address has not refused */
	sa_set_port(&alone, 5061);
	assert_false(locate_down(f->l, &alone));
	/* nobody has led us there */
	sa_set_port(&alone, 5062);
	locate_refused(f->l, &alone);
	assert_false(locate_down(f->l, &alone));
	/* no end of refusals */
	for (uint16_t i = 1; i < 1000; i++) {
		sa_set_port(&alone, i);
		refuse(f->l, &alone);
		assert_true(locate_down(f->l, &alone));
	}
	assert_false(locate_down(f->l, &second));
}

static void test_next_service(void **state)
{
	struct fix *f = *state;
	struct locate_want w = want("example.com", 0, MSG_UDP, false);
	struct locate_found a;

	ZONE(f, "_sip._udp.example.com 60 SRV 1 1 5060 a.example.com",
	     "_sip._udp.example.com 60 SRV 2 1 5060 b.example.com",
	     "_sip._udp.example.com 60 SRV 0 1 5060 nobody.example.com",
	     "a.example.com 60 A 192.0.2.1", "b.example.com 60 A 192.0.2.2");
	goes(f, w, "192.0.2.1:5060", MSG_UDP);
	(void)locate_cached(f->l, &w, &a, NULL);
	refuse(f->l, &a.addr);
	goes(f, w, "192.0.2.2:5060", MSG_UDP);
}

static void test_prefer(void **state)
{
	struct fix *f = *state;
	struct locate_want w = want("h.example", 0, OPEN, false);
	struct locate_found a;
	char text[64];
	struct sa sa;

	for (unsigned i = 0; i < 8; i++) {
		(void)re_snprintf(text, sizeof(text),
				  "h.example 60 A 192.0.2.%u", i);
		fake_dns_add(f->s, text);
	}
	assert_int_equal(look_up(f, &w, &a), 0);
	w.prefer = &sa;
	for (unsigned i = 0; i < 8; i++) {
		(void)re_snprintf(text, sizeof(text), "192.0.2.%u", i);
		(void)sa_set_str(&sa, text, 1);
		assert_int_equal(locate_cached(f->l, &w, &a, NULL), 0);
		assert_true(sa_cmp(&sa, &a.addr, SA_ADDR));
	}
	(void)sa_set_str(&sa, "192.0.2.9", 1);
	assert_int_equal(locate_cached(f->l, &w, &a, NULL), 0);
	assert_false(sa_cmp(&sa, &a.addr, SA_ADDR));
}

static void test_failures(void **state)
{
	struct fix *f = *state;
	struct locate_want w = want("x.example", 0, OPEN, false);
	struct locate_found a;
	struct locating *g = NULL;

	f->s->mood = FAKE_SILENT;
	fails(f, w, ETIMEDOUT);
	/* remembered: who asks next does not wait again */
	assert_int_equal(locate_cached(f->l, &w, &a, NULL), ETIMEDOUT);
	f->s->mood = FAKE_FAILS;
	fails(f, want("y.example", 0, OPEN, false), EPROTO);
	f->s->mood = FAKE_ANSWERS;
	ZONE(f, "z.example 60 A 192.0.2.1");
	f->done = false;
	w = want("z.example", 0, OPEN, false);
	assert_int_equal(locate(&g, f->l, &w, located, f), 0);
	assert_non_null(g);
	g = mem_deref(g);
	assert_null(g);
	goes(f, w, "192.0.2.1:5060", MSG_UDP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_naptr, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_srv, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_hosts, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_weights, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_no_weights, fix_up,
						fix_down),
		cmocka_unit_test_setup_teardown(test_refused, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_next_service, fix_up,
						fix_down),
		cmocka_unit_test_setup_teardown(test_prefer, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_failures, fix_up,
						fix_down),
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
