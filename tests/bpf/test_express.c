/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The express lane: that a packet in order takes it, that it leaves no other
 * trace than the long way would, and that whatever is different, in the packet
 * or since the agent last spoke, is noticed with the very next packet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <unistd.h>
#include <cmocka.h>
#include "fastpath/priv.h"
#include "sides.h"

#define SSRC 0x0a0b0c0d

static struct side sides[SIDES];

/* A leg from lan to wan, and what its sender says next */
struct flow {
	struct bed *bed;
	const struct side *in, *out;
	struct fp_leg l;
	struct rtpspec r;
	uint8_t p[2048];
	size_t voice; /* bytes */
};

static struct leg *leg_of(const struct flow *f)
{
	return (struct leg *)leg_at(f->bed, f->in->local, IN_PORT);
}

static const struct leg_aux *aux_of(const struct flow *f)
{
	return aux_at(f->bed, f->in->local, IN_PORT);
}

/* The long way writes down up to where it has seen the sequence */
static bool went_express(const struct flow *f)
{
	return leg_of(f)->seq_max == f->r.seq &&
	       aux_of(f)->seq_base != f->r.seq;
}

static struct gold next(struct flow *f, const char *what)
{
	size_t len;

	f->r.seq++;
	f->r.ts += 160;
	len = rtp_build(f->p, &f->r, f->voice);
	return side_gold(what, f->in, f->out, f->p, len);
}

/* The last packet went express. One in each second goes the long way all the
 * same, to ask for the next hop: where it was that one, the next did, and left
 * as `g` says, too */
static void assert_express(struct flow *f, const struct gold *g)
{
	for (int i = 0; i < 3 && !went_express(f); i++) {
		f->r.seq++;
		f->r.ts += 160;
		rtp_build(f->p, &f->r, f->voice);
		gold_run(f->bed, g);
	}
	assert_true(went_express(f));
}

static void grace(void)
{
	bed_settle();
	usleep(3 * LEG_GRACE / 1000);
}

/* In order, until it goes by itself */
static void warm_up(struct flow *f)
{
	struct gold g;

	grace();
	for (int i = 0; i < 3; i++) {
		g = next(f, "warming up");
		gold_run(f->bed, &g);
	}
	assert_true(leg_of(f)->ctl.flags & CTL_EXPRESS);
	g = next(f, "first by the express lane");
	gold_run(f->bed, &g);
	assert_express(f, &g);
}

static void flow_open(struct flow *f, struct bed *bed)
{
	memset(f, 0, sizeof(*f));
	sides_init(bed, sides);
	bed_clear(bed);
	f->bed = bed;
	f->in = &sides[SIDE_LAN4];
	f->out = &sides[SIDE_WAN4];
	f->l = side_leg(f->in, f->out);
	f->r = (struct rtpspec){.pt = 8, .seq = 65500, .ts = 77, .ssrc = SSRC};
	f->voice = 160;
}

static void flow_start(struct flow *f, struct bed *bed)
{
	flow_open(f, bed);
	leg_put(bed, &f->l);
	warm_up(f);
}

/* Every byte as by the long way, whatever the length and the checksum, across
 * the wrap of sequence numbers; and every figure */
static void test_bytes_and_figures(void **state)
{
	static const enum pkt_sum sumv[] = {SUM_RIGHT, SUM_ZERO};
	struct flow f;
	uint64_t n, bytes;

	flow_start(&f, *state);
	n = leg_of(&f)->packets;
	bytes = leg_of(&f)->bytes;
	for (int i = 0; i < 300; i++) {
		struct gold g;

		f.voice = i;
		g = next(&f, "in order");
		g.in.sum = g.out.sum = sumv[i % 2];
		g.in.tos = g.out.tos = i & 0xff;
		g.in.ttl = 2 + i % 254;
		g.in.pad = i % 7;
		g.in.id = g.out.id = i;
		g.in.frag = g.out.frag = i % 2 ? 0x4000 : 0;
		g.out.pad = g.in.pad;
		gold_run(f.bed, &g);
		bytes += 20 + 8 + 12 + i;
		/* once a second one goes to ask for the next hop */
		if (i == 100)
			assert_true(went_express(&f) ||
				    aux_of(&f)->seq_base == f.r.seq);
	}
	assert_int_equal(leg_of(&f)->packets, n + 300);
	assert_int_equal(leg_of(&f)->bytes, bytes);
	assert_int_equal(leg_of(&f)->ssrc, SSRC);
	assert_int_equal(leg_of(&f)->pt, 8);
	assert_int_equal(aux_of(&f)->lost, 0);
	assert_int_equal(aux_of(&f)->reordered, 0);
	assert_int_equal(aux_of(&f)->duplicate, 0);
}

/* Each value that a header's checksum can have, and UDP's beside it */
static void test_every_checksum(void **state)
{
	struct flow f;
	unsigned express = 0;

	flow_start(&f, *state);
	f.voice = 20;
	for (unsigned i = 0; i < 0x10000; i++) {
		struct gold g = next(&f, "every checksum");
		struct pkt in, out, got;
		int action;

		g.in.id = g.out.id = i;
		f.p[12] = i * 40503 >> 8 & 0xff;
		f.p[13] = i * 40503 & 0xff;
		pkt_build(&in, &g.in);
		pkt_build(&out, &g.out);
		action = bed_run(f.bed, f.in->dev, &in, &got);
		if (action != g.action || got.len != out.len ||
		    memcmp(got.b, out.b, out.len))
			fail_msg("ID %u: verdict %d, or the frame differs", i,
				 action);
		express += went_express(&f);
	}
	/* but once a second */
	assert_in_range(express, 0x10000 - 1000, 0x10000);
}

/* Its own TTL, and its own DSCP */
static void test_ttl_and_dscp(void **state)
{
	struct bed *bed = *state;
	struct flow f;
	struct gold g;

	flow_open(&f, bed);
	f.l.dscp = 46;
	leg_put(bed, &f.l);
	grace();
	for (int i = 0; i < 10; i++) {
		g = next(&f, "DSCP 46");
		g.in.tos = i;
		g.out.tos = 46 << 2 | (i & 3);
		gold_run(bed, &g);
	}
	assert_express(&f, &g);

	fp_set_ttl(bed->fp, 0);
	g = next(&f, "TTL goes down by one");
	g.out.tos = 46 << 2;
	g.out.ttl = g.in.ttl - 1;
	gold_run(bed, &g);
	assert_express(&f, &g);
	next(&f, "used up");
	g = side_drop("used up", f.in, CAROM_R_TTL, f.p, 12 + f.voice);
	memset(&g.charged, 0, sizeof(g.charged));
	g.in.ttl = 1;
	gold_run(bed, &g);
}

/* Loss, lateness, twice the same: counted as if nobody had been in a hurry */
static void test_out_of_order(void **state)
{
	struct flow f;
	struct gold g;
	uint16_t gap;

	flow_start(&f, *state);
	for (int i = 0; i < 100; i++) {
		g = next(&f, "in order");
		gold_run(f.bed, &g);
	}
	gap = ++f.r.seq;
	g = next(&f, "after a gap");
	gold_run(f.bed, &g);
	assert_int_equal(aux_of(&f)->lost, 1);
	for (int i = 0; i < 20; i++) {
		g = next(&f, "in order again");
		gold_run(f.bed, &g);
	}
	assert_express(&f, &g);
	gold_run(f.bed, &g); /* the same once more */
	assert_int_equal(aux_of(&f)->duplicate, 1);
	f.r.seq = gap - 1;
	g = next(&f, "the one that was missing");
	gold_run(f.bed, &g);
	assert_int_equal(aux_of(&f)->lost, 0);
	assert_int_equal(aux_of(&f)->reordered, 1);
	gold_run(f.bed, &g); /* and that, too, once more */
	assert_int_equal(aux_of(&f)->duplicate, 2);
	f.r.seq = gap - 31;
	g = next(&f, "one that had gone by the express lane");
	gold_run(f.bed, &g);
	assert_int_equal(aux_of(&f)->duplicate, 3);
	assert_int_equal(aux_of(&f)->lost, 0);
}

/* What differs in one thing only is judged as ever */
static void test_unlike(void **state)
{
	struct bed *bed = *state;
	struct flow f;
	struct gold g;

	flow_open(&f, bed);
	f.l.pt_filter = true;
	memset(f.l.pt_mask, 0, sizeof(f.l.pt_mask));
	f.l.pt_mask[0] = 1 << 8 | 1;
	leg_put(bed, &f.l);
	warm_up(&f);

#define UNLIKE(what, reason)                                                   \
	next(&f, what);                                                        \
	f.r.seq--;                                                             \
	g = side_drop(what, f.in, reason, f.p, 12 + f.voice)

	UNLIKE("another source address", CAROM_R_STRANGER);
	g.in.src = "192.0.2.11";
	gold_run(bed, &g);
	UNLIKE("another source port", CAROM_R_STRANGER);
	g.in.sport++;
	gold_run(bed, &g);
	UNLIKE("another payload type", CAROM_R_PT_FILTER);
	f.p[1] = 9;
	gold_run(bed, &g);
	UNLIKE("RTCP where there is none", CAROM_R_PT_FILTER);
	f.p[1] = 200;
	gold_run(bed, &g);
	UNLIKE("RTP version 1", CAROM_R_NOT_RTP);
	f.p[0] = 0x40;
	gold_run(bed, &g);
	UNLIKE("a fragment", CAROM_R_FRAGMENT);
	memset(&g.charged, 0, sizeof(g.charged));
	g.in.frag = 0x2000;
	g.action = XDP_PASS;
	gold_run(bed, &g);
	UNLIKE("IP options", CAROM_R_IP_OPTIONS);
	memset(&g.charged, 0, sizeof(g.charged));
	g.in.ihl = 6;
	g.action = XDP_PASS;
	gold_run(bed, &g);
	UNLIKE("a port without a leg", CAROM_R_NO_LEG);
	memset(&g.charged, 0, sizeof(g.charged));
	g.in.dport += 10;
	gold_run(bed, &g);
#undef UNLIKE

	g = next(&f, "a checksum left to an offload");
	g.in.sum = SUM_PARTIAL;
	gold_run(bed, &g);
	f.r.pt = 0;
	g = next(&f, "the other payload type that was negotiated");
	gold_run(bed, &g);
	g = next(&f, "the same, by the express lane");
	gold_run(bed, &g);
	assert_express(&f, &g);
	f.r.ssrc++;
	g = next(&f, "another SSRC");
	gold_run(bed, &g);
	assert_int_equal(aux_of(&f)->ssrc_changes, 1);
	assert_int_equal(leg_of(&f)->ssrc, SSRC + 1);
}

/* Up to the MTU of the next hop, and no byte more */
static void test_too_big(void **state)
{
	struct flow f;
	struct gold g;

	flow_start(&f, *state);
	f.voice = 1500 - 20 - 8 - 12;
	g = next(&f, "as long as may be");
	gold_run(f.bed, &g);
	g = next(&f, "as long as may be");
	gold_run(f.bed, &g);
	assert_express(&f, &g);
	f.voice++;
	next(&f, "");
	g = side_drop("a byte more", f.in, CAROM_R_TOO_BIG, f.p, 12 + f.voice);
	gold_run(f.bed, &g);
	f.voice--;
	f.r.seq--;
	g = next(&f, "as if that had not been");
	gold_run(f.bed, &g);
	assert_express(&f, &g);
	assert_int_equal(aux_of(&f)->lost, 0);
}

/* What is no RTP, between RTP: neither disturbs the other */
static void test_between(void **state)
{
	static const enum leg_media mediav[] = {LEG_RTP, LEG_SRTP};
	uint8_t other[64] = {0},
		stun[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
	size_t len = rtcp_build(other, SSRC);
	struct flow f;
	struct gold g;

	for (size_t i = 0; i < ARRAY_SIZE(mediav); i++) {
		bool srtp = mediav[i] == LEG_SRTP;
		uint16_t seq;

		flow_open(&f, *state);
		f.l.media = mediav[i];
		f.l.rtcp_ok = true;
		leg_put(f.bed, &f.l);
		warm_up(&f);
		seq = leg_of(&f)->seq_max;
		g = side_gold("RTCP", f.in, f.out, other, len);
		gold_run(f.bed, &g);
		assert_int_equal(leg_of(&f)->pt, 8);
		g = side_gold("STUN", f.in, f.out, stun, sizeof(stun));
		if (!srtp)
			g = side_drop("STUN", f.in, CAROM_R_STUN, stun,
				      sizeof(stun));
		gold_run(f.bed, &g);
		next(&f, "");
		f.r.seq--;
		g = side_drop("cut short", f.in, CAROM_R_RTP_SHORT, f.p, 11);
		gold_run(f.bed, &g);
		assert_int_equal(leg_of(&f)->seq_max, seq);
		g = next(&f, "and on");
		gold_run(f.bed, &g);
		assert_express(&f, &g);
	}
}

/* RTP of payload type 72, once; with the marker that would be a sender report,
 * whose length may be the next sequence number. It is not RTP's way to go */
static void test_like_rtcp(void **state)
{
	struct flow f;
	struct fp_leg rtcp;
	struct gold g;

	flow_open(&f, *state);
	f.l.rtcp_ok = true;
	f.l.demux = true;
	rtcp = f.l;
	rtcp.demux = false;
	rtcp.media = LEG_RTCP;
	rtcp.local = addr(f.in->local, IN_PORT + 1);
	rtcp.peer_remote = addr(f.out->peer, PEER_PORT + 1);
	leg_put(f.bed, &f.l);
	leg_put(f.bed, &rtcp);
	warm_up(&f);
	f.r.pt = 72;
	for (int i = 0; i < 2; i++) {
		g = next(&f, "payload type 72");
		gold_run(f.bed, &g);
	}
	g = next(&f, "a sender report");
	f.p[1] = 200;
	g.out.dport = PEER_PORT + 1;
	gold_run(f.bed, &g);
	f.r.pt = 8;
	f.r.seq--;
	for (int i = 0; i < 2; i++) {
		g = next(&f, "voice again");
		gold_run(f.bed, &g);
	}
	assert_express(&f, &g);
}

/* The agent's word holds for the next packet */
static void test_agent_speaks(void **state)
{
	struct bed *bed = *state;
	struct flow f;
	struct gold g;
	struct sa sa;

	flow_start(&f, bed);
	sa = f.l.local;
	assert_int_equal(fp_leg_state(bed->fp, &sa, LEG_BLOCKED), 0);
	next(&f, "");
	g = side_drop("blocked", f.in, CAROM_R_BLOCKED, f.p, 12 + f.voice);
	gold_run(bed, &g);
	assert_int_equal(fp_leg_state(bed->fp, &sa, LEG_HELD), 0);
	g = side_drop("held", f.in, CAROM_R_HELD, f.p, 12 + f.voice);
	gold_run(bed, &g);
	assert_int_equal(fp_leg_state(bed->fp, &sa, LEG_FOREIGN), 0);
	g = side_drop("the host's", f.in, -1, f.p, 12 + f.voice);
	g.action = XDP_PASS;
	gold_run(bed, &g);
	assert_int_equal(fp_leg_state(bed->fp, &sa, LEG_RELAY), 0);
	f.r.seq--;
	g = next(&f, "relayed again");
	gold_run(bed, &g);
	assert_express(&f, &g);

	f.out = &sides[SIDE_WAN4];
	f.l.peer_remote = addr(C4, PEER_PORT);
	leg_put(bed, &f.l);
	for (int i = 0; i < 6; i++) {
		g = next(&f, "another peer");
		g.out.dst = C4;
		g.out.dmac = mac_c;
		gold_run(bed, &g);
		if (i == 3)
			grace();
	}
	assert_true(leg_of(&f)->ctl.flags & CTL_EXPRESS);

	f.l.tap = true;
	leg_put(bed, &f.l);
	grace();
	for (int i = 0; i < 3; i++) {
		g = next(&f, "recorded");
		g.out.dst = C4;
		g.out.dmac = mac_c;
		g.notes = NOTE(TAPPED);
		gold_run(bed, &g);
	}
	assert_false(leg_of(&f)->ctl.flags & CTL_EXPRESS);

	assert_int_equal(fp_leg_del(bed->fp, &sa), 0);
	next(&f, "");
	g = side_drop("deleted", f.in, CAROM_R_NO_LEG, f.p, 12 + f.voice);
	memset(&g.charged, 0, sizeof(g.charged));
	gold_run(bed, &g);
}

/* Soon after a rewrite a packet might still be reading the copy before */
static void test_grace(void **state)
{
	struct bed *bed = *state;
	struct flow f;
	struct gold g;

	flow_open(&f, bed);
	leg_put(bed, &f.l);
	/* as if it had been a moment from now */
	bed->fp->aux[leg_of(&f) - bed->fp->legs].flipped += 3600000000000ULL;
	for (int i = 0; i < 5; i++) {
		g = next(&f, "too soon");
		gold_run(bed, &g);
	}
	assert_false(leg_of(&f)->ctl.flags & (CTL_EXPRESS | CTL_FILL));
	bed->fp->aux[leg_of(&f) - bed->fp->legs].flipped -= 3600000000000ULL;
	warm_up(&f);
}

/* While somebody writes the leg's other path, the copy is not made; the one
 * that there is holds until the paths change places */
static void test_busy(void **state)
{
	struct bed *bed = *state;
	struct flow f;
	struct gold g;

	flow_start(&f, bed);
	leg_of(&f)->ctl.flags |= CTL_BUSY;
	g = next(&f, "being written");
	gold_run(bed, &g);
	assert_express(&f, &g);
	leg_of(&f)->ctl.flags = CTL_BUSY;
	for (int i = 0; i < 3; i++) {
		g = next(&f, "without a copy");
		gold_run(bed, &g);
	}
	assert_int_equal(leg_of(&f)->ctl.flags, CTL_BUSY);
	leg_of(&f)->ctl.flags = 0;
	warm_up(&f);
}

/* A byte of the generation says nothing after a long silence */
static void test_silence(void **state)
{
	struct flow f;
	struct gold g;

	flow_start(&f, *state);
	leg_of(&f)->seen -= 5000;
	g = next(&f, "after five seconds");
	gold_run(f.bed, &g);
	assert_false(went_express(&f));
	g = next(&f, "and on");
	gold_run(f.bed, &g);
	assert_express(&f, &g);
}

/* The next hop moves: the agent says so, and the next packet goes there */
static void test_moved(void **state)
{
	static const uint8_t moved[6] = {2, 0xee, 0, 0, 0, 7};
	struct bed *bed = *state;
	struct flow f;
	struct gold g;

	flow_start(&f, bed);
	bed_sh("ip neigh replace %s lladdr 02:ee:00:00:00:07 dev wan "
	       "nud permanent",
	       B4);
	bed_bump(bed);
	for (int i = 0; i < 4; i++) {
		g = next(&f, "moved");
		g.out.dmac = moved;
		gold_run(bed, &g);
	}
	assert_express(&f, &g);
	bed_sh("ip neigh replace %s lladdr %02x:%02x:%02x:%02x:%02x:%02x "
	       "dev wan nud permanent",
	       B4, mac_b[0], mac_b[1], mac_b[2], mac_b[3], mac_b[4], mac_b[5]);
	bed_bump(bed);
	g = next(&f, "moved back");
	gold_run(bed, &g);
}

/* The same with nobody to say so: somebody asks once a second */
static void test_moved_alone(void **state)
{
	static const uint8_t moved[6] = {2, 0xee, 0, 0, 0, 8};
	struct bed *bed = *state;
	struct flow f;
	struct gold g;

	flow_start(&f, bed);
	bed_sh("ip neigh replace %s lladdr 02:ee:00:00:00:08 dev wan "
	       "nud permanent",
	       B4);
	usleep(2200000);
	for (int i = 0; i < 4; i++) {
		g = next(&f, "found out");
		g.out.dmac = moved;
		gold_run(bed, &g);
	}
	assert_express(&f, &g);
	bed_sh("ip neigh replace %s lladdr %02x:%02x:%02x:%02x:%02x:%02x "
	       "dev wan nud permanent",
	       B4, mac_b[0], mac_b[1], mac_b[2], mac_b[3], mac_b[4], mac_b[5]);
	bed_bump(bed);
}

/* The peer turns out to sit elsewhere: what is sent to it follows at once */
static void test_peer_latches(void **state)
{
	struct bed *bed = *state;
	struct fp_leg back;
	struct rtpspec r = {.pt = 8, .seq = 9, .ts = 9, .ssrc = 99};
	uint8_t p[64];
	size_t len = rtp_build(p, &r, 20);
	struct flow f;
	struct gold g;

	flow_start(&f, bed);
	back = leg_plain(
		addr(f.out->local, OUT_PORT), addr(f.out->peer, PEER_PORT),
		addr(f.in->local, IN_PORT), addr(f.in->peer, PEER_PORT));
	back.latch = true;
	back.latch_window = 10000;
	back.follow[0] = f.l.local;
	leg_put(bed, &back);
	g = next(&f, "to where it was signalled");
	gold_run(bed, &g);
	assert_express(&f, &g);

	g = side_gold("the peer, from another port", f.out, f.in, p, len);
	g.in.dport = OUT_PORT;
	g.in.sport = PEER_PORT + 2;
	g.out.sport = IN_PORT;
	g.notes = NOTE(LATCHED);
	gold_run(bed, &g);
	for (int i = 0; i < 5; i++) {
		g = next(&f, "to where it is");
		g.out.dport = PEER_PORT + 2;
		gold_run(bed, &g);
		grace();
	}
	assert_express(&f, &g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_and_figures),
		cmocka_unit_test(test_every_checksum),
		cmocka_unit_test(test_ttl_and_dscp),
		cmocka_unit_test(test_out_of_order),
		cmocka_unit_test(test_unlike),
		cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_between),
		cmocka_unit_test(test_like_rtcp),
		cmocka_unit_test(test_agent_speaks),
		cmocka_unit_test(test_grace),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_moved_alone),
		cmocka_unit_test(test_peer_latches),
	};

	return cmocka_run_group_tests(tests, bed_setup, bed_teardown);
}
