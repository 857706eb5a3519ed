/* SPDX-License-Identifier: BSD-2-Clause */
/* The CLI's side of the control socket */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include "control/control.h"
#include "control/priv.h"

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
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) ||
	    connect(fd, (const struct sockaddr *)&sun, sizeof(sun)))
		return errno;
	return 0;
}

static int send_all(int fd, const char *p, size_t len)
{
	while (len) {
		const ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN ? ETIMEDOUT : errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int read_line(int fd, struct mbuf *mb)
{
	uint8_t buf[16384];
	int err;

	while (mb->end < CONTROL_REPLY_MAX) {
		const ssize_t n = read(fd, buf, sizeof(buf));

		if (n < 0)
			return errno == EAGAIN ? ETIMEDOUT : errno;
		if (!n)
			return EBADMSG;
		err = mbuf_write_mem(mb, buf, (size_t)n);
		if (err)
			return err;
		if (memchr(buf, '\n', (size_t)n))
			return 0;
	}
	return EBADMSG;
}

int control_ask(struct odict **reply, const char *path, const struct odict *req,
		unsigned ms)
{
	struct mbuf *mb = mbuf_alloc(4096);
	char *text = NULL;
	int fd = -1, err;

	if (!reply || !path || !req || !ms || !mb) {
		mem_deref(mb);
		return mb ? EINVAL : ENOMEM;
	}
	err = re_sdprintf(&text, "%H\n", json_encode_odict, req);
	if (!err)
		err = connect_to(&fd, path, ms);
	if (!err)
		err = send_all(fd, text, strlen(text));
	if (!err)
		err = read_line(fd, mb);
	if (!err && json_decode_odict(reply, 32, (char *)mb->buf, mb->end, 8))
		err = EBADMSG;
	if (fd >= 0)
		close(fd);
	mem_deref(text);
	mem_deref(mb);
	return err;
}
