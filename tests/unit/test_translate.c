/* SPDX-License-Identifier: BSD-2-Clause */
/* RTCP of streams whose SSRC and numbers change on the way, byte for byte */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "rtp/translate.h"

/* A is a1 and known to B as b1; B is b2 and known to A as a2 */
#define A1 0x00, 0x00, 0x0a, 0x01
#define B1 0x00, 0x00, 0x0b, 0x01
#define B2 0x00, 0x00, 0x0b, 0x02
#define A2 0x00, 0x00, 0x0a, 0x02
#define ALIEN 0x12, 0x34, 0x56, 0x78

static const struct rtcp_map said = {.on = true,
				     .ssrc_in = 0xa01,
				     .ssrc_out = 0xb01,
				     .seq_off = 100,
				     .ts_off = 0x1000};
static const struct rtcp_map heard = {.on = true,
				      .ssrc_in = 0xb02,
				      .ssrc_out = 0xa02,
				      .seq_off = 0xfff0, /* 16 back */
				      .ts_off = 7};

static void becomes(const uint8_t *in, const uint8_t *out, size_t n)
{
	static const struct rtcp_map off;
	uint8_t p[256];

	memcpy(p, in, n);
	rtcp_translate(p, n, &said, &heard);
	assert_memory_equal(p, out, n);
	memcpy(p, in, n);
	rtcp_translate(p, n, &off, &off);
	assert_memory_equal(p, in, n);
}

#define BECOMES(a, b)                                                          \
	do {                                                                   \
		assert_int_equal(sizeof(a), sizeof(b));                        \
		becomes(a, b, sizeof(a));                                      \
	} while (0)

/* A sender's report with blocks about B and about a stranger, and SDES behind it */
static void reports(void **state)
{
	static const uint8_t in[] = {0x82, 200,   0,    18,   A1,  1,   2,
				     3,    4,     5,    6,    7,   8, /* NTP */
				     0,    0,     0xff, 0xff,         /* RTP */
				     0,    0,     0,    9,    0,   0,   1,
				     0,    A2,    3,    0,    0,   1,   0,
				     1,    0x00,  0x05, 0,    0,   0,   8,
				     9,    9,     9,    9,    8,   8,   8,
				     8,    ALIEN, 3,    0,    0,   1,   0,
				     1,    0,     5,    0,    0,   0,   8,
				     9,    9,     9,    9,    8,   8,   8,
				     8,    0x81,  202,  0,    4,   A1,  1,
				     5,    'c',   'n',  'a',  'm', 'e', 0,
				     0,    0,     0,    0};
	static const uint8_t out[] = {
		0x82, 200,  0,     18, B1,   1,    2, 3, 4,   5,   6,
		7,    8,    0,     1,  0x0f, 0xff, 0, 0, 0,   9,   0,
		0,    1,    0,     B2, 3,    0,    0, 1, 0,   1,   0x00,
		0x15, 0,    0,     0,  8,    9,    9, 9, 9,   8,   8,
		8,    8,    ALIEN, 3,  0,    0,    1, 0, 1,   0,   5,
		0,    0,    0,     8,  9,    9,    9, 9, 8,   8,   8,
		8,    0x81, 202,   0,  4,    B1,   1, 5, 'c', 'n', 'a',
		'm',  'e',  0,     0,  0,    0,    0};
	static const uint8_t rr[] = {0x81, 201, 0, 7,    A1,   A2, 3, 0, 0,
				     1,    0,   1, 0xff, 0xf5, 0,  0, 0, 8,
				     9,    9,   9, 9,    8,    8,  8, 8, 0x82,
				     203,  0,   2, A1,   ALIEN};
	static const uint8_t rr_out[] = {
		0x81, 201,  0,    7, B1,   B2,  3, 0, 0,  1,    0,
		2,    0x00, 0x05, 0, 0,    0,   8, 9, 9,  9,    9,
		8,    8,    8,    8, 0x82, 203, 0, 2, B1, ALIEN};
	(void)state;

	BECOMES(in, out);
	BECOMES(rr, rr_out);
}

/* NACK, PLI, FIR, REMB, transport-wide congestion control, XR */
static void feedback(void **state)
{
	static const uint8_t in[] = {
		0x81, 205,  0,    4,   A1,    A2,  0x00, 0x08,  0xaa, 0xbb,
		0x10, 0x00, 0,    1,   0x81,  206, 0,    2,     A1,   A2,
		0x84, 206,  0,    6,   A1,    0,   0,    0,     0,    A2,
		7,    0,    0,    0,   ALIEN, 8,   0,    0,     0,    0x8f,
		206,  0,    6,    A1,  0,     0,   0,    0,     'R',  'E',
		'M',  'B',  2,    1,   2,     3,   A2,   ALIEN, 0x8f, 205,
		0,    4,    A1,   A2,  1,     2,   3,    4,     5,    6,
		7,    8,    0x80, 207, 0,     1,   A1};
	static const uint8_t out[] = {
		0x81, 205,  0,    4,   B1,    B2,  0x00, 0x18,  0xaa, 0xbb,
		0x10, 0x10, 0,    1,   0x81,  206, 0,    2,     B1,   B2,
		0x84, 206,  0,    6,   B1,    0,   0,    0,     0,    B2,
		7,    0,    0,    0,   ALIEN, 8,   0,    0,     0,    0x8f,
		206,  0,    6,    B1,  0,     0,   0,    0,     'R',  'E',
		'M',  'B',  2,    1,   2,     3,   B2,   ALIEN, 0x8f, 205,
		0,    4,    B1,   B2,  1,     2,   3,    4,     5,    6,
		7,    8,    0x80, 207, 0,     1,   B1};
	(void)state;

	BECOMES(in, out);
}

/* Lengths that lie: what is whole before it is changed, nothing behind its end is */
static void malformed(void **state)
{
	static const uint8_t cut[] = {0x80, 201, 0,  1,  A1, 0x9f,
				      200,  0,   99, A1, A2};
	static const uint8_t cut_out[] = {0x80, 201, 0,  1,  B1, 0x9f,
					  200,  0,   99, A1, A2};
	static const uint8_t many[] = {0x9f, 201, 0, 1, A1};
	static const uint8_t many_out[] = {0x9f, 201, 0, 1, B1};
	static const uint8_t chunks[] = {0x9f, 202, 0, 2, A1, 1, 200, 0, 0};
	static const uint8_t chunks_out[] = {0x9f, 202, 0, 2, B1, 1, 200, 0, 0};
	static const uint8_t tiny[] = {0x81, 206, 0, 0, 0x80, 205, 0, 1, A1};
	uint8_t p[64];
	(void)state;

	BECOMES(cut, cut_out);
	BECOMES(many, many_out);
	BECOMES(chunks, chunks_out);
	BECOMES(tiny, tiny);
	for (unsigned type = 200; type < 208; type++) {
		for (unsigned count = 0; count < 32; count++) {
			for (size_t n = 0; n <= 32; n++) {
				/* with a sanitizer: not a byte behind its end */
				memset(p, 0xff, sizeof(p));
				p[0] = (uint8_t)(0x80 | count);
				p[1] = (uint8_t)type;
				p[2] = 0;
				p[3] = (uint8_t)(n / 4);
				rtcp_translate(p, n, &said, &heard);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports),
		cmocka_unit_test(feedback),
		cmocka_unit_test(malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
