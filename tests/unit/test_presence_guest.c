/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_presence_guest.c  Who subscribes without saying who he is, and where from
 */
#include "presence/priv.h"
#include "presence_fix.h"

enum { EACH = 8, ALL = 1024, LOST = 10, SETTLE = 700000 /* ms */ };

static struct sa host(unsigned n)
{
	struct sa sa;

	sa_set_in(&sa, 0x0a000000 + n, 5060);
	return sa;
}

static void test_bounds(void **state)
{
	struct sa a = host(1), b = host(2);
	struct guests *gs = NULL;
	unsigned n = 0;
	(void)state;

	assert_int_equal(guests_alloc(&gs), 0);
	for (unsigned i = 0; i < EACH; i++)
		assert_true(guest_comes(gs, &a, 1000));
	assert_false(guest_comes(gs, &a, 1000));
	/* another port is the same host; another host is not */
	sa_set_port(&a, 5070);
	assert_false(guest_comes(gs, &a, 1000));
	assert_true(guest_comes(gs, &b, 1000));
	guest_leaves(gs, &a);
	assert_true(guest_comes(gs, &a, 1000));
	/* it is there: as many as it likes, for a while */
	guest_answered(gs, &a, true, 1000);
	for (unsigned i = 0; i < 100; i++)
		assert_true(guest_comes(gs, &a, 2000));
	assert_false(guest_comes(gs, &a, 1000 + SETTLE));
	mem_deref(gs);

	/* all together */
	assert_int_equal(guests_alloc(&gs), 0);
	for (unsigned i = 0; i < 2 * ALL; i++) {
		a = host(i);
		n += guest_comes(gs, &a, 1000);
	}
	assert_int_equal(n, ALL);
	/* more addresses than are remembered, one after the other */
	for (unsigned i = 0; i < ALL; i++) {
		a = host(i);
		guest_leaves(gs, &a);
	}
	for (unsigned i = 0; i < 20000; i++) {
		a = host(5000 + i);
		assert_true(guest_comes(gs, &a, 1000));
		guest_leaves(gs, &a);
	}
	mem_deref(gs);
}

static void test_no_answers(void **state)
{
	struct guests *gs = NULL;
	struct sa a = host(1), v6, w6;
	(void)state;

	assert_int_equal(guests_alloc(&gs), 0);
	for (unsigned i = 0; i < LOST; i++) {
		assert_true(guest_comes(gs, &a, 1000));
		guest_answered(gs, &a, false, 1000);
	}
	assert_false(guest_comes(gs, &a, 1000));
	assert_true(guest_comes(gs, &a, 1000 + 60000));
	/* a network of IPv6 is one */
	assert_int_equal(sa_set_str(&v6, "2001:db8::1", 5060), 0);
	assert_int_equal(sa_set_str(&w6, "2001:db8::ffff:2", 5060), 0);
	for (unsigned i = 0; i < EACH; i++)
		assert_true(guest_comes(gs, i % 2 ? &v6 : &w6, 1000));
	assert_false(guest_comes(gs, &v6, 1000));
	assert_false(guest_comes(gs, &w6, 1000));
	mem_deref(gs);
}

/* ---- on the wire ------------------------------------------------------------------- */

/* It has not asked, and says so */
static void test_not_me(void **state)
{
	struct fix *f = *state;
	struct presence_stats st;

	f->conf.allow = PRESENCE_ALLOW_ALL;
	f->conf.subscriptions = 100;
	assert_int_equal(presence_renew(f->p, &f->conf), 0);
	f->notify_code = 481;
	for (unsigned i = 0; i < LOST; i++) {
		ask(f, 1, "SUBSCRIBE", "sip:bob@example.com", NULL, 1,
		    "Event: presence\r\n", "");
		assert_non_null(strstr(f->gotv[0], "SIP/2.0 200 OK"));
		quiet(f, 10);
	}
	refused(f, "SUBSCRIBE", "sip:bob@example.com", "Event: presence\r\n",
		"", 503);
	assert_non_null(strstr(f->gotv[0], "\r\nRetry-After: "));
	quiet(f, 20);
	presence_stats(f->p, &st);
	assert_int_equal(st.subscriptions, 0);
}

/* As many as one likes, who answers */
static void test_me(void **state)
{
	struct fix *f = *state;
	struct presence_stats st;

	f->conf.allow = PRESENCE_ALLOW_ALL;
	f->conf.subscriptions = 100;
	assert_int_equal(presence_renew(f->p, &f->conf), 0);
	for (unsigned i = 0; i < 2 * EACH; i++)
		subscribe(f, "presence", "");
	presence_stats(f->p, &st);
	assert_int_equal(st.subscriptions, 2 * EACH);
}

/* Whoever does not say who he is has nobody else told */
static void goes_back(struct fix *f, const char *contact, const char *more)
{
	char text[2048], at[80];

	++f->branch;
	(void)re_snprintf(at, sizeof(at), "%J", &f->phone);
	(void)re_snprintf(text, sizeof(text),
			  "SUBSCRIBE sip:bob@example.com SIP/2.0\r\n"
			  "Via: SIP/2.0/UDP %s;branch=z9hG4bK%u;rport\r\n"
			  "From: <sip:x@elsewhere.example>;tag=w1\r\n"
			  "To: <sip:bob@example.com>\r\nCall-ID: c%u\r\n"
			  "CSeq: 1 SUBSCRIBE\r\nContact: <%s>\r\n"
			  "Event: presence\r\n%sContent-Length: 0\r\n\r\n",
			  at, f->branch, f->branch, contact, more);
	forget(f);
	f->want = 2;
	send_text(f, text);
	run();
	assert_non_null(strstr(f->gotv[0], "SIP/2.0 200 OK"));
	assert_int_equal(strncmp(f->gotv[1], "NOTIFY ", 7), 0);
	quiet(f, 10);
}

static void test_back(void **state)
{
	struct fix *f = *state;

	f->conf.allow = PRESENCE_ALLOW_ALL;
	assert_int_equal(presence_renew(f->p, &f->conf), 0);
	goes_back(f, "sip:x@127.0.0.3:9", "");
	assert_non_null(strstr(f->gotv[1], "NOTIFY sip:x@127.0.0.3:9 "));
	goes_back(f, "sip:x@victim.example", "");
	goes_back(f, "sip:x@127.0.0.3:9",
		  "Record-Route: <sip:127.0.0.4:9;lr>\r\n");
	assert_non_null(
		strstr(f->gotv[1], "\r\nRoute: <sip:127.0.0.4:9;lr>\r\n"));
	/* after a restart, too */
	end(f);
	start(f);
	forget(f);
	f->want = 3;
	presence_end(f->p, &(struct pl)PL("bob@example.com"), true);
	run();
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(strncmp(f->gotv[i], "NOTIFY ", 7), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_no_answers),
		TEST(test_not_me),
		TEST(test_me),
		TEST(test_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
