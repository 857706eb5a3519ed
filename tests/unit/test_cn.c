/* SPDX-License-Identifier: BSD-2-Clause */
/* Levels (RFC 6464) and comfort noise (RFC 3389) */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include <cmocka.h>
#include "audio/cn.h"
#include "audio/level.h"
#include "goertzel.h"

enum { RATE = 8000, N = 2 * RATE };

static int16_t pcm[N], out[N];

static void test_level(void **state)
{
	(void)state;

	memset(pcm, 0, sizeof(pcm));
	assert_int_equal(level_dbov(pcm, N), 127);
	assert_int_equal(level_dbov(pcm, 0), 127);
	for (size_t i = 0; i < N; i++)
		pcm[i] = i & 1 ? INT16_MAX : INT16_MIN;
	assert_int_equal(level_dbov(pcm, N), 0);
	/* RFC 6464 3: a sine of full scale is 3 dB below that */
	for (size_t i = 0; i < N; i++)
		pcm[i] = (int16_t)(32767 * sin(2 * M_PI * 1000 * i / RATE));
	assert_int_equal(level_dbov(pcm, N), 3);
	for (size_t i = 0; i < N; i++)
		pcm[i] = (int16_t)(pcm[i] / 10);
	assert_int_equal(level_dbov(pcm, N), 23);
	memset(pcm, 0, sizeof(pcm));
	pcm[7] = 1; /* next to nothing, but no silence */
	assert_int_equal(level_dbov(pcm, N), 126);
	assert_true(fabs(level_rms(20) - 3276.8) < 0.01);
	assert_true(level_rms(127) == 0);
}

/* Power between two frequencies, dB */
static double band(const int16_t *p, int from, int to)
{
	double sum = 0;

	for (int f = from; f < to; f += 4) {
		const double a = goertzel(p, N, f, RATE);

		sum += a * a;
	}

	return 10 * log10(sum);
}

static struct cn *rendered(const uint8_t *p, size_t len)
{
	struct cn *c;

	assert_int_equal(cn_alloc(&c), 0);
	assert_int_equal(cn_take(c, p, len), 0);
	cn_render(c, out, RATE); /* it has come by then */
	cn_render(c, out, N);

	return c;
}

/* A level alone is white noise of that level */
static void test_white(void **state)
{
	static const uint8_t levelv[] = {10, 30, 50, 70};
	(void)state;

	for (size_t i = 0; i < sizeof(levelv); i++) {
		struct cn *c = rendered(&levelv[i], 1);

		assert_in_range(level_dbov(out, N), levelv[i] - 1,
				levelv[i] + 1);
		if (levelv[i] < 60)
			assert_true(fabs(band(out, 500, 1500) -
					 band(out, 2500, 3500)) < 1.5);
		mem_deref(c);
	}
}

static void test_silence(void **state)
{
	struct cn *c = rendered((uint8_t[]){40}, 1);
	(void)state;

	/* and a first bit that is set has no meaning (3.1) */
	assert_int_equal(cn_take(c, (uint8_t[]){0x80 | 127}, 1), 0);
	cn_render(c, out, RATE);
	cn_render(c, out, N);
	assert_int_equal(level_dbov(out, N), 127);
	assert_int_equal(cn_take(c, NULL, 0), EBADMSG);
	mem_deref(c);
}

/* No packet is a click: from loud to soft the level falls over some ms */
static void test_change(void **state)
{
	struct cn *c = rendered((uint8_t[]){20}, 1);
	(void)state;

	assert_int_equal(cn_take(c, (uint8_t[]){60}, 1), 0);
	cn_render(c, out, RATE / 10);
	assert_in_range(level_dbov(out, 16), 15, 26);
	assert_in_range(level_dbov(out + 640, 160), 57, 63);
	mem_deref(c);
}

/* Noise described, and made again: its level and spectrum are the same */
static void test_spectrum(void **state)
{
	static const double poles[] = {0.9, -0.9, 0.5};
	uint8_t p[CN_BYTES_MAX];
	(void)state;

	srand(1);
	for (size_t k = 0; k < ARRAY_SIZE(poles); k++) {
		double s = 0;
		struct cn *c;
		size_t len;

		for (size_t i = 0; i < N; i++) {
			s = poles[k] * s + rand() % 401 - 200;
			pcm[i] = (int16_t)s;
		}
		len = cn_describe(pcm, N, p);
		assert_int_equal(len, CN_BYTES_MAX);
		c = rendered(p, len);
		assert_in_range(level_dbov(out, N), level_dbov(pcm, N) - 1,
				level_dbov(pcm, N) + 1);
		for (int f = 0; f < 4000; f += 500) {
			if (fabs(band(out, f + 10, f + 500) -
				 band(pcm, f + 10, f + 500)) > 2)
				fail_msg("pole %.1f: %.1f dB and not %.1f at "
					 "%d Hz",
					 poles[k], band(out, f + 10, f + 500),
					 band(pcm, f + 10, f + 500), f);
		}
		mem_deref(c);
	}
	memset(pcm, 0, sizeof(pcm));
	assert_int_equal(cn_describe(pcm, N, p), 1);
	assert_int_equal(p[0], 127);
}

/* The bytes of RFC 3389 3.2: 127 is zero, steps of 258/32768 to either side; noise that
 * is all low has a first coefficient near -1 */
static void test_bytes(void **state)
{
	uint8_t p[CN_BYTES_MAX];
	(void)state;

	srand(2);
	for (size_t i = 0; i < N; i++)
		pcm[i] = (int16_t)(rand() % 2001 - 1000);
	(void)cn_describe(pcm, N, p);
	for (int i = 1; i < CN_BYTES_MAX; i++)
		assert_in_range(p[i], 125, 129);
	for (size_t i = 0; i < N; i++)
		pcm[i] = (int16_t)(1000 + rand() % 100);
	(void)cn_describe(pcm, N, p);
	assert_in_range(p[1], 0, 2);
}

/* Whatever a packet says, nothing grows without end */
static void test_garbage(void **state)
{
	uint8_t p[40];
	struct cn *c;
	(void)state;

	srand(3);
	assert_int_equal(cn_alloc(&c), 0);
	for (int i = 0; i < 2000; i++) {
		const size_t len = 1 + (size_t)rand() % sizeof(p);

		for (size_t k = 0; k < len; k++)
			p[k] = rand() & 1 ? (uint8_t)rand() : 255 * (i & 1);
		p[0] = 60;
		assert_int_equal(cn_take(c, p, len), 0);
		cn_render(c, out, 160);
	}
	assert_int_equal(cn_take(c, (uint8_t[]){60}, 1), 0);
	cn_render(c, out, RATE);
	assert_in_range(level_dbov(out + RATE / 2, RATE / 2), 58, 62);
	mem_deref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_level),    cmocka_unit_test(test_white),
		cmocka_unit_test(test_silence),  cmocka_unit_test(test_change),
		cmocka_unit_test(test_spectrum), cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
