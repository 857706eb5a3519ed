/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/leg.c  Legs, written so that no packet sees half of one
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "priv.h"
#include "sa6.h"

#define NS_PER_MS 1000000ULL
#define CLOCK_RATE_DEFAULT 8000

/* struct leg_ctl is one word: the kernel compares and swaps it as such */
union ctl {
	struct leg_ctl c;
	uint32_t w;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static union ctl ctl_load(const struct leg *leg)
{
	union ctl c;

	c.w = __atomic_load_n((const uint32_t *)&leg->ctl, __ATOMIC_ACQUIRE);
	return c;
}

/* Take the right to write the inactive path. The kernel holds it for some
 * hundred nanoseconds while a leg latches; a bit that stays was left by an
 * agent that died, and is ours */
static union ctl ctl_acquire(struct leg *leg)
{
	union ctl old, new;

	for (int i = 0; i < 100000; i++) {
		old = ctl_load(leg);
		if (old.c.flags & CTL_BUSY)
			continue;
		new = old;
		new.c.flags |= CTL_BUSY;
		if (__atomic_compare_exchange_n((uint32_t *)&leg->ctl, &old.w,
						new.w, false, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE))
			return new;
	}
	return ctl_load(leg);
}

static void ctl_store(struct leg *leg, union ctl c)
{
	__atomic_store_n((uint32_t *)&leg->ctl, c.w, __ATOMIC_RELEASE);
}

/* The path that was in force before the last flip: a packet may still be
 * reading it, and a next hop being written to it, for some microseconds */
static void let_pass(const struct leg_aux *x)
{
	uint64_t since = now_ns() - x->flipped;

	if (x->flipped && since < LEG_GRACE)
		sys_usleep((LEG_GRACE - since) / 1000 + 1);
}

void fp_leg_recover(struct leg *leg)
{
	union ctl c;

	if (!(ctl_load(leg).c.flags & CTL_BUSY))
		return;
	/* spins for as long as the kernel could hold it */
	c = ctl_acquire(leg);
	c.c.flags = 0;
	ctl_store(leg, c);
}

static void addr_store(uint32_t *v4, uint8_t v6[16], const struct sa *sa)
{
	if (sa_af(sa) == AF_INET)
		*v4 = htonl(sa_in(sa));
	else if (sa_af(sa) == AF_INET6)
		sa_in6(sa, v6);
}

static uint16_t path_flags(const struct fp_leg *l)
{
	uint16_t f = 0;

	if (sa_af(&l->local) == AF_INET6)
		f |= PATH_V6_IN;
	if (sa_af(&l->peer_local) == AF_INET6)
		f |= PATH_V6_OUT;
	f |= l->any_src ? PATH_ANY_SRC : 0;
	f |= l->src_fixed ? PATH_SRC_FIXED : 0;
	f |= l->pt_filter ? PATH_PT_FILTER : 0;
	f |= l->rtcp_ok ? PATH_RTCP_OK : 0;
	f |= l->demux ? PATH_DEMUX : 0;
	f |= l->dscp >= 0 ? PATH_DSCP : 0;
	f |= l->tap ? PATH_TAP : 0;
	f |= l->tap_rtcp ? PATH_TAP_RTCP : 0;
	if (l->dtmf_pt >= 0) {
		f |= l->tap_dtmf ? PATH_TAP_DTMF : 0;
		f |= l->dtmf_block ? PATH_DTMF_BLOCK : 0;
	}
	f |= l->ssrc_rewrite ? PATH_SSRC : 0;
	f |= l->alien ? PATH_ALIEN : 0;
	f |= l->plain ? PATH_PLAIN : 0;
	return f;
}

static void path_write(struct leg_path *p, struct leg_path6 *p6,
		       const struct fp_leg *l)
{
	memset(p, 0, sizeof(*p));
	memset(p6, 0, sizeof(*p6));
	addr_store(&p->src4, p6->src6, &l->remote);
	addr_store(&p->dst4, p6->dst6, &l->peer_remote);
	addr_store(&p->from4, p6->from6, &l->peer_local);
	p->sport = htons(sa_port(&l->remote));
	p->dport = htons(sa_port(&l->peer_remote));
	p->fport = htons(sa_port(&l->peer_local));
	p->flags = path_flags(l);
	memcpy(p->pt_mask, l->pt_mask, sizeof(p->pt_mask));
	p->nh_dev = NH_NONE;
	p->dscp = l->dscp >= 0 ? (uint8_t)(l->dscp << 2) : 0;
	p->dtmf_pt = l->dtmf_pt >= 0 ? l->dtmf_pt : 0xff;
	p->media = l->media;
	p->clock_mult = leg_clock_mult(l->clock_rate ? l->clock_rate
						     : CLOCK_RATE_DEFAULT);
	p6->ssrc_out = l->ssrc_out;
}

static bool same_src(const struct leg_path *a, const struct leg_path6 *a6,
		     const struct leg_path *b, const struct leg_path6 *b6)
{
	return a->src4 == b->src4 && a->sport == b->sport &&
	       !memcmp(a6->src6, b6->src6, 16);
}

/* As signalled, what the agent last asked of the leg: kept beside, for the
 * path in force may hold what the kernel learnt */
static bool signalled_same(const struct leg_aux *x, const struct fp_leg *l)
{
	uint8_t a[16];

	return !sa6_from_sa(a, &l->remote) &&
	       !memcmp(x->signalled, a, sizeof(a)) &&
	       x->signalled_port == sa_port(&l->remote);
}

/* The source that the kernel learnt outlives a rewrite that changes nothing
 * about it */
static void keep_source(struct leg_path *p, struct leg_path6 *p6,
			const struct leg_path *old,
			const struct leg_path6 *old6)
{
	p->src4 = old->src4;
	p->sport = old->sport;
	memcpy(p6->src6, old6->src6, 16);
	if (!(old->flags & PATH_ANY_SRC))
		p->flags &= ~PATH_ANY_SRC;
}

/* The next hop's cache goes on where the destination did not move */
static void keep_nexthop(struct leg_path *p, const struct leg_path6 *p6,
			 const struct leg_path *old,
			 const struct leg_path6 *old6)
{
	if (p->dst4 != old->dst4 || p->from4 != old->from4 ||
	    memcmp(p6->dst6, old6->dst6, 16) ||
	    memcmp(p6->from6, old6->from6, 16))
		return;
	memcpy(p->nh_dmac, old->nh_dmac, 6);
	memcpy(p->nh_smac, old->nh_smac, 6);
	p->nh_vlan = old->nh_vlan;
	p->nh_mtu = old->nh_mtu;
	p->nh_dev = old->nh_dev;
}

/* 0: none */
static uint32_t slot_of(const struct fp *fp, const struct sa *local)
{
	uint32_t slot;

	return sa_isset(local, SA_ALL) && !fp_slot(fp, local, &slot) ? slot : 0;
}

static void open_latch(struct fp *fp, struct leg_aux *x, const struct fp_leg *l)
{
	uint64_t now = now_ns();

	x->latch_from = now + l->latch_grace * NS_PER_MS;
	x->latch_until = now + l->latch_window * NS_PER_MS;
	for (int i = 0; i < 2; i++)
		x->peer[i] = slot_of(fp, &l->follow[i]);
}

static bool leg_valid(const struct fp_leg *l)
{
	int in = sa_af(&l->local), out = sa_af(&l->peer_local);

	if (l->state == LEG_FREE || l->state == LEG_FOREIGN || l->dscp > 63 ||
	    l->dtmf_pt > 127)
		return false;
	if (sa_isset(&l->remote, SA_ADDR) && sa_af(&l->remote) != in)
		return false;
	if (sa_isset(&l->peer_remote, SA_ADDR) && sa_af(&l->peer_remote) != out)
		return false;
	return l->state != LEG_RELAY || (sa_isset(&l->peer_remote, SA_ALL) &&
					 sa_isset(&l->peer_local, SA_ALL));
}

int fp_leg_set(struct fp *fp, const struct fp_leg *l)
{
	struct leg_path *p, *old;
	struct leg_path6 *p6, *old6;
	struct leg_aux *x;
	struct leg *leg;
	struct sa rtcp;
	uint32_t slot;
	union ctl c;
	int err;

	if (!fp || fp->readonly || !l || !leg_valid(l))
		return EINVAL;
	err = fp_slot(fp, &l->local, &slot);
	if (err)
		return err;
	leg = &fp->legs[slot];
	x = &fp->aux[slot];
	let_pass(x);
	if (ctl_load(leg).c.state == LEG_FREE) {
		memset(leg, 0, sizeof(*leg));
		memset(x, 0, sizeof(*x));
	}

	c = ctl_acquire(leg);
	old = &x->path[c.c.active & 1];
	old6 = &x->path6[c.c.active & 1];
	p = &x->path[!(c.c.active & 1)];
	p6 = &x->path6[!(c.c.active & 1)];
	path_write(p, p6, l);
	if (c.c.state != LEG_FREE) {
		bool same = signalled_same(x, l);

		if (same && !l->latch)
			keep_source(p, p6, old, old6);
		else if (!l->latch || !same || !same_src(p, p6, old, old6))
			c.c.latch = LATCH_NONE;
		keep_nexthop(p, p6, old, old6);
	}
	rtcp = l->local;
	sa_set_port(&rtcp, sa_port(&l->local) + 1);
	if (!l->demux || fp_slot(fp, &rtcp, &x->rtcp_slot))
		x->rtcp_slot = 0;
	x->rtcp_said = slot_of(fp, &l->said);
	x->rtcp_heard = slot_of(fp, &l->heard);
	sa6_from_sa(x->signalled, &l->remote);
	x->signalled_port = sa_port(&l->remote);
	x->why = l->why;
	if (l->latch || c.c.latch == LATCH_OPEN)
		open_latch(fp, x, l);
	if (l->latch)
		c.c.latch = LATCH_OPEN;
	c.c.active = !c.c.active;
	c.c.state = l->state;
	c.c.flags = 0; /* and with it the kernel's short copy of the path */
	x->flipped = now_ns();
	ctl_store(leg, c);
	return 0;
}

int fp_leg_state(struct fp *fp, const struct sa *local, enum leg_state state)
{
	union ctl old, new;
	struct leg *leg;
	uint32_t slot;
	int err;

	if (!fp || fp->readonly || state == LEG_FREE)
		return EINVAL;
	err = fp_slot(fp, local, &slot);
	if (err)
		return err;
	leg = &fp->legs[slot];
	old = ctl_load(leg);
	do {
		if (old.c.state == LEG_FREE)
			return ENOENT;
		new = old;
		new.c.state = state;
	} while (!__atomic_compare_exchange_n((uint32_t *)&leg->ctl, &old.w,
					      new.w, true, __ATOMIC_ACQ_REL,
					      __ATOMIC_ACQUIRE));
	return 0;
}

int fp_leg_stream(const struct fp *fp, const struct sa *local,
		  struct fp_stream *s)
{
	const struct leg_aux *x;
	const struct leg *leg;
	unsigned active;
	uint32_t slot;
	int err;

	if (!fp || !s)
		return EINVAL;
	err = fp_slot(fp, local, &slot);
	if (err)
		return err;
	leg = &fp->legs[slot];
	x = &fp->aux[slot];
	memset(s, 0, sizeof(*s));
	active = ctl_load(leg).c.active & 1;
	s->active = x->sub_active && x->path[active].flags & PATH_SSRC;
	if (s->active) {
		s->ssrc = x->path6[active].ssrc_out;
		s->ssrc_in = x->sub_ssrc;
		s->seq_off = x->sub_seq_off;
		s->ts_off = x->sub_ts_off;
		s->seq_last = x->sub_seq_last;
		s->ts_last = x->sub_ts_last;
		s->time = x->sub_time;
	} else if (x->started) {
		/* relayed as it came */
		s->ssrc = s->ssrc_in = leg->ssrc;
		s->seq_last = leg->seq_max;
		s->time = now_ns();
		s->ts_last = (uint32_t)((s->time >> 10) *
						x->path[active].clock_mult >>
					32) -
			     leg->transit;
	}
	return 0;
}

int fp_leg_stream_set(struct fp *fp, const struct sa *local,
		      const struct fp_stream *s)
{
	struct leg_aux *x;
	uint32_t slot;
	int err;

	if (!fp || fp->readonly || !s)
		return EINVAL;
	err = fp_slot(fp, local, &slot);
	if (err)
		return err;
	if (ctl_load(&fp->legs[slot]).c.state != LEG_AGENT)
		return EBUSY;
	x = &fp->aux[slot];
	x->sub_ssrc = s->ssrc_in;
	x->sub_seq_off = s->seq_off;
	x->sub_ts_off = s->ts_off;
	x->sub_seq_last = s->seq_last;
	x->sub_ts_last = s->ts_last;
	x->sub_time = s->time;
	x->sub_active = s->active;
	return 0;
}

int fp_leg_del(struct fp *fp, const struct sa *local)
{
	union ctl c = {.w = 0};
	uint32_t slot;
	int err;

	if (!fp || fp->readonly)
		return EINVAL;
	err = fp_slot(fp, local, &slot);
	if (err)
		return err;
	/* figures stay readable until the port is used again */
	ctl_acquire(&fp->legs[slot]);
	fp->aux[slot].flipped = now_ns();
	ctl_store(&fp->legs[slot], c);
	return 0;
}
