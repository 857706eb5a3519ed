/* SPDX-License-Identifier: BSD-2-Clause */
/* SQLite's side of "nothing that was acknowledged is lost": the process is
 * killed, the power fails, the disk is full, the disk fails */
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "power_vfs.h"
#include "store_fix.h"

static const uint64_t late = 4000000000; /* s: what expires is kept apart */

enum {
	KEYS = 100,
	WINDOW = 32,   /* writes on their way             */
	BIG = 32768,   /* bytes of a value, to fill a log */
	WRITES = 6000, /* of them: over twice what a log has room for */
	LOSSES = 40,
};

/* A stream of writes: number n goes to key n % KEYS and says its number */
struct stream {
	struct store *s;
	unsigned sent, acked, end;
	int err;
	size_t size; /* of a value */
	uint64_t expires;
	char *value;
	void (*ackh)(struct stream *st);
	void *arg;
};

static void more(struct stream *st);

static void ack_h(int err, void *arg)
{
	struct stream *st = arg;

	if (err) {
		st->err = err;
		re_cancel();
		return;
	}
	++st->acked;
	if (st->ackh)
		st->ackh(st);
	if (st->acked == st->end)
		re_cancel();
	else if (!st->err)
		more(st);
}

static void more(struct stream *st)
{
	struct store_op op = {.kind = "m"};
	char key[16];
	int n;

	if (st->sent == st->end)
		return;
	(void)re_snprintf(key, sizeof(key), "%u", st->sent % KEYS);
	pl_set_str(&op.key, key);
	n = snprintf(st->value, 16, "%u", st->sent);
	st->value[n] = ' ';
	op.value.p = st->value;
	op.value.l = st->size;
	op.expires = st->expires;
	++st->sent;
	st->err = store_write(st->s, &op, 1, ack_h, st);
	if (st->err)
		re_cancel();
}

static void run(struct stream *st)
{
	st->value = malloc(st->size);
	assert_non_null(st->value);
	memset(st->value, 'x', st->size);
	for (unsigned i = 0; i < WINDOW; i++)
		more(st);
	(void)re_main(NULL);
	free(st->value);
}

/* The newest number of each key that was acknowledged, or one after it.
 * No assertions here: within the event loop there is no way out but back */
struct look {
	unsigned acked, sent, keys;
	bool bad;
};

static bool look_h(const struct pl *key, const struct pl *value, void *arg)
{
	struct look *l = arg;
	const unsigned k = pl_u32(key),
		       n = (unsigned)strtoul(value->p, NULL, 10);

	++l->keys;
	/* none that is newer was acknowledged: they are in order */
	if (n % KEYS != k || n >= l->sent || n + KEYS < l->acked)
		l->bad = true;

	return l->bad;
}

static bool is_kept(const char *path, unsigned acked, unsigned sent)
{
	struct look l = {.acked = acked, .sent = sent};
	struct store *s = NULL;

	l.bad = store_open(&s, path, false) || store_each(s, "m", look_h, &l);
	mem_deref(s);

	return !l.bad && l.keys >= (acked < KEYS ? acked : KEYS);
}

/* ---- killed ------------------------------------------------------------- */

static void say(struct stream *st)
{
	if (write(*(int *)st->arg, &st->acked, sizeof(st->acked)) < 0)
		_exit(1);
}

static void child(const char *path, int fd, uint64_t expires)
{
	struct stream st = {.end = UINT32_MAX,
			    .size = 400,
			    .expires = expires,
			    .ackh = say,
			    .arg = &fd};

	(void)libre_init();
	if (!store_open(&st.s, path, false))
		run(&st);
	_exit(1);
}

static void killed(struct fix *f, unsigned after, uint64_t expires)
{
	unsigned acked = 0, n;
	int fdv[2], status;
	pid_t pid;

	assert_int_equal(pipe(fdv), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		(void)close(fdv[0]);
		child(f->path, fdv[1], expires);
	}
	(void)close(fdv[1]);
	while (acked < after) {
		assert_int_equal(read(fdv[0], &acked, sizeof(acked)),
				 sizeof(acked));
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	/* what it said before it died counts */
	while (read(fdv[0], &n, sizeof(n)) == sizeof(n))
		acked = n;
	(void)close(fdv[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_true(is_kept(f->path, acked, acked + 2 * WINDOW));
}

static void sigkill(void **state)
{
	static const unsigned afterv[] = {1, 2, 50, 777, 2000, 5000};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(afterv); i++) {
		fix_remove(f);
		killed(f, afterv[i], i % 2 ? late : 0);
		fix_remove(f);
		killed(f, afterv[i], i % 2 ? 0 : late);
	}
}

/* ---- power lost ---------------------------------------------------------- */

struct losing {
	struct fix *f;
	unsigned n, every;
};

static void lose(struct stream *st)
{
	struct losing *l = st->arg;
	char to[128];

	if (st->acked % l->every)
		return;
	(void)re_snprintf(to, sizeof(to), "%s/lost.db", l->f->dir);
	if (power_loss(l->f->path, to, l->n) ||
	    !is_kept(to, st->acked, st->sent)) {
		st->err = EBADMSG;
		re_cancel();
	}
	++l->n;
}

static void power_fails_in(struct fix *f, uint64_t expires)
{
	struct losing l = {.f = f, .every = 7};
	struct stream st = {.s = f->s,
			    .end = 7 * LOSSES,
			    .size = 400,
			    .expires = expires,
			    .ackh = lose,
			    .arg = &l};

	run(&st);
	assert_int_equal(st.err, 0);
	assert_int_equal(l.n, LOSSES);
}

static void power_fails(void **state)
{
	power_fails_in(*state, 0);
}

static void power_fails_on_what_expires(void **state)
{
	power_fails_in(*state, late);
}

static void long_logs(struct fix *f, uint64_t expires)
{
	struct losing l = {.f = f, .every = WRITES / LOSSES};
	struct stream st = {.s = f->s,
			    .end = WRITES,
			    .size = BIG,
			    .expires = expires,
			    .ackh = lose,
			    .arg = &l};

	run(&st);
	assert_int_equal(st.err, 0);
	assert_int_equal(l.n, LOSSES);
}

/* While the log is copied into the database, and started over */
static void power_fails_with_long_logs(void **state)
{
	long_logs(*state, 0);
}

/* And while rows are dropped, what is needed of them written again */
static void power_fails_on_what_is_written_again(void **state)
{
	long_logs(*state, late);
}

/* A sync serves all that waited */
static void commits_in_groups(void **state)
{
	struct fix *f = *state;
	struct stream st = {.s = f->s, .end = 20000, .size = 400};
	const unsigned before = power_syncs();

	run(&st);
	assert_int_equal(st.err, 0);
	assert_true(power_syncs() - before < 20000 / 4);
}

/* The lossy disk is one: without a sync nothing is safe */
static void the_disk_loses_what_is_not_synced(void **state)
{
	struct fix *f = *state;
	struct pl k = PL("a"), v = PL("1");
	struct store *s = NULL;
	char to[128], *got = NULL;
	unsigned lost = 0;

	(void)re_snprintf(to, sizeof(to), "%s/lost.db", f->dir);
	assert_int_equal(store_put(f->s, "m", &k, &v), 0);
	for (unsigned seed = 0; seed < 20; seed++) {
		assert_int_equal(power_loss(f->path, to, seed), 0);
		assert_int_equal(store_open(&s, to, false), 0);
		lost += store_get(s, "m", &k, &got) == ENOENT;
		got = mem_deref(got);
		s = mem_deref(s);
	}
	assert_true(lost > 0);
}

/* ---- no space ------------------------------------------------------------ */

static void full_then_not(struct fix *f, uint64_t expires)
{
	struct stream st = {
		.s = f->s, .end = 100000, .size = 4000, .expires = expires};
	const char *why = NULL;

	run(&st);
	assert_int_equal(st.err, ENOSPC);
	assert_true(st.acked > 0);
	assert_true(store_degraded(f->s, &why));
	assert_non_null(strstr(why, "space"));
	f->s = mem_deref(f->s);
	assert_true(is_kept(f->path, st.acked, st.sent));
}

static void no_space(void **state)
{
	struct fix *f = *state;

	power_space(3000000);
	full_then_not(f, 0);

	/* and with some again it goes on */
	power_space(0);
	assert_int_equal(store_open(&f->s, f->path, false), 0);
	put(f, "later", "1");
	wait_for(f, 1);
	power_space(1);
	assert_int_equal(f->err, 0);
	/* the log has room of its own to be filled first */
	while (!f->err) {
		put(f, "later", "2");
		wait_for(f, f->done + 1);
	}
	assert_int_equal(f->err, ENOSPC);
	assert_true(store_degraded(f->s, NULL));
	power_space(0);
	put(f, "later", "3");
	wait_for(f, f->done + 1);
	assert_int_equal(f->err, 0);
	assert_false(store_degraded(f->s, NULL));
	assert_value(f, "later", "3");
}

/* What was refused is not in the index either */
static void no_space_for_what_expires(void **state)
{
	struct fix *f = *state;

	power_space(3000000);
	full_then_not(f, late);
	power_space(0);
	assert_int_equal(store_open(&f->s, f->path, false), 0);
	put(f, "later", "1");
	wait_for(f, 1);
	assert_int_equal(f->err, 0);
}

/* A file system that is full in earnest */
static void no_space_on_tmpfs(void **state)
{
	struct fix *f = *state;
	char dir[96], path[sizeof(f->path)];

	if (geteuid())
		skip();
	(void)re_snprintf(dir, sizeof(dir), "%s/small", f->dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	if (mount("none", dir, "tmpfs", 0, "size=2m")) {
		assert_int_equal(rmdir(dir), 0);
		skip();
	}
	memcpy(path, f->path, sizeof(path));
	f->s = mem_deref(f->s);
	(void)re_snprintf(f->path, sizeof(f->path), "%s/a.db", dir);
	assert_int_equal(store_open(&f->s, f->path, false), 0);
	full_then_not(f, 0);
	fix_remove(f);
	memcpy(f->path, path, sizeof(path));
	assert_int_equal(umount(dir), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* A job that does not fit leaves nothing, one that does is not held back */
static void all_or_nothing(void **state)
{
	struct fix *f = *state;
	char *big = malloc(4000000);
	struct store_op opv[2] = {op("m", "a", "2"), op("m", "big", "")};

	assert_non_null(big);
	memset(big, 'x', 4000000);
	opv[1].value.p = big;
	opv[1].value.l = 4000000;
	put(f, "a", "1");
	wait_for(f, 1);
	power_space(1000000);
	assert_int_equal(store_write(f->s, opv, 2, done_h, f), 0);
	put(f, "b", "1");
	wait_for(f, 3);
	assert_int_equal(f->err, 0);
	assert_int_equal(f->first, ENOSPC);
	power_space(0);
	assert_value(f, "a", "1");
	assert_value(f, "big", NULL);
	assert_value(f, "b", "1");
	free(big);
}

/* ---- a disk that fails --------------------------------------------------- */

static void failed_sync_is_final(void **state)
{
	struct fix *f = *state;
	const char *why = NULL;

	put(f, "a", "1");
	wait_for(f, 1);
	power_sync_fails(true);
	put(f, "b", "1");
	wait_for(f, 2);
	assert_int_equal(f->err, EIO);
	power_sync_fails(false);
	put(f, "c", "1");
	wait_for(f, 3);
	assert_int_equal(f->err, EIO);
	assert_true(store_degraded(f->s, &why));
	assert_non_null(strstr(why, "disk"));
}

static int empty_disk(void **state)
{
	power_reset();

	return setup(state);
}

#define T(f) cmocka_unit_test_setup_teardown(f, empty_disk, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(sigkill),
		T(the_disk_loses_what_is_not_synced),
		T(power_fails),
		T(power_fails_on_what_expires),
		T(power_fails_with_long_logs),
		T(power_fails_on_what_is_written_again),
		T(no_space_for_what_expires),
		T(commits_in_groups),
		T(no_space),
		T(no_space_on_tmpfs),
		T(all_or_nothing),
		T(failed_sync_is_final),
	};

	if (power_init())
		return 1;

	return cmocka_run_group_tests_name("store crash", tests, NULL, NULL);
}
