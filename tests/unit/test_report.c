/* SPDX-License-Identifier: BSD-2-Clause */
/* Sender and receiver reports (RFC 3550 6.4): figures, octets, round trips */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "rtp/report.h"

#define MS 1000000ull
#define WALL (1700000000ull * 1000 * MS) /* s since 1970 */

static uint32_t word(const uint8_t *p, unsigned i)
{
	p += i * (size_t)4;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* Sequence numbers wrap; two are missing, one comes late, which is no loss */
static void counted(void **state)
{
	static const uint16_t seqv[] = {65530, 65531, 65533, 65534, 65532,
					65535, 0,     1,     3,     5};
	const struct report_out out = {.ssrc = 1};
	struct report_in in = {0};
	uint8_t p[REPORT_MAX];
	(void)state;

	for (unsigned i = 0; i < sizeof(seqv) / sizeof(*seqv); i++)
		report_packet(&in, 7, seqv[i], i * 160, 8000, i * 20 * MS);
	assert_int_equal(report_lost(&in), 2);
	assert_in_range(report_write(p, &out, &in, "c", 8000, 1, WALL), 40,
			REPORT_MAX);
	assert_int_equal(word(p, 0), 0x81c90007); /* RR, one block */
	assert_int_equal(word(p, 1), 1);
	assert_int_equal(word(p, 2), 7);
	assert_int_equal(word(p, 3), (2u * 256 / 12) << 24 | 2);
	assert_int_equal(word(p, 4), 65536 + 5);
	/* nothing more was lost: the next interval is clean */
	report_packet(&in, 7, 6, 1760, 8000, 220 * MS);
	(void)report_write(p, &out, &in, "c", 8000, 1, WALL);
	assert_int_equal(word(p, 3), 2);
	/* another source begins anew */
	report_packet(&in, 8, 100, 0, 8000, 0);
	assert_int_equal(report_lost(&in), 0);
	assert_int_equal(in.received, 1);
}

static void jitter(void **state)
{
	struct report_in in = {0};
	(void)state;

	/* every other packet 10 ms late: 80 units of 8 kHz from one to the next */
	for (unsigned i = 0; i < 200; i++)
		report_packet(&in, 7, (uint16_t)i, i * 160, 8000,
			      (i * 20 + (i & 1) * 10) * MS);
	assert_in_range(in.jitter >> 4, 78, 80);
	/* for days: the clock outgrows 32 bits, nothing is seen of it */
	in = (struct report_in){0};
	for (unsigned i = 0; i < 200; i++) {
		const uint64_t at = 86400ull * 30 + i;

		report_packet(&in, 7, (uint16_t)i, (uint32_t)(at * 48000),
			      48000, at * 1000 * MS);
	}
	assert_int_equal(in.jitter >> 4, 0);
}

/* Half of all times apart, as nobody speaks: a figure, and no more */
static void jumps(void **state)
{
	struct report_in in = {0};
	(void)state;

	report_packet(&in, 7, 1, 0, 8000, 0);
	report_packet(&in, 7, 2, 1u << 31, 8000, 0);
	assert_int_equal(in.jitter >> 4, 1u << 27);
}

static void written(void **state)
{
	const struct report_out out = {.ssrc = 0xcafe,
				       .packets = 5,
				       .octets = 800,
				       .ts = 1000,
				       .at = 50 * MS};
	struct report_in in = {0};
	uint8_t p[REPORT_MAX];
	size_t n;
	(void)state;

	n = report_write(p, &out, &in, "somebody", 8000, 150 * MS,
			 WALL + 500 * MS);
	assert_int_equal(word(p, 0), 0x80c80006); /* SR, no block */
	assert_int_equal(word(p, 1), 0xcafe);
	assert_int_equal(word(p, 2), 1700000000u + 2208988800u);
	assert_int_equal(word(p, 3), 0x80000000);
	assert_int_equal(word(p, 4), 1000 + 800);
	assert_int_equal(word(p, 5), 5);
	assert_int_equal(word(p, 6), 800);
	assert_int_equal(word(p, 7), 0x81ca0004); /* SDES, one source */
	assert_int_equal(word(p, 8), 0xcafe);
	assert_memory_equal(p + 36, "\x01\x08somebody\0\0", 12);
	assert_int_equal(n, 28 + 20);
}

/* Each says what it sends, and 60 ms are on the way */
static void round_trip(void **state)
{
	struct report_out a = {.ssrc = 1, .at = 1}, b = {.ssrc = 2, .at = 1};
	struct report_in at_a = {0}, at_b = {0};
	uint8_t p[REPORT_MAX];
	size_t n;
	(void)state;

	report_packet(&at_a, 2, 10, 0, 8000, 0);
	report_packet(&at_b, 1, 10, 0, 8000, 0);
	report_packet(&at_b, 1, 12, 320, 8000, 40 * MS);
	n = report_write(p, &a, &at_a, "a", 8000, 1000 * MS, WALL);
	report_read(&b, &at_b, p, n, 7000 * MS, WALL + 30 * MS);
	assert_int_equal(b.rtt_us, 0);
	n = report_write(p, &b, &at_b, "b", 8000, 7500 * MS, WALL + 530 * MS);
	report_read(&a, &at_a, p, n, 1560 * MS, WALL + 560 * MS);
	assert_true(a.heard);
	assert_in_range(a.rtt_us, 59900, 60100);
	assert_int_equal(a.lost, 256 / 3);

	/* about somebody else: none of ours */
	a = (struct report_out){.ssrc = 3};
	report_read(&a, &at_a, p, n, 1560 * MS, WALL + 560 * MS);
	assert_false(a.heard);
}

/* Whatever lengths it claims */
static void malformed(void **state)
{
	struct report_out a = {.ssrc = 1}, b = {.ssrc = 2, .at = 1};
	struct report_in in = {0}, none = {0};
	uint8_t p[REPORT_MAX];
	size_t n;
	(void)state;

	report_packet(&in, 1, 10, 0, 8000, 0);
	n = report_write(p, &b, &in, "b", 8000, 1, WALL);
	for (size_t k = 0; k < 52; k++) {
		uint8_t *cut = test_malloc(k + 1);

		memcpy(cut, p, k);
		report_read(&a, &none, cut, k, 1, WALL);
		assert_false(a.heard);
		test_free(cut);
	}
	p[0] |= 31; /* more blocks than there are */
	report_read(&a, &none, p, n, 1, WALL);
	assert_true(a.heard);
	a.heard = false;
	p[0] = 0x41;
	report_read(&a, &none, p, n, 1, WALL);
	assert_false(a.heard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counted),   cmocka_unit_test(jitter),
		cmocka_unit_test(written),   cmocka_unit_test(round_trip),
		cmocka_unit_test(malformed), cmocka_unit_test(jumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
