/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_registrar_alive.c  Keep-alive: contacts that answer no more are gone
 */
#include "registrar_fix.h"

/* ---- keep-alive ------------------------------------------------------------------------ */

static void alive(void **state)
{
	struct fix *f = *state;
	struct registrar_stats st;
	char why[64], hdrs[128];
	struct sa sa;

	assert_int_equal(udp_local_get(f->us, &sa), 0);
	(void)re_snprintf(hdrs, sizeof(hdrs), "Contact: <sip:a@10.9.9.9>\r\n");
	assert_int_equal(reg(f, "c", 1, hdrs), 200);
	f->conf.alive_interval = 1;
	f->conf.alive_failures = 1;
	assert_int_equal(registrar_renew(f->r, &f->conf, why, sizeof(why)), 0);
	/* to where it came from, whatever the contact says */
	wait_for(&f->replies, 2);
	assert_ptr_equal(strstr(f->reply, "OPTIONS sip:a@10.9.9.9 SIP/2.0\r\n"),
			 f->reply);
	registrar_stats(f->r, &st);
	assert_int_equal(st.alive_sent, 1);
	/* nobody is there any more: ICMP says so */
	f->us = mem_deref(f->us);
	while (location_count(f->loc, NULL)) {
		struct tmr tmr;

		tmr_init(&tmr);
		tmr_start(&tmr, 50, (tmr_h *)re_cancel, NULL);
		assert_int_equal(re_main(NULL), 0);
		tmr_cancel(&tmr);
	}
	registrar_stats(f->r, &st);
	assert_true(st.alive_lost >= 1);
}

/* ---- flows ------------------------------------------------------------------------- */

/* What can't be asked is not gone for that */
static void alive_unasked(void **state)
{
	struct fix *f = *state;
	struct registrar_stats st;
	struct tmr tmr;
	char why[64];

	f->conf.max_contacts = 100;
	f->conf.alive_interval = 1;
	f->conf.alive_failures = 1;
	assert_int_equal(registrar_renew(f->r, &f->conf, why, sizeof(why)), 0);
	assert_int_equal(reg(f, "c", 1,
			     "Contact: <sip:a@h>\r\nPath: <sip:edge.example;lr>"
			     "\r\n"),
			 200);
	assert_int_equal(reg(f, "d", 1, "Contact: <sip:b@h>\r\n"), 200);
	tmr_init(&tmr);
	do {
		tmr_start(&tmr, 50, (tmr_h *)re_cancel, NULL);
		assert_int_equal(re_main(NULL), 0);
		tmr_cancel(&tmr);
		registrar_stats(f->r, &st);
	} while (st.alive_sent < 3);
	assert_int_equal(location_count(f->loc, NULL), 2);
	assert_int_equal(st.alive_lost, 0);
}

/* A connection to another node is that one's: this one has none, and that says
 * nothing. Nor is it to be asked by its Path twice */
static void alive_elsewhere(void **state)
{
	const struct pl key = PL("bob@example.com sip:b@h;transport=tcp"),
			carl = PL("carl@example.com sip:carl@h"),
			record = PL("1\t4000000000\t1\t1\t1\t1\t1000\t1\td\t"
				    "192.0.2.7:5062\t\t\t\tc\t\tthere");
	struct fix *f = *state;
	struct registrar_stats st;
	char why[64], text[256];
	struct pl by_path;
	struct sa sa;

	assert_int_equal(udp_local_get(f->us, &sa), 0);
	(void)re_snprintf(text, sizeof(text),
			  "1\t4000000000\t1\t1\t1\t1\t1000\t0\t-\t192.0.2.7:1"
			  "\t\t\t<sip:%J;lr>\tc\t\tthere",
			  &sa);
	pl_set_str(&by_path, text);
	/* in the table at start, and told afterwards */
	stop(f);
	assert_int_equal(store_put(f->store, LOCATION_KIND, &key, &record), 0);
	start(f);
	change_foreign(LOCATION_KIND, &carl, &by_path, f->loc);
	f->conf.alive_interval = 1;
	f->conf.alive_failures = 1;
	assert_int_equal(registrar_renew(f->r, &f->conf, why, sizeof(why)), 0);
	assert_int_equal(reg(f, "d", 1, "Contact: <sip:b@h>\r\n"), 200);
	do {
		run_ms(50);
		registrar_stats(f->r, &st);
		assert_null(strstr(f->reply, "sip:carl@h"));
	} while (st.alive_sent < 3 && !st.alive_lost);
	assert_int_equal(st.alive_lost, 0);
	assert_int_equal(location_count(f->loc, NULL), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(alive),
		T(alive_unasked),
		T(alive_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
