/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers, and problems (RFC 9457) */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>

#include "api/core.h"
#include "base/log.h"
#include "base/utf8.h"

static const struct {
	unsigned status;
	const char *text;
} statusv[] = {
	{101, "Switching Protocols"},
	{200, "OK"},
	{201, "Created"},
	{202, "Accepted"},
	{204, "No Content"},
	{304, "Not Modified"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{409, "Conflict"},
	{410, "Gone"},
	{412, "Precondition Failed"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{415, "Unsupported Media Type"},
	{421, "Misdirected Request"},
	{422, "Unprocessable Content"},
	{426, "Upgrade Required"},
	{428, "Precondition Required"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
	{504, "Gateway Timeout"},
	{507, "Insufficient Storage"},
};

const char *api_status_text(unsigned status)
{
	for (size_t i = 0; i < ARRAY_SIZE(statusv); i++)
		if (statusv[i].status == status)
			return statusv[i].text;

	return "";
}

bool api_answered(const struct api_req *req)
{
	return req && (req->late ? req->outcome.status : req->out.status);
}

struct api_out *api_out_of(struct api_req *req)
{
	return req->late ? &req->outcome : &req->out;
}

int api_reply_header(struct api_req *req, const char *name, const char *fmt,
		     ...)
{
	struct api_out *out = api_out_of(req);
	va_list ap;
	int err;

	if (out->headerc == API_HEADERS_MAX ||
	    strlen(name) >= sizeof(out->headerv[0].name))
		return EOVERFLOW;
	va_start(ap, fmt);
	err = re_vsdprintf(&out->headerv[out->headerc].value, fmt, ap);
	va_end(ap);
	if (!err)
		str_ncpy(out->headerv[out->headerc++].name, name,
			 sizeof(out->headerv[0].name));

	return err;
}

int api_reply_text(struct api_req *req, unsigned status, const char *type,
		   struct mbuf *text)
{
	struct api_out *out;

	if (!req)
		return EINVAL;
	out = api_out_of(req);
	if (out->status)
		return EALREADY;
	out->status = status;
	out->type = type;
	out->body = mem_ref(text);
	api_done(req);

	return 0;
}

static int reply_json(struct api_req *req, unsigned status, const char *type,
		      const struct odict *o)
{
	struct mbuf *mb = mbuf_alloc(512);
	int err;

	if (!mb)
		return ENOMEM;
	err = mbuf_printf(mb, "%H\n", json_encode_odict, o);
	(void)utf8_scrub((char *)mb->buf, mb->end);
	if (!err)
		err = api_reply_text(req, status, type, mb);
	mem_deref(mb);

	return err;
}

int api_reply(struct api_req *req, unsigned status, const struct odict *body)
{
	return body ? reply_json(req, status, "application/json", body)
		    : api_reply_text(req, status, NULL, NULL);
}

int api_reply_stream(struct api_req *req, unsigned status, const char *type,
		     api_pull_h *pull, void *arg, struct api_stream **sp)
{
	struct api_stream *s;

	if (req->out.status)
		return EALREADY;
	s = mem_zalloc(sizeof(*s), NULL);
	if (!s)
		return ENOMEM;
	s->pull = pull;
	s->arg = arg;
	*sp = req->out.stream = s;
	req->out.status = status;
	req->out.type = type;
	api_done(req);

	return 0;
}

void api_stream_wake(struct api_stream *s)
{
	if (s && s->wake)
		s->wake(s->wake_arg);
}

/* ---- problems ------------------------------------------------------------- */

static int problem(struct api_req *req, unsigned status, const char *type,
		   const char *detail)
{
	struct odict *o = NULL;
	char urn[96] = "about:blank";
	struct le *le;
	int err = odict_alloc(&o, 8);

	if (type)
		(void)re_snprintf(urn, sizeof(urn), "urn:carom:problem:%s",
				  type);
	if (!err)
		err = odict_entry_add(o, "type", ODICT_STRING, urn);
	if (!err)
		err = odict_entry_add(o, "title", ODICT_STRING,
				      api_status_text(status));
	if (!err)
		err = odict_entry_add(o, "status", ODICT_INT, (int64_t)status);
	if (!err)
		err = odict_entry_add(o, "detail", ODICT_STRING, detail);
	if (!err && req->path.partc)
		err = odict_entry_add(o, "instance", ODICT_STRING,
				      req->instance);
	for (le = req->extra ? req->extra->lst.head : NULL; le && !err;
	     le = le->next) {
		const struct odict_entry *e = le->data;

		err = odict_entry_add(o, e->key, ODICT_INT, e->u.integer);
	}
	if (!err && req->faults)
		err = odict_entry_add(o, "errors", ODICT_ARRAY, req->faults);
	if (!err)
		err = reply_json(req, status, "application/problem+json", o);
	mem_deref(o);

	return err;
}

int api_problem(struct api_req *req, unsigned status, const char *type,
		const char *fmt, ...)
{
	char *detail = NULL;
	va_list ap;
	int err;

	if (!req)
		return EINVAL;
	if (api_answered(req))
		return EALREADY;
	va_start(ap, fmt);
	err = re_vsdprintf(&detail, fmt, ap);
	va_end(ap);
	if (!err)
		err = problem(req, status, type, detail);
	mem_deref(detail);

	return err;
}

int api_problem_number(struct api_req *req, const char *name, uint64_t n)
{
	int err = 0;

	if (!req->extra)
		err = odict_alloc(&req->extra, 4);

	return err ? err
		   : odict_entry_add(req->extra, name, ODICT_INT, (int64_t)n);
}

void api_fault(struct api_req *req, const char *pointer, const char *fmt, ...)
{
	struct odict *o = NULL;
	char *detail = NULL, key[16];
	va_list ap;
	int err = 0;

	++req->faultc;
	if (!req->faults)
		err = odict_alloc(&req->faults, 8);
	if (!err)
		err = odict_alloc(&o, 2);
	va_start(ap, fmt);
	if (!err)
		err = re_vsdprintf(&detail, fmt, ap);
	va_end(ap);
	if (!err)
		err = odict_entry_add(o, "pointer", ODICT_STRING, pointer);
	if (!err)
		err = odict_entry_add(o, "detail", ODICT_STRING, detail);
	(void)re_snprintf(key, sizeof(key), "%u", req->faultc - 1);
	if (!err)
		err = odict_entry_add(req->faults, key, ODICT_OBJECT, o);
	if (err)
		log_warn("api: %m", err);
	mem_deref(detail);
	mem_deref(o);
}

unsigned api_faults(const struct api_req *req)
{
	return req ? req->faultc : 0;
}

int api_refuse(struct api_req *req)
{
	return api_problem(req, 422, "bad-fields",
			   "%u field%s of the body cannot be taken",
			   req->faultc, req->faultc == 1 ? "" : "s");
}

void api_failed(struct api_req *req, int err)
{
	switch (err) {
	case EINVAL:
		(void)api_problem(req, 400, NULL, "the request makes no sense");
		break;
	case EACCES:
	case EPERM:
		(void)api_problem(req, 403, NULL, "this is not allowed");
		break;
	case ENOENT:
		(void)api_problem(req, 404, "not-found", "it is not there");
		break;
	case EEXIST:
	case EALREADY:
		(void)api_problem(req, 409, NULL, "it is there already");
		break;
	case EAGAIN:
	case EBUSY:
		(void)api_reply_header(req, "Retry-After", "1");
		(void)api_problem(req, 503, NULL, "busy; try again");
		break;
	case ENOSPC:
		(void)api_problem(req, 507, NULL, "no room for it");
		break;
	case ETIMEDOUT:
		(void)api_problem(req, 504, NULL, "no answer in time");
		break;
	default:
		log_warn("api: %r %s: %m", &req->method, req->instance, err);
		(void)api_problem(req, 500, NULL, "%m", err);
		break;
	}
}
