/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Media workers: packets on the wires of the bed, through legs in LEG_AGENT, by
 * AF_XDP and by plain sockets. A tester sits at the far end of each veth.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <sys/socket.h>
#include <cmocka.h>
#include "plane/plane.h"
#include "sides.h"
#include "wire.h"

enum { PAYLOAD = 160 };

static struct side sides[SIDES];

/** One leg in the agent, which sends on what it gets */
struct relay {
	struct plane_port *in, *out;
	struct plane_dst *dst;
	struct plane_tmr tmr;
	struct fp *fp;
	struct sa local;
	unsigned packets;
};

/** What a test works with */
struct ctx {
	struct bed *bed;
	struct fp_net *net;
	struct plane *pl;
	int wire[SIDES]; /* packet sockets at the far ends */
};

static struct ctx ctx;

/* ---- the wires ------------------------------------------------------------ */

static int wire_of(const struct side *s)
{
	return ctx.wire[s - sides];
}

/* ---- workers ------------------------------------------------------------ */

static void forward(struct plane_port *port, struct plane_pkt *pkt, void *arg)
{
	struct relay *r = arg;
	uint8_t *p;
	(void)port;

	++r->packets;
	p = plane_reserve(r->out, r->dst);
	if (!p)
		return;
	memcpy(p, pkt->data, pkt->len);
	plane_commit(r->out, r->dst, pkt->len);
}

static void ignore(struct plane_port *port, struct plane_pkt *pkt, void *arg)
{
	(void)port;
	(void)pkt;
	(void)arg;
}

static void plane_up(enum plane_mode mode, unsigned workers)
{
	const struct plane_conf conf = {
		.workers = workers, .mode = mode, .dscp = -1};
	struct fp_err e = {""};

	if (plane_alloc(&ctx.pl, ctx.bed->fp, ctx.net, &conf, &e))
		fail_msg("plane: %s", e.msg);
	assert_int_equal(plane_is_xdp(ctx.pl), mode == PLANE_XDP);
}

static void relay_up(struct relay *r, const struct side *in,
		     const struct side *out, unsigned worker)
{
	struct fp_leg l = side_leg(in, out);
	struct sa remote = l.peer_remote;

	memset(r, 0, sizeof(*r));
	r->fp = ctx.bed->fp;
	r->local = l.local;
	assert_int_equal(plane_port_open(&r->in, ctx.pl, worker, &l.local,
					 forward, NULL, r),
			 0);
	assert_int_equal(plane_port_open(&r->out, ctx.pl, worker, &l.peer_local,
					 ignore, NULL, r),
			 0);
	assert_int_equal(
		plane_dst_alloc(&r->dst, ctx.pl, &l.peer_local, &remote), 0);
	l.state = LEG_AGENT;
	l.plain = plane_port_plain(r->in);
	leg_put(ctx.bed, &l);
}

static void relay_down(struct relay *r)
{
	mem_deref(r->in);
	mem_deref(r->out);
	mem_deref(r->dst);
	bed_clear(ctx.bed);
}

/* A frame as a side's party sends it */
static void send_rtp(const struct side *in, uint16_t seq)
{
	struct rtpspec r = {.pt = 0, .seq = seq, .ts = seq * 160u, .ssrc = 9};
	uint8_t payload[12 + PAYLOAD];
	size_t n = rtp_build(payload, &r, PAYLOAD);
	struct spec s = side_in(in, payload, n);
	struct pkt p;

	pkt_build(&p, &s);
	assert_int_equal(send(wire_of(in), p.b, p.len, 0), p.len);
}

/* Any ID and flow label; the rest of the frame is as it must be */
static void expect_rtp(const struct side *in, const struct side *out,
		       uint16_t seq, bool fast)
{
	struct rtpspec r = {.pt = 0, .seq = seq, .ts = seq * 160u, .ssrc = 9};
	uint8_t payload[12 + PAYLOAD];
	size_t n = rtp_build(payload, &r, PAYLOAD);
	struct spec s = side_in(in, payload, n), o = side_out(out, &s);
	struct pkt got, want;

	if (!wire_recv(wire_of(out), &got, WIRE_WAIT))
		fail_msg("%s to %s: packet %u did not arrive", in->name,
			 out->name, seq);
	o.frag = 0x4000;
	pkt_build(&want, &o);
	if (!fast) { /* the host's own ID */
		memcpy(got.b + 18, want.b + 18, 2);
		memcpy(got.b + 24, want.b + 24, 2);
	}
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.b, want.b, want.len);
}

static uint64_t counted(enum carom_reason reason)
{
	struct tally t;

	bed_tally(ctx.bed, &t);
	return t.packets[reason];
}

static void test_every_way(void **state)
{
	struct relay r;
	(void)state;

	plane_up(PLANE_XDP, 1);
	for (int i = 0; i < SIDES; i++) {
		for (int o = 0; o < SIDES; o++) {
			const struct leg *leg;

			/* one family here: another is rewritten by us alike,
			 * for a packet is made anew */
			relay_up(&r, &sides[i], &sides[o], 0);
			for (uint16_t k = 1; k <= 5; k++) {
				send_rtp(&sides[i], k);
				expect_rtp(&sides[i], &sides[o], k, true);
			}
			leg = leg_at(ctx.bed, sides[i].local, IN_PORT);
			assert_int_equal(leg->packets, 5);
			assert_int_equal(leg->seq_max, 5);
			assert_int_equal(r.packets, 5);
			relay_down(&r);
		}
	}
	ctx.pl = mem_deref(ctx.pl);
}

/* The socket is the first worker's, the port the second's */
static void test_handed_over(void **state)
{
	struct plane_stats st;
	struct relay r;
	(void)state;

	plane_up(PLANE_XDP, 2);
	relay_up(&r, &sides[SIDE_LAN4], &sides[SIDE_WAN4], 1);
	for (uint16_t k = 1; k <= 100; k++)
		send_rtp(&sides[SIDE_LAN4], k);
	/* the second has no socket at wan: the IP stack sends for it */
	for (uint16_t k = 1; k <= 100; k++)
		expect_rtp(&sides[SIDE_LAN4], &sides[SIDE_WAN4], k, true);
	assert_int_equal(plane_stats(ctx.pl, 1, &st), 0);
	assert_int_equal(st.handed, 100);
	assert_int_equal(st.rx, 100);
	relay_down(&r);
	ctx.pl = mem_deref(ctx.pl);
}

static void test_plain(void **state)
{
	struct relay r;
	(void)state;

	plane_up(PLANE_PLAIN, 1);
	assert_string_equal(plane_why_plain(ctx.pl), "as configured");
	relay_up(&r, &sides[SIDE_LAN4], &sides[SIDE_WAN4], 0);
	for (uint16_t k = 1; k <= 20; k++) {
		send_rtp(&sides[SIDE_LAN4], k);
		expect_rtp(&sides[SIDE_LAN4], &sides[SIDE_WAN4], k, false);
	}
	relay_down(&r);
	ctx.pl = mem_deref(ctx.pl);
}

static void test_absent(void **state)
{
	struct fp_leg l = side_leg(&sides[SIDE_LAN4], &sides[SIDE_WAN4]);
	struct rtpspec r = {.seq = 1};
	uint8_t payload[12 + PAYLOAD];
	struct gold g = side_drop("nobody listens", &sides[SIDE_LAN4],
				  CAROM_R_AGENT_ABSENT, payload,
				  rtp_build(payload, &r, PAYLOAD));
	(void)state;

	l.state = LEG_AGENT;
	leg_put(ctx.bed, &l);
	g.charged = l.local;
	gold_run(ctx.bed, &g);
	bed_clear(ctx.bed);
}

/* A stranger is no more welcome than at a leg that is relayed */
static void test_stranger(void **state)
{
	struct fp_leg l = side_leg(&sides[SIDE_LAN4], &sides[SIDE_WAN4]);
	struct rtpspec r = {.seq = 1};
	uint8_t payload[12 + PAYLOAD];
	struct gold g = side_drop("stranger", &sides[SIDE_LAN4],
				  CAROM_R_STRANGER, payload,
				  rtp_build(payload, &r, PAYLOAD));
	(void)state;

	l.state = LEG_AGENT;
	leg_put(ctx.bed, &l);
	g.in.sport = PEER_PORT + 2;
	g.charged = l.local;
	gold_run(ctx.bed, &g);
	bed_clear(ctx.bed);
}

/* With a socket of the agent's at the port, packets go up as they are */
static void test_passed(void **state)
{
	struct fp_leg l = side_leg(&sides[SIDE_LAN4], &sides[SIDE_WAN4]);
	struct rtpspec r = {.seq = 1};
	uint8_t payload[12 + PAYLOAD];
	size_t n = rtp_build(payload, &r, PAYLOAD);
	struct gold g = side_drop("to a plain socket", &sides[SIDE_LAN4],
				  CAROM_R_AGENT, payload, n);
	(void)state;

	l.state = LEG_AGENT;
	l.plain = true;
	leg_put(ctx.bed, &l);
	g.action = XDP_PASS;
	gold_run(ctx.bed, &g);
	bed_clear(ctx.bed);
}

static const uint8_t stun[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2};
static const uint8_t dtls[20] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 7};

/* STUN and DTLS come up whatever the leg does with media, from anywhere */
static void test_alien(void **state)
{
	static const enum leg_state statev[] = {LEG_RELAY, LEG_AGENT, LEG_HELD,
						LEG_BLOCKED};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(statev); i++) {
		for (int k = 0; k < 2; k++) {
			struct fp_leg l = side_leg(&sides[SIDE_LAN4],
						   &sides[SIDE_WAN4]);
			struct gold g = side_drop(
				"alien", &sides[SIDE_LAN4], CAROM_R_AGENT,
				k ? dtls : stun, sizeof(stun));
			const struct leg *leg;

			l.state = statev[i];
			l.media = LEG_SRTP;
			l.alien = l.plain = true;
			leg_put(ctx.bed, &l);
			g.in.sport = 7777;
			g.action = XDP_PASS;
			gold_run(ctx.bed, &g);
			leg = leg_at(ctx.bed, LAN4, IN_PORT);
			assert_int_equal(leg->packets, 0);
			bed_clear(ctx.bed);
		}
	}
}

/* Through a leg that is relayed, to one of ours that the agent has: it sees what
 * the first one sends */
static void test_behind_a_leg(void **state)
{
	struct sa a = addr(LAN4, 30040), b = addr(LAN4, 30050);
	struct fp_leg l = leg_plain(a, addr(A4, PEER_PORT), addr(WAN4, 30042),
				    b);
	struct relay r;
	(void)state;

	plane_up(PLANE_XDP, 1);
	memset(&r, 0, sizeof(r));
	assert_int_equal(
		plane_port_open(&r.in, ctx.pl, 0, &b, forward, NULL, &r), 0);
	r.local = addr(WAN4, OUT_PORT);
	assert_int_equal(
		plane_port_open(&r.out, ctx.pl, 0, &r.local, ignore, NULL, &r),
		0);
	{
		struct sa to = addr(B4, PEER_PORT);

		assert_int_equal(plane_dst_alloc(&r.dst, ctx.pl, &r.local, &to),
				 0);
	}
	leg_put(ctx.bed, &l);
	l = leg_plain(b, addr(WAN4, 30042), r.local, addr(B4, PEER_PORT));
	l.state = LEG_AGENT;
	leg_put(ctx.bed, &l);
	for (uint16_t k = 1; k <= 10; k++) {
		struct rtpspec rs = {
			.pt = 0, .seq = k, .ts = k * 160u, .ssrc = 9};
		uint8_t payload[12 + PAYLOAD];
		size_t n = rtp_build(payload, &rs, PAYLOAD);
		struct spec s = side_in(&sides[SIDE_LAN4], payload, n);
		struct pkt p;

		s.dport = 30040;
		pkt_build(&p, &s);
		assert_int_equal(
			send(wire_of(&sides[SIDE_LAN4]), p.b, p.len, 0), p.len);
		expect_rtp(&sides[SIDE_LAN4], &sides[SIDE_WAN4], k, true);
	}
	assert_int_equal(r.packets, 10);
	assert_int_equal(leg_at(ctx.bed, LAN4, 30040)->packets, 10);
	assert_int_equal(leg_at(ctx.bed, LAN4, 30050)->packets, 10);
	relay_down(&r);
	ctx.pl = mem_deref(ctx.pl);
}

/* ---- switching ---------------------------------------------------------- */

static void give_back(void *arg)
{
	struct relay *r = arg;

	(void)fp_leg_state(r->fp, &r->local, LEG_RELAY);
}

static void ask_quiet(void *arg)
{
	struct relay *r = arg;

	plane_quiet(&r->tmr, r->in, give_back, r);
}

/* A stream goes from the kernel to the agent and back, again and again: nothing
 * is lost, nothing comes twice, all comes in order */
static void test_switch(void **state)
{
	enum { PACKETS = 4000, EVERY = 40 };
	const struct side *in = &sides[SIDE_LAN4], *out = &sides[SIDE_WAN4];
	const struct timespec gap = {.tv_nsec = 300000};
	uint64_t before = counted(CAROM_R_AGENT);
	uint64_t relayed = counted(CAROM_R_RELAYED);
	struct relay r;
	(void)state;

	plane_up(PLANE_XDP, 1);
	relay_up(&r, in, out, 0);
	for (unsigned k = 1; k <= PACKETS; k++) {
		send_rtp(in, (uint16_t)k);
		nanosleep(&gap, NULL);
		if (k % (2 * EVERY) == 0)
			assert_int_equal(
				fp_leg_state(ctx.bed->fp, &r.local, LEG_AGENT),
				0);
		else if (k % EVERY == 0)
			plane_call(ctx.pl, 0, ask_quiet, &r);
	}
	for (unsigned k = 1; k <= PACKETS; k++) {
		struct pkt got;
		uint16_t seq;

		if (!wire_recv(wire_of(out), &got, WIRE_WAIT))
			fail_msg("packet %u of %u did not arrive", k, PACKETS);
		memcpy(&seq, got.b + 14 + 20 + 8 + 2, 2);
		assert_int_equal(ntohs(seq), k);
	}
	/* both had their share */
	assert_in_range(counted(CAROM_R_AGENT) - before, PACKETS / 3,
			PACKETS * 2 / 3);
	assert_in_range(counted(CAROM_R_RELAYED) - relayed, PACKETS / 3,
			PACKETS * 2 / 3);
	relay_down(&r);
	ctx.pl = mem_deref(ctx.pl);
}

/* ---- devices that come and go ------------------------------------------- */

static void attach_lan(void)
{
	const struct fp_attach_opts o = {.pin_dir = ctx.bed->pin};
	struct fp_err e = {""};
	struct fp_dev dev;

	if (fp_attach("lan", &o, &dev, &e))
		fail_msg("attach: %s", e.msg);
}

static void detach_lan(void)
{
	struct fp_err e = {""};

	if (fp_detach("lan", ctx.bed->pin, &e))
		fail_msg("detach: %s", e.msg);
}

static unsigned sockets(void)
{
	struct plane_stats st;

	plane_devices(ctx.pl);
	assert_int_equal(plane_stats(ctx.pl, 0, &st), 0);

	return st.sockets;
}

/* A device that is attached while we run is listened on, too; and left when it is
 * detached */
static void test_devices(void **state)
{
	const struct side *in = &sides[SIDE_LAN4], *out = &sides[SIDE_WAN4];
	unsigned before;
	struct relay r;
	(void)state;

	detach_lan();
	plane_up(PLANE_XDP, 1);
	before = sockets();
	attach_lan();
	relay_up(&r, in, out, 0);
	assert_true(sockets() > before);
	send_rtp(in, 1);
	expect_rtp(in, out, 1, true);
	relay_down(&r);
	detach_lan();
	assert_int_equal(sockets(), before);
	attach_lan();
	assert_true(sockets() > before);
	ctx.pl = mem_deref(ctx.pl);
}

/* ---- timers and events -------------------------------------------------- */

struct ticks {
	struct plane_port *port;
	struct plane_tmr tmr, other;
	unsigned n, others;
	uint64_t first, last;
	unsigned events;
	uint8_t said[4];
};

static void tick(void *arg)
{
	struct ticks *t = arg;
	uint64_t now = plane_now(t->port);

	if (!t->n++)
		t->first = now;
	t->last = now;
	if (t->n == 3)
		plane_tmr_stop(&t->other);
	if (t->n < 10)
		plane_tmr_start(&t->tmr, t->port, 5, tick, t);
	else
		(void)plane_event(t->port, 7, NULL, (const uint8_t *)"done", 4);
}

static void never(void *arg)
{
	struct ticks *t = arg;

	++t->others;
}

static void start(void *arg)
{
	struct ticks *t = arg;

	plane_tmr_start(&t->tmr, t->port, 5, tick, t);
	plane_tmr_start(&t->other, t->port, 400, never, t);
}

static void said(unsigned type, const struct sa *src, const uint8_t *p,
		 size_t n, void *arg)
{
	struct ticks *t = arg;

	assert_int_equal(type, 7);
	assert_int_equal(n, 4);
	assert_false(sa_isset(src, SA_ADDR));
	memcpy(t->said, p, n);
	++t->events;
	re_cancel();
}

static void test_timers_and_events(void **state)
{
	struct sa local = addr(LAN4, 30060);
	struct ticks t;
	(void)state;

	memset(&t, 0, sizeof(t));
	plane_up(PLANE_XDP, 1);
	assert_int_equal(
		plane_port_open(&t.port, ctx.pl, 0, &local, ignore, said, &t),
		0);
	assert_int_equal(plane_port_open(&(struct plane_port *){NULL}, ctx.pl,
					 0, &local, ignore, NULL, NULL),
			 EADDRINUSE);
	plane_call(ctx.pl, 0, start, &t);
	assert_int_equal(re_main(NULL), 0);
	assert_int_equal(t.n, 10);
	assert_int_equal(t.others, 0);
	assert_int_equal(t.events, 1);
	assert_memory_equal(t.said, "done", 4);
	assert_true(t.last - t.first >= 9 * 4000000ull);
	mem_deref(t.port);
	ctx.pl = mem_deref(ctx.pl);
}

/* ---- from port to port ---------------------------------------------------- */

struct pair {
	struct plane_port *from, *to;
	struct plane_dst *dst;
	unsigned heard;
};

static void hear(struct plane_port *port, struct plane_pkt *pkt, void *arg)
{
	struct pair *p = arg;
	(void)port;

	assert_int_equal(pkt->len, 4);
	assert_memory_equal(pkt->data, "good", 4);
	++p->heard;
}

static void nothing(void *arg)
{
	(void)arg;
}

/* What is encrypted may turn out to be nothing that can be sent */
static void change_its_mind(void *arg)
{
	struct pair *p = arg;
	uint8_t *out;

	for (unsigned i = 0; i < 3; i++)
		assert_non_null(plane_reserve(p->from, p->dst));
	out = plane_reserve(p->from, p->dst);
	assert_non_null(out);
	memcpy(out, "good", 4);
	plane_commit(p->from, p->dst, 4);
	assert_non_null(plane_reserve(p->from, p->dst));
}

static void test_given_up(void **state)
{
	struct sa from = addr(LAN4, 30060), to = addr(LAN4, 30062);
	struct pair p = {.heard = 0};
	(void)state;

	plane_up(PLANE_XDP, 1);
	assert_int_equal(
		plane_port_open(&p.from, ctx.pl, 0, &from, ignore, NULL, &p),
		0);
	assert_int_equal(plane_port_open(&p.to, ctx.pl, 0, &to, hear, NULL, &p),
			 0);
	assert_int_equal(plane_dst_alloc(&p.dst, ctx.pl, &from, &to), 0);
	for (unsigned i = 1; i <= 2; i++) {
		plane_call(ctx.pl, 0, change_its_mind, &p);
		plane_call(ctx.pl, 0, nothing, NULL);
		assert_int_equal(p.heard, i);
	}
	mem_deref(p.from);
	mem_deref(p.to);
	mem_deref(p.dst);
	ctx.pl = mem_deref(ctx.pl);
}

/* Of a test that failed */
static int clear(void **state)
{
	(void)state;
	ctx.pl = mem_deref(ctx.pl);
	return 0;
}

static int setup(void **state)
{
	int rc = bed_setup(state);

	if (rc)
		return rc;
	ctx.bed = *state;
	assert_int_equal(libre_init(), 0);
	assert_int_equal(fp_net_alloc(&ctx.net, ctx.bed->fp), 0);
	sides_init(ctx.bed, sides);
	/* what XDP sends by a veth arrives where its peer does NAPI; and local
	 * senders shall finish their checksums */
	wire_gro("wan-p");
	wire_tx_sums("wan");
	ctx.wire[SIDE_LAN4] = ctx.wire[SIDE_LAN6] = wire_open("lan-p");
	ctx.wire[SIDE_WAN4] = ctx.wire[SIDE_WAN6] = wire_open("wan-p");
	ctx.wire[SIDE_TAG4] = ctx.wire[SIDE_TAG6] = ctx.wire[SIDE_WAN4];
	return 0;
}

static int teardown(void **state)
{
	mem_deref(ctx.pl);
	mem_deref(ctx.net);
	libre_close();
	return bed_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_absent, clear),
		cmocka_unit_test_teardown(test_stranger, clear),
		cmocka_unit_test_teardown(test_passed, clear),
		cmocka_unit_test_teardown(test_alien, clear),
		cmocka_unit_test_teardown(test_every_way, clear),
		cmocka_unit_test_teardown(test_handed_over, clear),
		cmocka_unit_test_teardown(test_behind_a_leg, clear),
		cmocka_unit_test_teardown(test_plain, clear),
		cmocka_unit_test_teardown(test_switch, clear),
		cmocka_unit_test_teardown(test_timers_and_events, clear),
		cmocka_unit_test_teardown(test_given_up, clear),
		cmocka_unit_test_teardown(test_devices, clear),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
