/* SPDX-License-Identifier: BSD-2-Clause */
/* A source is denied while it goes on sending by its connection */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <cmocka.h>
#include "edge/stream.h"

#define TEXT                                                                   \
	"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h\r\n"                    \
	"Content-Length: 0\r\n\r\n"

enum { OFTEN = 20, ENOUGH = 10000 /* ms */ };

static struct {
	struct policy *policy;
	struct streams *streams;
	struct count count;
	struct sip_limit limitv[SIP_CLASS_MAX];
	struct tmr send, end;
	int fd;
	unsigned got;
	bool closed;
} t;

static void message(const struct sa *src, const struct pl *text,
		    unsigned listener, void *arg)
{
	(void)src;
	(void)text;
	(void)listener;
	(void)arg;
	if (++t.got != 3)
		return;
	t.policy->netv = mem_zalloc(sizeof(*t.policy->netv), NULL);
	assert_non_null(t.policy->netv);
	*t.policy->netv = (struct policy_net){
		.bits = 8, .flags = SIP_NET_DENY, .set = SIP_NONE};
	assert_int_equal(sa_set_str(&t.policy->netv->addr, "127.0.0.0", 0), 0);
	t.policy->netc = 1;
	streams_review(t.streams);
}

static void failed(const struct sa *peer, const struct forward_out *i,
		   void *arg)
{
	(void)peer;
	(void)i;
	(void)arg;
}

static void send_again(void *arg)
{
	char c;

	tmr_start(&t.send, OFTEN, send_again, arg);
	(void)send(t.fd, TEXT, strlen(TEXT), MSG_NOSIGNAL | MSG_DONTWAIT);
	t.closed = !recv(t.fd, &c, 1, MSG_DONTWAIT) ||
		   (errno != EAGAIN && errno != EWOULDBLOCK);
	if (t.closed)
		re_cancel();
}

static void give_up(void *arg)
{
	(void)arg;
	re_cancel();
}

/* A port that is free: the socket that had it is closed again */
static void choose(struct sa *sa)
{
	socklen_t len = sizeof(sa->u);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(sa_set_str(sa, "127.0.0.1", 0), 0);
	assert_int_equal(bind(fd, &sa->u.sa, sa->len), 0);
	assert_int_equal(getsockname(fd, &sa->u.sa, &len), 0);
	close(fd);
}

static void test_review(void **state)
{
	struct stream_conf conf = {.limitv = t.limitv,
				   .connections = 8,
				   .per_source = 8,
				   .idle = 600};
	struct cert_conf cert = {.min_version = 12};
	struct policy_listener *l;
	char why[128] = "";
	(void)state;

	assert_int_equal(policy_alloc(&t.policy), 0);
	l = &t.policy->listenerv[t.policy->listenerc++];
	l->transp = MSG_TCP;
	choose(&l->addr);
	l->advertised = l->addr;
	assert_int_equal(streams_alloc(&t.streams, &conf, &cert, t.policy,
				       &t.count, message, failed, NULL, why,
				       sizeof(why)),
			 0);
	assert_int_equal(streams_listen(t.streams, 0), 0);
	t.fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(t.fd, &l->addr.u.sa, l->addr.len), 0);
	tmr_start(&t.send, 0, send_again, NULL);
	tmr_start(&t.end, ENOUGH, give_up, NULL);
	(void)re_main(NULL);
	assert_true(t.closed);
	assert_true(t.got >= 3);
	tmr_cancel(&t.send);
	tmr_cancel(&t.end);
	close(t.fd);
	t.streams = mem_deref(t.streams);
	t.policy = mem_deref(t.policy);
}

static void settle(void *arg)
{
	(void)arg;
	re_cancel();
}

/* Strangers leave an eighth of the table to those whom we trust */
static void test_reserved(void **state)
{
	enum { ALL = 16, STRANGERS = ALL - ALL / 8 };
	struct stream_conf conf = {.limitv = t.limitv,
				   .connections = ALL,
				   .per_source = 2 * ALL,
				   .idle = 600};
	struct cert_conf cert = {.min_version = 12};
	struct policy_listener *l;
	int fdv[ALL + 4 + 4];
	char why[128] = "";
	(void)state;

	memset(&t.count, 0, sizeof(t.count));
	assert_int_equal(policy_alloc(&t.policy), 0);
	l = &t.policy->listenerv[t.policy->listenerc++];
	l->transp = MSG_TCP;
	choose(&l->addr);
	l->advertised = l->addr;
	assert_int_equal(streams_alloc(&t.streams, &conf, &cert, t.policy,
				       &t.count, message, failed, NULL, why,
				       sizeof(why)),
			 0);
	assert_int_equal(streams_listen(t.streams, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(fdv); i++) {
		if (i == ALL + 4) {
			tmr_start(&t.end, 200, settle, NULL);
			(void)re_main(NULL);
			assert_int_equal(t.count.eventv[COUNT_STREAM_ACCEPTED],
					 STRANGERS);
			t.policy->netv = mem_zalloc(sizeof(*t.policy->netv),
						    NULL);
			assert_non_null(t.policy->netv);
			*t.policy->netv = (struct policy_net){
				.bits = 8,
				.flags = SIP_NET_TRUSTED,
				.set = SIP_NONE};
			assert_int_equal(sa_set_str(&t.policy->netv->addr,
						    "127.0.0.0", 0),
					 0);
			t.policy->netc = 1;
		}
		fdv[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(connect(fdv[i], &l->addr.u.sa, l->addr.len),
				 0);
	}
	tmr_start(&t.end, 200, settle, NULL);
	(void)re_main(NULL);
	assert_int_equal(t.count.eventv[COUNT_STREAM_ACCEPTED], ALL);
	tmr_cancel(&t.end);
	for (size_t i = 0; i < ARRAY_SIZE(fdv); i++)
		close(fdv[i]);
	t.streams = mem_deref(t.streams);
	t.policy = mem_deref(t.policy);
}

static int setup(void **state)
{
	(void)state;
	return libre_init();
}

static int teardown(void **state)
{
	(void)state;
	libre_close();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_review),
		cmocka_unit_test(test_reserved),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
