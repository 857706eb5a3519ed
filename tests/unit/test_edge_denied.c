/* SPDX-License-Identifier: BSD-2-Clause */
/* Registered users at addresses where nobody is called */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "edge/contact.h"

static struct sa addr(const char *host, uint16_t port)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, host, port), 0);
	return sa;
}

static void deny(struct policy *p, const char *net, uint16_t port)
{
	struct prefix *d = &p->denyv[p->denyc++];

	assert_int_equal(prefix_decode(&d->addr, &d->bits, net), 0);
	sa_set_port(&d->addr, port);
}

static int setup(void **state)
{
	struct policy *p = NULL;

	assert_int_equal(policy_alloc(&p), 0);
	p->denyv = mem_zalloc(8 * sizeof(*p->denyv), NULL);
	deny(p, "169.254.0.0/16", 0);
	deny(p, "10.1.0.0/16", 0);
	deny(p, "fe80::/10", 0);
	deny(p, "10.9.0.1/32", 6379);
	p->netv = mem_zalloc(2 * sizeof(*p->netv), NULL);
	p->netv[p->netc++] = (struct policy_net){.addr = addr("10.1.2.0", 0),
						 .bits = 24,
						 .flags = SIP_NET_TRUSTED};
	p->netv[p->netc++] = (struct policy_net){.addr = addr("10.9.0.0", 0),
						 .bits = 24,
						 .flags = SIP_NET_TRUSTED};
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	mem_deref(*state);
	return 0;
}

static int contact(const struct policy *p, const char *uri, const char *path,
		   const char *received)
{
	struct contact_binding b = {.expires = 1};
	struct contact *c = NULL;
	int err;

	pl_set_str(&b.uri, uri);
	if (path)
		pl_set_str(&b.path, path);
	sa_init(&b.received, AF_UNSPEC);
	if (received)
		b.received = addr(received, 4000);
	err = contact_alloc(&c, p, &b);
	mem_deref(c);
	return err;
}

static void by_contact(void **state)
{
	const struct policy *p = *state;

	assert_int_equal(contact(p, "sip:a@10.0.0.1", NULL, NULL), 0);
	assert_int_equal(contact(p, "sip:a@192.168.0.1:5070", NULL, NULL), 0);
	assert_int_equal(contact(p, "sip:a@169.254.169.254:80", NULL, NULL),
			 EACCES);
	assert_int_equal(
		contact(p, "sip:a@10.0.0.1;maddr=169.254.169.254", NULL, NULL),
		EACCES);
	assert_int_equal(contact(p, "sip:a@[fe80::1]:5060", NULL, NULL),
			 EACCES);
	assert_int_equal(contact(p, "sip:a@10.1.0.1;transport=tcp", NULL, NULL),
			 EACCES);
	/* one that is trusted may be called, but not its services */
	assert_int_equal(contact(p, "sip:a@10.1.2.1", NULL, NULL), 0);
	assert_int_equal(contact(p, "sip:a@10.9.0.1:5060", NULL, NULL), 0);
	assert_int_equal(
		contact(p, "sip:a@10.9.0.1:6379;transport=tcp", NULL, NULL),
		EACCES);
	/* nobody knows yet where that is */
	assert_int_equal(contact(p, "sip:a@metadata.internal", NULL, NULL), 0);
}

static void by_path_and_source(void **state)
{
	const struct policy *p = *state;

	assert_int_equal(
		contact(p, "sip:a@10.0.0.1", "<sip:10.0.0.9;lr>", NULL), 0);
	assert_int_equal(
		contact(p, "sip:a@10.0.0.1", "<sip:169.254.1.1;lr>", NULL),
		EACCES);
	assert_int_equal(contact(p, "sip:a@10.0.0.1", NULL, "10.0.0.7"), 0);
	assert_int_equal(contact(p, "sip:a@10.0.0.1", NULL, "169.254.1.1"),
			 EACCES);
}

static void prefixes(void **state)
{
	const struct policy *p = *state;
	struct sa sa = addr("::ffff:169.254.0.1", 1);

	assert_ptr_equal(prefix_find(p->denyv, p->denyc, &sa), &p->denyv[0]);
	sa = addr("169.255.0.1", 1);
	assert_null(prefix_find(p->denyv, p->denyc, &sa));
	sa = addr("febf:ffff::1", 1);
	assert_ptr_equal(prefix_find(p->denyv, p->denyc, &sa), &p->denyv[2]);
	sa = addr("fec0::1", 1);
	assert_null(prefix_find(p->denyv, p->denyc, &sa));
	sa = addr("10.9.0.1", 6378);
	assert_null(prefix_find(p->denyv, p->denyc, &sa));
	sa_init(&sa, AF_UNSPEC);
	assert_null(prefix_find(p->denyv, p->denyc, &sa));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(x) cmocka_unit_test_setup_teardown(x, setup, teardown)
		T(by_contact),
		T(by_path_and_source),
		T(prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
