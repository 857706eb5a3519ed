/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file agent.c  Is caromd running? And what to do where it is not
 *
 * It holds a lock beside its store, with its process id inside. Trying the
 * lock would keep a caromd that starts at this moment from getting it; so ask
 * whether that process still has the file open.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent.h"

const char *agent_name(enum agent_state state)
{
	switch (state) {
	case AGENT_UNKNOWN:
		return "unknown";
	case AGENT_DEAD:
		return "not running";
	case AGENT_ALIVE:
		return "running";
	}

	return "?";
}

static int read_pid(int fd)
{
	char buf[16];
	ssize_t n = pread(fd, buf, sizeof(buf) - 1, 0);

	if (n <= 0)
		return 0;
	buf[n] = '\0';

	return atoi(buf);
}

static enum agent_state has_open(int pid, const struct stat *lock)
{
	enum agent_state state = AGENT_DEAD;
	char path[32];
	struct dirent *de;
	struct stat st;
	DIR *d;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", pid);

	d = opendir(path);
	if (!d)
		return errno == EACCES ? AGENT_UNKNOWN : AGENT_DEAD;

	while (state == AGENT_DEAD && (de = readdir(d))) {
		if (!fstatat(dirfd(d), de->d_name, &st, 0) &&
		    st.st_ino == lock->st_ino && st.st_dev == lock->st_dev)
			state = AGENT_ALIVE;
	}

	(void)closedir(d);

	return state;
}

enum agent_state agent_state(const struct cli *cli, int *pid)
{
	enum agent_state state = AGENT_DEAD;
	struct stat st;
	char path[512];
	int fd;

	*pid = 0;
	(void)snprintf(path, sizeof(path), "%s.lock", cli_lock(cli));

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? AGENT_DEAD : AGENT_UNKNOWN;

	*pid = read_pid(fd);
	if (*pid > 0)
		state = fstat(fd, &st) ? AGENT_UNKNOWN : has_open(*pid, &st);
	(void)close(fd);

	if (state != AGENT_ALIVE)
		*pid = 0;

	return state;
}

int agent_unreachable(const char *what, const char *path, int err)
{
	switch (err) {

	case ENOENT:
	case ECONNREFUSED:
		cli_error("%s: no agent listens at %s; start it (systemctl "
			  "start carom), or say where it is (--config FILE, "
			  "--socket PATH)",
			  what, path);
		break;
	case EACCES:
		cli_error("%s: %s: %m; run as root, or as one of its group",
			  what, path, err);
		break;
	case ETIMEDOUT:
		cli_error("%s: %s: the agent does not answer; its log says "
			  "what it is at (journalctl -u carom)",
			  what, path);
		break;
	default:
		cli_error("%s: %s: %m", what, path, err);
		break;
	}

	return CLI_FAIL;
}
