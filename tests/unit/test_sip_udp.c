/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams that are sent at the end of a turn: all of them, in order */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <re.h>

#include "sip/udp.h"

enum { PATIENCE = 30000, MANY = 200, BIG = 60000 };

static struct fix {
	struct sip_udp *u;
	struct sa own, peer; /* peer: a plain socket */
	int fd;
	struct tmr tmr;
	unsigned got;
	bool late;
} fix;

static void lost(const struct sa *dst, void *arg)
{
	(void)dst;
	(void)arg;
}

static void post(unsigned n, size_t size)
{
	struct mbuf *mb = mbuf_alloc(size);

	memset(mb->buf, 'x', size);
	memcpy(mb->buf, &n, sizeof(n));
	mb->end = size;
	assert_int_equal(sip_udp_post(fix.u, &fix.peer, mb), 0);
	mem_deref(mb);
}

/* Whoever is asked answers within the turn */
static void asked(const struct sa *src, const struct pl *text,
		  unsigned listener, void *arg)
{
	(void)src;
	(void)text;
	(void)listener;
	(void)arg;
	for (unsigned i = 0; i < MANY; i++)
		post(i, 400);
	re_cancel();
}

static int setup(void **state)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
				  .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(sin);
	int room = 4 << 20;
	struct sa any;

	(void)state;
	memset(&fix, 0, sizeof(fix));
	tmr_init(&fix.tmr);
	fix.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (libre_init() || sa_set_str(&any, "127.0.0.1", 0) ||
	    sip_udp_alloc(&fix.u, &any, 0, asked, lost, NULL) ||
	    sip_udp_local(fix.u, &fix.own) ||
	    bind(fix.fd, (struct sockaddr *)&sin, sizeof(sin)) ||
	    getsockname(fix.fd, (struct sockaddr *)&sin, &len))
		return -1;
	(void)setsockopt(fix.fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));

	return sa_set_sa(&fix.peer, (struct sockaddr *)&sin);
}

static int teardown(void **state)
{
	(void)state;
	mem_deref(fix.u);
	(void)close(fix.fd);
	libre_close();

	return 0;
}

static void assert_next(unsigned n, size_t size)
{
	char text[65536];
	unsigned have;
	const ssize_t len = recv(fix.fd, text, sizeof(text), 0);

	assert_int_equal(len, size);
	memcpy(&have, text, sizeof(have));
	assert_int_equal(have, n);
}

static void assert_none(void)
{
	char c;

	assert_int_equal(recv(fix.fd, &c, 1, MSG_DONTWAIT), -1);
}

static void over(void *arg)
{
	fix.late = arg != NULL;
	re_cancel();
}

static void in_the_turn_of_the_question(void **state)
{
	(void)state;
	assert_int_equal(sendto(fix.fd, "x", 1, 0, &fix.own.u.sa, fix.own.len),
			 1);
	tmr_start(&fix.tmr, PATIENCE, over, &fix);
	(void)re_main(NULL);
	tmr_cancel(&fix.tmr);
	assert_false(fix.late);
	for (unsigned i = 0; i < MANY; i++)
		assert_next(i, 400);
	assert_none();
}

static void outside_of_one(void **state)
{
	(void)state;
	post(1, 100);
	post(2, 200);
	assert_none();
	tmr_start(&fix.tmr, 0, over, NULL);
	(void)re_main(NULL);
	assert_next(1, 100);
	assert_next(2, 200);
	assert_none();
}

/* More than there is room for goes at once */
static void big_ones(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++)
		post(i, BIG);
	for (unsigned i = 0; i < 4; i++)
		assert_next(i, BIG);
	fix.u = mem_deref(fix.u);
	assert_next(4, BIG);
	assert_none();
}

static void at_once_comes_behind(void **state)
{
	struct mbuf *mb = mbuf_alloc(4);
	const unsigned last = 9;

	(void)state;
	(void)mbuf_write_mem(mb, (const uint8_t *)&last, sizeof(last));
	mb->pos = 0;
	post(1, 100);
	assert_int_equal(sip_udp_send(fix.u, &fix.peer, mb), 0);
	assert_next(1, 100);
	assert_next(9, sizeof(last));
	mem_deref(mb);
}

/* One that can't be sent takes no other with it */
static void one_that_fails(void **state)
{
	struct sa peer = fix.peer;

	(void)state;
	post(1, 100);
	assert_int_equal(sa_set_str(&fix.peer, "255.255.255.255", 9), 0);
	post(2, 100);
	fix.peer = peer;
	post(3, 100);
	fix.u = mem_deref(fix.u);
	assert_next(1, 100);
	assert_next(3, 100);
	assert_none();
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(in_the_turn_of_the_question), T(outside_of_one), T(big_ones),
		T(at_once_comes_behind),        T(one_that_fails),
	};

	return cmocka_run_group_tests_name("sip udp", tests, NULL, NULL);
}
