/* SPDX-License-Identifier: BSD-2-Clause */
/* POST /v1/dispatchers/{set}/targets/{target}/ping: one OPTIONS, and what comes of it;
 * POST /v1/dispatchers/ping: to several targets at once */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "api/core.h"
#include "api/edgeask.h"

enum {
	LOOK = 20,    /* ms between two looks for an answer */
	MANY = 65536, /* targets that are looked at         */
};

static uint64_t number(const struct odict *o, const char *key)
{
	uint64_t n = 0;

	(void)odict_get_number(o, &n, key);

	return n;
}

/* Waits for the answer of a probe: the target's counters tell */
struct ping {
	struct api_req *req;
	struct edge *e;
	struct tmr tmr;
	uint64_t before, end;
};

static void ping_destructor(void *arg)
{
	struct ping *p = arg;

	tmr_cancel(&p->tmr);
	mem_deref(p->req);
}

static uint64_t results(const struct odict *o)
{
	return number(o, "answers") + number(o, "timeouts");
}

static int ping_reply(struct api_req *req, const struct odict *t)
{
	const uint64_t code = number(t, "last_code");
	struct odict *o = NULL;
	int err = odict_alloc(&o, 8);

	if (!err)
		err = odict_entry_add(o, "uri", ODICT_STRING,
				      odict_string(t, "uri"));
	if (!err)
		err = odict_entry_add(o, "alive", ODICT_BOOL,
				      (int)(number(t, "fails") == 0));
	if (!err)
		err = odict_entry_add(o, "state", ODICT_STRING,
				      odict_string(t, "state"));
	if (!err && code)
		err = odict_entry_add(o, "code", ODICT_INT, (int64_t)code);
	if (!err && code)
		err = odict_entry_add(o, "microseconds", ODICT_INT,
				      (int64_t)number(t, "last_us"));
	if (!err)
		err = api_reply(req, 200, o);
	mem_deref(o);

	return err;
}

static void ping_look(void *arg)
{
	struct ping *p = arg;
	struct odict *o = NULL;
	int err;

	/* the API is gone, and the edge with it */
	err = p->req->le.list ? edge_target_of(p->req, p->e, &o) : EINVAL;
	if (!err && results(o) == p->before && tmr_jiffies() < p->end) {
		tmr_start(&p->tmr, LOOK, ping_look, p);
		mem_deref(o);
		return;
	}
	if (!err)
		err = ping_reply(p->req, o);
	if (err)
		api_failed(p->req, err);
	mem_deref(o);
	mem_deref(p);
}

int edge_ping_post(struct api_req *req, void *arg)
{
	struct odict *o = NULL, *reply = NULL;
	struct ping *p = NULL;
	int err = edge_target_of(req, arg, &o);

	if (!err) {
		const struct edge_arg argv[] = {{"set", api_param(req, "set")},
						{"uri", odict_string(o, "uri")},
						{NULL, NULL}};

		err = edge_ask(req, arg, "dispatcher ping", argv, &reply);
	}
	if (!err) {
		p = mem_zalloc(sizeof(*p), ping_destructor);
		err = p ? 0 : ENOMEM;
	}
	if (!err) {
		tmr_init(&p->tmr);
		p->req = mem_ref(req);
		p->e = arg;
		p->before = results(o);
		p->end = tmr_jiffies() + number(reply, "timeout_ms") + 1000;
		tmr_start(&p->tmr, LOOK, ping_look, p);
	}
	mem_deref(o);
	mem_deref(reply);

	return err;
}

/* ---- several -------------------------------------------------------------- */

/* How many results each of them has had */
struct tally {
	const char *target; /* URI or duid of these alone; NULL all */
	uint64_t *v;
	size_t n, size;
	struct odict *arr; /* they themselves; NULL: are not asked for */
};

struct pings {
	struct api_req *req;
	struct edge *e;
	struct tmr tmr;
	char *set, *target;
	uint64_t *before;
	size_t n;
	uint64_t timeout, end;
};

static void pings_destructor(void *arg)
{
	struct pings *p = arg;

	tmr_cancel(&p->tmr);
	mem_deref(p->req);
	mem_deref(p->set);
	mem_deref(p->target);
	mem_deref(p->before);
}

static int tally_one(struct odict *o, void *arg)
{
	struct tally *t = arg;
	char key[16];

	if (t->target && str_cmp(odict_string(o, "uri"), t->target) &&
	    str_cmp(odict_string(o, "duid"), t->target))
		return 0;
	if (t->n == t->size) {
		const size_t size = t->size ? 2 * t->size : 64;
		uint64_t *v = size > MANY ? NULL
					  : mem_reallocarray(t->v, size,
							     sizeof(*v), NULL);

		if (!v)
			return size > MANY ? ENOSPC : ENOMEM;
		t->v = v;
		t->size = size;
	}
	(void)re_snprintf(key, sizeof(key), "%zu", t->n);
	t->v[t->n++] = results(o);

	return t->arr ? odict_entry_add(t->arr, key, ODICT_OBJECT, o) : 0;
}

static int tally(struct pings *p, struct tally *t)
{
	const struct edge_arg argv[] = {{"set", p->set}, {NULL, NULL}};
	struct odict *reply = NULL;
	int err = edge_ask(p->req, p->e, "dispatcher list", argv, &reply);

	t->target = p->target;
	if (!err)
		err = edge_each(reply, "targets", tally_one, t);
	mem_deref(reply);

	return err;
}

/* Where the list was read again meanwhile, they are others: it is waited to the end */
static bool all_moved(const struct pings *p, const struct tally *now)
{
	for (size_t i = 0; i < p->n && i < now->n; i++)
		if (p->before[i] == now->v[i])
			return false;

	return p->n == now->n;
}

static int pings_reply(const struct pings *p, const struct tally *now)
{
	struct odict *o = NULL;
	int err = odict_alloc(&o, 4);

	if (!err)
		err = odict_entry_add(o, "targets", ODICT_ARRAY, now->arr);
	if (!err)
		err = odict_entry_add(o, "timeout_ms", ODICT_INT,
				      (int64_t)p->timeout);
	if (!err)
		err = api_reply(p->req, 200, o);
	mem_deref(o);

	return err;
}

static void pings_look(void *arg)
{
	struct pings *p = arg;
	struct tally now = {0};
	/* the API is gone, and the edge with it */
	int err = p->req->le.list ? odict_alloc(&now.arr, 64) : EINVAL;

	if (!err)
		err = tally(p, &now);
	if (!err && !all_moved(p, &now) && tmr_jiffies() < p->end) {
		tmr_start(&p->tmr, LOOK, pings_look, p);
		goto out;
	}
	if (!err)
		err = pings_reply(p, &now);
	if (err)
		api_failed(p->req, err);
	mem_deref(p);
out:
	mem_deref(now.arr);
	mem_deref(now.v);
}

static const struct api_field pings_fieldv[] = {
	{"set", API_NUMBER, false, 0, UINT32_MAX, NULL},
	{"target", API_STRING, false, 1, 255, "a URI or duid"},
	{0},
};

static int pings_begin(struct pings *p, const struct odict *body)
{
	const char *target = body ? odict_string(body, "target") : NULL;
	struct tally before = {0};
	struct odict *reply = NULL;
	uint64_t set;
	int err = target ? str_dup(&p->target, target) : 0;

	if (!err && body && odict_get_number(body, &set, "set"))
		err = re_sdprintf(&p->set, "%llu", (unsigned long long)set);
	if (!err)
		err = tally(p, &before);
	p->before = before.v;
	p->n = before.n;
	if (!err) {
		const struct edge_arg argv[] = {
			{"set", p->set}, {"uri", p->target}, {NULL, NULL}};

		err = edge_ask(p->req, p->e, "dispatcher ping", argv, &reply);
	}
	if (!err) {
		p->timeout = number(reply, "timeout_ms");
		p->end = tmr_jiffies() + p->timeout + 1000;
	}
	mem_deref(reply);

	return err;
}

int edge_pings_post(struct api_req *req, void *arg)
{
	struct pings *p;
	int err;

	if (api_body(req) && !api_check(req, "", api_body(req), pings_fieldv))
		return api_refuse(req);
	p = mem_zalloc(sizeof(*p), pings_destructor);
	if (!p)
		return ENOMEM;
	tmr_init(&p->tmr);
	p->req = mem_ref(req);
	p->e = arg;
	err = pings_begin(p, api_body(req));
	if (err)
		mem_deref(p);
	else
		tmr_start(&p->tmr, LOOK, pings_look, p);

	return err;
}
