/* SPDX-License-Identifier: BSD-2-Clause */
/* The control socket: requests and replies, large ones and several at once */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <cmocka.h>
#include <re.h>
#include "control/control.h"

enum { PATIENCE = 30000 /* ms */, ENTRIES = 5000 };

static char path[64];
static struct control *ctl;

/* "small", or "large": more than a socket takes at once */
static int handler(const char *command, const struct odict *req,
		   struct odict *reply, void *arg)
{
	char key[16], text[256];
	int err = 0;
	(void)req;
	(void)arg;

	if (!strcmp(command, "small"))
		return control_say(reply, "it is");
	if (strcmp(command, "large") != 0)
		return ENOSYS;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (unsigned i = 0; i < ENTRIES && !err; i++) {
		(void)re_snprintf(key, sizeof(key), "%u", i);
		err = odict_entry_add(reply, key, ODICT_STRING, text);
	}
	return err;
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(path, sizeof(path), "/tmp/carom-control-%d", getpid());
	assert_int_equal(libre_init(), 0);
	assert_int_equal(control_alloc(&ctl, path, handler, NULL), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ctl = mem_deref(ctl);
	assert_int_not_equal(access(path, F_OK), 0);
	libre_close();
	return 0;
}

struct child {
	struct tmr tmr;
	pid_t pid;
	int status;
	unsigned looks;
};

static void look(void *arg)
{
	struct child *c = arg;

	if (waitpid(c->pid, &c->status, WNOHANG) == c->pid ||
	    ++c->looks > PATIENCE / 10)
		re_cancel();
	else
		tmr_start(&c->tmr, 10, look, c);
}

/* The one who asks is another process, as the CLI is. @return what it ends with */
static int in_child(int (*f)(void))
{
	struct child c = {.status = -1};

	c.pid = fork();
	assert_true(c.pid >= 0);
	if (!c.pid)
		_exit(f());
	tmr_init(&c.tmr);
	tmr_start(&c.tmr, 0, look, &c);
	assert_int_equal(re_main(NULL), 0);
	return WIFEXITED(c.status) ? WEXITSTATUS(c.status) : -1;
}

static int ask(struct odict **reply, const char *command)
{
	struct odict *req = NULL;
	int err = odict_alloc(&req, 4);

	if (!err)
		err = odict_entry_add(req, "command", ODICT_STRING, command);
	if (!err)
		err = control_ask(reply, path, req, PATIENCE);
	mem_deref(req);
	return err;
}

static int asks_small(void)
{
	struct odict *reply = NULL;
	int err = ask(&reply, "small");

	return err || strcmp(odict_string(reply, "text"), "it is") != 0;
}

static int asks_large(void)
{
	struct odict *reply = NULL;
	int err = ask(&reply, "large");

	/* and "ok" */
	return err || odict_count(reply, false) != ENTRIES + 1;
}

static int asks_nonsense(void)
{
	struct odict *reply = NULL;
	bool ok = true;
	int err = ask(&reply, "nonsense");

	return err || !odict_get_boolean(reply, &ok, "ok") || ok ||
	       !odict_string(reply, "error");
}

/* Several at once, and read slowly: each reply comes whole, in their order */
static int asks_many(void)
{
	static const char requests[] =
		"{\"command\":\"large\"}\n{\"command\":\"small\"}\n"
		"{\"command\":\"large\"}\n";
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	unsigned lines = 0, small = 0;
	char buf[1024];
	ssize_t n = 0;

	memcpy(sun.sun_path, path, strlen(path) + 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sun, sizeof(sun)) ||
	    write(fd, requests, sizeof(requests) - 1) < 0)
		return 1;
	while (lines < 3 && (n = read(fd, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++) {
			lines += buf[i] == '\n';
			small += lines == 1 && buf[i] == 'i';
		}
	close(fd);
	return lines != 3 || !small;
}

static void test_small(void **state)
{
	(void)state;
	assert_int_equal(in_child(asks_small), 0);
}

static void test_large(void **state)
{
	(void)state;
	assert_int_equal(in_child(asks_large), 0);
}

static void test_nonsense(void **state)
{
	(void)state;
	assert_int_equal(in_child(asks_nonsense), 0);
}

static void test_many(void **state)
{
	(void)state;
	assert_int_equal(in_child(asks_many), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(x) cmocka_unit_test_setup_teardown(x, setup, teardown)
		T(test_small),
		T(test_large),
		T(test_nonsense),
		T(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
