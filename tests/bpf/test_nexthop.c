/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a packet goes next: neighbours and routes that move, with an agent and
 * without; none at all; MTU; devices; legs of this host that are each other's
 * peers; and once over a real wire.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <cmocka.h>
#include "sides.h"

static struct side sides[SIDES];
static uint8_t payload[2000];

static const uint8_t mac_moved[6] = {2, 0, 0, 0, 9, 9};

static size_t rtp(size_t len)
{
	struct rtpspec r = {.pt = 8, .seq = 1, .ts = 2, .ssrc = 3};

	return rtp_build(payload, &r, len - 12);
}

static struct gold relayed(struct bed *bed, int from, int to)
{
	struct fp_leg l = side_leg(&sides[from], &sides[to]);

	bed_clear(bed);
	leg_put(bed, &l);
	return side_gold("next hop", &sides[from], &sides[to], payload,
			 rtp(172));
}

static void dropped(struct gold *g, const char *what, int reason)
{
	g->what = what;
	g->action = XDP_DROP;
	g->reason = reason;
	g->charged = addr(g->in.dst, IN_PORT);
}

static void wan_neigh(const struct side *s, const char *mac)
{
	bed_sh("ip neigh replace %s dev wan lladdr %s nud permanent", s->peer,
	       mac);
}

static void test_neighbour_moves(void **state)
{
	struct bed *bed = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		const struct side *to = &sides[SIDE_WAN4 + v6];
		struct gold g = relayed(bed, SIDE_LAN4 + v6, SIDE_WAN4 + v6);

		g.notes = NOTE(NH_REFRESH);
		gold_run(bed, &g);
		g.notes = 0;
		gold_run(bed, &g);
		wan_neigh(to, "02:00:00:00:09:09");
		bed_bump(bed);
		g.notes = NOTE(NH_REFRESH);
		g.out.dmac = mac_moved;
		gold_run(bed, &g);
		wan_neigh(to, "02:00:00:00:02:20");
		bed_bump(bed);
		g.out.dmac = mac_b;
		gold_run(bed, &g);
	}
}

/* Nobody bumps: time does */
static void test_heals_without_agent(void **state)
{
	struct bed *bed = *state;
	struct gold g = relayed(bed, SIDE_LAN4, SIDE_WAN4);

	gold_run(bed, &g);
	wan_neigh(&sides[SIDE_WAN4], "02:00:00:00:09:09");
	sys_msleep(1200);
	g.out.dmac = mac_moved;
	gold_run(bed, &g);
	wan_neigh(&sides[SIDE_WAN4], "02:00:00:00:02:20");
	sys_msleep(1200);
	g.out.dmac = mac_b;
	gold_run(bed, &g);
}

static void test_route_moves(void **state)
{
	struct bed *bed = *state;
	struct gold g = relayed(bed, SIDE_LAN4, SIDE_WAN4);
	struct spec direct = g.out;

	gold_run(bed, &g);
	bed_sh("ip route add " B4 "/32 via " T4 " dev tag");
	bed_bump(bed);
	g.out.vlan[0] = TAG_ID;
	g.out.dmac = mac_t;
	g.out.smac = bed->mac_tag;
	gold_run(bed, &g);
	bed_sh("ip route replace " B4 "/32 via " A4 " dev lan");
	bed_bump(bed);
	g.action = XDP_TX;
	g.out.vlan[0] = 0;
	g.out.dmac = mac_a;
	g.out.smac = bed->mac_lan;
	gold_run(bed, &g);
	bed_sh("ip route del " B4 "/32");
	bed_bump(bed);
	g.action = XDP_REDIRECT;
	g.out = direct;
	gold_run(bed, &g);
}

/* The source address decides where there are rules */
static void test_source_rule(void **state)
{
	struct bed *bed = *state;
	struct gold g = relayed(bed, SIDE_LAN4, SIDE_WAN4);

	bed_sh("ip rule add from " WAN4 " lookup 77 && "
	       "ip route add " B4 " via " T4 " dev tag table 77");
	bed_bump(bed);
	g.out.vlan[0] = TAG_ID;
	g.out.dmac = mac_t;
	g.out.smac = bed->mac_tag;
	gold_run(bed, &g);
	bed_sh("ip rule del from " WAN4 " lookup 77");
}

/* A neighbour that is lost for a while: the last good one serves */
static void test_neighbour_lost(void **state)
{
	struct bed *bed = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		const struct side *to = &sides[SIDE_WAN4 + v6];
		struct gold g = relayed(bed, SIDE_LAN4 + v6, SIDE_WAN4 + v6);

		gold_run(bed, &g);
		bed_sh("ip neigh del %s dev wan", to->peer);
		bed_bump(bed);
		g.notes = NOTE(NH_STALE) | NOTE(NH_REFRESH);
		gold_run(bed, &g);
		/* a leg that never had it can't know */
		g = relayed(bed, SIDE_LAN4 + v6, SIDE_WAN4 + v6);
		dropped(&g, "no neighbour", CAROM_R_NO_NEIGH);
		gold_run(bed, &g);
		wan_neigh(to, "02:00:00:00:02:20");
		g = relayed(bed, SIDE_LAN4 + v6, SIDE_WAN4 + v6);
		gold_run(bed, &g);
	}
}

static void test_no_route(void **state)
{
	static const char *const kindv[] = {"unreachable", "prohibit",
					    "blackhole"};
	struct bed *bed = *state;
	struct gold g = relayed(bed, SIDE_LAN4, SIDE_WAN4);

	for (size_t i = 0; i < ARRAY_SIZE(kindv); i++) {
		struct gold no = g;

		bed_sh("ip route add %s " B4 "/32", kindv[i]);
		bed_bump(bed);
		dropped(&no, kindv[i], CAROM_R_NO_ROUTE);
		gold_run(bed, &no);
		gold_run(bed, &no);
		bed_sh("ip route del %s " B4 "/32", kindv[i]);
		bed_bump(bed);
		gold_run(bed, &g);
	}
	for (int v6 = 0; v6 < 2; v6++) {
		struct fp_leg l = side_leg(&sides[SIDE_LAN4 + v6],
					   &sides[SIDE_WAN4 + v6]);

		l.peer_remote = addr(v6 ? "2001:db8:ffff::1" : "192.0.3.1", 9);
		leg_put(bed, &l);
		g = side_drop("nowhere", &sides[SIDE_LAN4 + v6],
			      CAROM_R_NO_ROUTE, payload, rtp(172));
		gold_run(bed, &g);
	}
	/* this host, but no media address of it */
	bed_sh("ip addr add 192.0.2.99/32 dev lan");
	{
		struct fp_leg l = side_leg(&sides[SIDE_LAN4],
					   &sides[SIDE_WAN4]);

		l.peer_remote = addr("192.0.2.99", 30000);
		leg_put(bed, &l);
		g = side_drop("the host itself", &sides[SIDE_LAN4],
			      CAROM_R_NO_ROUTE, payload, rtp(172));
		gold_run(bed, &g);
	}
	bed_sh("ip addr del 192.0.2.99/32 dev lan");
}

static int tx_ports(struct bed *bed)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%d/tx_ports", bed->pin,
		 CAROM_LAYOUT_VERSION);
	fd = bpf_obj_get(path);
	assert_true(fd >= 0);
	return fd;
}

static void test_no_device(void **state)
{
	struct bed *bed = *state;
	struct gold g = relayed(bed, SIDE_LAN4, SIDE_WAN4), no = g;
	struct fp_leg l = side_leg(&sides[SIDE_LAN4], &sides[SIDE_WAN4]);
	const struct leg *leg = leg_at(bed, LAN4, IN_PORT);
	struct device d;
	__u32 key = bed->wan;
	int fd = tx_ports(bed);

	/* a device that we never took */
	l.peer_remote = addr("198.51.100.140", 9);
	leg_put(bed, &l);
	dropped(&no, "not attached", CAROM_R_NO_DEVICE);
	gold_run(bed, &no);
	assert_int_equal(leg->packets, 0);

	/* one that went away while it was in the cache */
	l.peer_remote = addr(B4, PEER_PORT);
	leg_put(bed, &l);
	gold_run(bed, &g);
	assert_int_equal(bpf_map_lookup_elem(bed->fp->devices_fd, &key, &d), 0);
	assert_int_equal(bpf_map_delete_elem(fd, &d.port), 0);
	no.what = "gone from tx_ports";
	gold_run(bed, &no);
	assert_int_equal(leg->packets, 1);
	assert_int_equal(bpf_map_update_elem(fd, &d.port, &key, 0), 0);
	gold_run(bed, &g);
	assert_int_equal(leg->packets, 2);
	close(fd);
}

static void test_mtu(void **state)
{
	static const struct {
		int from, to;
		size_t fits; /* payload */
	} casev[] = {
		{SIDE_LAN4, SIDE_WAN4, 1500 - 28},
		{SIDE_LAN6, SIDE_WAN6, 1500 - 48},
		{SIDE_LAN4, SIDE_WAN6, 1500 - 48},
		{SIDE_LAN6, SIDE_WAN4, 1500 - 28},
		{SIDE_LAN4, SIDE_TAG4, 1500 - 28},
		{SIDE_LAN4, SIDE_LAN4, 1500 - 28},
	};
	struct bed *bed = *state;

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		struct gold g = relayed(bed, casev[i].from, casev[i].to);

		g.in.paylen = g.out.paylen = rtp(casev[i].fits);
		gold_run(bed, &g);
		g.in.paylen++;
		dropped(&g, "one byte more", CAROM_R_TOO_BIG);
		gold_run(bed, &g);
	}
}

static void test_route_mtu(void **state)
{
	struct bed *bed = *state;
	struct gold g;

	bed_sh("ip route add " C4 "/32 dev wan mtu lock 1000");
	for (size_t len = 1000 - 28; len <= 1001 - 28; len++) {
		struct fp_leg l;

		g = relayed(bed, SIDE_LAN4, SIDE_WAN4);
		l = side_leg(&sides[SIDE_LAN4], &sides[SIDE_WAN4]);
		l.peer_remote = addr(C4, PEER_PORT);
		leg_put(bed, &l);
		g.out.dst = C4;
		g.out.dmac = mac_c;
		g.in.paylen = g.out.paylen = rtp(len);
		if (len > 1000 - 28)
			dropped(&g, "route's MTU", CAROM_R_TOO_BIG);
		gold_run(bed, &g);
	}
	bed_sh("ip route del " C4 "/32");
}

/* ---- legs of this host that are each other's peers -------------------- */

/* A chain of n legs: in at lan, from one to the next, out to B */
static void chain(struct bed *bed, int n, bool v6_between)
{
	const char *ip = v6_between ? WAN6 : WAN4;

	for (int i = 0; i < n; i++) {
		bool first = i == 0, last = i == n - 1;
		struct fp_leg l = leg_plain(
			first ? addr(LAN4, IN_PORT) : addr(ip, 30040 + 2 * i),
			first ? addr(A4, PEER_PORT) : addr(ip, 30060 + 2 * i),
			last ? addr(WAN4, OUT_PORT)
			     : addr(ip, 30060 + 2 * (i + 1)),
			last ? addr(B4, PEER_PORT)
			     : addr(ip, 30040 + 2 * (i + 1)));

		leg_put(bed, &l);
	}
}

static void test_hairpin(void **state)
{
	struct bed *bed = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		for (int n = 1; n <= 5; n++) {
			struct gold g = relayed(bed, SIDE_LAN4, SIDE_WAN4);
			char what[64];

			snprintf(what, sizeof(what), "%d legs in a row", n);
			g.what = what;
			bed_clear(bed);
			chain(bed, n, v6);
			if (n == 5)
				dropped(&g, "too many", CAROM_R_NO_DEVICE);
			if (n == 5)
				g.charged = addr(v6 ? WAN6 : WAN4, 30046);
			gold_run(bed, &g);
			for (int i = 1; i < n && n < 5; i++)
				assert_int_equal(leg_at(bed, v6 ? WAN6 : WAN4,
							30040 + 2 * i)
							 ->packets,
						 1);
			assert_int_equal(leg_at(bed, LAN4, IN_PORT)->packets,
					 1);
		}
	}
}

/* Each leg of the way has its say */
static void test_hairpin_refused(void **state)
{
	struct bed *bed = *state;
	struct sa second = addr(WAN4, 30042), sa;
	struct gold g = relayed(bed, SIDE_LAN4, SIDE_WAN4);
	struct gold no = g;
	struct fp_leg l;

	bed_clear(bed);
	chain(bed, 2, false);
	dropped(&no, "blocked", CAROM_R_BLOCKED);
	no.charged = second;
	assert_int_equal(fp_leg_state(bed->fp, &second, LEG_BLOCKED), 0);
	gold_run(bed, &no);
	no.reason = CAROM_R_HELD;
	assert_int_equal(fp_leg_state(bed->fp, &second, LEG_HELD), 0);
	gold_run(bed, &no);
	assert_int_equal(fp_leg_state(bed->fp, &second, LEG_RELAY), 0);
	gold_run(bed, &g);

	l = leg_plain(second, addr(WAN4, 30063), addr(WAN4, OUT_PORT),
		      addr(B4, PEER_PORT));
	leg_put(bed, &l);
	no.what = "stranger";
	no.reason = CAROM_R_STRANGER;
	gold_run(bed, &no);

	assert_int_equal(fp_leg_del(bed->fp, &second), 0);
	no.what = "freed";
	no.reason = CAROM_R_NO_LEG;
	sa_init(&no.charged, AF_UNSPEC);
	gold_run(bed, &no);
	sa = addr(WAN4, 0);
	assert_int_equal(fp_local_foreign(bed->fp, &sa, 30042, 30042), 0);
	no.what = "foreign";
	gold_run(bed, &no);
}

/* The address of the second leg is taken away, and the first has not asked for
 * its next hop since */
static void test_hairpin_gone(void **state)
{
	struct bed *bed = *state;
	struct gold g = relayed(bed, SIDE_LAN4, SIDE_WAN4);
	struct sa sa = addr(WAN4, 0);

	bed_clear(bed);
	chain(bed, 2, false);
	bed_settle();
	gold_run(bed, &g);
	assert_int_equal(fp_local_del(bed->fp, &sa), 0);
	dropped(&g, "second leg's address is gone", CAROM_R_NO_LEG);
	sa_init(&g.charged, AF_UNSPEC);
	gold_run(bed, &g);
	bed_bump(bed);
	dropped(&g, "and the host does not route to itself", CAROM_R_NO_ROUTE);
	gold_run(bed, &g);
	assert_int_equal(fp_local_add(bed->fp, &sa, PORT_MIN, PORT_MAX, NULL),
			 0);
}

/* A leg that is its own peer, and two that are each other's: it ends */
static void test_loop(void **state)
{
	struct bed *bed = *state;
	struct gold g = relayed(bed, SIDE_LAN4, SIDE_WAN4);
	struct fp_leg a, b;

	dropped(&g, "its own peer", CAROM_R_NO_DEVICE);
	bed_clear(bed);
	a = leg_plain(addr(LAN4, IN_PORT), addr(A4, PEER_PORT),
		      addr(LAN4, IN_PORT), addr(LAN4, IN_PORT));
	a.any_src = true;
	leg_put(bed, &a);
	gold_run(bed, &g);

	b = leg_plain(addr(LAN6, IN_PORT), addr(LAN6, OUT_PORT),
		      addr(LAN4, IN_PORT), addr(LAN4, IN_PORT));
	a.peer_local = addr(LAN6, IN_PORT);
	a.peer_remote = b.local;
	b.any_src = true;
	leg_put(bed, &a);
	leg_put(bed, &b);
	g.what = "each other's peer";
	g.charged = b.local;
	gold_run(bed, &g);
}

/* Latching works between legs of this host too */
static void test_hairpin_latch(void **state)
{
	struct bed *bed = *state;
	struct gold g = relayed(bed, SIDE_LAN4, SIDE_WAN4);
	struct sa got, want = addr(WAN4, 30062);
	struct fp_leg l;

	bed_clear(bed);
	chain(bed, 2, false);
	l = leg_plain(addr(WAN4, 30042), addr("192.0.2.200", 1),
		      addr(WAN4, OUT_PORT), addr(B4, PEER_PORT));
	l.latch = true;
	l.latch_window = 60000;
	leg_put(bed, &l);
	g.notes = NOTE(LATCHED);
	gold_run(bed, &g);
	assert_int_equal(fp_leg_remote(bed->fp, &l.local, &got), 0);
	assert_true(sa_cmp(&got, &want, SA_ALL));
}

/* ---- a real wire ------------------------------------------------------ */

static int packet_socket(const char *dev)
{
	struct sockaddr_ll sll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(dev),
	};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sll, sizeof(sll)), 0);
	return fd;
}

/* The first frame that arrives and is this long; with a deadline */
static bool receive(int fd, struct pkt *p, size_t len)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	struct sockaddr_ll from;
	socklen_t n = sizeof(from);
	ssize_t got;

	while (poll(&pfd, 1, 5000) == 1) {
		got = recvfrom(fd, p->b, sizeof(p->b), 0,
			       (struct sockaddr *)&from, &n);
		if (got == (ssize_t)len &&
		    from.sll_pkttype != PACKET_OUTGOING) {
			p->len = got;
			return true;
		}
	}
	return false;
}

/* In by lan's wire and out by the other's, in native mode: XDP_REDIRECT to
 * another device and XDP_TX to the same */
static void test_wire(void **state)
{
	static const int tov[] = {SIDE_WAN4, SIDE_WAN6, SIDE_LAN4};
	struct fp_attach_opts opts = {.slots = 0};
	struct bed *bed = *state;
	struct fp_dev dev;
	struct fp_err e;

	/* a veth takes redirected frames where its peer runs XDP */
	opts.pin_dir = bed->pin;
	assert_int_equal(fp_attach("wan-p", &opts, &dev, &e), 0);
	assert_int_equal(fp_attach("lan-p", &opts, &dev, &e), 0);
	for (size_t i = 0; i < ARRAY_SIZE(tov); i++) {
		const struct side *to = &sides[tov[i]];
		int in = packet_socket("lan-p");
		int out = packet_socket(to->dev == bed->lan ? "lan-p"
							    : "wan-p");
		struct gold g = relayed(bed, SIDE_LAN4, tov[i]);
		struct pkt sent, want, got;

		pkt_build(&sent, &g.in);
		pkt_build(&want, &g.out);
		assert_int_equal(send(in, sent.b, sent.len, 0), sent.len);
		assert_true(receive(out, &got, want.len));
		assert_memory_equal(got.b, want.b, want.len);
		close(in);
		close(out);
	}
	assert_int_equal(fp_detach("wan-p", bed->pin, &e), 0);
	assert_int_equal(fp_detach("lan-p", bed->pin, &e), 0);
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
		cmocka_unit_test(test_neighbour_moves),
		cmocka_unit_test(test_heals_without_agent),
		cmocka_unit_test(test_route_moves),
		cmocka_unit_test(test_source_rule),
		cmocka_unit_test(test_neighbour_lost),
		cmocka_unit_test(test_no_route),
		cmocka_unit_test(test_no_device),
		cmocka_unit_test(test_mtu),
		cmocka_unit_test(test_route_mtu),
		cmocka_unit_test(test_hairpin),
		cmocka_unit_test(test_hairpin_refused),
		cmocka_unit_test(test_hairpin_gone),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_hairpin_latch),
		cmocka_unit_test(test_wire),
	};

	return cmocka_run_group_tests(tests, setup, bed_teardown);
}
