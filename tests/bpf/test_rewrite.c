/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a relayed packet looks like: every way from IPv4, IPv6 and a VLAN to
 * the other, every kind of checksum, DSCP, TTL, padding.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include "sides.h"

static struct side sides[SIDES];

/* Metadata that leaves no headroom: 256 less what an xdp_frame takes */
#define META_MAX 216

static uint8_t payload[2048];

static size_t rtp(size_t len)
{
	struct rtpspec r = {.pt = 8, .seq = 7, .ts = 160, .ssrc = 0x11223344};

	return rtp_build(payload, &r, len - 12);
}

static void each_way(struct bed *bed, enum leg_media media, const char *what,
		     size_t len, void (*change)(struct gold *g))
{
	char name[96];

	for (int i = 0; i < SIDES; i++) {
		for (int o = 0; o < SIDES; o++) {
			struct fp_leg l = side_leg(&sides[i], &sides[o]);
			struct gold g;

			snprintf(name, sizeof(name), "%s, %s to %s, %zu bytes",
				 what, sides[i].name, sides[o].name, len);
			g = side_gold(name, &sides[i], &sides[o], payload, len);
			if (change)
				change(&g);
			if (!change || g.reason == CAROM_R_RELAYED)
				g.out = side_out(&sides[o], &g.in);
			l.media = media;
			bed_clear(bed);
			leg_put(bed, &l);
			gold_run(bed, &g);
		}
	}
}

static void test_every_way(void **state)
{
	static const size_t lenv[] = {12, 13, 14, 15, 172, 173, 1200, 1400};

	for (size_t i = 0; i < ARRAY_SIZE(lenv); i++)
		each_way(*state, LEG_RTP, "plain", rtp(lenv[i]), NULL);
}

static void test_opaque_lengths(void **state)
{
	for (size_t len = 0; len < 12; len++)
		each_way(*state, LEG_OTHER, "opaque", len, NULL);
}

static bool is_v6(const struct gold *g)
{
	return strchr(g->in.dst, ':') != NULL;
}

static void fields(struct gold *g)
{
	g->in.id = is_v6(g) ? 0 : 0x4711;
	g->in.frag = is_v6(g) ? 0 : 0x4000;
	g->in.flow = is_v6(g) ? 0xabcde : 0;
	g->in.tos = 0xb9;
}

/* IPv4 ID and DF, IPv6 flow label, DSCP and ECN stay within a family; DSCP
 * and ECN cross over */
static void test_fields_kept(void **state)
{
	each_way(*state, LEG_RTP, "fields", rtp(172), fields);
}

static void zero(struct gold *g)
{
	g->in.sum = SUM_ZERO;
	if (!is_v6(g))
		return;
	g->action = XDP_DROP;
	g->reason = CAROM_R_MALFORMED;
}

/* "None" stays none on IPv4, is computed for IPv6, and is wrong there */
static void test_zero_checksum(void **state)
{
	each_way(*state, LEG_RTP, "no checksum", rtp(172), zero);
	each_way(*state, LEG_RTP, "no checksum", rtp(173), zero);
}

static void partial(struct gold *g)
{
	g->in.sum = SUM_PARTIAL;
}

/* What a local socket behind veth leaves to an offload that never comes */
static void test_partial_checksum(void **state)
{
	static const size_t lenv[] = {12,   13,   172,  173,  503,  504,
				      505,  511,  512,  513,  1015, 1016,
				      1017, 1023, 1024, 1025, 1399, 1400};

	for (size_t i = 0; i < ARRAY_SIZE(lenv); i++)
		each_way(*state, LEG_RTP, "partial", rtp(lenv[i]), partial);
	each_way(*state, LEG_OTHER, "partial", 0, partial);
	each_way(*state, LEG_OTHER, "partial", 1, partial);
}

static void padded_partial(struct gold *g)
{
	g->in.sum = SUM_PARTIAL;
	g->in.pad = 5;
}

/* Bytes behind the packet are no part of its checksum */
static void test_padding(void **state)
{
	each_way(*state, LEG_OTHER, "padded", 3, padded_partial);
}

/* One byte pair of the payload, at an even offset from the UDP header */
static void payload_word(uint16_t v)
{
	payload[12] = v >> 8;
	payload[13] = v & 0xff;
}

static uint16_t check_of(const struct spec *s)
{
	struct pkt p;
	size_t at = pkt_l4(s) + 6;

	pkt_build(&p, s);
	return p.b[at] << 8 | p.b[at + 1];
}

/* A checksum that comes out as 0 is sent as 0xffff */
static void test_result_zero(void **state)
{
	struct bed *bed = *state;

	for (int i = 0; i < SIDES; i++) {
		for (int o = 0; o < SIDES; o++) {
			struct fp_leg l = side_leg(&sides[i], &sides[o]);
			size_t len = rtp(172);
			struct gold g;

			payload_word(0);
			g = side_gold("result 0", &sides[i], &sides[o], payload,
				      len);
			payload_word(check_of(&g.out));
			assert_int_equal(check_of(&g.out), 0xffff);
			bed_clear(bed);
			leg_put(bed, &l);
			gold_run(bed, &g);
			g.in.sum = SUM_PARTIAL;
			gold_run(bed, &g);
		}
	}
}

/* A right checksum that looks like a partial one by chance */
static void test_looks_partial(void **state)
{
	struct bed *bed = *state;
	struct fp_leg l = side_leg(&sides[SIDE_LAN4], &sides[SIDE_WAN6]);
	size_t len = rtp(172);
	struct gold g;
	uint16_t pseudo;

	payload_word(0);
	g = side_gold("looks partial", &sides[SIDE_LAN4], &sides[SIDE_WAN6],
		      payload, len);
	g.in.sum = SUM_PARTIAL;
	pseudo = check_of(&g.in);
	g.in.sum = SUM_RIGHT;
	/* right = ~(rest + word): the word that makes it `pseudo` */
	payload_word(sum_fold((uint64_t)check_of(&g.in) + (uint16_t)~pseudo));
	assert_int_equal(check_of(&g.in), pseudo);
	bed_clear(bed);
	leg_put(bed, &l);
	gold_run(bed, &g);
}

/* A wrong checksum leaves as wrong as it came: nobody launders it */
static void test_wrong_checksum(void **state)
{
	struct bed *bed = *state;
	size_t len = rtp(173);

	for (int i = 0; i < SIDES; i++) {
		for (int o = 0; o < SIDES; o++) {
			struct fp_leg l = side_leg(&sides[i], &sides[o]);
			struct spec s = side_in(&sides[i], payload, len);
			struct pkt in, out;
			uint16_t err;

			s.sum = SUM_WRONG;
			pkt_build(&in, &s);
			err = udp_verify(in.b + pkt_l3(&s));
			assert_int_not_equal(err, 0);
			bed_clear(bed);
			leg_put(bed, &l);
			assert_int_equal(bed_run(bed, sides[i].dev, &in, &out),
					 side_action(&sides[i], &sides[o]));
			s = side_out(&sides[o], &s);
			assert_int_equal(udp_verify(out.b + pkt_l3(&s)), err);
		}
	}
}

/* The same for IPv4's header: what can't stay wrong, in IPv6, is dropped */
static void test_wrong_ip_checksum(void **state)
{
	struct bed *bed = *state;
	size_t len = rtp(172);

	for (int o = 0; o < SIDES; o++) {
		struct fp_leg l = side_leg(&sides[SIDE_LAN4], &sides[o]);
		struct gold g = side_gold("wrong header checksum",
					  &sides[SIDE_LAN4], &sides[o], payload,
					  len);
		struct pkt in, out;
		const uint8_t *ip;

		bed_clear(bed);
		leg_put(bed, &l);
		pkt_build(&in, &g.in);
		in.b[14 + 10] ^= 0x10;
		if (side_v6(&sides[o])) {
			g.action = XDP_DROP;
			g.reason = CAROM_R_MALFORMED;
			gold_frames(bed, &g, &in, NULL);
			/* nor does it count as one of the leg's */
			assert_int_equal(leg_at(bed, LAN4, IN_PORT)->packets,
					 0);
			continue;
		}
		assert_int_equal(bed_run(bed, bed->lan, &in, &out), g.action);
		ip = out.b + pkt_l3(&g.out);
		assert_int_equal(sum_fold(sum_bytes(ip, 20)),
				 sum_fold(sum_bytes(in.b + 14, 20)));
	}
}

static void test_dscp(void **state)
{
	struct bed *bed = *state;
	size_t len = rtp(172);

	for (int i = 0; i < SIDES; i++) {
		for (int o = 0; o < SIDES; o++) {
			struct fp_leg l = side_leg(&sides[i], &sides[o]);
			struct gold g = side_gold("DSCP", &sides[i], &sides[o],
						  payload, len);

			g.in.tos = 0x03;
			g.in.flow = side_v6(&sides[i]) ? 0xfffff : 0;
			g.out = side_out(&sides[o], &g.in);
			g.out.tos = 46 << 2 | 0x03;
			l.dscp = 46;
			bed_clear(bed);
			leg_put(bed, &l);
			gold_run(bed, &g);
			l.dscp = 0;
			g.in.tos = 0xff;
			g.out.tos = 0x03;
			leg_put(bed, &l);
			gold_run(bed, &g);
		}
	}
}

static void test_ttl(void **state)
{
	struct bed *bed = *state;
	size_t len = rtp(172);

	for (int i = 0; i < SIDES; i++) {
		for (int o = 0; o < SIDES; o++) {
			struct fp_leg l = side_leg(&sides[i], &sides[o]);
			struct gold g = side_gold("TTL", &sides[i], &sides[o],
						  payload, len);

			bed_clear(bed);
			leg_put(bed, &l);
			g.in.ttl = 1; /* set, not forwarded: may be any */
			gold_run(bed, &g);
			fp_set_ttl(bed->fp, 255);
			g.out.ttl = 255;
			gold_run(bed, &g);
			fp_set_ttl(bed->fp, 0);
			g.in.ttl = 2;
			g.out.ttl = 1;
			gold_run(bed, &g);
			g.in.ttl = 1;
			g.action = XDP_DROP;
			g.reason = CAROM_R_TTL;
			gold_run(bed, &g);
		}
	}
}

/* A frame of 60 bytes holds more than its packet */
static void test_short_frame_padding(void **state)
{
	struct bed *bed = *state;
	struct fp_leg l = side_leg(&sides[SIDE_LAN4], &sides[SIDE_WAN4]);
	struct gold g = side_gold("60 bytes", &sides[SIDE_LAN4],
				  &sides[SIDE_WAN4], payload, rtp(13));

	g.in.pad = g.out.pad = 60 - (14 + 20 + 8 + 13);
	bed_clear(bed);
	leg_put(bed, &l);
	gold_run(bed, &g);
	g.in.sum = SUM_PARTIAL;
	gold_run(bed, &g);
}

/* Two tags come in, one or none leaves; the outer may be 802.1ad */
static void test_qinq(void **state)
{
	struct bed *bed = *state;
	size_t len = rtp(172);

	for (int i = 0; i < SIDES; i++) {
		for (int o = 0; o < SIDES; o++) {
			struct fp_leg l = side_leg(&sides[i], &sides[o]);
			struct gold g = side_gold("QinQ", &sides[i], &sides[o],
						  payload, len);

			bed_clear(bed);
			leg_put(bed, &l);
			g.in.vlan[0] = 100;
			g.in.vlan[1] = 5;
			gold_run(bed, &g);
			g.in.tpid = 0x88a8;
			gold_run(bed, &g);
			g.in.vlan[1] = 0;
			gold_run(bed, &g);
		}
	}
}

/* The driver left no room, be it for a longer header or for a tag: the frame
 * goes up as it came */
static void test_headroom(void **state)
{
	static const int outv[] = {SIDE_WAN6, SIDE_TAG4, SIDE_TAG6};
	struct bed *bed = *state;

	if (!bed_scarce(bed, META_MAX))
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(outv); i++) {
		const struct side *in = &sides[SIDE_LAN4];
		const struct side *out = &sides[outv[i]];
		struct fp_leg l = side_leg(in, out);
		struct gold g = side_gold(out->name, in, out, payload,
					  rtp(172));

		bed_clear(bed);
		leg_put(bed, &l);
		g.action = XDP_PASS;
		g.reason = CAROM_R_HEADROOM;
		gold_run(bed, &g);
		assert_int_equal(leg_at(bed, LAN4, IN_PORT)->packets, 0);
	}
	bed->meta = 0;
}

/* Sequence number, timestamp and SSRC are part of the checksum */
static void test_ssrc_checksum(void **state)
{
	static const enum pkt_sum sumv[] = {SUM_RIGHT, SUM_PARTIAL};
	struct rtpspec r = {.pt = 8, .seq = 7, .ts = 160, .ssrc = 0xcafef00d};
	struct bed *bed = *state;
	uint8_t sent[256];
	size_t len = rtp(173);

	rtp_build(sent, &r, len - 12);
	for (int i = 0; i < SIDES; i++) {
		for (int o = 0; o < SIDES; o++) {
			struct fp_leg l = side_leg(&sides[i], &sides[o]);
			struct gold g = side_gold("SSRC", &sides[i], &sides[o],
						  payload, len);

			l.ssrc_rewrite = true;
			l.ssrc_out = r.ssrc;
			g.out.payload = sent;
			bed_clear(bed);
			leg_put(bed, &l);
			for (size_t k = 0; k < ARRAY_SIZE(sumv); k++) {
				g.in.sum = sumv[k];
				gold_run(bed, &g);
			}
		}
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
		cmocka_unit_test(test_every_way),
		cmocka_unit_test(test_opaque_lengths),
		cmocka_unit_test(test_fields_kept),
		cmocka_unit_test(test_zero_checksum),
		cmocka_unit_test(test_partial_checksum),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_result_zero),
		cmocka_unit_test(test_looks_partial),
		cmocka_unit_test(test_wrong_checksum),
		cmocka_unit_test(test_wrong_ip_checksum),
		cmocka_unit_test(test_dscp),
		cmocka_unit_test(test_ttl),
		cmocka_unit_test(test_short_frame_padding),
		cmocka_unit_test(test_qinq),
		cmocka_unit_test(test_headroom),
		cmocka_unit_test(test_ssrc_checksum),
	};

	return cmocka_run_group_tests(tests, setup, bed_teardown);
}
