/* SPDX-License-Identifier: BSD-2-Clause */
/* What is UTF-8 (RFC 3629), and what is made of the rest */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

static void test_valid(void **state)
{
	static const char *const good[] = {
		"",
		"abc",
		"\x7f",
		"\xc2\x80",
		"\xdf\xbf",
		"\xe0\xa0\x80",
		"\xed\x9f\xbf",
		"\xee\x80\x80",
		"\xef\xbf\xbf",
		"\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf",
	};
	static const struct {
		const char *text;
		size_t valid;
		const char *scrubbed;
	} bad[] = {
		{"a\x80z", 1, "a?z"},
		{"\xc0\x80", 0, "??"}, /* two bytes for U+0000 */
		{"\xc1\xbf", 0, "??"},
		{"\xe0\x9f\xbf", 0, "???"}, /* three where two do */
		{"\xed\xa0\x80", 0, "???"}, /* a surrogate */
		{"\xf0\x8f\xbf\xbf", 0, "????"},
		{"\xf4\x90\x80\x80", 0, "????"}, /* beyond U+10FFFF */
		{"\xf5\x80\x80\x80", 0, "????"},
		{"\xe4", 0, "?"},
		{"\xe4\xb8", 0, "??"}, /* cut short */
		{"\xc3\xa4\xe4\"", 2, "\xc3\xa4?\""},
		{"\xc3(", 0, "?("},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(utf8_valid(good[i], strlen(good[i])),
				 strlen(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char text[16];
		const size_t n = strlen(bad[i].text);

		strcpy(text, bad[i].text);
		assert_int_equal(utf8_valid(text, n), bad[i].valid);
		assert_true(utf8_scrub(text, n) > 0);
		assert_string_equal(text, bad[i].scrubbed);
		assert_int_equal(utf8_scrub(text, n), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
