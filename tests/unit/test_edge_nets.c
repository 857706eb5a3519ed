/* SPDX-License-Identifier: BSD-2-Clause */
/* Networks and limits of two layers: what policy and kernel have at each moment */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/prefix.h"
#include "edge/limits.h"
#include "edge/nets.h"

/* ---- a kernel's table --------------------------------------------------------- */

static struct policy_net kernel[64];
static size_t kernelc;
static struct sip_conf conf;
static unsigned forgiven;

static size_t at(const struct sa *sa, unsigned bits)
{
	size_t i = 0;

	while (i < kernelc && (kernel[i].bits != bits ||
			       !sa_cmp(&kernel[i].addr, sa, SA_ADDR)))
		i++;
	return i;
}

int fp_sip_net(struct fp_sip *s, const struct sa *sa, unsigned bits,
	       uint32_t flags, uint32_t set)
{
	const size_t i = at(sa, bits);
	(void)s;

	if (i == sizeof(kernel) / sizeof(kernel[0]))
		return ENOSPC;
	kernel[i] = (struct policy_net){
		.bits = bits, .flags = flags, .set = set};
	kernel[i].addr = *sa;
	kernelc += i == kernelc;
	return 0;
}

int fp_sip_net_del(struct fp_sip *s, const struct sa *sa, unsigned bits)
{
	const size_t i = at(sa, bits);
	(void)s;

	if (i == kernelc)
		return ENOENT;
	kernel[i] = kernel[--kernelc];
	return 0;
}

struct sip_conf *fp_sip_conf(struct fp_sip *s)
{
	(void)s;
	return &conf;
}

int fp_sip_forgive(struct fp_sip *s)
{
	(void)s;
	++forgiven;
	return 0;
}

/* ---- networks ------------------------------------------------------------------ */

static struct policy_net net(const char *prefix, uint32_t flags)
{
	struct policy_net n = {.flags = flags, .set = SIP_NONE};

	assert_int_equal(prefix_decode(&n.addr, &n.bits, prefix), 0);
	return n;
}

/* Flags of a prefix in the kernel; ~0: it has none */
static uint32_t flags(const char *prefix)
{
	const struct policy_net n = net(prefix, 0);
	const size_t i = at(&n.addr, n.bits);

	return i < kernelc ? kernel[i].flags : ~0u;
}

static bool node(const struct sa *addr, void *arg)
{
	struct sa sa;
	(void)arg;

	return !sa_set_str(&sa, "192.0.2.31", 0) && sa_cmp(addr, &sa, SA_ADDR);
}

static void in_step(const struct policy *p)
{
	assert_int_equal(p->netc, kernelc);
	for (size_t i = 0; i < p->netc; i++) {
		const size_t k = at(&p->netv[i].addr, p->netv[i].bits);

		assert_true(k < kernelc);
		assert_int_equal(kernel[k].flags, p->netv[i].flags);
	}
}

static void test_layers(void **state)
{
	const struct policy_net filev[] = {
		net("203.0.113.0/24", SIP_NET_TRUSTED),
		net("2001:db8::/32", SIP_NET_ALLOW),
		net("10.0.0.0/8", SIP_NET_DENY)};
	struct policy_net n = net("10.0.0.0/8", SIP_NET_ALLOW);
	void *sip = mem_zalloc(1, NULL);
	struct policy p = {.netc = 0};
	struct nets *nets = NULL;
	bool hand = true;
	(void)state;

	kernelc = 0;
	assert_int_equal(nets_alloc(&nets, &p, sip, node, NULL), 0);
	assert_int_equal(nets_file(nets, filev, 3), 0);
	in_step(&p);
	assert_int_equal(flags("10.0.0.0/8"), SIP_NET_DENY);

	/* by hand: over the file's, then back to it */
	assert_int_equal(nets_set(nets, &n), 0);
	in_step(&p);
	assert_int_equal(flags("10.0.0.0/8"), SIP_NET_ALLOW);
	assert_int_equal(nets_at(nets, 0, &hand)->bits, 8);
	assert_true(hand);
	assert_non_null(nets_at(nets, 1, &hand));
	assert_false(hand);
	assert_null(nets_at(nets, 3, NULL));

	/* the file says otherwise meanwhile: the hand's stays */
	assert_int_equal(nets_file(nets, filev, 2), 0);
	in_step(&p);
	assert_int_equal(flags("10.0.0.0/8"), SIP_NET_ALLOW);
	assert_int_equal(nets_unset(nets, &n.addr, n.bits), 0);
	in_step(&p);
	assert_int_equal(flags("10.0.0.0/8"), ~0u);
	assert_int_equal(nets_unset(nets, &n.addr, n.bits), ENOENT);

	/* what is in force may be given as what the file says */
	assert_int_equal(nets_file(nets, p.netv, p.netc), 0);
	in_step(&p);
	assert_int_equal(p.netc, 2);
	mem_deref(nets);
	mem_deref(p.netv);
	mem_deref(sip);
}

static void test_node(void **state)
{
	struct policy_net n = net("192.0.2.31/32", SIP_NET_DENY);
	void *sip = mem_zalloc(1, NULL);
	struct policy p = {.netc = 0};
	struct nets *nets = NULL;
	(void)state;

	kernelc = 0;
	assert_int_equal(nets_alloc(&nets, &p, sip, node, NULL), 0);
	assert_int_equal(nets_file(nets, NULL, 0), 0);
	assert_int_equal(nets_set(nets, &n), 0);
	assert_int_equal(flags("192.0.2.31/32"), SIP_NET_DENY);
	/* nobody names it any more: what remains is the node */
	assert_int_equal(nets_unset(nets, &n.addr, n.bits), 0);
	assert_int_equal(flags("192.0.2.31/32"), SIP_NET_TRUSTED);
	/* its network is none, whatever its address */
	n = net("192.0.2.0/24", SIP_NET_DENY);
	assert_int_equal(nets_set(nets, &n), 0);
	assert_int_equal(nets_unset(nets, &n.addr, n.bits), 0);
	assert_int_equal(flags("192.0.2.0/24"), ~0u);
	mem_deref(nets);
	mem_deref(p.netv);
	mem_deref(sip);
}

/* One with an end goes by itself, and no other does */
struct waiting {
	const struct policy *p;
	struct tmr look, late;
};

static void look(void *arg)
{
	struct waiting *w = arg;

	if (w->p->netc == 1)
		re_cancel();
	else
		tmr_start(&w->look, 2, look, w);
}

static void late(void *arg)
{
	(void)arg;
	re_cancel();
}

static void test_end(void **state)
{
	struct policy_net n = net("10.0.0.0/8", SIP_NET_DENY);
	void *sip = mem_zalloc(1, NULL);
	struct policy p = {.netc = 0};
	struct waiting w = {.p = &p};
	struct nets *nets = NULL;
	(void)state;

	kernelc = 0;
	assert_int_equal(libre_init(), 0);
	assert_int_equal(nets_alloc(&nets, &p, sip, node, NULL), 0);
	assert_int_equal(nets_file(nets, NULL, 0), 0);
	assert_int_equal(nets_set(nets, &n), 0);
	n = net("192.0.2.7/32", SIP_NET_DENY);
	n.until = tmr_jiffies() + 20;
	assert_int_equal(nets_set(nets, &n), 0);
	n = net("192.0.2.8/32", SIP_NET_DENY);
	n.until = tmr_jiffies() + 20;
	assert_int_equal(nets_set(nets, &n), 0);
	in_step(&p);
	assert_int_equal(p.netc, 3);
	assert_int_equal(nets_by_hand(nets, &n.addr, 32)->until, n.until);
	assert_null(nets_by_hand(nets, &n.addr, 24));
	tmr_start(&w.look, 2, look, &w);
	tmr_start(&w.late, 10000, late, &w);
	(void)re_main(NULL);
	tmr_cancel(&w.look);
	tmr_cancel(&w.late);
	in_step(&p);
	assert_int_equal(p.netc, 1);
	assert_int_equal(flags("10.0.0.0/8"), SIP_NET_DENY);
	/* set again without an end, it stays */
	n.until = tmr_jiffies() + 20;
	assert_int_equal(nets_set(nets, &n), 0);
	n.until = 0;
	assert_int_equal(nets_set(nets, &n), 0);
	assert_int_equal(nets_by_hand(nets, &n.addr, 32)->until, 0);
	mem_deref(nets);
	mem_deref(p.netv);
	mem_deref(sip);
	libre_close();
}

static void test_bounds(void **state)
{
	void *sip = mem_zalloc(1, NULL);
	struct policy p = {.netc = 0};
	struct nets *nets = NULL;
	struct policy_net n = net("10.0.0.0/8", SIP_NET_DENY);
	(void)state;

	kernelc = 0;
	assert_int_equal(nets_alloc(NULL, &p, sip, node, NULL), EINVAL);
	assert_int_equal(nets_alloc(&nets, &p, sip, NULL, NULL), EINVAL);
	assert_int_equal(nets_alloc(&nets, &p, sip, node, NULL), 0);
	assert_int_equal(nets_file(nets, NULL, 0), 0);
	for (unsigned i = 0; i < 64; i++) {
		sa_set_in(&n.addr, 0x0a000000u + (i << 8), 0);
		n.bits = 24;
		assert_int_equal(nets_set(nets, &n), 0);
	}
	/* the map is full: it is said, and what went in is in force */
	sa_set_in(&n.addr, 0x0b000000u, 0);
	assert_int_equal(nets_set(nets, &n), ENOSPC);
	assert_int_equal(kernelc, 64);
	in_step(&p);
	mem_deref(nets);
	mem_deref(p.netv);
	mem_deref(sip);
}

/* ---- limits ---------------------------------------------------------------------- */

static void test_limits(void **state)
{
	struct limit filev[SIP_CLASS_MAX] = {{50, 100}, {0, 0}, {3, 0}};
	const struct limit one = {1, 5};
	struct limits l = {.sip = NULL};
	(void)state;

	forgiven = 0;
	limits_file(&l, filev);
	assert_int_equal(conf.limit[0].interval, 20000000);
	assert_int_equal(conf.limit[0].burst, 99 * 20000000ull);
	assert_int_equal(conf.limit[1].interval, 0);
	assert_int_equal(conf.limit[2].burst, 0);
	assert_int_equal(forgiven, 1);

	limits_set(&l, 0, &one);
	assert_int_equal(conf.limit[0].interval, 1000000000);
	assert_int_equal(conf.limit[0].burst, 4 * 1000000000ull);
	assert_int_equal(limits_get(&l, 0).burst, 5);
	/* what a source used up was used up by another measure */
	assert_int_equal(forgiven, 2);

	/* the file's change waits until the hand takes its own back */
	filev[0].rate = 10;
	limits_file(&l, filev);
	assert_int_equal(conf.limit[0].interval, 1000000000);
	assert_int_equal(forgiven, 3);
	limits_file(&l, filev);
	assert_int_equal(forgiven, 3);
	limits_set(&l, 0, NULL);
	assert_int_equal(conf.limit[0].interval, 100000000);
	limits_set(&l, SIP_CLASS_MAX, &one);
	assert_int_equal(limits_get(&l, SIP_CLASS_MAX).rate, 0);
}

static void test_prefixes(void **state)
{
	static const char *const badv[] = {"",
					   "10.0.0.0",
					   "10.0.0.0/",
					   "10.0.0.0/33",
					   "10.0.0.1/8",
					   "10.0.0.0/8x",
					   "2001:db8::/129",
					   "2001:db8::1/64",
					   "/8",
					   "example.org/8",
					   "10.0.0.0/0008",
					   "10.0.0.0/-1"};
	unsigned bits;
	struct sa sa;
	(void)state;

	for (size_t i = 0; i < sizeof(badv) / sizeof(badv[0]); i++)
		if (!prefix_decode(&sa, &bits, badv[i]))
			fail_msg("taken: %s", badv[i]);
	assert_int_equal(prefix_decode(&sa, &bits, NULL), EINVAL);
	assert_int_equal(prefix_decode(&sa, &bits, "0.0.0.0/0"), 0);
	assert_int_equal(bits, 0);
	assert_int_equal(prefix_decode(&sa, &bits, "2001:db8::/33"), 0);
	assert_int_equal(bits, 33);
	assert_int_equal(sa_af(&sa), AF_INET6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layers), cmocka_unit_test(test_node),
		cmocka_unit_test(test_end),    cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_limits), cmocka_unit_test(test_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
