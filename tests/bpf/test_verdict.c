/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is not relayed: passed up untouched, punted with a counted reason, or
 * dropped with one. No frame that stays whole may change by a bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include "sides.h"

static struct side sides[SIDES];
static uint8_t payload[1500];
static size_t paylen;

static void legs(struct bed *bed)
{
	struct fp_leg l4 = side_leg(&sides[SIDE_LAN4], &sides[SIDE_WAN4]);
	struct fp_leg l6 = side_leg(&sides[SIDE_LAN6], &sides[SIDE_WAN6]);
	struct rtpspec r = {.pt = 0, .seq = 1, .ts = 2, .ssrc = 3};

	bed_clear(bed);
	leg_put(bed, &l4);
	leg_put(bed, &l6);
	paylen = rtp_build(payload, &r, 160);
}

static struct gold untouched(const char *what, int reason, int side)
{
	struct gold g = {
		.what = what,
		.in = side_in(&sides[side], payload, paylen),
		.in_dev = sides[side].dev,
		.action = XDP_PASS,
		.reason = reason,
	};

	return g;
}

static void test_other_udp(void **state)
{
	struct gold g;

	legs(*state);
	g = untouched("port below the range", -1, SIDE_LAN4);
	g.in.dport = PORT_MIN - 1;
	gold_run(*state, &g);
	g = untouched("port above the range", -1, SIDE_LAN6);
	g.in.dport = PORT_MAX + 1;
	gold_run(*state, &g);
	g = untouched("another address", -1, SIDE_LAN4);
	g.in.dst = "192.0.2.2";
	gold_run(*state, &g);
	g = untouched("another address", -1, SIDE_LAN6);
	g.in.dst = "2001:db8:1::2";
	gold_run(*state, &g);
	/* the table writes IPv4 so; on the wire nobody's leg takes it */
	g = side_drop("mapped address", &sides[SIDE_LAN6], CAROM_R_STRANGER,
		      payload, paylen);
	g.in.dst = "::ffff:" LAN4;
	g.charged = addr(LAN4, IN_PORT);
	gold_run(*state, &g);
}

/* Length or checksum that only the media plane would mind */
static void test_odd_udp_elsewhere(void **state)
{
	struct gold g;
	struct pkt p;

	legs(*state);
	g = untouched("VXLAN without checksum", -1, SIDE_LAN6);
	g.in.dport = 4789;
	g.in.sum = SUM_ZERO;
	gold_run(*state, &g);
	g = untouched("UDP length 7", -1, SIDE_LAN4);
	g.in.dport = 53;
	pkt_build(&p, &g.in);
	p.b[pkt_l4(&g.in) + 4] = 0;
	p.b[pkt_l4(&g.in) + 5] = 7;
	gold_frames(*state, &g, &p, NULL);
	g.what = "UDP length 65535";
	memset(p.b + pkt_l4(&g.in) + 4, 0xff, 2);
	gold_frames(*state, &g, &p, NULL);
}

static void test_other_protocols(void **state)
{
	static const uint8_t protov[] = {1, 2, 6, 33, 47, 50, 51, 58, 132, 255};
	struct gold g;

	legs(*state);
	for (size_t i = 0; i < ARRAY_SIZE(protov); i++) {
		for (int side = SIDE_LAN4; side <= SIDE_LAN6; side++) {
			g = untouched("another protocol", -1, side);
			g.in.proto = protov[i];
			gold_run(*state, &g);
		}
	}
}

static void test_other_ethertypes(void **state)
{
	static const uint16_t typev[] = {0x0806, 0x88cc, 0x8863, 0x8847,
					 0x0026, 0x0000, 0xffff};
	struct gold g;
	struct pkt p;

	legs(*state);
	for (size_t i = 0; i < ARRAY_SIZE(typev); i++) {
		g = untouched("another EtherType", -1, SIDE_LAN4);
		pkt_build(&p, &g.in);
		p.b[12] = typev[i] >> 8;
		p.b[13] = typev[i] & 0xff;
		gold_frames(*state, &g, &p, NULL);
	}
}

/* Cut off after any byte: never relayed, never changed */
static void test_cut(void **state)
{
	for (int side = 0; side < SIDES; side++) {
		struct fp_leg l;
		size_t l3, l4, want;
		struct gold g;
		struct pkt p;

		legs(*state);
		l = side_leg(&sides[side], &sides[SIDE_WAN4]);
		leg_put(*state, &l);
		g = untouched("cut", 0, side);
		pkt_build(&p, &g.in);
		l3 = pkt_l3(&g.in);
		l4 = pkt_l4(&g.in);
		want = p.len;
		for (p.len = 14; p.len < want; p.len++) {
			/* without its addresses it is nobody's */
			g.reason = p.len < l4 ? -1 : CAROM_R_TRUNCATED;
			assert_true(l3 < l4);
			gold_frames(*state, &g, &p, NULL);
		}
	}
}

static void test_fragments(void **state)
{
	static const uint16_t fragv[] = {0x2000, 0x2001, 0x0001, 0x1fff,
					 0x6000};
	struct gold g;

	legs(*state);
	for (size_t i = 0; i < ARRAY_SIZE(fragv); i++) {
		g = untouched("fragment", CAROM_R_FRAGMENT, SIDE_LAN4);
		g.in.frag = fragv[i];
		gold_run(*state, &g);
	}
	g = untouched("IPv6 fragment", CAROM_R_FRAGMENT, SIDE_LAN6);
	g.in.proto = 44;
	gold_run(*state, &g);
}

static void test_options(void **state)
{
	static const uint8_t headerv[] = {0, 43, 60};
	struct gold g;

	legs(*state);
	for (uint8_t ihl = 6; ihl <= 15; ihl++) {
		g = untouched("IP options", CAROM_R_IP_OPTIONS, SIDE_LAN4);
		g.in.ihl = ihl;
		gold_run(*state, &g);
	}
	for (size_t i = 0; i < ARRAY_SIZE(headerv); i++) {
		struct pkt p;

		g = untouched("extension", CAROM_R_IP_OPTIONS, SIDE_LAN6);
		pkt_build(&p, &g.in);
		p.b[14 + 6] = headerv[i];
		gold_frames(*state, &g, &p, NULL);
	}
}

static void test_vlan_depth(void **state)
{
	struct gold g;
	struct pkt p;

	legs(*state);
	g = untouched("three tags", CAROM_R_VLAN_DEPTH, SIDE_LAN4);
	g.in.vlan[0] = 1;
	g.in.vlan[1] = 2;
	g.in.vlan[2] = 3;
	pkt_build(&p, &g.in);
	gold_frames(*state, &g, &p, NULL);
	g.in.vlan[3] = 4;
	pkt_build(&p, &g.in);
	gold_frames(*state, &g, &p, NULL);
	/* a tag that is cut off is nobody's */
	g = untouched("half a tag", -1, SIDE_LAN4);
	g.in.vlan[0] = 1;
	pkt_build(&p, &g.in);
	for (p.len = 14; p.len < 18; p.len++)
		gold_frames(*state, &g, &p, NULL);
}

static void malformed(struct bed *bed, const char *what, int side, size_t off,
		      uint16_t value)
{
	struct gold g = side_drop(what, &sides[side], CAROM_R_MALFORMED,
				  payload, paylen);
	struct pkt p;

	pkt_build(&p, &g.in);
	p.b[off] = value >> 8;
	p.b[off + 1] = value & 0xff;
	gold_frames(bed, &g, &p, NULL);
}

static void test_malformed(void **state)
{
	size_t l4 = 14 + 20, l6 = 14 + 40;

	legs(*state);
	malformed(*state, "UDP length 0", SIDE_LAN4, l4 + 4, 0);
	malformed(*state, "UDP length 7", SIDE_LAN4, l4 + 4, 7);
	malformed(*state, "UDP longer than IP", SIDE_LAN4, l4 + 4, paylen + 9);
	malformed(*state, "UDP length 65535", SIDE_LAN4, l4 + 4, 0xffff);
	malformed(*state, "IP length 27", SIDE_LAN4, 14 + 2, 27);
	malformed(*state, "IP length 0", SIDE_LAN4, 14 + 2, 0);
	malformed(*state, "version 5", SIDE_LAN4, 14, 0x5500);
	malformed(*state, "header of 16 bytes", SIDE_LAN4, 14, 0x4400);
	malformed(*state, "UDP length 0", SIDE_LAN6, l6 + 4, 0);
	malformed(*state, "UDP longer than IP", SIDE_LAN6, l6 + 4, paylen + 9);
	malformed(*state, "payload length 7", SIDE_LAN6, 14 + 4, 7);
	malformed(*state, "version 4", SIDE_LAN6, 14, 0x4000);
	malformed(*state, "no checksum", SIDE_LAN6, l6 + 6, 0);
}

/* Lengths up to the largest: 16 bits must not wrap */
static void test_claims_more(void **state)
{
	static const uint16_t lenv[] = {201,    1500,   0x8000, 0xffd7,
					0xffd8, 0xfff0, 0xffff};

	legs(*state);
	for (size_t i = 0; i < ARRAY_SIZE(lenv); i++) {
		for (int side = SIDE_LAN4; side <= SIDE_LAN6; side++) {
			size_t off = 14 + (side == SIDE_LAN6 ? 4 : 2);
			struct gold g = untouched("claims more",
						  CAROM_R_TRUNCATED, side);
			struct pkt p;

			pkt_build(&p, &g.in);
			p.b[off] = lenv[i] >> 8;
			p.b[off + 1] = lenv[i] & 0xff;
			gold_frames(*state, &g, &p, NULL);
		}
	}
}

/* Bytes between the end of UDP and that of IP go along */
static void test_udp_shorter_than_ip(void **state)
{
	struct gold g;
	struct pkt in, out;

	legs(*state);
	g = side_gold("slack", &sides[SIDE_LAN4], &sides[SIDE_WAN4], payload,
		      paylen);
	g.in.pad = g.out.pad = 5;
	pkt_build(&in, &g.in);
	pkt_build(&out, &g.out);
	for (int i = 0; i < 2; i++) {
		struct pkt *p = i ? &out : &in;
		uint64_t sum;

		p->b[14 + 3] += 5; /* total length */
		p->b[14 + 10] = p->b[14 + 11] = 0;
		sum = sum_bytes(p->b + 14, 20);
		p->b[14 + 10] = (uint16_t)~sum_fold(sum) >> 8;
		p->b[14 + 11] = ~sum_fold(sum) & 0xff;
	}
	gold_frames(*state, &g, &in, &out);
}

static void test_states(void **state)
{
	struct bed *bed = *state;

	for (int side = SIDE_LAN4; side <= SIDE_LAN6; side++) {
		struct sa local = addr(sides[side].local, IN_PORT);
		struct gold g;

		legs(bed);
		assert_int_equal(fp_leg_state(bed->fp, &local, LEG_BLOCKED), 0);
		g = side_drop("blocked", &sides[side], CAROM_R_BLOCKED, payload,
			      paylen);
		gold_run(bed, &g);
		assert_int_equal(fp_leg_state(bed->fp, &local, LEG_HELD), 0);
		g = side_drop("held", &sides[side], CAROM_R_HELD, payload,
			      paylen);
		gold_run(bed, &g);
		assert_int_equal(fp_leg_state(bed->fp, &local, LEG_RELAY), 0);
		g = side_gold("relayed again", &sides[side],
			      &sides[side + SIDE_WAN4], payload, paylen);
		gold_run(bed, &g);
		assert_int_equal(fp_leg_del(bed->fp, &local), 0);
		g = side_drop("freed", &sides[side], CAROM_R_NO_LEG, payload,
			      paylen);
		gold_run(bed, &g);
		assert_int_equal(fp_leg_state(bed->fp, &local, LEG_RELAY),
				 ENOENT);
	}
}

/* Nobody's ports, at both ends of the range */
static void test_no_leg(void **state)
{
	static const uint16_t portv[] = {PORT_MIN, PORT_MIN + 1, PORT_MAX};

	legs(*state);
	for (size_t i = 0; i < ARRAY_SIZE(portv); i++) {
		for (int side = 0; side < SIDES; side++) {
			struct gold g = side_drop("no leg", &sides[side],
						  CAROM_R_NO_LEG, payload,
						  paylen);

			g.in.dport = portv[i];
			gold_run(*state, &g);
		}
	}
}

static void test_foreign(void **state)
{
	struct bed *bed = *state;
	struct sa sa = addr(LAN4, 0);
	struct gold g;

	legs(bed);
	assert_int_equal(fp_local_foreign(bed->fp, &sa, 30050, 30052), 0);
	for (uint16_t port = 30049; port <= 30053; port++) {
		g = untouched("foreign", -1, SIDE_LAN4);
		g.in.dport = port;
		if (port == 30049 || port == 30053) {
			g.action = XDP_DROP;
			g.reason = CAROM_R_NO_LEG;
		}
		gold_run(bed, &g);
	}
	/* a fragment has no port: it goes up as well */
	g = untouched("fragment", CAROM_R_FRAGMENT, SIDE_LAN4);
	g.in.frag = 0x2000;
	gold_run(bed, &g);
}

/* One port, many addresses: each has its own leg */
static void test_addresses_share_ports(void **state)
{
	struct bed *bed = *state;

	bed_clear(bed);
	for (int i = 0; i < SIDES; i++) {
		struct fp_leg l = side_leg(&sides[i], &sides[(i + 1) % SIDES]);

		leg_put(bed, &l);
	}
	for (int i = 0; i < SIDES; i++) {
		struct gold g = side_gold("own leg", &sides[i],
					  &sides[(i + 1) % SIDES], payload,
					  paylen);

		gold_run(bed, &g);
	}
	for (int i = 0; i < SIDES; i++)
		assert_int_equal(leg_at(bed, sides[i].local, IN_PORT)->packets,
				 1);
}

/* An address that is taken away is the host's again; one that comes back has
 * no legs */
static void test_local_del(void **state)
{
	struct bed *bed = *state;
	struct sa sa = addr(LAN4, 0);
	struct gold g;

	legs(bed);
	assert_int_equal(fp_local_del(bed->fp, &sa), 0);
	g = untouched("not a media address", -1, SIDE_LAN4);
	gold_run(bed, &g);
	g = side_gold("another", &sides[SIDE_LAN6], &sides[SIDE_WAN6], payload,
		      paylen);
	gold_run(bed, &g);
	assert_int_equal(fp_local_add(bed->fp, &sa, PORT_MIN, PORT_MAX, NULL),
			 0);
	g = side_drop("back", &sides[SIDE_LAN4], CAROM_R_NO_LEG, payload,
		      paylen);
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
		cmocka_unit_test(test_other_udp),
		cmocka_unit_test(test_odd_udp_elsewhere),
		cmocka_unit_test(test_other_protocols),
		cmocka_unit_test(test_other_ethertypes),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_vlan_depth),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_claims_more),
		cmocka_unit_test(test_udp_shorter_than_ip),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_no_leg),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_addresses_share_ports),
		cmocka_unit_test(test_local_del),
	};

	return cmocka_run_group_tests(tests, setup, bed_teardown);
}
