/* SPDX-License-Identifier: BSD-2-Clause */
/* Bindings of several nodes in one store: whose they are, and in which order changes
 * are taken */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "location/priv.h"

enum { NOW = 2000000000, LATER = NOW + 1000 };

static const struct pl alice = PL("alice@example.com");
static const struct pl key_a = PL("alice@example.com sip:a");

struct fix {
	struct store *store;
	struct location *l;
	unsigned done;
	char log[256];
};

static uint64_t now(void)
{
	return NOW;
}

static void open_as(struct fix *f, const char *node)
{
	f->l = mem_deref(f->l);
	assert_int_equal(location_alloc(&f->l, f->store, node, now), 0);
}

static int setup(void **state)
{
	struct fix *f = mem_zalloc(sizeof(*f), NULL);

	assert_int_equal(libre_init(), 0);
	assert_int_equal(store_open(&f->store, ":memory:", false), 0);
	open_as(f, "one");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	mem_deref(f->l);
	mem_deref(f->store);
	mem_deref(f);
	tmr_debug();
	libre_close();
	return 0;
}

static void done(int err, void *arg)
{
	struct fix *f = arg;

	assert_true(!err || err == ECANCELED);
	++f->done;
	re_cancel();
}

static void settle(struct fix *f, unsigned n)
{
	while (f->done < n)
		assert_int_equal(re_main(NULL), 0);
}

/* A change of ours, which is under way when it returns */
static void put(struct fix *f, const char *callid, uint32_t cseq)
{
	struct location_op o = {.event = LOCATION_CREATED};

	pl_set_str(&o.b.uri, "sip:a");
	o.b.id = o.b.uri;
	pl_set_str(&o.b.callid, callid);
	assert_int_equal(sa_set_str(&o.b.src, "192.0.2.7", 5062), 0);
	o.b.direct = true;
	o.b.cseq = cseq;
	o.b.expires = LATER;
	assert_int_equal(location_change(f->l, &alice, &o, 1, done, f), 0);
}

/* Another node's */
static void told(struct fix *f, const char *callid, uint32_t cseq)
{
	char text[128];
	struct pl value;

	(void)re_snprintf(text, sizeof(text),
			  "1\t%u\t1\t1\t%u\t0\t1000\t0\td\t192.0.2.8:5062"
			  "\t\t\t\t%s\t\ttwo",
			  LATER, cseq, callid);
	pl_set_str(&value, text);
	change_foreign(LOCATION_KIND, &key_a, &value, f->l);
}

static bool look(const struct binding *b, void *arg)
{
	struct fix *f = arg;
	const size_t n = strlen(f->log);

	(void)re_snprintf(f->log + n, sizeof(f->log) - n, "%r %u %s",
			  &b->callid, b->cseq,
			  b->elsewhere ? "theirs" : "ours");
	return false;
}

static void expect(struct fix *f, const char *want)
{
	f->log[0] = '\0';
	(void)location_find(f->l, &alice, look, f);
	assert_string_equal(f->log, want);
}

/* What the store has now, read as a third node would */
static void expect_kept(struct fix *f, const char *want)
{
	open_as(f, "three");
	expect(f, want);
}

/* ---------------------------------------------------------------------------------- */

static void of_whom(void **state)
{
	struct fix *f = *state;

	put(f, "c", 1);
	settle(f, 1);
	expect(f, "c 1 ours");
	open_as(f, "two");
	expect(f, "c 1 theirs");
	/* its phone comes here */
	put(f, "c", 2);
	settle(f, 2);
	expect(f, "c 2 ours");
	open_as(f, "one");
	expect(f, "c 2 theirs");
	open_as(f, "two");
	expect(f, "c 2 ours");
	/* where there is no other, it matters to nobody what it was called */
	open_as(f, NULL);
	expect(f, "c 2 ours");
}

/* As versions before had them, or a node alone with its store */
static void of_nobody(void **state)
{
	struct fix *f = *state;

	open_as(f, NULL);
	put(f, "c", 1);
	settle(f, 1);
	open_as(f, "one");
	expect(f, "c 1 theirs");
	open_as(f, NULL);
	expect(f, "c 1 ours");
}

static void told_meanwhile(void **state)
{
	struct fix *f = *state;

	/* another call id: whoever came last to the store */
	put(f, "c", 9);
	told(f, "d", 1);
	expect(f, "");
	settle(f, 1);
	expect(f, "d 1 theirs");
	/* and gone */
	put(f, "c", 10);
	change_foreign(LOCATION_KIND, &key_a, NULL, f->l);
	settle(f, 2);
	expect(f, "");
	assert_int_equal(location_count(f->l, NULL), 0);
	/* gone, and there again */
	put(f, "c", 11);
	change_foreign(LOCATION_KIND, &key_a, NULL, f->l);
	told(f, "d", 2);
	settle(f, 3);
	expect(f, "d 2 theirs");
}

static void late(void **state)
{
	struct fix *f = *state;

	put(f, "c", 5);
	told(f, "c", 4);
	settle(f, 1);
	expect(f, "c 5 ours");
	told(f, "c", 3);
	expect(f, "c 5 ours");
	told(f, "c", 6);
	expect(f, "c 6 theirs");
	/* not ours to mend */
	told(f, "c", 5);
	expect(f, "c 6 theirs");
}

/* What a late one took from the store, it has again */
static void mended(void **state)
{
	struct fix *f = *state;
	const struct pl theirs = PL("1\t2000001000\t1\t1\t4\t0\t1000\t0\td\t"
				    "192.0.2.8:5062\t\t\t\tc\t\ttwo");

	put(f, "c", 5);
	settle(f, 1);
	assert_int_equal(store_put(f->store, LOCATION_KIND, &key_a, &theirs),
			 0);
	change_foreign(LOCATION_KIND, &key_a, &theirs, f->l);
	expect_kept(f, "c 5 theirs");
}

static void moved_watcher(enum location_event ev, const struct binding *b,
			  void *arg)
{
	struct fix *f = arg;

	(void)re_snprintf(f->log + strlen(f->log),
			  sizeof(f->log) - strlen(f->log), "%s%s|",
			  location_event_name(ev), b->moved ? " moved" : "");
}

/* A refresh is told apart from another way to the phone */
static void moved(void **state)
{
	struct fix *f = *state;
	struct location_watch *w = NULL;

	assert_int_equal(location_watch(&w, f->l, moved_watcher, f), 0);
	put(f, "c", 1);
	settle(f, 1);
	told(f, "c", 2); /* from another address */
	told(f, "d", 7);
	told(f, "d", 8);
	assert_string_equal(f->log, "created|refreshed moved|refreshed|"
				    "refreshed|");
	mem_deref(w);
}

static void closed_meanwhile(void **state)
{
	struct fix *f = *state;

	put(f, "c", 5);
	told(f, "c", 6);
	change_foreign(LOCATION_KIND, &key_a, NULL, f->l);
	settle(f, 1);
	put(f, "c", 7);
	told(f, "c", 8);
	/* sanitizers say whether anything is left */
}

static void names(void **state)
{
	char name[LOCATION_NODE + 2];
	struct fix *f = *state;
	struct location *l;

	memset(name, 'n', sizeof(name));
	name[LOCATION_NODE + 1] = '\0';
	assert_int_equal(location_alloc(&l, f->store, name, now), EINVAL);
	name[LOCATION_NODE] = '\0';
	assert_int_equal(location_alloc(&l, f->store, name, now), 0);
	mem_deref(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(x) cmocka_unit_test_setup_teardown(x, setup, teardown)
		T(of_whom), T(of_nobody),        T(told_meanwhile), T(late),
		T(mended),  T(closed_meanwhile), T(names),          T(moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
