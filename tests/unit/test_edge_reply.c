/* SPDX-License-Identifier: BSD-2-Clause */
/* Replies of our own: what is in them, and that they go to nobody but the sender */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "edge/forward.h"

static struct policy *policy;
static struct forward_out out;
static char text[16384];

static int setup(void **state)
{
	struct policy_listener *l;
	(void)state;

	if (policy_alloc(&policy))
		return -1;
	l = &policy->listenerv[policy->listenerc++];
	l->transp = MSG_UDP;
	if (sa_set_str(&l->addr, "192.0.2.1", 5060))
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

static enum forward_verdict put(const char *via, const char *extra)
{
	static char in[16384];
	static struct msg m;
	struct forward_in i = {.listener = 0};
	enum forward_verdict v;

	assert_int_equal(sa_set_str(&i.src, "192.0.2.9", 5099), 0);
	(void)re_snprintf(in, sizeof(in),
			  "OPTIONS sip:x@192.0.2.1 SIP/2.0\r\n"
			  "Via: SIP/2.0/UDP %s\r\n"
			  "From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\n"
			  "Call-ID: c\r\nCSeq: 1 OPTIONS\r\n%s\r\n",
			  via, extra);
	pl_set_str(&i.text, in);
	v = forward(policy, &i, &m, &out);
	*text = '\0';
	if (out.mb)
		(void)re_snprintf(text, sizeof(text), "%b", mbuf_buf(out.mb),
				  mbuf_get_left(out.mb));
	out.mb = mem_deref(out.mb);
	return v;
}

/* Wherever the Via points */
static void test_to_the_sender(void **state)
{
	static const struct {
		const char *via;
		uint16_t port;
	} v[] = {
		{"198.51.100.7:53;branch=z9hG4bKa", 53},
		{"198.51.100.7;branch=z9hG4bKa;received=198.51.100.8", 5060},
		{"198.51.100.7;maddr=198.51.100.8;branch=z9hG4bKa", 5060},
		{"192.0.2.9;rport=7;branch=z9hG4bKa", 5099},
		{"host.example.com;rport;branch=z9hG4bKa", 5099},
		{"[2001:db8::7]:99;branch=z9hG4bKa;x=\"a\\\";received=1.2.3.4;"
		 "y=\"",
		 99},
	};
	struct sa want;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		assert_int_equal(put(v[i].via, ""), FORWARD_REPLY);
		assert_int_equal(out.code, 404);
		assert_int_equal(sa_set_str(&want, "192.0.2.9", v[i].port), 0);
		if (!sa_cmp(&out.dst, &want, SA_ALL))
			fail_msg("%s: it goes elsewhere", v[i].via);
	}
}

/* Each on a line of its own, be they many or long */
static void test_unsupported(void **state)
{
	char in[8192], line[700];
	size_t n = 0;
	(void)state;

	for (unsigned i = 0; i < 12; i++)
		n += (size_t)sprintf(in + n, "Proxy-Require: %0*u\r\n",
				     i == 7 ? 600 : 60, i);
	assert_int_equal(put("192.0.2.9;branch=z9hG4bKa", in), FORWARD_REPLY);
	assert_int_equal(out.code, 420);
	for (unsigned i = 0; i < 12; i++) {
		(void)sprintf(line, "\r\nUnsupported: %0*u\r\n",
			      i == 7 ? 600 : 60, i);
		if (!strstr(text, line))
			fail_msg("number %u is not in:\n%s", i, text);
	}
	assert_non_null(strstr(text, "\r\nServer: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_to_the_sender),
		cmocka_unit_test(test_unsupported),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
