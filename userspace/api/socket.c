/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets to listen at, and what TLS needs */
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

#include "api/listen.h"
#include "base/log.h"

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

int socket_unix(int *fdp, const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
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

	return chmod(path, 0660) ? errno : 0;
}

int socket_tcp(int *fdp, const struct sa *addr)
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

int socket_pem(char **text, const char *path)
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
