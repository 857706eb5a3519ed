/* SPDX-License-Identifier: BSD-2-Clause */
/* Tones: as high and as loud as asked, without a click */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <re.h>
#include <cmocka.h>
#include "audio/tone.h"
#include "goertzel.h"

enum { RATE = 16000 };

static int16_t pcm[4 * RATE];

/* In pieces of odd lengths: what counts is that it is one sound */
static void render(struct tone *t, int16_t *p, size_t n)
{
	for (size_t i = 0, k; i < n; i += k) {
		k = n - i < 37 ? n - i : 37;
		tone_render(t, p + i, k);
	}
}

static void test_mix(void **state)
{
	struct tone *t;
	(void)state;

	assert_int_equal(tone_alloc(&t, RATE), 0);
	render(t, pcm, RATE);
	for (size_t i = 0; i < RATE; i++)
		assert_int_equal(pcm[i], 0);
	assert_int_equal(tone_set(t, 0, 440, 8000), 0);
	assert_int_equal(tone_set(t, 3, 350, 4000), 0);
	render(t, pcm, RATE);
	render(t, pcm, RATE);
	assert_true(fabs(goertzel(pcm, RATE, 440, RATE) - 8000) < 20);
	assert_true(fabs(goertzel(pcm, RATE, 350, RATE) - 4000) < 20);
	assert_true(goertzel(pcm, RATE, 1000, RATE) < 2);
	mem_deref(t);
}

/* On, higher, softer, off: no sample is further from the last than the steepest sine */
static void test_clicks(void **state)
{
	const double most = 2 * M_PI * 1500 / RATE * 10000 + 10000 * 0.05 + 2;
	struct tone *t;
	(void)state;

	assert_int_equal(tone_alloc(&t, RATE), 0);
	assert_int_equal(tone_set(t, 0, 800, 10000), 0);
	render(t, pcm, 1003);
	assert_int_equal(tone_set(t, 0, 1500, 10000), 0);
	render(t, pcm + 1003, 1001);
	assert_int_equal(tone_set(t, 0, 1500, 0), 0);
	render(t, pcm + 2004, 996);
	for (size_t i = 1; i < 3000; i++)
		assert_true(abs(pcm[i] - pcm[i - 1]) <= most);
	assert_true(abs(pcm[0]) <= most);
	for (size_t i = 2800; i < 3000; i++)
		assert_int_equal(pcm[i], 0);
	mem_deref(t);
}

static void test_bad(void **state)
{
	struct tone *t;
	(void)state;

	assert_int_equal(tone_alloc(&t, 4000), EINVAL);
	assert_int_equal(tone_alloc(&t, RATE), 0);
	assert_int_equal(tone_set(t, TONE_SINES, 440, 1), EINVAL);
	assert_int_equal(tone_set(t, 0, 0.5 * RATE, 1), EINVAL);
	assert_int_equal(tone_set(t, 0, 0, 1), EINVAL);
	assert_int_equal(tone_set(t, 0, NAN, 1), EINVAL);
	assert_int_equal(tone_set(t, 0, 440, 40000), EINVAL);
	/* two of full scale are limited, and do not turn over */
	assert_int_equal(tone_set(t, 0, 200, 32767), 0);
	assert_int_equal(tone_set(t, 1, 200, 32767), 0);
	render(t, pcm, RATE);
	for (size_t i = RATE / 2; i < RATE; i++)
		assert_true(abs(pcm[i] - pcm[i - 1]) < 6000);
	mem_deref(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mix),
		cmocka_unit_test(test_clicks),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
