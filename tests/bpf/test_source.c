/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose packets a leg takes: sources pinned, and sources learnt, once and
 * safely, with those who send to the leg's peer following.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include "sides.h"

#define A4_NEW "192.0.2.11" /* where the party at lan really is */
#define A6_NEW "2001:db8:1::11"
#define FOREVER 60000 /* ms */

static const uint8_t mac_new[6] = {2, 0, 0, 0, 1, 0x11};
static const uint8_t stun[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
static const uint8_t dtls[13] = {22, 0xfe, 0xfd};

static struct side sides[SIDES];
static uint8_t payload[256];
static size_t paylen;

/* Party A at lan, in IPv4 or IPv6, sends to B at wan */
struct call {
	const struct side *a, *b;
	const char *real; /* A's real address */
	struct fp_leg l;
};

static struct call call_make(struct bed *bed, bool v6)
{
	struct rtpspec r = {.pt = 8, .seq = 1, .ts = 2, .ssrc = 3};
	struct call c = {
		.a = &sides[v6 ? SIDE_LAN6 : SIDE_LAN4],
		.b = &sides[v6 ? SIDE_WAN6 : SIDE_WAN4],
		.real = v6 ? A6_NEW : A4_NEW,
	};

	paylen = rtp_build(payload, &r, 160);
	c.l = side_leg(c.a, c.b);
	c.l.pt_filter = true;
	c.l.pt_mask[0] = 1 << 8;
	c.l.latch_window = FOREVER;
	bed_clear(bed);
	return c;
}

static struct gold takes(const struct call *c, const char *what,
			 const char *src, uint16_t port)
{
	struct gold g = side_gold(what, c->a, c->b, payload, paylen);

	g.in.src = src;
	g.in.sport = port;
	return g;
}

static struct gold refuses(const struct call *c, const char *what,
			   const char *src, uint16_t port)
{
	struct gold g = side_drop(what, c->a, CAROM_R_STRANGER, payload,
				  paylen);

	g.in.src = src;
	g.in.sport = port;
	return g;
}

static struct gold latches(const struct call *c, const char *what,
			   const char *src, uint16_t port)
{
	struct gold g = takes(c, what, src, port);

	g.notes = NOTE(LATCHED);
	return g;
}

static void run(struct bed *bed, struct gold g)
{
	gold_run(bed, &g);
}

static void test_pinned(void **state)
{
	struct bed *bed = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct call c = call_make(bed, v6);

		leg_put(bed, &c.l);
		run(bed, takes(&c, "peer", c.a->peer, PEER_PORT));
		run(bed, refuses(&c, "other port", c.a->peer, PEER_PORT + 1));
		run(bed, refuses(&c, "other address", c.real, PEER_PORT));
		run(bed, refuses(&c, "other both", c.real, 9));
		run(bed, takes(&c, "peer", c.a->peer, PEER_PORT));
		assert_int_equal(leg_at(bed, c.a->local, IN_PORT)->packets, 2);
	}
}

/* Each of the 16 bytes counts */
static void test_pinned_every_byte(void **state)
{
	struct bed *bed = *state;
	struct call c = call_make(bed, true);
	struct gold g = refuses(&c, "one bit", c.a->peer, PEER_PORT);
	struct pkt p;

	leg_put(bed, &c.l);
	pkt_build(&p, &g.in);
	for (int i = 0; i < 16; i++) {
		p.b[14 + 8 + i] ^= 0x10;
		gold_frames(bed, &g, &p, NULL);
		p.b[14 + 8 + i] ^= 0x10;
	}
}

static void check_remote(struct bed *bed, const struct call *c, const char *ip,
			 uint16_t port)
{
	struct sa want = addr(ip, port), got;

	assert_int_equal(fp_leg_remote(bed->fp, &c->l.local, &got), 0);
	assert_true(sa_cmp(&want, &got, SA_ALL));
}

/* The first RTP wins, and is the last to */
static void test_latch_once(void **state)
{
	struct bed *bed = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct call c = call_make(bed, v6);

		c.l.latch = true;
		leg_put(bed, &c.l);
		run(bed, latches(&c, "real source", c.real, 1234));
		assert_int_equal(leg_at(bed, c.a->local, IN_PORT)->ctl.latch,
				 LATCH_DONE);
		assert_int_equal(aux_at(bed, c.a->local, IN_PORT)
					 ->count[CAROM_R_LATCHED],
				 1);
		check_remote(bed, &c, c.real, 1234);
		run(bed, takes(&c, "real source", c.real, 1234));
		run(bed, refuses(&c, "as signalled", c.a->peer, PEER_PORT));
		run(bed, refuses(&c, "other port", c.real, 1235));
		run(bed, takes(&c, "real source", c.real, 1234));
	}
}

static void test_latch_signalled(void **state)
{
	struct bed *bed = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct call c = call_make(bed, v6);

		c.l.latch = true;
		leg_put(bed, &c.l);
		run(bed, latches(&c, "signalled", c.a->peer, PEER_PORT));
		run(bed, refuses(&c, "too late", c.real, PEER_PORT));
	}
}

/* In the grace only the signalled address, from any port */
static void test_latch_grace(void **state)
{
	struct bed *bed = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct call c = call_make(bed, v6);

		c.l.latch = true;
		c.l.latch_grace = FOREVER;
		leg_put(bed, &c.l);
		run(bed, refuses(&c, "in the grace", c.real, PEER_PORT));
		run(bed, latches(&c, "its NAT's port", c.a->peer, 777));
		run(bed, refuses(&c, "signalled port", c.a->peer, PEER_PORT));
	}
}

static void test_latch_window_over(void **state)
{
	struct bed *bed = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct call c = call_make(bed, v6);

		c.l.latch = true;
		c.l.latch_window = 0;
		leg_put(bed, &c.l);
		sys_usleep(1000);
		run(bed, refuses(&c, "window is over", c.real, PEER_PORT));
		run(bed, takes(&c, "as signalled", c.a->peer, PEER_PORT));
		assert_int_equal(leg_at(bed, c.a->local, IN_PORT)->ctl.latch,
				 LATCH_OPEN);
		/* the agent's word opens it anew */
		c.l.latch_window = FOREVER;
		leg_put(bed, &c.l);
		run(bed, latches(&c, "opened again", c.real, PEER_PORT));
	}
}

/* Only RTP that was negotiated proves where the party is */
static void test_latch_needs_rtp(void **state)
{
	struct rtpspec r = {.pt = 0, .seq = 1, .ts = 2, .ssrc = 3};
	struct bed *bed = *state;
	struct call c = call_make(bed, false);
	struct gold g;

	c.l.latch = true;
	c.l.rtcp_ok = true;
	leg_put(bed, &c.l);
	rtp_build(payload, &r, 160);
	g = refuses(&c, "wrong payload type", c.real, PEER_PORT);
	g.reason = CAROM_R_PT_FILTER;
	gold_run(bed, &g);
	memset(payload, 0x55, paylen);
	g = refuses(&c, "garbage", c.real, PEER_PORT);
	g.reason = CAROM_R_NOT_RTP;
	gold_run(bed, &g);
	memcpy(payload, stun, sizeof(stun));
	g = refuses(&c, "STUN", c.real, PEER_PORT);
	g.reason = CAROM_R_STUN;
	gold_run(bed, &g);
	paylen = rtcp_build(payload, 3);
	run(bed, refuses(&c, "muxed RTCP", c.real, PEER_PORT));
	run(bed, takes(&c, "muxed RTCP", c.a->peer, PEER_PORT));
	r.pt = 8;
	paylen = rtp_build(payload, &r, 160);
	run(bed, latches(&c, "RTP", c.real, PEER_PORT));
}

static void test_latch_rtcp_leg(void **state)
{
	struct bed *bed = *state;
	struct call c = call_make(bed, false);
	struct gold g;

	c.l.media = LEG_RTCP;
	c.l.pt_filter = false;
	c.l.latch = true;
	leg_put(bed, &c.l);
	g = refuses(&c, "RTP on the RTCP port", c.real, 555);
	g.reason = CAROM_R_NOT_RTP;
	gold_run(bed, &g);
	paylen = rtcp_build(payload, 3);
	run(bed, latches(&c, "RTCP", c.real, 555));
	run(bed, refuses(&c, "as signalled", c.a->peer, PEER_PORT));
}

/* DTLS comes before SRTP and may latch; STUN and noise may not */
static void test_latch_srtp_leg(void **state)
{
	struct bed *bed = *state;
	struct call c = call_make(bed, false);

	c.l.media = LEG_SRTP;
	c.l.pt_filter = false;
	c.l.latch = true;
	leg_put(bed, &c.l);
	memset(payload, 0xff, sizeof(payload));
	run(bed, refuses(&c, "noise", c.real, 555));
	for (paylen = 0; paylen < 8; paylen++)
		run(bed, refuses(&c, "short noise", c.real, 555));
	memcpy(payload, stun, sizeof(stun));
	paylen = sizeof(stun);
	run(bed, refuses(&c, "STUN", c.real, 555));
	run(bed, takes(&c, "STUN of the signalled", c.a->peer, PEER_PORT));
	memcpy(payload, dtls, sizeof(dtls));
	paylen = sizeof(dtls);
	run(bed, latches(&c, "DTLS", c.real, 555));
	run(bed, refuses(&c, "as signalled", c.a->peer, PEER_PORT));
}

static void test_latch_other_leg(void **state)
{
	struct bed *bed = *state;
	struct call c = call_make(bed, false);

	c.l.media = LEG_OTHER;
	c.l.latch = true;
	leg_put(bed, &c.l);
	paylen = 1;
	run(bed, latches(&c, "T.38", c.real, 555));
	run(bed, refuses(&c, "as signalled", c.a->peer, PEER_PORT));
}

/* B's leg towards A: what A's leg follows */
static struct fp_leg back(const struct call *c)
{
	struct fp_leg l = leg_plain(addr(c->b->local, OUT_PORT),
				    addr(c->b->peer, PEER_PORT), c->l.local,
				    c->l.remote);

	return l;
}

static struct gold back_gold(const struct call *c, const char *to,
			     uint16_t port, const uint8_t *mac)
{
	struct gold g = side_gold("answer", c->b, c->a, payload, paylen);

	g.in.dport = OUT_PORT;
	g.out.sport = IN_PORT;
	g.out.dst = to;
	g.out.dport = port;
	g.out.dmac = mac;
	return g;
}

static void test_follow(void **state)
{
	struct bed *bed = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct call c = call_make(bed, v6);
		struct fp_leg l2 = back(&c), l3 = back(&c);
		struct gold g;

		sa_set_port(&l3.local, OUT_PORT + 1);
		c.l.latch = true;
		c.l.follow[0] = l2.local;
		c.l.follow[1] = l3.local;
		leg_put(bed, &c.l);
		leg_put(bed, &l2);
		leg_put(bed, &l3);
		run(bed, back_gold(&c, c.a->peer, PEER_PORT, mac_a));
		run(bed, latches(&c, "real source", c.real, 1234));
		run(bed, back_gold(&c, c.real, 1234, mac_new));
		g = back_gold(&c, c.real, 1234, mac_new);
		g.in.dport = OUT_PORT + 1;
		gold_run(bed, &g);
	}
}

static struct gold back_to(const struct call *c, const char *what,
			   const char *ip, uint16_t port, const uint8_t *mac)
{
	struct gold g = side_gold(what, c->a, c->a, payload, paylen);

	g.in.src = ip;
	g.in.sport = port;
	g.out.sport = IN_PORT;
	g.out.dst = ip;
	g.out.dport = port;
	g.out.dmac = mac;
	return g;
}

/* Who gets its own back gets it where it is heard from, from the packet on that says so */
static void test_echo(void **state)
{
	struct bed *bed = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct call c = call_make(bed, v6);
		struct gold g;

		c.l.peer_local = c.l.follow[0] = c.l.local;
		c.l.peer_remote = c.l.remote;
		leg_put(bed, &c.l);
		run(bed, back_to(&c, "where it was said to be", c.a->peer,
				 PEER_PORT, c.a->peer_mac));
		c.l.latch = true;
		leg_put(bed, &c.l);
		g = back_to(&c, "real source", c.real, 1234, mac_new);
		g.notes = NOTE(LATCHED);
		run(bed, g);
		run(bed, back_to(&c, "the same", c.real, 1234, mac_new));
		run(bed, refuses(&c, "another", c.a->peer, PEER_PORT));
		check_remote(bed, &c, c.real, 1234);
	}
}

/* Asymmetric: A receives elsewhere than it sends from */
static void test_src_fixed(void **state)
{
	struct bed *bed = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct call c = call_make(bed, v6);
		struct fp_leg l2 = back(&c);

		c.l.latch = true;
		c.l.src_fixed = true;
		c.l.any_src = true;
		c.l.follow[0] = l2.local;
		leg_put(bed, &c.l);
		leg_put(bed, &l2);
		run(bed, latches(&c, "anywhere", c.real, 1234));
		run(bed, refuses(&c, "somewhere else", c.a->peer, PEER_PORT));
		run(bed, back_gold(&c, c.a->peer, PEER_PORT, mac_a));
	}
}

static void test_any_src(void **state)
{
	struct bed *bed = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct call c = call_make(bed, v6);

		c.l.any_src = true;
		leg_put(bed, &c.l);
		run(bed, takes(&c, "signalled", c.a->peer, PEER_PORT));
		run(bed, takes(&c, "anywhere", c.real, 9));
		run(bed, takes(&c, "elsewhere", c.a->peer, 10));
	}
}

/* The agent writes again: a learnt source stays while the SDP says the same */
static void test_rewrite_keeps_source(void **state)
{
	struct bed *bed = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct call c = call_make(bed, v6);

		c.l.latch = true;
		leg_put(bed, &c.l);
		run(bed, latches(&c, "real source", c.real, 1234));
		c.l.latch = false;
		c.l.dscp = -1;
		leg_put(bed, &c.l);
		run(bed, takes(&c, "kept", c.real, 1234));
		run(bed, refuses(&c, "as signalled", c.a->peer, PEER_PORT));
		leg_put(bed, &c.l);
		run(bed, takes(&c, "kept twice", c.real, 1234));

		/* a re-INVITE with another address */
		sa_set_port(&c.l.remote, PEER_PORT + 2);
		leg_put(bed, &c.l);
		run(bed, refuses(&c, "learnt before", c.real, 1234));
		run(bed, takes(&c, "newly said", c.a->peer, PEER_PORT + 2));

		/* and one that asks to learn again */
		c.l.latch = true;
		leg_put(bed, &c.l);
		run(bed, latches(&c, "again", c.real, 4321));
	}
}

static uint32_t *ctl(struct bed *bed, const struct sa *local)
{
	uint32_t slot;

	assert_int_equal(fp_slot(bed->fp, local, &slot), 0);
	return (uint32_t *)&bed->fp->legs[slot].ctl;
}

#define BUSY (CTL_BUSY << 24) /* in leg_ctl.flags, little endian */

/* Somebody writes the leg, or one that would follow: nothing latches, and
 * nothing is half latched; the next packet does it */
static void test_busy(void **state)
{
	struct bed *bed = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		struct call c = call_make(bed, v6);
		struct fp_leg l2 = back(&c);

		c.l.latch = true;
		c.l.follow[0] = l2.local;
		leg_put(bed, &c.l);
		leg_put(bed, &l2);
		*ctl(bed, &c.l.local) |= BUSY;
		run(bed, refuses(&c, "busy", c.real, 1234));
		run(bed, takes(&c, "busy", c.a->peer, PEER_PORT));
		*ctl(bed, &c.l.local) &= ~BUSY;
		*ctl(bed, &l2.local) |= BUSY;
		run(bed, refuses(&c, "follower busy", c.real, 1234));
		assert_int_equal(*ctl(bed, &c.l.local) & BUSY, 0);
		*ctl(bed, &l2.local) &= ~BUSY;
		run(bed, latches(&c, "free", c.real, 1234));
		run(bed, back_gold(&c, c.real, 1234, mac_new));
	}
}

/* An agent that died while it wrote left the bit: its successor takes it */
static void test_busy_left_behind(void **state)
{
	struct bed *bed = *state;
	struct call c = call_make(bed, false);
	struct fp_leg l2 = back(&c);
	struct sa sa = addr(WAN4, 0);

	c.l.latch = true;
	c.l.follow[0] = l2.local;
	leg_put(bed, &c.l);
	leg_put(bed, &l2);
	*ctl(bed, &c.l.local) |= BUSY;
	c.l.dscp = 10;
	leg_put(bed, &c.l);
	assert_int_equal(*ctl(bed, &c.l.local) & BUSY, 0);
	c.l.dscp = -1;
	leg_put(bed, &c.l);
	/* legs that it does not rewrite it finds when it starts */
	*ctl(bed, &l2.local) |= BUSY;
	run(bed, refuses(&c, "busy", c.real, 1234));
	assert_int_equal(fp_local_add(bed->fp, &sa, PORT_MIN, PORT_MAX, NULL),
			 0);
	assert_int_equal(*ctl(bed, &l2.local) & BUSY, 0);
	run(bed, latches(&c, "recovered", c.real, 1234));
	run(bed, back_gold(&c, c.real, 1234, mac_new));
}

static int setup(void **state)
{
	bed_setup(state);
	sides_init(*state, sides);
	bed_sh("ip neigh add " A4_NEW " dev lan lladdr 02:00:00:00:01:11 "
	       "nud permanent");
	bed_sh("ip neigh add " A6_NEW " dev lan lladdr 02:00:00:00:01:11 "
	       "nud permanent");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pinned),
		cmocka_unit_test(test_pinned_every_byte),
		cmocka_unit_test(test_latch_once),
		cmocka_unit_test(test_latch_signalled),
		cmocka_unit_test(test_latch_grace),
		cmocka_unit_test(test_latch_window_over),
		cmocka_unit_test(test_latch_needs_rtp),
		cmocka_unit_test(test_latch_rtcp_leg),
		cmocka_unit_test(test_latch_srtp_leg),
		cmocka_unit_test(test_latch_other_leg),
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_src_fixed),
		cmocka_unit_test(test_any_src),
		cmocka_unit_test(test_rewrite_keeps_source),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_busy_left_behind),
	};

	return cmocka_run_group_tests(tests, setup, bed_teardown);
}
