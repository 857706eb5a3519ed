/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file api_fix.c  The API without a network: a request goes in, an answer comes out
 */
#include "base/log.h"
#include "api_fix.h"

struct fix *fix_of(void **state)
{
	return *state;
}

int echo(struct api_req *req, void *arg)
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

int setup(void **state)
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

int teardown(void **state)
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

unsigned ask(struct fix *f, const char *method, const char *target,
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

const char *text(const struct fix *f, const char *key)
{
	const char *s = odict_string(f->reply, key);

	return s ? s : "";
}

const char *reply_header(const struct fix *f, const char *name)
{
	for (size_t i = 0; i < f->req->out.headerc; i++)
		if (!strcmp(f->req->out.headerv[i].name, name))
			return f->req->out.headerv[i].value;
	return "";
}

/* ---- bodies --------------------------------------------------------------- */

const char *fault(const struct fix *f, const char *pointer)
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
