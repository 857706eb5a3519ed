/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file snap.c  The fast path's counters at one moment, and between two
 */
#include <time.h>
#include "snap.h"

static void snap_destructor(void *arg)
{
	struct snap *s = arg;

	mem_deref(s->legv);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);

	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int add_leg(struct snap *s, size_t *size, const struct leg *leg,
		   const struct leg_aux *x, uint32_t slot)
{
	struct snap_leg *l;

	if (s->legc == *size) {
		size_t n = *size ? *size * 2 : 64;

		l = mem_reallocarray(s->legv, n, sizeof(*l), NULL);
		if (!l)
			return ENOMEM;
		s->legv = l;
		*size = n;
	}

	l = &s->legv[s->legc++];
	l->slot = slot;
	l->state = leg->ctl.state;
	l->packets = leg->packets;
	l->bytes = leg->bytes;
	l->lost = x ? x->lost : 0;

	return 0;
}

int snap_take(struct snap **sp, const struct fp *fp)
{
	struct snap *s = mem_zalloc(sizeof(*s), snap_destructor);
	size_t size = 0;
	int err = 0;

	if (!s)
		return ENOMEM;

	s->time = now_ns();
	s->slots = fp_slots(fp);

	for (unsigned i = 0; !err && i < CAROM_R_MAX; i++)
		err = fp_reason(fp, i, &s->reasonv[i]);

	for (uint32_t i = 0; !err && i < s->slots; i++) {
		const struct leg *leg = fp_leg(fp, i);
		unsigned state = leg ? leg->ctl.state : LEG_FREE;

		if (state >= SNAP_STATES)
			continue;

		++s->statec[state];
		if (state != LEG_FREE)
			err = add_leg(s, &size, leg, fp_leg_aux(fp, i), i);
	}

	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}

double snap_seconds(const struct snap *a, const struct snap *b)
{
	double s = (double)(b->time - a->time) / 1e9;

	return b->time > a->time ? s : 1e-9;
}

static double rise(uint64_t a, uint64_t b)
{
	return (double)(b >= a ? b - a : b);
}

double snap_reason_pps(const struct snap *a, const struct snap *b, unsigned i)
{
	return rise(a->reasonv[i].packets, b->reasonv[i].packets) /
	       snap_seconds(a, b);
}

double snap_reason_bps(const struct snap *a, const struct snap *b, unsigned i)
{
	return 8 * rise(a->reasonv[i].bytes, b->reasonv[i].bytes) /
	       snap_seconds(a, b);
}

int snap_rates(struct snap_rate **rv, const struct snap *a,
	       const struct snap *b)
{
	struct snap_rate *v;
	double s = snap_seconds(a, b);
	size_t j = 0;

	v = mem_zalloc((b->legc + 1) * sizeof(*v), NULL);
	if (!v)
		return ENOMEM;

	for (size_t i = 0; i < b->legc; i++) {
		const struct snap_leg *new = &b->legv[i];
		struct snap_leg old = {0};

		while (j < a->legc && a->legv[j].slot < new->slot)
			++j;

		if (j < a->legc && a->legv[j].slot == new->slot &&
		    a->legv[j].packets <= new->packets)
			old = a->legv[j];

		v[i].slot = new->slot;
		v[i].pps = (double)(new->packets - old.packets) / s;
		v[i].bps = 8 * rise(old.bytes, new->bytes) / s;
		v[i].lost = new->lost - old.lost;
	}

	*rv = v;

	return 0;
}

static int busier(const void *pa, const void *pb)
{
	const struct snap_rate *a = pa, *b = pb;

	if (a->pps != b->pps)
		return a->pps < b->pps ? 1 : -1;

	return a->slot < b->slot ? -1 : a->slot > b->slot;
}

/* Tens of thousands of legs and a screen of twenty: select, then sort */
void snap_busiest(struct snap_rate *rv, size_t rc, size_t n)
{
	if (n > rc)
		n = rc;

	if (!n)
		return;

	qsort(rv, n, sizeof(*rv), busier);

	for (size_t i = n; i < rc; i++) {
		struct snap_rate tmp = rv[i];
		size_t k = n - 1;

		if (busier(&tmp, &rv[k]) >= 0)
			continue;

		rv[i] = rv[k];
		for (; k && busier(&tmp, &rv[k - 1]) < 0; k--)
			rv[k] = rv[k - 1];
		rv[k] = tmp;
	}
}
