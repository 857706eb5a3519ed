/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP itself: libmicrohttpd, driven by our event loop.
 *
 * Each listener is a "daemon" of the library without a thread; all its
 * descriptors are behind one of epoll, which our loop watches. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <re.h>
#include <microhttpd.h>

#include "api/listen.h"
#include "api/websocket.h"
#include "base/log.h"

enum {
	BACKLOG = 64,
	CONNS_MAX = 256,
	CONNS_PER_IP = 64,
	TIMEOUT = 30,    /* s that a connection may say nothing           */
	MEMORY = 32768,  /* bytes of a connection: head of a request      */
	WAIT_MAX = 1000, /* ms                                            */
	LAST_RUNS = 8,
};

static void listener_run(void *arg);

/* ---- the loop ------------------------------------------------------------- */

void listen_soon(struct listener *l, uint64_t ms)
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
		listen_soon(l, min((uint64_t)ms, (uint64_t)WAIT_MAX));
}

static void epoll_handler(int flags, void *arg)
{
	(void)flags;
	listener_run(arg);
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

/* ---- the end ------------------------------------------------------------ */

static void resume_all(struct listener *l)
{
	struct le *le;

	for (le = list_head(&l->exchanges); le; le = le->next)
		exchange_resume(le->data);
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
	/* another agent's, which took it over, is not ours to remove */
	if (l->ino && !stat(l->path, &st) && st.st_ino == l->ino)
		(void)unlink(l->path);
	mem_deref(l->path);
	mem_deref(l->only);
	mem_deref(l->cert_path);
	mem_deref(l->key_path);
	mem_deref(l->cert);
	mem_deref(l->key);
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
		flags, 0, NULL, NULL, exchange_access, l,
		MHD_OPTION_EXTERNAL_LOGGER, log_handler, NULL,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK,
		exchange_target, l, MHD_OPTION_UNESCAPE_CALLBACK, no_unescape,
		NULL, MHD_OPTION_NOTIFY_COMPLETED, exchange_completed, NULL,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNS_MAX,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		l->path ? 0U : (unsigned)CONNS_PER_IP,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY,
		tls ? secret : none, MHD_OPTION_END);
	if (!l->d)
		return tls ? EBADMSG : EIO;
	info = MHD_get_daemon_info(l->d, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return ENOSYS;
	l->epoll = info->epoll_fd;
	listen_soon(l, 0);

	return fd_listen(l->epoll, FD_READ, epoll_handler, l);
}

static int read_secret(struct listener *l)
{
	int err = socket_pem(&l->cert, l->cert_path);

	return err ? err : socket_pem(&l->key, l->key_path);
}

static int listen_at(struct listener *l, const struct api_listen *how)
{
	struct stat st;
	int fd = -1, err;

	if (how->path && str_dup(&l->path, how->path))
		return ENOMEM;
	err = how->path ? socket_unix(&fd, how->path)
			: socket_tcp(&fd, how->addr);
	if (!err && how->path && !stat(how->path, &st))
		l->ino = st.st_ino;
	if (!err && listen(fd, BACKLOG))
		err = errno;
	if (!err && how->tls) {
		err = str_dup(&l->cert_path, how->tls->certificate);
		if (!err)
			err = str_dup(&l->key_path, how->tls->key);
		if (!err)
			err = read_secret(l);
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

static struct listener *listener_alloc(struct api *a, bool open)
{
	struct listener *l = mem_zalloc(sizeof(*l), destructor);

	if (!l)
		return NULL;
	l->a = a;
	l->epoll = -1;
	l->open = open;
	tmr_init(&l->tmr);
	list_init(&l->exchanges);
	list_init(&l->websockets);

	return l;
}

int api_listen(struct api *a, const struct api_listen *how)
{
	struct listener *l;
	int err;

	if (!a || !how || (!how->path && !how->addr))
		return EINVAL;
	l = listener_alloc(a, how->open);
	if (!l)
		return ENOMEM;
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

/* ---- another certificate -------------------------------------------------- */

enum { RETIRED = 300000 /* ms that connections of the old one may last */ };

static unsigned connections(const struct listener *l)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(
		l->d, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

	return info ? info->num_connections : 0;
}

/* One that takes no connections any more goes with its last one. Not from inside its
 * own run, which is why the others look */
static void bury(struct api *a)
{
	struct le *le = list_head(&a->listeners);

	while (le) {
		struct listener *l = le->data;

		le = le->next;
		if (l->retired &&
		    (!connections(l) || tmr_jiffies() - l->retired > RETIRED))
			mem_deref(l);
	}
}

static void bury_handler(void *arg)
{
	struct api *a = arg;
	struct le *le;

	bury(a);
	for (le = list_head(&a->listeners); le; le = le->next)
		if (((const struct listener *)le->data)->retired)
			tmr_start(&a->bury, 1000, bury_handler, a);
}

/* The new one takes connections at the same socket before the old one stops to. It is
 * told by the library whether the two files fit */
static int replace(struct listener *old)
{
	struct listener *l = listener_alloc(old->a, old->open);
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(
		old->d, MHD_DAEMON_INFO_LISTEN_FD);
	int fd = -1, err = l && info ? 0 : ENOMEM;

	if (!err)
		err = str_dup(&l->cert_path, old->cert_path);
	if (!err)
		err = str_dup(&l->key_path, old->key_path);
	if (!err)
		err = read_secret(l);
	if (err || (!strcmp(l->cert, old->cert) && !strcmp(l->key, old->key)))
		goto out;
	fd = fcntl(info->listen_fd, F_DUPFD_CLOEXEC, 0);
	err = fd < 0 ? errno : start(l, fd, true);
	if (err)
		goto out;
	list_append(&old->a->listeners, &l->le, l);
	old->retired = tmr_jiffies();
	(void)close(MHD_quiesce_daemon(old->d));
	tmr_start(&old->a->bury, 1000, bury_handler, old->a);
	log_info("api: %s: taken", old->cert_path);

	return 0;
out:
	if (fd >= 0 && l && !l->d)
		(void)close(fd);
	if (err)
		log_error("api: %s, %s: not taken: %m", old->cert_path,
			  old->key_path, err);
	mem_deref(l);

	return err;
}

int api_listen_renew(struct api *a)
{
	struct le *le;
	int err = 0;

	if (!a)
		return EINVAL;
	for (le = list_head(&a->listeners); le && !err; le = le->next) {
		struct listener *l = le->data;

		/* those that it makes come behind, and find nothing new */
		if (l->cert_path && !l->retired)
			err = replace(l);
	}

	return err;
}
