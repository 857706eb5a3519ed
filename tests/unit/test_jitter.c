/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets that are held back until they are due: smooth streams not at all, uneven ones
 * as much as it takes; over half an hour of clocks that differ */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <re.h>
#include "rtp/jitter.h"
#include "rtp/order.h"

#define MS 1000000ull

enum { PTIME = 20, CLOCK = 8000, STEP = CLOCK * PTIME / 1000 };

/** A packet on its way */
struct way {
	uint64_t at; /* ns: when it comes */
	uint16_t seq;
	uint32_t ts;
	uint32_t id;
};

struct bed {
	struct jitter j;
	struct order *o;
	uint64_t now;
	struct way *v;
	size_t n;

	/* what went on */
	uint64_t *outv; /* ns, by number of the packet */
	size_t outc;
	unsigned lost, dropped;
	uint16_t last;
};

static void out_handler(const uint8_t *p, size_t n, unsigned lost, void *arg)
{
	struct bed *b = arg;
	uint32_t i;

	assert_int_equal(n, sizeof(i));
	memcpy(&i, p, sizeof(i));
	b->outv[i] = b->now;
	++b->outc;
	b->lost += lost;
}

static int by_time(const void *a, const void *b)
{
	const struct way *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static void bed_open(struct bed *b, size_t n, unsigned max_ms)
{
	memset(b, 0, sizeof(*b));
	jitter_init(&b->j, max_ms);
	assert_int_equal(order_alloc(&b->o, 30 * MS, out_handler, b), 0);
	b->v = calloc(n, sizeof(*b->v));
	b->outv = calloc(n, sizeof(*b->outv));
	assert_non_null(b->v);
	assert_non_null(b->outv);
	b->n = n;
}

static void bed_close(struct bed *b)
{
	mem_deref(b->o);
	free(b->v);
	free(b->outv);
}

/* Packets every PTIME of a clock that runs `ppm` slow, each up to `jitter` ms late */
static void bed_fill(struct bed *b, double ppm, unsigned jitter)
{
	srandom(1);
	for (size_t i = 0; i < b->n; i++) {
		const double sent = (double)i * PTIME * (1 + ppm / 1e6);

		b->v[i].id = (uint32_t)i;
		b->v[i].seq = (uint16_t)(65000 + i);
		b->v[i].ts = (uint32_t)(4294000000u + i * STEP);
		b->v[i].at = (uint64_t)((1000 + sent) * MS);
		if (jitter)
			b->v[i].at += (uint64_t)random() % (jitter * MS);
	}
}

/* Asked when something comes, and when it wants to be */
static void bed_run(struct bed *b)
{
	uint64_t wait = 0, asked = 0;

	qsort(b->v, b->n, sizeof(*b->v), by_time);
	for (size_t i = 0; i < b->n;) {
		const struct way *w = &b->v[i];

		if (wait && asked + wait <= w->at) {
			b->now = asked + wait;
		} else {
			b->now = w->at;
			++i;
			if (!order_put(b->o, w->seq, (const uint8_t *)&w->id,
				       sizeof(w->id), b->now,
				       jitter_due(&b->j, w->ts, CLOCK, b->now)))
				++b->dropped;
		}
		asked = b->now;
		wait = order_tick(b->o, b->now);
	}
	while (wait) {
		b->now = asked + wait;
		asked = b->now;
		wait = order_tick(b->o, b->now);
	}
}

/* The largest difference between two packets' steps on the way out, from `from` on, ms */
static double unevenness(const struct bed *b, size_t from)
{
	double worst = 0;

	for (size_t i = from + 1; i < b->n; i++) {
		const double step =
			((double)b->outv[i] - (double)b->outv[i - 1]) / MS;
		const double off = step > PTIME ? step - PTIME : PTIME - step;

		if (off > worst)
			worst = off;
	}

	return worst;
}

static double delay(const struct bed *b, size_t from)
{
	double sum = 0;

	for (size_t i = from; i < b->n; i++)
		sum += (double)b->outv[i] / MS - 1000 - (double)i * PTIME;

	return sum / (double)(b->n - from);
}

/* Nothing is held: not a microsecond */
static void smooth(void **state)
{
	struct bed b;
	(void)state;

	bed_open(&b, 500, 100);
	bed_fill(&b, 0, 0);
	bed_run(&b);
	assert_int_equal(b.outc, 500);
	for (size_t i = 0; i < b.n; i++)
		assert_int_equal(b.outv[i], b.v[i].at);
	assert_int_equal(b.j.late, 0);
	/* some milliseconds of jitter are no reason to wait */
	bed_close(&b);
	bed_open(&b, 500, 100);
	bed_fill(&b, 0, 3);
	bed_run(&b);
	for (size_t i = 0; i < b.n; i++)
		assert_int_equal(b.outv[i], b.v[i].at);
	bed_close(&b);
}

/* One that is late is no reason for those behind it to wait */
static void one_late(void **state)
{
	struct bed b;
	(void)state;

	bed_open(&b, 300, 100);
	bed_fill(&b, 0, 0);
	b.v[3].at += 35 * MS;
	b.v[150].at += 35 * MS;
	bed_run(&b);
	assert_int_equal(b.outc, 300);
	for (size_t i = 10; i < b.n; i++) {
		if (i < 150 || i > 155)
			assert_int_equal(b.outv[i], (1000 + i * PTIME) * MS);
	}
	bed_close(&b);
}

/* Jitter of up to 60 ms, out of order too: evenly out, nothing lost, no more held than it
 * takes */
static void uneven(void **state)
{
	static const unsigned jitterv[] = {15, 30, 60};
	(void)state;

	for (size_t k = 0; k < ARRAY_SIZE(jitterv); k++) {
		unsigned uneven_ones = 0;
		struct bed b;

		bed_open(&b, 3000, 100);
		bed_fill(&b, 0, jitterv[k]);
		bed_run(&b);
		assert_in_range(b.outc, 2995, 3000);
		assert_in_range(b.dropped, 0, 5);
		for (size_t i = 1001; i < b.n; i++) {
			const int64_t step = (int64_t)(b.outv[i] -
						       b.outv[i - 1]) -
					     (int64_t)(PTIME * MS);

			uneven_ones += step > (int64_t)MS ||
				       -step > (int64_t)MS;
		}
		/* 3 in 100 may come after they were due; each is two uneven steps */
		assert_in_range(uneven_ones, 0, 2000 * 8 / 100);
		assert_in_range((int)delay(&b, 1000), jitterv[k] - 4,
				jitterv[k] + 8);
		assert_in_range(b.j.target / MS, jitterv[k] - 4,
				jitterv[k] + 8);
		bed_close(&b);
	}
}

/* What is over passes: the target comes down again */
static void calms_down(void **state)
{
	struct bed b;
	(void)state;

	bed_open(&b, 4000, 100);
	bed_fill(&b, 0, 0);
	srandom(2);
	for (size_t i = 500; i < 1000; i++)
		b.v[i].at += (uint64_t)random() % (50 * MS);
	bed_run(&b);
	assert_int_equal(b.outc, 4000);
	assert_int_equal(b.j.target, 0);
	for (size_t i = 3500; i < b.n; i++)
		assert_int_equal(b.outv[i], b.v[i].at);
	bed_close(&b);
}

/* No more than was allowed */
static void bounded(void **state)
{
	struct bed b;
	(void)state;

	bed_open(&b, 2000, 40);
	bed_fill(&b, 0, 150);
	bed_run(&b);
	assert_int_equal(b.j.target / MS, 40);
	assert_true(b.j.late > 500);
	bed_close(&b);

	bed_open(&b, 500, 0);
	bed_fill(&b, 0, 10);
	bed_run(&b);
	for (size_t i = 0; i < b.n; i++)
		assert_int_equal(b.outv[i], b.v[i].at);
	bed_close(&b);
}

/* Half an hour with clocks 100 ppm apart, both ways, even and uneven: 180 ms by its end.
 * Nothing grows, nothing is lost, and the drift is known */
static void drift(void **state)
{
	static const double ppmv[] = {-100, 100};
	(void)state;

	for (size_t k = 0; k < 4; k++) {
		const double ppm = ppmv[k % 2];
		const unsigned jitter = k < 2 ? 0 : 30;
		struct bed b;
		size_t late = 0;

		bed_open(&b, 30 * 60 * 1000 / PTIME, 100);
		bed_fill(&b, ppm, jitter);
		bed_run(&b);
		assert_in_range(b.outc, b.n - b.n / 1000, b.n);
		for (size_t i = 0; i < b.n; i++) {
			/* how long after it was sent, by the sender's clock */
			const double sent = 1000 +
					    (double)i * PTIME * (1 + ppm / 1e6);
			const double held = (double)b.outv[i] / MS - sent;

			if (!b.outv[i])
				continue;
			late += held > jitter + 10 || held < -0.001;
		}
		assert_in_range(late, 0, b.n / 1000);
		assert_in_range(b.j.drift_ppb + 200000,
				(int)(ppm * 1000) + 200000 - 3000,
				(int)(ppm * 1000) + 200000 + 3000);
		if (!jitter)
			assert_true(unevenness(&b, 100) < 1);
		bed_close(&b);
	}
}

/* A sender whose timestamps stand still through a pause; and one that jumps */
static void steps(void **state)
{
	struct bed b;
	(void)state;

	bed_open(&b, 2000, 100);
	bed_fill(&b, 0, 0);
	for (size_t i = 500; i < 2000; i++)
		b.v[i].at += 3000 * MS;
	for (size_t i = 1000; i < 2000; i++)
		b.v[i].ts += 2 * CLOCK;
	bed_run(&b);
	assert_int_equal(b.outc, 2000);
	for (size_t i = 0; i < b.n; i++)
		assert_in_range(b.outv[i] - b.v[i].at, 0, 100 * MS);
	for (size_t i = 700; i < 1000; i++)
		assert_int_equal(b.outv[i], b.v[i].at);
	for (size_t i = 1600; i < 2000; i++)
		assert_int_equal(b.outv[i], b.v[i].at);
	bed_close(&b);
}

/* Lost ones are given up in time; copies are not sent on */
static void lost_and_twice(void **state)
{
	struct bed b;
	size_t n = 0;
	(void)state;

	bed_open(&b, 2000, 100);
	bed_fill(&b, 0, 30);
	for (size_t i = 0; i < 2000; i++) {
		if (i % 50 == 25)
			continue;
		b.v[n] = b.v[i];
		/* every tenth comes a second time in place of the one behind it */
		if (i % 50 == 40)
			b.v[i + 1] = b.v[i], b.v[i + 1].at += 5 * MS;
		++n;
	}
	b.n = n;
	bed_run(&b);
	assert_in_range(b.lost, 75, 82);
	assert_in_range(b.outc, 1915, 1920);
	bed_close(&b);
}

/* Times that are half of all apart have no distance that could be told */
static void opposite(void **state)
{
	struct jitter j;
	uint64_t now = 1000 * MS;
	(void)state;

	jitter_init(&j, 100);
	(void)jitter_due(&j, 0, CLOCK, now);
	assert_int_equal(jitter_due(&j, 1u << 31, CLOCK, now + 20 * MS),
			 now + 20 * MS);
	assert_int_equal(jitter_due(&j, 0, CLOCK, now + 40 * MS),
			 now + 40 * MS);
}

/* A call of three days at 48 kHz: the packet after all of them is due when it comes */
static void days(void **state)
{
	const uint32_t clock = 48000;
	uint64_t now = 1000 * MS;
	struct jitter j;
	(void)state;

	jitter_init(&j, 100);
	for (uint32_t s = 0; s < 3 * 24 * 3600; s++, now += 1000 * MS)
		assert_int_equal(jitter_due(&j, s * clock, clock, now), now);
	assert_int_equal(j.drift_ppb, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_late), cmocka_unit_test(smooth),
		cmocka_unit_test(uneven),   cmocka_unit_test(calms_down),
		cmocka_unit_test(bounded),  cmocka_unit_test(drift),
		cmocka_unit_test(steps),    cmocka_unit_test(lost_and_twice),
		cmocka_unit_test(opposite), cmocka_unit_test(days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
