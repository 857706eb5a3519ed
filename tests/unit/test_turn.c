/* SPDX-License-Identifier: BSD-2-Clause */
/* An allocation at a TURN server that fails in each way it can, in a time of their own, over
 * a wire that may lose */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include "fake_turn.h"
#include "ice/chandata.h"
#include "ice/turn.h"

enum { WIRE = 256, BEGIN = 1000, DELAY = 20, STEP = 10 };

struct packet {
	bool up; /* to the server */
	uint8_t p[2048];
	size_t n;
	uint64_t at;
};

static struct fake_turn server;
static struct turn *client;
static struct packet wire[WIRE];
static unsigned wirec, sent, lose; /* lose: of 100 */
static uint32_t chance;
static uint64_t now;
static struct sa peer, peer2;   /* of whom: */
static struct sa from;          /* what came last */
static char got[64], heard[64]; /* to the client; to the peer */
static unsigned gots, heards;

static void put(bool up, const uint8_t *p, size_t n)
{
	struct packet *k = &wire[wirec];

	++sent;
	chance = chance * 1664525 + 1013904223;
	if (chance / 65536 % 100 < lose)
		return;
	assert_true(wirec < WIRE && n <= sizeof(k->p));
	++wirec;
	k->up = up;
	memcpy(k->p, p, n);
	k->n = n;
	k->at = now + DELAY;
}

static void send_h(const uint8_t *p, size_t n, void *arg)
{
	(void)arg;
	put(true, p, n);
}

static void client_h(const uint8_t *p, size_t n, void *arg)
{
	(void)arg;
	put(false, p, n);
}

static void keep(char *to, size_t size, const uint8_t *p, size_t n)
{
	n = min(n, size - 1);
	memcpy(to, p, n);
	to[n] = '\0';
}

static void data_h(const struct sa *src, const uint8_t *p, size_t n, void *arg)
{
	(void)arg;
	from = *src;
	keep(got, sizeof(got), p, n);
	++gots;
}

static void peer_h(const struct sa *dst, const uint8_t *p, size_t n, void *arg)
{
	(void)arg;
	(void)dst;
	keep(heard, sizeof(heard), p, n);
	++heards;
}

static void deliver(void)
{
	for (unsigned i = 0; i < wirec;) {
		struct packet k = wire[i];

		if (k.at > now) {
			++i;
			continue;
		}
		memmove(&wire[i], &wire[i + 1], (--wirec - i) * sizeof(k));
		if (k.up)
			fake_turn_recv(&server, k.p, k.n);
		else
			(void)turn_recv(client, k.p, k.n, now);
	}
}

/* ms pass; between two events nothing is looked at */
static void pass(uint64_t ms)
{
	const uint64_t end = now + ms;

	while (now < end) {
		const int64_t wait = turn_tick(client, now);

		server.now = now;
		if (wirec || (wait >= 0 && wait < STEP))
			now += STEP;
		else
			now = wait < 0 ? end : min(end, now + (uint64_t)wait);
		server.now = now;
		deliver();
	}
	(void)turn_tick(client, now);
}

static void begin(const struct turn_kept *kept)
{
	const struct turn_conf c = {.user = "carom",
				    .pass = "secret",
				    .af = sa_af(&server.relayed),
				    .kept = kept,
				    .sendh = send_h,
				    .datah = data_h};

	client = mem_deref(client);
	assert_int_equal(turn_alloc(&client, &c), 0);
}

static int setup(void **state)
{
	(void)state;
	fake_turn_init(&server);
	server.client = client_h;
	server.peer = peer_h;
	wirec = sent = lose = gots = heards = 0;
	chance = 1;
	got[0] = heard[0] = '\0';
	now = BEGIN;
	assert_int_equal(sa_set_str(&peer, "203.0.113.10", 4000), 0);
	assert_int_equal(sa_set_str(&peer2, "203.0.113.20", 4000), 0);
	begin(NULL);

	return 0;
}

static int teardown(void **state)
{
	(void)state;
	client = mem_deref(client);

	return 0;
}

static void is_up(void)
{
	assert_int_equal(turn_state(client), TURN_UP);
	assert_true(sa_cmp(turn_relayed(client), &server.relayed, SA_ALL));
	assert_true(sa_cmp(turn_mapped(client), &server.mapped, SA_ALL));
}

static void is_over(enum turn_why why)
{
	assert_int_equal(turn_state(client), TURN_OVER);
	assert_string_equal(turn_why_name(turn_why(client)),
			    turn_why_name(why));
	assert_int_equal(turn_tick(client, now), -1);
}

static int say(const char *s)
{
	return turn_send(client, &peer, (const uint8_t *)s, strlen(s));
}

static void peer_says(const struct sa *src, const char *s)
{
	fake_turn_peer(&server, src, (const uint8_t *)s, strlen(s));
	pass(100);
}

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
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(test_allocate),       T(test_open_server),
		T(test_ipv6),           T(test_lossy),
		T(test_silent),         T(test_wrong_password),
		T(test_unsigned),       T(test_stale_for_ever),
		T(test_refused),        T(test_alternate),
		T(test_refresh),        T(test_refresh_short),
		T(test_stale),          T(test_lost),
		T(test_goes_away),      T(test_end),
		T(test_end_lossy),      T(test_end_silent),
		T(test_end_early),      T(test_permit),
		T(test_held),           T(test_permission_renewed),
		T(test_one_permission), T(test_forbidden),
		T(test_permission_508), T(test_permission_lost),
		T(test_channel),        T(test_channel_renewed),
		T(test_no_channel),     T(test_channel_lost),
		T(test_only),           T(test_many_peers),
		T(test_resume),         T(test_resume_lost),
		T(test_strange),        T(test_credentials),
		T(test_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
