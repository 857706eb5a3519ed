/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_turn_peer.c  Peers behind an allocation: permissions, channels, and a successor that goes on
 */
#include "turn_fix.h"

static void peer_says(const struct sa *src, const char *s)
{
	fake_turn_peer(&server, src, (const uint8_t *)s, strlen(s));
	pass(100);
}

/* ---- peers ------------------------------------------------------------------ */

static void test_permit(void **state)
{
	(void)state;
	pass(1000);
	peer_says(&peer, "hello");
	assert_int_equal(gots, 0);
	assert_int_equal(turn_permit(client, &peer), 0);
	pass(100);
	peer_says(&peer, "hello");
	assert_string_equal(got, "hello");
	assert_true(sa_cmp(&from, &peer, SA_ALL));
	assert_int_equal(say("hello, too"), 0);
	pass(100);
	assert_string_equal(heard, "hello, too");
	assert_int_equal(server.chandata, 0);
}

/* What comes before the permission waits for it */
static void test_held(void **state)
{
	(void)state;
	assert_int_equal(say("now?"), ENOTCONN);
	pass(1000);
	assert_int_equal(say("first"), 0);
	assert_int_equal(say("second"), 0);
	pass(200);
	assert_string_equal(heard, "second");
	assert_int_equal(heards, 1);
	assert_int_equal(server.dropped, 0);
}

/* 300 s: without a second word they end */
static void test_permission_renewed(void **state)
{
	(void)state;
	pass(1000);
	(void)turn_permit(client, &peer);
	for (unsigned i = 0; i < 10; i++) {
		pass(100000);
		assert_true(fake_turn_permits(&server, &peer));
	}
	assert_in_range(server.asked[STUN_METHOD_CREATEPERM], 4, 5);
}

/* It is of an address, whatever the port */
static void test_one_permission(void **state)
{
	(void)state;
	pass(1000);
	peer2 = peer;
	sa_set_port(&peer2, 4002);
	(void)turn_permit(client, &peer);
	(void)turn_permit(client, &peer2);
	pass(1000);
	assert_int_equal(server.asked[STUN_METHOD_CREATEPERM], 1);
	assert_int_equal(turn_send(client, &peer2, (const uint8_t *)"x", 1), 0);
	pass(100);
	assert_string_equal(heard, "x");
}

static void test_forbidden(void **state)
{
	(void)state;
	server.forbidden = peer;
	pass(1000);
	assert_int_equal(say("anybody?"), 0);
	(void)turn_permit(client, &peer2);
	pass(1000);
	is_up();
	assert_int_equal(say("anybody?"), EACCES);
	assert_int_equal(heards, 0);
	assert_string_equal(turn_said(client), "403 Reason");
	/* who else there is does not suffer */
	assert_true(fake_turn_permits(&server, &peer2));
	pass(300000);
	assert_int_equal(server.asked[STUN_METHOD_CREATEPERM], 3);
}

/* No room now may be room later */
static void test_permission_508(void **state)
{
	(void)state;
	pass(1000);
	server.fail[STUN_METHOD_CREATEPERM] = 508;
	server.fails = 1;
	(void)turn_permit(client, &peer);
	pass(1000);
	assert_int_equal(say("?"), EACCES);
	pass(60000);
	assert_true(fake_turn_permits(&server, &peer));
	assert_int_equal(say("!"), 0);
}

static void test_permission_lost(void **state)
{
	static const uint16_t v[] = {437, 441};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		fake_turn_restart(&server);
		begin(NULL);
		pass(1000);
		is_up();
		server.fail[STUN_METHOD_CREATEPERM] = v[i];
		server.fails = 1;
		(void)turn_permit(client, &peer);
		pass(1000);
		is_over(TURN_LOST);
	}
}

/* ---- channels --------------------------------------------------------------- */

static void test_channel(void **state)
{
	uint16_t no;
	(void)state;

	pass(1000);
	assert_int_equal(turn_bind(client, &peer), 0);
	assert_int_equal(turn_channel(client, &peer), 0);
	pass(1000);
	no = turn_channel(client, &peer);
	assert_in_range(no, 0x4000, 0x4fff);
	assert_int_equal(say("by channel"), 0);
	pass(100);
	assert_string_equal(heard, "by channel");
	assert_int_equal(server.chandata, 1);
	peer_says(&peer, "back");
	assert_string_equal(got, "back");
	assert_true(sa_cmp(&from, &peer, SA_ALL));
	/* another peer has another one */
	(void)turn_bind(client, &peer2);
	pass(1000);
	assert_int_not_equal(turn_channel(client, &peer2), no);
}

/* 600 s, and the permission's 300 */
static void test_channel_renewed(void **state)
{
	(void)state;
	pass(1000);
	(void)turn_bind(client, &peer);
	for (unsigned i = 0; i < 20; i++) {
		pass(100000);
		peer_says(&peer, "still here");
	}
	assert_int_equal(gots, 20);
	assert_int_equal(server.channels, 1);
	assert_in_range(server.asked[STUN_METHOD_CHANBIND], 4, 5);
}

/* Without one it goes on in indications */
static void test_no_channel(void **state)
{
	static const uint16_t v[] = {400, 486, 508};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		fake_turn_restart(&server);
		begin(NULL);
		pass(1000);
		server.fail[STUN_METHOD_CHANBIND] = v[i];
		server.fails = 1;
		(void)turn_bind(client, &peer);
		pass(1000);
		is_up();
		assert_int_equal(turn_channel(client, &peer), 0);
		heards = 0;
		assert_int_equal(say("all the same"), 0);
		pass(100);
		assert_int_equal(heards, 1);
		pass(TURN_AGAIN_MS);
		assert_int_equal(turn_channel(client, &peer) != 0, v[i] == 508);
	}
}

static void test_channel_lost(void **state)
{
	(void)state;
	pass(1000);
	server.fail[STUN_METHOD_CHANBIND] = 437;
	server.fails = 1;
	(void)turn_bind(client, &peer);
	pass(1000);
	is_over(TURN_LOST);
}

static void test_only(void **state)
{
	(void)state;
	pass(1000);
	(void)turn_permit(client, &peer2);
	(void)turn_bind(client, &peer);
	pass(1000);
	turn_only(client, &peer);
	pass(310000);
	assert_true(fake_turn_permits(&server, &peer));
	assert_false(fake_turn_permits(&server, &peer2));
	assert_true(turn_channel(client, &peer));
}

/* More than there is room for: the oldest goes, but none with a channel */
static void test_many_peers(void **state)
{
	struct sa sa;
	(void)state;

	pass(1000);
	(void)turn_bind(client, &peer);
	for (unsigned i = 0; i < TURN_PEERS + 3; i++) {
		sa_set_in(&sa, 0xcb007180 + i, 5000);
		assert_int_equal(turn_permit(client, &sa), 0);
	}
	pass(10000);
	is_up();
	assert_true(turn_channel(client, &peer));
	assert_true(fake_turn_permits(&server, &sa));
	assert_int_equal(server.permits, TURN_PEERS);
}

/* ---- a successor -------------------------------------------------------------- */

static void test_resume(void **state)
{
	struct turn_kept kept;
	uint16_t no;
	(void)state;

	assert_false(turn_keep(client, &kept));
	pass(1000);
	(void)turn_bind(client, &peer);
	pass(1000);
	no = turn_channel(client, &peer);
	assert_true(turn_keep(client, &kept));
	begin(&kept);
	is_up();
	assert_int_equal(turn_channel(client, &peer), no);
	/* what is said before the server has been asked is heard */
	assert_int_equal(say("at once"), 0);
	pass(1000);
	assert_string_equal(heard, "at once");
	peer_says(&peer, "yes");
	assert_string_equal(got, "yes");
	for (unsigned i = 0; i < 10; i++)
		pass(100000);
	is_up();
	assert_true(server.up);
	assert_int_equal(server.channels, 1);
	(void)turn_bind(client, &peer2);
	pass(1000);
	assert_int_not_equal(turn_channel(client, &peer2), no);
}

static void test_resume_lost(void **state)
{
	struct turn_kept kept;
	(void)state;

	pass(1000);
	(void)turn_bind(client, &peer);
	pass(1000);
	assert_true(turn_keep(client, &kept));
	fake_turn_restart(&server);
	begin(&kept);
	pass(1000);
	is_over(TURN_LOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_permit),
		T(test_held),
		T(test_permission_renewed),
		T(test_one_permission),
		T(test_forbidden),
		T(test_permission_508),
		T(test_permission_lost),
		T(test_channel),
		T(test_channel_renewed),
		T(test_no_channel),
		T(test_channel_lost),
		T(test_only),
		T(test_many_peers),
		T(test_resume),
		T(test_resume_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
