/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_registrar_contact.c  Which contacts a REGISTER makes, and which it may not
 */
#include "registrar_fix.h"

/* Once is once, however often it is said; the last time counts */
static void twice_in_one(void **state)
{
	struct fix *f = *state;

	assert_int_equal(f->conf.max_contacts, 3);
	assert_int_equal(reg(f, "c", 1,
			     "Contact: <sip:a@h>, <sip:a@h>, <sip:a@H:5060>\r\n"
			     "Contact: <sip:a@h>;q=0.5, <sip:b@h>\r\n"),
			 200);
	assert_int_equal(contacts(f), 3);
	assert_true(has(f, "<sip:a@h>;expires=3600;q=0.500"));
	assert_int_equal(
		reg(f, "c", 2, "Contact: <sip:a@h>, <sip:a@h>;expires=0\r\n"),
		200);
	assert_int_equal(contacts(f), 2);
	assert_int_equal(
		reg(f, "c", 3, "Contact: <sip:d@h>, <sip:d@h>, <sip:d@h>\r\n"),
		200);
	assert_int_equal(contacts(f), 3);
	assert_int_equal(location_count(f->loc, NULL), 3);
	assert_int_equal(reg(f, "c", 4, "Contact: <sip:e@h>\r\n"), 503);
}

/* ---- where nobody may be ----------------------------------------------------------- */

static void denied_networks(struct fix *f, const char *const *netv, size_t n,
			    const char *trusted)
{
	struct sip_trust trust = {.bits = 32};
	struct prefix denyv[8];
	const struct sip_node_conf nc = {.trustv = &trust,
					 .trustc = trusted ? 1 : 0,
					 .denyv = denyv,
					 .denyc = n};
	char why[64];

	if (trusted)
		assert_int_equal(sa_set_str(&trust.addr, trusted, 0), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(
			prefix_decode(&denyv[i].addr, &denyv[i].bits, netv[i]),
			0);
	if (n == 3)
		sa_set_port(&denyv[2].addr, 6379);
	assert_int_equal(sip_node_renew(f->node, &nc, why, sizeof(why)), 0);
}

static void nobody_there(void **state)
{
	static const char *const netv[] = {"169.254.0.0/16", "fe80::/10",
					   "10.0.0.1/32"};
	static const char *const badv[] = {
		"<sip:a@169.254.169.254>",
		"<sip:a@169.254.169.254:80;transport=tcp>",
		"<sips:a@[fe80::1]>",
		"<sip:a@h;maddr=169.254.1.1>",
		"<sip:a@[::ffff:169.254.1.1]>",
		"<sip:b@h>, <sip:a@10.0.0.1:6379>",
	};
	struct fix *f = *state;
	char hdrs[256];
	unsigned cseq = 0;

	denied_networks(f, netv, 3, "169.254.7.7");
	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		(void)re_snprintf(hdrs, sizeof(hdrs), "Contact: %s\r\n",
				  badv[i]);
		assert_int_equal(reg(f, "c", ++cseq, hdrs), 403);
		assert_true(has(f, "SIP/2.0 403 Contact Address Denied\r\n"));
	}
	assert_int_equal(reg(f, "c", ++cseq,
			     "Contact: <sip:a@h>\r\nPath: <sip:e;lr>, "
			     "<sip:169.254.1.1;lr>\r\n"),
			 403);
	assert_true(has(f, "SIP/2.0 403 Path Address Denied\r\n"));
	assert_int_equal(location_count(f->loc, NULL), 0);
	/* an edge may be there; other ports; who is there already may go */
	assert_int_equal(reg(f, "c", ++cseq,
			     "Contact: <sip:a@10.0.0.1>\r\n"
			     "Path: <sip:t@169.254.7.7;lr>\r\n"),
			 200);
	assert_int_equal(reg(f, "c", ++cseq,
			     "Contact: <sip:a@169.254.0.1>;expires=0, "
			     "<sip:a@10.0.0.1>;expires=0\r\n"),
			 200);
	assert_int_equal(location_count(f->loc, NULL), 0);
}

/* The phone is at 127.0.0.2 */
static void not_from_there(void **state)
{
	static const char *const netv[] = {"127.0.0.0/8"};
	struct fix *f = *state;

	denied_networks(f, netv, 1, NULL);
	assert_int_equal(reg(f, "c", 1, "Contact: <sip:a@10.0.0.1>\r\n"), 403);
	assert_true(has(f, "SIP/2.0 403 Source Address Denied\r\n"));
	assert_int_equal(reg(f, "c", 2, ""), 200);
	denied_networks(f, netv, 1, "127.0.0.2");
	assert_int_equal(reg(f, "c", 3, "Contact: <sip:a@10.0.0.1>\r\n"), 200);
}

/* One that was taken before the list was: it gets no keep-alive */
static void not_asked(void **state)
{
	static const char *const netv[] = {"127.0.0.0/8"};
	struct fix *f = *state;
	struct registrar_stats st;
	char why[64];

	assert_int_equal(reg(f, "c", 1, "Contact: <sip:a@10.0.0.1>\r\n"), 200);
	assert_int_equal(reg(f, "d", 1,
			     "Contact: <sip:b@h>\r\nPath: <sip:127.0.0.2:9;lr>"
			     "\r\n"),
			 200);
	denied_networks(f, netv, 1, NULL);
	f->conf.alive_interval = 1;
	f->conf.alive_failures = 1;
	f->replies = 0;
	assert_int_equal(registrar_renew(f->r, &f->conf, why, sizeof(why)), 0);
	run_ms(1500);
	registrar_stats(f->r, &st);
	assert_int_equal(st.alive_sent, 0);
	assert_int_equal(f->replies, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(twice_in_one),
		T(nobody_there),
		T(not_from_there),
		T(not_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
