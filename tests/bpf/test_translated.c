/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RTCP beside streams whose SSRC the kernel rewrites: its bytes on the way out. Golden
 * packets by hand, and thousands by chance, against what the agent's bridge makes of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "rtp/translate.h"
#include "sides.h"

enum {
	A_SSRC = 0x000a000a, /* as the party at lan has it */
	A_OUT = 0x0a0a0a0a,  /* as the one at wan does      */
	B_SSRC = 0x000b000b,
	B_OUT = 0x0b0b0b0b,
	RTCP_PORT = 1, /* behind RTP's */
	ROUNDS = 4000,
};

static struct side sides[SIDES];
static uint8_t in[2048], out[2048];

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static void put_head(uint8_t *p, unsigned count, uint8_t type, size_t bytes)
{
	put32(p, 0x80000000u | count << 24 | (uint32_t)type << 16 |
			 (uint32_t)(bytes / 4 - 1));
}

/* ---- a call ---------------------------------------------------------------- */

struct call {
	const struct side *a, *b;
	struct fp_leg rtp[2], rtcp[2]; /* 0: from a, at its side */
	uint16_t seq_off[2];
	uint32_t ts_off[2];
};

static struct sa behind(struct sa sa)
{
	sa_set_port(&sa, (uint16_t)(sa_port(&sa) + RTCP_PORT));

	return sa;
}

static void told(struct fp_leg *l, const struct fp_leg *own,
		 const struct fp_leg *other)
{
	l->said = own->local;
	l->heard = other->local;
}

/* Legs both ways. Each party's stream has begun anew once, so that numbers, too, change */
static void call_up(struct bed *bed, struct call *c, const struct side *a,
		    const struct side *b, bool mux)
{
	bed_clear(bed);
	memset(c, 0, sizeof(*c));
	c->a = a;
	c->b = b;
	c->rtp[0] = side_leg(a, b);
	c->rtp[1] = leg_plain(addr(b->local, OUT_PORT),
			      addr(b->peer, PEER_PORT), addr(a->local, IN_PORT),
			      addr(a->peer, PEER_PORT));
	for (unsigned i = 0; i < 2; i++) {
		struct fp_leg *l = &c->rtp[i], *r = &c->rtcp[i];

		l->ssrc_rewrite = true;
		l->ssrc_out = i ? B_OUT : A_OUT;
		l->rtcp_ok = mux;
		if (mux)
			told(l, l, &c->rtp[!i]);
		*r = *l;
		r->media = LEG_RTCP;
		r->ssrc_rewrite = false;
		r->local = behind(l->local);
		r->remote = behind(l->remote);
		r->peer_local = behind(l->peer_local);
		r->peer_remote = behind(l->peer_remote);
		told(r, l, &c->rtp[!i]);
	}
	for (unsigned i = 0; i < 2; i++) {
		leg_put(bed, &c->rtp[i]);
		if (!mux)
			leg_put(bed, &c->rtcp[i]);
	}
}

/* RTP of a (0) or b (1) */
static void speak(struct bed *bed, const struct call *c, unsigned i,
		  uint32_t ssrc, uint16_t seq, uint32_t ts)
{
	const struct rtpspec r = {.seq = seq, .ts = ts, .ssrc = ssrc};
	const struct side *from = i ? c->b : c->a;
	struct pkt pkt, got;
	struct spec s;
	uint8_t p[64];

	s = side_in(from, p, rtp_build(p, &r, 20));
	s.dport = i ? OUT_PORT : IN_PORT;
	pkt_build(&pkt, &s);
	assert_in_range(bed_run(bed, from->dev, &pkt, &got), XDP_TX,
			XDP_REDIRECT);
}

static void offsets(struct bed *bed, struct call *c)
{
	struct fp_stream st;

	speak(bed, c, 0, 0x77, 65530, 5000);
	speak(bed, c, 0, A_SSRC, 100, 9000);
	speak(bed, c, 1, 0x78, 7, 4000000000u);
	speak(bed, c, 1, B_SSRC, 60000, 3);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(fp_leg_stream(bed->fp, &c->rtp[i].local, &st),
				 0);
		assert_true(st.active);
		assert_int_equal(st.ssrc_in, i ? B_SSRC : A_SSRC);
		c->seq_off[i] = st.seq_off;
		c->ts_off[i] = st.ts_off;
	}
	assert_int_equal(c->seq_off[0], (uint16_t)(65531 - 100));
}

static struct gold passing(const char *what, const struct call *c, bool mux,
			   size_t n, enum pkt_sum sum)
{
	struct gold g = side_gold(what, c->a, c->b, in, n);

	g.in.sum = sum;
	g.out = side_out(c->b, &g.in);
	if (!mux) {
		g.in.sport++;
		g.in.dport++;
		g.out.sport++;
		g.out.dport++;
	}
	g.out.payload = out;

	return g;
}

/* ---- by hand ----------------------------------------------------------------- */

/* SR with a block, SDES, NACK, PLI, FIR, REMB, BYE: of a, which hears b */
static size_t build(uint8_t *p, const struct call *c, bool after)
{
	const uint32_t own = after ? A_OUT : A_SSRC;
	const uint32_t heard = after ? B_SSRC : B_OUT;
	const uint32_t ts = 9000 + (after ? c->ts_off[0] : 0);
	const uint32_t ext = 0x20000u + 1234 -
			     (after ? (uint32_t)(int16_t)c->seq_off[1] : 0);
	const uint16_t nack = (uint16_t)(1234 - (after ? c->seq_off[1] : 0));
	uint8_t *q = p;

	memset(p, 0, 512);
	put_head(q, 2, 200, 28 + 48);
	put32(q + 4, own);
	put32(q + 8, 0xe0000000);
	put32(q + 16, ts);
	put32(q + 28, heard);
	put32(q + 36, ext);
	put32(q + 52, 0x99); /* somebody else's */
	put32(q + 60, 0x20000u + 1234);
	q += 28 + 48;
	put_head(q, 2, 202, 24);
	put32(q + 4, own);
	memcpy(q + 8, "\1\2me", 4);
	put32(q + 16, 0x99);
	q += 24;
	put_head(q, 1, 205, 16);
	put32(q + 4, own);
	put32(q + 8, heard);
	put32(q + 12, (uint32_t)nack << 16 | 0x8001);
	q += 16;
	put_head(q, 1, 206, 12); /* PLI */
	put32(q + 4, own);
	put32(q + 8, heard);
	q += 12;
	put_head(q, 4, 206, 20); /* FIR */
	put32(q + 4, own);
	put32(q + 12, heard);
	put32(q + 16, 0x01000000);
	q += 20;
	put_head(q, 15, 206, 24);
	put32(q + 4, own);
	memcpy(q + 12, "REMB", 4);
	put32(q + 16, 0x01001234);
	put32(q + 20, heard);
	q += 24;
	put_head(q, 15, 205, 20); /* TWCC: no SSRC but those in front */
	put32(q + 4, own);
	put32(q + 8, heard);
	put32(q + 12, 0x00010001);
	q += 20;
	put_head(q, 1, 203, 8);
	put32(q + 4, own);

	return (size_t)(q + 8 - p);
}

static void test_golden(void **state)
{
	static const enum pkt_sum sumv[] = {SUM_RIGHT, SUM_ZERO, SUM_PARTIAL};
	struct bed *bed = *state;

	for (int i = 0; i < SIDES; i++) {
		for (int o = 0; o < SIDES; o++) {
			struct call c;

			if (i == o)
				continue;
			for (unsigned k = 0; k < 2 * ARRAY_SIZE(sumv); k++) {
				const bool mux = k & 1;
				const enum pkt_sum sum = sumv[k / 2];
				struct gold g;
				size_t n;

				if (sum == SUM_ZERO && side_v6(&sides[i]))
					continue;
				call_up(bed, &c, &sides[i], &sides[o], mux);
				offsets(bed, &c);
				n = build(in, &c, false);
				assert_int_equal(build(out, &c, true), n);
				g = passing(mux ? "muxed" : "on its own port",
					    &c, mux, n, sum);
				gold_run(bed, &g);
			}
		}
	}
}

/* A checksum that was wrong is as wrong as it was: nothing is healed by us */
static void test_wrong_sum(void **state)
{
	struct bed *bed = *state;
	struct pkt pkt, got;
	struct call c;
	struct gold g;

	call_up(bed, &c, &sides[SIDE_LAN4], &sides[SIDE_WAN4], true);
	offsets(bed, &c);
	g = passing("wrong", &c, true, build(in, &c, false), SUM_WRONG);
	pkt_build(&pkt, &g.in);
	assert_int_equal(bed_run(bed, sides[SIDE_LAN4].dev, &pkt, &got),
			 XDP_REDIRECT);
	assert_int_not_equal(udp_verify(pkt.b + pkt_l3(&g.in)), 0);
	assert_int_equal(udp_verify(got.b + pkt_l3(&g.out)),
			 udp_verify(pkt.b + pkt_l3(&g.in)));
}

/* RTCP on a port of its own at one side alone */
static void test_demux(void **state)
{
	struct bed *bed = *state;
	struct call c;
	struct gold g;
	size_t n;

	call_up(bed, &c, &sides[SIDE_LAN4], &sides[SIDE_WAN4], false);
	c.rtp[0].rtcp_ok = c.rtp[0].demux = true;
	leg_put(bed, &c.rtp[0]);
	offsets(bed, &c);
	n = build(in, &c, false);
	(void)build(out, &c, true);
	g = passing("demuxed", &c, true, n, SUM_RIGHT);
	g.out.sport++;
	g.out.dport++;
	gold_run(bed, &g);
}

/* Nobody's SSRC is changed: not a byte is */
static void test_untold(void **state)
{
	struct bed *bed = *state;
	struct call c;
	struct gold g;
	size_t n;

	call_up(bed, &c, &sides[SIDE_LAN4], &sides[SIDE_WAN4], false);
	/* nothing was sent yet: nothing is known to be renamed */
	n = build(in, &c, false);
	memcpy(out, in, n);
	g = passing("before RTP", &c, false, n, SUM_RIGHT);
	gold_run(bed, &g);
	offsets(bed, &c);
	sa_init(&c.rtcp[0].said, AF_UNSPEC);
	sa_init(&c.rtcp[0].heard, AF_UNSPEC);
	leg_put(bed, &c.rtcp[0]);
	gold_run(bed, &g);
	/* its own stream alone */
	c.rtcp[0].said = c.rtp[0].local;
	leg_put(bed, &c.rtcp[0]);
	put32(out + 4, A_OUT);
	put32(out + 16, 9000 + c.ts_off[0]);
	n = 76;
	put_head(in, 2, 200, n);
	g = passing("what it says", &c, false, n, SUM_RIGHT);
	gold_run(bed, &g);
}

/* Out by one leg of ours and in by another, at once: each has its say */
static void test_behind(void **state)
{
	struct bed *bed = *state;
	const struct side *a = &sides[SIDE_LAN4], *b = &sides[SIDE_WAN4];
	struct fp_leg first = side_leg(a, b), second;
	struct call c = {.a = a, .b = b};
	struct fp_stream st;
	struct gold g;

	/* first: a to our port at wan; second: from there to b */
	first.peer_remote = addr(b->local, IN_PORT);
	first.ssrc_rewrite = true;
	first.ssrc_out = 0x11111111;
	first.rtcp_ok = true;
	first.said = first.local;
	second = leg_plain(addr(b->local, IN_PORT), addr(b->local, OUT_PORT),
			   addr(b->local, OUT_PORT + 10),
			   addr(b->peer, PEER_PORT));
	second.ssrc_rewrite = true;
	second.ssrc_out = A_OUT;
	second.rtcp_ok = true;
	second.said = second.local;
	bed_clear(bed);
	leg_put(bed, &first);
	leg_put(bed, &second);
	speak(bed, &c, 0, A_SSRC, 100, 9000);
	assert_int_equal(fp_leg_stream(bed->fp, &second.local, &st), 0);
	assert_int_equal(st.ssrc_in, 0x11111111);
	memset(in, 0, 8);
	put_head(in, 0, 201, 8);
	memcpy(out, in, 8);
	put32(in + 4, A_SSRC);
	put32(out + 4, A_OUT);
	g = passing("behind another leg", &c, true, 8, SUM_RIGHT);
	g.out.sport = OUT_PORT + 10;
	gold_run(bed, &g);
}

/* ---- by chance ----------------------------------------------------------------- */

static uint32_t any_ssrc(void)
{
	static const uint32_t v[] = {A_SSRC, A_OUT, B_SSRC, B_OUT, 0x99, 0};

	return v[(size_t)rand() % ARRAY_SIZE(v)];
}

static size_t any_packet(uint8_t *p, size_t room)
{
	static const uint8_t fmtv[] = {0, 1, 4, 15, 2, 31};
	size_t words = 1 + (size_t)rand() % 24, n;

	if (words * 4 > room)
		words = room / 4;
	n = words * 4;
	for (size_t i = 4; i < n; i += 4)
		put32(p + i, rand() & 3 ? any_ssrc() : (uint32_t)rand());
	if (n > 16 && !(rand() & 3))
		memcpy(p + 12, "REMB", 4);
	put_head(p, fmtv[(size_t)rand() % ARRAY_SIZE(fmtv)],
		 (uint8_t)(199 + rand() % 10), n);
	if (!(rand() & 31)) /* its length is a lie */
		p[3] = (uint8_t)rand();
	if (!(rand() & 63))
		p[0] = (uint8_t)rand();
	if (p[1] == 202) /* items of a few bytes */
		for (size_t i = 8; i < n; i++)
			p[i] = (uint8_t)(rand() % 5);

	return n;
}

static void test_random(void **state)
{
	struct bed *bed = *state;
	struct call c;

	call_up(bed, &c, &sides[SIDE_LAN4], &sides[SIDE_WAN4], false);
	offsets(bed, &c);
	srand(1);
	for (unsigned i = 0; i < ROUNDS; i++) {
		const struct rtcp_map said = {true, A_SSRC, A_OUT, c.seq_off[0],
					      c.ts_off[0]};
		const struct rtcp_map heard = {true, B_SSRC, B_OUT,
					       c.seq_off[1], c.ts_off[1]};
		size_t n = rtcp_build(in, any_ssrc());
		struct gold g;

		while (n < 1300 && rand() % 5)
			n += any_packet(in + n, 1300 - n);
		n += i & 3; /* and something behind that is no packet */
		memcpy(out, in, n);
		rtcp_translate(out, n, &said, &heard);
		g = passing("by chance", &c, false, n, SUM_RIGHT);
		gold_run(bed, &g);
	}
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
		cmocka_unit_test(test_golden), cmocka_unit_test(test_wrong_sum),
		cmocka_unit_test(test_demux),  cmocka_unit_test(test_untold),
		cmocka_unit_test(test_behind), cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, setup, bed_teardown);
}
