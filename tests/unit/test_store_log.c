/* SPDX-License-Identifier: BSD-2-Clause */
/* Records that expire in the SQLite backend: appended to a log, found by an index,
 * the log kept short */
#include <sys/stat.h>
#include <time.h>

#include <sqlite3.h>

#include "store/logindex.h"
#include "store/logop.h"
#include "store_fix.h"

enum { HOUR = 3600, MANY = 3000, ROUNDS = 20 };

static uint64_t later(void)
{
	return (uint64_t)time(NULL) + HOUR;
}

static void put_until(struct fix *f, const char *key, const char *value,
		      uint64_t expires)
{
	struct store_op o = op("m", key, value);

	o.expires = expires;
	assert_int_equal(store_write(f->s, &o, 1, done_h, f), 0);
}

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

static int64_t ask(struct fix *f, const char *sql)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	int64_t n;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);

	return n;
}

/* ---- what is so ------------------------------------------------------------ */

static void last_word_counts(void **state)
{
	struct fix *f = *state;

	put_until(f, "a", "1", later());
	put_until(f, "b", "2", later());
	put_until(f, "c", "3", later());
	put_until(f, "a", "4", later());
	put(f, "c", NULL);
	wait_for(f, 5);
	assert_int_equal(ask(f, "SELECT count(*) FROM record"), 0);
	for (int i = 0; i < 3; i++) {
		assert_value(f, "a", "4");
		assert_value(f, "b", "2");
		assert_value(f, "c", NULL);
		assert_all(f, "b=2 a=4 ");
		reopen(f);
	}
}

/* One that expires and one that does not are the same record */
static void is_in_one_place(void **state)
{
	struct fix *f = *state;
	struct store_op opv[4] = {op("m", "e", "1"), op("m", "e", "2"),
				  op("m", "f", "1"), op("m", "f", "2")};
	struct pl k = PL("a"), v = PL("at once");

	opv[0].expires = opv[3].expires = later();
	put_until(f, "a", "1", later());
	put(f, "b", "2");
	put(f, "a", "3");
	put_until(f, "b", "4", later());
	assert_int_equal(store_write(f->s, opv, 4, done_h, f), 0);
	wait_for(f, 5);
	assert_all(f, "b=4 f=2 a=3 e=2 ");
	reopen(f);
	assert_all(f, "b=4 f=2 a=3 e=2 ");

	put_until(f, "a", "5", later());
	assert_int_equal(store_put(f->s, "m", &k, &v), 0);
	assert_value(f, "a", "at once");
	pl_set_str(&k, "b");
	assert_int_equal(store_del(f->s, "m", &k), 0);
	assert_value(f, "b", NULL);
	wait_for(f, 6);
	reopen(f);
	assert_all(f, "f=2 e=2 a=at once ");
	put(f, "e", NULL);
	put(f, "f", NULL);
	wait_for(f, 8);
	reopen(f);
	assert_all(f, "a=at once ");
}

static bool rewrite_h(const struct pl *key, const struct pl *value, void *arg)
{
	struct fix *f = arg;
	struct store_op o = {.kind = "m", .key = *key, .value = *value};

	if (++f->want > 2 * MANY)
		return true;
	o.expires = later();

	return store_write(f->s, &o, 1, NULL, NULL) != 0;
}

/* Whoever walks may write what he walks over: he sees each once */
static void is_walked_while_written(void **state)
{
	struct fix *f = *state;
	char key[16];

	for (unsigned i = 0; i < MANY; i++) {
		(void)re_snprintf(key, sizeof(key), "%u", i);
		put_until(f, key, "v", later());
	}
	wait_for(f, MANY);
	f->want = 0;
	assert_int_equal(store_each(f->s, "m", rewrite_h, f), 0);
	assert_int_equal(f->want, MANY);
	f->want = 0;
	reopen(f);
	assert_int_equal(store_each(f->s, "m", rewrite_h, f), 0);
	assert_int_equal(f->want, MANY);
}

/* A process that reads beside the one that writes */
static void views_read_it(void **state)
{
	struct fix *f = *state;
	struct store *writer = f->s, *view = NULL;

	put_until(f, "a", "1", later());
	put(f, "b", "2");
	wait_for(f, 2);
	assert_int_equal(store_open(&view, f->path, true), 0);
	f->s = view;
	assert_value(f, "a", "1");
	assert_all(f, "a=1 b=2 ");
	f->s = writer;
	put_until(f, "a", "3", later());
	put(f, "b", NULL);
	wait_for(f, 4);
	f->s = view;
	assert_value(f, "a", "3");
	assert_value(f, "b", NULL);
	assert_all(f, "a=3 ");
	f->s = writer;
	mem_deref(view);
}

/* ---- its length ------------------------------------------------------------- */

static void fill(struct fix *f, unsigned rounds, uint64_t expires)
{
	const unsigned before = f->done;
	char key[16], value[400];
	int n;

	for (unsigned r = 0; r < rounds; r++)
		for (unsigned i = 0; i < MANY; i++) {
			(void)re_snprintf(key, sizeof(key), "%u", i);
			memset(value, 'x', sizeof(value));
			value[sizeof(value) - 1] = '\0';
			n = re_snprintf(value, 16, "%u.%u ", i, r);
			value[n] = 'x';
			put_until(f, key, value, expires);
			if (i % 500 == 499)
				wait_for(f, before + r * MANY + i + 1);
		}
	assert_int_equal(f->first, 0);
}

struct seen {
	unsigned n;
	double sum;
	bool bad;
};

static bool newest_h(const struct pl *key, const struct pl *value, void *arg)
{
	struct seen *s = arg;
	char want[16];

	++s->n;
	s->sum += pl_u32(key);
	(void)re_snprintf(want, sizeof(want), "%r.%u ", key, ROUNDS - 1);
	s->bad |= value->l < strlen(want) ||
		  memcmp(value->p, want, strlen(want)) != 0;

	return false;
}

static void assert_newest(struct fix *f)
{
	struct seen s = {0};

	assert_int_equal(store_each(f->s, "m", newest_h, &s), 0);
	assert_int_equal(s.n, MANY);
	assert_true(s.sum == (double)MANY * (MANY - 1) / 2);
	assert_false(s.bad);
}

static const char sql_bytes[] = "SELECT coalesce(sum(length(ops)), 0) FROM log";

/* Sooner or later: the thread does it behind the writes */
static void wait_until_shorter(struct fix *f, int64_t bytes)
{
	for (int i = 0; ask(f, sql_bytes) > bytes; i++) {
		assert_true(i < PATIENCE / 20);
		sys_msleep(20);
	}
}

static void does_not_grow(void **state)
{
	struct fix *f = *state;
	int64_t once;

	fill(f, 1, later());
	once = ask(f, sql_bytes);
	assert_true(once >= MANY * 400);
	fill(f, ROUNDS, later());
	wait_until_shorter(f, 3 * once + (1 << 18));
	assert_newest(f);
	reopen(f);
	assert_newest(f);
}

static void expired_goes(void **state)
{
	struct fix *f = *state;

	put_until(f, "stays", "1", later());
	wait_for(f, 1);
	fill(f, 1, (uint64_t)time(NULL) + 2);
	wait_until_shorter(f, 1 << 18);
	assert_value(f, "stays", "1");
	assert_value(f, "7", NULL);
	reopen(f);
	assert_all(f, "stays=1 ");
}

/* ---- files of others ---------------------------------------------------------- */

static const char schema_v2[] =
	"CREATE TABLE record (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL,"
	" key TEXT NOT NULL, expires INTEGER NOT NULL DEFAULT 0,"
	" value TEXT NOT NULL, UNIQUE (kind, key));"
	"INSERT INTO record (seq, kind, key, value, expires) VALUES"
	" (7, 'm', 'late', '2', 4000000000), (3, 'm', 'early', '1', "
	"4000000000),"
	" (4, 'm', 'always', '3', 0), (5, 'm', 'gone', '4', 1),"
	" (9, 'n', 'x', 'y', 0); PRAGMA user_version = 2;";

static void migrates_from_version_2(void **state)
{
	struct fix *f = *state;
	sqlite3 *db = NULL;

	f->s = mem_deref(f->s);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, schema_v2, NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);

	/* a view does not wait for the agent to migrate it */
	assert_int_equal(store_open(&f->s, f->path, true), 0);
	assert_value(f, "late", "2");
	assert_all(f, "early=1 always=3 late=2 ");
	reopen(f);
	assert_int_equal(ask(f, "SELECT count(*) FROM record"), 2);
	assert_all(f, "early=1 late=2 always=3 ");
	put_until(f, "early", "5", later());
	put_until(f, "always", "6", later());
	wait_for(f, 2);
	assert_all(f, "late=2 early=5 always=6 ");
	reopen(f);
	assert_all(f, "late=2 early=5 always=6 ");
}

static void damage_is_said(void **state)
{
	struct fix *f = *state;
	sqlite3 *db = NULL;

	f->s = mem_deref(f->s);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				      "INSERT INTO log (ops) VALUES (x'ff')",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(store_open(&f->s, f->path, false), EIO);
	assert_null(f->s);
}

/* ---- its parts ------------------------------------------------------------- */

static void op_is_read_as_written(void **state)
{
	struct mbuf *mb = mbuf_alloc(8);
	struct store_op a = op("kind", "key", "value"), b = op("k", "", NULL);
	struct logop o;
	size_t end;
	(void)state;

	a.expires = 1ull << 40;
	assert_int_equal(logop_write(mb, &a), 0);
	assert_int_equal(logop_write(mb, &b), 0);
	assert_int_equal(logop_read(&o, mb->buf, mb->end, 0), 0);
	assert_int_equal(pl_strcmp(&o.kind, "kind"), 0);
	assert_int_equal(pl_strcmp(&o.key, "key"), 0);
	assert_int_equal(pl_strcmp(&o.value, "value"), 0);
	assert_true(o.expires == 1ull << 40);
	end = o.len;
	assert_int_equal(logop_read(&o, mb->buf, mb->end, end), 0);
	assert_int_equal(pl_strcmp(&o.kind, "k"), 0);
	assert_int_equal(o.key.l, 0);
	assert_null(o.value.p);
	assert_int_equal(logop_read(&o, mb->buf, mb->end, end + o.len), ENOENT);
	for (size_t n = 1; n < end; n++)
		assert_int_equal(logop_read(&o, mb->buf, n, 0), EBADMSG);
	mem_deref(mb);
}

/* Against a plain array: set, removed, found, in any order */
static void index_finds_all(void **state)
{
	struct logindex *ix = NULL;
	uint32_t wantv[512] = {0}, pick = 1;
	struct logplace *v = NULL;
	uint64_t bytes = 0;
	size_t n = 0, want = 0;
	(void)state;

	assert_int_equal(logindex_alloc(&ix), 0);
	for (uint32_t i = 1; i < 100000; i++) {
		const uint32_t k = (pick = pick * 1664525 + 1013904223) >> 23;
		const struct logplace *p = logindex_find(ix, k % 97 + k * 64);
		struct logplace set = {.hash = k % 97 + k * 64,
				       .row = i,
				       .kind = k & 1,
				       .at = 7,
				       .len = k + 1};

		assert_int_equal(p ? p->row : 0, wantv[k]);
		if (i & 0x40) {
			logindex_remove(ix, set.hash);
			wantv[k] = 0;
			continue;
		}
		assert_int_equal(logindex_reserve(ix, 1), 0);
		logindex_set(ix, &set);
		wantv[k] = i;
	}
	for (uint32_t k = 0; k < ARRAY_SIZE(wantv); k++) {
		bytes += wantv[k] ? k + 1 : 0;
		want += wantv[k] && k & 1;
	}
	assert_true(logindex_bytes(ix) == bytes);
	assert_int_equal(logindex_list(ix, 1, &v, &n), 0);
	assert_int_equal(n, want);
	for (size_t i = 1; i < n; i++)
		assert_true(v[i - 1].row < v[i].row);
	mem_deref(v);
	mem_deref(ix);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(last_word_counts),
		T(is_in_one_place),
		T(is_walked_while_written),
		T(views_read_it),
		T(does_not_grow),
		T(expired_goes),
		T(migrates_from_version_2),
		T(damage_is_said),
		cmocka_unit_test(op_is_read_as_written),
		cmocka_unit_test(index_finds_all),
	};

	return cmocka_run_group_tests_name("store log", tests, NULL, NULL);
}
