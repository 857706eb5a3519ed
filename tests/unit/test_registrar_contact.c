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

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(twice_in_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
