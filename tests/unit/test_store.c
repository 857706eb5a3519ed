/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <re.h>
#include <sqlite3.h>

#include "redis_srv.h"
#include "store/store.h"

static char dir[] = "/tmp/carom-store-XXXXXX";
static char path[64];

static int setup(void **state)
{
	(void)state;
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	/* characters that an URI would take for its own */
	(void)snprintf(path, sizeof(path), "%s/a ?b%%20#c.db", dir);
	return 0;
}

static struct redis_srv *srv;

/* The same store for all, empty at the start of each */
static int redis_setup(void **state)
{
	if (!redis_srv_can() || (!srv && redis_srv_start(&srv, NULL)) ||
	    strcmp(redis_srv_ask(srv, "FLUSHALL"), "OK") != 0)
		return -1;
	(void)state;
	(void)snprintf(path, sizeof(path), "redis://127.0.0.1:%u/0",
		       redis_srv_port(srv));
	return 0;
}

static int teardown(void **state)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	char name[128];
	size_t i;

	(void)state;
	(void)chmod(dir, 0700);
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		(void)unlink(name);
	}
	return rmdir(dir);
}

static int put(struct store *s, const char *kind, const char *key,
	       const char *value)
{
	struct pl k, v;

	pl_set_str(&k, key);
	pl_set_str(&v, value);
	return store_put(s, kind, &k, &v);
}

static int del(struct store *s, const char *kind, const char *key)
{
	struct pl k;

	pl_set_str(&k, key);
	return store_del(s, kind, &k);
}

static void assert_value(struct store *s, const char *kind, const char *key,
			 const char *value)
{
	struct pl k;
	char *v = NULL;

	pl_set_str(&k, key);
	assert_int_equal(store_get(s, kind, &k, &v), value ? 0 : ENOENT);
	if (value)
		assert_string_equal(v, value);
	else
		assert_null(v);
	mem_deref(v);
}

static struct store *open_ok(bool readonly)
{
	struct store *s = NULL;

	assert_int_equal(store_open(&s, path, readonly), 0);
	assert_non_null(s);
	return s;
}

static void put_get_del(void **state)
{
	struct store *s = open_ok(false);

	(void)state;
	assert_value(s, "media", "a@b", NULL);
	assert_int_equal(put(s, "media", "a@b", "{\"x\":1}"), 0);
	assert_value(s, "media", "a@b", "{\"x\":1}");
	assert_value(s, "media", "a@", NULL);
	assert_value(s, "other", "a@b", NULL);

	assert_int_equal(put(s, "media", "a@b", "{}"), 0);
	assert_value(s, "media", "a@b", "{}");

	assert_int_equal(put(s, "other", "a@b", "{\"o\":0}"), 0);
	assert_int_equal(del(s, "media", "a@b"), 0);
	assert_int_equal(del(s, "media", "a@b"), 0);
	assert_value(s, "media", "a@b", NULL);
	assert_value(s, "other", "a@b", "{\"o\":0}");
	mem_deref(s);
}

static void odd_keys(void **state)
{
	struct store *s = open_ok(false);
	struct pl key = {"a\0b", 3}, key2 = {"a\0c", 3}, none = PL_INIT;
	struct pl one = {"1", 1}, two = {"2", 1}, three = {"3", 1};
	char *v = NULL;

	(void)state;
	assert_int_equal(store_put(s, "k", &key, &one), 0);
	assert_int_equal(store_put(s, "k", &key2, &two), 0);
	assert_int_equal(store_put(s, "k", &none, &three), 0);
	assert_int_equal(store_get(s, "k", &key, &v), 0);
	assert_string_equal(v, "1");
	v = mem_deref(v);
	assert_int_equal(store_get(s, "k", &none, &v), 0);
	assert_string_equal(v, "3");
	mem_deref(v);
	assert_int_equal(put(s, "k", "'; DROP TABLE record; --", "x"), 0);
	assert_value(s, "k", "'; DROP TABLE record; --", "x");
	mem_deref(s);
}

static bool collect(const struct pl *key, const struct pl *value, void *arg)
{
	char *out = arg;
	size_t n = strlen(out);

	(void)re_snprintf(out + n, 64 - n, "%r=%r ", key, value);
	return false;
}

static bool first_only(const struct pl *key, const struct pl *value, void *arg)
{
	(void)collect(key, value, arg);
	return true;
}

static void each_in_first_written_order(void **state)
{
	struct store *s = open_ok(false);
	char out[64] = "", one[64] = "", none[64] = "";

	(void)state;
	assert_int_equal(put(s, "m", "z", "1"), 0);
	assert_int_equal(put(s, "n", "y", "2"), 0);
	assert_int_equal(put(s, "m", "a", "3"), 0);
	assert_int_equal(put(s, "m", "k", "4"), 0);
	assert_int_equal(put(s, "m", "z", "5"), 0);
	assert_int_equal(del(s, "m", "a"), 0);
	assert_int_equal(put(s, "m", "a", "6"), 0);
	assert_int_equal(store_each(s, "m", collect, out), 0);
	assert_string_equal(out, "z=5 k=4 a=6 ");
	assert_int_equal(store_each(s, "m", first_only, one), 0);
	assert_string_equal(one, "z=5 ");
	assert_int_equal(store_each(s, "none", collect, none), 0);
	assert_string_equal(none, "");
	mem_deref(s);
}

static bool del_self(const struct pl *key, const struct pl *value, void *arg)
{
	struct store *s = arg;
	char *v = NULL;

	(void)value;
	assert_int_equal(store_get(s, "m", key, &v), 0);
	mem_deref(v);
	assert_int_equal(store_del(s, "m", key), 0);
	return false;
}

static void delete_while_walking(void **state)
{
	struct store *s = open_ok(false);
	char name[16], out[64] = "";
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "k%d", i);
		assert_int_equal(put(s, "m", name, "v"), 0);
	}
	assert_int_equal(store_each(s, "m", del_self, s), 0);
	assert_int_equal(store_each(s, "m", collect, out), 0);
	assert_string_equal(out, "");
	mem_deref(s);
}

static void survives_reopening(void **state)
{
	struct store *s = open_ok(false);

	(void)state;
	assert_int_equal(put(s, "m", "a", "1"), 0);
	mem_deref(s);
	s = open_ok(false);
	assert_value(s, "m", "a", "1");
	mem_deref(s);
}

/* A process that dies between two instructions: no close, no checkpoint */
static void die_writing(void)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		struct store *s = NULL;

		_exit(store_open(&s, path, false) || put(s, "m", "a", "1"));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void view_of_the_dead(void **state)
{
	char wal[128];
	struct store *s;

	(void)state;
	die_writing();
	(void)snprintf(wal, sizeof(wal), "%s-wal", path);
	assert_int_equal(access(wal, F_OK), 0);
	s = open_ok(true);
	assert_value(s, "m", "a", "1");
	mem_deref(s);
	s = open_ok(false);
	assert_value(s, "m", "a", "1");
	mem_deref(s);
}

static void view_refuses_writing(void **state)
{
	struct store *s = open_ok(false), *view;

	(void)state;
	assert_int_equal(put(s, "m", "a", "1"), 0);
	view = open_ok(true);
	assert_int_equal(put(view, "m", "a", "2"), EACCES);
	assert_int_equal(del(view, "m", "a"), EACCES);
	/* it follows the writer, and does not hold it up */
	assert_int_equal(put(s, "m", "b", "3"), 0);
	assert_value(view, "m", "b", "3");
	assert_value(view, "m", "a", "1");
	mem_deref(view);
	mem_deref(s);
}

/* As a user who may read the file, and write nowhere */
static int view_as_nobody(void)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		struct pl k = PL("a");
		struct store *s = NULL;
		char *v = NULL;
		int err = 100;

		if (!setgid(65534) && !setuid(65534))
			err = store_open(&s, path, true);
		if (!err)
			err = store_get(s, "m", &k, &v) || strcmp(v, "1");
		mem_deref(v);
		mem_deref(s);
		_exit(err);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void view_without_rights_to_write(void **state)
{
	struct store *s = open_ok(false);
	char name[128];

	(void)state;
	if (geteuid()) {
		mem_deref(s);
		skip();
	}
	assert_int_equal(put(s, "m", "a", "1"), 0);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(chmod(path, 0644), 0);
	(void)snprintf(name, sizeof(name), "%s-wal", path);
	assert_int_equal(chmod(name, 0644), 0);
	(void)snprintf(name, sizeof(name), "%s-shm", path);
	assert_int_equal(chmod(name, 0644), 0);

	assert_int_equal(view_as_nobody(), 0); /* while it is written to */
	mem_deref(s);
	assert_int_equal(view_as_nobody(), 0); /* after a clean stop     */
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(view_as_nobody(), EACCES);
}

static void refusals(void **state)
{
	struct store *s = NULL;
	struct pl k = PL("k");
	sqlite3 *db;
	FILE *f;

	(void)state;
	assert_int_equal(store_open(&s, path, true), ENOENT);
	assert_int_equal(store_open(&s, "/nonexistent/a.db", false), ENOENT);
	assert_int_equal(store_open(NULL, path, false), EINVAL);
	assert_int_equal(store_open(&s, NULL, false), EINVAL);
	assert_int_equal(store_put(NULL, "m", &k, &k), EINVAL);

	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs("this is no database, however long it may be made "
			  "to look by adding words to its only line of text, "
			  "since sqlite wants to read a hundred bytes of it",
			  f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(store_open(&s, path, false), EIO);
	assert_int_equal(store_open(&s, path, true), EIO);
	assert_int_equal(unlink(path), 0);

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(store_open(&s, path, false), EPROTO);
	assert_int_equal(store_open(&s, path, true), EPROTO);
	assert_null(s);
}

static void in_memory(void **state)
{
	struct store *s = NULL;

	(void)state;
	assert_int_equal(store_open(&s, ":memory:", false), 0);
	assert_int_equal(put(s, "m", "a", "1"), 0);
	assert_value(s, "m", "a", "1");
	mem_deref(s);
}

#define S(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define R(f) cmocka_unit_test_setup(f, redis_setup)

int main(void)
{
	const struct CMUnitTest sqlite[] = {
		S(put_get_del),
		S(odd_keys),
		S(each_in_first_written_order),
		S(delete_while_walking),
		S(survives_reopening),
		S(view_refuses_writing),

		S(view_of_the_dead),
		S(view_without_rights_to_write),
		S(refusals),
		S(in_memory),
	};
	const struct CMUnitTest redis[] = {
		R(put_get_del),
		R(odd_keys),
		R(each_in_first_written_order),
		R(delete_while_walking),
		R(survives_reopening),
		R(view_refuses_writing),
	};
	int failed;

	failed = cmocka_run_group_tests_name("store, SQLite", sqlite, NULL,
					     NULL);
	if (redis_srv_can())
		failed += cmocka_run_group_tests_name("store, Redis", redis,
						      NULL, NULL);
	else
		print_message("no redis-server: not looked at\n");
	mem_deref(srv);

	return failed;
}
