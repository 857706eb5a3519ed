/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks of the other side's: RFC 5769's example, and what is wrong with others */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "ice/lite.h"

/* RFC 5769 2.1: a request of somebody who takes himself for the controlled one */
static const uint8_t sample[] =
	"\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86"
	"\xfa\x87\xdf\xae\x80\x22\x00\x10\x53\x54\x55\x4e\x20\x74\x65\x73"
	"\x74\x20\x63\x6c\x69\x65\x6e\x74\x00\x24\x00\x04\x6e\x00\x01\xff"
	"\x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36\x00\x06\x00\x09"
	"\x65\x76\x74\x6a\x3a\x68\x36\x76\x59\x20\x20\x20\x00\x08\x00\x14"
	"\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5\xb2\xd3\xf2\x49"
	"\xc1\xb5\x71\xa2\x80\x28\x00\x04\xe5\x7a\x3b\xcf";

static const struct lite us = {.ufrag = "evtj",
			       .pwd = "VOkJxbRl1RmTxUk/WvJxBt"};
static struct sa src;

static enum lite_got got(const uint8_t *p, size_t n, uint16_t *code)
{
	struct mbuf *mb = mbuf_alloc(256);
	struct stun_unknown_attr ua;
	struct stun_msg *msg;
	enum lite_got g = lite_recv(&us, &src, p, n, mb);
	const struct stun_attr *a;

	*code = 0;
	if (g == LITE_NOTHING) {
		assert_int_equal(mb->end, 0);
		mem_deref(mb);
		return g;
	}
	mb->pos = 0;
	assert_int_equal(stun_msg_decode(&msg, mb, &ua), 0);
	assert_memory_equal(stun_msg_tid(msg), p + 8, 12);
	assert_int_equal(stun_msg_chk_fingerprint(msg), 0);
	a = stun_msg_attr(msg, STUN_ATTR_ERR_CODE);
	*code = a ? a->v.err_code.code : 0;
	if (!a) {
		assert_int_equal(stun_msg_chk_mi(msg, (const uint8_t *)us.pwd,
						 strlen(us.pwd)),
				 0);
		a = stun_msg_attr(msg, STUN_ATTR_XOR_MAPPED_ADDR);
		assert_true(sa_cmp(&a->v.xor_mapped_addr, &src, SA_ALL));
	}
	mem_deref(msg);
	mem_deref(mb);

	return g;
}

/* The peer's check, with what it may carry */
static struct mbuf *check(const char *user, const char *pwd, uint16_t role,
			  bool use)
{
	const uint8_t tid[12] = "abcdefghijk";
	const uint32_t prio = 1862270975;
	const uint64_t tie = 7;
	struct mbuf *mb = mbuf_alloc(256);

	assert_int_equal(stun_msg_encode(mb, STUN_METHOD_BINDING,
					 STUN_CLASS_REQUEST, tid, NULL,
					 (const uint8_t *)pwd, str_len(pwd),
					 true, 0, 4, STUN_ATTR_USERNAME, user,
					 STUN_ATTR_PRIORITY, &prio, role, &tie,
					 STUN_ATTR_USE_CAND, use ? &tie : NULL),
			 0);

	return mb;
}

static enum lite_got send_check(const char *user, const char *pwd,
				uint16_t role, bool use, uint16_t *code)
{
	struct mbuf *mb = check(user, pwd, role, use);
	enum lite_got g = got(mb->buf, mb->end, code);

	mem_deref(mb);

	return g;
}

static void rfc5769(void **state)
{
	uint8_t p[sizeof(sample)];
	uint16_t code;
	(void)state;

	/* its integrity is right: only the role is not */
	assert_int_equal(got(sample, sizeof(sample) - 1, &code), LITE_REFUSED);
	assert_int_equal(code, 487);
	/* a bit changed: no fingerprint fits, no answer */
	for (size_t i = 20; i < sizeof(sample) - 1; i++) {
		memcpy(p, sample, sizeof(p));
		p[i] ^= 0x10;
		assert_int_equal(got(p, sizeof(p) - 1, &code), LITE_NOTHING);
	}
	for (size_t n = 0; n < sizeof(sample) - 1; n++)
		assert_int_equal(got(sample, n, &code), LITE_NOTHING);
}

static void answered(void **state)
{
	uint16_t code;
	(void)state;

	assert_int_equal(send_check("evtj:theirs", us.pwd,
				    STUN_ATTR_CONTROLLING, false, &code),
			 LITE_CHECK);
	assert_int_equal(send_check("evtj:theirs", us.pwd,
				    STUN_ATTR_CONTROLLING, true, &code),
			 LITE_NOMINATED);
	(void)sa_set_str(&src, "2001:db8::7", 4242);
	assert_int_equal(send_check("evtj:theirs", us.pwd,
				    STUN_ATTR_CONTROLLING, true, &code),
			 LITE_NOMINATED);
	(void)sa_set_str(&src, "192.0.2.9", 4242);
}

static void refused(void **state)
{
	uint16_t code;
	(void)state;

	assert_int_equal(send_check("evtj:theirs",
				    "a password of somebody else",
				    STUN_ATTR_CONTROLLING, true, &code),
			 LITE_REFUSED);
	assert_int_equal(code, 401);
	assert_int_equal(send_check("evtjx:theirs", us.pwd,
				    STUN_ATTR_CONTROLLING, true, &code),
			 LITE_REFUSED);
	assert_int_equal(code, 401);
	assert_int_equal(send_check("evtj:theirs", NULL, STUN_ATTR_CONTROLLING,
				    true, &code),
			 LITE_REFUSED);
	assert_int_equal(code, 400);
}

/* Name, password, candidate: as RFC 8839 wants them, and never twice the same */
static void ours(void **state)
{
	struct lite a, b;
	struct pl pl;
	char cand[128];
	(void)state;

	lite_make(&a);
	lite_make(&b);
	assert_string_not_equal(a.pwd, b.pwd);
	assert_int_equal(strlen(a.ufrag), LITE_UFRAG);
	assert_int_equal(strlen(a.pwd), LITE_PWD);
	pl_set_str(&pl, a.pwd);
	assert_true(lite_word_ok(&pl, 22));
	pl_set_str(&pl, "a b c d");
	assert_false(lite_word_ok(&pl, 4));
	pl_set_str(&pl, "abc");
	assert_false(lite_word_ok(&pl, 4));
	(void)re_snprintf(cand, sizeof(cand), "%H", lite_candidate, &src);
	assert_string_equal(cand, "candidate:1 1 UDP 2130706431 192.0.2.9 4242 "
				  "typ host");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc5769),
		cmocka_unit_test(answered),
		cmocka_unit_test(refused),
		cmocka_unit_test(ours),
	};

	(void)sa_set_str(&src, "192.0.2.9", 4242);

	return cmocka_run_group_tests(tests, NULL, NULL);
}
