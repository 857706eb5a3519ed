/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/rtcp.h"

#define MS 1000000ull
#define S (1000 * MS)

/* SSRC 0x11111111, NTP e1234567.89abcdef, no report block */
#define SR                                                                     \
	0x80, 200, 0, 6, 0x11, 0x11, 0x11, 0x11, 0xe1, 0x23, 0x45, 0x67, 0x89, \
		0xab, 0xcd, 0xef, 0, 0, 0x3e, 0x80, 0, 0, 0, 100, 0, 0, 0x3e,  \
		0x80
#define SR_LSR 0x45, 0x67, 0x89, 0xab

/* about 0x11111111: 64/256 lost, 5 in all, seq 2:258, jitter 16 */
#define BLOCK                                                                  \
	0x11, 0x11, 0x11, 0x11, 64, 0, 0, 5, 0, 2, 1, 2, 0, 0, 0, 16, SR_LSR,  \
		0, 0, 0x80, 0
#define RR 0x81, 201, 0, 7, 0x22, 0x22, 0x22, 0x22, BLOCK
#define SDES                                                                   \
	0x81, 202, 0, 3, 0x22, 0x22, 0x22, 0x22, 1, 3, 'a', '@', 'b', 0, 0, 0

static const uint8_t sr[] = {SR};
static const uint8_t rr[] = {RR, SDES};

static void sender_report(void **state)
{
	struct rtcpx_party a = {0};

	(void)state;
	assert_int_equal(rtcpx_update(&a, NULL, 5 * S, sr, sizeof(sr)), 0);
	assert_int_equal(a.ssrc, 0x11111111);
	assert_true(a.ntp == 0xe123456789abcdefull);
	assert_int_equal(a.rtp_ts, 16000);
	assert_int_equal(a.sr_packets, 100);
	assert_int_equal(a.sr_octets, 16000);
	assert_int_equal(a.srv[0].lsr, 0x456789ab);
	assert_true(a.srv[0].seen == 5 * S);
	assert_int_equal(a.srs, 1);
	assert_int_equal(a.blocks, 0);
	assert_false(a.has_rtt);
}

static void receiver_report(void **state)
{
	struct rtcpx_party a = {0}, b = {0};

	(void)state;
	(void)rtcpx_update(&a, &b, 5 * S, sr, sizeof(sr));

	/* DLSR is half a second */
	assert_int_equal(rtcpx_update(&b, &a, 5 * S + 540 * MS, rr, sizeof(rr)),
			 0);
	assert_int_equal(b.ssrc, 0x22222222);
	assert_int_equal(b.rr_ssrc, 0x11111111);
	assert_int_equal(b.fraction_lost, 64);
	assert_int_equal(b.lost, 5);
	assert_int_equal(b.ext_seq, 0x20102);
	assert_int_equal(b.jitter, 16);
	assert_true(b.reported == 5 * S + 540 * MS);
	assert_true(b.has_rtt);
	assert_true(b.rtt == 40 * MS);
	assert_int_equal(b.blocks, 1);
	assert_int_equal(b.srs, 0);
	assert_false(a.has_rtt);
}

static void sender_report_with_block(void **state)
{
	static const uint8_t p[] = {0x81, 200, 0, 12, 0x22, 0x22, 0x22, 0x22,
				    0,    0,   0, 1,  0,    2,    0,    0,
				    0,    0,   0, 3,  0,    0,    0,    4,
				    0,    0,   0, 5,  BLOCK};
	struct rtcpx_party a = {0}, b = {0};

	(void)state;
	(void)rtcpx_update(&a, &b, 5 * S, sr, sizeof(sr));
	assert_int_equal(rtcpx_update(&b, &a, 6 * S, p, sizeof(p)), 0);
	assert_int_equal(b.rtp_ts, 3);
	assert_int_equal(b.srv[0].lsr, 0x10002);
	assert_int_equal(b.lost, 5);
	assert_true(b.rtt == 500 * MS);
}

static void lost_is_signed(void **state)
{
	uint8_t p[] = {RR};
	struct rtcpx_party b = {0};

	(void)state;
	p[13] = p[14] = 0xff;
	p[15] = 0xfe;
	assert_int_equal(rtcpx_update(&b, NULL, S, p, sizeof(p)), 0);
	assert_int_equal(b.lost, -2);
	p[13] = 0x7f;
	assert_int_equal(rtcpx_update(&b, NULL, S, p, sizeof(p)), 0);
	assert_int_equal(b.lost, 0x7ffffe);
}

static void block_about_the_peer_counts(void **state)
{
	static const uint8_t p[] = {0x82, 201, 0, 13, 0x22, 0x22, 0x22, 0x22,
				    /* somebody else */
				    0x33, 0x33, 0x33, 0x33, 1, 0, 0, 9, 0, 0, 0,
				    7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
				    BLOCK};
	struct rtcpx_party a = {0}, b = {0}, c = {0};

	(void)state;
	(void)rtcpx_update(&a, NULL, S, sr, sizeof(sr));
	assert_int_equal(rtcpx_update(&b, &a, 2 * S, p, sizeof(p)), 0);
	assert_int_equal(b.rr_ssrc, 0x11111111);
	assert_int_equal(b.lost, 5);
	assert_int_equal(b.blocks, 1);

	/* whom the peer never named: the first one */
	assert_int_equal(rtcpx_update(&c, NULL, 2 * S, p, sizeof(p)), 0);
	assert_int_equal(c.rr_ssrc, 0x33333333);
	assert_int_equal(c.lost, 9);
}

static void round_trip_unknown(void **state)
{
	uint8_t p[] = {RR};
	struct rtcpx_party a = {0}, b = {0};

	(void)state;
	/* a report that no SR precedes */
	assert_int_equal(rtcpx_update(&b, &a, 6 * S, p, sizeof(p)), 0);
	assert_false(b.has_rtt);

	/* it claims to have held the SR for longer than the SR exists */
	(void)rtcpx_update(&a, &b, 5 * S, sr, sizeof(sr));
	assert_int_equal(rtcpx_update(&b, &a, 5 * S + 400 * MS, p, sizeof(p)),
			 0);
	assert_false(b.has_rtt);

	/* by less than rounding explains */
	assert_int_equal(
		rtcpx_update(&b, &a, 5 * S + 500 * MS - 1000, p, sizeof(p)), 0);
	assert_true(b.has_rtt);
	assert_true(b.rtt == 0);

	/* LSR 0: it has not seen one; an unused entry is not meant by that */
	b.has_rtt = false;
	memset(p + 24, 0, 8);
	assert_int_equal(rtcpx_update(&b, &a, 6 * S, p, sizeof(p)), 0);
	assert_false(b.has_rtt);

	/* the clock's largest values */
	memset(p + 28, 0xff, 4);
	assert_int_equal(rtcpx_update(&b, &a, UINT64_MAX, p, sizeof(p)), 0);
	assert_false(b.has_rtt);
}

static void older_reports_are_remembered(void **state)
{
	uint8_t s[] = {SR};
	struct rtcpx_party a = {0}, b = {0};

	(void)state;
	for (unsigned i = 0; i < RTCPX_SRS; i++) {
		s[11] = (uint8_t)(0x67 + i);
		(void)rtcpx_update(&a, &b, (5 + i) * S, s, sizeof(s));
	}
	assert_int_equal(rtcpx_update(&b, &a, 6 * S, rr, sizeof(rr)), 0);
	assert_true(b.has_rtt);
	assert_true(b.rtt == 500 * MS);

	/* one more, and the first is gone */
	b.has_rtt = false;
	s[11] = (uint8_t)(0x67 + RTCPX_SRS);
	(void)rtcpx_update(&a, &b, 20 * S, s, sizeof(s));
	assert_int_equal(rtcpx_update(&b, &a, 21 * S, rr, sizeof(rr)), 0);
	assert_false(b.has_rtt);
}

static void other_packets_are_passed_over(void **state)
{
	/* picture loss indication, reduced size (RFC 5506); APP; padded BYE */
	static const uint8_t p[] = {0x81, 206, 0,    2,   1,    1,   1, 1, 2, 2,
				    2,    2,   0x80, 204, 0,    2,   1, 1, 1, 1,
				    'n',  'a', 'm',  'e', 0xa1, 203, 0, 2, 1, 1,
				    1,    1,   0,    0,   0,    4};
	struct rtcpx_party b = {0};

	(void)state;
	assert_int_equal(rtcpx_update(&b, NULL, S, p, sizeof(p)), 0);
	assert_int_equal(b.malformed, 0);
	assert_int_equal(b.blocks, 0);
	assert_int_equal(b.ssrc, 0);
}

static void refuse(const uint8_t *p, size_t n)
{
	struct rtcpx_party b = {0}, zero = {.malformed = 1};
	/* of its own size, so that a sanitizer sees a read beyond it */
	uint8_t *copy = malloc(n ? n : 1);

	assert_non_null(copy);
	memcpy(copy, p, n);
	assert_int_equal(rtcpx_update(&b, NULL, S, copy, n), EBADMSG);
	assert_memory_equal(&b, &zero, sizeof(b));
	free(copy);
}

static void malformed(void **state)
{
	uint8_t p[sizeof(rr)];

	(void)state;

	/* every cut but the one between the two packets */
	for (size_t n = 0; n < sizeof(rr); n++)
		if (n != 32)
			refuse(rr, n);

	memcpy(p, rr, sizeof(p));
	p[0] = 0x41; /* version */
	refuse(p, sizeof(p));

	memcpy(p, rr, sizeof(p));
	p[0] = 0x9f; /* 31 report blocks in a packet of one */
	refuse(p, sizeof(p));

	memcpy(p, rr, sizeof(p));
	p[2] = 0xff; /* length */
	refuse(p, sizeof(p));

	memcpy(p, rr, sizeof(p));
	p[3] = 0; /* shorter than its report block */
	refuse(p, sizeof(p));

	memcpy(p, rr, sizeof(p));
	p[1] = 96; /* RTP */
	refuse(p, sizeof(p));

	/* padding: none, more than there is, into the report block */
	memcpy(p, rr, sizeof(p));
	p[32] |= 0x20;
	p[47] = 0;
	refuse(p, sizeof(p));
	p[47] = 13;
	refuse(p, sizeof(p));
	memcpy(p, rr, sizeof(p));
	p[0] |= 0x20;
	p[31] = 4;
	refuse(p, sizeof(p));

	/* nothing of a good packet before a bad one is taken */
	memcpy(p, rr, sizeof(p));
	p[32] = 0;
	refuse(p, sizeof(p));

	assert_int_equal(rtcpx_update(NULL, NULL, S, rr, sizeof(rr)), EINVAL);
}

static int score(double delay, double loss)
{
	return (int)(rtcpx_mos(delay, loss) * 100 + 0.5);
}

static void opinion_score(void **state)
{
	(void)state;
	/* G.107: R of 93.2 is 4.41; 177.3 ms is R of 88.9 */
	assert_int_equal(score(0, 0), 441);
	assert_int_equal(score(177.3, 0), 431);
	/* R of 93.2 - 9.6 - 0.11 * 222.7 = 59.1 */
	assert_int_equal(score(400, 0), 305);
	/* 93.2 - 95 * 5 / 30.1 = 77.4 */
	assert_int_equal(score(0, 0.05), 392);
	assert_int_equal(score(5000, 0), 100);
	assert_int_equal(score(1e9, 1), 100);
	assert_int_equal(score(-1, -1), 441);
	assert_int_equal(score(0, 2), score(0, 1));

	for (double d = 0; d < 2000; d += 10) {
		assert_true(rtcpx_mos(d + 10, 0) <= rtcpx_mos(d, 0));
		assert_true(rtcpx_mos(d, 0) >= 1 && rtcpx_mos(d, 0) <= 4.5);
	}
	for (double l = 0; l < 1; l += 0.01)
		assert_true(rtcpx_mos(0, l + 0.01) <= rtcpx_mos(0, l));
}

static void opinion_of_a_party(void **state)
{
	struct rtcpx_party a = {0}, b = {0};
	double mos = -1;

	(void)state;
	assert_false(rtcpx_party_mos(&mos, &b, &a, 8000));
	assert_true(mos < 0);

	b.blocks = 1;
	assert_true(rtcpx_party_mos(&mos, &b, NULL, 0));
	assert_int_equal((int)(mos * 100 + 0.5), 441);

	/* 100 + 100 ms of halved round trips, 2 * 800 / 8000 s of jitter */
	a.rtt = b.rtt = 200 * MS;
	a.has_rtt = b.has_rtt = true;
	b.jitter = 800;
	assert_true(rtcpx_party_mos(&mos, &b, &a, 8000));
	assert_int_equal((int)(mos * 100 + 0.5), score(400, 0));

	b.fraction_lost = 64;
	assert_true(rtcpx_party_mos(&mos, &b, &a, 8000));
	assert_int_equal((int)(mos * 100 + 0.5), score(400, 0.25));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sender_report),
		cmocka_unit_test(receiver_report),
		cmocka_unit_test(sender_report_with_block),
		cmocka_unit_test(lost_is_signed),
		cmocka_unit_test(block_about_the_peer_counts),
		cmocka_unit_test(round_trip_unknown),
		cmocka_unit_test(older_reports_are_remembered),
		cmocka_unit_test(other_packets_are_passed_over),
		cmocka_unit_test(malformed),
		cmocka_unit_test(opinion_score),
		cmocka_unit_test(opinion_of_a_party),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
