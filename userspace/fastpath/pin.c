/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/pin.c  Where things are pinned, and small system helpers
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <linux/magic.h>
#include "priv.h"

#define BPFFS "/sys/fs/bpf"

int fp_fail(struct fp_err *e, int err, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return err;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	return err;
}

int fp_sysctl_set(const char *name, const char *value)
{
	char path[128];
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (write(fd, value, strlen(value)) < 0)
		err = errno;
	close(fd);
	return err;
}

int fp_sysctl_get(const char *name, int def)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	f = fopen(path, "re");
	if (!f)
		return def;
	if (fscanf(f, "%d", &def) != 1)
		errno = 0;
	fclose(f);
	return def;
}

int fp_mkdirs(const char *path)
{
	char tmp[PATH_MAX];
	char *p;

	snprintf(tmp, sizeof(tmp), "%s", path);
	for (p = tmp + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(tmp, 0755) && errno != EEXIST)
			return errno;
		*p = '/';
	}
	return mkdir(tmp, 0755) && errno != EEXIST ? errno : 0;
}

static bool is_bpffs(const char *path)
{
	struct statfs st;

	return !statfs(path, &st) && st.f_type == BPF_FS_MAGIC;
}

static pid_t parent_of(pid_t pid)
{
	char path[64], line[512], *p;
	int ppid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	/* the command name may hold anything, but ends with the last ')' */
	p = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	if (!p || sscanf(p, ") %*c %d", &ppid) != 1)
		ppid = 0;
	fclose(f);
	return ppid;
}

/* `ip netns exec` gives a process a /sys of its own. Whoever started it sees
 * the real one: look through the ancestors' eyes, up to the first process.
 * Returns "" or "/proc/PID/root", or NULL where there is no bpffs at all */
static const char *bpffs_prefix(char *buf, size_t sz)
{
	char path[96];
	pid_t pid;

	if (is_bpffs(BPFFS))
		return "";
	for (pid = getppid(); pid > 0; pid = parent_of(pid)) {
		snprintf(buf, sz, "/proc/%d/root", (int)pid);
		snprintf(path, sizeof(path), "%s" BPFFS, buf);
		if (is_bpffs(path))
			return buf;
	}
	return NULL;
}

/* The mount namespace of the eldest ancestor that lets us in, so that the
 * mount outlives us and everybody sees it. -1: only our own */
static int eldest_mnt_ns(void)
{
	char path[64];
	int ns = -1;
	pid_t pid;

	for (pid = getppid(); pid > 0; pid = parent_of(pid)) {
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (ns >= 0)
			close(ns);
		ns = fd;
	}
	return ns;
}

static int mount_bpffs(void)
{
	int status, err, ns = eldest_mnt_ns();
	pid_t pid = fork();

	if (pid < 0)
		return errno;
	if (!pid) {
		if (ns >= 0 && setns(ns, CLONE_NEWNS))
			_exit(errno);
		_exit(mount("bpf", BPFFS, "bpf", 0, "mode=0755") ? errno : 0);
	}
	if (ns >= 0)
		close(ns);
	if (waitpid(pid, &status, 0) < 0)
		return errno;
	err = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
	return err == EBUSY ? 0 : err;
}

int fp_pin_path(char *buf, size_t sz, const char *pin_dir, bool create,
		struct fp_err *e)
{
	const char *dir = pin_dir ? pin_dir : CAROM_PIN_DIR;
	const char *prefix = "";
	char root[64];
	int err;

	if (strncmp(dir, BPFFS, strlen(BPFFS)) == 0) {
		prefix = bpffs_prefix(root, sizeof(root));
		if (!prefix && create) {
			err = mount_bpffs();
			if (err)
				return fp_fail(
					e, err,
					"no BPF filesystem at " BPFFS
					", and mounting it failed: %s; try: "
					"mount -t bpf bpf " BPFFS,
					strerror(err));
			prefix = bpffs_prefix(root, sizeof(root));
		}
		if (!prefix)
			return fp_fail(e, ENOENT,
				       "nothing is attached (no BPF filesystem "
				       "at " BPFFS "); run: carom attach DEV");
	}
	if (snprintf(buf, sz, "%s%s/%d", prefix, dir, CAROM_LAYOUT_VERSION) >=
	    (int)sz)
		return fp_fail(e, ENAMETOOLONG, "pin directory too long");
	return 0;
}
