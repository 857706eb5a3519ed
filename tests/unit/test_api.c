/* SPDX-License-Identifier: BSD-2-Clause */
/* The API without a network: paths, queries, bodies, pages, tokens */
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
#include <openssl/evp.h>

#include "api/core.h"
#include "base/fields.h"
#include "base/log.h"
#include "store/store.h"

struct header {
	const char *name, *value;
};

struct fix {
	struct store *st;
	struct api *a;
	struct header headerv[4];
	bool closed; /* a token is needed */
	struct sa peer;
	struct api_req *req;
	unsigned answers;
	struct odict *reply;
	unsigned runs, changes;
	struct tmr look;
	struct api_req *kept;
};

static struct fix *fix_of(void **state)
{
	return *state;
}

/* Answers with what it was asked for */
static int echo(struct api_req *req, void *arg)
{
	struct fix *f = arg;
	struct odict *o = NULL;
	int err = odict_alloc(&o, 4);

	++f->runs;
	if (!err)
		err = odict_entry_add(o, "id", ODICT_STRING,
				      api_param(req, "id"));
	if (!err && api_query(req, "q"))
		err = odict_entry_add(o, "q", ODICT_STRING,
				      api_query(req, "q"));
	if (!err && api_body(req))
		err = odict_entry_add(o, "body", ODICT_OBJECT, api_body(req));
	if (!err)
		err = api_reply(req, 200, o);
	mem_deref(o);
	return err;
}

static int all(struct api_req *req, void *arg)
{
	(void)arg;
	return api_reply_header(req, "X-Route", "all")
		       ? ENOMEM
		       : api_reply(req, 200, NULL);
}

static int later(struct api_req *req, void *arg)
{
	struct fix *f = arg;

	f->kept = mem_ref(req);
	return 0;
}

static int refuse(struct api_req *req, void *arg)
{
	struct pl n;
	(void)arg;

	pl_set_str(&n, api_param(req, "errno"));
	return (int)pl_u32(&n);
}

static const struct api_field fieldv[] = {
	{"name", API_STRING, true, 1, 8, NULL},
	{"n", API_NUMBER, false, 1, 10, NULL},
	{"mode", API_ENUM, false, 0, 0, "a|bc"},
	{"on", API_BOOL, false, 0, 0, NULL},
	{"list", API_ARRAY, false, 1, 2, NULL},
	{"sub/x", API_OBJECT, false, 0, 0, NULL},
	{0},
};

static int checked(struct api_req *req, void *arg)
{
	(void)arg;
	return api_check(req, "", api_body(req), fieldv)
		       ? api_reply(req, 204, NULL)
		       : api_refuse(req);
}

/* Entries k1, k2, k3, ... k9 in no order */
static int pages(struct api_req *req, void *arg)
{
	static const char order[] = "381725469";
	struct api_page *p = NULL;
	int err = api_page_begin(&p, req, "entries");
	(void)arg;

	for (const char *c = order; *c && !err; c++) {
		const char key[] = {'k', *c, '\0'};
		struct odict *o = NULL;
		struct pl pl;

		pl_set_str(&pl, key);
		if (!api_page_wants(p, &pl))
			continue;
		err = odict_alloc(&o, 4);
		if (!err)
			err = odict_entry_add(o, "id", ODICT_STRING, key);
		if (!err)
			err = api_page_add(p, &pl, o);
		mem_deref(o);
	}
	return err ? err : api_page_reply(p);
}

static int setup(void **state)
{
	struct fix *f = test_calloc(1, sizeof(*f));
	struct api_conf conf = {.node = "n1"};
	int err;

	*state = f;
	log_init(LOG_ERROR);
	err = libre_init();
	err |= store_open(&f->st, ":memory:", false);
	conf.store = f->st;
	err |= api_alloc(&f->a, &conf);
	err |= api_route(f->a, "GET", "/v1/things/{id}", API_READ, echo, f);
	err |= api_route(f->a, "PUT", "/v1/things/{id}", API_WRITE, echo, f);
	err |= api_route(f->a, "POST", "/v1/things", API_WRITE, echo, f);
	err |= api_route(f->a, "GET", "/v1/things/all", API_READ, all, f);
	err |= api_route(f->a, "GET", "/v1/later", API_READ, later, f);
	err |= api_route(f->a, "GET", "/v1/fail/{errno}", API_READ, refuse, f);
	err |= api_route(f->a, "POST", "/v1/checked", API_WRITE, checked, f);
	err |= api_route(f->a, "GET", "/v1/pages", API_READ, pages, f);
	err |= api_health(f->a);
	return err;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	tmr_cancel(&f->look);
	mem_deref(f->reply);
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

	for (size_t i = 0; i < ARRAY_SIZE(f->headerv); i++)
		if (f->headerv[i].name && !strcasecmp(f->headerv[i].name, name))
			return f->headerv[i].value;
	return NULL;
}

static void answered(struct api_req *req, void *arg)
{
	struct fix *f = arg;

	(void)req;
	++f->answers;
}

static unsigned ask(struct fix *f, const char *method, const char *target,
		    const char *body)
{
	struct api_in in = {.open = !f->closed,
			    .peer = sa_isset(&f->peer, SA_ADDR) ? &f->peer
								: NULL,
			    .header = get_header,
			    .answered = answered,
			    .arg = f};
	struct api_req *req = NULL;
	struct mbuf *mb;
	struct pl pl;

	f->reply = mem_deref(f->reply);
	f->req = mem_deref(f->req);
	f->answers = 0;
	pl_set_str(&in.method, method);
	pl_set_str(&in.target, target);
	assert_int_equal(api_begin(&req, f->a, &in), 0);
	f->req = req;
	pl_set_str(&pl, body ? body : "");
	if (!f->headerv[0].name || !strcmp(f->headerv[0].name, "Content-Type"))
		f->headerv[0] = (struct header){body ? "Content-Type" : NULL,
						"application/json"};
	api_run(req, &pl);
	mb = req->out.body;
	if (mb)
		assert_int_equal(json_decode_odict(&f->reply, 8,
						   (char *)mb->buf, mb->end, 8),
				 0);
	assert_int_equal(f->answers, req->out.status ? 1 : 0);
	return req->out.status;
}

static const char *text(const struct fix *f, const char *key)
{
	const char *s = odict_string(f->reply, key);

	return s ? s : "";
}

static const char *reply_header(const struct fix *f, const char *name)
{
	for (size_t i = 0; i < f->req->out.headerc; i++)
		if (!strcmp(f->req->out.headerv[i].name, name))
			return f->req->out.headerv[i].value;
	return "";
}

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

/* The detail of the fault at a pointer; "" none */
static const char *fault(const struct fix *f, const char *pointer)
{
	const struct odict_entry *e = odict_lookup(f->reply, "errors");
	struct le *le;

	LIST_FOREACH (&e->u.odict->lst, le) {
		const struct odict_entry *o = le->data;

		if (!strcmp(odict_string(o->u.odict, "pointer"), pointer))
			return odict_string(o->u.odict, "detail");
	}
	return "";
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

/* ---- who may -------------------------------------------------------------- */

static void write_tokens(char *path, const char *lines)
{
	const int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");

	assert_non_null(f);
	fputs(lines, f);
	assert_int_equal(fclose(f), 0);
}

static void load(struct fix *f, const char *lines, const char *want)
{
	char path[] = "/tmp/carom-tokens-XXXXXX", why[256] = "";
	int err;

	write_tokens(path, lines);
	err = api_tokens(f->a, path, why, sizeof(why));
	(void)unlink(path);
	assert_int_equal(err, want ? EBADMSG : 0);
	if (want)
		assert_non_null(strstr(why, want));
}

/* of "secret" */
#define HASH "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"

static void test_tokens(void **state)
{
	struct fix *f = fix_of(state);

	f->closed = true;
	assert_int_equal(sa_set_str(&f->peer, "192.0.2.1", 1), 0);
	assert_int_equal(ask(f, "GET", "/healthz", NULL), 200);
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 401);
	assert_string_equal(reply_header(f, "WWW-Authenticate"),
			    "Bearer realm=\"carom\"");
	load(f, "# a comment\n\nann:read:" HASH "\n", NULL);
	f->headerv[1] = (struct header){"Authorization", "Bearer secret"};
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 200);
	assert_string_equal(api_who(f->req), "ann");
	assert_int_equal(ask(f, "PUT", "/v1/things/a", "{}"), 403);
	assert_non_null(
		strstr(reply_header(f, "WWW-Authenticate"), "scope=\"write\""));
	f->headerv[1].value = "Basic secret";
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 401);
	f->headerv[1].value = "Bearer secretx";
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 401);
	/* enough guesses: the right one comes too late, from there */
	f->headerv[1].value = "Bearer secret";
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 429);
	assert_string_equal(reply_header(f, "Retry-After"), "60");
	assert_int_equal(sa_set_str(&f->peer, "192.0.2.2", 1), 0);
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 200);

	/* what is wrong leaves the old ones in force */
	load(f, "ann:read:" HASH "\nann:read:" HASH "\n", ":2: a name");
	load(f, "ann:reed:" HASH "\n", ":1: scopes");
	load(f, "ann:read:abc\n", ":1: behind the scopes");
	load(f, "ann:read:" HASH "0\n", ":1: behind the scopes");
	load(f, "ann\n", ":1: a line is");
	load(f, "a b:read:" HASH "\n", ":1: a line is");
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 200);
	load(f, "bob:read,write:" HASH "\n", NULL);
	assert_int_equal(ask(f, "PUT", "/v1/things/a", "{}"), 200);
}

/* A page in a browser of this host is no program of this host */
static void test_browser(void **state)
{
	struct fix *f = fix_of(state);

	assert_int_equal(sa_set_str(&f->peer, "127.0.0.1", 1), 0);
	f->headerv[1] = (struct header){"Host", "localhost:9650"};
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 200);
	f->headerv[1].value = "127.0.0.1";
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 200);
	f->headerv[1].value = "localhost.evil.example";
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 421);
	/* a name for this address is not the address */
	f->headerv[1].value = "127.evil.example:9650";
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 421);
	f->headerv[1].value = "127.0.0.1.evil.example";
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 421);
	f->headerv[1].value = "127.1.2.3:9650";
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 200);
	f->headerv[1].value = "[::1]:9650";
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 200);
	f->headerv[1] = (struct header){"Origin", "http://evil.example"};
	assert_int_equal(ask(f, "GET", "/v1/things/a", NULL), 403);
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

static const struct api_field thing_fieldv[] = {
	{"id", API_STRING, false, 1, 64, NULL},
	{"size", API_NUMBER, true, 1, 10, NULL},
	{"secret", API_STRING, false, 0, 0, NULL},
	{0},
};

static int thing_check(struct api_req *req, const char *id,
		       struct odict *stored, const struct odict *old, void *arg)
{
	(void)old;
	(void)arg;
	if (!strcmp(id, "bad"))
		api_fault(req, "/id", "is bad; allowed: good");
	return odict_entry_add(stored, "checked", ODICT_BOOL, 1);
}

static int thing_view(struct odict *view, const struct odict *stored, void *arg)
{
	uint64_t size = 0;
	int err;
	(void)arg;

	(void)odict_get_number(stored, &size, "size");
	err = odict_entry_add(view, "id", ODICT_STRING,
			      odict_string(stored, "id"));
	return err ? err
		   : odict_entry_add(view, "size", ODICT_INT, (int64_t)size);
}

static void thing_changed(const char *id, const struct odict *stored, void *arg)
{
	struct fix *f = arg;
	(void)id;

	f->changes += stored ? 1 : 100;
}

static const struct api_record things = {
	.path = "/v1/boxes",
	.name = "boxes",
	.kind = "box",
	.fieldv = thing_fieldv,
	.check = thing_check,
	.view = thing_view,
	.changed = thing_changed,
};

static void look_handler(void *arg)
{
	struct fix *f = arg;

	if (f->answers)
		re_cancel();
	else
		tmr_start(&f->look, 1, look_handler, f);
}

/* The answer comes when it is on the disk */
static unsigned change(struct fix *f, const char *method, const char *target,
		       const char *body)
{
	struct mbuf *mb;

	if (!ask(f, method, target, body)) {
		tmr_start(&f->look, 1, look_handler, f);
		assert_int_equal(re_main(NULL), 0);
	}
	mb = f->req->out.body;
	f->reply = mem_deref(f->reply);
	if (mb)
		assert_int_equal(json_decode_odict(&f->reply, 8,
						   (char *)mb->buf, mb->end, 8),
				 0);
	return f->req->out.status;
}

/* A tag is of what nobody is shown, too: who guesses at that can't tell by the tag */
static void test_tag(void **state)
{
	struct fix *f = fix_of(state);
	uint8_t hash[EVP_MAX_MD_SIZE];
	struct api_record r = things;
	char open[64], *text = NULL;
	struct pl key = PL("a");

	r.arg = f;
	assert_int_equal(api_records(f->a, &r), 0);
	assert_int_equal(change(f, "PUT", "/v1/boxes/a",
				"{\"size\":1,\"secret\":\"s\"}"),
			 201);
	assert_int_equal(store_get(f->st, r.kind, &key, &text), 0);
	assert_non_null(strstr(text, "secret"));
	assert_int_equal(
		EVP_Digest(text, strlen(text), hash, NULL, EVP_sha256(), NULL),
		1);
	(void)re_snprintf(open, sizeof(open), "\"%w\"", hash, (size_t)12);
	assert_string_not_equal(reply_header(f, "ETag"), open);
	mem_deref(text);
	/* every node of the store has the same */
	key = (struct pl)PL("etag");
	assert_int_equal(store_get(f->st, "api-key", &key, &text), 0);
	assert_int_equal(strlen(text), 64);
	assert_string_equal(text, f->a->etag_key);
	mem_deref(text);
}

static void test_records(void **state)
{
	struct fix *f = fix_of(state);
	struct api_record r = things;
	char etag[64];

	r.arg = f;
	assert_int_equal(api_records(f->a, &r), 0);
	assert_int_equal(ask(f, "GET", "/v1/boxes/a", NULL), 404);
	assert_int_equal(change(f, "PUT", "/v1/boxes/a", "{\"size\":1}"), 201);
	assert_string_equal(reply_header(f, "Location"), "/v1/boxes/a");
	assert_int_equal(f->changes, 1);
	assert_null(odict_lookup(f->reply, "checked"));
	strcpy(etag, reply_header(f, "ETag"));
	assert_int_equal(strlen(etag), 26);
	/* the same again changes nothing */
	assert_int_equal(
		change(f, "PUT", "/v1/boxes/a", "{\"id\":\"a\",\"size\":1}"),
		200);
	assert_string_equal(reply_header(f, "ETag"), etag);
	assert_int_equal(f->changes, 1);
	assert_int_equal(
		change(f, "PUT", "/v1/boxes/a", "{\"id\":\"b\",\"size\":1}"),
		422);
	assert_int_equal(change(f, "PUT", "/v1/boxes/bad", "{\"size\":1}"),
			 422);
	assert_string_equal(fault(f, "/id"), "is bad; allowed: good");
	assert_int_equal(change(f, "PUT", "/v1/boxes/a", NULL), 422);

	/* conditions */
	f->headerv[1] = (struct header){"If-None-Match", etag};
	assert_int_equal(ask(f, "GET", "/v1/boxes/a", NULL), 304);
	f->headerv[1] = (struct header){"If-None-Match", "*"};
	assert_int_equal(change(f, "PUT", "/v1/boxes/a", "{\"size\":2}"), 412);
	f->headerv[1] = (struct header){"If-Match", "\"x\""};
	assert_int_equal(change(f, "PUT", "/v1/boxes/a", "{\"size\":2}"), 412);
	assert_int_equal(change(f, "DELETE", "/v1/boxes/a", NULL), 412);
	assert_int_equal(change(f, "PUT", "/v1/boxes/b", "{\"size\":2}"), 412);
	f->headerv[1].value = etag;
	assert_int_equal(change(f, "PUT", "/v1/boxes/a", "{\"size\":2}"), 200);
	assert_int_equal(f->changes, 2);
	assert_int_equal(change(f, "PUT", "/v1/boxes/a", "{\"size\":3}"), 412);
	f->headerv[1].name = NULL;

	/* POST */
	assert_int_equal(
		change(f, "POST", "/v1/boxes", "{\"id\":\"x/y z\",\"size\":3}"),
		201);
	assert_string_equal(reply_header(f, "Location"), "/v1/boxes/x%2Fy%20z");
	assert_int_equal(ask(f, "GET", "/v1/boxes/x%2Fy%20z", NULL), 200);
	assert_int_equal(
		change(f, "POST", "/v1/boxes", "{\"id\":\"x/y z\",\"size\":3}"),
		200);
	assert_int_equal(
		change(f, "POST", "/v1/boxes", "{\"id\":\"x/y z\",\"size\":4}"),
		409);
	assert_int_equal(change(f, "POST", "/v1/boxes", "{\"size\":4}"), 201);
	assert_int_equal(strlen(text(f, "id")), 16);
	assert_int_equal(
		change(f, "POST", "/v1/boxes", "{\"id\":\"\",\"size\":4}"),
		422);

	assert_int_equal(ask(f, "GET", "/v1/boxes?limit=2", NULL), 200);
	assert_non_null(odict_lookup(f->reply, "next"));
	assert_int_equal(ask(f, "GET", "/v1/boxes?sort=1", NULL), 400);

	f->changes = 0;
	assert_int_equal(change(f, "DELETE", "/v1/boxes/a", NULL), 204);
	assert_int_equal(f->changes, 100);
	assert_int_equal(change(f, "DELETE", "/v1/boxes/a", NULL), 404);
}

/* The API goes while a change is on its way: it is made, and nobody told */
static void test_records_gone(void **state)
{
	struct fix *f = fix_of(state);
	struct api_record r = things;
	char *value = NULL;
	struct pl key;

	r.arg = f;
	assert_int_equal(api_records(f->a, &r), 0);
	assert_int_equal(ask(f, "PUT", "/v1/boxes/a", "{\"size\":1}"), 0);
	api_abandon(f->req);
	f->a = mem_deref(f->a);
	pl_set_str(&key, "a");
	assert_int_equal(store_get(f->st, "box", &key, &value), 0);
	mem_deref(value);
	f->st = mem_deref(f->st);
	assert_int_equal(f->changes, 0);
}

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
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_paths),        T(test_long),       T(test_accept),
		T(test_methods),      T(test_routes),     T(test_query),
		T(test_json),         T(test_fields),     T(test_pages),
		T(test_tokens),       T(test_browser),    T(test_later),
		T(test_errno),        T(test_tag),        T(test_records),
		T(test_records_gone), T(test_fault_path), T(test_once),
		T(test_ready),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
