/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Legs rewritten while packets pass: each packet sees one recipe or the other
 * and never half of each. And what is refused.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include "sides.h"

#define RUNS 30000
#define PATIENCE 50
#define STALL 500000 /* ns: the host took the processor away in mid-packet */

static struct side sides[SIDES];
static uint8_t payload[256];

struct writer {
	struct bed *bed;
	struct fp_leg l[2];
	atomic_bool stop;
	unsigned sets;
	int err;
};

static void *write_loop(void *arg)
{
	struct writer *w = arg;

	while (!atomic_load(&w->stop) && !w->err) {
		w->err = fp_leg_set(w->bed->fp, &w->l[w->sets & 1]);
		w->sets++;
	}
	return NULL;
}

/* Two recipes that differ in each field that shows in the packet */
static void both(struct writer *w, const struct side *in,
		 const struct side *to[2], struct pkt want[2])
{
	for (int i = 0; i < 2; i++) {
		struct spec s = side_in(in, payload, 172);

		w->l[i] = side_leg(in, to[i]);
		sa_set_port(&w->l[i].peer_local, 30060 + i * 7);
		sa_set_port(&w->l[i].peer_remote, 5000 + i * 777);
		w->l[i].dscp = i ? 46 : 10;
		s = side_out(to[i], &s);
		s.sport = sa_port(&w->l[i].peer_local);
		s.dport = sa_port(&w->l[i].peer_remote);
		s.tos = w->l[i].dscp << 2;
		pkt_build(&want[i], &s);
	}
}

static bool same(const struct pkt *a, const struct pkt *b)
{
	return a->len == b->len && !memcmp(a->b, b->b, a->len);
}

static void swap(struct bed *bed, const struct side *in, const struct side *a,
		 const struct side *b)
{
	const struct side *to[2] = {a, b};
	struct rtpspec r = {.pt = 8, .seq = 1, .ts = 2, .ssrc = 3};
	struct spec s = side_in(in, payload, 172);
	struct writer w = {.bed = bed};
	unsigned seen[2] = {0, 0}, stalls = 0;
	int i;
	struct pkt pkt, want[2], got;
	pthread_t tid;

	rtp_build(payload, &r, 160);
	both(&w, in, to, want);
	pkt_build(&pkt, &s);
	bed_clear(bed);
	leg_put(bed, &w.l[1]);
	assert_int_equal(pthread_create(&tid, NULL, write_loop, &w), 0);
	/* on a busy machine the writer may not get a turn for long */
	for (i = 0; i < RUNS || (i < PATIENCE * RUNS &&
				 !(seen[0] && seen[1] && w.sets > 10));
	     i++) {
		int action = bed_run(bed, in->dev, &pkt, &got);
		bool first = same(&got, &want[0]);

		if ((action == XDP_TX || action == XDP_REDIRECT) &&
		    (first || same(&got, &want[1]))) {
			seen[!first]++;
			continue;
		}
		/* the writer waits for packets, not for a machine at rest */
		if (bed->ns > STALL) {
			stalls++;
			continue;
		}
		atomic_store(&w.stop, true);
		pthread_join(tid, NULL);
		hexdump(stderr, got.b, got.len);
		fail_msg("run %d, %u sets: verdict %d, neither of the two", i,
			 w.sets, action);
	}
	atomic_store(&w.stop, true);
	pthread_join(tid, NULL);
	assert_int_equal(w.err, 0);
	printf("# %d packets, %u sets, %u stalls\n", i, w.sets, stalls);
	assert_true(seen[0] && seen[1] && w.sets > 10);
	/* what a stall hid is little: nearly all packets were looked at */
	assert_true(seen[0] + seen[1] > (unsigned)i / 2);
	assert_int_equal(leg_at(bed, in->local, IN_PORT)->packets, i);
}

static void test_swap_ipv4(void **state)
{
	swap(*state, &sides[SIDE_LAN4], &sides[SIDE_WAN4], &sides[SIDE_LAN4]);
}

static void test_swap_ipv6(void **state)
{
	swap(*state, &sides[SIDE_LAN6], &sides[SIDE_WAN6], &sides[SIDE_LAN6]);
}

static void test_swap_families(void **state)
{
	swap(*state, &sides[SIDE_LAN4], &sides[SIDE_WAN6], &sides[SIDE_LAN4]);
}

static void test_swap_vlan(void **state)
{
	swap(*state, &sides[SIDE_LAN4], &sides[SIDE_TAG4], &sides[SIDE_WAN4]);
}

static void refused(struct bed *bed, const struct fp_leg *l, int err)
{
	assert_int_equal(fp_leg_set(bed->fp, l), err);
}

/* What makes no sense is refused, and changes nothing */
static void test_refused(void **state)
{
	struct bed *bed = *state;
	struct fp_leg good = side_leg(&sides[SIDE_LAN4], &sides[SIDE_WAN6]);
	struct fp_leg l;

	bed_clear(bed);
	l = good;
	l.local = addr("192.0.2.77", IN_PORT);
	refused(bed, &l, ENOENT);
	l.local = addr(LAN4, PORT_MAX + 1);
	refused(bed, &l, ENOENT);
	l = good;
	l.remote = addr(A6, PEER_PORT);
	refused(bed, &l, EINVAL);
	l = good;
	l.peer_remote = addr(B4, PEER_PORT);
	refused(bed, &l, EINVAL);
	l = good;
	l.state = LEG_FREE;
	refused(bed, &l, EINVAL);
	l.state = LEG_FOREIGN;
	refused(bed, &l, EINVAL);
	l = good;
	l.dscp = 64;
	refused(bed, &l, EINVAL);
	l = good;
	l.dtmf_pt = 128;
	refused(bed, &l, EINVAL);
	l = good;
	sa_init(&l.peer_remote, AF_UNSPEC);
	refused(bed, &l, EINVAL);
	assert_int_equal(leg_at(bed, LAN4, IN_PORT)->ctl.state, LEG_FREE);
	/* held, it needs no peer */
	l.state = LEG_HELD;
	sa_init(&l.peer_local, AF_UNSPEC);
	refused(bed, &l, 0);
}

static void test_readonly(void **state)
{
	struct fp_leg l = side_leg(&sides[SIDE_LAN4], &sides[SIDE_WAN4]);
	struct bed *bed = *state;
	struct fp *fp;
	struct fp_err e;

	assert_int_equal(fp_open(&fp, bed->pin, true, &e), 0);
	assert_int_not_equal(fp_leg_set(fp, &l), 0);
	assert_int_not_equal(fp_leg_state(fp, &l.local, LEG_HELD), 0);
	assert_int_not_equal(fp_leg_del(fp, &l.local), 0);
	assert_int_not_equal(fp_local_del(fp, &l.local), 0);
	mem_deref(fp);
}

/* Slots and ports are each other's inverse, ranges odd in length too */
static void test_slots(void **state)
{
	static const struct {
		const char *ip;
		uint16_t min, max;
	} rangev[] = {
		{"192.0.2.101", 20000, 20000}, {"192.0.2.102", 20000, 20001},
		{"192.0.2.103", 20000, 20010}, {"192.0.2.104", 20000, 20103},
		{"2001:db8::9", 65000, 65535}, {"192.0.2.105", 0, 2},
	};
	struct bed *bed = *state;
	static bool seen[8192];

	memset(seen, 0, sizeof(seen));
	for (size_t i = 0; i < ARRAY_SIZE(rangev); i++) {
		struct sa sa = addr(rangev[i].ip, 0), back;

		assert_int_equal(fp_local_add(bed->fp, &sa, rangev[i].min,
					      rangev[i].max, NULL),
				 0);
		for (unsigned p = rangev[i].min; p <= rangev[i].max; p++) {
			uint32_t slot;

			sa_set_port(&sa, p);
			assert_int_equal(fp_slot(bed->fp, &sa, &slot), 0);
			assert_true(slot > 0 && slot < fp_slots(bed->fp));
			assert_false(seen[slot]);
			seen[slot] = true;
			assert_int_equal(fp_slot_addr(bed->fp, slot, &back), 0);
			assert_true(sa_cmp(&sa, &back, SA_ALL));
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(rangev); i++) {
		struct sa sa = addr(rangev[i].ip, 0);

		assert_int_equal(fp_local_del(bed->fp, &sa), 0);
	}
}

/* The table ends: what does not fit is refused, what was there stays */
static void test_table_full(void **state)
{
	struct sa big = addr("192.0.2.120", 0), small = addr("192.0.2.121", 0);
	struct bed *bed = *state;
	struct fp_err e = {.msg = ""};

	assert_int_equal(fp_local_add(bed->fp, &big, 10000, 18191, &e), ENOSPC);
	assert_int_not_equal(strlen(e.msg), 0);
	assert_int_equal(fp_local_add(bed->fp, &small, 10000, 10099, &e), 0);
	assert_int_equal(fp_local_del(bed->fp, &small), 0);
	assert_int_equal(fp_local_del(bed->fp, &small), ENOENT);
	assert_int_equal(fp_local_add(bed->fp, &small, 10001, 10099, &e),
			 EINVAL);
	assert_int_equal(fp_local_add(bed->fp, &small, 10002, 10001, &e),
			 EINVAL);
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
		cmocka_unit_test(test_swap_ipv4),
		cmocka_unit_test(test_swap_ipv6),
		cmocka_unit_test(test_swap_families),
		cmocka_unit_test(test_swap_vlan),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_readonly),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_table_full),
	};

	return cmocka_run_group_tests(tests, setup, bed_teardown);
}
