/* SPDX-License-Identifier: BSD-2-Clause */
/* Registered users at addresses where nobody is called */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "edge/contact.h"
#include "edge/forward.h"

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

/* ---- by a name ---------------------------------------------------------------------- */

static const char *leads_to;

static int user(struct contact **cp, const struct msg *m, void *arg)
{
	struct contact_binding b = {.uri = PL("sip:u@metadata.internal:80"),
				    .expires = 1};
	(void)m;

	sa_init(&b.received, AF_UNSPEC);
	return contact_alloc(cp, arg, &b);
}

static int found(const struct locate_want *w, struct locate_found *f, void *arg)
{
	(void)w;
	(void)arg;
	*f = (struct locate_found){.addr = addr(leads_to, 80),
				   .transp = MSG_UDP};
	return 0;
}

static enum forward_verdict call(const struct policy *p, uint16_t *code)
{
	static struct msg msg;
	struct forward_in in = {
		.src = addr("10.0.0.5", 5060),
		.text = PL("INVITE sip:u@example.com SIP/2.0\r\n"
			   "Via: SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bK1\r\n"
			   "Max-Forwards: 70\r\n"
			   "From: <sip:a@example.com>;tag=1\r\n"
			   "To: <sip:u@example.com>\r\nCall-ID: c\r\n"
			   "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n")};
	struct forward_out out;
	const enum forward_verdict v = forward(p, &in, &msg, &out);

	*code = out.code;
	mem_deref(out.contact);
	mem_deref(out.mb);
	mem_deref(out.datagram);
	return v;
}

/* Where it leads is known when it is called */
static void by_name(void **state)
{
	struct policy *p = *state;
	struct policy_listener *l = &p->listenerv[p->listenerc++];
	uint16_t code;

	l->transp = MSG_UDP;
	l->addr = l->advertised = addr("192.0.2.100", 5060);
	assert_int_equal(str_dup(&p->domainv[p->domainc++], "example.com"), 0);
	p->rulev[p->rulec++] = (struct sip_rule){.flags = SIP_RULE_REGISTERED,
						 .set = SIP_NONE};
	p->registered = user;
	p->locate = found;
	p->arg = p;
	leads_to = "10.0.0.1";
	assert_int_equal(call(p, &code), FORWARD_SEND);
	leads_to = "169.254.169.254";
	assert_int_equal(call(p, &code), FORWARD_REPLY);
	assert_int_equal(code, 403);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(x) cmocka_unit_test_setup_teardown(x, setup, teardown)
		T(by_contact),
		T(by_path_and_source),
		T(prefixes),
		T(by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
