/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers of a wheel: each once, none early, none lost */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "base/timers.h"

enum { N = 5000 };

static struct {
	struct timers *w;
	struct one {
		struct timer t;
		uint64_t due;
		unsigned fired;
	} v[N];
	unsigned left;
	struct tmr guard;
} s;

static void give_up(void *arg)
{
	(void)arg;
	re_cancel();
}

static void fired(void *arg)
{
	struct one *o = arg;

	assert_false(timer_runs(&o->t));
	assert_true(tmr_jiffies() >= o->due);
	++o->fired;
	if (!--s.left)
		re_cancel();
}

static void start(struct one *o, unsigned ms)
{
	o->due = tmr_jiffies() + ms;
	timer_start(s.w, &o->t, ms, fired, o);
	assert_true(timer_runs(&o->t));
}

static void run(void)
{
	tmr_init(&s.guard);
	tmr_start(&s.guard, 30000, give_up, NULL);
	assert_int_equal(re_main(NULL), 0);
	tmr_cancel(&s.guard);
	assert_int_equal(s.left, 0);
}

static void many(void **state)
{
	(void)state;
	memset(&s, 0, sizeof(s));
	assert_int_equal(timers_alloc(&s.w), 0);
	for (unsigned i = 0; i < N; i++)
		start(&s.v[i], i % 7 ? i % 900 : 0);
	/* started anew, and stopped */
	for (unsigned i = 0; i < N; i += 10)
		start(&s.v[i], 700);
	s.left = N;
	for (unsigned i = 5; i < N; i += 10, s.left--)
		timer_stop(&s.v[i].t);
	timer_stop(&s.v[5].t);
	run();
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(s.v[i].fired, i % 10 != 5);
	mem_deref(s.w);
}

/* Longer than a turn of the wheel: it is passed by once */
static void a_turn_and_more(void **state)
{
	(void)state;
	memset(&s, 0, sizeof(s));
	assert_int_equal(timers_alloc(&s.w), 0);
	s.left = 1;
	start(&s.v[0], TIMERS_TICK * TIMERS_SLOTS + 100);
	run();
	mem_deref(s.w);
}

static void stops_others(void *arg)
{
	unsigned n = 0;
	(void)arg;

	for (unsigned i = 0; i < 100; i++) {
		n += timer_runs(&s.v[i].t);
		timer_stop(&s.v[i].t);
	}
	assert_int_equal(n, 99);
	start(&s.v[0], 10);
	s.left = 1;
}

/* All are due in the same tick: the first stops the others, and starts itself */
static void each_other(void **state)
{
	(void)state;
	memset(&s, 0, sizeof(s));
	assert_int_equal(timers_alloc(&s.w), 0);
	s.left = 1;
	for (unsigned i = 0; i < 100; i++)
		timer_start(s.w, &s.v[i].t, 1, stops_others, NULL);
	run();
	assert_int_equal(s.v[0].fired, 1);
	/* one that runs when its wheel goes */
	start(&s.v[1], 10);
	mem_deref(s.w);
	assert_false(timer_runs(&s.v[1].t));
	timer_stop(&s.v[1].t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many),
		cmocka_unit_test(a_turn_and_more),
		cmocka_unit_test(each_other),
	};
	int failed;

	if (libre_init())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	libre_close();
	return failed;
}
