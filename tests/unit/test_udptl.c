/* SPDX-License-Identifier: BSD-2-Clause */
/* UDPTL: bytes as T.38 9.1 has them; loss mended by copies and by parities */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include <cmocka.h>
#include "fax/udptl.h"

enum { MANY = 1 << 12 };

static unsigned gotc;
static struct {
	uint16_t seq;
	uint8_t v[UDPTL_IFP_MAX];
	size_t n;
} gotv[MANY];

static void got(const uint8_t *p, size_t n, uint16_t seq, void *arg)
{
	(void)arg;
	assert_in_range(n, 1, UDPTL_IFP_MAX);
	assert_in_range(gotc, 0, MANY - 1);
	gotv[gotc].seq = seq;
	gotv[gotc].n = n;
	memcpy(gotv[gotc++].v, p, n);
}

static struct udptl *end(enum udptl_ec ec, unsigned depth, unsigned span,
			 size_t max)
{
	const struct udptl_conf c = {
		.ec = ec, .depth = depth, .span = span, .max_datagram = max};
	struct udptl *u;

	gotc = 0;
	assert_int_equal(udptl_alloc(&u, &c, got, NULL), 0);

	return u;
}

/* Packet i: all of one length, so that what parity brings back is the same */
static void ifp(uint8_t v[8], unsigned i)
{
	for (unsigned k = 0; k < 8; k++)
		v[k] = (uint8_t)(i * 7 + k * 31 + (i >> 8) + 1);
}

static size_t make(struct udptl *u, unsigned i, uint8_t *out)
{
	uint8_t v[8];
	size_t n;

	ifp(v, i);
	assert_int_equal(udptl_send(u, v, sizeof(v), out, &n), 0);

	return n;
}

static struct udptl_stats stats(const struct udptl *u)
{
	struct udptl_stats st;

	udptl_stats(u, &st);

	return st;
}

static void bytes(const uint8_t *p, size_t n, const char *want, size_t wantc)
{
	assert_int_equal(n, wantc);
	assert_memory_equal(p, want, wantc);
}

#define BYTES(p, n, want) bytes(p, n, want, sizeof(want) - 1)

static void test_bytes(void **state)
{
	struct udptl *u = end(UDPTL_EC_REDUNDANCY, 2, 0, 0);
	uint8_t out[UDPTL_DATAGRAM_MAX];
	size_t n;
	(void)state;

	assert_int_equal(udptl_send(u, (const uint8_t *)"A", 1, out, &n), 0);
	BYTES(out, n, "\0\0\1A\0\0");
	assert_int_equal(udptl_send(u, (const uint8_t *)"BB", 2, out, &n), 0);
	BYTES(out, n, "\0\1\2BB\0\1\1A");
	assert_int_equal(udptl_send(u, (const uint8_t *)"C", 1, out, &n), 0);
	BYTES(out, n, "\0\2\1C\0\2\2BB\1A");
	assert_int_equal(udptl_send(u, (const uint8_t *)"D", 1, out, &n), 0);
	BYTES(out, n, "\0\3\1D\0\2\1C\2BB");
	mem_deref(u);

	u = end(UDPTL_EC_NONE, 2, 0, 0);
	assert_int_equal(udptl_send(u, (const uint8_t *)"A", 1, out, &n), 0);
	assert_int_equal(udptl_send(u, (const uint8_t *)"B", 1, out, &n), 0);
	BYTES(out, n, "\0\1\1B\0\0");
	assert_int_equal(stats(u).trimmed, 0);
	mem_deref(u);

	/* parity of two, two of them: of packets 0 and 2, of 1 and 3 */
	u = end(UDPTL_EC_FEC, 2, 2, 0);
	assert_int_equal(udptl_send(u, (const uint8_t *)"\1", 1, out, &n), 0);
	BYTES(out, n, "\0\0\1\1\x80\1\0\0");
	assert_int_equal(udptl_send(u, (const uint8_t *)"\2", 1, out, &n), 0);
	assert_int_equal(udptl_send(u, (const uint8_t *)"\4", 1, out, &n), 0);
	BYTES(out, n, "\0\2\1\4\x80\1\2\1\1\3");
	assert_int_equal(udptl_send(u, (const uint8_t *)"\x10\1", 2, out, &n),
			 0);
	assert_int_equal(udptl_send(u, (const uint8_t *)"\x20", 1, out, &n), 0);
	BYTES(out, n, "\0\4\1\x20\x80\1\2\2\1\5\2\x12\1");
	mem_deref(u);
}

/* 128 bytes and more have a length of two */
static void test_long(void **state)
{
	struct udptl *u = end(UDPTL_EC_REDUNDANCY, 3, 0, 0);
	uint8_t v[UDPTL_IFP_MAX + 1], out[UDPTL_DATAGRAM_MAX];
	size_t n;
	(void)state;

	memset(v, 7, sizeof(v));
	assert_int_equal(udptl_send(u, v, 0, out, &n), EMSGSIZE);
	assert_int_equal(udptl_send(u, v, sizeof(v), out, &n), EMSGSIZE);
	assert_int_equal(udptl_send(u, v, 127, out, &n), 0);
	assert_int_equal(n, 2 + 1 + 127 + 2);
	assert_int_equal(udptl_send(u, v, 128, out, &n), 0);
	assert_int_equal(out[2], 0x80);
	assert_int_equal(out[3], 0x80);
	assert_int_equal(n, 2 + 2 + 128 + 2 + 1 + 127);
	assert_int_equal(udptl_receive(u, out, n), 0);
	assert_int_equal(gotc, 2);
	assert_int_equal(gotv[0].n, 127);
	assert_int_equal(gotv[1].n, 128);
	assert_int_equal(udptl_send(u, v, UDPTL_IFP_MAX, out, &n), 0);
	assert_in_range(n, UDPTL_IFP_MAX, UDPTL_DATAGRAM_MAX);
	assert_int_equal(udptl_receive(u, out, n), 0);
	assert_int_equal(gotv[2].n, UDPTL_IFP_MAX);
	mem_deref(u);
}

/* What the far end takes bounds the copies, never the packet itself */
static void test_max_datagram(void **state)
{
	struct udptl *u = end(UDPTL_EC_REDUNDANCY, 3, 0, 24);
	uint8_t out[UDPTL_DATAGRAM_MAX];
	(void)state;

	assert_int_equal(make(u, 0, out), 13);
	assert_int_equal(make(u, 1, out), 22);
	assert_int_equal(make(u, 2, out), 22);
	assert_int_equal(stats(u).trimmed, 1);
	mem_deref(u);

	u = end(UDPTL_EC_REDUNDANCY, 3, 0, 5);
	(void)make(u, 0, out);
	assert_int_equal(make(u, 1, out), 13);
	mem_deref(u);

	u = end(UDPTL_EC_FEC, 1, 1, 23);
	(void)make(u, 0, out);
	assert_int_equal(make(u, 1, out), 15);
	assert_int_equal(stats(u).trimmed, 1);
	mem_deref(u);
}

struct losing {
	enum udptl_ec ec;
	unsigned depth, span;
	unsigned period, run; /* of every `period` datagrams `run` are lost */
};

/* All but the last few come out, once, in order, as they were */
static void lose(const struct losing *x)
{
	struct udptl *u = end(x->ec, x->depth, x->span, 0);
	uint8_t out[UDPTL_DATAGRAM_MAX], v[8];
	unsigned dropped = 0;

	for (unsigned i = 0; i < 1000; i++) {
		const size_t n = make(u, i, out);

		if (i % x->period >= x->period - x->run && i < 990) {
			++dropped;
			continue;
		}
		assert_int_equal(udptl_receive(u, out, n), 0);
	}
	assert_int_equal(gotc, 1000);
	for (unsigned i = 0; i < gotc; i++) {
		ifp(v, i);
		assert_int_equal(gotv[i].seq, i);
		assert_int_equal(gotv[i].n, sizeof(v));
		assert_memory_equal(gotv[i].v, v, sizeof(v));
	}
	assert_int_equal(stats(u).recovered, dropped);
	assert_int_equal(stats(u).lost, 0);
	assert_int_equal(stats(u).malformed, 0);
	mem_deref(u);
}

static void test_loss(void **state)
{
	static const struct losing v[] = {
		{UDPTL_EC_REDUNDANCY, 1, 0, 2, 1},
		{UDPTL_EC_REDUNDANCY, 3, 0, 4, 3},
		{UDPTL_EC_REDUNDANCY, 8, 0, 9, 8},
		{UDPTL_EC_FEC, 3, 3, 13, 1},
		{UDPTL_EC_FEC, 3, 3, 13, 3},
		{UDPTL_EC_FEC, 8, 8, 72, 8},
		{UDPTL_EC_FEC, 1, 1, 2, 1},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		lose(&v[i]);
}

/* More than can be mended is lost, and counted; nothing comes twice */
static void test_lost(void **state)
{
	struct udptl *u = end(UDPTL_EC_REDUNDANCY, 2, 0, 0);
	uint8_t out[16][UDPTL_DATAGRAM_MAX];
	size_t n[16];
	(void)state;

	for (unsigned i = 0; i < 16; i++)
		n[i] = make(u, i, out[i]);
	assert_int_equal(udptl_receive(u, out[0], n[0]), 0);
	assert_int_equal(udptl_receive(u, out[0], n[0]), 0);
	assert_int_equal(udptl_receive(u, out[5], n[5]), 0);
	assert_int_equal(gotc, 4); /* 0, 3, 4, 5 */
	assert_int_equal(gotv[1].seq, 3);
	assert_int_equal(stats(u).lost, 2);
	assert_int_equal(stats(u).recovered, 2);
	/* the one that was overtaken */
	assert_int_equal(udptl_receive(u, out[4], n[4]), 0);
	assert_int_equal(gotc, 4);
	assert_int_equal(stats(u).late, 2);
	mem_deref(u);
}

/* The first datagrams may be lost, too: it begins with 0 */
static void test_begin(void **state)
{
	struct udptl *u = end(UDPTL_EC_REDUNDANCY, 3, 0, 0);
	struct udptl *late = end(UDPTL_EC_NONE, 0, 0, 0);
	uint8_t out[UDPTL_DATAGRAM_MAX];
	size_t n = 0;
	(void)state;

	for (unsigned i = 0; i < 3; i++)
		n = make(u, i, out);
	assert_int_equal(udptl_receive(u, out, n), 0);
	assert_int_equal(gotc, 3);
	for (unsigned i = 3; i < 100; i++)
		n = make(u, i, out);
	gotc = 0;
	assert_int_equal(udptl_receive(late, out, n), 0);
	assert_int_equal(gotc, 1);
	assert_int_equal(stats(late).lost, 0);
	mem_deref(late);
	mem_deref(u);
}

/* Numbers begin again at 0 after 65535; a far end that begins anew is heard */
static void test_wrap(void **state)
{
	struct udptl *u = end(UDPTL_EC_REDUNDANCY, 1, 0, 0), *v;
	uint8_t out[UDPTL_DATAGRAM_MAX];
	size_t n;
	(void)state;

	for (unsigned i = 0; i < 66000; i++) {
		n = make(u, i, out);
		if (i % 2)
			continue;
		assert_int_equal(udptl_receive(u, out, n), 0);
		gotc = 0;
	}
	assert_int_equal(stats(u).received, 65999);
	assert_int_equal(stats(u).lost, 0);
	v = end(UDPTL_EC_REDUNDANCY, 1, 0, 0);
	for (unsigned i = 0; i < 1000; i++) {
		n = make(u, i, out);
		assert_int_equal(udptl_receive(v, out, n), 0);
	}
	mem_deref(u);
	u = end(UDPTL_EC_NONE, 0, 0, 0);
	n = make(u, 0, out);
	assert_int_equal(udptl_receive(v, out, n), 0);
	assert_int_equal(gotc, 1);
	mem_deref(v);
	mem_deref(u);
}

static void refused(const char *p, size_t n, int err, unsigned packets)
{
	struct udptl *u = end(UDPTL_EC_NONE, 0, 0, 0);
	uint8_t *copy = malloc(n ? n : 1);

	memcpy(copy, p, n);
	assert_int_equal(udptl_receive(u, copy, n), err);
	assert_int_equal(gotc, packets);
	assert_int_equal(stats(u).malformed, 1);
	free(copy);
	mem_deref(u);
}

#define REFUSED(p, err, packets) refused(p, sizeof(p) - 1, err, packets)

static void test_malformed(void **state)
{
	struct udptl *u = NULL;
	struct udptl_conf c = {.depth = UDPTL_DEPTH_MAX + 1};
	(void)state;

	REFUSED("", EBADMSG, 0);
	REFUSED("\0", EBADMSG, 0);
	REFUSED("\0\1", EBADMSG, 0);
	REFUSED("\0\1\0\0\0", EBADMSG, 0);
	REFUSED("\0\1\2A", EBADMSG, 0);
	REFUSED("\0\1\x80", EBADMSG, 0);
	REFUSED("\0\1\xc1", EBADMSG, 0);
	/* what is whole is heard, whatever follows */
	REFUSED("\0\0\1A", 0, 1);
	REFUSED("\0\0\1A\0", 0, 1);
	REFUSED("\0\0\1A\0\2\1B", 0, 1);
	REFUSED("\0\0\1A\x80\2\0\1\1\0", 0, 1);
	REFUSED("\0\0\1A\x80\1\1", 0, 1);

	assert_int_equal(udptl_alloc(&u, &c, got, NULL), EINVAL);
	c = (struct udptl_conf){.ec = UDPTL_EC_FEC, .depth = 1};
	assert_int_equal(udptl_alloc(&u, &c, got, NULL), EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_max_datagram),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_begin),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
