/* SPDX-License-Identifier: BSD-2-Clause */
/* The API: who guesses at tokens, and what comes of a request after 504 was said */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <re.h>

#include "api/core.h"
#include "base/log.h"
#include "store/store.h"

enum { PATIENCE = 30000 /* ms: it hangs, it is not slow */ };

struct fix {
	struct store *st;
	struct api *a;
	const char *auth, *key;
	struct sa peer;
	struct api_req *req, *kept;
	unsigned answers, runs;
	struct tmr tmr;
};

/* Somebody else answers it, some time */
static int later(struct api_req *req, void *arg)
{
	struct fix *f = arg;

	++f->runs;
	mem_deref(f->kept);
	f->kept = mem_ref(req);
	return 0;
}

static int at_once(struct api_req *req, void *arg)
{
	(void)arg;
	return api_reply(req, 204, NULL);
}

/* of "secret" */
#define HASH "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"

static int load_tokens(struct fix *f)
{
	char path[] = "/tmp/carom-guess-XXXXXX", why[256] = "";
	const int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");
	int err;

	if (!file || fputs("ann:read,write:" HASH "\n", file) < 0 ||
	    fclose(file))
		return EIO;
	err = api_tokens(f->a, path, why, sizeof(why));
	(void)unlink(path);
	return err;
}

static int setup(void **state)
{
	struct fix *f = test_calloc(1, sizeof(*f));
	struct api_conf conf = {.node = "n1"};
	int err;

	*state = f;
	log_init(LOG_ERROR);
	tmr_init(&f->tmr);
	err = libre_init();
	err |= store_open(&f->st, ":memory:", false);
	conf.store = f->st;
	err |= api_alloc(&f->a, &conf);
	err |= api_route(f->a, "GET", "/v1/now", API_READ, at_once, f);
	err |= api_route(f->a, "POST", "/v1/later", API_WRITE, later, f);
	err |= load_tokens(f);
	f->a->slow = f->a->patience = 1;
	f->auth = "Bearer secret";
	return err;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	tmr_cancel(&f->tmr);
	mem_deref(f->kept);
	mem_deref(f->req);
	mem_deref(f->a);
	mem_deref(f->st);
	test_free(f);
	tmr_debug();
	libre_close();
	return 0;
}

static const char *get_header(const char *name, void *arg)
{
	const struct fix *f = arg;

	return !strcasecmp(name, "Authorization")     ? f->auth
	       : !strcasecmp(name, "Idempotency-Key") ? f->key
						      : NULL;
}

static void answered(struct api_req *req, void *arg)
{
	struct fix *f = arg;
	(void)req;

	++f->answers;
	re_cancel();
}

static void too_long(void *arg)
{
	(void)arg;
	re_cancel();
}

/* Status of the answer, which may take a while; 0 not yet */
static unsigned begin(struct fix *f, const char *method, const char *target)
{
	struct api_in in = {.peer = &f->peer,
			    .header = get_header,
			    .answered = answered,
			    .arg = f};
	struct api_req *req = NULL;

	f->req = mem_deref(f->req);
	f->answers = 0;
	pl_set_str(&in.method, method);
	pl_set_str(&in.target, target);
	assert_int_equal(api_begin(&req, f->a, &in), 0);
	f->req = req;
	api_run(req, &pl_null);
	return req->out.status;
}

static unsigned ask(struct fix *f, const char *method, const char *target)
{
	if (!begin(f, method, target)) {
		tmr_start(&f->tmr, PATIENCE, too_long, f);
		assert_int_equal(re_main(NULL), 0);
		tmr_cancel(&f->tmr);
	}
	assert_int_equal(f->answers, 1);
	return f->req->out.status;
}

static const char *reply_header(const struct fix *f, const char *name)
{
	for (size_t i = 0; i < f->req->out.headerc; i++)
		if (!strcmp(f->req->out.headerv[i].name, name))
			return f->req->out.headerv[i].value;
	return "";
}

static unsigned guess(struct fix *f, const char *peer)
{
	unsigned status;

	f->auth = "Bearer secretx";
	assert_int_equal(sa_set_str(&f->peer, peer, 1), 0);
	status = ask(f, "GET", "/v1/now");
	f->auth = "Bearer secret";
	return status;
}

/* ---- tokens --------------------------------------------------------------- */

static void test_guess(void **state)
{
	struct fix *f = *state;

	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(guess(f, "192.0.2.1"), 401);
	assert_int_equal(guess(f, "192.0.2.1"), 429);
	assert_string_equal(reply_header(f, "Retry-After"), "60");
	/* not at once: a wrong one costs time */
	f->auth = "Bearer secretx";
	assert_int_equal(begin(f, "GET", "/v1/now"), 0);
	f->auth = "Bearer secret";
	/* who has a token is not held up by who has none, behind the same address */
	assert_int_equal(ask(f, "GET", "/v1/now"), 204);
	assert_int_equal(guess(f, "192.0.2.2"), 401);
}

/* A /64 is one source: it has addresses enough for a guess each */
static void test_guess_net(void **state)
{
	struct fix *f = *state;
	char addr[32];

	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(addr, sizeof(addr), "2001:db8::%x:1", i);
		assert_int_equal(guess(f, addr), 401);
	}
	assert_int_equal(guess(f, "2001:db8::ffff"), 429);
	assert_int_equal(ask(f, "GET", "/v1/now"), 204);
	assert_int_equal(guess(f, "2001:db8:0:1::1"), 401);
}

/* Whoever guesses may go before he is told */
static void test_guess_gone(void **state)
{
	struct fix *f = *state;

	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(guess(f, "192.0.2.1"), 401);
	f->auth = "Bearer secretx";
	assert_int_equal(begin(f, "GET", "/v1/now"), 0);
	api_abandon(f->req);
	f->auth = "Bearer secret";
	assert_int_equal(ask(f, "GET", "/v1/now"), 204);
}

/* ---- once ----------------------------------------------------------------- */

static void test_late(void **state)
{
	struct fix *f = *state;

	f->key = "k1";
	assert_int_equal(ask(f, "POST", "/v1/later"), 504);
	assert_int_equal(f->runs, 1);
	/* it goes on: not twice */
	assert_int_equal(ask(f, "POST", "/v1/later"), 409);
	assert_string_equal(reply_header(f, "Retry-After"), "1");
	assert_int_equal(f->runs, 1);
	assert_false(api_answered(f->kept));
	f->answers = 0;
	assert_int_equal(api_reply_header(f->kept, "Location", "/v1/x"), 0);
	assert_int_equal(api_reply(f->kept, 201, NULL), 0);
	assert_int_equal(f->answers, 0);
	assert_true(api_answered(f->kept));
	assert_int_equal(api_reply(f->kept, 201, NULL), EALREADY);
	/* what came of it */
	assert_int_equal(ask(f, "POST", "/v1/later"), 201);
	assert_string_equal(reply_header(f, "Idempotent-Replayed"), "true");
	assert_string_equal(reply_header(f, "Location"), "/v1/x");
	assert_int_equal(f->runs, 1);
}

/* What failed may be tried again */
static void test_late_failed(void **state)
{
	struct fix *f = *state;

	f->key = "k1";
	assert_int_equal(ask(f, "POST", "/v1/later"), 504);
	assert_int_equal(api_problem(f->kept, 507, NULL, "full"), 0);
	assert_int_equal(ask(f, "POST", "/v1/later"), 504);
	assert_int_equal(f->runs, 2);
	/* ... and what nobody will answer any more */
	f->req = mem_deref(f->req);
	f->kept = mem_deref(f->kept);
	assert_int_equal(ask(f, "POST", "/v1/later"), 504);
	assert_int_equal(f->runs, 3);
}

/* The API may go meanwhile */
static void test_late_gone(void **state)
{
	struct fix *f = *state;

	f->key = "k1";
	assert_int_equal(ask(f, "POST", "/v1/later"), 504);
	f->a = mem_deref(f->a);
	assert_int_equal(api_reply(f->kept, 201, NULL), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_guess), T(test_guess_net),   T(test_guess_gone),
		T(test_late),  T(test_late_failed), T(test_late_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
