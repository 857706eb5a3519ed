/* SPDX-License-Identifier: BSD-2-Clause */
/* A port with an allocation at a TURN server, on a worker without threads or wires: what a
 * leg sends leaves in ChannelData, what comes in it is the leg's, and all else is told */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "bridge/relay.h"
#include "ice/chandata.h"
#include "sim_plane.h"

enum { CHANNEL = 0x4001, RTP = 172 };

static struct plane *pl;
static struct relay *r;
static struct sa port, server, leg, stranger;
static struct {
	struct sa from, to;
	uint8_t p[PLANE_PAYLOAD_MAX];
	size_t n;
	unsigned count;
} out; /* what was sent last */
static struct {
	unsigned type, count;
	uint8_t p[PLANE_EVENT_MAX];
	size_t n;
} told;

static void sent_h(const struct sa *from, const struct sa *to, const uint8_t *p,
		   size_t n, void *arg)
{
	(void)arg;
	out.from = *from;
	out.to = *to;
	memcpy(out.p, p, n);
	out.n = n;
	++out.count;
}

static void event_h(unsigned type, const uint8_t *p, size_t n, void *arg)
{
	assert_ptr_equal(arg, &told);
	told.type = type;
	memcpy(told.p, p, n);
	told.n = n;
	++told.count;
}

static int setup(void **state)
{
	(void)state;
	memset(&out, 0, sizeof(out));
	memset(&told, 0, sizeof(told));
	(void)sa_set_str(&port, "192.0.2.1", 10000);
	(void)sa_set_str(&leg, "192.0.2.1", 10002);
	(void)sa_set_str(&server, "198.51.100.7", 3478);
	(void)sa_set_str(&stranger, "198.51.100.7", 3479);
	assert_int_equal(sim_plane_alloc(&pl, sent_h, NULL), 0);
	assert_int_equal(relay_alloc(&r, pl, 0, &port, &server, event_h, &told),
			 0);

	return 0;
}

static int teardown(void **state)
{
	(void)state;
	r = mem_deref(r);
	pl = mem_deref(pl);

	return 0;
}

static void comes(const struct sa *from, const uint8_t *p, size_t n)
{
	sim_put(pl, &port, from, p, n);
	sim_events(pl);
}

/* RTP in the channel's data, or something else in another's */
static size_t wrapped(uint8_t *p, uint16_t channel, uint8_t first, size_t n)
{
	memset(p, 0x55, CHANDATA_HDR + n);
	chandata_put(p, channel, n);
	p[CHANDATA_HDR] = first;

	return CHANDATA_HDR + n;
}

static struct relay_stats stats(void)
{
	struct relay_stats st;

	relay_stats(r, &st);

	return st;
}

static void nobodys(void **state)
{
	uint8_t p[256];
	(void)state;

	comes(&server, p, wrapped(p, CHANNEL, 0x80, RTP));
	assert_int_equal(told.count, 1);
	assert_int_equal(told.type, RELAY_SERVER);
	assert_int_equal(out.count, 0);
	comes(&leg, p, RTP);
	assert_int_equal(told.count, 1);
	assert_int_equal(stats().dropped, 1);
	assert_int_equal(relay_pass(r, p, RTP), ENOTCONN);
}

static void both_ways(void **state)
{
	uint8_t p[256];
	(void)state;

	assert_int_equal(relay_way(r, &leg, CHANNEL), 0);
	/* two bytes of padding */
	comes(&server, p, wrapped(p, CHANNEL, 0x80, RTP) + 2);
	assert_int_equal(out.count, 1);
	assert_true(sa_cmp(&out.from, &port, SA_ALL));
	assert_true(sa_cmp(&out.to, &leg, SA_ALL));
	assert_int_equal(out.n, RTP);
	assert_memory_equal(out.p, p + CHANDATA_HDR, RTP);
	comes(&leg, p + CHANDATA_HDR, RTP);
	assert_int_equal(out.count, 2);
	assert_true(sa_cmp(&out.to, &server, SA_ALL));
	assert_int_equal(out.n, CHANDATA_HDR + RTP);
	assert_memory_equal(out.p, p, CHANDATA_HDR + RTP);
	assert_int_equal(stats().rx, 1);
	assert_int_equal(stats().rx_bytes, RTP);
	assert_int_equal(stats().tx, 1);
	assert_int_equal(stats().tx_bytes, RTP);
	assert_int_equal(stats().heard, sim_now(pl));
	assert_int_equal(told.count, 0);
}

/* Checks by the channel; what another peer says; answers of the server's: all as it came */
static void others(void **state)
{
	uint8_t p[256];
	size_t n;
	(void)state;

	assert_int_equal(relay_way(r, &leg, CHANNEL), 0);
	n = wrapped(p, CHANNEL, 0x00, 20);
	memcpy(p + CHANDATA_HDR + 4, "\x21\x12\xa4\x42", 4);
	comes(&server, p, n);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.n, n);
	assert_memory_equal(told.p, p, n);
	comes(&server, p, wrapped(p, CHANNEL + 1, 0x80, RTP));
	assert_int_equal(told.count, 2);
	comes(&server, (const uint8_t *)"\x01\x04\x00\x00", 4);
	assert_int_equal(told.count, 3);
	/* its length is more than came */
	n = wrapped(p, CHANNEL, 0x80, RTP);
	comes(&server, p, n - 1);
	assert_int_equal(told.count, 4);
	assert_int_equal(told.type, RELAY_SERVER);
	assert_int_equal(out.count, 0);
	assert_int_equal(stats().heard, 0);
}

static void strangers(void **state)
{
	uint8_t p[256];
	(void)state;

	assert_int_equal(relay_way(r, &leg, CHANNEL), 0);
	comes(&stranger, p, wrapped(p, CHANNEL, 0x80, RTP));
	assert_int_equal(stats().dropped, 1);
	assert_int_equal(told.count + out.count, 0);
}

static void no_channel(void **state)
{
	uint8_t p[RTP] = {0x80};
	(void)state;

	assert_int_equal(relay_way(r, &leg, 0), 0);
	comes(&leg, p, RTP);
	assert_int_equal(told.type, RELAY_LEG);
	assert_int_equal(told.n, RTP);
	assert_int_equal(out.count, 0);
	/* what the signalling loop found in an indication */
	assert_int_equal(relay_pass(r, p, RTP), 0);
	assert_true(sa_cmp(&out.to, &leg, SA_ALL));
	assert_int_equal(stats().rx, 1);
	assert_int_equal(relay_way(r, &leg, CHANNEL), 0);
	comes(&leg, p, RTP);
	assert_int_equal(out.n, CHANDATA_HDR + RTP);
	/* given back */
	assert_int_equal(relay_way(r, NULL, 0), 0);
	comes(&leg, p, RTP);
	assert_int_equal(stats().dropped, 1);
}

/* The port is open, and nobody but the worker knows yet: a relay that goes on where a former
 * process was */
static void early(void **state)
{
	static const uint8_t p[] = "\x01\x04\x00\x00";
	(void)state;

	r = mem_deref(r);
	sim_early(pl, &port, &server, p, 4);
	assert_int_equal(relay_alloc(&r, pl, 0, &port, &server, event_h, &told),
			 0);
	sim_events(pl);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.type, RELAY_SERVER);
}

static void of_the_loop(void **state)
{
	uint8_t p[PLANE_PAYLOAD_MAX + 1] = {0};
	(void)state;

	assert_int_equal(relay_send(r, p, 100), 0);
	assert_true(sa_cmp(&out.to, &server, SA_ALL));
	assert_int_equal(out.n, 100);
	assert_int_equal(relay_send(r, p, sizeof(p)), EINVAL);
	sim_full(pl, true);
	assert_int_equal(relay_send(r, p, 100), ENOBUFS);
	assert_int_equal(relay_way(r, &leg, CHANNEL), 0);
	assert_int_equal(relay_pass(r, p, 100), ENOBUFS);
	comes(&leg, p, 100);
	comes(&server, p, wrapped(p, CHANNEL, 0x80, RTP));
	assert_int_equal(out.count, 1);
	assert_int_equal(stats().rx, 0);
}

/* The longest that there is room for, and one more */
static void long_ones(void **state)
{
	uint8_t p[PLANE_PAYLOAD_MAX] = {0x80};
	(void)state;

	assert_int_equal(relay_way(r, &leg, CHANNEL), 0);
	comes(&leg, p, PLANE_PAYLOAD_MAX - CHANDATA_HDR);
	assert_int_equal(out.n, PLANE_PAYLOAD_MAX);
	comes(&leg, p, PLANE_PAYLOAD_MAX - CHANDATA_HDR + 1);
	assert_int_equal(out.count, 1);
	assert_int_equal(stats().dropped, 1);
	comes(&server, p, PLANE_PAYLOAD_MAX);
	assert_int_equal(stats().dropped, 2);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(nobodys),    T(both_ways),   T(others),    T(strangers),
		T(no_channel), T(of_the_loop), T(long_ones), T(early),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
