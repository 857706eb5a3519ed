/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a leg takes by what it carries: RTP, RTCP on its own port and muxed,
 * SRTP with DTLS and STUN, anything; payload types; DTMF.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include "sides.h"

#define SSRC 0x01020304

static struct side sides[SIDES];

enum kind {
	K_RTP,
	K_RTP_CUT, /* 11 bytes of it */
	K_RTCP,
	K_RTCP_CUT, /* 7 bytes of it */
	K_STUN,
	K_STUN_CUT,    /* without all of the cookie */
	K_ALMOST_STUN, /* another cookie */
	K_DTLS,
	K_TURN, /* a channel's data */
	K_ZRTP,
	K_TEXT,
	K_EMPTY,
	K_MAX
};

static size_t build(enum kind k, uint8_t *p)
{
	struct rtpspec r = {.pt = 8, .seq = 1, .ts = 2, .ssrc = SSRC};
	static const uint8_t stun[] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 9};

	memset(p, 0x33, 64);
	switch (k) {
	case K_RTP:
		return rtp_build(p, &r, 40);
	case K_RTP_CUT:
		return rtp_build(p, &r, 0) - 1;
	case K_RTCP:
		return rtcp_build(p, SSRC);
	case K_RTCP_CUT:
		return rtcp_build(p, SSRC) - 1;
	case K_STUN:
		memcpy(p, stun, sizeof(stun));
		return 20;
	case K_STUN_CUT:
		memcpy(p, stun, sizeof(stun));
		return 7;
	case K_ALMOST_STUN:
		memcpy(p, stun, sizeof(stun));
		p[7] ^= 1;
		return 20;
	case K_DTLS:
		p[0] = 22;
		return 13;
	case K_TURN:
		p[0] = 0x40;
		return 48;
	case K_ZRTP:
		p[0] = 0x10;
		return 28;
	case K_TEXT:
		memcpy(p, "OPTIONS sip:", 12);
		return 12;
	default:
		return 0;
	}
}

#define OK CAROM_R_RELAYED
#define NO CAROM_R_NOT_RTP
#define SH CAROM_R_RTP_SHORT
#define ST CAROM_R_STUN

static const char *const kindv[] = {
	"RTP",         "cut RTP", "RTCP", "cut RTCP", "STUN", "cut STUN",
	"almost STUN", "DTLS",    "TURN", "ZRTP",     "text", "nothing",
};

/* By leg and by kind. RTCP on an RTP leg without mux is RTP of a payload type
 * from 64 on, and for that too short */
static const int wantv[LEG_OTHER + 1][K_MAX] = {
	/*           RTP RT- RTC RC- STU ST- ~ST DTL TUR ZRT TXT nil */
	[LEG_RTP] = {OK, SH, SH, SH, ST, SH, NO, NO, NO, NO, NO, SH},
	[LEG_RTCP] = {NO, NO, OK, SH, ST, SH, NO, NO, NO, NO, NO, SH},
	[LEG_SRTP] = {OK, SH, SH, OK, OK, OK, OK, OK, OK, OK, OK, OK},
	[LEG_OTHER] = {OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK},
};

static void check_kind(struct bed *bed, const struct fp_leg *l, enum kind k,
		       int want)
{
	const struct side *in = &sides[SIDE_LAN4], *out = &sides[SIDE_WAN4];
	char what[64];
	uint8_t p[64];
	size_t len = build(k, p);
	struct gold g;

	snprintf(what, sizeof(what), "%s on a leg of media %d", kindv[k],
		 l->media);
	bed_clear(bed);
	leg_put(bed, l);
	g = want == OK ? side_gold(what, in, out, p, len)
		       : side_drop(what, in, want, p, len);
	gold_run(bed, &g);
}

static void test_kinds(void **state)
{
	for (enum leg_media m = LEG_RTP; m <= LEG_OTHER; m++) {
		for (enum kind k = 0; k < K_MAX; k++) {
			struct fp_leg l = side_leg(&sides[SIDE_LAN4],
						   &sides[SIDE_WAN4]);

			l.media = m;
			check_kind(*state, &l, k, wantv[m][k]);
		}
	}
}

static void test_muxed(void **state)
{
	struct fp_leg l = side_leg(&sides[SIDE_LAN4], &sides[SIDE_WAN4]);

	l.rtcp_ok = true;
	l.pt_filter = true;
	l.pt_mask[0] = 1 << 8;
	check_kind(*state, &l, K_RTP, OK);
	check_kind(*state, &l, K_RTCP, OK);
	check_kind(*state, &l, K_RTCP_CUT, SH);
	l.media = LEG_SRTP;
	check_kind(*state, &l, K_RTCP, OK);
	check_kind(*state, &l, K_RTP, OK);
	check_kind(*state, &l, K_DTLS, OK);
}

/* RFC 5761: 192..223 is RTCP, what lies beside it is RTP with the marker */
static void test_muxed_types(void **state)
{
	struct bed *bed = *state;
	const struct side *in = &sides[SIDE_LAN4], *out = &sides[SIDE_WAN4];
	struct fp_leg l = side_leg(in, out);
	struct rtpspec r = {.seq = 1, .ts = 2, .ssrc = SSRC};
	uint8_t p[64];

	l.rtcp_ok = true;
	bed_clear(bed);
	leg_put(bed, &l);
	for (int second = 0; second < 256; second++) {
		struct gold g;
		uint8_t before = leg_at(bed, in->local, IN_PORT)->pt;
		bool rtcp = second >= 192 && second <= 223;

		rtp_build(p, &r, 0);
		p[1] = second;
		g = side_gold("by its second byte", in, out, p, 12);
		gold_run(bed, &g);
		assert_int_equal(leg_at(bed, in->local, IN_PORT)->pt,
				 rtcp ? before : second & 127);
	}
}

/* Each payload type by itself, marker or not */
static void test_pt_filter(void **state)
{
	struct bed *bed = *state;
	const struct side *in = &sides[SIDE_LAN4], *out = &sides[SIDE_WAN4];
	struct fp_leg l = side_leg(in, out);
	struct rtpspec r = {.seq = 1, .ts = 2, .ssrc = SSRC};
	uint8_t p[64];

	bed_clear(bed);
	for (int welcome = 0; welcome < 128; welcome += 17) {
		l.pt_filter = true;
		memset(l.pt_mask, 0, sizeof(l.pt_mask));
		l.pt_mask[welcome / 32] = 1u << welcome % 32;
		leg_put(bed, &l);
		for (int pt = 0; pt < 128; pt++) {
			struct gold g;
			size_t len;

			r.pt = pt;
			r.marker = pt & 1;
			len = rtp_build(p, &r, 20);
			g = pt == welcome
				    ? side_gold("welcome", in, out, p, len)
				    : side_drop("not welcome", in,
						CAROM_R_PT_FILTER, p, len);
			gold_run(bed, &g);
		}
	}
	memset(l.pt_mask, 0, sizeof(l.pt_mask));
	l.pt_filter = false;
	leg_put(bed, &l);
	for (r.pt = 0; r.pt < 128; r.pt++) {
		size_t len = rtp_build(p, &r, 20);
		struct gold g = side_gold("no filter", in, out, p, len);

		gold_run(bed, &g);
	}
}

static void test_dtmf_block(void **state)
{
	struct bed *bed = *state;
	const struct side *in = &sides[SIDE_LAN4], *out = &sides[SIDE_WAN4];
	struct fp_leg l = side_leg(in, out);
	struct rtpspec r = {.seq = 1, .ts = 2, .ssrc = SSRC};
	uint8_t p[64];
	size_t len;
	struct gold g;

	l.dtmf_pt = 101;
	l.dtmf_block = true;
	bed_clear(bed);
	leg_put(bed, &l);
	r.pt = 101;
	len = rtp_build(p, &r, 4);
	g = side_drop("event", in, CAROM_R_DTMF_BLOCKED, p, len);
	gold_run(bed, &g);
	r.pt = 0;
	rtp_build(p, &r, 4);
	g = side_gold("speech", in, out, p, len);
	gold_run(bed, &g);
	l.dtmf_block = false;
	leg_put(bed, &l);
	r.pt = 101;
	rtp_build(p, &r, 4);
	g = side_gold("event, let through", in, out, p, len);
	gold_run(bed, &g);
	/* blocked, but none was negotiated: nothing is an event */
	l.dtmf_block = true;
	l.dtmf_pt = -1;
	leg_put(bed, &l);
	for (r.pt = 0; r.pt < 128; r.pt++) {
		rtp_build(p, &r, 4);
		g = side_gold("no events", in, out, p, len);
		gold_run(bed, &g);
	}
}

/* Muxed by one party, on a port of its own by the other */
static void test_demux(void **state)
{
	struct bed *bed = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		const struct side *in = &sides[v6 ? SIDE_LAN6 : SIDE_LAN4];
		const struct side *out = &sides[v6 ? SIDE_WAN6 : SIDE_WAN4];
		struct fp_leg l = side_leg(in, out), rtcp = side_leg(in, out);
		const struct leg *leg, *leg2;
		uint8_t p[64];
		struct gold g;
		size_t len;

		l.rtcp_ok = l.demux = true;
		rtcp.media = LEG_RTCP;
		sa_set_port(&rtcp.local, IN_PORT + 1);
		sa_set_port(&rtcp.peer_local, OUT_PORT + 1);
		sa_set_port(&rtcp.peer_remote, PEER_PORT + 1);
		bed_clear(bed);
		leg_put(bed, &l);
		leg_put(bed, &rtcp);
		len = build(K_RTCP, p);
		g = side_gold("RTCP", in, out, p, len);
		g.out.sport = OUT_PORT + 1;
		g.out.dport = PEER_PORT + 1;
		gold_run(bed, &g);
		leg = leg_at(bed, in->local, IN_PORT);
		leg2 = leg_at(bed, in->local, IN_PORT + 1);
		assert_int_equal(leg->packets, 0);
		assert_int_equal(leg2->packets, 1);
		len = build(K_RTP, p);
		g = side_gold("RTP", in, out, p, len);
		gold_run(bed, &g);
		assert_int_equal(leg->packets, 1);
		/* a stranger does not get in by RTCP */
		len = build(K_RTCP, p);
		g = side_drop("stranger", in, CAROM_R_STRANGER, p, len);
		g.in.sport++;
		gold_run(bed, &g);
		/* the other path decides on its own */
		assert_int_equal(
			fp_leg_state(bed->fp, &rtcp.local, LEG_BLOCKED), 0);
		g = side_drop("blocked", in, CAROM_R_BLOCKED, p, len);
		g.charged = rtcp.local;
		gold_run(bed, &g);
	}
}

/* Behind the last port of the range there is no RTCP port */
static void test_demux_edge(void **state)
{
	struct bed *bed = *state;
	const struct side *in = &sides[SIDE_LAN4], *out = &sides[SIDE_WAN4];
	struct fp_leg l = side_leg(in, out);
	uint8_t p[64];
	size_t len = build(K_RTCP, p);
	struct gold g = side_drop("no RTCP leg", in, CAROM_R_NO_LEG, p, len);

	l.rtcp_ok = l.demux = true;
	sa_set_port(&l.local, PORT_MAX);
	g.in.dport = PORT_MAX;
	bed_clear(bed);
	leg_put(bed, &l);
	gold_run(bed, &g);
}

static int setup(void **state)
{
	bed_setup(state);
	sides_init(*state, sides);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_muxed),
		cmocka_unit_test(test_muxed_types),
		cmocka_unit_test(test_pt_filter),
		cmocka_unit_test(test_dtmf_block),
		cmocka_unit_test(test_demux),
		cmocka_unit_test(test_demux_edge),
	};

	return cmocka_run_group_tests(tests, setup, bed_teardown);
}
