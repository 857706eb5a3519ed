/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <re.h>

#include "base/log.h"
#include "daemon/lock.h"

enum { TRIES = 40, TRY_MS = 50 };

struct lock {
	int fd;
};

static void destructor(void *data)
{
	struct lock *l = data;

	if (l->fd >= 0)
		(void)close(l->fd);
}

static int pid_inside(int fd)
{
	char pid[16] = "";

	if (pread(fd, pid, sizeof(pid) - 1, 0) <= 0)
		return 0;

	return atoi(pid);
}

/* A directory holds no text; the kernel lists who has locked it */
static int pid_listed(int fd)
{
	unsigned major, minor;
	unsigned long long ino;
	char line[160];
	struct stat st;
	int pid = 0;
	FILE *f;

	if (fstat(fd, &st))
		return 0;

	f = fopen("/proc/locks", "re");
	while (f && !pid && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*s FLOCK %*s WRITE %d %x:%x:%llu", &pid,
			   &major, &minor, &ino) != 4 ||
		    makedev(major, minor) != st.st_dev || ino != st.st_ino)
			pid = 0;
	}
	if (f)
		(void)fclose(f);

	return pid;
}

static void say_busy(int pid, const char *path)
{
	if (pid > 0)
		log_error("%s: in use by another caromd, process %d", path,
			  pid);
	else
		log_error("%s: in use by another caromd", path);
}

/* One that was killed holds its lock until the kernel has taken apart what it had:
 * threads, memory shared with devices. Who is alive keeps it longer */
static bool lock_fd(int fd)
{
	for (int i = 0; i < TRIES; i++) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return true;
		if (errno != EWOULDBLOCK)
			return false;
		sys_msleep(TRY_MS);
	}
	errno = EWOULDBLOCK;

	return false;
}

static int take(struct lock *l, const char *path, bool dir)
{
	int err;

	/* 0600: who can open a file can lock it, and keep us from starting */
	l->fd = open(path,
		     O_CLOEXEC | O_NOFOLLOW |
			     (dir ? O_RDONLY | O_DIRECTORY : O_RDWR | O_CREAT),
		     0600);
	if (l->fd >= 0 && lock_fd(l->fd))
		return 0;

	err = errno;
	if (l->fd >= 0 && err == EWOULDBLOCK) {
		say_busy(dir ? pid_listed(l->fd) : pid_inside(l->fd), path);
		return EBUSY;
	}
	log_error("%s: %m", path, err);

	return err;
}

static int make_lock(struct lock **lp, const char *path, bool dir)
{
	struct lock *l;
	int err;

	if (!lp || !path)
		return EINVAL;

	l = mem_zalloc(sizeof(*l), destructor);
	if (!l)
		return ENOMEM;
	l->fd = -1;

	err = take(l, path, dir);
	if (err)
		mem_deref(l);
	else
		*lp = l;

	return err;
}

int lock_take(struct lock **lp, const char *path)
{
	int err;

	err = make_lock(lp, path, false);
	if (err)
		return err;

	/* for people and scripts; what counts is the lock */
	if (!ftruncate((*lp)->fd, 0))
		(void)dprintf((*lp)->fd, "%d", (int)getpid());

	return 0;
}

int lock_take_dir(struct lock **lp, const char *path)
{
	return make_lock(lp, path, true);
}
