/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_store_redis.c  Nodes that share a Redis: they hear of each other, and of what they missed
 */
#include "nodes_fix.h"

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
	};

	if (!redis_srv_can()) {
		print_message("no redis-server: not looked at\n");
		return 0;
	}

	return cmocka_run_group_tests_name("store Redis", tests, NULL, NULL);
}
