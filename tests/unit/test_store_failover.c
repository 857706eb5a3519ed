/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_store_failover.c  A Redis that dies: nothing that was acknowledged is lost
 */
#include <signal.h>
#include <sys/wait.h>
#include "nodes_fix.h"

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

#define T(f) cmocka_unit_test_setup_teardown(f, replica_setup, nodes_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		R(killed_and_restarted),
		T(failover_to_a_replica),
		T(sentinel_makes_a_master),
	};

	if (!redis_srv_can()) {
		print_message("no redis-server: not looked at\n");
		return 0;
	}

	return cmocka_run_group_tests_name("store Redis", tests, NULL, NULL);
}
