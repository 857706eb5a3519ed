/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_api.c  The API without a network: paths, queries, bodies, pages, answers
 */
#include "base/fields.h"
#include "api_fix.h"

/* ---- paths ---------------------------------------------------------------- */

static void test_paths(void **state)
{
	static const struct {
		const char *target;
		unsigned status;
		const char *id;
	} v[] = {
		{"/v1/things/a", 200, "a"},
		{"/v1/things/a%2Fb", 200, "a/b"},
		{"/v1/things/%61", 200, "a"},
		{"/v1/things/100%25", 200, "100%"},
		{"/v1/things/alice%40example.com", 200, "alice@example.com"},
		{"/v1/things/a+b", 200, "a+b"},
		{"/v1/things/all?x=1", 200, ""},
		{"/v1/things/", 400, ""},
		{"/v1//things/a", 400, ""},
		{"/v1/things/a/", 400, ""},
		{"/v1/things/../things/a", 400, ""},
		{"/v1/things/%2e%2E/a", 400, ""},
		{"/v1/things/.", 400, ""},
		{"/v1/things/%", 400, ""},
		{"/v1/things/%4", 400, ""},
		{"/v1/things/%zz", 400, ""},
		{"/v1/things/%00", 400, ""},
		{"/v1/things/a%0d%0aX:", 400, ""},
		{"v1/things/a", 400, ""},
		{"*", 400, ""},
		{"/", 404, ""},
		{"/v2", 404, ""},
		{"/v1/things/a/b", 404, ""},
		{"/V1/things/a", 404, ""},
		{"/v1/thingsx/a", 404, ""},
		{"/v1/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", 414, ""},
	};
	struct fix *f = fix_of(state);

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		assert_int_equal(ask(f, "GET", v[i].target, NULL), v[i].status);
		assert_string_equal(text(f, "id"), v[i].id);
	}
}

static void test_accept(void **state)
{
	static const struct {
		const char *accept;
		unsigned status;
	} v[] = {{"*/*", 200},
		 {"", 200},
		 {"text/html, */*;q=0.1", 200},
		 {"application/json;q=0.9", 200},
		 {"text/html", 406},
		 {"image/png,application/jsonx", 406}};
	struct fix *f = fix_of(state);

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		f->headerv[1] = (struct header){"Accept", v[i].accept};
		assert_int_equal(ask(f, "GET", "/v1/things/a", NULL),
				 v[i].status);
	}
}

static void test_long(void **state)
{
	struct fix *f = fix_of(state);
	char target[5000] = "/v1/things/";

	memset(target + 11, 'a', 256);
	assert_int_equal(ask(f, "GET", target, NULL), 414);
	target[11 + 255] = '\0';
	assert_int_equal(ask(f, "GET", target, NULL), 200);
	strcpy(target, "/v1/things/a?q=");
	memset(target + 15, 'a', 4900);
	assert_int_equal(ask(f, "GET", target, NULL), 414);
	assert_int_equal(ask(f, "GETGETGETGETGETGETGET", "/v1/things/a", NULL),
			 405);
}

static void test_methods(void **state)
{
	struct fix *f = fix_of(state);

	assert_int_equal(ask(f, "DELETE", "/v1/things/a", NULL), 405);
	assert_string_equal(reply_header(f, "Allow"),
			    "GET, HEAD, PUT, OPTIONS");
	assert_string_equal(text(f, "title"), "Method Not Allowed");
	assert_int_equal(ask(f, "get", "/v1/things/a", NULL), 405);
	assert_int_equal(ask(f, "OPTIONS", "/v1/things/a", NULL), 204);
	assert_string_equal(reply_header(f, "Allow"),
			    "GET, HEAD, PUT, OPTIONS");
	assert_int_equal(ask(f, "OPTIONS", "/v1/nothing", NULL), 404);
	assert_int_equal(ask(f, "HEAD", "/v1/things/a", NULL), 200);
	/* a word goes before a brace */
	assert_int_equal(ask(f, "GET", "/v1/things/all", NULL), 200);
	assert_string_equal(reply_header(f, "X-Route"), "all");
	assert_int_equal(ask(f, "PUT", "/v1/things/all", "{}"), 405);
}

static void test_routes(void **state)
{
	static const char *const bad[] = {"",   "v1",  "/",     "/v1/",
					  "//", "/{}", "/a{b}", "/{a"};
	struct fix *f = fix_of(state);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(
			api_route(f->a, "GET", bad[i], API_READ, echo, f),
			EINVAL);
	assert_int_equal(api_route(f->a, "BREW", "/a", API_READ, echo, f),
			 EINVAL);
	assert_int_equal(api_route(f->a, "GET", "/v1/later", API_READ, echo, f),
			 EEXIST);
}

static void test_query(void **state)
{
	struct fix *f = fix_of(state);

	assert_int_equal(ask(f, "GET", "/v1/things/a?q=x%20y+z&&r", NULL), 200);
	assert_string_equal(text(f, "q"), "x y z");
	assert_int_equal(ask(f, "GET", "/v1/things/a?", NULL), 200);
	assert_int_equal(ask(f, "GET", "/v1/things/a?q=1&q=2", NULL), 400);
	assert_int_equal(ask(f, "GET", "/v1/things/a?q=%0", NULL), 400);
	assert_int_equal(ask(f, "GET", "/v1/things/a?=1", NULL), 400);
	assert_int_equal(ask(f, "GET",
			     "/v1/things/a?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q",
			     NULL),
			 400);
}

/* ---- bodies --------------------------------------------------------------- */

static void test_json(void **state)
{
	static const char *const bad[] = {"{",
					  "[]",
					  "{}x",
					  "\"a\"",
					  "{\"a\":}",
					  "{\"a\":01}",
					  "nul",
					  "{'a':1}",
					  "{\"a\":1,}",
					  "{\"a\":1e999}",
					  "{\"a\":\"\\u0000\"}"};
	struct fix *f = fix_of(state);
	char deep[64];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(ask(f, "PUT", "/v1/things/a", bad[i]), 400);
		assert_string_equal(text(f, "type"),
				    "urn:carom:problem:bad-json");
	}
	assert_int_equal(ask(f, "PUT", "/v1/things/a", "{\"a\":\"\xff\"}"),
			 400);
	assert_int_equal(ask(f, "PUT", "/v1/things/a", "{\"a\":\"\xc3\xa4\"}"),
			 200);
	/* what cannot be said is not said */
	assert_int_equal(ask(f, "GET", "/v1/things/%E4", NULL), 200);
	assert_string_equal(text(f, "id"), "?");
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "{\"a\":", 5);
	deep[sizeof(deep) - 1] = '\0';
	assert_int_equal(ask(f, "PUT", "/v1/things/a", deep), 400);
	assert_int_equal(ask(f, "PUT", "/v1/things/a", " {\"a\" : [1]}\r\n"),
			 200);

	f->headerv[1] = (struct header){"Content-Type", "text/plain"};
	f->headerv[0].name = "X";
	assert_int_equal(ask(f, "PUT", "/v1/things/a", "{}"), 415);
	f->headerv[1].value = "application/json; charset=utf-8";
	assert_int_equal(ask(f, "PUT", "/v1/things/a", "{}"), 200);
	f->headerv[1].value = "application/jsonx";
	assert_int_equal(ask(f, "PUT", "/v1/things/a", "{}"), 415);
}

static void test_fields(void **state)
{
	struct fix *f = fix_of(state);

	assert_int_equal(ask(f, "POST", "/v1/checked",
			     "{\"name\":\"x\",\"n\":10,\"mode\":\"bc\","
			     "\"on\":false,\"list\":[1],\"sub/x\":{}}"),
			 204);
	assert_int_equal(ask(f, "POST", "/v1/checked",
			     "{\"n\":11,\"mode\":\"b\",\"on\":1,\"list\":[],"
			     "\"sub/x\":[],\"o~r\":1,\"n\":3}"),
			 422);
	assert_string_equal(fault(f, "/name"),
			    "is missing; allowed: a string of 1..8 bytes");
	assert_string_equal(fault(f, "/n"),
			    "cannot be this; allowed: a whole number, 1..10");
	assert_string_equal(fault(f, "/mode"),
			    "cannot be this; allowed: a, bc");
	assert_string_equal(fault(f, "/on"),
			    "cannot be this; allowed: true, false");
	assert_string_equal(fault(f, "/list"),
			    "cannot be this; allowed: an array of 1..2 "
			    "entries");
	assert_string_equal(fault(f, "/sub~1x"),
			    "cannot be this; allowed: an object");
	assert_string_equal(fault(f, "/o~0r"),
			    "no such field; allowed: name, n, mode, on, list, "
			    "sub/x");
	assert_int_equal(ask(f, "POST", "/v1/checked", NULL), 422);
}

/* ---- pages ---------------------------------------------------------------- */

static void expect_page(struct fix *f, const char *target, const char *keys)
{
	const struct odict_entry *e;
	char have[16] = "";
	struct le *le;

	assert_int_equal(ask(f, "GET", target, NULL), 200);
	e = odict_lookup(f->reply, "entries");
	LIST_FOREACH (&e->u.odict->lst, le) {
		const struct odict_entry *o = le->data;

		strcat(have, odict_string(o->u.odict, "id") + 1);
	}
	assert_string_equal(have, keys);
}

static void test_pages(void **state)
{
	struct fix *f = fix_of(state);
	char target[128];

	expect_page(f, "/v1/pages", "123456789");
	assert_null(odict_lookup(f->reply, "next"));
	expect_page(f, "/v1/pages?limit=9", "123456789");
	assert_null(odict_lookup(f->reply, "next"));
	expect_page(f, "/v1/pages?limit=4&q=a%26b", "1234");
	(void)snprintf(target, sizeof(target),
		       "</v1/pages?limit=4&cursor=%s&q=a%%26b>; rel=\"next\"",
		       text(f, "next"));
	assert_string_equal(reply_header(f, "Link"), target);
	(void)snprintf(target, sizeof(target), "/v1/pages?limit=4&cursor=%s",
		       text(f, "next"));
	expect_page(f, target, "5678");
	(void)snprintf(target, sizeof(target), "/v1/pages?limit=4&cursor=%s",
		       text(f, "next"));
	expect_page(f, target, "9");
	assert_null(odict_lookup(f->reply, "next"));

	assert_int_equal(ask(f, "GET", "/v1/pages?limit=0", NULL), 400);
	assert_int_equal(ask(f, "GET", "/v1/pages?limit=1001", NULL), 400);
	assert_int_equal(ask(f, "GET", "/v1/pages?limit=x", NULL), 400);
	assert_int_equal(ask(f, "GET", "/v1/pages?cursor=", NULL), 400);
	assert_int_equal(ask(f, "GET", "/v1/pages?cursor=.", NULL), 400);
	assert_int_equal(ask(f, "GET", "/v1/pages?cursor=YWJj", NULL), 400);
}

/* ---- answers -------------------------------------------------------------- */

static void test_later(void **state)
{
	struct fix *f = fix_of(state);

	assert_int_equal(ask(f, "GET", "/v1/later", NULL), 0);
	assert_int_equal(api_reply(f->kept, 204, NULL), 0);
	assert_int_equal(f->answers, 1);
	assert_int_equal(api_reply(f->kept, 204, NULL), EALREADY);
	assert_int_equal(f->answers, 1);
	mem_deref(f->kept);

	/* whoever asked may be gone by then */
	assert_int_equal(ask(f, "GET", "/v1/later", NULL), 0);
	api_abandon(f->req);
	assert_null(api_header(f->kept, "Host"));
	assert_int_equal(api_reply(f->kept, 204, NULL), 0);
	assert_int_equal(f->answers, 0);
	mem_deref(f->kept);

	/* ... or the API */
	assert_int_equal(ask(f, "GET", "/v1/later", NULL), 0);
	f->a = mem_deref(f->a);
	assert_int_equal(api_reply(f->kept, 204, NULL), 0);
	assert_int_equal(f->answers, 0);
	mem_deref(f->kept);
}

static void test_errno(void **state)
{
	static const struct {
		int err;
		unsigned status;
	} v[] = {{EINVAL, 400}, {EACCES, 403},    {ENOENT, 404},
		 {EEXIST, 409}, {EBUSY, 503},     {ENOSPC, 507},
		 {ENOMEM, 500}, {ETIMEDOUT, 504}, {EIO, 500}};
	struct fix *f = fix_of(state);
	char target[32];

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		(void)snprintf(target, sizeof(target), "/v1/fail/%d", v[i].err);
		assert_int_equal(ask(f, "GET", target, NULL), v[i].status);
		assert_string_equal(f->req->out.type,
				    "application/problem+json");
		assert_string_equal(text(f, "instance"), target);
		assert_string_equal(text(f, "title"),
				    api_status_text(v[i].status));
	}
}

static void test_once(void **state)
{
	struct fix *f = fix_of(state);

	f->headerv[1] = (struct header){"Idempotency-Key", "k1"};
	assert_int_equal(ask(f, "POST", "/v1/things", "{\"a\":1}"), 200);
	assert_int_equal(f->runs, 1);
	assert_int_equal(ask(f, "POST", "/v1/things", "{\"a\":1}"), 200);
	assert_int_equal(f->runs, 1);
	assert_string_equal(reply_header(f, "Idempotent-Replayed"), "true");
	assert_non_null(odict_lookup(f->reply, "body"));
	assert_int_equal(ask(f, "POST", "/v1/things", "{\"a\":2}"), 422);
	assert_int_equal(f->runs, 1);
	/* which is nothing to whoever comes with the body that it had */
	assert_int_equal(ask(f, "POST", "/v1/things", "{\"a\":1}"), 200);
	assert_int_equal(f->runs, 1);
	f->headerv[1].value = "k2";
	assert_int_equal(ask(f, "POST", "/v1/things", "{\"a\":1}"), 200);
	assert_int_equal(f->runs, 2);
	f->headerv[1].value = "k 3";
	assert_int_equal(ask(f, "POST", "/v1/things", "{\"a\":1}"), 400);
	assert_int_equal(f->runs, 2);
}

static bool not_ready(char *why, size_t size, void *arg)
{
	(void)re_snprintf(why, size, "no %s", (const char *)arg);
	return false;
}

static void test_ready(void **state)
{
	static char maps[] = "maps";
	struct fix *f = fix_of(state);

	assert_int_equal(ask(f, "GET", "/readyz", NULL), 200);
	assert_int_equal(api_ready(f->a, "maps", not_ready, maps), 0);
	assert_int_equal(ask(f, "GET", "/readyz", NULL), 503);
	assert_string_equal(text(f, "status"), "not ready");
	assert_int_equal(ask(f, "GET", "/healthz", NULL), 200);
}

/* ---- records -------------------------------------------------------------- */

static void test_fault_path(void **state)
{
	static const struct fields_err e = {"a.b[1].c/d", "is wrong"};
	struct fix *f = fix_of(state);

	assert_int_equal(ask(f, "GET", "/v1/later", NULL), 0);
	api_fault_fields(f->req, &e);
	assert_int_equal(api_refuse(f->req), 0);
	mem_deref(f->kept);
	f->reply = mem_deref(f->reply);
	assert_int_equal(json_decode_odict(&f->reply, 8,
					   (char *)f->req->out.body->buf,
					   f->req->out.body->end, 8),
			 0);
	assert_string_equal(fault(f, "/a/b/1/c~1d"), "is wrong");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_paths),   T(test_long),   T(test_accept),
		T(test_methods), T(test_routes), T(test_query),
		T(test_json),    T(test_fields), T(test_pages),
		T(test_later),   T(test_errno),  T(test_fault_path),
		T(test_once),    T(test_ready),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
