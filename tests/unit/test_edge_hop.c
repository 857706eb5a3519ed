/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a URI leads to: host, port, transport, and whether that is us */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "edge/hop.h"

static struct policy *policy;

struct hop {
	const char *uri;
	bool own;
	const char *addr; /* NULL: a name */
	uint16_t port;
	const char *name;
	enum msg_transp transp;
};

static const struct hop hopv[] = {
	{"sip:a@192.0.2.7", false, "192.0.2.7", 5060, NULL, MSG_UDP},
	{"sip:a@192.0.2.7:5070", false, "192.0.2.7", 5070, NULL, MSG_UDP},
	{"sips:a@192.0.2.7", false, "192.0.2.7", 5061, NULL, MSG_TLS},
	{"sips:a@192.0.2.7;transport=udp", false, "192.0.2.7", 5061, NULL,
	 MSG_TLS},
	{"sips:a@192.0.2.7:5070;transport=tcp", false, "192.0.2.7", 5070, NULL,
	 MSG_TLS},
	{"sip:[2001:db8::7]:6000;transport=tcp", false, "2001:db8::7", 6000,
	 NULL, MSG_TCP},
	{"sip:a@pc.example.org", false, NULL, 0, "pc.example.org", MSG_UDP},
	{"sip:a@192.0.2.1", true, "192.0.2.1", 5060, NULL, MSG_UDP},
	{"sip:a@192.0.2.1:5070", false, "192.0.2.1", 5070, NULL, MSG_UDP},
	{"sip:a@[::ffff:192.0.2.1]", true, "192.0.2.1", 5060, NULL, MSG_UDP},
	{"sip:a@Example.COM", true, NULL, 0, "Example.COM", MSG_UDP},
	/* maddr stands in for the host */
	{"sip:a@192.0.2.1;maddr=192.0.2.7", false, "192.0.2.7", 5060, NULL,
	 MSG_UDP},
	{"sip:a@192.0.2.7:5070;maddr=[2001:db8::7]", false, "2001:db8::7", 5070,
	 NULL, MSG_UDP},
	{"sip:a@example.com;maddr=pc.example.org", false, NULL, 0,
	 "pc.example.org", MSG_UDP},
	{"sip:a@pc.example.org;maddr=192.0.2.1", true, "192.0.2.1", 5060, NULL,
	 MSG_UDP},
	{"sip:a@192.0.2.7;maddr", false, "192.0.2.7", 5060, NULL, MSG_UDP},
};

static void test_hop(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hopv); i++) {
		const struct hop *h = &hopv[i];
		struct forward_out out;
		struct uri u;
		struct pl pl;
		struct sa sa;

		memset(&out, 0, sizeof(out));
		pl_set_str(&pl, h->uri);
		assert_int_equal(msg_uri_decode(&u, &pl), 0);
		if (hop_own(policy, &u) != h->own)
			fail_msg("%s: ours or not?", h->uri);
		hop_uri(&out, &u);
		if (out.transp != h->transp)
			fail_msg("%s: transport %d", h->uri, (int)out.transp);
		if (h->addr) {
			assert_int_equal(sa_set_str(&sa, h->addr, h->port), 0);
			if (!sa_cmp(&out.dst, &sa, SA_ALL))
				fail_msg("%s: another address", h->uri);
		} else if (sa_isset(&out.dst, SA_ADDR) ||
			   pl_strcmp(&out.host, h->name) != 0) {
			fail_msg("%s: another name", h->uri);
		}
	}
}

static int setup(void **state)
{
	struct policy_listener *l;
	(void)state;

	if (policy_alloc(&policy))
		return -1;
	l = &policy->listenerv[policy->listenerc++];
	l->transp = MSG_UDP;
	policy->domainc = 1;
	if (sa_set_str(&l->addr, "192.0.2.1", 5060) ||
	    str_dup(&policy->domainv[0], "example.com"))
		return -1;
	l->advertised = l->addr;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	policy = mem_deref(policy);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hop),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
