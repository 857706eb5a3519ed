/* SPDX-License-Identifier: BSD-2-Clause */
/* The agent's side of the control socket */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "base/log.h"
#include "control/control.h"
#include "control/priv.h"

enum {
	BACKLOG = 16,
	CONNS_MAX = 64,
	IDLE = 30000, /* ms that a connection may say nothing */
};

struct control {
	struct list conns;
	char *path;
	int fd;
	ino_t ino; /* of the socket: another agent's is not ours to remove */
	control_h *h;
	void *arg;
};

struct conn {
	struct le le;
	struct control *ctl;
	struct mbuf *mb;
	struct mbuf *out; /* replies that the peer has yet to take */
	struct tmr tmr;
	int fd;
};

static void conn_destructor(void *arg)
{
	struct conn *c = arg;

	tmr_cancel(&c->tmr);
	list_unlink(&c->le);
	if (c->fd >= 0) {
		fd_close(c->fd);
		close(c->fd);
	}
	mem_deref(c->mb);
	mem_deref(c->out);
}

static void destructor(void *arg)
{
	struct control *ctl = arg;
	struct stat st;

	list_flush(&ctl->conns);
	if (ctl->fd >= 0) {
		fd_close(ctl->fd);
		close(ctl->fd);
		if (!stat(ctl->path, &st) && st.st_ino == ctl->ino)
			(void)unlink(ctl->path);
	}
	mem_deref(ctl->path);
}

/* What is said under a key, in place of what was */
static int put_text(struct odict *reply, const char *key, const char *fmt,
		    va_list ap)
{
	char *text = NULL;
	int err = re_vsdprintf(&text, fmt, ap);

	odict_entry_del(reply, key);
	if (!err)
		err = odict_entry_add(reply, key, ODICT_STRING, text);
	mem_deref(text);
	return err;
}

int control_say(struct odict *reply, const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = put_text(reply, "text", fmt, ap);
	va_end(ap);
	return err;
}

int control_fail(struct odict *reply, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)put_text(reply, "error", fmt, ap);
	va_end(ap);
	return err;
}

static int handle(struct conn *c, const char *line, size_t len,
		  struct odict *reply)
{
	struct odict *req = NULL;
	const char *command;
	int err;

	err = json_decode_odict(&req, 16, line, len, 4);
	if (err)
		return control_fail(reply, err, "the request is no JSON");
	command = odict_string(req, "command");
	if (!command)
		err = control_fail(reply, EINVAL,
				   "the request has no \"command\"");
	else
		err = c->ctl->h(command, req, reply, c->ctl->arg);
	if (err == ENOSYS)
		(void)control_fail(reply, err, "no such command: %s", command);
	mem_deref(req);
	return err;
}

static int answer(struct conn *c, const char *line, size_t len)
{
	struct odict *reply = NULL;
	int err, rc;

	err = odict_alloc(&reply, 16);
	if (err)
		return err;
	rc = handle(c, line, len, reply);
	if (rc && !odict_lookup(reply, "error"))
		(void)control_fail(reply, rc, "%s", strerror(rc));
	err = odict_entry_add(reply, "ok", ODICT_BOOL, !rc);
	if (!err)
		err = mbuf_printf(c->out, "%H\n", json_encode_odict, reply);
	c->out->pos = 0;
	mem_deref(reply);
	return err;
}

static void conn_idle(void *arg)
{
	mem_deref(arg);
}

/* What the peer takes now; of what is left c->out has the rest */
static int flush(struct conn *c)
{
	while (mbuf_get_left(c->out)) {
		const ssize_t n = send(c->fd, mbuf_buf(c->out),
				       mbuf_get_left(c->out), MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN ? 0 : errno;
		mbuf_advance(c->out, n);
		tmr_start(&c->tmr, IDLE, conn_idle, c);
	}
	mbuf_rewind(c->out);
	return 0;
}

/* A request is looked at once the reply to the one before has been taken */
static int lines(struct conn *c)
{
	const char *end;
	int err = 0;

	while (!err && !c->out->end &&
	       (end = memchr(c->mb->buf, '\n', c->mb->end))) {
		const size_t len = (size_t)(end - (char *)c->mb->buf);

		err = answer(c, (char *)c->mb->buf, len);
		memmove(c->mb->buf, end + 1, c->mb->end - len - 1);
		c->mb->end -= len + 1;
		if (!err)
			err = flush(c);
	}
	return err;
}

static int take(struct conn *c)
{
	char buf[4096];
	const ssize_t n = read(c->fd, buf, sizeof(buf));

	if (n <= 0 || c->mb->end + (size_t)n > CONTROL_LINE_MAX)
		return EPIPE;
	tmr_start(&c->tmr, IDLE, conn_idle, c);
	c->mb->pos = c->mb->end;
	return mbuf_write_mem(c->mb, (uint8_t *)buf, (size_t)n);
}

static void conn_handler(int flags, void *arg)
{
	struct conn *c = arg;
	const bool behind = c->out->end > 0;
	int err = flags & FD_WRITE ? flush(c) : take(c);

	if (!err)
		err = lines(c);
	if (!err && behind != (c->out->end > 0))
		err = fd_listen(c->fd, behind ? FD_READ : FD_WRITE,
				conn_handler, c);
	if (err)
		mem_deref(c);
}

static void listen_handler(int flags, void *arg)
{
	struct control *ctl = arg;
	struct conn *c;
	int fd, err;
	(void)flags;

	fd = accept4(ctl->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	c = list_count(&ctl->conns) < CONNS_MAX
		    ? mem_zalloc(sizeof(*c), conn_destructor)
		    : NULL;
	if (!c) {
		close(fd);
		return;
	}
	c->ctl = ctl;
	c->fd = fd;
	tmr_init(&c->tmr);
	list_append(&ctl->conns, &c->le, c);
	c->mb = mbuf_alloc(512);
	c->out = mbuf_alloc(512);
	err = c->mb && c->out ? fd_listen(fd, FD_READ, conn_handler, c)
			      : ENOMEM;
	if (err)
		mem_deref(c);
	else
		tmr_start(&c->tmr, IDLE, conn_idle, c);
}

static int make_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[108];

	if (!slash || slash == path)
		return 0;
	(void)re_snprintf(dir, sizeof(dir), "%b", path, slash - path);
	return mkdir(dir, 0755) && errno != EEXIST ? errno : 0;
}

/* Somebody may have died and left his socket behind */
static int bind_at(int fd, const struct sockaddr_un *sun)
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
		close(probe);
	if (alive)
		return EADDRINUSE;
	(void)unlink(sun->sun_path);
	return bind(fd, (const struct sockaddr *)sun, sizeof(*sun)) ? errno : 0;
}

static int start(struct control *ctl)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct stat st;
	int err;

	if (strlen(ctl->path) >= sizeof(sun.sun_path))
		return ENAMETOOLONG;
	memcpy(sun.sun_path, ctl->path, strlen(ctl->path) + 1);
	err = make_parent(ctl->path);
	if (err)
		return err;
	ctl->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			 0);
	if (ctl->fd < 0)
		return errno;
	err = bind_at(ctl->fd, &sun);
	if (err)
		return err;
	if (chmod(ctl->path, 0660) || listen(ctl->fd, BACKLOG) ||
	    stat(ctl->path, &st))
		return errno;
	ctl->ino = st.st_ino;
	return fd_listen(ctl->fd, FD_READ, listen_handler, ctl);
}

int control_alloc(struct control **cp, const char *path, control_h *h,
		  void *arg)
{
	struct control *ctl;
	int err;

	if (!cp || !path || !h)
		return EINVAL;
	ctl = mem_zalloc(sizeof(*ctl), destructor);
	if (!ctl)
		return ENOMEM;
	ctl->fd = -1;
	ctl->h = h;
	ctl->arg = arg;
	list_init(&ctl->conns);
	err = str_dup(&ctl->path, path);
	if (!err)
		err = start(ctl);
	if (err)
		mem_deref(ctl);
	else
		*cp = ctl;
	return err;
}
