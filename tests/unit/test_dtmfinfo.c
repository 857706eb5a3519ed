/* SPDX-License-Identifier: BSD-2-Clause */
/* Digits in bodies of SIP INFO, as phones and gateways write them */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "media/dtmfinfo.h"

#define RELAY "application/dtmf-relay"
#define PLAIN "application/dtmf"

static int decode(struct dtmfinfo *d, const char *type, const char *body)
{
	struct pl t, b;

	pl_set_str(&t, type);
	pl_set_str(&b, body);

	return dtmfinfo_decode(d, &t, &b);
}

static void taken(void **state)
{
	static const struct {
		const char *type, *body;
		uint8_t event;
		unsigned ms;
	} v[] = {
		{RELAY, "Signal=5\r\nDuration=160\r\n", 5, 160},
		{RELAY, "Signal= *\r\nDuration= 100", 10, 100},
		{RELAY, "signal =#\nDURATION=5001\n", 11, 5000},
		{RELAY, "Duration=20\r\nSignal=a", 12, 100},
		{RELAY, "Signal=D\r\nDuration=0\r\n", 15, 250},
		{RELAY, "Signal=11\r\n", 11, 250},
		{RELAY, "X=1\r\n\r\nSignal=0\r\n", 0, 250},
		{"Application/DTMF-Relay;charset=x", "Signal=1", 1, 250},
		{PLAIN, "7", 7, 250},
		{PLAIN, " #\r\n", 11, 250},
		{PLAIN, "10", 10, 250},
		{PLAIN " ; a=b", "Signal=2\r\nDuration=300", 2, 300},
	};
	struct dtmfinfo d;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		const int err = decode(&d, v[i].type, v[i].body);

		if (err || d.event != v[i].event || d.ms != v[i].ms)
			fail_msg("%s: %s: %d, event %u, %u ms", v[i].type,
				 v[i].body, err, d.event, d.ms);
	}
}

static void refused(void **state)
{
	static const struct {
		const char *type, *body;
		int err;
	} v[] = {
		{"application/sdp", "5", ENOTSUP},
		{"application/dtmf-relayed", "Signal=5", ENOTSUP},
		{"", "5", ENOTSUP},
		{RELAY, "Signal=16", ENOTSUP}, /* hook flash */
		{RELAY, "Signal=!", ENOTSUP},
		{RELAY, "Signal=e", ENOTSUP},
		{PLAIN, "hello", ENOTSUP},
		{PLAIN, "-1", ENOTSUP},
		{RELAY, "", EBADMSG},
		{PLAIN, "\r\n", EBADMSG},
		{RELAY, "5", EBADMSG},
		{RELAY, "Signal=", EBADMSG},
		{RELAY, "Duration=100\r\n", EBADMSG},
		{RELAY, "Signal=1\r\nSignal=2\r\n", EBADMSG},
		{RELAY, "Signal=1\r\nDuration=-5\r\n", EBADMSG},
		{RELAY, "Signal=1\r\nDuration=9999999999\r\n", EBADMSG},
	};
	struct pl nul = {"Signal=1\0\r\n", 11}, type = PL(RELAY);
	struct dtmfinfo d;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		const int err = decode(&d, v[i].type, v[i].body);

		if (err != v[i].err)
			fail_msg("%s: %s: %d", v[i].type, v[i].body, err);
	}
	assert_int_equal(dtmfinfo_decode(&d, &type, &nul), EBADMSG);
	assert_int_equal(dtmfinfo_decode(&d, &type, NULL), EINVAL);
}

/* What we make of a digit is read as that digit */
static void printed(void **state)
{
	char text[64];
	(void)state;

	for (uint8_t ev = 0; ev < 16; ev++) {
		const struct dtmfinfo a = {.event = ev, .ms = 120};
		struct dtmfinfo b;

		(void)re_snprintf(text, sizeof(text), "%H", dtmfinfo_print, &a);
		assert_int_equal(decode(&b, RELAY, text), 0);
		assert_int_equal(b.event, ev);
		assert_int_equal(b.ms, 120);
	}
	assert_string_equal(text, "Signal=D\r\nDuration=120\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken),
		cmocka_unit_test(refused),
		cmocka_unit_test(printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
