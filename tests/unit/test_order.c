/* SPDX-License-Identifier: BSD-2-Clause */
/* RTP headers; packets put in order */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include <cmocka.h>
#include "rtp/order.h"
#include "rtp/packet.h"

#define MS 1000000ull

static unsigned gotc, lostc;
static uint16_t gotv[1 << 17];

static void got(const uint8_t *p, size_t n, unsigned lost, void *arg)
{
	(void)arg;
	assert_in_range(n, 2, ORDER_BYTES + 100);
	memcpy(&gotv[gotc++], p, 2);
	lostc += lost;
}

static bool put(struct order *o, uint16_t seq, uint64_t now)
{
	return order_put(o, seq, (const uint8_t *)&seq, 2, now, 0);
}

static struct order *start(uint64_t wait)
{
	struct order *o;

	gotc = lostc = 0;
	assert_int_equal(order_alloc(&o, wait, got, NULL), 0);

	return o;
}

static void check(const uint16_t *want, unsigned n, unsigned lost)
{
	assert_int_equal(gotc, n);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(gotv[i], want[i]);
	assert_int_equal(lostc, lost);
}

/* Behind: late; far behind: a stray, or a sender that began anew */
static void test_behind(void **state)
{
	struct order *o = start(40 * MS);
	(void)state;

	assert_true(put(o, 1000, 0));
	assert_false(put(o, 950, 0));
	assert_false(put(o, 951, 0));
	assert_false(put(o, 700, 0));
	assert_true(put(o, 1001, 0));
	assert_false(put(o, 702, 0));
	check((uint16_t[]){1000, 1001}, 2, 0);
	assert_true(put(o, 703, 0));
	assert_true(put(o, 704, 0));
	check((uint16_t[]){1000, 1001, 703, 704}, 4, 0);
	mem_deref(o);
}

static void test_order(void **state)
{
	struct order *o = start(40 * MS);
	(void)state;

	assert_true(put(o, 65534, 0));
	assert_true(put(o, 65535, 0));
	assert_true(put(o, 1, 1 * MS));
	assert_true(put(o, 2, 2 * MS));
	check((uint16_t[]){65534, 65535}, 2, 0);
	assert_false(put(o, 2, 2 * MS)); /* again, while it waits */
	assert_true(put(o, 0, 3 * MS));
	check((uint16_t[]){65534, 65535, 0, 1, 2}, 5, 0);
	assert_false(put(o, 1, 3 * MS));
	/* 3 never comes */
	assert_true(put(o, 4, 10 * MS));
	assert_true(put(o, 6, 12 * MS));
	assert_int_equal(order_tick(o, 20 * MS), 30 * MS);
	assert_int_equal(order_tick(o, 50 * MS), 2 * MS);
	check((uint16_t[]){65534, 65535, 0, 1, 2, 4}, 6, 1);
	assert_int_equal(order_tick(o, 52 * MS), 0);
	check((uint16_t[]){65534, 65535, 0, 1, 2, 4, 6}, 7, 2);
	assert_false(put(o, 5, 53 * MS));
	assert_int_equal(order_stats(o)->lost, 2);
	assert_int_equal(order_stats(o)->late, 2);
	assert_int_equal(order_stats(o)->duplicate, 1);
	mem_deref(o);
}

static void test_far_ahead(void **state)
{
	struct order *o = start(40 * MS);
	(void)state;

	put(o, 100, 0);
	put(o, 102, 0);
	/* more than can wait */
	put(o, 130, 0);
	check((uint16_t[]){100, 102, 130}, 3, 28);
	/* a new start is no loss */
	put(o, 5000, 0);
	check((uint16_t[]){100, 102, 130, 5000}, 4, 28);
	put(o, 10, 0);
	check((uint16_t[]){100, 102, 130, 5000, 10}, 5, 28);
	mem_deref(o);
}

/* What is longer than can wait goes through at once: those that wait and are due before
 * it go first, and nobody is asked for them for ever */
static void test_long(void **state)
{
	uint8_t big[ORDER_BYTES + 100] = {0};
	struct order *o = start(40 * MS);
	uint16_t seq = 4;
	(void)state;

	memcpy(big, &seq, 2);
	assert_true(put(o, 1, 0));
	assert_true(put(o, 3, 0));
	assert_true(order_put(o, seq, big, sizeof(big), 0, 0));
	assert_int_equal(order_tick(o, 100 * MS), 0);
	assert_true(put(o, 5, 100 * MS));
	order_reset(o);
	check((uint16_t[]){1, 3, 4, 5}, 4, 1);
	/* too long again, with one behind it waiting */
	seq = 12;
	memcpy(big, &seq, 2);
	assert_true(put(o, 10, 0));
	assert_true(put(o, 13, 0));
	assert_true(order_put(o, seq, big, sizeof(big), 0, 0));
	check((uint16_t[]){1, 3, 4, 5, 10, 12, 13}, 7, 2);
	mem_deref(o);
}

/* Any disturbance: what comes out rises, and with the losses it is all */
static void test_random(void **state)
{
	(void)state;

	for (unsigned seed = 0; seed < 50; seed++) {
		struct order *o = start(30 * MS);
		unsigned total = 2000;

		srand(seed);
		put(o, 0, 0);
		for (unsigned i = 1; i < total; i++) {
			uint16_t seq = (uint16_t)(i + (unsigned)rand() % 5);

			if (rand() % 10)
				put(o, seq, i * 20 * MS);
			(void)order_tick(o, i * 20 * MS);
		}
		(void)order_tick(o, total * 40 * MS);
		assert_int_equal(gotv[gotc - 1] + 1u, gotc + lostc);
		for (unsigned i = 1; i < gotc; i++)
			assert_true(gotv[i] > gotv[i - 1]);
		mem_deref(o);
	}
}

static void test_headers(void **state)
{
	static const uint8_t full[] = {0xb1, 0xe0, 0x12, 0x34, 0,    0,    0,
				       5,    1,    2,    3,    4, /* header */
				       9,    9,    9,    9,    0xbe, 0xde, 0,
				       1,    0x10, 7,    0,    0,    'a',  'b',
				       'c',  0,    2};
	static const uint8_t stun[8] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
	struct rtp_head h, again;
	uint8_t out[RTP_HEADER];
	(void)state;

	assert_int_equal(rtp_kind(full, sizeof(full)), RTP_MEDIA);
	assert_int_equal(rtp_read(&h, full, sizeof(full)), 0);
	assert_true(h.marker);
	assert_int_equal(h.pt, 0x60);
	assert_int_equal(h.seq, 0x1234);
	assert_int_equal(h.ts, 5);
	assert_int_equal(h.ssrc, 0x01020304);
	assert_int_equal(h.off, 24);
	assert_int_equal(h.len, 3);
	for (size_t n = 0; n < sizeof(full); n++) {
		if (!rtp_read(&h, full, n))
			assert_in_range(h.off + h.len, RTP_HEADER, n);
	}
	h = (struct rtp_head){
		.pt = 8, .seq = 9, .ts = 10, .ssrc = 11, .marker = true};
	rtp_write(out, &h);
	assert_int_equal(rtp_read(&again, out, sizeof(out)), 0);
	assert_int_equal(again.pt, 8);
	assert_int_equal(again.seq, 9);
	assert_int_equal(again.ts, 10);
	assert_int_equal(again.ssrc, 11);
	assert_int_equal(again.len, 0);
	assert_true(again.marker);
	assert_int_equal(rtp_kind(stun, 8), RTP_STUN);
	assert_int_equal(rtp_kind((const uint8_t[8]){22}, 8), RTP_DTLS);
	assert_int_equal(rtp_kind((const uint8_t[8]){0x80, 200}, 8),
			 RTP_CONTROL);
	assert_int_equal(rtp_kind((const uint8_t[8]){0x80, 0}, 8), RTP_NONE);
	assert_int_equal(rtp_kind((const uint8_t[8]){0}, 8), RTP_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_far_ahead),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
