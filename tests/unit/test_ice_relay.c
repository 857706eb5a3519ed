/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_ice_relay.c  Checks by a relay, where nothing else works
 */
#include "ice_fix.h"

static void relay_of(unsigned i, const char *addr)
{
	assert_int_equal(sa_set_str(&sidev[i].relay, addr, 49160), 0);
}

/* Side 0 has one, and both know all candidates */
static void with_relay(bool controlling)
{
	relay_of(0, "198.51.100.7");
	begin(0, controlling, false);
	begin(1, !controlling, false);
	knows(0, "203.0.113.20", 4000, 1);
	knows(1, "192.0.2.1", 4000, lite_priority());
	knows(1, "198.51.100.7", 49160, full_relay_priority());
}

/* The direct way is the better one */
static void relay_not_needed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		(void)teardown(state);
		(void)setup(state);
		with_relay(i);
		pass(5000);
		is_up(0, "203.0.113.20", 4000);
		is_up(1, "192.0.2.1", 4000);
		assert_false(full_selected_relayed(sidev[0].x));
	}
}

static void relay_needed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		(void)teardown(state);
		(void)setup(state);
		sidev[1].apart = true;
		with_relay(i);
		pass(5000);
		is_up(0, "203.0.113.20", 4000);
		is_up(1, "198.51.100.7", 49160);
		assert_true(full_selected_relayed(sidev[0].x));
		assert_true(sidev[0].by_relay);
		/* consent goes on by it */
		pass(120000);
		is_up(0, "203.0.113.20", 4000);
		assert_true(full_consent_age(sidev[0].x, now) < 10000);
	}
}

/* A direct one that takes a second try comes first all the same */
static void relay_waits(void **state)
{
	(void)state;
	with_relay(true);
	sidev[1].apart = true;
	pass(400);
	sidev[1].apart = false;
	pass(5000);
	is_up(0, "203.0.113.20", 4000);
	assert_false(full_selected_relayed(sidev[0].x));
}

static void relay_goes(void **state)
{
	unsigned sent;
	(void)state;

	sidev[1].apart = true;
	with_relay(true);
	pass(5000);
	assert_true(full_selected_relayed(sidev[0].x));
	full_relay_gone(sidev[0].x);
	assert_int_equal(full_state(sidev[0].x), FULL_LOST);
	sent = sidev[0].by_relay;
	pass(60000);
	assert_int_equal(sidev[0].by_relay, sent);
	assert_int_equal(full_state(sidev[1].x), FULL_LOST);
}

/* One that is not needed goes, and nobody sees it */
static void relay_goes_unused(void **state)
{
	unsigned sent;
	(void)state;

	with_relay(true);
	pass(5000);
	full_relay_gone(sidev[0].x);
	sent = sidev[0].by_relay;
	pass(60000);
	is_up(0, "203.0.113.20", 4000);
	is_up(1, "192.0.2.1", 4000);
	assert_int_equal(sidev[0].by_relay, sent);
}

/* While it is looked for, too */
static void relay_goes_early(void **state)
{
	(void)state;
	sidev[1].apart = true;
	with_relay(true);
	pass(100);
	full_relay_gone(sidev[0].x);
	pass(60000);
	assert_int_equal(full_state(sidev[0].x), FULL_FAILED);
}

static void relay_resumed(void **state)
{
	struct sa sa;
	(void)state;

	sidev[1].apart = true;
	relay_of(0, "198.51.100.7");
	begin(0, true, false);
	assert_int_equal(sa_set_str(&sa, "203.0.113.20", 4000), 0);
	full_resume(sidev[0].x, &sa, true, now);
	assert_true(full_selected_relayed(sidev[0].x));
	begin(1, false, false);
	knows(1, "198.51.100.7", 49160, 1);
	pass(60000);
	is_up(0, "203.0.113.20", 4000);
}

static void relay_candidate(void **state)
{
	struct full_relay r;
	struct sa sa;
	uint32_t prio;
	char text[160];
	struct pl pl;
	(void)state;

	assert_int_equal(sa_set_str(&r.relayed, "198.51.100.7", 49160), 0);
	assert_int_equal(sa_set_str(&r.mapped, "192.0.2.1", 10000), 0);
	(void)re_snprintf(text, sizeof(text), "%H", full_relay_candidate, &r);
	assert_string_equal(text,
			    "candidate:2 1 UDP 16776959 198.51.100.7 49160 typ "
			    "relay raddr 192.0.2.1 rport 10000");
	pl_set_str(&pl, text + strlen("candidate:"));
	assert_int_equal(full_cand_decode(&sa, &prio, &pl), 0);
	assert_true(sa_cmp(&sa, &r.relayed, SA_ALL));
	assert_int_equal(prio, full_relay_priority());
	assert_true(prio < lite_priority());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(relay_not_needed), T(relay_needed),      T(relay_waits),
		T(relay_goes),       T(relay_goes_unused), T(relay_goes_early),
		T(relay_resumed),    T(relay_candidate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
