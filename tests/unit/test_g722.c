/* SPDX-License-Identifier: BSD-2-Clause */
/* G.722 against spandsp's, bit by bit */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <re.h>
#include <spandsp.h>
#include <cmocka.h>
#include "audio/g722.h"

enum { SAMPLES = 64000, KINDS = 7 };

static int16_t in[SAMPLES], want[2 * SAMPLES], got[2 * SAMPLES];
static uint8_t wantb[SAMPLES], gotb[SAMPLES];

static int16_t any(void)
{
	return (int16_t)(rand() >> 8);
}

/* Speech-like, loud, silent, and what no one says */
static int16_t sample(int kind, int i)
{
	const double t = i / 16000.0;

	switch (kind) {
	case 0:
		return (int16_t)(12000 *
					 sin(2 * M_PI * 180 * t +
					     9 * sin(7 * t)) *
					 fabs(sin(5 * t)) +
				 0.01 * any());
	case 1:
		return any();
	case 2:
		return any() > 0 ? INT16_MAX : INT16_MIN;
	case 3:
		return i / 37 & 1 ? INT16_MAX : INT16_MIN;
	case 4:
		return i / 1600 % 3 ? any() / 8 : 0;
	case 5:
		return (int16_t)(INT16_MAX * sin(2 * M_PI * 3900 * t));
	default:
		return INT16_MIN;
	}
}

/* Blocks of all lengths, in ours; spandsp takes all at once */
static size_t block(size_t i, size_t n)
{
	const size_t k = 1 + i % 199;

	return k < n - i ? k : n - i;
}

static void decode_same(bool narrow, const uint8_t *p, size_t n)
{
	const size_t each = narrow ? 1 : 2;
	g722_decode_state_t *st = g722_decode_init(
		NULL, 64000, narrow ? G722_SAMPLE_RATE_8000 : 0);
	struct g722_dec *d;

	assert_int_equal(g722_decode(st, want, p, (int)n), n * each);
	assert_int_equal(g722_dec_alloc(&d, narrow), 0);
	for (size_t i = 0, k; i < n; i += k) {
		k = block(i, n);
		g722_dec_run(d, p + i, k, got + each * i);
	}
	/* where a sum is too loud spandsp's wraps round, a click; the
	 * recommendation has it limited */
	for (size_t i = 0; i < n * each; i++) {
		if (got[i] != want[i] &&
		    (narrow || (got[i] != INT16_MAX && got[i] != INT16_MIN)))
			fail_msg("sample %zu: %d, spandsp %d", i, got[i],
				 want[i]);
	}
	mem_deref(d);
	(void)g722_decode_free(st);
}

static void same(bool narrow)
{
	const size_t each = narrow ? 1 : 2, n = SAMPLES / each;

	srand(1);
	for (int kind = 0; kind < KINDS; kind++) {
		g722_encode_state_t *st = g722_encode_init(
			NULL, 64000, narrow ? G722_SAMPLE_RATE_8000 : 0);
		struct g722_enc *e;

		for (int i = 0; i < SAMPLES; i++)
			in[i] = sample(kind, i);
		assert_int_equal(g722_encode(st, wantb, in, SAMPLES), n);
		assert_int_equal(g722_enc_alloc(&e, narrow), 0);
		for (size_t i = 0, k; i < n; i += k) {
			k = block(i, n);
			g722_enc_run(e, in + each * i, k, gotb + i);
		}
		assert_memory_equal(gotb, wantb, n);
		decode_same(narrow, wantb, n);
		mem_deref(e);
		(void)g722_encode_free(st);
	}
	/* octets that no encoder wrote */
	for (size_t i = 0; i < n; i++)
		wantb[i] = (uint8_t)any();
	decode_same(narrow, wantb, n);
}

static void test_wide(void **state)
{
	(void)state;
	same(false);
}

static void test_narrow(void **state)
{
	(void)state;
	same(true);
}

/* Too loud a signal is clipped, not turned over */
static void test_limit(void **state)
{
	struct g722_enc *e;
	struct g722_dec *d;
	(void)state;

	for (size_t i = 0; i < 3200; i++)
		in[i] = i / 40 & 1 ? INT16_MAX : INT16_MIN;
	assert_int_equal(g722_enc_alloc(&e, false), 0);
	assert_int_equal(g722_dec_alloc(&d, false), 0);
	g722_enc_run(e, in, 1600, gotb);
	g722_dec_run(d, gotb, 1600, got);
	/* 22 samples of delay; the middle of each half wave has its sign */
	for (size_t i = 800; i + 40 < 3200; i += 40) {
		for (size_t k = 12; k < 28; k++)
			assert_true(i / 40 & 1 ? got[i + k + 22] > 10000
					       : got[i + k + 22] < -10000);
	}
	mem_deref(e);
	mem_deref(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
