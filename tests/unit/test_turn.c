/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_turn.c  An allocation at a TURN server that fails in each way it can
 */
#include "turn_fix.h"

/* ---- the allocation --------------------------------------------------------- */

static void test_allocate(void **state)
{
	(void)state;
	pass(1000);
	is_up();
	/* once to be told the realm, once with credentials */
	assert_int_equal(server.asked[STUN_METHOD_ALLOCATE], 2);
	assert_int_equal(server.refused, 1);
}

static void test_open_server(void **state)
{
	(void)state;
	server.user = NULL;
	pass(1000);
	is_up();
	assert_int_equal(server.asked[STUN_METHOD_ALLOCATE], 1);
}

static void test_ipv6(void **state)
{
	(void)state;
	assert_int_equal(sa_set_str(&server.relayed, "2001:db8::7", 49160), 0);
	begin(NULL);
	pass(1000);
	is_up();
	assert_int_equal(turn_permit(client, &peer), EAFNOSUPPORT);
}

static void test_lossy(void **state)
{
	(void)state;
	lose = 20;
	for (unsigned i = 0; i < 20; i++) {
		fake_turn_restart(&server);
		wirec = 0;
		begin(NULL);
		pass(80000);
		is_up();
		assert_int_equal(turn_bind(client, &peer), 0);
		pass(80000);
		assert_true(turn_channel(client, &peer));
	}
}

/* RFC 8489 6.2.1: at 0, 500, 1500, 3500, 7500, 15500, 31500 ms; given up at 39500 */
static void test_silent(void **state)
{
	(void)state;
	lose = 100;
	pass(31490);
	assert_int_equal(sent, 6);
	pass(20);
	assert_int_equal(sent, 7);
	pass(7960);
	assert_int_equal(turn_state(client), TURN_ASKING);
	pass(50);
	is_over(TURN_SILENT);
	assert_int_equal(sent, 7);
}

static void test_wrong_password(void **state)
{
	(void)state;
	server.pass = "another";
	pass(5000);
	is_over(TURN_DENIED);
	assert_int_equal(server.asked[STUN_METHOD_ALLOCATE], 2);
	assert_string_equal(turn_said(client), "401 Reason");
}

/* What anybody could have written is not believed */
static void test_unsigned(void **state)
{
	(void)state;
	server.unsigned_ = true;
	pass(39000);
	assert_int_equal(turn_state(client), TURN_ASKING);
	pass(2000);
	is_over(TURN_SILENT);
}

static void test_stale_for_ever(void **state)
{
	(void)state;
	server.fail[STUN_METHOD_ALLOCATE] = 438;
	server.fails = 100;
	pass(30000);
	/* no nonce comes with it: there is nothing to ask with */
	is_over(TURN_DENIED);
}

static void test_refused(void **state)
{
	static const struct {
		uint16_t code;
		enum turn_why why;
	} v[] = {
		{300, TURN_UNFIT},  {400, TURN_UNFIT}, {403, TURN_DENIED},
		{420, TURN_UNFIT},  {437, TURN_CLASH}, {440, TURN_UNFIT},
		{441, TURN_DENIED}, {442, TURN_UNFIT}, {486, TURN_FULL},
		{500, TURN_FAULT},  {508, TURN_FULL},
	};
	char said[32];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		begin(NULL);
		server.fail[STUN_METHOD_ALLOCATE] = v[i].code;
		server.fails = 1;
		pass(1000);
		is_over(v[i].why);
		(void)re_snprintf(said, sizeof(said), "%u Reason", v[i].code);
		assert_string_equal(turn_said(client), said);
	}
}

static void test_alternate(void **state)
{
	(void)state;
	assert_int_equal(sa_set_str(&server.alternate, "198.51.100.8", 3478),
			 0);
	server.fail[STUN_METHOD_ALLOCATE] = 300;
	server.fails = 1;
	pass(1000);
	is_over(TURN_UNFIT);
	assert_true(sa_cmp(turn_alternate(client), &server.alternate, SA_ALL));
	/* anybody could have said that */
	begin(NULL);
	server.unsigned_ = true;
	server.fails = 1;
	pass(1000);
	is_over(TURN_UNFIT);
	assert_false(sa_isset(turn_alternate(client), SA_ALL));
}

/* ---- it is kept ------------------------------------------------------------- */

static void test_refresh(void **state)
{
	(void)state;
	pass(1000);
	for (unsigned i = 0; i < 4; i++) {
		pass(540000);
		is_up();
		assert_true(server.up);
	}
	assert_in_range(server.asked[STUN_METHOD_REFRESH], 3, 5);
}

static void test_refresh_short(void **state)
{
	(void)state;
	server.lifetime = 30;
	pass(1000);
	pass(300000);
	is_up();
	assert_true(server.up);
	assert_in_range(server.asked[STUN_METHOD_REFRESH], 19, 21);
}

static void test_stale(void **state)
{
	(void)state;
	pass(1000);
	fake_turn_stale(&server);
	pass(600000);
	is_up();
	assert_true(server.up);
	assert_int_equal(server.refused, 2);
}

static void test_lost(void **state)
{
	(void)state;
	pass(1000);
	fake_turn_restart(&server);
	pass(541000);
	is_over(TURN_LOST);
	assert_string_equal(turn_said(client), "437 Reason");
}

static void test_goes_away(void **state)
{
	(void)state;
	pass(1000);
	server.mute = true;
	pass(540000);
	is_up();
	pass(40000);
	is_over(TURN_SILENT);
}

static void test_end(void **state)
{
	(void)state;
	pass(1000);
	turn_end(client);
	assert_int_equal(turn_state(client), TURN_ENDING);
	assert_int_equal(say("too late"), ENOTCONN);
	pass(1000);
	is_over(TURN_RELEASED);
	assert_false(server.up);
}

static void test_end_lossy(void **state)
{
	(void)state;
	pass(1000);
	turn_end(client);
	lose = 20;
	pass(30000);
	is_over(TURN_RELEASED);
	assert_false(server.up);
}

static void test_end_silent(void **state)
{
	(void)state;
	pass(1000);
	turn_end(client);
	server.mute = true;
	pass(40000);
	is_over(TURN_RELEASED);
}

static void test_end_early(void **state)
{
	(void)state;
	turn_end(client);
	is_over(TURN_RELEASED);
}

/* ---- what is none of ours ------------------------------------------------------ */

static void test_strange(void **state)
{
	uint8_t buf[64] = {0x40, 0x00, 0x00, 0x04, 'x', 'x', 'x', 'x'};
	struct mbuf *mb = mbuf_alloc(256);
	struct stun_errcode ec = {.code = 437, .reason = (char *)"No"};
	uint8_t tid[STUN_TID_SIZE] = {1};
	(void)state;

	pass(1000);
	assert_false(turn_recv(client, buf, 8, now));
	assert_false(turn_recv(client, buf, 0, now));
	(void)turn_bind(client, &peer);
	pass(1000);
	/* its length is more than there is */
	buf[3] = 5;
	assert_false(turn_recv(client, buf, 8, now));
	buf[3] = 2;
	assert_true(turn_recv(client, buf, 8, now));
	assert_string_equal(got, "xx");
	assert_false(turn_recv(client, (const uint8_t *)"\x80rtp", 4, now));
	/* an answer to nothing */
	assert_int_equal(stun_msg_encode(mb, STUN_METHOD_REFRESH,
					 STUN_CLASS_ERROR_RESP, tid, &ec, NULL,
					 0, true, 0, 0),
			 0);
	assert_false(turn_recv(client, mb->buf, mb->end, now));
	is_up();
	mem_deref(mb);
}

/* The example of the draft that coturn follows, made with openssl */
static void test_credentials(void **state)
{
	char user[64], pass[64];
	(void)state;

	assert_int_equal(turn_credentials(user, sizeof(user), pass,
					  sizeof(pass), "north", "carom",
					  1700000000),
			 0);
	assert_string_equal(user, "1700000000:carom");
	assert_string_equal(pass, "cuhzvJyl7lSyz9Q5s5mjH8kLLIc=");
	assert_int_equal(turn_credentials(user, sizeof(user), pass,
					  sizeof(pass), "north", "",
					  1700000000),
			 0);
	assert_string_equal(user, "1700000000");
	assert_int_equal(turn_credentials(user, 8, pass, sizeof(pass), "north",
					  "", 1700000000),
			 EOVERFLOW);
}

static void test_arguments(void **state)
{
	char big[TURN_USER + 2];
	struct turn_conf c = {.user = "",
			      .pass = "x",
			      .af = AF_INET,
			      .sendh = send_h,
			      .datah = data_h};
	struct turn *t = NULL;
	uint8_t much[TURN_DATAGRAM + 1] = {0};
	(void)state;

	assert_int_equal(turn_alloc(&t, &c), EINVAL);
	memset(big, 'u', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	c.user = big;
	assert_int_equal(turn_alloc(&t, &c), EINVAL);
	pass(1000);
	assert_int_equal(turn_send(client, &peer, much, sizeof(much)),
			 EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_allocate),    T(test_open_server),
		T(test_ipv6),        T(test_lossy),
		T(test_silent),      T(test_wrong_password),
		T(test_unsigned),    T(test_stale_for_ever),
		T(test_refused),     T(test_alternate),
		T(test_refresh),     T(test_refresh_short),
		T(test_stale),       T(test_lost),
		T(test_goes_away),   T(test_end),
		T(test_end_lossy),   T(test_end_silent),
		T(test_end_early),   T(test_strange),
		T(test_credentials), T(test_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
