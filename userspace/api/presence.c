/* SPDX-License-Identifier: BSD-2-Clause */
/* /v1/presence: what is known of users, and what is set by hand */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "api/presence.h"
#include "presence/presence.h"

/* ---- looking ------------------------------------------------------------------------- */

static int view(struct odict **op, struct presence *p, const struct pl *aor)
{
	struct odict *o = NULL;
	char *text = NULL;
	int err = presence_get(&o, p, aor);

	if (!err)
		err = pl_strdup(&text, aor);
	if (!err)
		err = odict_entry_add(o, "aor", ODICT_STRING, text);
	mem_deref(text);
	if (err)
		mem_deref(o);
	else
		*op = o;
	return err;
}

struct paging {
	struct presence *p;
	struct api_page *page;
	int err;
};

static bool page_add(const struct pl *aor, void *arg)
{
	struct paging *pg = arg;
	struct odict *o = NULL;

	if (!api_page_wants(pg->page, aor))
		return false;
	pg->err = view(&o, pg->p, aor);
	if (pg->err == ENOENT) {
		pg->err = 0;
		return false;
	}
	if (!pg->err)
		pg->err = api_page_add(pg->page, aor, o);
	mem_deref(o);
	return pg->err != 0;
}

static int list_get(struct api_req *req, void *arg)
{
	static const char *const keyv[] = {"limit", "cursor", NULL};
	struct paging pg = {.p = arg};
	int err = api_query_only(req, keyv);

	if (!err)
		err = api_page_begin(&pg.page, req, "presence");
	if (err)
		return err;
	(void)presence_each(arg, page_add, &pg);
	if (pg.err) {
		mem_deref(pg.page);
		return pg.err;
	}
	return api_page_reply(pg.page);
}

static void aor_of(struct pl *aor, struct api_req *req)
{
	pl_set_str(aor, api_param(req, "aor"));
}

static int one_get(struct api_req *req, void *arg)
{
	struct odict *o = NULL;
	struct pl aor;
	int err;

	aor_of(&aor, req);
	err = view(&o, arg, &aor);
	if (!err)
		err = api_reply(req, 200, o);
	mem_deref(o);
	return err;
}

/* ---- changing: answered once it is safe ------------------------------------------------- */

static void done(int err, void *arg)
{
	struct api_req *req = arg;

	if (!err)
		(void)api_reply(req, 204, NULL);
	else if (err == ENOSPC)
		(void)api_problem(req, 507, "storage",
				  "the store has no room: nothing has changed");
	else
		(void)api_problem(req, 503, "storage",
				  "the store failed: nothing has changed");
	mem_deref(req);
}

/* The request is kept until done() */
static int kept(struct api_req *req, int err)
{
	if (err)
		mem_deref(req);
	return err;
}

static const struct api_field state_fieldv[] = {
	{"basic", API_ENUM, true, 0, 0, "open|closed"},
	{"note", API_STRING, false, 0, 255, NULL},
	{0},
};

static int one_put(struct api_req *req, void *arg)
{
	const struct odict *body = api_body(req);
	struct pl aor;

	if (!api_check(req, "", body, state_fieldv))
		return api_refuse(req);
	aor_of(&aor, req);
	return kept(req, presence_set(arg, &aor, odict_string(body, "basic"),
				      odict_string(body, "note"), done,
				      mem_ref(req)));
}

static int one_delete(struct api_req *req, void *arg)
{
	struct pl aor;

	aor_of(&aor, req);
	return kept(req,
		    presence_set(arg, &aor, NULL, NULL, done, mem_ref(req)));
}

static const struct api_field mailbox_fieldv[] = {
	{"fresh", API_NUMBER, true, 0, 1000000, NULL},
	{"old", API_NUMBER, true, 0, 1000000, NULL},
	{"urgent_fresh", API_NUMBER, false, 0, 1000000, NULL},
	{"urgent_old", API_NUMBER, false, 0, 1000000, NULL},
	{0},
};

static uint32_t number(const struct odict *o, const char *key)
{
	uint64_t n = 0;

	(void)odict_get_number(o, &n, key);
	return (uint32_t)n;
}

static int mailbox_put(struct api_req *req, void *arg)
{
	const struct odict *body = api_body(req);
	struct presence_mailbox m;
	struct pl aor;

	if (!api_check(req, "", body, mailbox_fieldv))
		return api_refuse(req);
	m.fresh = number(body, "fresh");
	m.old = number(body, "old");
	m.urgent_fresh = number(body, "urgent_fresh");
	m.urgent_old = number(body, "urgent_old");
	aor_of(&aor, req);
	return kept(req, presence_mailbox(arg, &aor, &m, done, mem_ref(req)));
}

static int mailbox_delete(struct api_req *req, void *arg)
{
	struct pl aor;

	aor_of(&aor, req);
	return kept(req, presence_mailbox(arg, &aor, NULL, done, mem_ref(req)));
}

/* Whoever subscribed has to do so again */
static int subscriptions_delete(struct api_req *req, void *arg)
{
	struct pl aor;

	aor_of(&aor, req);
	presence_end(arg, &aor, false);
	return api_reply(req, 204, NULL);
}

int api_presence(struct api *a, struct presence *p)
{
	static const char one[] = "/v1/presence/{aor}";
	static const char mailbox[] = "/v1/presence/{aor}/mailbox";
	int err;

	if (!p)
		return 0;
	err = api_route(a, "GET", "/v1/presence", API_READ, list_get, p);
	if (!err)
		err = api_route(a, "GET", one, API_READ, one_get, p);
	if (!err)
		err = api_route(a, "PUT", one, API_WRITE, one_put, p);
	if (!err)
		err = api_route(a, "DELETE", one, API_WRITE, one_delete, p);
	if (!err)
		err = api_route(a, "PUT", mailbox, API_WRITE, mailbox_put, p);
	if (!err)
		err = api_route(a, "DELETE", mailbox, API_WRITE, mailbox_delete,
				p);
	return err ? err
		   : api_route(a, "DELETE", "/v1/presence/{aor}/subscriptions",
			       API_WRITE, subscriptions_delete, p);
}
