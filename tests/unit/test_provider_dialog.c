/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_provider_dialog.c  Requests within a dialog, who may, and the connections they come by
 */
#include <unistd.h>
#include <sys/socket.h>
#include "provider/outbound.h"
#include "provider_fix.h"

/* ---- dialogs ------------------------------------------------------------------------------- */

static void dialog(void **state)
{
	char other[1200], uri[64], *p;
	const char *m;

	(void)state;
	t.ps = mem_deref(t.ps);
	make_house(true);
	add_provider("one", &t.one, "");
	add_route("{\"id\":\"r\",\"provider\":\"one\"}");
	invite();
	await(&t.one, "INVITE");
	answer(&t.one, "200 OK", "");
	await(&t.node, "SIP/2.0 200 ");
	(void)re_snprintf(uri, sizeof(uri), "sip:%J", &t.one.addr);
	++t.branch;
	request("ACK", uri, "7", ";tag=callee", routes());
	m = await(&t.one, "ACK sip:127.0.0.1:");
	lacks(m, "\r\nRoute:");
	/* some give it the branch of the INVITE */
	--t.branch;
	request("ACK", uri, "7", ";tag=callee", routes());
	await(&t.one, "ACK sip:127.0.0.1:");

	/* another process, with the same store */
	str_ncpy(other, routes(), sizeof(other));
	t.ps = mem_deref(t.ps);
	make_house(true);
	++t.branch;
	request("BYE", uri, "8", ";tag=callee", other);
	await(&t.one, "BYE sip:127.0.0.1:");
	answer(&t.one, "200 OK", "");
	await(&t.node, "SIP/2.0 200 ");

	/* a mark that does not fit, and no mark at all */
	p = strstr(other, "~one~");
	assert_non_null(p);
	p[5] = p[5] == '0' ? '1' : '0';
	++t.branch;
	request("BYE", uri, "9", ";tag=callee", other);
	await(&t.node, "SIP/2.0 403 ");
	(void)re_snprintf(other, sizeof(other), "Route: <sip:%J;lr>\r\n",
			  &t.proxy);
	++t.branch;
	request("BYE", uri, "9", ";tag=callee", other);
	await(&t.node, "SIP/2.0 403 ");
	quiet(&t.one, "BYE", 100);
}

static void strangers(void **state)
{
	(void)state;
	t.ps = mem_deref(t.ps);
	make_house(false);
	add_provider("one", &t.one, "");
	add_route("{\"id\":\"r\",\"provider\":\"one\"}");
	/* 4 at a time */
	for (unsigned i = 0; i < 4; i++) {
		invite();
		await(&t.one, "INVITE");
	}
	invite();
	contains(await(&t.node, "SIP/2.0 503 Too Many Calls"), "Retry-After:");
	say(&t.node, "INVITE sip:1@x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=1;"
		     "rport\r\nMax-Forwards: 0\r\nFrom: <sip:a@b>;tag=1\r\n"
		     "To: <sip:b@b>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"
		     "Content-Length: 0\r\n\r\n");
	await(&t.node, "SIP/2.0 483 ");
	say(&t.node, "INVITE sip:1@x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=1;"
		     "rport\r\nMax-Forwards: x\r\nFrom: <sip:a@b>;tag=1\r\n"
		     "To: <sip:b@b>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"
		     "Content-Length: 0\r\n\r\n");
	await(&t.node, "SIP/2.0 400 ");
}

/* ---- registration -------------------------------------------------------------------- */

/* Of 16 connections half are for those that we make */
static void connections(void **state)
{
	int fdv[9];
	char c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fdv); i++) {
		fdv[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fdv[i], &t.proxy.u.sa, t.proxy.len))
			fail_msg("%zu: %s", i, strerror(errno));
		/* the queue of a listener is short */
		quiet(&t.node, "SIP", 20);
	}
	quiet(&t.node, "SIP", 300);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(recv(fdv[i], &c, 1, MSG_DONTWAIT), -1);
		assert_int_equal(errno, EAGAIN);
	}
	assert_int_equal(recv(fdv[8], &c, 1, MSG_DONTWAIT), 0);
	/* a place that is free again */
	close(fdv[0]);
	close(fdv[8]);
	quiet(&t.node, "SIP", 300);
	fdv[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fdv[0], &t.proxy.u.sa, t.proxy.len), 0);
	quiet(&t.node, "SIP", 300);
	assert_int_equal(recv(fdv[0], &c, 1, MSG_DONTWAIT), -1);
	for (size_t i = 0; i < 8; i++)
		close(fdv[i]);
}

static void is_over(int err, const char *why, const struct wire_in *in,
		    void *arg)
{
	int *errp = arg;

	(void)why;
	(void)in;
	*errp = err;
	re_cancel();
}

/* One on whom the connection breaks while it is sent is told so, but not before it is
 * there */
static void breaks(void **state)
{
	static const struct linger at_once = {1, 0};
	struct transs *ts = outbound_transs(t.ps->out);
	int first = 0, second = 0, lfd, fd;
	struct trans *a = NULL, *b = NULL;
	struct trans_req r = {.method = "INFO", .transp = MSG_TCP};

	(void)state;
	assert_int_equal(sa_set_str(&r.dst, "127.0.0.1", 0), 0);
	lfd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(lfd, &r.dst.u.sa, r.dst.len), 0);
	assert_int_equal(getsockname(lfd, &r.dst.u.sa, &r.dst.len), 0);
	assert_int_equal(listen(lfd, 1), 0);
	pl_set_str(&r.uri, "sip:x");
	pl_set_str(&r.rest, "Content-Length: 0\r\n\r\n");
	assert_int_equal(trans_send(&a, ts, &r, is_over, &first), 0);
	fd = accept(lfd, NULL, NULL);
	assert_true(fd >= 0);
	/* until it has come, it is sent where it waits for the connection */
	for (char c; recv(fd, &c, 1, MSG_DONTWAIT) != 1;)
		quiet(&t.node, "SIP", 10);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once,
				    sizeof(at_once)),
			 0);
	close(fd);
	close(lfd);
	assert_int_equal(trans_send(&b, ts, &r, is_over, &second), 0);
	assert_int_equal(first, EHOSTUNREACH);
	assert_int_equal(second, 0);
	tmr_start(&t.end, ENOUGH, give_up, NULL);
	assert_int_equal(re_main(NULL), 0);
	tmr_cancel(&t.end);
	assert_int_equal(second, EHOSTUNREACH);
	trans_release(a);
	trans_release(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(dialog),
		TEST(strangers),
		TEST(connections),
		TEST(breaks),
	};

	return cmocka_run_group_tests(tests, all_up, all_down);
}
