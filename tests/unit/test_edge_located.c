/* SPDX-License-Identifier: BSD-2-Clause */
/* What the edge is told of the table of bindings, and gets when it asks */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "edge/located.h"

/* ---- an edge ------------------------------------------------------------------ */

static struct registered_source source; /* each NULL: none                    */
static char told[1024];
static int told_err;

int edge_registered(struct edge *e, const struct registered_source *s)
{
	(void)e;
	if (s && source.each)
		return EALREADY;
	memset(&source, 0, sizeof(source));
	if (s) {
		source = *s;
		source.all(source.arg);
	}
	return 0;
}

int edge_registered_changed(struct edge *e, const struct pl *user,
			    const struct pl *domain,
			    const struct contact_binding *b)
{
	const size_t n = strlen(told);
	(void)e;

	(void)re_snprintf(told + n, sizeof(told) - n, "%r at %r: %r|", user,
			  domain, b ? &b->uri : &pl_null);
	return told_err;
}

/* ---- a table ------------------------------------------------------------------- */

struct fix {
	struct store *store;
	struct location *table;
	struct located *l;
	bool done;
	void *edge;
};

static void done(int err, void *arg)
{
	struct fix *f = arg;

	assert_int_equal(err, 0);
	f->done = true;
	re_cancel();
}

static void put(struct fix *f, enum location_event ev, const char *aor,
		const char *uri, uint16_t q, const char *instance)
{
	struct location_op o = {.event = ev};
	struct pl name;

	pl_set_str(&name, aor);
	pl_set_str(&o.b.uri, uri);
	pl_set_str(&o.b.callid, "c");
	pl_set_str(&o.b.instance, instance);
	o.b.id = o.b.uri;
	assert_int_equal(sa_set_str(&o.b.src, "203.0.113.30", 40000), 0);
	o.b.transp = MSG_UDP;
	o.b.direct = true;
	o.b.q = q;
	o.b.since = o.b.refreshed = (uint64_t)time(NULL);
	o.b.expires = o.b.since + 60;
	f->done = false;
	assert_int_equal(location_change(f->table, &name, &o, 1, done, f), 0);
	while (!f->done)
		assert_int_equal(re_main(NULL), 0);
}

static bool known(const struct pl *user, const struct pl *domain, void *arg)
{
	(void)arg;
	return !pl_strcmp(user, "carol") && !pl_strcmp(domain, "example.com");
}

static void each_known(void (*h)(const struct pl *user, const struct pl *domain,
				 void *harg),
		       void *harg, void *arg)
{
	const struct pl user = PL("carol"), domain = PL("example.com");
	(void)arg;

	h(&user, &domain, harg);
}

static int temporary(struct pl *aor, struct pl *instance, char *buf, size_t sz,
		     const struct pl *user, const struct pl *domain, void *arg)
{
	(void)arg;
	if (pl_strcmp(user, "tgruu.1") != 0)
		return ENOENT;
	(void)re_snprintf(buf, sz, "bob@%r urn:uuid:2", domain);
	pl_set_str(instance, strchr(buf, ' ') + 1);
	aor->p = buf;
	aor->l = (size_t)(instance->p - buf) - 1;
	return 0;
}

static int setup(void **state)
{
	struct fix *f = mem_zalloc(sizeof(*f), NULL);

	told[0] = '\0';
	told_err = 0;
	assert_int_equal(libre_init(), 0);
	assert_int_equal(store_open(&f->store, ":memory:", false), 0);
	assert_int_equal(location_alloc(&f->table, f->store, NULL, NULL), 0);
	f->edge = mem_zalloc(1, NULL);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	mem_deref(f->l);
	assert_null(source.each);
	mem_deref(f->table);
	mem_deref(f->store);
	mem_deref(f->edge);
	mem_deref(f);
	libre_close();
	return 0;
}

static void open_it(struct fix *f, const struct located_users *users)
{
	assert_int_equal(located_alloc(&f->l, f->edge, f->table, users), 0);
}

/* ---- asked ------------------------------------------------------------------------ */

struct answer {
	char uris[256];
	size_t most;
	struct sa src;
};

static bool answer(const struct contact_binding *b, void *arg)
{
	struct answer *a = arg;
	const size_t n = strlen(a->uris);

	(void)re_snprintf(a->uris + n, sizeof(a->uris) - n, "%r|", &b->uri);
	a->src = b->received;
	assert_true(b->expires > (uint64_t)time(NULL));
	return --a->most == 0;
}

static bool ask(struct answer *a, const char *user, const char *gr, size_t most)
{
	const struct pl domain = PL("example.com");
	struct pl u, g;

	memset(a, 0, sizeof(*a));
	a->most = most;
	pl_set_str(&u, user);
	pl_set_str(&g, gr ? gr : "");
	return source.each(&u, &domain, gr ? &g : NULL, answer, a, source.arg);
}

static void test_asked(void **state)
{
	const struct located_users users = {known, each_known, temporary, NULL};
	struct fix *f = *state;
	struct answer a;

	put(f, LOCATION_CREATED, "bob@example.com", "sip:low@h", 100, "");
	put(f, LOCATION_CREATED, "bob@example.com", "sip:best@h", 900,
	    "urn:uuid:1");
	put(f, LOCATION_CREATED, "bob@example.com", "sip:mid@h", 500,
	    "urn:uuid:2");
	open_it(f, &users);
	assert_true(ask(&a, "bob", NULL, 9));
	assert_string_equal(a.uris, "sip:best@h|sip:mid@h|sip:low@h|");
	assert_int_equal(sa_port(&a.src), 40000);
	assert_true(ask(&a, "bob", NULL, 1));
	assert_string_equal(a.uris, "sip:best@h|");
	/* GRUUs: of an instance, whatever the letters' case; a temporary one */
	assert_true(ask(&a, "bob", "URN:uuid:2", 9));
	assert_string_equal(a.uris, "sip:mid@h|");
	assert_true(ask(&a, "bob", "urn:uuid:3", 9));
	assert_string_equal(a.uris, "");
	assert_true(ask(&a, "tgruu.1", "", 9));
	assert_string_equal(a.uris, "sip:mid@h|");
	assert_false(ask(&a, "tgruu.2", "", 9));
	/* known, though not registered; and nobody */
	assert_true(ask(&a, "carol", NULL, 9));
	assert_false(ask(&a, "BOB", NULL, 9));
	assert_string_equal(a.uris, "");
}

/* ---- told ------------------------------------------------------------------------- */

static void test_told(void **state)
{
	const struct located_users users = {known, each_known, NULL, NULL};
	const struct pl user = PL("dave"), domain = PL("example.com");
	struct fix *f = *state;

	put(f, LOCATION_CREATED, "b@b@example.com", "sip:b@h", 1000, "");
	assert_string_equal(told, "");
	open_it(f, &users);
	assert_string_equal(told, "b@b at example.com: sip:b@h|"
				  "carol at example.com: |");
	told[0] = '\0';
	put(f, LOCATION_CREATED, "alice@example.com", "sip:a@h", 1000, "");
	put(f, LOCATION_REFRESHED, "alice@example.com", "sip:a@h", 1000, "");
	put(f, LOCATION_UNREGISTERED, "alice@example.com", "sip:a@h", 0, "");
	assert_string_equal(told, "alice at example.com: sip:a@h|"
				  "alice at example.com: sip:a@h|"
				  "alice at example.com: |");
	told[0] = '\0';
	told_err = E2BIG; /* said once, and no reason to stop */
	located_changed(f->l, &user, &domain);
	located_changed(f->l, &user, &domain);
	assert_string_equal(told, "dave at example.com: |"
				  "dave at example.com: |");
}

/* Without anybody who knows more, known is who has bindings */
static void test_bindings_alone(void **state)
{
	struct fix *f = *state;
	struct located *other;
	struct answer a;

	put(f, LOCATION_CREATED, "bob@example.com", "sip:b@h", 1000, "");
	open_it(f, NULL);
	assert_int_equal(located_alloc(&other, f->edge, f->table, NULL),
			 EALREADY);
	assert_non_null(source.each);
	assert_true(ask(&a, "bob", NULL, 9));
	assert_false(ask(&a, "carol", NULL, 9));
	assert_false(ask(&a, "tgruu.1", "", 9));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bindings_alone, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
