/* SPDX-License-Identifier: BSD-2-Clause */
/* /v1/networks, /v1/limits: what is changed by hand until the agent ends;
 * /v1/connections: who is connected */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "api/core.h"
#include "api/edgeask.h"

struct paging {
	struct api_page *page;
	const char *key; /* member that tells entries apart; NULL: count them,
			    and say how many there are in all            */
	unsigned n;
};

static int page_add(struct odict *o, void *arg)
{
	struct paging *p = arg;
	char count[16];
	struct pl pl;

	(void)re_snprintf(count, sizeof(count), "%08u", p->n++);
	pl_set_str(&pl, p->key ? odict_string(o, p->key) : count);

	return api_page_wants(p->page, &pl) ? api_page_add(p->page, &pl, o) : 0;
}

/* A page of the array that a command answers with */
static int page_of(struct api_req *req, struct edge *e, const char *command,
		   const char *name, const char *key)
{
	static const char *const keyv[] = {"limit", "cursor", NULL};
	struct paging p = {.key = key};
	struct odict *reply = NULL;
	uint64_t total = 0;
	int err = api_query_only(req, keyv);

	if (!err)
		err = edge_ask(req, e, command, NULL, &reply);
	if (!err)
		err = api_page_begin(&p.page, req, name);
	if (!err)
		err = edge_each(reply, name, page_add, &p);
	if (!err && !key && odict_get_number(reply, &total, "total"))
		api_page_number(p.page, "total", total);
	mem_deref(reply);
	if (err)
		mem_deref(p.page);

	return err ? err : api_page_reply(p.page);
}

/* Have it done, and answer with what there is to say of it */
static int done(struct api_req *req, struct edge *e, const char *command,
		const struct edge_arg *argv)
{
	struct odict *reply = NULL;
	int err = edge_ask(req, e, command, argv, &reply);

	if (!err)
		err = api_reply(req, 200, reply);
	mem_deref(reply);

	return err;
}

/* ---- networks ------------------------------------------------------------- */

static int networks_get(struct api_req *req, void *arg)
{
	return page_of(req, arg, "network list", "networks", "prefix");
}

static const struct api_field network_fieldv[] = {
	{"kind", API_ENUM, true, 0, 0, "trusted|allow|deny"},
	{"seconds", API_NUMBER, false, 1, 31536000, NULL},
	{0},
};

static int network_put(struct api_req *req, void *arg)
{
	const struct odict *body = api_body(req);
	char seconds[16];
	uint64_t n = 0;

	if (!api_check(req, "", body, network_fieldv))
		return api_refuse(req);
	(void)odict_get_number(body, &n, "seconds");
	(void)re_snprintf(seconds, sizeof(seconds), "%llu",
			  (unsigned long long)n);

	return done(
		req, arg, "network add",
		(const struct edge_arg[]){{"prefix", api_param(req, "prefix")},
					  {"kind", odict_string(body, "kind")},
					  {"for", n ? seconds : NULL},
					  {NULL, NULL}});
}

static int network_delete(struct api_req *req, void *arg)
{
	return done(
		req, arg, "network delete",
		(const struct edge_arg[]){{"prefix", api_param(req, "prefix")},
					  {NULL, NULL}});
}

/* ---- limits --------------------------------------------------------------- */

static int limits_get_(struct api_req *req, void *arg)
{
	return page_of(req, arg, "limit list", "limits", "class");
}

static const struct api_field limit_fieldv[] = {
	{"rate", API_NUMBER, true, 0, 1000000, NULL},
	{"burst", API_NUMBER, false, 0, 1000000, NULL},
	{0},
};

static int limit_put(struct api_req *req, void *arg)
{
	const struct odict *body = api_body(req);
	char rate[16], burst[16];
	uint64_t r = 0, b = 0;
	bool has_burst;

	/* both 0 would mean any */
	if (!api_check(req, "", body, limit_fieldv))
		return api_refuse(req);
	(void)odict_get_number(body, &r, "rate");
	has_burst = odict_get_number(body, &b, "burst");
	(void)re_snprintf(rate, sizeof(rate), "%llu", (unsigned long long)r);
	(void)re_snprintf(burst, sizeof(burst), "%llu", (unsigned long long)b);

	return done(
		req, arg, "limit set",
		(const struct edge_arg[]){{"class", api_param(req, "class")},
					  {"rate", rate},
					  {"burst", has_burst ? burst : NULL},
					  {NULL, NULL}});
}

static int limit_delete(struct api_req *req, void *arg)
{
	return done(req, arg, "limit reset",
		    (const struct edge_arg[]){
			    {"class", api_param(req, "class")}, {NULL, NULL}});
}

/* ---- connections ---------------------------------------------------------- */

static int connections_get(struct api_req *req, void *arg)
{
	return page_of(req, arg, "sip connections", "connections", NULL);
}

int edge_tune_routes(struct api *a, struct edge *e)
{
	int err = api_route(a, "GET", "/v1/networks", API_READ, networks_get,
			    e);

	if (!err)
		err = api_route(a, "PUT", "/v1/networks/{prefix}", API_ADMIN,
				network_put, e);
	if (!err)
		err = api_route(a, "DELETE", "/v1/networks/{prefix}", API_ADMIN,
				network_delete, e);
	if (!err)
		err = api_route(a, "GET", "/v1/limits", API_READ, limits_get_,
				e);
	if (!err)
		err = api_route(a, "PUT", "/v1/limits/{class}", API_ADMIN,
				limit_put, e);
	if (!err)
		err = api_route(a, "DELETE", "/v1/limits/{class}", API_ADMIN,
				limit_delete, e);
	if (!err)
		err = api_route(a, "GET", "/v1/connections", API_READ,
				connections_get, e);

	return err;
}
