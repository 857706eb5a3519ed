/* SPDX-License-Identifier: BSD-2-Clause */
/* The scanner, as userspace compiles it: what it finds in messages as they
 * come, and what it leaves to the agent */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "carom/siphash.h"
#include "carom/sipscan.h"

static struct scan_buf buf;

static int scan(const char *text)
{
	size_t len = strlen(text);

	/* what an earlier message left behind must not matter */
	memset(buf.data, 'x', sizeof(buf.data));
	if (len <= SCAN_LEN_MAX) {
		memcpy(buf.data, text, len);
		memset(buf.data + len, 0, 16);
	}
	buf.len = (uint32_t)len;
	return scan_message(&buf);
}

#define assert_span(span, text)                                                \
	do {                                                                   \
		assert_int_equal((span).len, strlen(text));                    \
		assert_memory_equal(buf.data + (span).off, text, (span).len);  \
	} while (0)

#define FROM "From: \"Alice, \" <sip:alice@example.com>;tag=a1\r\n"
#define TO "To: <sip:bob@example.com>\r\n"
#define REST FROM TO "Call-ID: 7@h\r\nCSeq: 1 INVITE\r\n"
#define VIA "Via: SIP/2.0/UDP 192.0.2.10:5062;branch=z9hG4bKx1;rport\r\n"
#define INVITE "INVITE sip:bob@example.com SIP/2.0\r\n"

static void test_invite(void **state)
{
	(void)state;
	assert_int_equal(
		scan("INVITE sip:+1555@198.51.100.10:5080;user=phone SIP/2.0"
		     "\r\n" VIA
		     "Via: SIP/2.0/UDP [2001:db8::1]:5060;received=2001:db8::9;"
		     "rport=1024;branch=z9hG4bKold\r\n"
		     "Max-Forwards: 69\r\n" FROM
		     "To: <sip:bob@example.com>;tag=b2\r\n"
		     "Call-ID: 7@h\r\nCSeq: 314159 INVITE\r\n"
		     "Event: presence\r\nSupported: 100rel\r\n"
		     "Content-Length: 4\r\n\r\nv=0\n"),
		SCAN_OK);
	assert_true(buf.s.flags & SCAN_REQUEST);
	assert_int_equal(buf.s.method, SCAN_M_INVITE);
	assert_span(buf.s.uri[SCAN_RURI].user, "+1555");
	assert_span(buf.s.uri[SCAN_RURI].host, "198.51.100.10");
	assert_int_equal(buf.s.uri[SCAN_RURI].port, 5080);
	assert_int_equal(buf.s.vias, 2);
	assert_span(buf.s.via[0].host, "192.0.2.10");
	assert_int_equal(buf.s.via[0].port, 5062);
	assert_span(buf.s.via[0].branch, "z9hG4bKx1");
	assert_int_equal(buf.s.via[0].flags,
			 SCAN_VIA_UDP | SCAN_VIA_RPORT | SCAN_VIA_COOKIE);
	assert_memory_equal(buf.data + buf.s.via[0].rport_end, "\r\n", 2);
	assert_memory_equal(buf.data + buf.s.via[0].next, "Via:", 4);
	assert_span(buf.s.via[1].host, "2001:db8::1");
	assert_span(buf.s.via[1].received, "2001:db8::9");
	assert_int_equal(buf.s.via[1].rport, 1024);
	assert_int_equal(buf.s.via[1].flags,
			 SCAN_VIA_UDP | SCAN_VIA_V6 | SCAN_VIA_RPORT |
				 SCAN_VIA_FILLED | SCAN_VIA_COOKIE);
	assert_int_equal(buf.s.max_forwards, 69);
	assert_span(buf.s.maxfwd, "69");
	assert_span(buf.s.callid, "7@h");
	assert_span(buf.s.from_tag, "a1");
	assert_span(buf.s.to_tag, "b2");
	assert_span(buf.s.cseq, "314159");
	assert_span(buf.s.event, "presence");
	assert_memory_equal(buf.data + buf.s.body, "v=0\n", 4);
}

/* Compact forms, any case, spaces around colons, any order */
static void test_forms(void **state)
{
	(void)state;
	assert_int_equal(
		scan("BYE sip:h SIP/2.0\r\n"
		     "L : 0\r\n"
		     "cSEQ:\t2   BYE  \r\n"
		     "T:sip:bob@h;TAG=b \r\n"
		     "f\t:  A. Token <sip:a@h;tag=no> ; x=1 ;tag=yes\r\n"
		     "I: q\r\n"
		     "mAx-FoRwArDs:070\r\n"
		     "V: sip/2.0/udp  h.example ; RPORT ; branch=1\r\n"
		     "\r\n"),
		SCAN_OK);
	assert_int_equal(buf.s.method, SCAN_M_BYE);
	assert_int_equal(buf.s.uri[SCAN_RURI].user.len, 0);
	assert_span(buf.s.uri[SCAN_RURI].host, "h");
	assert_span(buf.s.to_tag, "b");
	assert_span(buf.s.from_tag, "yes");
	assert_span(buf.s.callid, "q");
	assert_int_equal(buf.s.max_forwards, 70);
	assert_span(buf.s.via[0].host, "h.example");
	assert_int_equal(buf.s.via[0].flags, SCAN_VIA_UDP | SCAN_VIA_RPORT);
}

static void test_response(void **state)
{
	(void)state;
	assert_int_equal(
		scan("SIP/2.0 180 Ringing\r\n" VIA
		     "Via: SIP/2.0/TLS e.example;branch=z9hG4bK2\r\n" REST
		     "\r\n"),
		SCAN_OK);
	assert_false(buf.s.flags & SCAN_REQUEST);
	assert_int_equal(buf.s.code, 180);
	assert_int_equal(buf.s.method, SCAN_M_INVITE);
	assert_int_equal(buf.s.via[1].flags, SCAN_VIA_COOKIE);
	/* a phrase may be empty, the space before it not */
	assert_int_equal(scan("SIP/2.0 200 \r\n" VIA REST "\r\n"), SCAN_OK);
	assert_int_equal(scan("SIP/2.0 200\r\n" VIA REST "\r\n"),
			 SCAN_ODD_START);
	assert_int_equal(scan("SIP/2.0 099 No\r\n" VIA REST "\r\n"),
			 SCAN_ODD_START);
	assert_int_equal(scan("SIP/2.0 700 No\r\n" VIA REST "\r\n"),
			 SCAN_ODD_START);
}

static void test_routes(void **state)
{
	(void)state;
	assert_int_equal(
		scan(INVITE
		     "Route: <sip:edge@203.0.113.2;lr;r2=on> , "
		     "<sip:198.51.100.2:5070;transport=UDP;lr>;x=1\r\n"
		     "Record-Route: <sip:nobody;lr>\r\n"
		     "Route:<sip:[2001:db8::5]:5080>,<sip:four;lr>\r\n" VIA REST
		     "\r\n"),
		SCAN_OK);
	assert_int_equal(buf.s.routes, 4);
	assert_span(buf.s.uri[0].user, "edge");
	assert_span(buf.s.uri[0].host, "203.0.113.2");
	assert_int_equal(buf.s.uri[0].flags, SCAN_URI_LR);
	assert_memory_equal(buf.data + buf.s.route[0].behind, "<sip:198", 8);
	assert_int_equal(buf.s.uri[1].port, 5070);
	assert_int_equal(buf.s.route[1].behind, 0);
	assert_int_equal(buf.s.route[1].line, buf.s.route[0].line);
	assert_memory_equal(buf.data + buf.s.route[1].next, "Record", 6);
	assert_span(buf.s.uri[2].host, "2001:db8::5");
	assert_int_equal(buf.s.uri[2].flags, SCAN_URI_V6);
	assert_memory_equal(buf.data + buf.s.route[2].line, "Route:<", 7);
	assert_memory_equal(buf.data + buf.s.route[2].behind, "<sip:four", 9);
}

/* Only what is a URI's is looked at: '~', beside DEL, may stand in one */
static void test_tilde(void **state)
{
	(void)state;
	assert_int_equal(scan("INVITE sip:~@h;x=~ SIP/2.0\r\n" VIA REST
			      "Route: <sip:h;lr;~>\r\n\r\n"),
			 SCAN_OK);
}

static void test_require(void **state)
{
	(void)state;
	assert_int_equal(scan(INVITE VIA REST "Proxy-Require: x\r\n"
					      "Require: 100rel\r\n"
					      "Require: y\r\n\r\n"),
			 SCAN_OK);
	assert_int_equal(buf.s.flags,
			 SCAN_REQUEST | SCAN_REQUIRE | SCAN_PROXY_REQUIRE);
}

static void test_methods(void **state)
{
	static const char *const namev[SCAN_M_MAX] = {
		"FOO",      "INVITE",  "ACK",       "CANCEL", "BYE",
		"REGISTER", "OPTIONS", "SUBSCRIBE", "NOTIFY", "PUBLISH",
		"MESSAGE",  "REFER",   "INFO",      "PRACK",  "UPDATE"};
	char text[1024];

	(void)state;
	for (unsigned i = 0; i < SCAN_M_MAX; i++) {
		snprintf(text, sizeof(text),
			 "%s sip:h SIP/2.0\r\n" VIA FROM TO
			 "Call-ID: 7\r\nCSeq: 1 %s\r\n\r\n",
			 namev[i], namev[i]);
		assert_int_equal(scan(text), SCAN_OK);
		assert_int_equal(buf.s.method, i);
	}
	/* they are case-sensitive: this is another one */
	assert_int_equal(scan("invite sip:h SIP/2.0\r\n" VIA FROM TO
			      "Call-ID: 7\r\nCSeq: 1 invite\r\n\r\n"),
			 SCAN_OK);
	assert_int_equal(buf.s.method, SCAN_M_OTHER);
}

struct odd {
	enum scan_odd odd;
	const char *text;
};

static const struct odd oddv[] = {
	{SCAN_ODD_NOT_SIP, ""},
	{SCAN_ODD_NOT_SIP, "\r\n\r\n"},
	{SCAN_ODD_NOT_SIP, "\r\n" INVITE VIA REST "\r\n"},
	{SCAN_ODD_NOT_SIP, "INVITE"},
	{SCAN_ODD_START, "ANEXTREMELYLONGMETHOD sip:h SIP/2.0\r\n\r\n"},
	{SCAN_ODD_CSEQ, "A-.!%*_+`'~z9Z sip:h SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_START, "IN{ITE sip:h SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_START, "INVIT\xc9 sip:h SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_START, "INVITE sip:h SIP/3.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_START, "INVITE sip:h  SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_START, "INVITE sip:h;a b SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_START, "INVITE sip:h\r\n" VIA REST "\r\n"},
	{SCAN_ODD_START, "INVITE  sip:h SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_URI, "INVITE sips:h SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_URI, "INVITE tel:+1555 SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_URI, "INVITE sip: SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_URI, "INVITE sip:a@ SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_URI, "INVITE sip:a%40@h SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_URI, "INVITE sip:h?Route=x SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_URI, "INVITE sip:h/x SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_URI, "INVITE sip:h_x SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_URI, "INVITE sip:[::g] SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_URI, "INVITE sip:h\x80 SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_URI, "INVITE sip:h;x\x7f SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_URI, "INVITE sip:\x7f@h SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_URI, INVITE VIA REST "Route: <sip:h;l\x7f>\r\n\r\n"},
	{SCAN_ODD_URI, INVITE VIA REST "Route: <sip:h;lr;\x1f>\r\n\r\n"},
	{SCAN_ODD_URI, "INVITE sip:h:0 SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_URI, "INVITE sip:h:65536 SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_URI, "INVITE sip:h: SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_URI, "INVITE sip:[::1 SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_URI, "INVITE sip:[::1]x SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_URI, "INVITE sip:h;; SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_URI, "INVITE <sip:h> SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_TRANSPORT,
	 "INVITE sip:h;maddr=192.0.2.1 SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_TRANSPORT,
	 "INVITE sip:h;transport=tcp SIP/2.0\r\n" VIA REST "\r\n"},
	{SCAN_ODD_LINE, INVITE VIA REST},
	{SCAN_ODD_LINE, INVITE VIA REST "X: y\n\r\n"},
	{SCAN_ODD_LINE, INVITE VIA REST "X: y\rZ: z\r\n\r\n"},
	{SCAN_ODD_LINE, INVITE VIA REST "X: y\nZ: z\r\n\r\n"},
	{SCAN_ODD_LINE, INVITE VIA REST "X: y\r\r\n\r\n"},
	{SCAN_ODD_NOT_SIP, "SIP/2.0 200 O\rK\r\n" VIA REST "\r\n"},
	{SCAN_ODD_LINE, INVITE VIA REST "\n"},
	{SCAN_ODD_LINE, INVITE VIA REST ": x\r\n\r\n"},
	{SCAN_ODD_LINE, INVITE VIA REST "Via\r\n\r\n"},
	{SCAN_ODD_LINE, INVITE VIA REST "Unknown\r\n\r\n"},
	{SCAN_ODD_LINE, INVITE VIA REST "Unknown-And-Of-A-Length\r\n\r\n"},
	{SCAN_ODD_LINE, INVITE VIA REST "Un known: x\r\n\r\n"},
	{SCAN_ODD_LINE, INVITE VIA REST "Unknown-And-Of-A Length: x\r\n\r\n"},
	{SCAN_ODD_LINE, INVITE VIA REST "Unknown-And-Of-A;Length: x\r\n\r\n"},
	{SCAN_ODD_FOLDED, INVITE VIA REST "Subject: a\r\n b\r\n\r\n"},
	{SCAN_ODD_FOLDED, INVITE VIA REST "Subject: a\r\n\tb\r\n\r\n"},
	{SCAN_ODD_SYNTAX, INVITE "Via: SIP / 2.0 / UDP h\r\n" REST "\r\n"},
	{SCAN_ODD_SYNTAX, INVITE "Via: SIP/2.0/UDP\r\n" REST "\r\n"},
	{SCAN_ODD_SYNTAX, INVITE "Via: SIP/2.0/UDP h;x=\"1\"\r\n" REST "\r\n"},
	{SCAN_ODD_SYNTAX, INVITE "Via: SIP/2.0/UDP h;rport=x\r\n" REST "\r\n"},
	{SCAN_ODD_SYNTAX, INVITE "Via: SIP/2.0/UDP h;rport=\r\n" REST "\r\n"},
	{SCAN_ODD_SYNTAX,
	 INVITE "Via: SIP/2.0/UDP h;rport=70000\r\n" REST "\r\n"},
	{SCAN_ODD_SYNTAX,
	 INVITE "Via: SIP/2.0/UDP h;branch=1;branch=2\r\n" REST "\r\n"},
	{SCAN_ODD_SYNTAX, INVITE "Via: SIP/2.0/UDP h;rport\r\n" REST "\r\n"},
	{SCAN_ODD_SYNTAX, INVITE "Via:\r\n" REST "\r\n"},
	{SCAN_ODD_TRANSPORT,
	 INVITE "Via: SIP/2.0/UDP h;branch=1;maddr=224.0.1.75\r\n" REST "\r\n"},
	{SCAN_ODD_TRANSPORT,
	 INVITE "Via: SIP/2.0/TCP h;branch=1\r\n" REST "\r\n"},
	{SCAN_ODD_TWICE, INVITE VIA REST "Call-ID: 8\r\n\r\n"},
	{SCAN_ODD_TWICE, INVITE VIA REST "t: <sip:x>\r\n\r\n"},
	{SCAN_ODD_TWICE, INVITE VIA REST "l: 0\r\nContent-Length: 0\r\n\r\n"},
	{SCAN_ODD_MISSING, INVITE VIA "\r\n"},
	{SCAN_ODD_MISSING, INVITE REST "\r\n"},
	{SCAN_ODD_MISSING, INVITE VIA TO "From: <sip:a@h>\r\nCall-ID: 7\r\n"
					 "CSeq: 1 INVITE\r\n\r\n"},
	{SCAN_ODD_LENGTH, INVITE VIA REST "Content-Length: 1\r\n\r\n"},
	{SCAN_ODD_LENGTH, INVITE VIA REST "Content-Length: 0\r\n\r\nx"},
	{SCAN_ODD_SYNTAX, INVITE VIA REST "Content-Length: -1\r\n\r\n"},
	{SCAN_ODD_SYNTAX, INVITE VIA REST "Content-Length: 9999999999\r\n\r\n"},
	{SCAN_ODD_SYNTAX, INVITE VIA REST "Max-Forwards: 256\r\n\r\n"},
	{SCAN_ODD_SYNTAX, INVITE VIA REST "Max-Forwards:\r\n\r\n"},
	{SCAN_ODD_SYNTAX, INVITE VIA REST "Route: sip:h;lr\r\n\r\n"},
	{SCAN_ODD_SYNTAX, INVITE VIA REST "Route: <sip:h;lr\r\n\r\n"},
	{SCAN_ODD_SYNTAX, INVITE VIA REST "Route: <sip:h;lr>,\r\n\r\n"},
	{SCAN_ODD_SYNTAX, INVITE VIA REST "Route: <sip:h;lr> x\r\n\r\n"},
	{SCAN_ODD_CSEQ, INVITE VIA FROM TO "Call-ID: 7\r\nCSeq: 1 BYE\r\n\r\n"},
	{SCAN_ODD_SYNTAX, INVITE VIA FROM TO "Call-ID: 7\r\nCSeq: INVITE\r\n"
					     "\r\n"},
	{SCAN_ODD_SYNTAX, INVITE VIA FROM TO "Call-ID: 7\r\n"
					     "CSeq: 36893488147419103232 INVITE"
					     "\r\n\r\n"},
	{SCAN_ODD_SYNTAX,
	 INVITE VIA FROM TO "Call-ID: a b\r\nCSeq: 1 INVITE\r\n"
			    "\r\n"},
	{SCAN_ODD_SYNTAX, INVITE VIA TO "From: \"A <sip:a@h>;tag=1\r\n"
					"Call-ID: 7\r\nCSeq: 1 INVITE\r\n\r\n"},
	{SCAN_ODD_SYNTAX, INVITE VIA TO "From: \"A\\\"\" <sip:a@h>;tag=1\r\n"
					"Call-ID: 7\r\nCSeq: 1 INVITE\r\n\r\n"},
	{SCAN_ODD_SYNTAX, INVITE VIA TO "From: <sip:a@h>;tag=1;tag=2\r\n"
					"Call-ID: 7\r\nCSeq: 1 INVITE\r\n\r\n"},
};

static void test_odd(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(oddv) / sizeof(*oddv); i++) {
		int odd = scan(oddv[i].text);

		if (odd != (int)oddv[i].odd)
			fail_msg("%s: %d, not %d", oddv[i].text, odd,
				 (int)oddv[i].odd);
	}
}

/* Whatever is cut off, the message is odd: nothing is read behind the end */
static void test_cut(void **state)
{
	static const char text[] = INVITE
		"Route: <sip:203.0.113.2;lr>\r\n" VIA REST
		"Max-Forwards: 70\r\nContent-Length: 3\r\n\r\nabc";
	char cut[sizeof(text)];

	(void)state;
	assert_int_equal(scan(text), SCAN_OK);
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		memcpy(cut, text, n);
		cut[n] = '\0';
		assert_int_not_equal(scan(cut), SCAN_OK);
	}
}

static void test_long(void **state)
{
	char text[SCAN_LEN_MAX + 2];
	int n;

	(void)state;
	/* as long as can be, in two lines */
	n = snprintf(text, sizeof(text),
		     INVITE VIA REST "Subject: %0900d\r\nX: ", 0);
	memset(text + n, 's', sizeof(text) - n);
	memcpy(text + SCAN_LEN_MAX - 4, "\r\n\r\n", 5);
	assert_int_equal(scan(text), SCAN_OK);
	text[SCAN_LEN_MAX - 4] = 's';
	memcpy(text + SCAN_LEN_MAX - 3, "\r\n\r\n", 5);
	assert_int_equal(scan(text), SCAN_ODD_LONG);

	/* a line that is too long */
	snprintf(text, sizeof(text), INVITE VIA REST "Subject: %01100d\r\n\r\n",
		 0);
	assert_int_equal(scan(text), SCAN_ODD_LONG);

	n = snprintf(text, sizeof(text), INVITE VIA REST);
	for (int i = 0; i < SCAN_LINES_MAX; i++)
		n += snprintf(text + n, sizeof(text) - n, "a:\r\n");
	snprintf(text + n, sizeof(text) - n, "\r\n");
	assert_int_equal(scan(text), SCAN_ODD_LONG);
}

/* The first two vectors of the paper's appendix and code, by words */
static void test_siphash(void **state)
{
	struct siphash s;

	(void)state;
	siphash_start(&s, 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL);
	siphash_word(&s, 0x0706050403020100ULL);
	/* seven bytes, and the length in the place of the eighth: 15 */
	siphash_word(&s, 0x0f0e0d0c0b0a0908ULL);
	assert_true(siphash_end(&s) == 0xa129ca6149be45e5ULL);
	siphash_start(&s, 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL);
	siphash_word(&s, 0);
	assert_true(siphash_end(&s) == 0x726fdb47dd0e0e31ULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_invite),   cmocka_unit_test(test_forms),
		cmocka_unit_test(test_response), cmocka_unit_test(test_routes),
		cmocka_unit_test(test_tilde),    cmocka_unit_test(test_require),
		cmocka_unit_test(test_methods),  cmocka_unit_test(test_odd),
		cmocka_unit_test(test_cut),      cmocka_unit_test(test_long),
		cmocka_unit_test(test_siphash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
