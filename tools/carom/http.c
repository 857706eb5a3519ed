/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file http.c  The agent's API, asked by its UNIX socket
 *
 * By HTTP/1.0: an answer ends with its connection, and is not in chunks.
 */
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "agent.h"
#include "http.h"

enum { HEAD_MAX = 65536, GATHER_MAX = 64 << 20 };

static const char *socket_path(const struct cli *cli,
			       const struct http_asking *a)
{
	const struct config_api *api = cli->config ? &cli->config->api : NULL;

	if (a && a->socket)
		return a->socket;
	for (size_t i = 0; api && i < api->listenc; i++)
		if (api->listenv[i].path)
			return api->listenv[i].path;

	return api ? NULL : "/run/carom/api.sock";
}

static int connect_to(int *fdp, const char *path, unsigned ms)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	const struct timeval tv = {.tv_sec = ms / 1000,
				   .tv_usec = ms % 1000 * 1000};
	int fd;

	if (strlen(path) >= sizeof(sun.sun_path))
		return ENAMETOOLONG;
	memcpy(sun.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	*fdp = fd;

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
			       connect(fd, (const struct sockaddr *)&sun,
				       sizeof(sun))
		       ? errno
		       : 0;
}

static int send_all(int fd, const struct mbuf *mb)
{
	size_t done = 0;

	while (done < mb->end) {
		const ssize_t n = send(fd, mb->buf + done, mb->end - done,
				       MSG_NOSIGNAL);

		/* an answer that came before all was sent may be read still */
		if (n < 0)
			return errno == EPIPE ? 0 : errno;
		done += (size_t)n;
	}

	return 0;
}

static int send_request(int fd, const struct http_request *r)
{
	struct mbuf *mb = mbuf_alloc(1024);
	int err = mb ? mbuf_printf(mb, "%s %s HTTP/1.0\r\nHost: carom\r\n",
				   r->method, r->target)
		     : ENOMEM;

	if (!err && r->accept)
		err = mbuf_printf(mb, "Accept: %s\r\n", r->accept);
	if (!err && r->body)
		err = mbuf_printf(mb,
				  "Content-Type: application/json\r\n"
				  "Content-Length: %zu\r\n",
				  r->body->l);
	if (!err)
		err = mbuf_write_str(mb, "\r\n");
	if (!err && r->body)
		err = mbuf_write_pl(mb, r->body);
	if (!err)
		err = send_all(fd, mb);
	mem_deref(mb);

	return err;
}

/* The head, and what came behind it: mb's position is there */
static int read_head(int fd, struct mbuf *mb, unsigned *status)
{
	struct pl code;
	uint8_t buf[4096];
	const char *end;

	while (!(end = mb->end ? memmem(mb->buf, mb->end, "\r\n\r\n", 4)
			       : NULL)) {
		const ssize_t n = read(fd, buf, sizeof(buf));
		int err;

		if (n < 0)
			return errno == EAGAIN ? ETIMEDOUT : errno;
		if (!n || mb->end > HEAD_MAX)
			return EBADMSG;
		err = mbuf_write_mem(mb, buf, (size_t)n);
		if (err)
			return err;
	}
	if (re_regex((char *)mb->buf, mb->end, "HTTP/1.[0-9]1 [0-9]3", NULL,
		     &code))
		return EBADMSG;
	*status = pl_u32(&code);
	mb->pos = (size_t)(end + 4 - (char *)mb->buf);

	return 0;
}

static int read_body(int fd, const struct mbuf *mb, http_body_h *h, void *arg)
{
	char buf[16384];
	ssize_t n;

	if (mbuf_get_left(mb) &&
	    h((char *)mbuf_buf(mb), mbuf_get_left(mb), arg))
		return 0;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (h(buf, (size_t)n, arg))
			return 0;

	return !n ? 0 : errno == EAGAIN ? ETIMEDOUT : errno;
}

int http_ask(const struct cli *cli, const struct http_asking *a,
	     const char *what, const struct http_request *r, unsigned *status,
	     http_body_h *h, void *arg, unsigned ms)
{
	const char *path = socket_path(cli, a);
	struct mbuf *mb = mbuf_alloc(4096);
	int fd = -1, err = mb ? 0 : ENOMEM;

	if (!path && !r->quiet)
		cli_error("%s: api.listen has no UNIX socket; name one by "
			  "--socket",
			  what);
	if (!path) {
		mem_deref(mb);
		return CLI_FAIL;
	}
	if (!err)
		err = connect_to(&fd, path, ms);
	if (!err)
		err = send_request(fd, r);
	if (!err)
		err = read_head(fd, mb, status);
	if (!err)
		err = read_body(fd, mb, h, arg);
	if (fd >= 0)
		(void)close(fd);
	mem_deref(mb);

	if (err && r->quiet)
		return CLI_FAIL;

	return err ? agent_unreachable(what, path, err) : CLI_OK;
}

bool http_gather(const char *p, size_t n, void *arg)
{
	struct mbuf *mb = arg;

	return mb->end + n > GATHER_MAX ||
	       mbuf_write_mem(mb, (const uint8_t *)p, n);
}

static void say_fault(const struct odict *o)
{
	const char *pointer = odict_string(o, "pointer");
	const char *detail = odict_string(o, "detail");

	cli_error("  %s: %s", pointer ? pointer : "", detail ? detail : "");
}

int http_problem(const char *what, unsigned status, const struct mbuf *body)
{
	const struct odict_entry *errors;
	const char *detail, *title;
	struct odict *o = NULL;
	struct le *le;

	(void)json_decode_odict(&o, 8, (const char *)body->buf, body->end, 8);
	title = o ? odict_string(o, "title") : NULL;
	detail = o ? odict_string(o, "detail") : NULL;
	cli_error("%s: %u %s%s%s", what, status, title ? title : "",
		  detail ? ": " : "", detail ? detail : "");
	/* /readyz says what is not ready as it says what is */
	if (!title)
		(void)fwrite(body->buf, 1, body->end, stderr);
	errors = o ? odict_get_type(o, ODICT_ARRAY, "errors") : NULL;
	for (le = errors ? errors->u.odict->lst.head : NULL; le;
	     le = le->next) {
		const struct odict_entry *e = le->data;

		if (e->type == ODICT_OBJECT)
			say_fault(e->u.odict);
	}
	mem_deref(o);

	return CLI_FAIL;
}
