/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <re.h>

#include "base/log.h"
#include "daemon/notify.h"

void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	const size_t n = path ? strlen(path) : 0;
	socklen_t len;
	int fd;

	if (n < 2 || n >= sizeof(un.sun_path) || !strchr("/@", *path))
		return;

	memcpy(un.sun_path, path, n);
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	if (*path == '@')
		un.sun_path[0] = '\0';

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
		   (struct sockaddr *)&un, len) < 0)
		log_debug("notify: %m", errno);
	(void)close(fd);
}

uint64_t notify_watchdog(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");

	if (!usec || (pid && strtol(pid, NULL, 10) != (long)getpid()))
		return 0;

	/* twice in its time: one may be late */
	return strtoull(usec, NULL, 10) / 2000;
}
