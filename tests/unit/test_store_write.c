/* SPDX-License-Identifier: BSD-2-Clause */
/* store_write(): order, visibility, all or nothing, expiry */
#include <time.h>

#include <sqlite3.h>

#include "redis_srv.h"
#include "store_fix.h"

enum { MANY = 5000, RECORDS = 100000 };

static void assert_all(struct fix *f, const char *all)
{
	char out[128] = "";

	assert_int_equal(store_each(f->s, "m", collect, out), 0);
	assert_string_equal(out, all);
}

static void reopen(struct fix *f)
{
	f->s = mem_deref(f->s);
	assert_int_equal(store_open(&f->s, f->path, false), 0);
}

/* ---- the tests ---------------------------------------------------------- */

static void is_told_and_there(void **state)
{
	struct fix *f = *state;

	put(f, "a", "1");
	assert_int_equal(f->done, 0); /* never from within the call */
	wait_for(f, 1);
	assert_int_equal(f->err, 0);
	assert_value(f, "a", "1");
	put(f, "a", NULL);
	wait_for(f, 2);
	assert_value(f, "a", NULL);
	put(f, "", "");
	wait_for(f, 3);
	assert_value(f, "", "");
	reopen(f);
	assert_value(f, "", "");
	assert_false(store_degraded(f->s, NULL));
}

struct note {
	struct fix *f;
	char name;
};

static void order_h(int err, void *arg)
{
	struct note *n = arg;

	n->f->order[strlen(n->f->order)] = n->name;
	done_h(err, n->f);
}

static void keeps_the_order(void **state)
{
	struct fix *f = *state;
	struct note notev[26];

	for (int i = 0; i < 26; i++) {
		char v[2] = {(char)('a' + i), '\0'};
		const struct store_op o = op("m", i % 2 ? "odd" : "even", v);

		notev[i] = (struct note){f, v[0]};
		assert_int_equal(store_write(f->s, &o, 1, order_h, &notev[i]),
				 0);
	}
	wait_for(f, 26);
	assert_string_equal(f->order, "abcdefghijklmnopqrstuvwxyz");
	assert_all(f, "even=y odd=z ");
}

/* What acts at once comes after what was queued */
static void is_seen_at_once(void **state)
{
	struct fix *f = *state;
	struct pl k = PL("a"), v = PL("direct");

	for (int i = 0; i < 200; i++) {
		put(f, "a", "queued");
		assert_value(f, "a", "queued");
		put(f, "a", "queued again");
		assert_int_equal(store_put(f->s, "m", &k, &v), 0);
		assert_value(f, "a", "direct");
		put(f, "a", "last");
		assert_all(f, "a=last ");
		put(f, "a", "1");
		assert_int_equal(store_del(f->s, "m", &k), 0);
		assert_value(f, "a", NULL);
	}
	wait_for(f, 800);
	assert_value(f, "a", NULL);
	assert_int_equal(f->first, 0);
}

static void one_after_the_other_within(void **state)
{
	struct fix *f = *state;
	const struct store_op opv[] = {op("m", "a", "1"), op("n", "b", "2"),
				       op("m", "c", "3"), op("m", "a", NULL),
				       op("m", "a", "4")};
	char *v = NULL;
	struct pl k = PL("b");

	assert_int_equal(store_write(f->s, opv, ARRAY_SIZE(opv), done_h, f), 0);
	wait_for(f, 1);
	assert_int_equal(f->err, 0);
	assert_all(f, "c=3 a=4 ");
	assert_int_equal(store_get(f->s, "n", &k, &v), 0);
	assert_string_equal(v, "2");
	mem_deref(v);
}

/* The caller's memory is the caller's again */
static void copies_what_it_is_given(void **state)
{
	struct fix *f = *state;
	char kind[] = "m", key[] = "key", value[] = "value";
	struct store_op o = op(kind, key, value);

	assert_int_equal(store_write(f->s, &o, 1, done_h, f), 0);
	memset(kind, 'x', 1);
	memset(key, 'x', 3);
	memset(value, 'x', 5);
	wait_for(f, 1);
	assert_value(f, "key", "value");
}

static void expired_is_gone(void **state)
{
	struct fix *f = *state;
	const uint64_t now = (uint64_t)time(NULL);
	struct store_op o = op("m", "a", "1");

	o.expires = now - 1;
	assert_int_equal(store_write(f->s, &o, 1, done_h, f), 0);
	o = op("m", "b", "2");
	o.expires = now + 3600;
	assert_int_equal(store_write(f->s, &o, 1, done_h, f), 0);
	o = op("m", "c", "3");
	o.expires = now + 2;
	assert_int_equal(store_write(f->s, &o, 1, done_h, f), 0);
	put(f, "d", "4");
	wait_for(f, 4);
	assert_value(f, "a", NULL);
	assert_value(f, "b", "2");
	while ((uint64_t)time(NULL) < now + 2)
		sys_msleep(20);
	assert_value(f, "c", NULL);
	assert_all(f, "b=2 d=4 ");

	/* what is written again is there again, and what never expires stays */
	put(f, "c", "5");
	put(f, "b", "6");
	wait_for(f, 6);
	assert_value(f, "c", "5");
	reopen(f);
	assert_value(f, "a", NULL);
	assert_value(f, "b", "6");
	assert_value(f, "d", "4");
}

static void says_when_it_is_full(void **state)
{
	struct fix *f = *state;
	struct store_op *opv = calloc(STORE_QUEUE, sizeof(*opv));
	const struct store_op o = op("m", "b", "2");
	unsigned n;

	assert_non_null(opv);
	for (n = 0; n < STORE_QUEUE; n++)
		opv[n] = op("m", "a", "1");
	assert_int_equal(store_write(f->s, opv, STORE_QUEUE, done_h, f), 0);
	assert_int_equal(store_write(f->s, &o, 1, done_h, f), EAGAIN);
	wait_for(f, 1);
	assert_int_equal(store_write(f->s, &o, 1, done_h, f), 0);
	wait_for(f, 2);
	assert_all(f, "a=1 b=2 ");
	free(opv);
}

static void closing_writes_the_rest(void **state)
{
	struct fix *f = *state;

	for (unsigned i = 0; i < MANY; i++)
		put(f, i % 2 ? "a" : "b", "1");
	put(f, "c", "1");
	f->s = mem_deref(f->s);
	assert_int_equal(f->done, MANY + 1);
	assert_int_equal(f->first, 0);
	reopen(f);
	assert_all(f, "b=1 a=1 c=1 ");
}

static bool number_h(const struct pl *key, const struct pl *value, void *arg)
{
	unsigned *n = arg;

	if (pl_u32(key) != *n || pl_u32(value) != *n)
		return true;
	++*n;

	return false;
}

static void many_are_read_back(void **state)
{
	struct fix *f = *state;
	unsigned n = 0;

	for (unsigned i = 0; i < RECORDS; i++) {
		char text[16];

		(void)re_snprintf(text, sizeof(text), "%u", i);
		put(f, text, text);
		if (i % MANY == MANY - 1)
			wait_for(f, i + 1);
	}
	assert_int_equal(f->first, 0);
	reopen(f);
	assert_int_equal(store_each(f->s, "m", number_h, &n), 0);
	assert_int_equal(n, RECORDS);
}

static void refusals(void **state)
{
	struct fix *f = *state;
	struct store_op opv[2] = {op("m", "a", "1"), op("", "b", "2")};
	struct store *view = NULL;

	assert_int_equal(store_write(NULL, opv, 1, done_h, f), EINVAL);
	assert_int_equal(store_write(f->s, NULL, 1, done_h, f), EINVAL);
	assert_int_equal(store_write(f->s, opv, 0, done_h, f), EINVAL);
	assert_int_equal(store_write(f->s, opv, 2, done_h, f), EINVAL);
	opv[1].kind = NULL;
	assert_int_equal(store_write(f->s, opv, 2, done_h, f), EINVAL);
	opv[1].kind = "a b";
	assert_int_equal(store_write(f->s, opv, 2, done_h, f), EINVAL);
	assert_all(f, "");
	assert_int_equal(store_write(f->s, opv, 1, NULL, NULL), 0);
	assert_int_equal(store_open(&view, f->path, true), 0);
	assert_int_equal(store_write(view, opv, 1, done_h, f), EACCES);
	mem_deref(view);
	assert_all(f, "a=1 ");
	assert_int_equal(f->done, 0);
}

static const char schema_v1[] =
	"CREATE TABLE record (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL,"
	" key TEXT NOT NULL, value TEXT NOT NULL, UNIQUE (kind, key));"
	"INSERT INTO record VALUES (7, 'm', 'late', '2'), (3, 'm', 'early', "
	"'1'),"
	" (9, 'n', 'x', 'y'); PRAGMA user_version = 1;";

/* As the version before this one left it */
static void migrates_from_version_1(void **state)
{
	struct fix *f = *state;
	struct store *w = f->s;
	sqlite3 *db = NULL;

	f->s = mem_deref(w);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, schema_v1, NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);

	/* a view does not wait for the agent to migrate it */
	assert_int_equal(store_open(&f->s, f->path, true), 0);
	assert_value(f, "late", "2");
	assert_value(f, "none", NULL);
	assert_all(f, "early=1 late=2 ");
	reopen(f);
	assert_all(f, "early=1 late=2 ");
	put(f, "early", "3");
	put(f, "new", "4");
	wait_for(f, 2);
	assert_all(f, "early=3 late=2 new=4 ");
	reopen(f);
	assert_all(f, "early=3 late=2 new=4 ");
}

static void in_memory(void **state)
{
	struct fix *f = *state;

	mem_deref(f->s);
	assert_int_equal(store_open(&f->s, ":memory:", false), 0);
	put(f, "a", "1");
	assert_value(f, "a", "1");
	wait_for(f, 1);
	assert_int_equal(f->err, 0);
	/* the file of the set-up is there to be removed */
}

static struct redis_srv *srv;

/* The same store for all, empty at the start of each */
static int redis_setup(void **state)
{
	struct fix *f = NULL;

	if (!redis_srv_can() || (!srv && redis_srv_start(&srv, NULL)) ||
	    strcmp(redis_srv_ask(srv, "FLUSHALL"), "OK") != 0)
		return -1;
	if (setup((void **)&f))
		return -1;
	fix_remove(f);
	(void)re_snprintf(f->path, sizeof(f->path), "redis://127.0.0.1:%u/0",
			  redis_srv_port(srv));
	*state = f;

	return store_open(&f->s, f->path, false);
}

/* Keys of what expired leave the index, too */
static void index_is_swept(void **state)
{
	struct fix *f = *state;
	struct store_op o = op("m", "gone", "1");

	o.expires = (uint64_t)time(NULL) - 10;
	assert_int_equal(store_write(f->s, &o, 1, done_h, f), 0);
	put(f, "stays", "1");
	wait_for(f, 2);
	assert_string_equal(redis_srv_ask(srv, "ZCARD carom.index:m"), "2");
	for (int i = 0; strcmp(redis_srv_ask(srv, "ZCARD carom.index:m"), "1");
	     i++) {
		assert_true(i < PATIENCE / 20);
		sys_msleep(20);
	}
	assert_all(f, "stays=1 ");
}

#define S(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define R(f) cmocka_unit_test_setup_teardown(f, redis_setup, teardown)

int main(void)
{
	const struct CMUnitTest sqlite[] = {
		S(is_told_and_there),       S(keeps_the_order),
		S(is_seen_at_once),         S(one_after_the_other_within),
		S(copies_what_it_is_given), S(expired_is_gone),
		S(says_when_it_is_full),    S(closing_writes_the_rest),
		S(many_are_read_back),      S(refusals),

		S(migrates_from_version_1), S(in_memory),
	};
	const struct CMUnitTest redis[] = {
		R(is_told_and_there),       R(keeps_the_order),
		R(is_seen_at_once),         R(one_after_the_other_within),
		R(copies_what_it_is_given), R(expired_is_gone),
		R(says_when_it_is_full),    R(closing_writes_the_rest),
		R(many_are_read_back),      R(refusals),

		R(index_is_swept),
	};
	int failed;

	failed = cmocka_run_group_tests_name("store write, SQLite", sqlite,
					     NULL, NULL);
	if (redis_srv_can())
		failed += cmocka_run_group_tests_name("store write, Redis",
						      redis, NULL, NULL);
	else
		print_message("no redis-server: not looked at\n");
	mem_deref(srv);

	return failed;
}
