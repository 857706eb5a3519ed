/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses as SIP writes them, held against the C library's reading */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "carom/sipaddr.h"

static struct scan_buf buf;

/* Somewhere in the buffer, with digits on both sides */
static int host(const char *text, int v6)
{
	uint32_t len = (uint32_t)strlen(text);

	memset(buf.data, '1', sizeof(buf.data));
	memcpy(buf.data + 100, text, len);
	buf.len = SCAN_BUF;
	return scan_host(&buf, 100, len, (uint32_t)v6);
}

static void test_good(void **state)
{
	static const char *const v4[] = {"0.0.0.0", "192.0.2.1", "1.2.3.4",
					 "255.255.255.255", "10.100.0.20"};
	static const char *const v6[] = {
		"::",
		"::1",
		"1::",
		"2001:db8::9:1",
		"2001:DB8::A",
		"1:2:3:4:5:6:7:8",
		"1:2:3:4:5:6:7::",
		"::2:3:4:5:6:7:8",
		"fe80::0001",
		"1:0:0:2::3",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
	uint8_t want[16] = {[10] = 0xff, [11] = 0xff};

	(void)state;
	for (size_t i = 0; i < sizeof(v4) / sizeof(*v4); i++) {
		assert_int_equal(inet_pton(AF_INET, v4[i], want + 12), 1);
		assert_int_equal(host(v4[i], 0), 0);
		assert_memory_equal(buf.ip, want, 16);
	}
	for (size_t i = 0; i < sizeof(v6) / sizeof(*v6); i++) {
		assert_int_equal(inet_pton(AF_INET6, v6[i], want), 1);
		assert_int_equal(host(v6[i], 1), 0);
		assert_memory_equal(buf.ip, want, 16);
	}
}

static void test_bad(void **state)
{
	static const char *const v4[] = {
		"",           "1",         "1.2.3",    "1.2.3.4.5", "1.2.3.256",
		"1.2.3.04",   "00.0.0.0",  "1.2.3.",   ".1.2.3",    "1..2.3",
		"1.2.3.4 ",   "-1.2.3.4",  "a.b.c.d",  "1.2.3.4:5", "::1",
		"1.2.3.1000", "0x1.2.3.4", "localhost"};
	static const char *const v6[] = {
		"",
		":",
		":::",
		"1:",
		":1",
		"1:2",
		"1:::2",
		"1::2::3",
		"::1:",
		"12345::",
		"g::",
		"::ffff:1.2.3.4",
		"::ffff:102:304",
		"fe80::1%eth0",
		"1:2:3:4:5:6:7:8:9",
		"1:2:3:4:5:6:7:8::",
		"1:2:3:4::5:6:7:8",
		"[::1]",
		"1.2.3.4",
		"0000:0000:0000:0000:0000:0000:0000:00000"};

	(void)state;
	for (size_t i = 0; i < sizeof(v4) / sizeof(*v4); i++)
		if (host(v4[i], 0) != -1)
			fail_msg("%s", v4[i]);
	for (size_t i = 0; i < sizeof(v6) / sizeof(*v6); i++)
		if (host(v6[i], 1) != -1)
			fail_msg("%s", v6[i]);
}

/* Whatever is taken means the same to the C library */
static void test_random(void **state)
{
	static const char abc[] = "0123456789abcF::::..";
	char text[48];
	uint8_t want[16];
	unsigned seed = 1, taken = 0;

	(void)state;
	for (int i = 0; i < 400000; i++) {
		int n = rand_r(&seed) % 12 + 1, v6 = rand_r(&seed) & 1;

		for (int k = 0; k < n; k++)
			text[k] = abc[rand_r(&seed) % (sizeof(abc) - 1)];
		text[n] = '\0';
		if (host(text, v6))
			continue;
		taken++;
		assert_int_equal(inet_pton(v6 ? AF_INET6 : AF_INET, text,
					   v6 ? want : want + 12),
				 1);
		assert_memory_equal(buf.ip + (v6 ? 0 : 12),
				    want + (v6 ? 0 : 12), v6 ? 16 : 4);
	}
	assert_true(taken > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
