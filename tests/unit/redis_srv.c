/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hiredis/hiredis.h>
#include <re.h>

#include "redis_srv.h"

static const char program[] = "/usr/bin/redis-server";

enum { PATIENCE_MS = 20000 };

struct redis_srv {
	char dir[64];
	uint16_t port, of;
	unsigned watches; /* a Sentinel: so many replicas */
	pid_t pid;
	char answer[512];
};

static bool enter_namespace(void)
{
	struct ifreq ifr = {.ifr_flags = IFF_UP};
	int fd, err;

	if (geteuid())
		return true; /* the machine's loopback has to do */
	if (unshare(CLONE_NEWNET))
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	strcpy(ifr.ifr_name, "lo");
	err = ioctl(fd, SIOCSIFFLAGS, &ifr);
	(void)close(fd);

	return !err;
}

bool redis_srv_can(void)
{
	static int can = -1;

	if (can < 0)
		can = !access(program, X_OK) && enter_namespace();

	return can;
}

/* ---- processes ------------------------------------------------------------ */

static void run(const struct redis_srv *srv)
{
	char port[8], of[32] = "no one";

	if (srv->watches) {
		char conf[80];

		(void)snprintf(conf, sizeof(conf), "%s/conf", srv->dir);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(program, program, conf, "--sentinel", (char *)NULL);
		_exit(127);
	}
	(void)snprintf(port, sizeof(port), "%u", srv->port);
	if (srv->of)
		(void)snprintf(of, sizeof(of), "127.0.0.1 %u", srv->of);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	execl(program, program, "--port", port, "--bind", "127.0.0.1", "--dir",
	      srv->dir, "--appendonly", "yes", "--appendfsync", "always",
	      "--save", "", "--logfile", "log", "--replicaof", of,
	      "--repl-diskless-sync-delay", "0", (char *)NULL);
	_exit(127);
}

static bool is_ready(struct redis_srv *srv)
{
	if (strcmp(redis_srv_ask(srv, "PING"), "PONG") != 0)
		return false;

	if (srv->watches) {
		char want[32];

		(void)snprintf(want, sizeof(want), "slaves=%u,", srv->watches);
		return strstr(redis_srv_ask(srv, "INFO sentinel"), want);
	}

	return !srv->of || strstr(redis_srv_ask(srv, "INFO replication"),
				  "master_link_status:up");
}

int redis_srv_again(struct redis_srv *srv)
{
	srv->pid = fork();
	if (srv->pid < 0)
		return errno;
	if (!srv->pid)
		run(srv);
	for (int i = 0; i < PATIENCE_MS / 10; i++) {
		if (is_ready(srv))
			return 0;
		if (waitpid(srv->pid, NULL, WNOHANG) == srv->pid) {
			srv->pid = 0;
			return ECHILD;
		}
		sys_msleep(10);
	}

	return ETIMEDOUT;
}

void redis_srv_kill(struct redis_srv *srv)
{
	if (srv->pid <= 0)
		return;
	(void)kill(srv->pid, SIGKILL);
	(void)waitpid(srv->pid, NULL, 0);
	srv->pid = 0;
}

void redis_srv_freeze(struct redis_srv *srv, bool freeze)
{
	(void)kill(srv->pid, freeze ? SIGSTOP : SIGCONT);
}

static void remove_dir(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	char name[400];

	while (d && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		(void)snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		if (unlink(name))
			remove_dir(name);
	}
	if (d)
		(void)closedir(d);
	(void)rmdir(path);
}

static void destructor(void *data)
{
	struct redis_srv *srv = data;

	redis_srv_kill(srv);
	if (*srv->dir)
		remove_dir(srv->dir);
}

/* One that nobody has; the namespace is ours, or the numbers are rare */
static uint16_t free_port(void)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
				  .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) ||
	    getsockname(fd, (struct sockaddr *)&sin, &len))
		sin.sin_port = 0;
	(void)close(fd);

	return ntohs(sin.sin_port);
}

static int alloc(struct redis_srv **srvp, const struct redis_srv *of)
{
	struct redis_srv *srv = mem_zalloc(sizeof(*srv), destructor);

	if (!srv)
		return ENOMEM;
	strcpy(srv->dir, "/tmp/carom-redis-XXXXXX");
	if (!mkdtemp(srv->dir)) {
		*srv->dir = '\0';
		mem_deref(srv);
		return errno;
	}
	srv->of = of ? of->port : 0;
	srv->port = free_port();
	*srvp = srv;

	return 0;
}

int redis_srv_start(struct redis_srv **srvp, const struct redis_srv *of)
{
	struct redis_srv *srv;
	int err = alloc(&srv, of);

	if (err)
		return err;
	err = redis_srv_again(srv);
	if (err)
		mem_deref(srv);
	else
		*srvp = srv;

	return err;
}

static int write_conf(const struct redis_srv *srv)
{
	char path[80];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/conf", srv->dir);
	f = fopen(path, "w");
	if (!f)
		return errno;
	(void)fprintf(f,
		      "port %u\nbind 127.0.0.1\ndir %s\nlogfile log\n"
		      "sentinel monitor m 127.0.0.1 %u 1\n"
		      "sentinel down-after-milliseconds m 500\n"
		      "sentinel failover-timeout m 2000\n",
		      srv->port, srv->dir, srv->of);

	return fclose(f) ? errno : 0;
}

int redis_srv_sentinel(struct redis_srv **srvp, const struct redis_srv *master,
		       unsigned replicas)
{
	struct redis_srv *srv;
	int err;

	err = alloc(&srv, master);
	if (err)
		return err;
	srv->watches = replicas;
	err = write_conf(srv);
	if (!err)
		err = redis_srv_again(srv);
	if (err)
		mem_deref(srv);
	else
		*srvp = srv;

	return err;
}

uint16_t redis_srv_port(const struct redis_srv *srv)
{
	return srv->port;
}

const char *redis_srv_ask(struct redis_srv *srv, const char *cmd)
{
	const struct timeval tv = {1, 0};
	redisContext *c = redisConnectWithTimeout("127.0.0.1", srv->port, tv);
	redisReply *reply = NULL;

	*srv->answer = '\0';
	if (c && !c->err) {
		char copy[400], *save = NULL;
		const char *argv[16];
		int argc = 0;

		(void)redisSetTimeout(c, tv);
		str_ncpy(copy, cmd, sizeof(copy));
		for (char *w = strtok_r(copy, " ", &save); w && argc < 16;
		     w = strtok_r(NULL, " ", &save))
			argv[argc++] = w;
		reply = redisCommandArgv(c, argc, argv, NULL);
	}
	if (reply && reply->type == REDIS_REPLY_INTEGER)
		(void)snprintf(srv->answer, sizeof(srv->answer), "%lld",
			       reply->integer);
	else if (reply && reply->str)
		str_ncpy(srv->answer, reply->str, sizeof(srv->answer));
	if (reply)
		freeReplyObject(reply);
	if (c)
		redisFree(c);

	return srv->answer;
}
