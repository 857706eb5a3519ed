/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets of the ng protocol, in a network namespace of the test's own. The
 * client is a child process with blocking sockets; it returns the line of
 * what was not so */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <cmocka.h>
#include <re.h>
#include "base/log.h"
#include "ng/warn.h"
#include "ng_util.h"

#define PING "d7:command4:pinge"
#define PONG "d6:result4:ponge"

/* In the child: report the line */
#define need(x)                                                                \
	do {                                                                   \
		if (!(x))                                                      \
			_exit(__LINE__ % 255 + 1);                             \
	} while (0)

struct net {
	struct media *m;
	struct ng *ng;
	struct sa udp4, udp6, tcp;
};

static void child_gone(int flags, void *arg)
{
	(void)flags;
	(void)arg;
	re_cancel();
}

static void serve(struct net *n, void (*client)(const struct net *))
{
	int fds[2], status = -1;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		/* A hang is a failure too, and ends by itself */
		(void)alarm(30);
		client(n);
		_exit(0);
	}
	(void)close(fds[1]);
	assert_int_equal(fd_listen(fds[0], FD_READ, child_gone, NULL), 0);
	assert_int_equal(re_main(NULL), 0);
	fd_close(fds[0]);
	(void)close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status)
		fail_msg("client: status 0x%x (line %d modulo 255)", status,
			 WEXITSTATUS(status) - 1);
}

static void listen_on(struct ng *ng, const char *addr, bool udp, bool tcp)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, addr, 0), 0);
	assert_int_equal(ng_listen(ng, &sa, udp, tcp), 0);
}

static void net_up(struct net *n, const struct ng_conf *conf)
{
	n->m = fake_media();
	assert_int_equal(ng_alloc(&n->ng, n->m, conf), 0);
	listen_on(n->ng, "127.0.0.1", true, true);
	listen_on(n->ng, "::1", true, false);
	assert_int_equal(ng_local(n->ng, 0, &n->udp4, &n->tcp), 0);
	assert_int_equal(ng_local(n->ng, 1, &n->udp6, NULL), 0);
	assert_int_equal(ng_local(n->ng, 1, NULL, &n->tcp), ENOENT);
	assert_int_equal(ng_local(n->ng, 2, &n->udp6, NULL), ENOENT);
}

static void net_down(struct net *n)
{
	mem_deref(n->ng);
	mem_deref(n->m);
}

static int dial(const struct sa *sa, int type)
{
	int fd = socket(sa_af(sa), type, 0);

	need(fd >= 0);
	need(!connect(fd, &sa->u.sa, sa->len));

	return fd;
}

static void put(int fd, const char *str)
{
	need(send(fd, str, strlen(str), MSG_NOSIGNAL) == (ssize_t)strlen(str));
}

/* The next bytes are these */
static bool get(int fd, const char *str)
{
	char buf[4096];
	size_t n = 0, len = strlen(str);

	while (n < len) {
		ssize_t r = recv(fd, buf + n, len - n, 0);

		if (r <= 0)
			return false;
		n += (size_t)r;
	}

	return !memcmp(buf, str, len);
}

/* The peer has nothing more to say, and has closed */
static bool ended(int fd)
{
	char buf[4096];
	ssize_t r;

	while ((r = recv(fd, buf, sizeof(buf), 0)) > 0)
		;

	return r == 0 || errno == ECONNRESET;
}

static void udp_client(const struct net *n)
{
	static char big[66000];
	int fd = dial(&n->udp4, SOCK_DGRAM);
	int len;

	put(fd, "a " PING);
	need(get(fd, "a " PONG));
	put(fd, "b {\"command\":\"ping\"}");
	need(get(fd, "b {\"result\":\"pong\"}"));
	put(fd, "no-cookie");
	put(fd, "c " PING "\n");
	need(get(fd, "c " PONG));

	/* The largest that UDP can carry */
	len = re_snprintf(big, sizeof(big), "d d7:command4:ping1:x65479:");
	memset(big + len, 'x', 65479);
	strcpy(big + len + 65479, "e");
	need(strlen(big) == NG_DGRAM_MAX);
	put(fd, big);
	need(get(fd, "d d6:result4:pong7:warning"));
	need(recv(fd, big, sizeof(big), MSG_DONTWAIT) < 0);
	(void)close(fd);

	fd = dial(&n->udp6, SOCK_DGRAM);
	put(fd, "e " PING);
	need(get(fd, "e " PONG));
	(void)close(fd);
}

static void test_udp(void **state)
{
	struct net n;
	(void)state;

	net_up(&n, NULL);
	serve(&n, udp_client);
	net_down(&n);
}

static void tcp_client(const struct net *n)
{
	static const char msg[] = "a " PING "b {\"command\": \"ping\"}\n"
				  " \r\nc " PING;
	static char big[66000];
	int fd = dial(&n->tcp, SOCK_STREAM);
	size_t i;
	int len;

	/* One after the other, byte by byte, in both codings */
	for (i = 0; i < sizeof(msg) - 1; i++)
		need(send(fd, &msg[i], 1, MSG_NOSIGNAL) == 1);
	need(get(fd, "a " PONG "b {\"result\":\"pong\"}c " PONG));

	/* Several in one segment, the last one cut */
	put(fd, "d " PING "e " PING "f d7:comm");
	need(get(fd, "d " PONG "e " PONG));
	put(fd, "and4:pinge");
	need(get(fd, "f " PONG));

	len = re_snprintf(big, sizeof(big), "g d7:command4:ping1:x65000:");
	memset(big + len, 'x', 65000);
	strcpy(big + len + 65000, "e");
	put(fd, big);
	need(get(fd, "g d6:result4:pong7:warning"));
	(void)close(fd);
}

static void test_tcp(void **state)
{
	struct net n;
	(void)state;

	net_up(&n, NULL);
	serve(&n, tcp_client);
	net_down(&n);
}

static void bad_client(const struct net *n)
{
	static const char *const bad[] = {
		"a 7",
		"a [1]",
		"a d7:command4:ping0e",
		"a {]",
	};
	static char big[80000];
	size_t i;
	int fd;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fd = dial(&n->tcp, SOCK_STREAM);
		put(fd, bad[i]);
		need(ended(fd) || i == 2);
		(void)close(fd);
	}

	/* A reason is given before the end */
	fd = dial(&n->tcp, SOCK_STREAM);
	put(fd, "a dx");
	need(get(fd, "a d6:result5:error"));
	need(ended(fd));
	(void)close(fd);

	/* Never a cookie */
	fd = dial(&n->tcp, SOCK_STREAM);
	memset(big, 'x', 300);
	big[300] = '\0';
	put(fd, big);
	need(ended(fd));
	(void)close(fd);

	/* Never an end */
	fd = dial(&n->tcp, SOCK_STREAM);
	memset(big, 'x', sizeof(big) - 1);
	memcpy(big, "a d7:command99999:", 18);
	(void)send(fd, big, sizeof(big) - 1, MSG_NOSIGNAL);
	need(ended(fd));
	(void)close(fd);

	/* Gone in the middle of a message, and of a reply */
	fd = dial(&n->tcp, SOCK_STREAM);
	put(fd, "a d7:comm");
	(void)close(fd);
	fd = dial(&n->tcp, SOCK_STREAM);
	put(fd, "a " PING);
	(void)close(fd);

	/* And the others are none the worse */
	fd = dial(&n->tcp, SOCK_STREAM);
	put(fd, "z " PING);
	need(get(fd, "z " PONG));
	(void)close(fd);
}

static void test_bad_stream(void **state)
{
	struct net n;
	(void)state;

	net_up(&n, NULL);
	serve(&n, bad_client);
	net_down(&n);
}

static void limit_client(const struct net *n)
{
	int fd[3];
	unsigned i;

	for (i = 0; i < 2; i++) {
		fd[i] = dial(&n->tcp, SOCK_STREAM);
		put(fd[i], "a " PING);
		need(get(fd[i], "a " PONG));
	}

	fd[2] = dial(&n->tcp, SOCK_STREAM);
	need(ended(fd[2]));

	/* Silent ones are closed, and so there is room again */
	need(ended(fd[0]));
	need(ended(fd[1]));
	fd[2] = dial(&n->tcp, SOCK_STREAM);
	put(fd[2], "b " PING);
	need(get(fd[2], "b " PONG));
}

static void test_limits(void **state)
{
	const struct ng_conf conf = {.conns = 2, .idle = 1};
	struct net n;
	(void)state;

	net_up(&n, &conf);
	serve(&n, limit_client);
	assert_true(ng_conns(n.ng) <= 1);
	net_down(&n);
}

/* stderr goes into a file meanwhile */
static struct {
	FILE *file;
	int fd;
	char text[65536];
	struct tmr tmr;
} logged;

static void listen_to_log(void)
{
	logged.file = tmpfile();
	assert_non_null(logged.file);
	logged.fd = dup(STDERR_FILENO);
	assert_true(logged.fd >= 0);
	assert_true(dup2(fileno(logged.file), STDERR_FILENO) >= 0);
	log_init(LOG_WARN);
}

/* How many lines have this in them. Ends the listening when it is NULL */
static unsigned lines_with(const char *what)
{
	const char *p = logged.text;
	unsigned n = 0;
	size_t len;

	if (!what) {
		log_init(LOG_ERROR);
		(void)dup2(logged.fd, STDERR_FILENO);
		(void)close(logged.fd);
		rewind(logged.file);
		len = fread(logged.text, 1, sizeof(logged.text) - 1,
			    logged.file);
		logged.text[len] = '\0';
		(void)fclose(logged.file);
		return 0;
	}

	while ((p = strstr(p, what)) && (p = strchr(p, '\n')))
		n++;

	return n;
}

enum { FLOOD = 200 };

/* One at a time: what was answered has been looked at, and none is lost */
static void flood_client(const struct net *n)
{
	int fd = dial(&n->udp4, SOCK_DGRAM);
	char msg[64], answer[256];
	unsigned i;

	for (i = 0; i < FLOOD; i++) {
		put(fd, "no-cookie");
		(void)re_snprintf(msg, sizeof(msg), "n%u [1]", i);
		put(fd, msg);
		need(recv(fd, answer, sizeof(answer), 0) > 0);
	}
	/* A request that is refused has lines of its own */
	put(fd, "r {\"command\":\"offer\",\"call-id\":\"c\","
		"\"from-tag\":\"f\",\"sdp\":\"v=0\","
		"\"media-address\":\"nowhere\"}");
	need(recv(fd, answer, sizeof(answer), 0) > 0);
	(void)close(fd);
}

static void test_flood(void **state)
{
	/* No window ends while this runs, however slow the machine is */
	const struct ng_conf conf = {.warns = 3, .warn_ms = 3600000};
	struct net n;
	char want[64];
	(void)state;

	listen_to_log();
	net_up(&n, &conf);
	serve(&n, flood_client);
	net_down(&n);
	(void)lines_with(NULL);

	(void)re_snprintf(want, sizeof(want),
			  "ng: %u more warnings about "
			  "messages",
			  2 * FLOOD - 3);
	assert_int_equal(lines_with("ng: 127.0.0.1:"), 3);
	assert_int_equal(lines_with("ng: offer refused"), 1);
	assert_int_equal(lines_with(want), 1);
	assert_int_equal(lines_with("more warnings about"), 1);
}

static void window_over(void *arg)
{
	const struct ng_warn *w = arg;

	if (w->held)
		tmr_start(&logged.tmr, 1, window_over, arg);
	else
		re_cancel();
}

/* The count comes by itself, and the next window has its lines again */
static void test_flood_ends(void **state)
{
	struct ng_warn w;
	unsigned i;
	(void)state;

	listen_to_log();
	ng_warn_init(&w, "this test", 2, 1);
	for (i = 0; i < 5; i++)
		ng_warn(&w, "one %u", i);
	tmr_start(&logged.tmr, 1, window_over, &w);
	(void)re_main(NULL);
	ng_warn(&w, "two");
	ng_warn_close(&w);
	(void)lines_with(NULL);

	assert_int_equal(lines_with("ng: one "), 2);
	assert_int_equal(lines_with("ng: 3 more warnings about this test"), 1);
	assert_int_equal(lines_with("ng: two"), 1);
	assert_int_equal(lines_with("more warnings"), 1);
}

static void test_listen_errors(void **state)
{
	struct net n;
	struct sa sa;
	(void)state;

	net_up(&n, NULL);
	assert_int_equal(ng_listen(n.ng, &n.udp4, true, false), EADDRINUSE);
	assert_int_equal(sa_set_str(&sa, "192.0.2.77", 5000), 0);
	assert_int_not_equal(ng_listen(n.ng, &sa, true, true), 0);
	net_down(&n);
}

static int own_network(void **state)
{
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd, err;
	(void)state;

	if (unshare(CLONE_NEWNET))
		return errno == EPERM ? 0 : -1;

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	err = ioctl(fd, SIOCSIFFLAGS, &ifr);
	(void)close(fd);

	return err;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_bad_stream),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_flood_ends),
		cmocka_unit_test(test_listen_errors),
	};
	int err;

	/* What goes wrong here does so on purpose */
	log_init(LOG_ERROR);

	if (libre_init())
		return 1;
	err = cmocka_run_group_tests(tests, own_network, NULL);
	libre_close();

	return err;
}
