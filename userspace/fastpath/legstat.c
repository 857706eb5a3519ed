/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fastpath/legstat.c  A leg's figures, for people and protocols
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "priv.h"
#include "sa6.h"

static void path_addr(struct sa *sa, bool v6, uint32_t v4, const uint8_t *a6,
		      uint16_t port)
{
	sa_init(sa, AF_UNSPEC);
	if (v6)
		sa_set_in6(sa, a6, ntohs(port));
	else if (v4)
		sa_set_in(sa, ntohl(v4), ntohs(port));
}

/* leg_clock_mult() backwards, to the nearest Hz */
static uint32_t clock_rate(uint32_t mult)
{
	return ((uint64_t)mult * 1000000000 / 1024 + (1ULL << 31)) >> 32;
}

static uint64_t age_ms(const struct leg *leg)
{
	struct timespec ts;
	uint64_t now, seen;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = ts.tv_sec * 1000000000ULL + ts.tv_nsec;
	seen = leg_seen_ns(leg, now);
	return seen ? (now - seen) / 1000000 : ~0ULL;
}

int fp_leg_stats(const struct fp *fp, uint32_t slot, struct fp_leg_stats *st)
{
	const struct leg_path6 *p6;
	const struct leg_path *p;
	const struct leg_aux *x;
	const struct leg *leg;
	unsigned on;

	if (!fp || !st || slot >= fp->slots)
		return EINVAL;
	leg = &fp->legs[slot];
	x = &fp->aux[slot];
	on = leg->ctl.active & 1;
	p = &x->path[on];
	p6 = &x->path6[on];

	memset(st, 0, sizeof(*st));
	st->state = leg->ctl.state;
	st->latch = leg->ctl.latch;
	st->why = leg->ctl.state == LEG_AGENT || leg->ctl.state == LEG_HELD
			  ? x->why
			  : LEG_WHY_NOTHING;
	st->media = p->media;
	if (fp_slot_addr(fp, slot, &st->local))
		sa_init(&st->local, AF_UNSPEC);
	path_addr(&st->remote, p->flags & PATH_V6_IN, p->src4, p6->src6,
		  p->sport);
	path_addr(&st->peer_local, p->flags & PATH_V6_OUT, p->from4, p6->from6,
		  p->fport);
	path_addr(&st->peer_remote, p->flags & PATH_V6_OUT, p->dst4, p6->dst6,
		  p->dport);
	st->packets = leg->packets;
	st->bytes = leg->bytes;
	st->age_ms = age_ms(leg);
	st->lost = x->lost;
	st->reordered = x->reordered;
	st->duplicate = x->duplicate;
	st->clock_rate = clock_rate(p->clock_mult);
	if (st->clock_rate)
		st->jitter_ms = leg->jitter / 16.0 * 1000 / st->clock_rate;
	st->ssrc = leg->ssrc;
	st->ssrc_changes = x->ssrc_changes;
	st->pt = leg->pt;
	memcpy(st->count, x->count, sizeof(st->count));
	return 0;
}

int fp_leg_remote(const struct fp *fp, const struct sa *local,
		  struct sa *remote)
{
	struct fp_leg_stats st;
	uint32_t slot;
	int err;

	err = fp_slot(fp, local, &slot);
	if (err)
		return err;
	err = fp_leg_stats(fp, slot, &st);
	if (err)
		return err;
	*remote = st.remote;
	return st.state == LEG_FREE ? ENOENT : 0;
}
