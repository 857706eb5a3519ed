/* SPDX-License-Identifier: BSD-2-Clause */
/* The log of events: numbers, what is kept, who reads and how far back */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <re.h>

#include "base/log.h"
#include "event/event.h"
#include "store/store.h"

struct fix {
	struct store *st;
	struct events *ev;
};

static int setup(void **state)
{
	struct fix *f = test_calloc(1, sizeof(*f));

	*state = f;
	log_init(LOG_ERROR);
	return libre_init() || store_open(&f->st, ":memory:", false);
}

static int teardown(void **state)
{
	struct fix *f = *state;

	mem_deref(f->ev);
	mem_deref(f->st);
	test_free(f);
	libre_close();
	return 0;
}

static void start(struct fix *f, uint32_t keep)
{
	assert_int_equal(events_alloc(&f->ev, f->st, "n1", keep, 3600), 0);
}

static void emit(struct fix *f, const char *type, int64_t n)
{
	struct odict *o = NULL;

	assert_int_equal(odict_alloc(&o, 4), 0);
	assert_int_equal(odict_entry_add(o, "n", ODICT_INT, n), 0);
	assert_int_equal(event_emit(f->ev, type, o), 0);
	mem_deref(o);
}

static void emit_many(struct fix *f, int64_t from, int64_t to)
{
	for (int64_t n = from; n <= to; n++)
		emit(f, "a.b", n);
	assert_int_equal(events_flush(f->ev), 0);
}

static uint64_t data(const struct event *e, const char *key)
{
	struct odict *o = NULL;
	const struct odict_entry *d;
	uint64_t n = 0, seq = 0;

	assert_int_equal(json_decode_odict(&o, 8, e->text.p, e->text.l, 4), 0);
	assert_true(odict_get_number(o, &seq, "seq"));
	assert_int_equal(seq, e->seq);
	assert_string_equal(odict_string(o, "node"), "n1");
	d = odict_lookup(o, "data");
	assert_non_null(d);
	if (key)
		assert_true(odict_get_number(d->u.odict, &n, key));
	mem_deref(o);
	return n;
}

/* Events from..to, whose n is their number, and then none */
static void expect(struct event_sub *s, uint64_t from, uint64_t to)
{
	struct event e;

	for (uint64_t n = from; n <= to; n++) {
		assert_int_equal(event_next(s, &e), 0);
		assert_int_equal(e.seq, n);
		assert_int_equal(data(&e, "n"), n);
	}
	assert_int_equal(event_next(s, &e), EAGAIN);
}

static void test_order(void **state)
{
	struct fix *f = *state;
	struct event_sub *s = NULL;
	struct event e;

	start(f, 1000);
	assert_int_equal(events_last(f->ev), 0);
	assert_int_equal(events_oldest(f->ev), 1);
	assert_int_equal(event_subscribe(&s, f->ev, 0, NULL, NULL, NULL), 0);
	emit(f, "call.created", 1);
	/* not before it is in the store */
	assert_int_equal(event_next(s, &e), EAGAIN);
	assert_int_equal(events_flush(f->ev), 0);
	assert_int_equal(event_next(s, &e), 0);
	assert_int_equal(pl_strcmp(&e.type, "call.created"), 0);
	assert_int_equal(data(&e, "n"), 1);
	emit_many(f, 2, 200);
	expect(s, 2, 200);
	mem_deref(s);
}

/* Whatever is told, the text is UTF-8 */
static void test_utf8(void **state)
{
	struct fix *f = *state;
	struct event_sub *s = NULL;
	struct odict *o = NULL;
	struct event e;

	start(f, 1000);
	assert_int_equal(odict_alloc(&o, 4), 0);
	assert_int_equal(
		odict_entry_add(o, "call", ODICT_STRING, "\xff\xc3\xa4"), 0);
	assert_int_equal(event_emit(f->ev, "a.b", o), 0);
	mem_deref(o);
	assert_int_equal(events_flush(f->ev), 0);
	assert_int_equal(event_subscribe(&s, f->ev, 0, NULL, NULL, NULL), 0);
	assert_int_equal(event_next(s, &e), 0);
	assert_non_null(memmem(e.text.p, e.text.l, "\"?\xc3\xa4\"", 5));
	mem_deref(s);
}

static void restart(struct fix *f, uint32_t keep)
{
	f->ev = mem_deref(f->ev);
	start(f, keep);
}

static void test_restart(void **state)
{
	struct fix *f = *state;
	struct event_sub *s = NULL;

	start(f, 1000);
	emit_many(f, 1, 150);
	restart(f, 1000);
	assert_int_equal(events_last(f->ev), 150);
	assert_int_equal(events_oldest(f->ev), 1);
	emit_many(f, 151, 170);
	assert_int_equal(event_subscribe(&s, f->ev, 100, "a.*", NULL, NULL), 0);
	expect(s, 101, 170);
	mem_deref(s);
}

/* Who died had no chance to say which numbers are left: none is used twice */
static void test_crash(void **state)
{
	struct fix *f = *state;
	struct events *dead;
	struct event_sub *s = NULL;
	struct event e;
	uint64_t last;

	start(f, 1000);
	emit_many(f, 1, 5);
	emit(f, "a.b", 6); /* of which nothing is in the store */
	dead = f->ev;
	start(f, 1000);
	last = events_last(f->ev);
	assert_true(last >= 6);
	emit(f, "a.b", 0);
	assert_int_equal(events_flush(f->ev), 0);
	assert_int_equal(events_last(f->ev), last + 1);

	/* what is between is told as a cut */
	assert_int_equal(event_subscribe(&s, f->ev, 4, NULL, NULL, NULL), 0);
	assert_int_equal(event_next(s, &e), 0);
	assert_int_equal(e.seq, 5);
	assert_int_equal(event_next(s, &e), 0);
	assert_int_equal(pl_strcmp(&e.type, "events.cut"), 0);
	assert_int_equal(data(&e, "from"), 6);
	assert_int_equal(data(&e, "to"), last);
	assert_int_equal(event_next(s, &e), 0);
	assert_int_equal(e.seq, last + 1);
	assert_int_equal(event_next(s, &e), EAGAIN);
	mem_deref(s);
	mem_deref(dead);
}

/* One who reads slower than events are kept is told what he missed */
static void test_cut(void **state)
{
	struct fix *f = *state;
	struct event_sub *s = NULL;
	struct event e;
	uint64_t to;

	start(f, 128);
	assert_int_equal(event_subscribe(&s, f->ev, 0, "x.*", NULL, NULL), 0);
	emit_many(f, 1, 10);
	assert_int_equal(event_next(s, &e), EAGAIN);
	/* beyond what memory has */
	emit_many(f, 11, 9000);
	assert_true(events_oldest(f->ev) > 4000);
	restart(f, 128);
	mem_deref(s);
	s = NULL;
	assert_in_range(events_oldest(f->ev), 9000 - 128 - 64, 9000 - 127);
	assert_int_equal(event_subscribe(&s, f->ev, 10, "x.*", NULL, NULL), 0);
	assert_int_equal(event_next(s, &e), 0);
	assert_int_equal(pl_strcmp(&e.type, "events.cut"), 0);
	assert_int_equal(data(&e, "from"), 11);
	to = data(&e, "to");
	assert_int_equal(to + 1, events_oldest(f->ev));
	assert_int_equal(event_next(s, &e), EAGAIN);
	assert_int_equal(event_sub_seq(s), 9000);
	mem_deref(s);

	assert_int_equal(event_subscribe(&s, f->ev, to, NULL, NULL, NULL), 0);
	expect(s, to + 1, 9000);
	mem_deref(s);
}

static void test_types(void **state)
{
	static const char *const bad[] = {",",   "a,",  "A",    "a*",
					  "*.a", "a b", "a,,b", "a/b"};
	struct fix *f = *state;
	struct event_sub *s = NULL;
	struct event e;

	start(f, 1000);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(
			event_subscribe(&s, f->ev, 0, bad[i], NULL, NULL),
			EINVAL);
	assert_int_equal(event_subscribe(&s, f->ev, 0, "a.b,c.*", NULL, NULL),
			 0);
	emit(f, "a.bc", 1);
	emit(f, "a.b", 2);
	emit(f, "c.d", 3);
	emit(f, "cc.d", 4);
	emit(f, "c.e.f", 5);
	assert_int_equal(events_flush(f->ev), 0);
	assert_int_equal(event_next(s, &e), 0);
	assert_int_equal(data(&e, "n"), 2);
	assert_int_equal(event_next(s, &e), 0);
	assert_int_equal(data(&e, "n"), 3);
	assert_int_equal(event_next(s, &e), 0);
	assert_int_equal(data(&e, "n"), 5);
	assert_int_equal(event_next(s, &e), EAGAIN);
	mem_deref(s);

	assert_int_equal(event_emit(f->ev, "a b", NULL), EINVAL);
	assert_int_equal(event_emit(f->ev, "", NULL), EINVAL);
	assert_int_equal(event_emit(NULL, "a.b", NULL), 0);
}

static void told(void *arg)
{
	++*(unsigned *)arg;
	re_cancel();
}

static void test_told(void **state)
{
	struct fix *f = *state;
	struct event_sub *s = NULL;
	struct event e;
	unsigned n = 0;

	start(f, 1000);
	assert_int_equal(event_subscribe(&s, f->ev, 0, NULL, told, &n), 0);
	/* a batch goes by itself, and one call is enough for all of it */
	emit(f, "a.b", 1);
	emit(f, "a.b", 2);
	assert_int_equal(re_main(NULL), 0);
	assert_int_equal(n, 1);
	assert_int_equal(event_next(s, &e), 0);
	assert_int_equal(event_next(s, &e), 0);
	assert_int_equal(event_next(s, &e), EAGAIN);
	/* the log may go first */
	f->ev = mem_deref(f->ev);
	assert_int_equal(event_next(s, &e), EAGAIN);
	mem_deref(s);
}

/* Without a store it is memory alone */
static void test_memory(void **state)
{
	struct fix *f = *state;
	struct event_sub *s = NULL;
	struct event e;

	assert_int_equal(events_alloc(&f->ev, NULL, "n1", 64, 1), 0);
	emit_many(f, 1, 5000);
	assert_int_equal(events_oldest(f->ev), 5000 - 4095);
	assert_int_equal(event_subscribe(&s, f->ev, 0, NULL, NULL, NULL), 0);
	assert_int_equal(event_next(s, &e), 0);
	assert_int_equal(pl_strcmp(&e.type, "events.cut"), 0);
	expect(s, 5000 - 4095, 5000);
	mem_deref(s);
}

static void test_bad(void **state)
{
	struct fix *f = *state;

	assert_int_equal(events_alloc(&f->ev, f->st, "", 1000, 1), EINVAL);
	assert_int_equal(events_alloc(&f->ev, f->st, "a\"b", 1000, 1), EINVAL);
	assert_int_equal(events_alloc(&f->ev, f->st, "a", 1, 1), EINVAL);
	assert_int_equal(events_alloc(&f->ev, f->st, "a", 1000, 0), EINVAL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_order), T(test_utf8),   T(test_restart),
		T(test_crash), T(test_cut),    T(test_types),
		T(test_told),  T(test_memory), T(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
