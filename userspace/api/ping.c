/* SPDX-License-Identifier: BSD-2-Clause */
/* POST /v1/dispatchers/{set}/targets/{target}/ping: one OPTIONS, and what comes of it */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "api/core.h"
#include "api/edgeask.h"

enum { LOOK = 20 /* ms between two looks for an answer */ };

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
