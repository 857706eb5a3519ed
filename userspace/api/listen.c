/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP itself: libmicrohttpd, driven by our event loop.
 *
 * Each listener is a "daemon" of the library without a thread; all its
 * descriptors are behind one of epoll, which our loop watches. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>

#include <re.h>
#include <microhttpd.h>

#include "api/core.h"
#include "api/websocket.h"
#include "base/log.h"

enum {
	BACKLOG = 64,
	CONNS_MAX = 256,
	CONNS_PER_IP = 64,
	TIMEOUT = 30,        /* s that a connection may say nothing        */
	STREAM_TIMEOUT = 60, /* s; what is streamed says something each 15 */
	MEMORY = 32768,      /* bytes of a connection: head of a request   */
	HEAD_MAX = 16384,    /* of it names and values of headers          */
	WAIT_MAX = 1000,     /* ms                                         */
};

struct listener {
	struct le le;
	struct api *a;
	struct MHD_Daemon *d;
	struct list exchanges, websockets;
	struct tmr tmr;
	char *path; /* of a UNIX socket */
	ino_t ino;
	char *only, *cert, *key;
	bool open, is_unix;
	int epoll;
	bool ending;
};

/* A request on a connection */
struct exchange {
	struct le le;
	struct listener *l;
	struct MHD_Connection *c;
	struct api_req *req;
	struct mbuf *body;
	char *target;
	size_t head;
	bool begun, suspended, queued, ran;
};

static void listener_run(void *arg);

/* ---- the loop ------------------------------------------------------------- */

static void soon(struct listener *l, uint64_t ms)
{
	tmr_start(&l->tmr, ms, listener_run, l);
}

static void listener_run(void *arg)
{
	struct listener *l = arg;
	MHD_UNSIGNED_LONG_LONG ms = WAIT_MAX;

	(void)MHD_run(l->d);
	if (MHD_get_timeout(l->d, &ms) != MHD_YES)
		tmr_cancel(&l->tmr);
	else
		soon(l, min((uint64_t)ms, (uint64_t)WAIT_MAX));
}

static void epoll_handler(int flags, void *arg)
{
	(void)flags;
	listener_run(arg);
}

static void resume(struct exchange *x)
{
	if (!x->suspended)
		return;
	x->suspended = false;
	MHD_resume_connection(x->c);
	soon(x->l, 0);
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
	resume(arg);
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
	resume(arg);
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

	return !x->l->is_unix && info && !sa_set_sa(sa, info->client_addr)
		       ? sa
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

	return x->req->out.status ? queue(x) : MHD_YES;
}

static enum MHD_Result more(struct exchange *x, const char *data, size_t *size)
{
	const size_t n = *size;

	*size = 0;
	if (x->req->out.status)
		return MHD_YES; /* refused, and answered at its end */
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

static enum MHD_Result access_handler(void *arg, struct MHD_Connection *c,
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

/* A request's first line has come: as it was sent, with its query */
static void *target_handler(void *arg, const char *uri,
			    struct MHD_Connection *c)
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

static void completed_handler(void *arg, struct MHD_Connection *c, void **cls,
			      enum MHD_RequestTerminationCode why)
{
	(void)arg;
	(void)c;
	(void)why;
	*cls = mem_deref(*cls);
}

static void log_handler(void *arg, const char *fmt, va_list ap)
{
	char text[256];
	(void)arg;

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\r\n")] = '\0';
	log_debug("http: %s", text);
}

/* The path is taken apart by us, after the query was cut off */
static size_t no_unescape(void *arg, struct MHD_Connection *c, char *s)
{
	(void)arg;
	(void)c;

	return strlen(s);
}

/* ---- sockets -------------------------------------------------------------- */

enum { LAST_RUNS = 8 };

static void resume_all(struct listener *l)
{
	struct le *le;

	for (le = list_head(&l->exchanges); le; le = le->next)
		resume(le->data);
}

/* Streams get what there still is, and an end. The library wants no connection
 * to be suspended when it stops */
static void end(struct listener *l)
{
	l->ending = true;
	while (l->websockets.head)
		websocket_end(l->websockets.head->data);
	for (unsigned i = 0; i < LAST_RUNS && l->exchanges.head; i++) {
		resume_all(l);
		(void)MHD_run(l->d);
	}
	resume_all(l);
	MHD_stop_daemon(l->d);
}

static void destructor(void *arg)
{
	struct listener *l = arg;
	struct stat st;

	list_unlink(&l->le);
	if (l->epoll >= 0)
		fd_close(l->epoll);
	if (l->d)
		end(l);
	tmr_cancel(&l->tmr);
	if (l->path && !stat(l->path, &st) && st.st_ino == l->ino)
		(void)unlink(l->path);
	mem_deref(l->path);
	mem_deref(l->only);
	mem_deref(l->cert);
	mem_deref(l->key);
}

/* Somebody may have died and left his socket behind */
static int bind_unix(int fd, const struct sockaddr_un *sun)
{
	int probe, alive;

	if (!bind(fd, (const struct sockaddr *)sun, sizeof(*sun)))
		return 0;
	if (errno != EADDRINUSE)
		return errno;
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	alive = probe >= 0 &&
		!connect(probe, (const struct sockaddr *)sun, sizeof(*sun));
	if (probe >= 0)
		(void)close(probe);
	if (alive)
		return EADDRINUSE;
	(void)unlink(sun->sun_path);

	return bind(fd, (const struct sockaddr *)sun, sizeof(*sun)) ? errno : 0;
}

static int open_unix(struct listener *l, int *fdp, const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct stat st;
	int err;

	if (strlen(path) >= sizeof(sun.sun_path))
		return ENAMETOOLONG;
	memcpy(sun.sun_path, path, strlen(path) + 1);
	*fdp = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fdp < 0)
		return errno;
	err = bind_unix(*fdp, &sun);
	if (err)
		return err;
	if (chmod(path, 0660) || stat(path, &st))
		return errno;
	l->is_unix = true;
	l->ino = st.st_ino;

	return str_dup(&l->path, path);
}

static int open_tcp(int *fdp, const struct sa *addr)
{
	const int one = 1;

	*fdp = socket(sa_af(addr), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		      0);
	if (*fdp < 0)
		return errno;
	if (setsockopt(*fdp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    (sa_af(addr) == AF_INET6 &&
	     setsockopt(*fdp, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one))) ||
	    bind(*fdp, &addr->u.sa, addr->len))
		return errno;

	return 0;
}

static int read_pem(char **text, const char *path)
{
	struct mbuf *mb = mbuf_alloc(8192);
	FILE *f = fopen(path, "re");
	uint8_t buf[4096];
	size_t n;
	int err = !mb ? ENOMEM : !f ? errno : 0;

	while (!err && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		err = mbuf_write_mem(mb, buf, n);
	if (!err)
		err = re_sdprintf(text, "%b", mb->buf, mb->end);
	if (f)
		(void)fclose(f);
	if (err)
		log_error("api: %s: %m", path, err);
	mem_deref(mb);

	return err;
}

static int start(struct listener *l, int fd, bool tls)
{
	const unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
			       MHD_ALLOW_UPGRADE | MHD_USE_ERROR_LOG |
			       (tls ? MHD_USE_TLS : 0);
	const struct MHD_OptionItem secret[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, l->cert},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, l->key},
		{MHD_OPTION_END, 0, NULL},
	};
	const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	const union MHD_DaemonInfo *info;

	l->d = MHD_start_daemon(
		flags, 0, NULL, NULL, access_handler, l,
		MHD_OPTION_EXTERNAL_LOGGER, log_handler, NULL,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK,
		target_handler, l, MHD_OPTION_UNESCAPE_CALLBACK, no_unescape,
		NULL, MHD_OPTION_NOTIFY_COMPLETED, completed_handler, NULL,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNS_MAX,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		l->is_unix ? 0U : (unsigned)CONNS_PER_IP,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY,
		tls ? secret : none, MHD_OPTION_END);
	if (!l->d)
		return tls ? EBADMSG : EIO;
	info = MHD_get_daemon_info(l->d, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return ENOSYS;
	l->epoll = info->epoll_fd;
	soon(l, 0);

	return fd_listen(l->epoll, FD_READ, epoll_handler, l);
}

static int listen_at(struct listener *l, const struct api_listen *how)
{
	int fd = -1, err;

	err = how->path ? open_unix(l, &fd, how->path)
			: open_tcp(&fd, how->addr);
	if (!err && listen(fd, BACKLOG))
		err = errno;
	if (!err && how->tls) {
		err = read_pem(&l->cert, how->tls->certificate);
		if (!err)
			err = read_pem(&l->key, how->tls->key);
	}
	if (!err && how->only)
		err = str_dup(&l->only, how->only);
	if (!err)
		err = start(l, fd, how->tls);
	/* from now on the library closes it */
	if (!l->d && fd >= 0)
		(void)close(fd);

	return err;
}

int api_listen(struct api *a, const struct api_listen *how)
{
	struct listener *l;
	int err;

	if (!a || !how || (!how->path && !how->addr))
		return EINVAL;
	l = mem_zalloc(sizeof(*l), destructor);
	if (!l)
		return ENOMEM;
	l->a = a;
	l->epoll = -1;
	l->open = how->open;
	tmr_init(&l->tmr);
	list_init(&l->exchanges);
	list_init(&l->websockets);
	err = listen_at(l, how);
	if (err && how->path)
		log_error("api: cannot listen at %s: %m", how->path, err);
	else if (err)
		log_error("api: cannot listen at %J: %m", how->addr, err);
	if (err)
		mem_deref(l);
	else
		list_append(&a->listeners, &l->le, l);

	return err;
}
