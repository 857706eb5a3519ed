/* SPDX-License-Identifier: BSD-2-Clause */
/* Bindings: order, changes that are safe before they are seen, expiry, what is read
 * back */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "location/location.h"

static uint64_t now_s;

static uint64_t now(void)
{
	return now_s;
}

struct fix {
	struct store *store;
	struct location *l;
	struct location_watch *watch;
	char log[1024]; /* what watchers were told */
	int err;        /* of the last change      */
	unsigned done;
};

static const struct pl alice = PL("alice@example.com");

static void watcher(enum location_event ev, const struct binding *b, void *arg)
{
	struct fix *f = arg;
	const size_t n = strlen(f->log);

	(void)re_snprintf(f->log + n, sizeof(f->log) - n, "%s %r|",
			  location_event_name(ev), &b->uri);
}

static void open_table(struct fix *f)
{
	assert_int_equal(location_alloc(&f->l, f->store, NULL, now), 0);
	assert_int_equal(location_watch(&f->watch, f->l, watcher, f), 0);
}

static void close_table(struct fix *f)
{
	f->watch = mem_deref(f->watch);
	f->l = mem_deref(f->l);
}

static int setup(void **state)
{
	struct fix *f = mem_zalloc(sizeof(*f), NULL);

	now_s = 2000000000; /* the store has a clock of its own */
	assert_int_equal(libre_init(), 0);
	assert_int_equal(store_open(&f->store, ":memory:", false), 0);
	open_table(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	close_table(f);
	mem_deref(f->store);
	mem_deref(f);
	tmr_debug();
	libre_close();
	return 0;
}

static void done(int err, void *arg)
{
	struct fix *f = arg;

	f->err = err;
	++f->done;
	re_cancel();
}

static struct location_op op(enum location_event ev, const char *uri,
			     uint16_t q, uint64_t expires)
{
	struct location_op o = {.event = ev};

	pl_set_str(&o.b.uri, uri);
	o.b.id = o.b.uri;
	pl_set_str(&o.b.callid, "call");
	assert_int_equal(sa_set_str(&o.b.src, "192.0.2.7", 5062), 0);
	o.b.q = q;
	o.b.cseq = 7;
	o.b.since = o.b.refreshed = now_s;
	o.b.expires = expires;
	return o;
}

static void change(struct fix *f, const struct location_op *opv, size_t n)
{
	const unsigned before = f->done;

	assert_int_equal(location_change(f->l, &alice, opv, n, done, f), 0);
	assert_true(location_busy(f->l, &alice));
	while (f->done == before)
		assert_int_equal(re_main(NULL), 0);
	assert_int_equal(f->err, 0);
	assert_false(location_busy(f->l, &alice));
}

static bool gather(const struct binding *b, void *arg)
{
	char *text = arg;

	(void)re_snprintf(text + strlen(text), 256 - strlen(text), "%r ",
			  &b->uri);
	return false;
}

static void expect(const struct fix *f, const char *want)
{
	char text[256] = "";

	assert_false(location_find(f->l, &alice, gather, text));
	assert_string_equal(text, want);
}

/* ---------------------------------------------------------------------------------- */

static void in_order(void **state)
{
	struct fix *f = *state;
	struct location_op v[] = {
		op(LOCATION_CREATED, "sip:a", 500, 2000001000),
		op(LOCATION_CREATED, "sip:b", 1000, 2000001000),
		op(LOCATION_CREATED, "sip:c", 500, 2000001000)};

	v[2].b.refreshed += 5;
	change(f, v, 3);
	expect(f, "sip:b sip:c sip:a ");
	assert_string_equal(f->log, "created sip:a|created sip:b|"
				    "created sip:c|");
	assert_int_equal(location_count(f->l, NULL), 3);
}

static void not_before_it_is_safe(void **state)
{
	struct fix *f = *state;
	struct location_op o = op(LOCATION_CREATED, "sip:a", 500, 2000001000);

	assert_int_equal(location_change(f->l, &alice, &o, 1, done, f), 0);
	expect(f, "");
	assert_string_equal(f->log, "");
	assert_int_equal(location_change(f->l, &alice, &o, 1, done, f), EBUSY);
	while (!f->done)
		assert_int_equal(re_main(NULL), 0);
	expect(f, "sip:a ");
}

static void refresh_and_remove(void **state)
{
	struct fix *f = *state;
	struct location_op v[] = {
		op(LOCATION_CREATED, "sip:a", 500, 2000001000),
		op(LOCATION_CREATED, "sip:b", 400, 2000001000)};
	struct location_op w[] = {
		op(LOCATION_REFRESHED, "sip:a", 100, 2000002000),
		op(LOCATION_UNREGISTERED, "sip:b", 0, 0)};

	change(f, v, 2);
	f->log[0] = '\0';
	change(f, w, 2);
	expect(f, "sip:a ");
	assert_string_equal(f->log, "refreshed sip:a|unregistered sip:b|");
	assert_int_equal(location_remove(f->l, &alice, NULL,
					 LOCATION_DEACTIVATED, done, f),
			 0);
	f->done = 0;
	while (!f->done)
		assert_int_equal(re_main(NULL), 0);
	expect(f, "");
	assert_int_equal(location_count(f->l, NULL), 0);
	assert_int_equal(location_remove(f->l, &alice, NULL,
					 LOCATION_DEACTIVATED, done, f),
			 ENOENT);
}

static bool same(const struct binding *b, void *arg)
{
	const struct binding *want = arg;

	assert_int_equal(pl_cmp(&b->aor, &alice), 0);
	assert_int_equal(pl_cmp(&b->id, &want->id), 0);
	assert_int_equal(pl_cmp(&b->uri, &want->uri), 0);
	assert_int_equal(pl_cmp(&b->instance, &want->instance), 0);
	assert_int_equal(pl_cmp(&b->path, &want->path), 0);
	assert_int_equal(pl_cmp(&b->callid, &want->callid), 0);
	assert_int_equal(pl_cmp(&b->agent, &want->agent), 0);
	assert_true(sa_cmp(&b->src, &want->src, SA_ALL));
	assert_int_equal(b->transp, want->transp);
	assert_int_equal(b->direct, want->direct);
	assert_int_equal(b->cseq, want->cseq);
	assert_int_equal(b->reg_id, want->reg_id);
	assert_int_equal(b->q, want->q);
	assert_int_equal(b->since, want->since);
	assert_int_equal(b->refreshed, want->refreshed);
	assert_int_equal(b->expires, want->expires);
	return true;
}

static void read_back(void **state)
{
	struct fix *f = *state;
	struct location_op o = op(LOCATION_CREATED,
				  "sip:a@[2001:db8::1]:5070;ob", 123,
				  2000001000);

	pl_set_str(&o.b.id, "urn:uuid:1 2");
	pl_set_str(&o.b.instance, "urn:uuid:1");
	pl_set_str(&o.b.path, "<sip:edge;lr>,<sip:other;lr>");
	pl_set_str(&o.b.agent, "a \"phone\"");
	assert_int_equal(sa_set_str(&o.b.src, "2001:db8::2", 4000), 0);
	o.b.transp = MSG_WSS;
	o.b.direct = true;
	o.b.cseq = INT32_MAX;
	o.b.reg_id = 2;
	o.b.since -= 50;
	change(f, &o, 1);
	assert_true(location_find(f->l, &alice, same, &o.b));
	close_table(f);
	open_table(f);
	assert_int_equal(location_count(f->l, NULL), 1);
	assert_true(location_find(f->l, &alice, same, &o.b));
}

static void others_records(void **state)
{
	static const char *const badv[] = {
		"",
		"2\t3",
		"1\t2000001000\t1\t1\t1\t0\t1\t9\td\t\t\t\t\t\t",
		"1\tx\t1\t1\t1\t0\t1\t0\td\t\t\t\t\t\t",
		"1\t2000001000\t1\t1\t1\t0\t1\t0\td\thost:1\t\t\t\t\t",
		"1\t2000001000\t1\t1\t1\t0\t1\t0\td\t\t\t\t",
	};
	struct fix *f = *state;
	const struct pl good = PL(
		"1\t2000001000\t1\t1\t1\t0\t1\t0\td\t\t\t\t\tc\t\tmore");
	char key[64];
	struct pl k, v;

	close_table(f);
	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		(void)re_snprintf(key, sizeof(key), "bad@example.com sip:%zu",
				  i);
		pl_set_str(&k, key);
		pl_set_str(&v, badv[i]);
		assert_int_equal(store_put(f->store, LOCATION_KIND, &k, &v), 0);
	}
	pl_set_str(&k, "alice@example.com sip:good");
	assert_int_equal(store_put(f->store, LOCATION_KIND, &k, &good), 0);
	open_table(f);
	assert_int_equal(location_count(f->l, NULL), 1);
	expect(f, "sip:good ");
}

static void run_for(uint64_t ms)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, ms, (tmr_h *)re_cancel, NULL);
	assert_int_equal(re_main(NULL), 0);
	tmr_cancel(&tmr);
}

static void expires(void **state)
{
	struct fix *f = *state;
	struct location_op v[] = {
		op(LOCATION_CREATED, "sip:a", 500, 2000000010),
		op(LOCATION_CREATED, "sip:b", 400, 2000000020),
		op(LOCATION_CREATED, "sip:c", 300, 2000000010)};

	change(f, v, 3);
	f->log[0] = '\0';
	now_s = 2000000009;
	run_for(1100);
	expect(f, "sip:a sip:b sip:c ");
	now_s = 2000000010;
	expect(f, "sip:b ");
	while (location_count(f->l, NULL) == 3)
		run_for(100);
	assert_int_equal(location_count(f->l, NULL), 1);
	assert_true(!strcmp(f->log, "expired sip:a|expired sip:c|") ||
		    !strcmp(f->log, "expired sip:c|expired sip:a|"));
	/* a clock that jumps by days misses nobody */
	now_s += 1000000;
	while (location_count(f->l, NULL))
		run_for(100);
}

static void bad_arguments(void **state)
{
	struct fix *f = *state;
	struct location_op o = op(LOCATION_CREATED, "sip:a", 500, 2000001000);
	char *big = mem_zalloc(LOCATION_TEXT + 1, NULL);

	memset(big, 'x', LOCATION_TEXT + 1);
	assert_int_equal(
		location_change(f->l, &(struct pl)PL(""), &o, 1, NULL, NULL),
		EINVAL);
	assert_int_equal(location_change(f->l, &alice, &o, 0, NULL, NULL),
			 EINVAL);
	o.b.agent = (struct pl){big, LOCATION_TEXT + 1};
	assert_int_equal(location_change(f->l, &alice, &o, 1, NULL, NULL),
			 EINVAL);
	assert_false(location_busy(f->l, &alice));
	assert_int_equal(location_count(f->l, NULL), 0);
	mem_deref(big);
}

static void many(void **state)
{
	struct fix *f = *state;
	size_t aors, n = 5000;
	char text[64], uri[64];

	for (size_t i = 0; i < n; i++) {
		struct location_op o;
		struct pl aor;

		(void)re_snprintf(text, sizeof(text), "u%zu@example.com", i);
		(void)re_snprintf(uri, sizeof(uri), "sip:u%zu@192.0.2.1", i);
		pl_set_str(&aor, text);
		o = op(LOCATION_CREATED, uri, 1000, 2000001000);
		assert_int_equal(location_change(f->l, &aor, &o, 1,
						 i + 1 == n ? done : NULL, f),
				 0);
	}
	while (!f->done)
		assert_int_equal(re_main(NULL), 0);
	assert_int_equal(location_count(f->l, &aors), n);
	assert_int_equal(aors, n);
	assert_true(location_memory(f->l) / n < 500);
	close_table(f);
	open_table(f);
	assert_int_equal(location_count(f->l, &aors), n);
}

static void gone_before_it_is_safe(void **state)
{
	struct fix *f = *state;
	struct location_op o = op(LOCATION_CREATED, "sip:a", 500, 2000001000);

	assert_int_equal(location_change(f->l, &alice, &o, 1, done, f), 0);
	close_table(f);
	assert_int_equal(f->done, 1);
	assert_int_equal(f->err, ECANCELED);
	open_table(f);
	assert_int_equal(location_count(f->l, NULL), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(x) cmocka_unit_test_setup_teardown(x, setup, teardown)
		T(in_order),
		T(not_before_it_is_safe),
		T(refresh_and_remove),
		T(read_back),
		T(others_records),
		T(expires),
		T(bad_arguments),
		T(many),
		T(gone_before_it_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
