/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file nodes_fix.c  Two nodes whose stores are one Redis
 */
#include "nodes_fix.h"

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

void change_b(const char *kind, const struct pl *key, const struct pl *value,
	      void *arg)
{
	struct nodes *n = arg;
	(void)kind;

	write_said(key, value, n->said_b, sizeof(n->said_b));
}

int open_node(struct store **sp, struct nodes *n, const char *name,
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

int nodes_setup(void **state)
{
	return nodes_setup_with(state, false);
}

int replica_setup(void **state)
{
	return nodes_setup_with(state, true);
}

int nodes_teardown(void **state)
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

void wait_until(struct nodes *n, bool (*until)(struct nodes *n))
{
	n->until = until;
	tmr_start(&n->tmr, 0, look, n);
	tmr_start(&n->f->tmr, PATIENCE, too_long, n->f);
	(void)re_main(NULL);
	tmr_cancel(&n->f->tmr);
	tmr_cancel(&n->tmr);
	assert_true(until(n));
}

bool is_degraded(struct nodes *n)
{
	return store_degraded(n->f->s, NULL);
}

bool is_good(struct nodes *n)
{
	return !store_degraded(n->f->s, NULL) &&
	       (!n->b || !store_degraded(n->b, NULL));
}

void b_puts(struct nodes *n, const char *key, const char *value)
{
	const struct store_op o = op("m", key, value);

	assert_int_equal(store_write(n->b, &o, 1, NULL, NULL), 0);
}

void watch_both(struct nodes *n)
{
	assert_int_equal(open_node(&n->b, n, "b", 0), 0);
	assert_int_equal(store_watch(&n->wa, n->f->s, "m", change_a, n), 0);
	assert_int_equal(store_watch(&n->wb, n->b, "m", change_b, n), 0);
}

/* ---- nothing that was acknowledged is lost ----------------------------------- */
