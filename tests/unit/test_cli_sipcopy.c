/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_cli_sipcopy.c  A copied message as packet, text and JSON
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../../tools/carom/sipcopy.h"

static const char text[] = "OPTIONS sip:a SIP/2.0\r\nX: \033[2J\r\n\r\n";

static struct sip_copy copy(bool v6)
{
	struct sip_copy c = {.sport = 5062,
			     .dport = 5060,
			     .tport = 5080,
			     .reason = CAROM_R_SIP_FORWARDED,
			     .len = sizeof(text) - 1};

	c.src[10] = c.src[11] = c.dst[10] = c.dst[11] = c.to[10] = c.to[11] =
		0xff;
	memcpy(c.src + 12, (uint8_t[]){192, 0, 2, 20}, 4);
	memcpy(c.dst + 12, (uint8_t[]){192, 0, 2, 1}, 4);
	memcpy(c.to + 12, (uint8_t[]){192, 0, 2, 31}, 4);
	if (v6)
		c.src[0] = c.dst[0] = 0x20;

	return c;
}

/* One's complement sum: of a header with its checksum in place it is 0xffff */
static uint32_t sum(uint32_t acc, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		acc += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);

	return acc;
}

static void test_packet(void **state)
{
	uint8_t buf[SIPCOPY_PACKET];
	struct sip_copy c = copy(false);
	const size_t udp = 8 + sizeof(text) - 1;
	(void)state;

	assert_int_equal(sipcopy_packet(buf, &c, text), 20 + udp);
	assert_int_equal(buf[0], 0x45);
	assert_int_equal(sum(0, buf, 20), 0xffff);
	assert_memory_equal(buf + 12, c.src + 12, 4);
	assert_int_equal(buf[20] << 8 | buf[21], 5062);
	assert_int_equal(
		sum(17 + (uint32_t)udp + sum(0, buf + 12, 8), buf + 20, udp),
		0xffff);
	assert_memory_equal(buf + 28, text, sizeof(text) - 1);

	c = copy(true);
	assert_int_equal(sipcopy_packet(buf, &c, text), 40 + udp);
	assert_int_equal(buf[0], 0x60);
	assert_int_equal(buf[4] << 8 | buf[5], udp);
	assert_int_equal(
		sum(17 + (uint32_t)udp + sum(0, buf + 8, 32), buf + 40, udp),
		0xffff);

	c.len = SCAN_BUF + 1;
	assert_int_equal(sipcopy_packet(buf, &c, text), 0);
}

static char *printed(const struct sip_copy *c, bool brief)
{
	char *s = NULL;
	size_t size;
	FILE *f = open_memstream(&s, &size);

	assert_non_null(f);
	sipcopy_print(f, c, text, 1000, brief);
	assert_int_equal(fclose(f), 0);

	return s;
}

static void test_text(void **state)
{
	struct sip_copy c = copy(false);
	char *s = printed(&c, true);
	(void)state;

	assert_non_null(strstr(s, ".000001 192.0.2.20:5062 > 192.0.2.1:5060 > "
				  "192.0.2.31:5080  OPTIONS sip:a SIP/2.0\n"));
	assert_null(strstr(s, "X:"));
	free(s);

	/* what a peer sends does not get at the terminal */
	c.tport = 0;
	c.reason = CAROM_R_SIP_LOCAL;
	s = printed(&c, false);
	assert_non_null(strstr(s, "192.0.2.1:5060 sip_local\nOPTIONS"));
	assert_non_null(strstr(s, "X: ?[2J\n"));
	assert_null(strchr(s, '\033'));
	free(s);
}

static void test_json(void **state)
{
	struct sip_copy c = copy(false);
	struct odict *od = NULL;
	(void)state;

	assert_int_equal(sipcopy_json(&od, &c, text, 1500000000), 0);
	assert_string_equal(odict_string(od, "source"), "192.0.2.20:5062");
	assert_string_equal(odict_string(od, "sent_to"), "192.0.2.31:5080");
	assert_string_equal(odict_string(od, "reason"), "sip_forwarded");
	assert_string_equal(odict_string(od, "text"), text);
	mem_deref(od);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packet),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
