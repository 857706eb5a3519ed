/* SPDX-License-Identifier: BSD-2-Clause */
/* A request as libmicrohttpd reads it, and its answer as it writes it */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <re.h>
#include <microhttpd.h>

#include "api/listen.h"
#include "api/websocket.h"

enum {
	STREAM_TIMEOUT = 60, /* s; what is streamed says something each 15 */
	PATIENT_MAX = 4 * API_BODY_MAX, /* bytes of a body that is refused */
	HEAD_MAX = 16384, /* bytes of names and values of headers       */
};

void exchange_resume(struct exchange *x)
{
	if (!x->suspended)
		return;
	x->suspended = false;
	MHD_resume_connection(x->c);
	listen_soon(x->l, 0);
}

static void suspend(struct exchange *x)
{
	x->suspended = true;
	MHD_suspend_connection(x->c);
}

/* ---- answers -------------------------------------------------------------- */

static void body_gone(void *arg)
{
	mem_deref(arg);
}

static ssize_t stream_read(void *arg, uint64_t pos, char *buf, size_t max)
{
	struct exchange *x = arg;
	struct api_stream *s = x->req->out.stream;
	const ssize_t n = s->pull(buf, max, s->arg);
	(void)pos;

	if (n < 0 || (!n && x->l->ending))
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!n)
		suspend(x);

	return n;
}

static void stream_woken(void *arg)
{
	exchange_resume(arg);
}

static void upgraded(void *arg, struct MHD_Connection *c, void *cls,
		     const char *extra, size_t n, MHD_socket fd,
		     struct MHD_UpgradeResponseHandle *urh)
{
	struct exchange *x = arg;
	(void)c;
	(void)cls;

	(void)websocket_alloc(&x->l->websockets, x->req, fd, urh, extra, n);
}

static struct MHD_Response *response_of(struct exchange *x)
{
	struct api_out *out = &x->req->out;
	struct mbuf *mb = out->body;

	if (out->status == 101)
		return MHD_create_response_for_upgrade(upgraded, x);
	if (out->stream) {
		out->stream->wake = stream_woken;
		out->stream->wake_arg = x;
		(void)MHD_set_connection_option(
			x->c, MHD_CONNECTION_OPTION_TIMEOUT, STREAM_TIMEOUT);
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096,
							 stream_read, x, NULL);
	}
	if (!mb)
		return MHD_create_response_from_buffer(0, NULL,
						       MHD_RESPMEM_PERSISTENT);

	return MHD_create_response_from_buffer_with_free_callback_cls(
		mb->end, mb->buf, body_gone, mem_ref(mb));
}

static enum MHD_Result queue(struct exchange *x)
{
	struct api_out *out = &x->req->out;
	struct MHD_Response *r = response_of(x);
	enum MHD_Result rc;

	if (!r)
		return MHD_NO;
	if (out->type)
		(void)MHD_add_response_header(r, "Content-Type", out->type);
	(void)MHD_add_response_header(r, "Cache-Control", "no-store");
	(void)MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	for (size_t i = 0; i < out->headerc; i++)
		(void)MHD_add_response_header(r, out->headerv[i].name,
					      out->headerv[i].value);
	rc = MHD_queue_response(x->c, out->status, r);
	MHD_destroy_response(r);
	x->queued = true;

	return rc;
}

static void answered(struct api_req *req, void *arg)
{
	(void)req;
	exchange_resume(arg);
}

/* ---- requests ------------------------------------------------------------- */

static const char *get_header(const char *name, void *arg)
{
	const struct exchange *x = arg;

	return MHD_lookup_connection_value(x->c, MHD_HEADER_KIND, name);
}

static const struct sa *peer_of(struct exchange *x, struct sa *sa)
{
	const union MHD_ConnectionInfo *info;

	info = MHD_get_connection_info(x->c,
				       MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return !x->l->path && info && !sa_set_sa(sa, info->client_addr) ? sa
									: NULL;
}

static enum MHD_Result count_head(void *arg, enum MHD_ValueKind kind,
				  const char *key, const char *value)
{
	size_t *n = arg;
	(void)kind;

	*n += strlen(key) + (value ? strlen(value) : 0) + 4;

	return MHD_YES;
}

/* What is too much is said before any of the body has come */
static void check_head(struct exchange *x)
{
	const char *length = get_header("Content-Length", x);
	size_t head = 0;
	struct pl pl;

	if (x->req->out.status)
		return;
	(void)MHD_get_connection_values(x->c, MHD_HEADER_KIND, count_head,
					&head);
	pl_set_str(&pl, length ? length : "0");
	if (head > HEAD_MAX)
		(void)api_problem(x->req, 431, NULL,
				  "the headers have %zu bytes; allowed: %d",
				  head, HEAD_MAX);
	else if (pl.l > 15 || pl_u64(&pl) > API_BODY_MAX)
		(void)api_problem(x->req, 413, NULL,
				  "the body has %s bytes; allowed: %d", length,
				  API_BODY_MAX);
}

/* An answer ends the connection where the body is not read: it may be lost with what was
 * on its way. So all of it is read first, but for what is too long, and for whoever asks
 * before he sends it */
static bool answered_at_once(struct exchange *x)
{
	return x->req->out.status &&
	       (x->req->out.status == 413 || get_header("Expect", x));
}

static enum MHD_Result begin(struct exchange *x, const char *method)
{
	struct sa sa;
	struct api_in in = {
		.open = x->l->open,
		.only = x->l->only,
		.peer = peer_of(x, &sa),
		.header = get_header,
		.answered = answered,
		.arg = x,
	};

	x->begun = true;
	pl_set_str(&in.method, method);
	pl_set_str(&in.target, x->target);
	if (api_begin(&x->req, x->l->a, &in))
		return MHD_NO;
	check_head(x);
	if (answered_at_once(x))
		return queue(x);
	if (x->req->held)
		suspend(x);

	return MHD_YES;
}

static enum MHD_Result more(struct exchange *x, const char *data, size_t *size)
{
	const size_t n = *size;

	*size = 0;
	/* refused, and answered at its end, unless that is too far */
	x->came += n;
	if (x->req->out.status)
		return x->came > PATIENT_MAX ? MHD_NO : MHD_YES;
	if (!x->body)
		x->body = mbuf_alloc(n);
	if (!x->body)
		return MHD_NO;
	if (x->body->end + n > API_BODY_MAX)
		return api_problem(x->req, 413, NULL,
				   "the body has more than %d bytes",
				   API_BODY_MAX)
			       ? MHD_NO
			       : MHD_YES;

	return mbuf_write_mem(x->body, (const uint8_t *)data, n) ? MHD_NO
								 : MHD_YES;
}

static enum MHD_Result run(struct exchange *x)
{
	struct pl body = pl_null;

	if (!x->ran) {
		x->ran = true;
		if (x->body) {
			body.p = (const char *)x->body->buf;
			body.l = x->body->end;
		}
		api_run(x->req, &body);
	}
	if (x->req->out.status)
		return queue(x);
	suspend(x);

	return MHD_YES;
}

enum MHD_Result exchange_access(void *arg, struct MHD_Connection *c,
				const char *url, const char *method,
				const char *version, const char *data,
				size_t *size, void **cls)
{
	struct exchange *x = *cls;
	(void)arg;
	(void)c;
	(void)url;
	(void)version;

	if (!x)
		return MHD_NO;
	if (!x->begun)
		return begin(x, method);
	if (x->queued)
		return MHD_YES;

	return *size ? more(x, data, size) : run(x);
}

static void exchange_destructor(void *arg)
{
	struct exchange *x = arg;

	list_unlink(&x->le);
	if (x->req) {
		if (x->req->out.stream && x->req->out.stream->wake_arg == x)
			x->req->out.stream->wake = NULL;
		api_abandon(x->req);
	}
	mem_deref(x->req);
	mem_deref(x->body);
	mem_deref(x->target);
}

void *exchange_target(void *arg, const char *uri, struct MHD_Connection *c)
{
	struct listener *l = arg;
	struct exchange *x = mem_zalloc(sizeof(*x), exchange_destructor);

	if (!x)
		return NULL;
	x->l = l;
	x->c = c;
	list_append(&l->exchanges, &x->le, x);

	return str_dup(&x->target, uri) ? mem_deref(x) : x;
}

void exchange_completed(void *arg, struct MHD_Connection *c, void **cls,
			enum MHD_RequestTerminationCode why)
{
	(void)arg;
	(void)c;
	(void)why;
	*cls = mem_deref(*cls);
}
