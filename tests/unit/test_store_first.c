/* SPDX-License-Identifier: BSD-2-Clause */
/* Who comes first, and what is true after a write that came to no good answer */
#include "redis_srv.h"
#include "store_fix.h"

static int open_node(struct store **sp, const struct redis_srv *srv,
		     const char *name, unsigned replicas)
{
	char url[64];
	const struct store_conf conf = {.path = url,
					.node = name,
					.own = "media",
					.replicas = replicas};

	(void)re_snprintf(url, sizeof(url), "redis://127.0.0.1:%u",
			  redis_srv_port(srv));
	return store_open_conf(sp, &conf);
}

static void expect_first(struct store *s, const char *key, const char *value,
			 const char *want)
{
	struct pl k, v;
	char *kept = NULL;

	pl_set_str(&k, key);
	pl_set_str(&v, value);
	assert_int_equal(store_first(s, "m", &k, &v, &kept), 0);
	assert_string_equal(kept, want);
	mem_deref(kept);
}

static void in_a_file(void **state)
{
	struct fix *f = *state;
	char text[128] = "";

	expect_first(f->s, "k", "one", "one");
	expect_first(f->s, "k", "two", "one");
	put(f, "late", "three");
	expect_first(f->s, "late", "four", "three");
	wait_for(f, 1);
	assert_int_equal(store_each(f->s, "m", collect, text), 0);
	assert_string_equal(text, "k=one late=three ");
	f->s = mem_deref(f->s);
	assert_int_equal(store_open(&f->s, f->path, true), 0);
	expect_first(f->s, "k", "five", "one");
	assert_int_equal(store_first(f->s, "m", &(struct pl)PL("none"),
				     &(struct pl)PL("x"), &(char *){NULL}),
			 EACCES);
}

/* Both begin with an empty Redis, and have the same afterwards */
static void of_two_nodes(void **state)
{
	struct fix *f = *state;
	struct redis_srv *srv = NULL;
	struct store *a = NULL, *b = NULL;
	char text[128] = "";

	assert_int_equal(redis_srv_start(&srv, NULL), 0);
	assert_int_equal(open_node(&a, srv, "a", 0), 0);
	assert_int_equal(open_node(&b, srv, "b", 0), 0);
	expect_first(a, "k", "of a", "of a");
	expect_first(b, "k", "of b", "of a");
	expect_first(b, "l", "of b", "of b");
	expect_first(a, "l", "of a", "of b");
	assert_int_equal(store_each(b, "m", collect, text), 0);
	assert_string_equal(text, "k=of a l=of b ");
	mem_deref(a);
	/* a key that no replica has would be another one after a failover */
	assert_int_equal(open_node(&a, srv, "a", 1), 0);
	assert_int_equal(store_first(a, "m", &(struct pl)PL("n"),
				     &(struct pl)PL("x"), &(char *){NULL}),
			 ETIMEDOUT);
	redis_srv_kill(srv);
	assert_true(store_first(b, "m", &(struct pl)PL("k"),
				&(struct pl)PL("x"), &(char *){NULL}));
	mem_deref(a);
	mem_deref(b);
	mem_deref(srv);
	(void)f;
}

/* ---- done, and not acknowledged --------------------------------------------------- */

struct told {
	struct tmr tmr;
	const char *want;
	char said[64];
	unsigned looks;
};

static void changed(const char *kind, const struct pl *key,
		    const struct pl *value, void *arg)
{
	struct told *t = arg;
	(void)kind;

	(void)re_snprintf(t->said, sizeof(t->said), "%r=%r", key,
			  value ? value : &(struct pl)PL("-"));
}

static void look(void *arg)
{
	struct told *t = arg;

	if (!strcmp(t->said, t->want) || ++t->looks > PATIENCE / 20)
		re_cancel();
	else
		tmr_start(&t->tmr, 20, look, t);
}

static void expect_told(struct told *t, const char *want)
{
	t->want = want;
	t->looks = 0;
	tmr_start(&t->tmr, 0, look, t);
	assert_int_equal(re_main(NULL), 0);
	tmr_cancel(&t->tmr);
	assert_string_equal(t->said, want);
	t->said[0] = '\0';
}

/* It waits for a replica that there is not: Redis has it, and who wrote it did not
 * take it in, for it failed. It is told what Redis has */
static void in_doubt(void **state)
{
	struct fix *f = *state;
	struct redis_srv *srv = NULL;
	struct store_watch *w = NULL;
	struct told t = {.looks = 0};

	fix_remove(f);
	tmr_init(&t.tmr);
	assert_int_equal(redis_srv_start(&srv, NULL), 0);
	assert_int_equal(open_node(&f->s, srv, "a", 1), 0);
	assert_int_equal(store_watch(&w, f->s, "m", changed, &t), 0);
	put(f, "k", "one");
	wait_for(f, 1);
	assert_int_equal(f->err, ETIMEDOUT);
	expect_told(&t, "k=one");
	put(f, "k", NULL);
	wait_for(f, 2);
	assert_int_equal(f->err, ETIMEDOUT);
	expect_told(&t, "k=-");
	mem_deref(w);
	f->s = mem_deref(f->s);
	mem_deref(srv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_a_file, setup, teardown),
		cmocka_unit_test_setup_teardown(of_two_nodes, setup, teardown),
		cmocka_unit_test_setup_teardown(in_doubt, setup, teardown),
	};

	if (!redis_srv_can()) {
		print_message("no redis-server: skipped\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
