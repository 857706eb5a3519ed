/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_ice_full.c  Two sides that check each other. Requests and answers are those of RFC 5769 in form
 */
#include "ice_fix.h"

/* Each knows the other: who controls nominates, and both go by that */
static void plain(void **state)
{
	(void)state;
	both_know();
	pass(500);
	is_up(0, "203.0.113.20", 4000);
	is_up(1, "192.0.2.1", 4000);
	assert_true(full_controlling(sidev[0].x));
	assert_int_equal(sidev[0].uses, 1);
	assert_int_equal(sidev[1].uses, 0);
	assert_in_range(sidev[0].requests, 2, 3);
	assert_in_range(sidev[1].requests, 1, 2);
}

static void six(void **state)
{
	(void)state;
	(void)sa_set_str(&sidev[0].addr, "2001:db8::1", 4000);
	(void)sa_set_str(&sidev[1].addr, "2001:db8:1::20", 4002);
	begin(0, true, false);
	begin(1, false, false);
	knows(0, "2001:db8:1::20", 4002, 2130706431);
	knows(1, "2001:db8::1", 4000, 2130706431);
	pass(500);
	is_up(0, "2001:db8:1::20", 4002);
	is_up(1, "2001:db8::1", 4000);
}

/* Both take themselves for the same: one gives in, and says 487 or is told it */
static void conflict_of(bool controlling)
{
	both_know();
	sidev[0].x = mem_deref(sidev[0].x);
	sidev[1].x = mem_deref(sidev[1].x);
	begin(0, controlling, false);
	begin(1, controlling, false);
	knows(0, "203.0.113.20", 4000, 1);
	knows(1, "192.0.2.1", 4000, 1);
	pass(1500);
	is_up(0, "203.0.113.20", 4000);
	is_up(1, "192.0.2.1", 4000);
	assert_true(full_controlling(sidev[0].x) !=
		    full_controlling(sidev[1].x));
	assert_true(!sidev[0].uses != !sidev[1].uses);
}

static void conflict(void **state)
{
	/* whoever has the higher number: some of these each way round */
	for (unsigned i = 0; i < 8; i++) {
		conflict_of(i & 1);
		(void)teardown(state);
		(void)setup(state);
	}
}

/* Behind a NAT: its candidate leads nowhere, but its checks tell where it is */
static void reflexive(void **state)
{
	(void)state;
	assert_int_equal(sa_set_str(&sidev[1].seen, "198.51.100.7", 61000), 0);
	sidev[1].pinhole = true;
	begin(0, true, false);
	begin(1, false, false);
	knows(0, "10.0.0.2", 4000, 2130706431);
	knows(1, "192.0.2.1", 4000, 2130706431);
	pass(1500);
	is_up(0, "198.51.100.7", 61000);
	is_up(1, "192.0.2.1", 4000);
}

/* Of two that work the better one is taken, and checks are 50 ms apart */
static void best(void **state)
{
	unsigned before;
	(void)state;

	begin(0, true, false);
	begin(1, false, false);
	knows(1, "192.0.2.1", 4000, 5);
	for (uint16_t i = 0; i < 20; i++)
		knows(0, "203.0.113.99", 7000 + i, 2000 + i);
	knows(0, "203.0.113.20", 4000, 1000);
	before = sidev[0].requests;
	pass(490);
	assert_in_range(sidev[0].requests - before, 8, 11);
	pass(1500);
	is_up(0, "203.0.113.20", 4000);
	/* what is not needed any more is not asked for again */
	before = sidev[0].requests;
	pass(1500);
	assert_int_equal(sidev[0].requests, before);
}

/* The other side is lite: we control, whatever we were told, and check */
static void peer_lite(void **state)
{
	(void)state;
	begin(0, false, true);
	knows(0, "203.0.113.20", 4000, 2130706431);
	pass(500);
	is_up(0, "203.0.113.20", 4000);
	assert_true(full_controlling(sidev[0].x));
	assert_true(sa_cmp(&sidev[1].nominated, &sidev[0].addr, SA_ALL));
	/* and asks on */
	pass(120000);
	assert_in_range(sidev[0].requests, 20, 32);
	is_up(0, "203.0.113.20", 4000);
}

/* Lost for a while: sent again, at 0.5, 1, 2, ... s, seven times */
static void repeated(void **state)
{
	(void)state;
	sidev[1].deaf = true;
	begin(0, true, false);
	knows(0, "203.0.113.20", 4000, 1);
	full_end(sidev[0].x);
	pass(3400);
	assert_int_equal(sidev[0].requests, 3);
	sidev[1].deaf = false;
	begin(1, false, false);
	knows(1, "192.0.2.1", 4000, 1);
	pass(5000);
	is_up(0, "203.0.113.20", 4000);
}

static void failed(void **state)
{
	(void)state;
	sidev[1].deaf = true;
	begin(0, true, false);
	knows(0, "203.0.113.20", 4000, 1);
	full_end(sidev[0].x);
	pass(39400);
	assert_int_equal(sidev[0].requests, 7);
	assert_int_equal(full_state(sidev[0].x), FULL_CHECKING);
	pass(400);
	assert_int_equal(full_state(sidev[0].x), FULL_FAILED);
	assert_int_equal(full_tick(sidev[0].x, now), -1);
	/* they get through after all */
	sidev[1].deaf = false;
	begin(1, false, false);
	knows(1, "192.0.2.1", 4000, 1);
	pass(1500);
	is_up(0, "203.0.113.20", 4000);
}

/* Nobody who could be asked, as candidates come later: we wait for them */
static void later(void **state)
{
	(void)state;
	begin(0, true, false);
	begin(1, false, false);
	pass(10000);
	assert_int_equal(sidev[0].requests, 0);
	assert_int_equal(full_state(sidev[0].x), FULL_CHECKING);
	knows(1, "192.0.2.1", 4000, 1);
	pass(1000);
	is_up(0, "203.0.113.20", 4000);
	is_up(1, "192.0.2.1", 4000);
}

static void never(void **state)
{
	(void)state;
	begin(0, true, false);
	pass(39400);
	assert_int_equal(full_state(sidev[0].x), FULL_CHECKING);
	pass(400);
	assert_int_equal(full_state(sidev[0].x), FULL_FAILED);
}

/* Consent: asked for each five seconds or so, and lost 30 s after the last answer. Then
 * nothing helps but to begin anew */
static void consent(void **state)
{
	unsigned before;
	(void)state;

	both_know();
	pass(500);
	before = sidev[0].requests;
	pass(60000);
	assert_in_range(sidev[0].requests - before, 9, 15);
	assert_in_range(full_consent_age(sidev[0].x, now), 0, 6100);
	sidev[1].deaf = true;
	pass(23800);
	assert_int_equal(full_state(sidev[0].x), FULL_UP);
	pass(6500);
	assert_int_equal(full_state(sidev[0].x), FULL_LOST);
	before = sidev[0].requests;
	sidev[1].deaf = false;
	pass(20000);
	assert_int_equal(sidev[0].requests, before);
	assert_int_equal(full_state(sidev[0].x), FULL_LOST);
	assert_int_equal(full_tick(sidev[0].x, now), -1);
}

/* A process goes on where another one was */
static void resumed(void **state)
{
	struct sa sa;
	(void)state;

	begin(0, true, false);
	assert_int_equal(sa_set_str(&sa, "203.0.113.20", 4000), 0);
	full_resume(sidev[0].x, &sa, false, now);
	begin(1, false, false);
	knows(1, "192.0.2.1", 4000, 1);
	pass(60000);
	is_up(0, "203.0.113.20", 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(plain), T(six),       T(conflict), T(reflexive),
		T(best),  T(peer_lite), T(repeated), T(failed),
		T(later), T(never),     T(consent),  T(resumed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
