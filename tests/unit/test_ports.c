/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_ports.c  Port pairs: never one twice, and a rest before the next
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <cmocka.h>
#include <re.h>
#include "media/ports.h"

static struct ports *make(uint16_t min, uint16_t max, uint32_t rest)
{
	struct ports *p = NULL;

	assert_int_equal(ports_alloc(&p, min, max, rest), 0);

	return p;
}

static void ranges(void **state)
{
	struct ports *p = NULL;
	uint32_t total;

	(void)state;
	assert_int_equal(ports_alloc(&p, 10000, 10000, 0), EINVAL);
	assert_int_equal(ports_alloc(&p, 10001, 10002, 0), EINVAL);
	assert_int_equal(ports_alloc(&p, 0, 100, 0), EINVAL);
	assert_int_equal(ports_alloc(&p, 200, 100, 0), EINVAL);
	assert_null(p);

	p = make(10001, 10004, 0);
	ports_count(p, &total, NULL, NULL);
	assert_int_equal(total, 1);
	assert_int_equal(ports_min(p), 10002);
	mem_deref(p);

	p = make(65534, 65535, 0);
	ports_count(p, &total, NULL, NULL);
	assert_int_equal(total, 1);
	mem_deref(p);
}

/* Sizes round the words of the bitmap; from any start, each pair once */
static void each_once(void **state)
{
	static const unsigned pairv[] = {1, 2, 63, 64, 65, 127, 128, 129, 500};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairv); i++) {
		for (unsigned round = 0; round < 20; round++) {
			unsigned n = pairv[i];
			bool seen[512] = {false};
			struct ports *p = make(20000, 20000 + n * 2 - 1, 0);
			uint16_t port;

			for (unsigned k = 0; k < n; k++) {
				assert_int_equal(ports_take(p, &port, 0), 0);
				assert_int_equal(port % 2, 0);
				assert_in_range(port, 20000, 20000 + n * 2 - 2);
				assert_false(seen[(port - 20000) / 2]);
				seen[(port - 20000) / 2] = true;
			}
			assert_int_equal(ports_take(p, &port, 0), ENOSPC);
			mem_deref(p);
		}
	}
}

static void rest(void **state)
{
	struct ports *p = make(20000, 20007, 1000);
	uint16_t first, port, again;
	uint32_t used, resting;

	(void)state;
	assert_int_equal(ports_take(p, &first, 0), 0);
	ports_give(p, first, 100);
	ports_give(p, first, 100);
	ports_count(p, NULL, &used, &resting);
	assert_int_equal(used, 0);
	assert_true(ports_busy(p, first) && ports_busy(p, first + 1));

	/* the other three come first */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ports_take(p, &port, 500), 0);
		assert_int_not_equal(port, first);
	}
	/* a call is worth more than the rest of a quarantine */
	assert_int_equal(ports_take(p, &again, 500), 0);
	assert_int_equal(again, first);
	assert_int_equal(ports_take(p, &again, 500), ENOSPC);

	/* of two at rest, the one that rested longer */
	ports_give(p, port, 600);
	ports_give(p, first, 700);
	assert_int_equal(ports_take(p, &again, 800), 0);
	assert_int_equal(again, port);
	/* and after its time it is like any other */
	assert_int_equal(ports_take(p, &again, 1700), 0);
	assert_int_equal(again, first);
	mem_deref(p);
}

static void marks(void **state)
{
	struct ports *p = make(20000, 20005, 0);
	uint16_t a, b;

	(void)state;
	assert_int_equal(ports_mark(p, 20002), 0);
	assert_int_equal(ports_mark(p, 20002), EADDRINUSE);
	assert_int_equal(ports_mark(p, 20003), ERANGE);
	assert_int_equal(ports_mark(p, 19998), ERANGE);
	assert_int_equal(ports_mark(p, 20006), ERANGE);
	assert_int_equal(ports_take(p, &a, 0), 0);
	assert_int_equal(ports_take(p, &b, 0), 0);
	assert_int_equal(a + b, 20000 + 20004);
	assert_int_equal(ports_take(p, &a, 0), ENOSPC);
	assert_false(ports_busy(p, 20006));
	mem_deref(p);
}

/* Against a plain list of what is taken */
static void churn(void **state)
{
	struct ports *p = make(20000, 20399, 50);
	uint64_t freed[200];
	bool taken[200] = {false};
	unsigned n = 0;
	uint64_t now = 100;

	(void)state;
	memset(freed, 0, sizeof(freed));

	for (unsigned i = 0; i < 20000; i++, now += rand_u32() % 3) {
		unsigned k = rand_u32() % 200;
		uint16_t port;

		if (rand_u32() % 2 && n < 100) {
			assert_int_equal(ports_take(p, &port, now), 0);
			k = (port - 20000u) / 2;
			assert_false(taken[k]);
			/* fewer than half are in use, so none is forced */
			assert_true(!freed[k] || now >= freed[k] + 50);
			taken[k] = true;
			++n;
		} else if (taken[k]) {
			ports_give(p, (uint16_t)(20000 + k * 2), now);
			taken[k] = false;
			freed[k] = now;
			--n;
		}
	}
	mem_deref(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges), cmocka_unit_test(each_once),
		cmocka_unit_test(rest),   cmocka_unit_test(marks),
		cmocka_unit_test(churn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
