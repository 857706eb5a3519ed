/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bridges on a media worker: SRTP opened and made, RTCP of ours under its keys.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <cmocka.h>
#include "bridgebed.h"
#include "srtp_roc.h"

static void keys(struct srtpx_key *k, enum srtpx_suite suite, uint8_t seed)
{
	memset(k, 0, sizeof(*k));
	k->suite = suite;
	for (size_t i = 0; i < sizeof(k->key); i++)
		k->key[i] = (uint8_t)(i * seed + 1);
}

/* SRTP on one side, RTP on the other, and SRTP with other keys; RTCP too */
static void srtp_way(enum srtpx_suite in, enum srtpx_suite out,
		     enum plane_mode mode)
{
	struct bridge_member mv[2];
	struct srtpx *tx = NULL, *rx = NULL;
	struct bridge_stats st;
	uint8_t p[2000], was[400];

	bb_member(&mv[0], &bb_sides[SIDE_LAN4], IN_PORT);
	bb_member(&mv[1], &bb_sides[SIDE_WAN4], OUT_PORT);
	if (in != SRTPX_NONE) {
		keys(&mv[0].rx, in, 3);
		assert_int_equal(srtpx_alloc(&tx, &mv[0].rx), 0);
	}
	if (out != SRTPX_NONE) {
		keys(&mv[1].tx, out, 5);
		assert_int_equal(srtpx_alloc(&rx, &mv[1].tx), 0);
	}
	mv[0].ptv[0] = (struct bridge_pt){.act = BRIDGE_PASS, .pt = 0};
	bb_up(mode, mv);
	for (unsigned i = 0; i < 200; i++) {
		struct rtpspec r = {.pt = i == 50 ? 9 : 0,
				    .seq = (uint16_t)(65500 + i),
				    .ts = i * 160,
				    .ssrc = 99};
		size_t n = rtp_build(was, &r, 160), len = n;

		memcpy(p, was, n);
		if (tx)
			assert_int_equal(srtpx_protect(tx, p, &n, sizeof(p)),
					 0);
		if (i == 70)
			p[n - 1] ^= 1; /* forged, or just wrong */
		bb_put(&bb_sides[SIDE_LAN4], IN_PORT, p, n);
		if (i == 20)
			bb_put(&bb_sides[SIDE_LAN4], IN_PORT, p, n); /* twice */
		/* a payload type that was not agreed, and what is not authentic */
		if (i == 50 || (i == 70 && tx))
			continue;
		if (i == 70)
			was[len - 1] ^= 1;
		n = bb_get(p, WIRE_WAIT);
		if (!n)
			fail_msg("packet %u did not arrive", i);
		if (rx)
			assert_int_equal(srtpx_unprotect(rx, p, &n), 0);
		assert_int_equal(n, len);
		assert_memory_equal(p, was, n);
	}
	{
		size_t n = 28, len = n;

		memset(p, 0, n);
		p[0] = 0x80;
		p[1] = 200;
		p[3] = 6;
		p[7] = 99;
		memcpy(was, p, n);
		if (tx)
			assert_int_equal(
				srtpx_protect_rtcp(tx, p, &n, sizeof(p)), 0);
		{
			struct spec s = side_in(&bb_sides[SIDE_LAN4], p, n);
			struct pkt pkt;

			s.sport = PEER_PORT + 1;
			s.dport = IN_PORT + 1;
			pkt_build(&pkt, &s);
			assert_int_equal(send(bb.lan, pkt.b, pkt.len, 0),
					 pkt.len);
		}
		n = bb_get(p, WIRE_WAIT);
		if (rx)
			assert_int_equal(srtpx_unprotect_rtcp(rx, p, &n), 0);
		assert_int_equal(n, len);
		assert_memory_equal(p, was, n);
	}
	bridge_stats(bb.b, 0, &st);
	assert_int_equal(st.refused, 1);
	assert_int_equal(st.auth, tx ? 1 : 0);
	assert_int_equal(st.replay, tx ? 1 : 0);
	assert_int_equal(st.late, tx ? 0 : 1);
	/* the one that was not authentic is missed */
	assert_int_equal(st.lost, tx ? 1 : 0);
	assert_int_equal(st.rtcp, 1);
	mem_deref(tx);
	mem_deref(rx);
	bb_down();
}

/* Who begins anew under its SSRC, from a lower number, is heard at once: in a stream that
 * goes on */
static void test_begins_anew(void **state)
{
	static const uint16_t seqv[] = {30000, 30001, 100, 101, 102};
	struct bridge_member mv[2];
	struct srtpx *rx;
	uint8_t p[2000];
	(void)state;

	bb_member(&mv[0], &bb_sides[SIDE_LAN4], IN_PORT);
	bb_member(&mv[1], &bb_sides[SIDE_WAN4], OUT_PORT);
	keys(&mv[1].tx, SRTPX_AES_CM_128_HMAC_SHA1_80, 5);
	assert_int_equal(srtpx_alloc(&rx, &mv[1].tx), 0);
	mv[0].ptv[0] = (struct bridge_pt){.act = BRIDGE_PASS, .pt = 0};
	bb_up(PLANE_XDP, mv);
	for (unsigned i = 0; i < ARRAY_SIZE(seqv); i++) {
		struct rtpspec r = {
			.seq = seqv[i], .ts = seqv[i] * 160u, .ssrc = 99};
		size_t n = rtp_build(p, &r, 160);
		struct rtp_head h;

		bb_put(&bb_sides[SIDE_LAN4], IN_PORT, p, n);
		n = bb_get(p, WIRE_WAIT);
		if (!n)
			fail_msg("packet %u did not arrive", i);
		assert_int_equal(srtpx_unprotect(rx, p, &n), 0);
		assert_int_equal(rtp_read(&h, p, n), 0);
		assert_int_equal(h.ssrc, 99);
		assert_int_equal(h.seq, 30000 + i);
	}
	mem_deref(rx);
	bb_down();
}

static void test_srtp(void **state)
{
	(void)state;

	srtp_way(SRTPX_NONE, SRTPX_AES_CM_128_HMAC_SHA1_80, PLANE_XDP);
	srtp_way(SRTPX_AES_CM_128_HMAC_SHA1_80, SRTPX_NONE, PLANE_XDP);
	srtp_way(SRTPX_AES_256_CM_HMAC_SHA1_32, SRTPX_AEAD_AES_256_GCM,
		 PLANE_XDP);
	srtp_way(SRTPX_AEAD_AES_128_GCM, SRTPX_AES_CM_128_HMAC_SHA1_80,
		 PLANE_PLAIN);
}

/* The next packet to this port of the far party's */
static size_t get_at(uint8_t *p, uint16_t port)
{
	struct pkt pkt;
	uint16_t to;

	while (wire_recv(bb.wan, &pkt, 4000)) {
		memcpy(&to, pkt.b + 14 + 20 + 2, 2);
		if (ntohs(to) != port)
			continue;
		memcpy(p, pkt.b + HEADERS, pkt.len - HEADERS);
		return pkt.len - HEADERS;
	}

	return 0;
}

/* The last report that the worker told of */
static struct {
	unsigned n;
	struct sa dst;
	uint8_t p[2000];
	size_t len;
} told;

static void told_handler(struct bridge *b, unsigned side, unsigned type,
			 const struct sa *src, const uint8_t *p, size_t n,
			 void *arg)
{
	(void)b;
	(void)arg;
	if (type != BRIDGE_REPORT || side != 1 || n > sizeof(told.p))
		return;
	++told.n;
	told.dst = *src;
	memcpy(told.p, p, n);
	told.len = n;
	re_cancel();
}

static void too_long(void *arg)
{
	(void)arg;
	re_cancel();
}

static void wait_told(void)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, 30000, too_long, NULL);
	if (!told.n)
		(void)re_main(NULL);
	tmr_cancel(&tmr);
}

/* Who is sent what we encode gets our reports, with our SSRC, under its keys; and what
 * it says of us is seen */
static void test_reports(void **state)
{
	struct bridge_member mv[2];
	struct bridge_stats st;
	struct srtpx *keys;
	struct phone ph;
	uint8_t p[2000] = {0};
	size_t n;
	(void)state;

	bb_transcoding(mv, "PCMU", "PCMA");
	mv[1].tx = (struct srtpx_key){.suite = SRTPX_AES_CM_128_HMAC_SHA1_80};
	memset(mv[1].tx.key, 7, sizeof(mv[1].tx.key));
	mv[1].shown = true;
	assert_int_equal(srtpx_alloc(&keys, &mv[1].tx), 0);
	bb.eventh = told_handler;
	bb_up(PLANE_XDP, mv);
	phone_open(&ph, "PCMU", 96);
	for (unsigned i = 0; i < 5; i++) {
		n = phone_packet(&ph);
		bb_put(&bb_sides[SIDE_LAN4], IN_PORT, ph.pkt, n);
		phone_next(&ph, bb_codec("PCMU"));
	}
	n = get_at(p, PEER_PORT + 1);
	assert_true(n > 0);
	assert_int_equal(srtpx_unprotect_rtcp(keys, p, &n), 0);
	/* SR: five packets of 160 octets, by mv[1].ssrc */
	assert_memory_equal(p, "\x80\xc8\x00\x06\x00\x00\xca\x20", 8);
	assert_memory_equal(p + 20, "\0\0\0\x05\0\0\x03\x20", 8);
	assert_int_equal(p[29], 202);
	/* and whoever looks on is told of it, before it was encrypted */
	wait_told();
	assert_int_equal(told.n, 1);
	assert_true(sa_cmp(&told.dst, &mv[1].rtcp, SA_ALL));
	assert_int_equal(told.len, n);
	assert_memory_equal(told.p, p, n);
	bridge_stats(bb.b, 0, &st);
	assert_int_equal(st.packets, 5);
	mem_deref(keys);
	mem_deref(ph.enc);
}

/* One packet of feedback: who says it, of which stream, more words */
static size_t fb(uint8_t *p, uint8_t type, uint8_t fmt, uint32_t own,
		 uint32_t of, const uint32_t *wordv, unsigned wordc)
{
	put32(p, 0x80000000u | (uint32_t)fmt << 24 | (uint32_t)type << 16 |
			 (2 + wordc));
	put32(p + 4, own);
	put32(p + 8, of);
	for (unsigned i = 0; i < wordc; i++)
		put32(p + 12 + 4 * i, wordv[i]);

	return 12 + 4 * (size_t)wordc;
}

enum { REMB = 0x52454d42, RATE = 0x01001234, TWCC = 15 };

/* PLI, FIR, NACK, REMB and TWCC behind a report; by whom, on what, packet `seq`. asking:
 * the first three alone, those that ask */
static size_t all_feedback(uint8_t *p, uint32_t own, uint32_t of, uint16_t seq,
			   bool asking)
{
	const uint32_t fir[] = {of, 0x01000000}, remb[] = {REMB, RATE, of};
	const uint32_t nack[] = {(uint32_t)seq << 16 | 1};
	const uint32_t twcc[] = {0x00010001, 0x00000100, 0x20010000};
	size_t n = 0;

	n += fb(p + n, 206, 1, own, of, NULL, 0);
	n += fb(p + n, 206, 4, own, 0, fir, 2);
	n += fb(p + n, 206, 15, own, 0, remb, 3);
	if (asking)
		return n;
	n += fb(p + n, 205, 1, own, of, nack, 1);
	n += fb(p + n, 205, TWCC, own, of, twcc, 3);

	return n;
}

static void put_rtcp(int wire, const struct side *s, uint16_t port,
		     const uint8_t *p, size_t n)
{
	struct spec spec = side_in(s, p, n);
	struct pkt pkt;

	spec.sport = PEER_PORT + 1;
	spec.dport = port;
	pkt_build(&pkt, &spec);
	assert_int_equal(send(wire, pkt.b, pkt.len, 0), pkt.len);
}

/* Where packets pass, so does all feedback, by the names and numbers of who sends them */
static void test_feedback(void **state)
{
	struct bridge_member mv[2];
	struct rtp_head h = {0};
	uint8_t p[2000], want[400];
	struct srtpx *rx;
	struct pkt pkt;
	uint16_t at;
	size_t n;
	(void)state;

	bb_member(&mv[0], &bb_sides[SIDE_LAN4], IN_PORT);
	bb_member(&mv[1], &bb_sides[SIDE_WAN4], OUT_PORT);
	/* whose keys have served before, gets our SSRC and numbers */
	keys(&mv[1].tx, SRTPX_AES_CM_128_HMAC_SHA1_80, 5);
	mv[1].resumed = true;
	assert_int_equal(srtpx_alloc(&rx, &mv[1].tx), 0);
	mv[0].ptv[0] = (struct bridge_pt){.act = BRIDGE_PASS, .pt = 0};
	bb_up(PLANE_XDP, mv);
	for (unsigned i = 0; i < 2; i++) {
		const struct rtpspec r = {
			.seq = (uint16_t)(7000 + i), .ts = i * 160, .ssrc = 99};

		n = rtp_build(p, &r, 160);
		bb_put(&bb_sides[SIDE_LAN4], IN_PORT, p, n);
		n = bb_get(p, WIRE_WAIT);
		assert_true(n > 0);
		assert_int_equal(srtpx_unprotect(rx, p, &n), 0);
		assert_int_equal(rtp_read(&h, p, n), 0);
	}
	n = rtcp_build(p, 5);
	memcpy(want, p, n);
	n += all_feedback(p + n, 5, h.ssrc, h.seq, false);
	(void)all_feedback(want + 8, 5, 99, 7001, false);
	put_rtcp(bb.wan, &bb_sides[SIDE_WAN4], OUT_PORT + 1, p, n);
	do { /* reports of bridges that have been may be there, too */
		assert_true(wire_recv(bb.lan, &pkt, WIRE_WAIT));
	} while (pkt.len - HEADERS != n);
	memcpy(&at, pkt.b + 14 + 20 + 2, 2);
	assert_int_equal(ntohs(at), PEER_PORT + 1);
	assert_memory_equal(pkt.b + HEADERS, want, n);
	mem_deref(rx);
}

/* What is made here: requests go on to who is the source, behind a report of ours; what
 * tells of numbers that are ours ends */
static void test_asked(void **state)
{
	struct bridge_member mv[2];
	struct rtp_head h = {0};
	uint8_t p[2000], want[400], *got;
	struct phone ph;
	struct pkt pkt;
	uint16_t at;
	size_t n, len;
	(void)state;

	bb_transcoding(mv, "PCMU", "PCMA");
	bb_up(PLANE_XDP, mv);
	phone_open(&ph, "PCMU", 96);
	for (unsigned i = 0; i < 3; i++) {
		n = phone_packet(&ph);
		bb_put(&bb_sides[SIDE_LAN4], IN_PORT, ph.pkt, n);
		n = bb_get(p, WIRE_WAIT);
		assert_int_equal(rtp_read(&h, p, n), 0);
		phone_next(&ph, bb_codec("PCMU"));
	}
	n = rtcp_build(p, 5);
	n += all_feedback(p + n, 5, h.ssrc, h.seq, false);
	/* of another stream: nobody knows it */
	n += fb(p + n, 206, 1, 5, 0x4711, NULL, 0);
	put_rtcp(bb.wan, &bb_sides[SIDE_WAN4], OUT_PORT + 1, p, n);
	len = all_feedback(want, mv[0].ssrc, ph.h.ssrc, 0, true);
	do {
		assert_true(wire_recv(bb.lan, &pkt, WIRE_WAIT));
		n = pkt.len - HEADERS;
		got = pkt.b + HEADERS;
	} while (n <= 8 + 24 + 24 + len); /* its own report, which came first */
	memcpy(&at, pkt.b + 14 + 20 + 2, 2);
	assert_int_equal(ntohs(at), PEER_PORT + 1);
	/* RR: nothing was sent to it, what it sent is heard; SDES behind */
	assert_memory_equal(got, "\x81\xc9\x00\x07", 4);
	put32(p, mv[0].ssrc);
	assert_memory_equal(got + 4, p, 4);
	assert_int_equal(got[32 + 1], 202);
	assert_true(n > len);
	assert_memory_equal(got + n - len, want, len);
	mem_deref(ph.enc);
}

/* Keys that have served before, in a process that is gone: what is sent under them is a
 * stream that nobody has seen, and goes on without a step; what comes is understood in
 * its third turn */
static void test_resumed(void **state)
{
	struct bridge_member mv[2];
	struct rtp_head h, last = {0};
	struct srtpx *tx, *rx;
	uint8_t p[2000];
	size_t n;
	(void)state;

	bb_member(&mv[0], &bb_sides[SIDE_LAN4], IN_PORT);
	bb_member(&mv[1], &bb_sides[SIDE_WAN4], OUT_PORT);
	keys(&mv[0].rx, SRTPX_AES_CM_128_HMAC_SHA1_80, 3);
	keys(&mv[1].tx, SRTPX_AES_CM_128_HMAC_SHA1_80, 5);
	mv[0].resumed = mv[1].resumed = true;
	assert_int_equal(srtpx_alloc(&tx, &mv[0].rx), 0);
	assert_int_equal(srtpx_alloc(&rx, &mv[1].tx), 0);
	srtp_roc_set(tx, 99, 3, 7000);
	mv[0].ptv[0] = (struct bridge_pt){.act = BRIDGE_PASS, .pt = 0};
	bb_up(PLANE_XDP, mv);
	for (unsigned i = 0; i < 5; i++) {
		struct rtpspec r = {
			.seq = (uint16_t)(7001 + i), .ts = i * 160, .ssrc = 99};

		n = rtp_build(p, &r, 160);
		assert_int_equal(srtpx_protect(tx, p, &n, sizeof(p)), 0);
		bb_put(&bb_sides[SIDE_LAN4], IN_PORT, p, n);
		n = bb_get(p, WIRE_WAIT);
		assert_true(n > 0);
		assert_int_equal(srtpx_unprotect(rx, p, &n), 0);
		assert_int_equal(rtp_read(&h, p, n), 0);
		assert_int_equal(h.ssrc, mv[1].ssrc);
		if (i) {
			assert_int_equal(h.seq, (uint16_t)(last.seq + 1));
			assert_int_equal(h.ts, last.ts + 160);
		}
		last = h;
	}
	/* and its report is of that stream, at its time */
	memset(p, 0, 28);
	p[0] = 0x80;
	p[1] = 200;
	p[3] = 6;
	p[7] = 99;
	p[18] = (uint8_t)(4 * 160 >> 8);
	p[19] = (uint8_t)(4 * 160);
	n = 28;
	assert_int_equal(srtpx_protect_rtcp(tx, p, &n, sizeof(p)), 0);
	{
		struct spec s = side_in(&bb_sides[SIDE_LAN4], p, n);
		struct pkt pkt;

		s.sport = PEER_PORT + 1;
		s.dport = IN_PORT + 1;
		pkt_build(&pkt, &s);
		assert_int_equal(send(bb.lan, pkt.b, pkt.len, 0), pkt.len);
		assert_true(wire_recv(bb.wan, &pkt, WIRE_WAIT));
		n = pkt.len - HEADERS;
		memcpy(p, pkt.b + HEADERS, n);
	}
	assert_int_equal(srtpx_unprotect_rtcp(rx, p, &n), 0);
	assert_int_equal(n, 28);
	assert_int_equal(p[6] << 8 | p[7], mv[1].ssrc);
	assert_int_equal((uint32_t)p[16] << 24 | (uint32_t)p[17] << 16 |
				 (uint32_t)p[18] << 8 | p[19],
			 last.ts);
	mem_deref(tx);
	mem_deref(rx);
}

/* A report with its sender's name in it, under a context's keys, by the RTCP port */
static size_t put_report(struct srtpx *tx, uint8_t *p, size_t room)
{
	size_t n = rtcp_build(p, 99);

	assert_int_equal(srtpx_protect_rtcp(tx, p, &n, room), 0);
	put_rtcp(bb.lan, &bb_sides[SIDE_LAN4], IN_PORT + 1, p, n);

	return n;
}

/* RTCP that has keys of its own on both sides: none is said before they are there; those of
 * RTP do not open it, and it goes on when something else changes */
static void test_rtcp_keys(void **state)
{
	const struct rtpspec r = {.seq = 7000, .ssrc = 99};
	struct bridge_member mv[2];
	struct srtpx *rtp, *tx, *rx;
	struct bridge_stats st;
	uint8_t p[2000], want[400], once[400];
	size_t n, len;
	(void)state;

	bb_member(&mv[0], &bb_sides[SIDE_LAN4], IN_PORT);
	bb_member(&mv[1], &bb_sides[SIDE_WAN4], OUT_PORT);
	keys(&mv[0].rx, SRTPX_AES_CM_128_HMAC_SHA1_80, 3);
	keys(&mv[0].tx, SRTPX_AES_CM_128_HMAC_SHA1_80, 4);
	mv[0].rtcp_keyed = mv[1].rtcp_keyed = true;
	mv[0].ptv[0] = (struct bridge_pt){.act = BRIDGE_PASS, .pt = 0};
	assert_int_equal(srtpx_alloc(&rtp, &mv[0].rx), 0);
	bb_up(PLANE_XDP, mv);
	(void)put_report(rtp, p, sizeof(p));
	n = rtp_build(p, &r, 160);
	assert_int_equal(srtpx_protect(rtp, p, &n, sizeof(p)), 0);
	bb_put(&bb_sides[SIDE_LAN4], IN_PORT, p, n);
	/* RTP goes meanwhile, and nothing before it */
	assert_int_equal(bb_get(p, WIRE_WAIT), RTP_HEADER + 160);
	bridge_stats(bb.b, 0, &st);
	assert_int_equal(st.locked, 1);
	assert_int_equal(st.rtcp, 0);

	for (unsigned i = 0; i < 2; i++) {
		keys(&mv[i].rtcp_rx, SRTPX_AES_CM_128_HMAC_SHA1_80, 7);
		keys(&mv[i].rtcp_tx, SRTPX_AES_CM_128_HMAC_SHA1_80, 9);
		assert_int_equal(bridge_change(bb.b, i, &mv[i]), 0);
	}
	assert_int_equal(srtpx_alloc(&tx, &mv[0].rtcp_rx), 0);
	assert_int_equal(srtpx_alloc(&rx, &mv[1].rtcp_tx), 0);
	(void)put_report(rtp, p, sizeof(p));
	len = put_report(tx, once, sizeof(once));
	n = bb_get(p, WIRE_WAIT);
	assert_true(n > 0);
	assert_int_equal(srtpx_unprotect_rtcp(rx, p, &n), 0);
	assert_int_equal(n, rtcp_build(want, 99));
	assert_memory_equal(p, want, n);

	mv[0].silent = true;
	assert_int_equal(bridge_change(bb.b, 0, &mv[0]), 0);
	put_rtcp(bb.lan, &bb_sides[SIDE_LAN4], IN_PORT + 1, once, len);
	(void)put_report(tx, p, sizeof(p));
	n = bb_get(p, WIRE_WAIT);
	assert_true(n > 0);
	assert_int_equal(srtpx_unprotect_rtcp(rx, p, &n), 0);
	bridge_stats(bb.b, 0, &st);
	assert_int_equal(st.auth, 1);
	assert_int_equal(st.replay, 1);
	assert_int_equal(st.rtcp, 2);
	mem_deref(rtp);
	mem_deref(tx);
	mem_deref(rx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_resumed, bb_clear),
		cmocka_unit_test_teardown(test_srtp, bb_clear),
		cmocka_unit_test_teardown(test_begins_anew, bb_clear),
		cmocka_unit_test_teardown(test_reports, bb_clear),
		cmocka_unit_test_teardown(test_feedback, bb_clear),
		cmocka_unit_test_teardown(test_asked, bb_clear),
		cmocka_unit_test_teardown(test_rtcp_keys, bb_clear),
	};

	return cmocka_run_group_tests(tests, bb_setup, bb_teardown);
}
