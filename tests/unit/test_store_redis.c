/* SPDX-License-Identifier: BSD-2-Clause */
/* Redis: several nodes, a server that dies, a replica that takes over */
#include <signal.h>
#include <sys/wait.h>

#include "redis_srv.h"
#include "store_fix.h"

enum {
	KEYS = 100,
	WINDOW = 32,
	ROUNDS = 3,
	MANY = 3000,
};

struct nodes {
	struct fix *f; /* node a; teardown() ends it */
	struct redis_srv *srv, *replica, *other, *sentinel;
	struct store *b;
	struct store_watch *wa, *wb;
	char said_a[512], said_b[512];
	bool (*until)(struct nodes *n);
	struct tmr tmr;
};

static void write_said(const struct pl *key, const struct pl *value, char *out,
		       size_t size)
{
	size_t n = strlen(out);

	if (value)
		(void)re_snprintf(out + n, size - n, "%r=%r ", key, value);
	else
		(void)re_snprintf(out + n, size - n, "-%r ", key);
}

static void change_a(const char *kind, const struct pl *key,
		     const struct pl *value, void *arg)
{
	struct nodes *n = arg;
	(void)kind;

	write_said(key, value, n->said_a, sizeof(n->said_a));
}

static void change_b(const char *kind, const struct pl *key,
		     const struct pl *value, void *arg)
{
	struct nodes *n = arg;
	(void)kind;

	write_said(key, value, n->said_b, sizeof(n->said_b));
}

static int open_node(struct store **sp, struct nodes *n, const char *name,
		     unsigned replicas)
{
	struct redis_srv *replica = n->replica ? n->replica : n->srv;
	char url[128];
	struct store_conf conf = {.path = url,
				  .node = name,
				  .own = "media other",
				  .replicas = replicas};

	(void)re_snprintf(url, sizeof(url),
			  "redis://127.0.0.1:%u,127.0.0.1:%u,127.0.0.1:%u",
			  redis_srv_port(n->srv), redis_srv_port(replica),
			  redis_srv_port(n->other ? n->other : replica));

	return store_open_conf(sp, &conf);
}

static int nodes_setup_with(void **state, bool replica)
{
	struct nodes *n = calloc(1, sizeof(*n));

	if (!n || setup((void **)&n->f))
		return -1;
	fix_remove(n->f);
	if (redis_srv_start(&n->srv, NULL) ||
	    (replica && redis_srv_start(&n->replica, n->srv)))
		return -1;
	tmr_init(&n->tmr);
	*state = n;

	return open_node(&n->f->s, n, "a", replica);
}

static int nodes_setup(void **state)
{
	return nodes_setup_with(state, false);
}

static int replica_setup(void **state)
{
	return nodes_setup_with(state, true);
}

static int nodes_teardown(void **state)
{
	struct nodes *n = *state;
	void *f = n->f;

	mem_deref(n->wa);
	mem_deref(n->wb);
	mem_deref(n->b);
	n->f->s = mem_deref(n->f->s);
	mem_deref(n->sentinel);
	mem_deref(n->srv);
	mem_deref(n->replica);
	mem_deref(n->other);
	free(n);

	return teardown(&f);
}

/* ---- waiting -------------------------------------------------------------- */

static void look(void *arg)
{
	struct nodes *n = arg;

	if (n->until(n))
		re_cancel();
	else
		tmr_start(&n->tmr, 5, look, n);
}

static void wait_until(struct nodes *n, bool (*until)(struct nodes *n))
{
	n->until = until;
	tmr_start(&n->tmr, 0, look, n);
	tmr_start(&n->f->tmr, PATIENCE, too_long, n->f);
	(void)re_main(NULL);
	tmr_cancel(&n->f->tmr);
	tmr_cancel(&n->tmr);
	assert_true(until(n));
}

static bool is_degraded(struct nodes *n)
{
	return store_degraded(n->f->s, NULL);
}

static bool is_good(struct nodes *n)
{
	return !store_degraded(n->f->s, NULL) &&
	       (!n->b || !store_degraded(n->b, NULL));
}

static void b_puts(struct nodes *n, const char *key, const char *value)
{
	const struct store_op o = op("m", key, value);

	assert_int_equal(store_write(n->b, &o, 1, NULL, NULL), 0);
}

static void watch_both(struct nodes *n)
{
	assert_int_equal(open_node(&n->b, n, "b", 0), 0);
	assert_int_equal(store_watch(&n->wa, n->f->s, "m", change_a, n), 0);
	assert_int_equal(store_watch(&n->wb, n->b, "m", change_b, n), 0);
}

/* ---- several nodes ---------------------------------------------------------- */

static bool a_heard_end(struct nodes *n)
{
	return strstr(n->said_a, "end=");
}

static bool b_heard_end(struct nodes *n)
{
	return strstr(n->said_b, "end=");
}

static void nodes_hear_each_other(void **state)
{
	struct nodes *n = *state;

	watch_both(n);
	put(n->f, "x", "1");
	put(n->f, "y", "2");
	put(n->f, "x", "3");
	put(n->f, "y", NULL);
	put(n->f, "end", "");
	wait_until(n, b_heard_end);
	/* the look at all there is goes on meanwhile: what is told last counts */
	assert_non_null(strstr(n->said_b, "x=3 "));
	assert_string_equal(n->said_a, ""); /* never its own */

	b_puts(n, "x", "4");
	b_puts(n, "x", NULL);
	b_puts(n, "end", "b");
	wait_until(n, a_heard_end);
	assert_non_null(strstr(n->said_a, "end=b "));
	assert_non_null(strstr(n->said_a, "-x "));
	assert_null(strstr(strstr(n->said_a, "-x "), " x="));
	assert_null(strstr(n->said_b, "x=4 "));
	assert_null(strstr(n->said_b, "end=b "));
	assert_value(n->f, "x", NULL);
}

static void what_was_there_is_told_once(void **state)
{
	struct nodes *n = *state;
	char out[128] = "";

	put(n->f, "old", "1");
	put(n->f, "older", "2");
	wait_for(n->f, 2);
	assert_int_equal(open_node(&n->b, n, "b", 0), 0);
	assert_int_equal(store_watch(&n->wb, n->b, "m", change_b, n), 0);
	assert_int_equal(store_each(n->b, "m", collect, out), 0);
	assert_string_equal(out, "old=1 older=2 ");
	put(n->f, "end", "");
	wait_until(n, b_heard_end);
	assert_string_equal(n->said_b, "end= ");
}

static void records_of_one_node_alone(void **state)
{
	struct nodes *n = *state;
	struct pl k = PL("call"), v = PL("of a");
	char out[128] = "", *got = NULL;

	assert_int_equal(open_node(&n->b, n, "b", 0), 0);
	assert_int_equal(store_put(n->f->s, "media", &k, &v), 0);
	assert_int_equal(store_get(n->b, "media", &k, &got), ENOENT);
	assert_int_equal(store_each(n->b, "media", collect, out), 0);
	assert_string_equal(out, "");
	assert_int_equal(store_get(n->f->s, "media", &k, &got), 0);
	assert_string_equal(got, "of a");
	mem_deref(got);

	/* by its name, and not by its process */
	n->f->s = mem_deref(n->f->s);
	assert_int_equal(open_node(&n->f->s, n, "a", 0), 0);
	assert_int_equal(store_each(n->f->s, "media", collect, out), 0);
	assert_string_equal(out, "call=of a ");
	assert_string_equal(redis_srv_ask(n->srv, "GET carom:media@a:call"),
			    "of a");
}

/* Both write the same records all the time: what each was told last, or wrote
 * itself, is what Redis has */
struct mirror {
	struct nodes *n;
	char valuev[2][8][24];
};

static void mirror_h(struct mirror *m, int i, const struct pl *key,
		     const struct pl *value)
{
	char *to = m->valuev[i][pl_u32(key)];

	if (value)
		(void)pl_strcpy(value, to, 24);
	else
		*to = '\0';
}

static void mirror_a(const char *kind, const struct pl *key,
		     const struct pl *value, void *arg)
{
	(void)kind;
	mirror_h(arg, 0, key, value);
}

static void mirror_b(const char *kind, const struct pl *key,
		     const struct pl *value, void *arg)
{
	(void)kind;
	mirror_h(arg, 1, key, value);
}

static struct mirror *mirror_now;

static bool mirror_step(struct nodes *n)
{
	static unsigned count;
	struct mirror *m = mirror_now;

	if (count == MANY)
		return n->f->done == MANY;
	for (int i = 0; i < 20; i++, count++) {
		const int who = rand() & 1;
		struct store_op o;
		char key[8], value[24];

		(void)re_snprintf(key, sizeof(key), "%u", rand() % 8);
		(void)re_snprintf(value, sizeof(value), "%d/%u", who, count);
		o = op("m", key, rand() % 4 ? value : NULL);
		mirror_h(m, who, &o.key, o.value.p ? &o.value : NULL);
		(void)store_write(who ? n->b : n->f->s, &o, 1, done_h, n->f);
	}

	return false;
}

static bool mirror_same(struct nodes *n)
{
	struct mirror *m = mirror_now;

	for (int i = 0; i < 8; i++) {
		char cmd[32];
		const char *is;

		(void)re_snprintf(cmd, sizeof(cmd), "GET carom:m:%d", i);
		is = redis_srv_ask(n->srv, cmd);
		if (strcmp(m->valuev[0][i], is) != 0 ||
		    strcmp(m->valuev[1][i], is) != 0)
			return false;
	}

	return true;
}

static void both_come_to_the_same(void **state)
{
	struct nodes *n = *state;
	struct mirror m = {.n = n};

	mirror_now = &m;
	assert_int_equal(open_node(&n->b, n, "b", 0), 0);
	assert_int_equal(store_watch(&n->wa, n->f->s, "m", mirror_a, &m), 0);
	assert_int_equal(store_watch(&n->wb, n->b, "m", mirror_b, &m), 0);
	wait_until(n, mirror_step);
	assert_int_equal(n->f->first, 0);
	wait_until(n, mirror_same);
}

/* ---- Redis is away ------------------------------------------------------------ */

static void away_and_back(void **state)
{
	struct nodes *n = *state;
	const char *why = NULL;
	struct pl k = PL("call"), v = PL("1");
	char *got = NULL;

	put(n->f, "kept", "1");
	wait_for(n->f, 1);
	redis_srv_kill(n->srv);
	wait_until(n, is_degraded);
	assert_true(store_degraded(n->f->s, &why));
	assert_non_null(strstr(why, "Redis at 127.0.0.1"));

	/* who wants to know is told in time, a call goes on */
	put(n->f, "late", "1");
	wait_for(n->f, 2);
	assert_int_equal(n->f->err, ETIMEDOUT);
	assert_int_equal(store_put(n->f->s, "media", &k, &v), 0);
	assert_int_equal(store_get(n->f->s, "media", &k, &got), EAGAIN);
	assert_int_equal(store_each(n->f->s, "media", collect, n->said_a),
			 EAGAIN);
	put(n->f, "in time", "1");
	assert_int_equal(redis_srv_again(n->srv), 0);
	wait_for(n->f, 3);
	assert_int_equal(n->f->err, 0);
	assert_false(store_degraded(n->f->s, NULL));
	assert_value(n->f, "kept", "1");
	assert_value(n->f, "in time", "1");
	assert_value(n->f, "late", NULL);
	assert_int_equal(store_get(n->f->s, "media", &k, &got), 0);
	mem_deref(got);
}

static void hangs_and_returns(void **state)
{
	struct nodes *n = *state;

	put(n->f, "a", "1");
	wait_for(n->f, 1);
	redis_srv_freeze(n->srv, true);
	put(n->f, "b", "1");
	wait_for(n->f, 2);
	assert_int_equal(n->f->err, ETIMEDOUT);
	assert_true(store_degraded(n->f->s, NULL));
	redis_srv_freeze(n->srv, false);
	wait_until(n, is_good);
	put(n->f, "c", "1");
	wait_for(n->f, 3);
	assert_int_equal(n->f->err, 0);
	assert_value(n->f, "c", "1");
}

/* What others did meanwhile: they were there before Redis' clients were */
static void catches_up(void **state)
{
	struct nodes *n = *state;

	watch_both(n);
	b_puts(n, "stays", "1");
	b_puts(n, "goes", "1");
	b_puts(n, "changes", "1");
	b_puts(n, "end", "1");
	wait_until(n, a_heard_end);
	*n->said_a = '\0';

	/* as another node that this one does not hear of */
	assert_string_equal(
		redis_srv_ask(n->srv, "CLIENT KILL TYPE pubsub SKIPME yes"),
		"2");
	assert_string_equal(redis_srv_ask(n->srv, "DEL carom:m:goes"), "1");
	assert_string_equal(redis_srv_ask(n->srv, "SET carom:m:changes 2"),
			    "OK");
	assert_string_equal(redis_srv_ask(n->srv, "SET carom:m:comes 1"), "OK");
	assert_string_equal(redis_srv_ask(n->srv, "ZADD carom.index:m 1 comes"),
			    "1");
	redis_srv_kill(n->srv);
	wait_until(n, is_degraded);
	assert_int_equal(redis_srv_again(n->srv), 0);
	wait_until(n, is_good);
	b_puts(n, "end", "2");
	wait_until(n, a_heard_end);
	assert_non_null(strstr(n->said_a, "-goes "));
	assert_non_null(strstr(n->said_a, "changes=2 "));
	assert_non_null(strstr(n->said_a, "comes=1 "));
	assert_null(strstr(n->said_a, "stays"));
}

static void not_there_at_all(void **state)
{
	struct nodes *n = *state;
	struct store *s = NULL;

	redis_srv_kill(n->srv);
	assert_int_equal(open_node(&s, n, "c", 0), ECONNREFUSED);
	assert_int_equal(redis_srv_again(n->srv), 0);
	(void)redis_srv_ask(n->srv, "SET carom.version 99");
	assert_int_equal(open_node(&s, n, "c", 0), EPROTO);
	(void)redis_srv_ask(n->srv, "SET carom.version 1");
	(void)redis_srv_ask(n->srv, "CONFIG SET requirepass secret");
	assert_int_equal(open_node(&s, n, "c", 0), EACCES);
	assert_null(s);
}

/* A name is one node's: another machine's agent is refused, or waits for the
 * end of it */
static void one_node_of_a_name(void **state)
{
	struct nodes *n = *state;

	assert_string_equal(redis_srv_ask(n->srv, "EXISTS carom.node:a"), "1");
	n->f->s = mem_deref(n->f->s);
	assert_string_equal(redis_srv_ask(n->srv, "EXISTS carom.node:a"), "0");
	(void)redis_srv_ask(n->srv, "SET carom.node:a other PX 2000");
	assert_int_equal(open_node(&n->f->s, n, "a", 0), 0);
	assert_int_equal(open_node(&n->b, n, "b", 0), 0);
	n->b = mem_deref(n->b);
	(void)redis_srv_ask(n->srv, "SET carom.node:b other");
	assert_int_equal(open_node(&n->b, n, "b", 0), EBUSY);
	assert_null(n->b);

	/* one that takes it from us, while we were not to be heard of */
	(void)redis_srv_ask(n->srv, "SET carom.node:a other PX 3000");
	wait_until(n, is_degraded);
	wait_until(n, is_good);
}

static void password(void **state)
{
	struct nodes *n = *state;
	struct store_conf conf = {.path = n->said_a,
				  .password_file = n->said_b};
	struct store *s = NULL;
	FILE *f;

	(void)re_snprintf(n->said_b, sizeof(n->said_b), "%s/a.db", n->f->dir);
	f = fopen(n->said_b, "w");
	assert_non_null(f);
	assert_true(fputs("se cret\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
	(void)redis_srv_ask(n->srv, "ACL SETUSER carom on +@all -@dangerous "
				    "+role +config|get ~carom* &carom* "
				    "nopass");
	(void)re_snprintf(n->said_a, sizeof(n->said_a),
			  "redis://carom@127.0.0.1:%u/3",
			  redis_srv_port(n->srv));
	assert_int_equal(store_open_conf(&s, &conf), 0);
	assert_int_equal(store_write(s,
				     &(struct store_op){.kind = "m",
							.key = PL("k"),
							.value = PL("v")},
				     1, done_h, n->f),
			 0);
	wait_for(n->f, 1);
	assert_int_equal(n->f->err, 0);
	mem_deref(s);
}

/* ---- nothing that was acknowledged is lost ----------------------------------- */

struct stream {
	struct nodes *n;
	unsigned sent, acked[KEYS], done, want;
	int err; /* of the last that failed */
};

static void more(struct stream *st);

struct one {
	struct stream *st;
	unsigned number;
};

static void ack_h(int err, void *arg)
{
	struct one *one = arg;
	struct stream *st = one->st;

	if (err)
		st->err = err;
	else
		st->acked[one->number % KEYS] = one->number;
	mem_deref(one);
	++st->done;
	if (st->done >= st->want)
		re_cancel();
	if (st->sent < st->want)
		more(st);
}

static void more(struct stream *st)
{
	struct one *one = mem_zalloc(sizeof(*one), NULL);
	struct store_op o;
	char key[16], value[16];

	one->st = st;
	one->number = ++st->sent;
	(void)re_snprintf(key, sizeof(key), "%u", one->number % KEYS);
	(void)re_snprintf(value, sizeof(value), "%u", one->number);
	o = op("m", key, value);
	(void)store_write(st->n->f->s, &o, 1, ack_h, one);
}

static void stream_for(struct stream *st, unsigned count)
{
	st->want += count;
	for (unsigned i = 0; i < WINDOW && st->sent < st->want; i++)
		more(st);
	tmr_start(&st->n->f->tmr, PATIENCE, too_long, st->n->f);
	(void)re_main(NULL);
	tmr_cancel(&st->n->f->tmr);
	assert_int_equal(st->done, st->want);
}

static void assert_acked(struct stream *st)
{
	for (unsigned i = 0; i < KEYS; i++) {
		char key[16], *v = NULL;
		struct pl k;

		if (!st->acked[i])
			continue;
		(void)re_snprintf(key, sizeof(key), "%u", i);
		pl_set_str(&k, key);
		assert_int_equal(store_get(st->n->f->s, "m", &k, &v), 0);
		assert_true(strtoul(v, NULL, 10) >= st->acked[i]);
		mem_deref(v);
	}
}

struct killer {
	struct stream *st;
	struct tmr tmr;
	unsigned at;
	bool promote; /* the replica */
	bool gone;    /* it does not come back */
};

/* In the middle of a stream */
static void kill_h(void *arg)
{
	struct killer *k = arg;
	struct nodes *n = k->st->n;

	if (k->st->done < k->at) {
		tmr_start(&k->tmr, 1, kill_h, k);
		return;
	}
	redis_srv_kill(n->srv);
	if (k->gone)
		return;
	if (k->promote)
		(void)redis_srv_ask(n->replica, "REPLICAOF NO ONE");
	else
		(void)redis_srv_again(n->srv);
}

static void killed_and_restarted(void **state)
{
	struct nodes *n = *state;
	struct stream st = {.n = n};
	struct killer k = {.st = &st};

	tmr_init(&k.tmr);
	for (int i = 0; i < ROUNDS; i++) {
		k.at = st.done + MANY / 2;
		tmr_start(&k.tmr, 0, kill_h, &k);
		stream_for(&st, MANY);
		wait_until(n, is_good);
		assert_acked(&st);
	}
	/* it was back before anybody's patience was at its end */
	assert_int_equal(st.err, 0);
}

static void failover_to_a_replica(void **state)
{
	struct nodes *n = *state;
	struct stream st = {.n = n};
	struct killer k = {.st = &st, .at = MANY / 2, .promote = true};

	tmr_init(&k.tmr);
	tmr_start(&k.tmr, 0, kill_h, &k);
	/* the new master has no replica: nothing is acknowledged any more */
	stream_for(&st, MANY / 2 + 2 * WINDOW);
	wait_until(n, is_good);
	assert_int_equal(st.err, ETIMEDOUT);
	assert_acked(&st);

	/* the old one returns as its replica, and all is well */
	st.err = 0;
	assert_int_equal(redis_srv_again(n->srv), 0);
	{
		char cmd[64];

		(void)re_snprintf(cmd, sizeof(cmd), "REPLICAOF 127.0.0.1 %u",
				  redis_srv_port(n->replica));
		assert_string_equal(redis_srv_ask(n->srv, cmd), "OK");
	}
	while (!strstr(redis_srv_ask(n->srv, "INFO replication"),
		       "master_link_status:up"))
		sys_msleep(20);
	stream_for(&st, MANY);
	assert_int_equal(st.err, 0);
	assert_acked(&st);
}

/* Nobody does anything by hand: Sentinel finds the next master, we find it, and it
 * has a replica left for what comes then */
static void sentinel_makes_a_master(void **state)
{
	struct nodes *n = *state;
	struct stream st = {.n = n};
	struct killer k = {.st = &st, .at = MANY / 2, .gone = true};

	n->f->s = mem_deref(n->f->s);
	assert_int_equal(redis_srv_start(&n->other, n->srv), 0);
	assert_int_equal(redis_srv_sentinel(&n->sentinel, n->srv, 2), 0);
	assert_int_equal(open_node(&n->f->s, n, "a", 1), 0);
	tmr_init(&k.tmr);
	tmr_start(&k.tmr, 0, kill_h, &k);
	stream_for(&st, MANY);
	wait_until(n, is_good);
	for (int i = 0; i < 10 && (!i || st.err); i++) {
		st.err = 0;
		stream_for(&st, WINDOW);
	}
	stream_for(&st, MANY);
	assert_int_equal(st.err, 0);
	assert_acked(&st);
}

#define R(f) cmocka_unit_test_setup_teardown(f, nodes_setup, nodes_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		R(nodes_hear_each_other),
		R(what_was_there_is_told_once),
		R(records_of_one_node_alone),
		R(both_come_to_the_same),
		R(away_and_back),
		R(hangs_and_returns),
		R(catches_up),
		R(not_there_at_all),
		R(one_node_of_a_name),
		R(password),
		R(killed_and_restarted),
		cmocka_unit_test_setup_teardown(failover_to_a_replica,
						replica_setup, nodes_teardown),
		cmocka_unit_test_setup_teardown(sentinel_makes_a_master,
						replica_setup, nodes_teardown),
	};

	if (!redis_srv_can()) {
		print_message("no redis-server: not looked at\n");
		return 0;
	}

	return cmocka_run_group_tests_name("store Redis", tests, NULL, NULL);
}
