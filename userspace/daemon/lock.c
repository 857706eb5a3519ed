/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include <re.h>

#include "base/log.h"
#include "daemon/lock.h"

struct lock {
	int fd;
};

static void destructor(void *data)
{
	struct lock *l = data;

	if (l->fd >= 0)
		(void)close(l->fd);
}

static void say_busy(int fd, const char *path)
{
	char pid[16] = "";
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

	pid[n > 0 ? n : 0] = '\0';
	log_error("%s: locked by another caromd, process %s", path,
		  n > 0 ? pid : "unknown");
}

static int take(struct lock *l, const char *path)
{
	int err = 0;

	/* 0600: who can open a file can lock it, and keep us from starting */
	l->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->fd < 0) {
		err = errno;
	} else if (flock(l->fd, LOCK_EX | LOCK_NB)) {
		err = errno == EWOULDBLOCK ? EBUSY : errno;
		if (err == EBUSY) {
			say_busy(l->fd, path);
			return err;
		}
	}
	if (err)
		log_error("%s: %m", path, err);

	return err;
}

int lock_take(struct lock **lp, const char *path)
{
	struct lock *l;
	int err;

	if (!lp || !path)
		return EINVAL;

	l = mem_zalloc(sizeof(*l), destructor);
	if (!l)
		return ENOMEM;
	l->fd = -1;

	err = take(l, path);
	if (err) {
		mem_deref(l);
		return err;
	}

	/* for people and scripts; what counts is the lock */
	if (!ftruncate(l->fd, 0))
		(void)dprintf(l->fd, "%d", (int)getpid());
	*lp = l;

	return 0;
}
