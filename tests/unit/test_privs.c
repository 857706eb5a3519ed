/* SPDX-License-Identifier: BSD-2-Clause */
/* How the daemon becomes somebody else, locks its store and talks to systemd */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cap-ng.h>
#include <cmocka.h>
#include <re.h>

#include "base/log.h"
#include "daemon/lock.h"
#include "daemon/notify.h"
#include "daemon/privs.h"

static char dir[64];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/carom-privs-XXXXXX");
	log_init(LOG_ERROR);
	return mkdtemp(dir) ? chmod(dir, 0755) : -1;
}

static const char *in_dir(const char *name)
{
	static char path[2][128];
	static unsigned i;

	i = !i;
	(void)snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return path[i];
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(in_dir("a/b/file"));
	(void)unlink(in_dir("file"));
	(void)unlink(in_dir("lock"));
	(void)unlink(in_dir("socket"));
	(void)rmdir(in_dir("a/b"));
	(void)rmdir(in_dir("a"));
	return rmdir(dir);
}

/* Exit status of a child that runs f */
static int in_child(int (*f)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		_exit(f());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int only_net_admin(void)
{
	int cap;

	if (capng_get_caps_process())
		return 10;
	for (cap = 0; cap <= CAP_LAST_CAP; cap++) {
		const bool want = cap == CAP_NET_ADMIN || cap == CAP_NET_RAW;

		if (capng_have_capability(CAPNG_EFFECTIVE, cap) != want ||
		    capng_have_capability(CAPNG_PERMITTED, cap) != want ||
		    capng_have_capability(CAPNG_BOUNDING_SET, cap))
			return 11;
	}
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 12;
}

static int become_nobody(void)
{
	struct privs p;
	int err;

	if (privs_user(&p, "nobody") || !p.change || privs_drop(&p))
		return 1;
	if (geteuid() != 65534 || getuid() != 65534 || getegid() == 0)
		return 2;
	if (!setuid(0) || !seteuid(0))
		return 3;
	if (!chown("/", 0, 0) || errno != EPERM)
		return 4;
	err = only_net_admin();
	return err;
}

static int stay(void)
{
	struct privs p;

	if (privs_user(&p, NULL) || p.change || privs_drop(&p))
		return 1;
	if (geteuid() != 0)
		return 2;
	/* root by name alone */
	if (!setuid(65534))
		return 3;
	return only_net_admin();
}

static int no_capability(void)
{
	struct privs p;

	if (freopen("/dev/null", "w", stderr) == NULL || setuid(65534))
		return 100;
	if (privs_user(&p, NULL))
		return 101;
	return privs_drop(&p);
}

static int not_root(void)
{
	struct privs p;

	if (freopen("/dev/null", "w", stderr) == NULL || setuid(65534))
		return 100;
	if (privs_user(&p, "nobody") || p.change)
		return 101;
	return privs_user(&p, "root");
}

static int no_such_user(void)
{
	struct privs p;

	if (freopen("/dev/null", "w", stderr) == NULL)
		return 100;
	return privs_user(&p, "carom-nobody-has-this-name");
}

static void privileges(void **state)
{
	(void)state;
	assert_int_equal(in_child(no_such_user), ENOENT);
	if (geteuid())
		skip();
	assert_int_equal(in_child(become_nobody), 0);
	assert_int_equal(in_child(stay), 0);
	assert_int_equal(in_child(no_capability), EPERM);
	assert_int_equal(in_child(not_root), EPERM);
}

static void directories(void **state)
{
	struct privs p;
	struct stat st;

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(privs_user(&p, "nobody"), 0);

	/* the last one is the user's, those above let the user through */
	(void)umask(0077);
	assert_int_equal(privs_parent(&p, in_dir("a/b/file")), 0);
	(void)umask(0022);
	assert_int_equal(stat(in_dir("a/b"), &st), 0);
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_mode & 0777, 0750);
	assert_int_equal(stat(in_dir("a"), &st), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_mode & 0777, 0755);
	assert_int_equal(privs_dir(&p, in_dir("a/b")), 0);

	assert_int_equal(privs_file(&p, in_dir("a/b/file"), false), 0);
	assert_int_equal(access(in_dir("a/b/file"), F_OK), -1);
	assert_int_equal(privs_file(&p, in_dir("a/b/file"), true), 0);
	assert_int_equal(stat(in_dir("a/b/file"), &st), 0);
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_mode & 07, 0);
}

static int foreign_directory(void)
{
	struct privs p;

	if (freopen("/dev/null", "w", stderr) == NULL ||
	    privs_user(&p, "nobody"))
		return 100;
	return privs_dir(&p, dir);
}

static int file_for_directory(void)
{
	struct privs p;

	if (freopen("/dev/null", "w", stderr) == NULL || privs_user(&p, NULL) ||
	    privs_file(&p, in_dir("file"), true))
		return 100;
	return privs_dir(&p, in_dir("file"));
}

/* What was there is never given away */
static void directories_of_others(void **state)
{
	struct stat st;

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(in_child(foreign_directory), EACCES);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(in_child(file_for_directory), ENOTDIR);
}

static int second_lock(void)
{
	struct lock *l = NULL;

	if (freopen("/dev/null", "w", stderr) == NULL)
		return 100;
	return lock_take(&l, in_dir("lock"));
}

static void one_lock(void **state)
{
	struct lock *l = NULL;
	struct stat st;
	char pid[16] = "";
	int fd;

	(void)state;
	assert_int_equal(lock_take(&l, in_dir("lock")), 0);
	assert_int_equal(in_child(second_lock), EBUSY);
	assert_int_equal(stat(in_dir("lock"), &st), 0);
	assert_int_equal(st.st_mode & 077, 0);

	fd = open(in_dir("lock"), O_RDONLY);
	assert_true(fd >= 0);
	assert_true(read(fd, pid, sizeof(pid) - 1) > 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(atoi(pid), getpid());

	mem_deref(l);
	assert_int_equal(in_child(second_lock), 0);
}

static int second_dir_lock(void)
{
	struct lock *l = NULL;

	if (!freopen(in_dir("file"), "w", stderr))
		return 100;
	return lock_take_dir(&l, dir);
}

/* The second one is told who has it, and nothing is left in the directory */
static void one_directory_lock(void **state)
{
	struct lock *l = NULL;
	char text[256] = "", want[64];
	FILE *f;

	(void)state;
	assert_int_equal(lock_take_dir(&l, dir), 0);
	assert_int_equal(rmdir(dir), 0);
	mem_deref(l);
	assert_int_equal(mkdir(dir, 0755), 0);

	assert_int_equal(lock_take_dir(&l, dir), 0);
	assert_int_equal(in_child(second_dir_lock), EBUSY);
	f = fopen(in_dir("file"), "r");
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	(void)fclose(f);
	(void)snprintf(want, sizeof(want), "caromd, process %d\n",
		       (int)getpid());
	assert_non_null(strstr(text, want));

	mem_deref(l);
	assert_int_equal(in_child(second_dir_lock), 0);
}

static int lock_of_nothing(void)
{
	struct lock *l = NULL;

	if (!freopen("/dev/null", "w", stderr))
		return 100;
	return lock_take_dir(&l, in_dir("nothing"));
}

static void no_directory_to_lock(void **state)
{
	(void)state;
	assert_int_equal(in_child(lock_of_nothing), ENOENT);
	assert_int_equal(access(in_dir("nothing"), F_OK), -1);
}

static void ready(void **state)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	char buf[64];
	ssize_t n;
	int fd;

	(void)state;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(fd >= 0);
	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s",
		       in_dir("socket"));
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);

	setenv("NOTIFY_SOCKET", un.sun_path, 1);
	notify("READY=1");
	n = recv(fd, buf, sizeof(buf), 0);
	assert_int_equal(n, 7);
	assert_memory_equal(buf, "READY=1", 7);

	/* not asked, or nonsense: silent */
	setenv("NOTIFY_SOCKET", "relative", 1);
	notify("READY=1");
	unsetenv("NOTIFY_SOCKET");
	notify("READY=1");
	assert_int_equal(recv(fd, buf, sizeof(buf), 0), -1);
	(void)close(fd);
}

static void ready_abstract(void **state)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	char name[64], buf[64];
	socklen_t len;
	int fd;

	(void)state;
	(void)snprintf(name, sizeof(name), "@carom-test-%d", (int)getpid());
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(fd >= 0);
	memcpy(un.sun_path, name, strlen(name));
	un.sun_path[0] = '\0';
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			  strlen(name));
	assert_int_equal(bind(fd, (struct sockaddr *)&un, len), 0);
	setenv("NOTIFY_SOCKET", name, 1);
	notify("STOPPING=1");
	assert_int_equal(recv(fd, buf, sizeof(buf), 0), 10);
	unsetenv("NOTIFY_SOCKET");
	(void)close(fd);
}

static void watchdog(void **state)
{
	char pid[16];

	(void)state;
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	assert_int_equal(notify_watchdog(), 0);
	setenv("WATCHDOG_USEC", "10000000", 1);
	assert_int_equal(notify_watchdog(), 5000);
	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(notify_watchdog(), 5000);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(notify_watchdog(), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(privileges), T(directories),        T(directories_of_others),
		T(one_lock),   T(one_directory_lock), T(no_directory_to_lock),
		T(ready),      T(ready_abstract),     T(watchdog),
	};

	return cmocka_run_group_tests_name("privs", tests, NULL, NULL);
}
