/* SPDX-License-Identifier: BSD-2-Clause */
/* A request's way: head, body, handler */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "api/core.h"
#include "base/jsontext.h"
#include "base/log.h"
#include "base/utf8.h"

static void out_reset(struct api_out *out)
{
	for (size_t i = 0; i < out->headerc; i++)
		mem_deref(out->headerv[i].value);
	if (out->stream)
		mem_deref(out->stream->arg);
	mem_deref(out->stream);
	mem_deref(out->body);
}

static void destructor(void *arg)
{
	struct api_req *req = arg;

	list_unlink(&req->le);
	tmr_cancel(&req->patience);
	out_reset(&req->out);
	out_reset(&req->outcome);
	mem_deref(req->instance);
	mem_deref(req->querybuf);
	mem_deref(req->body);
	mem_deref(req->faults);
	mem_deref(req->extra);
	mem_deref(req->idem);
	mem_deref(req->hash);
}

struct api *api_of(const struct api_req *req)
{
	return req->a;
}

const struct pl *api_method(const struct api_req *req)
{
	return &req->method;
}

const char *api_path(const struct api_req *req)
{
	return req->instance;
}

const char *api_param(const struct api_req *req, const char *name)
{
	for (size_t i = 0; i < req->paramc; i++)
		if (!pl_strcmp(&req->namev[i], name))
			return req->valuev[i];

	return "";
}

const char *api_header(const struct api_req *req, const char *name)
{
	return req->header ? req->header(name, req->arg) : NULL;
}

const struct odict *api_body(const struct api_req *req)
{
	return req->body;
}

const char *api_who(const struct api_req *req)
{
	return req->who;
}

/* ---- the head ------------------------------------------------------------- */

static int take_target(struct api_req *req, const struct pl *target)
{
	const char *mark = pl_strchr(target, '?');
	struct pl path = *target, query = pl_null;
	int err;

	if (target->l > API_TARGET_MAX)
		return api_problem(req, 414, NULL,
				   "path and query have %zu bytes; allowed: %d",
				   target->l, API_TARGET_MAX);
	if (mark) {
		path.l = (size_t)(mark - target->p);
		query = (struct pl){mark + 1, target->l - path.l - 1};
	}
	err = pl_strdup(&req->instance, &path);
	if (err)
		return err;
	err = api_path_decode(&req->path, &path);
	if (err) {
		req->path.partc = 0;
		return api_problem(
			req, err == EOVERFLOW ? 414 : 400, "bad-path",
			"the path is none: allowed: /PART/PART..., at most %d "
			"parts of at most %d bytes, none empty, '.' or '..', "
			"%%XX for what is not printable",
			API_PARTS_MAX, API_PARAM_MAX);
	}
	err = api_query_decode(req, &query);

	return err == ENOMEM ? err : 0;
}

/* The only path of a listener */
static bool is_only(const struct api_req *req, const char *only)
{
	struct pl namev[API_PARAMS_MAX];
	const char *valuev[API_PARAMS_MAX];
	size_t n;

	return !only || api_pattern_match(only, &req->path, namev, valuev, &n);
}

/* ---- which route ---------------------------------------------------------- */

static int options(struct api_req *req, struct mbuf *allow)
{
	int err = api_reply_header(req, "Allow", "%b", allow->buf, allow->end);

	return err ? err : api_reply(req, 204, NULL);
}

static int no_method(struct api_req *req)
{
	struct mbuf *allow = mbuf_alloc(64);
	int err = allow ? api_route_allow(allow, req->a, &req->path) : ENOMEM;

	if (!err && !pl_strcmp(&req->method, "OPTIONS")) {
		err = options(req, allow);
	} else if (!err) {
		err = api_reply_header(req, "Allow", "%b", allow->buf,
				       allow->end);
		if (!err)
			err = api_problem(req, 405, NULL,
					  "%r is nothing for this path; "
					  "allowed: %b",
					  &req->method, allow->buf, allow->end);
	}
	mem_deref(allow);

	return err;
}

static int find_route(struct api_req *req, const struct api_in *in)
{
	bool there = false;

	if (is_only(req, in->only))
		req->route = api_route_find(req->a, &req->method, &req->path,
					    &there);
	if (req->route) {
		(void)api_pattern_match(req->route->pattern, &req->path,
					req->namev, req->valuev, &req->paramc);
		return 0;
	}

	return there ? no_method(req)
		     : api_problem(req, 404, "no-path",
				   "there is no such path; docs/openapi.yaml "
				   "has all of them");
}

static int begin(struct api_req *req, const struct api_in *in)
{
	int err = take_target(req, &in->target);

	if (!err && !req->out.status)
		err = find_route(req, in);

	return err || req->out.status ? err : api_admit(req, in);
}

/* It goes on nevertheless: its key is taken until it is known what came of it */
static void patience_handler(void *arg)
{
	struct api_req *req = arg;

	mem_ref(req);
	(void)api_problem(req, 504, NULL, "no answer in time%s",
			  req->idem ? "; it is under way, and the same "
				      "Idempotency-Key tells what came of it"
				    : "");
	req->late = req->idem;
	mem_deref(req);
}

int api_begin(struct api_req **rp, struct api *a, const struct api_in *in)
{
	struct api_req *req;
	int err;

	if (!rp || !a || !in)
		return EINVAL;
	req = mem_zalloc(sizeof(*req), destructor);
	if (!req)
		return ENOMEM;
	req->a = a;
	list_append(&a->reqs, &req->le, req);
	tmr_init(&req->patience);
	/* one that is longer is none that there is */
	(void)pl_strcpy(&in->method, req->methodbuf, sizeof(req->methodbuf));
	req->head = !strcmp(req->methodbuf, "HEAD");
	pl_set_str(&req->method, req->head ? "GET" : req->methodbuf);
	req->header = in->header;
	req->answered = in->answered;
	req->arg = in->arg;
	err = begin(req, in);
	if (err)
		mem_deref(req);
	else
		*rp = req;

	return err;
}

/* ---- the body ------------------------------------------------------------- */

static int wants_json(struct api_req *req)
{
	const char *type = api_header(req, "Content-Type");
	const size_t n = type ? strcspn(type, " ;\t") : 0;

	if (n == 16 && !strncasecmp(type, "application/json", n))
		return 0;
	(void)api_reply_header(req, "Accept", "application/json");
	(void)api_problem(req, 415, NULL,
			  "the body is %s; allowed: application/json",
			  type ? type : "of no type");

	return EINVAL;
}

int api_body_decode(struct api_req *req, const struct pl *body)
{
	size_t used = 0;
	int err;

	if (!body || !body->l)
		return 0;
	err = wants_json(req);
	if (err)
		return err;
	used = utf8_valid(body->p, body->l);
	if (used < body->l) {
		(void)api_problem(req, 400, "bad-json",
				  "byte %zu: this is no UTF-8", used);
		return EINVAL;
	}
	err = jsontext_decode(&req->body, body, API_DEPTH_MAX, API_ITEMS_MAX,
			      &used);
	while (!err && used < body->l) {
		if (!strchr(" \t\r\n", body->p[used]) || !body->p[used])
			err = EBADMSG;
		else
			++used;
	}
	if (err == ENOMEM || !err)
		return err;
	(void)api_problem(
		req, 400, "bad-json",
		err == EOVERFLOW
			? "byte %zu: more levels or values than are allowed"
		: err == EAGAIN ? "byte %zu: the object has no end"
				: "byte %zu: this is no JSON object (RFC 8259)",
		used);

	return EINVAL;
}

void api_run(struct api_req *req, const struct pl *body)
{
	int err;

	if (!req || req->out.status || !req->route || req->held)
		return;
	mem_ref(req);
	err = api_body_decode(req, body);
	if (!err)
		err = api_idem_begin(req, body);
	if (!err)
		err = req->route->h(req, req->route->arg);
	if (err)
		api_failed(req, err);
	else if (!req->out.status)
		tmr_start(&req->patience, req->a->patience, patience_handler,
			  req);
	mem_deref(req);
}

void api_done(struct api_req *req)
{
	api_answered_h *h = req->late ? NULL : req->answered;
	const unsigned status = api_out_of(req)->status;

	tmr_cancel(&req->patience);
	/* who changed what */
	if (req->route && pl_strcmp(&req->method, "GET"))
		log_info("api: %s%s%r %s: %u%s", req->who,
			 *req->who ? ": " : "", &req->method, req->instance,
			 status, req->late ? ", after 504" : "");
	if (req->a) {
		if (!req->late)
			++req->a->answersv[min(status / 100, 5u)];
		api_idem_keep(req);
	}
	if (h)
		h(req, req->arg);
}

void api_abandon(struct api_req *req)
{
	if (!req)
		return;
	tmr_cancel(&req->patience);
	req->header = NULL;
	req->answered = NULL;
	req->arg = NULL;
}
