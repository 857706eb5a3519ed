/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_ice_message.c  Single messages of ICE, and candidates as they come in a body
 */
#include "ice_fix.h"

/* ---- single messages -------------------------------------------------------- */

/* Bytes of a message for side 0, by hand */
static struct mbuf *message(uint8_t cls, const uint8_t tid[12],
			    const char *user, const char *pwd,
			    const struct stun_errcode *ec, uint16_t role,
			    uint64_t tie, bool use)
{
	struct mbuf *mb = mbuf_alloc(256);
	const uint32_t prio = 7;

	assert_int_equal(
		stun_msg_encode(mb, STUN_METHOD_BINDING, cls, tid, ec,
				(const uint8_t *)pwd, strlen(pwd), true, 0, 5,
				STUN_ATTR_USERNAME, user, STUN_ATTR_PRIORITY,
				cls == STUN_CLASS_REQUEST ? &prio : NULL, role,
				cls == STUN_CLASS_REQUEST ? &tie : NULL,
				STUN_ATTR_USE_CAND, use ? &prio : NULL,
				STUN_ATTR_XOR_MAPPED_ADDR,
				cls == STUN_CLASS_SUCCESS_RESP ? &sidev[0].addr
							       : NULL),
		0);

	return mb;
}

static bool takes(const struct mbuf *mb, const struct sa *src, uint16_t *code)
{
	struct mbuf *no;
	bool good = full_recv(sidev[0].x, false, src, mb->buf, mb->end, now,
			      &no);

	*code = 0;
	if (no) {
		struct stun_msg *msg = decode(no->buf, no->end);

		*code = stun_msg_attr(msg, STUN_ATTR_ERR_CODE)->v.err_code.code;
		mem_deref(msg);
	}
	mem_deref(no);

	return good;
}

/* Whoever does not know the password has no say */
static void strangers(void **state)
{
	static const uint8_t tid[12] = "abcdefghijk";
	struct stun_errcode ec = {.code = 487, .reason = (char *)"Role"};
	char user[64];
	struct mbuf *mb;
	uint16_t code;
	(void)state;

	both_know();
	(void)re_snprintf(user, sizeof(user), "%s:%s", sidev[0].us.ufrag,
			  sidev[1].us.ufrag);
	mb = message(STUN_CLASS_REQUEST, tid, user, "a password of another one",
		     NULL, STUN_ATTR_CONTROLLED, 1, true);
	assert_false(takes(mb, &sidev[1].addr, &code));
	assert_int_equal(code, 401);
	mem_deref(mb);
	mb = message(STUN_CLASS_REQUEST, tid, "x:y", sidev[0].us.pwd, NULL,
		     STUN_ATTR_CONTROLLED, 1, true);
	assert_false(takes(mb, &sidev[1].addr, &code));
	assert_int_equal(code, 401);
	mem_deref(mb);
	/* an answer that nobody asked for, and one without the right */
	mb = message(STUN_CLASS_SUCCESS_RESP, tid, NULL, sidev[1].us.pwd, NULL,
		     STUN_ATTR_CONTROLLED, 1, false);
	assert_false(takes(mb, &sidev[1].addr, &code));
	mem_deref(mb);
	(void)full_tick(sidev[0].x, now);
	mb = message(STUN_CLASS_ERROR_RESP, wire[0].p + 8, NULL,
		     "a password of another one", &ec, STUN_ATTR_CONTROLLED, 1,
		     false);
	assert_false(takes(mb, &sidev[1].addr, &code));
	assert_true(full_controlling(sidev[0].x));
	mem_deref(mb);
	/* but by right it turns the role round; and from elsewhere a check fails */
	mb = message(STUN_CLASS_ERROR_RESP, wire[0].p + 8, NULL,
		     sidev[1].us.pwd, &ec, STUN_ATTR_CONTROLLED, 1, false);
	assert_true(takes(mb, &sidev[1].addr, &code));
	assert_false(full_controlling(sidev[0].x));
	mem_deref(mb);
	assert_int_equal(full_state(sidev[0].x), FULL_CHECKING);
}

/* An answer that comes from somebody else than was asked fails the pair (RFC 8445
 * 7.2.5.2.1) */
static void asymmetric(void **state)
{
	struct sa other;
	struct mbuf *mb;
	uint16_t code;
	(void)state;

	both_know();
	assert_int_equal(sa_set_str(&other, "203.0.113.66", 4000), 0);
	(void)full_tick(sidev[0].x, now);
	assert_int_equal(wirec, 1);
	mb = message(STUN_CLASS_SUCCESS_RESP, wire[0].p + 8, NULL,
		     sidev[1].us.pwd, NULL, STUN_ATTR_CONTROLLED, 1, false);
	assert_true(takes(mb, &other, &code));
	mem_deref(mb);
	(void)full_tick(sidev[0].x, now);
	assert_int_equal(full_state(sidev[0].x), FULL_FAILED);
}

/* Who is asked whether he wants more says no (RFC 7675 5.2) */
static void revoked(void **state)
{
	struct stun_errcode ec = {.code = 403, .reason = (char *)"Forbidden"};
	struct mbuf *mb;
	uint16_t code;
	(void)state;

	both_know();
	pass(500);
	wirec = 0;
	while (!wirec) {
		now += 10;
		(void)full_tick(sidev[0].x, now);
	}
	mb = message(STUN_CLASS_ERROR_RESP, wire[0].p + 8, NULL,
		     sidev[1].us.pwd, &ec, STUN_ATTR_CONTROLLED, 1, false);
	assert_true(takes(mb, &sidev[1].addr, &code));
	mem_deref(mb);
	assert_int_equal(full_state(sidev[0].x), FULL_LOST);
}

/* RFC 5769 2.1's request, of somebody who takes himself for the controlled one: so do
 * we, with a lower number than his or a higher one */
static void rfc5769(void **state)
{
	static const uint8_t sample[] =
		"\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6"
		"\x86\xfa\x87\xdf\xae\x80\x22\x00\x10\x53\x54\x55\x4e\x20\x74"
		"\x65\x73\x74\x20\x63\x6c\x69\x65\x6e\x74\x00\x24\x00\x04\x6e"
		"\x00\x01\xff\x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36"
		"\x00\x06\x00\x09\x65\x76\x74\x6a\x3a\x68\x36\x76\x59\x20\x20"
		"\x20\x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e"
		"\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5\x71\xa2\x80\x28\x00\x04\xe5"
		"\x7a\x3b\xcf";
	static const struct lite us = {.ufrag = "evtj",
				       .pwd = "VOkJxbRl1RmTxUk/WvJxBt"};
	struct mbuf *no;
	(void)state;

	sidev[0].us = us;
	(void)re_snprintf(sidev[1].us.ufrag, LITE_UFRAG + 1, "h6vY");
	for (unsigned i = 0; i < 8; i++) {
		begin(0, false, false);
		sidev[0].refusals = 0;
		assert_true(full_recv(sidev[0].x, false, &sidev[1].addr, sample,
				      sizeof(sample) - 1, now, &no));
		assert_null(no);
		assert_int_equal(sidev[0].refusals,
				 !full_controlling(sidev[0].x));
		sidev[0].x = mem_deref(sidev[0].x);
		wirec = 0;
	}
}

/* ---- candidates -------------------------------------------------------------- */

static int cand(const char *text, const char *addr, uint16_t port,
		uint32_t prio)
{
	struct sa sa, want;
	uint32_t p;
	struct pl pl;
	int err;

	pl_set_str(&pl, text);
	err = full_cand_decode(&sa, &p, &pl);
	if (!err && addr) {
		assert_int_equal(sa_set_str(&want, addr, port), 0);
		assert_true(sa_cmp(&sa, &want, SA_ALL));
		assert_int_equal(p, prio);
	}

	return err;
}

static void candidates(void **state)
{
	struct sa sa;
	char ours[128];
	(void)state;

	assert_int_equal(cand("1 1 UDP 2130706431 203.0.113.5 8998 typ host",
			      "203.0.113.5", 8998, 2130706431),
			 0);
	assert_int_equal(cand("2 1 udp 1694498815 192.0.2.3 45664 typ srflx "
			      "raddr 10.0.1.1 rport 8998 generation 0",
			      "192.0.2.3", 45664, 1694498815),
			 0);
	assert_int_equal(
		cand("x 1 UDP 5 2001:db8::7 1 typ relay", "2001:db8::7", 1, 5),
		0);
	assert_int_equal(
		cand("1 2 UDP 1 203.0.113.5 8999 typ host", NULL, 0, 0),
		ENOTSUP);
	assert_int_equal(cand("1 1 TCP 1 203.0.113.5 9 typ host tcptype active",
			      NULL, 0, 0),
			 ENOTSUP);
	assert_int_equal(cand("1 1 UDP 1 0.0.0.0 9 typ host", NULL, 0, 0),
			 ENOTSUP);
	assert_int_equal(cand("1 1 UDP 1 203.0.113.5 0 typ host", NULL, 0, 0),
			 ENOTSUP);
	assert_int_not_equal(
		cand("1 1 UDP 1 d1e8.local 9 typ host", NULL, 0, 0), 0);
	assert_int_equal(cand("", NULL, 0, 0), EBADMSG);
	assert_int_equal(cand("1 1 UDP", NULL, 0, 0), EBADMSG);
	/* what we say of ourselves */
	assert_int_equal(sa_set_str(&sa, "192.0.2.9", 4242), 0);
	(void)re_snprintf(ours, sizeof(ours), "%H", lite_candidate, &sa);
	assert_int_equal(cand(ours + strlen("candidate:"), "192.0.2.9", 4242,
			      2130706431),
			 0);
}

/* More than there is room for, the same one twice, one of another family */
static void many(void **state)
{
	struct sa sa;
	unsigned full = 0;
	(void)state;

	begin(0, true, false);
	knows(0, "203.0.113.20", 4000, 1);
	knows(0, "203.0.113.20", 4000, 1);
	knows(0, "2001:db8::1", 4000, 1);
	for (uint16_t i = 0; i < 50; i++) {
		(void)sa_set_str(&sa, "203.0.113.99", 7000 + i);
		full += full_candidate(sidev[0].x, &sa, 2, now) == ENOSPC;
	}
	assert_int_equal(full, 50 - (FULL_CANDS - 1));
	begin(1, false, false);
	knows(1, "192.0.2.1", 4000, 1);
	pass(3000);
	is_up(0, "203.0.113.20", 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(strangers), T(asymmetric), T(revoked),
		T(rfc5769),   T(candidates), T(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
