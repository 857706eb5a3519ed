/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the agent takes for a message, what it refuses, and why: each a thing that
 * somebody else could read in another way, or one that is nobody's business
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "sip/msg.h"

#define START "OPTIONS sip:bob@example.com SIP/2.0\r\n"
#define VIA "Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKa\r\n"
#define FROM "From: <sip:a@example.com>;tag=1\r\n"
#define TO "To: <sip:b@example.com>\r\n"
#define REST "Call-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n"
#define OK "SIP/2.0 200 OK\r\n"

static struct msg m;

struct refused {
	uint16_t code; /* 0: nobody can be told */
	const char *why, *text;
};

static const struct refused refusedv[] = {
	{400, "Malformed Request-URI",
	 "OPTIONS sip:a@b;x y SIP/2.0\r\n" VIA FROM TO REST},
	{400, "Malformed Request-URI",
	 "OPTIONS sip:a@b\tc SIP/2.0\r\n" VIA FROM TO REST},
	{400, "Malformed Request-Line",
	 "OPTIONS sip:b@example.com SIP/2.0 \r\n" VIA FROM TO REST},
	{505, "Version Not Supported",
	 "OPTIONS sip:b SIP/2.1\r\nVia: SIP/2.1/UDP h\r\n" FROM TO REST},
	{400, "A line without a colon", START VIA FROM TO "x\r\n" REST},
	{400, "A bare CR", START VIA FROM TO "X: y\rVia: z\r\n" REST},
	{400, "Malformed header name", START VIA FROM TO "Via x: y\r\n" REST},
	{400, "Malformed header name", START VIA FROM TO "a;b: y\r\n" REST},
	{400, "Malformed header name", START VIA FROM TO ": y\r\n" REST},
	{400, "Malformed Via", START "Via: SIP/2.0/UDP h;;\r\n" FROM TO REST},
	{400, "Malformed Via",
	 START "Via: SIP/2.0/UDP h;branch=a b\r\n" FROM TO REST},
	{400, "Malformed Via",
	 START "Via: SIP/2.0/UDP [::1::2]\r\n" FROM TO REST},
	{400, "Malformed Via", START "Via: SIP/2.0/UDP h:0\r\n" FROM TO REST},
	{400, "Malformed Via", START "Via: SIP/3.0/UDP h\r\n" FROM TO REST},
	{400, "Malformed From", START VIA "From: \"a <sip:a@b>\r\n" TO REST},
	{400, "Malformed From", START VIA "From: a, b <sip:a@b>\r\n" TO REST},
	{400, "Malformed From", START VIA "From: < sip:a@b>\r\n" TO REST},
	{400, "Malformed From", START VIA "From: <sip:a@b>x\r\n" TO REST},
	{400, "Malformed From", START VIA "From: <ab>\r\n" TO REST},
	{400, "Malformed To", START VIA FROM "To: sip:a b\r\n" REST},
	{400, "Malformed To", START VIA FROM "To:\r\n" REST},
	/* a strict router's becomes the Request-URI, and must not end its line */
	{400, "Malformed Route",
	 START VIA FROM TO "Route: <sip:a;x\r\n Via: y>\r\n" REST},
	{400, "Malformed Route", START VIA FROM TO "Route: sip:a;lr\r\n" REST},
	{400, "Malformed Route",
	 START VIA FROM TO "Route: <sip:a;lr?Via=x>\r\n" REST},
	{400, "Malformed Route",
	 START VIA FROM TO "Route: <tel:1;lr>\r\n" REST},
	{400, "Empty Via", START "v:\r\n" VIA FROM TO REST},
	{400, "Empty Via", OK VIA "v:\r\n" VIA FROM TO REST},
	{0, "Malformed Via", OK "Via: x\r\n" FROM TO REST},
	{400, "Malformed Via", OK VIA "Via: SIP/2.0/UDP h;;\r\n" FROM TO REST},
	{0, "status line", "SIP/2.0 4294967301 x\r\n" VIA FROM TO REST},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusedv); i++) {
		const struct refused *r = &refusedv[i];
		struct msg_fault f;
		struct pl pl;
		int err;

		pl_set_str(&pl, r->text);
		err = msg_decode(&m, &pl, true, &f);
		if (err != EBADMSG || f.code != r->code ||
		    strcmp(f.why, r->why) != 0)
			fail_msg("%s: %d, %u %s, not %u %s", r->text, err,
				 f.code, f.why ? f.why : "", r->code, r->why);
	}
}

#define TEN(x) x "," x "," x "," x "," x "," x "," x "," x "," x "," x
#define MANY(x) TEN(TEN(x))

/* Not our business, or tolerated where there is one reading alone */
static const char *const takenv[] = {
	START VIA FROM TO REST,
	START VIA "From: Alice A <sip:a@b>;tag=1\r\n" TO REST,
	START VIA "From: \"A \\\" <sip:x>\" <sip:a@b>;tag=1\r\n" TO REST,
	START VIA "From: sip:a@b\r\n ;tag=1\r\n" TO REST,
	START VIA "From: isbn:2983792873\r\n" TO REST,
	START VIA FROM TO "\xc3\xbc(@): x\r\n" REST,
	START VIA FROM TO "Date: never\r\nContact: <\r\n" REST,
	START VIA "Via: whatever\r\n" FROM TO REST,
	START VIA "v:\r\n" FROM TO REST,
	START VIA "v:" MANY("x") "\r\n" FROM TO REST,
	START VIA FROM TO "Route:" MANY("<sip:a>") "\r\n" REST,
	OK VIA VIA "v:\r\nRoute: x\r\n" FROM TO REST,
	START VIA FROM TO "Route: <sip:a>,<sip:b>,<sip:c>,<x\r\n" REST,
	START "Via: SIP / 2.0 / UDP\r\n h : 5060 ; branch = x\r\n" FROM TO REST,
	START "Via: SIP/2.0/UDP h;x=\"a;b\"\r\n" FROM TO REST,
	"OPTIONS sip:b SIP/2.0\nVia: SIP/2.0/UDP h\nFrom: sip:a\nTo: sip:b\n"
	"Call-ID: x\nCSeq: 1 OPTIONS\n\n",
	"\r\n\r\n" START VIA FROM TO REST,
	OK VIA "Via: SIP/2.0/UDP h\r\nVia: whatever\r\n" FROM TO REST,
};

static void test_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(takenv); i++) {
		struct msg_fault f;
		struct pl pl;

		pl_set_str(&pl, takenv[i]);
		if (msg_decode(&m, &pl, true, &f))
			fail_msg("%s: %u %s", takenv[i], f.code,
				 f.why ? f.why : "");
	}
}

struct read {
	int err;
	const char *text, *user, *host;
	uint16_t port;
	const char *params, *headers;
};

static const struct read readv[] = {
	{0, "sip:h", "", "h", 0, "", ""},
	{0, "SIPS:a:b@h:5061;x?y=z", "a", "h", 5061, ";x", "?y=z"},
	{0, "sip:a;b?c/d@[2001:db8::1]:7", "a;b?c/d", "2001:db8::1", 7, "", ""},
	{0, "sip:[::ffff:192.0.2.1]", "", "::ffff:192.0.2.1", 0, "", ""},
	{0, "sip:h:000005060", "", "h", 5060, "", ""},
	{0, "sip:a%40b@h?x", "a%40b", "h", 0, "", "?x"},
	{0, "tel:+4930;x=y", "+4930", "", 0, ";x=y", ""},
	{ENOTSUP, "http://h/", "", "", 0, "", ""},
	{EBADMSG, "sip:", "", "", 0, "", ""},
	{EBADMSG, "tel:", "", "", 0, "", ""},
	{EBADMSG, ":h", "", "", 0, "", ""},
	{EBADMSG, "h", "", "", 0, "", ""},
	{EBADMSG, "sip:h:65536", "", "h", 0, "", ""},
	{EBADMSG, "sip:h:0000005060", "", "h", 0, "", ""},
	{EBADMSG, "sip:h:", "", "h", 0, "", ""},
	{EBADMSG, "sip:h/x", "", "h", 0, "", ""},
	{EBADMSG, "sip:2001:db8::1", "", "2001", 0, "", ""},
	{EBADMSG, "sip:[2001:db8:::1]", "", "2001:db8:::1", 0, "", ""},
	{EBADMSG, "sip:[192.0.2.1]", "", "192.0.2.1", 0, "", ""},
	{EBADMSG, "sip:[::1", "", "", 0, "", ""},
	{EBADMSG, "sip:h\x7f", "", "", 0, "", ""},
};

static bool same(const struct pl *pl, const char *want)
{
	return pl->l == strlen(want) &&
	       !memcmp(pl->p ? pl->p : "", want, pl->l);
}

static void test_uri(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(readv); i++) {
		const struct read *r = &readv[i];
		struct uri u;
		struct pl pl;
		int err;

		pl_set_str(&pl, r->text);
		err = msg_uri_decode(&u, &pl);
		if (err != r->err)
			fail_msg("%s: %d, not %d", r->text, err, r->err);
		if (!err &&
		    (!same(&u.user, r->user) || !same(&u.host, r->host) ||
		     u.port != r->port || !same(&u.params, r->params) ||
		     !same(&u.headers, r->headers)))
			fail_msg("%s is not read as it should be", r->text);
	}
}

/* "lr" in other letters, or escaped, is "lr" (19.1.4) */
static void test_lr(void **state)
{
	static const struct {
		const char *text;
		bool lr;
	} v[] = {{"sip:h;lr", true},     {"sip:h;x=lr;LR=on", true},
		 {"sip:h;%6C%72", true}, {"sip:h;lrx", false},
		 {"sip:h;x=;lr", true},  {"sip:h;l", false},
		 {"sip:h;x=lr", false},  {"sip:lr@h", false},
		 {"sip:h;%6c%7", false}};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct uri u;
		struct pl pl;

		pl_set_str(&pl, v[i].text);
		assert_int_equal(msg_uri_decode(&u, &pl), 0);
		if (msg_uri_param(&u, "lr") != v[i].lr)
			fail_msg("%s", v[i].text);
	}
}

/* What would take time that grows with the square of a length: for a few of these
 * some minutes, and the agent is one thread */
static void test_long(void **state)
{
	static const struct {
		const char *head, *unit, *tail;
	} v[] = {
		{START VIA FROM TO "Call-ID: x\r\nCSeq: ", "1",
		 " OPTIONS\r\n\r\n"},
		{START VIA FROM TO "Call-ID: x\r\nCSeq: 1 ", "x", "\r\n\r\n"},
		{START VIA FROM TO "Call-ID: x\r\nCSeq: 1", " ", "x\r\n\r\n"},
		{START VIA FROM TO "Contact: ", "; ", "\r\n" REST},
		{START VIA FROM TO "Route: ", "<", "\r\n" REST},
		{START FROM TO "Via: SIP/2.0/UDP h", ";a", "\r\n" REST},
		{START VIA TO "From: ", "\"\\", "\r\n" REST},
		{"OPTIONS sip:", "a:", " SIP/2.0\r\n" VIA FROM TO REST},
	};
	char *text = malloc(65536);
	struct msg_fault f;
	(void)state;

	assert_non_null(text);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct pl pl = {text, (size_t)sprintf(text, "%s", v[i].head)};

		while (pl.l < 65000)
			pl.l += (size_t)sprintf(text + pl.l, "%s", v[i].unit);
		pl.l += (size_t)sprintf(text + pl.l, "%s", v[i].tail);
		for (unsigned k = 0; k < 20; k++)
			(void)msg_decode(&m, &pl, true, &f);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused), cmocka_unit_test(test_taken),
		cmocka_unit_test(test_uri),     cmocka_unit_test(test_lr),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
