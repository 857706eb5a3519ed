/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sipsnap.c  SIP's counters at one moment, and between two
 */
#include <time.h>
#include "sipsnap.h"

static void destructor(void *arg)
{
	struct sipsnap *s = arg;

	mem_deref(s->targetv);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);

	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int add_target(struct sipsnap *s, size_t *size, unsigned set,
		      unsigned number, uint32_t id, const struct sip_target *t)
{
	struct sipsnap_target *v = s->targetv;

	if (s->targetc == *size) {
		size_t n = *size ? *size * 2 : 16;

		v = mem_reallocarray(v, n, sizeof(*v), NULL);
		if (!v)
			return ENOMEM;
		s->targetv = v;
		*size = n;
	}
	v[s->targetc++] = (struct sipsnap_target){set, number, id, *t};

	return 0;
}

static int take_targets(struct sipsnap *s, const struct fp_sip *sip)
{
	size_t size = 0;
	int err = 0;

	for (unsigned i = 0; i < SIP_SETS && !err; i++) {
		const uint32_t id = fp_sip_set_get(sip, i)->id;

		for (unsigned k = 0; k < SIP_SET_TARGETS && !err; k++) {
			const struct sip_target *t = fp_sip_target_get(sip, i,
								       k);

			if (t->port)
				err = add_target(s, &size, i, k, id, t);
		}
	}

	return err;
}

int sipsnap_take(struct sipsnap **sp, const struct fp_sip *sip)
{
	struct sipsnap *s = mem_zalloc(sizeof(*s), destructor);
	int err = 0;

	if (!s)
		return ENOMEM;

	s->time = now_ns();
	s->on = fp_sip_is_on(sip);
	s->listeners = fp_sip_listeners(sip);
	for (unsigned i = 0; i < SIP_COUNT_MAX && !err; i++)
		err = fp_sip_count(sip, i, &s->kindv[i]);
	if (!err)
		err = take_targets(s, sip);

	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}

static double per_second(const struct sipsnap *a, const struct sipsnap *b,
			 uint64_t had, uint64_t has)
{
	const double s = (double)(b->time - a->time) / 1e9;

	return b->time > a->time ? (double)(has >= had ? has - had : has) / s
				 : 0;
}

double sipsnap_kind(const struct sipsnap *a, const struct sipsnap *b,
		    unsigned kind)
{
	return per_second(a, b, a->kindv[kind].packets, b->kindv[kind].packets);
}

static bool same(const struct sipsnap_target *a, const struct sipsnap_target *b)
{
	return a->set == b->set && a->number == b->number &&
	       a->t.port == b->t.port &&
	       !memcmp(a->t.addr, b->t.addr, sizeof(a->t.addr));
}

struct sipsnap_rate sipsnap_rate(const struct sipsnap *a,
				 const struct sipsnap *b, size_t i)
{
	const struct sipsnap_target *now = &b->targetv[i];
	struct sip_target had = {.port = 0};

	for (size_t k = 0; k < a->targetc; k++) {
		if (same(&a->targetv[k], now))
			had = a->targetv[k].t;
	}

	return (struct sipsnap_rate){
		per_second(a, b, had.dialogs, now->t.dialogs),
		per_second(a, b, had.requests, now->t.requests),
		per_second(a, b, had.responses, now->t.responses),
		per_second(a, b, had.received, now->t.received),
	};
}

void sipsnap_addr(const struct sip_target *t, struct sa *sa)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (memcmp(t->addr, mapped, sizeof(mapped)) != 0) {
		sa_set_in6(sa, t->addr, t->port);
		return;
	}
	sa_set_in(sa,
		  (uint32_t)t->addr[12] << 24 | (uint32_t)t->addr[13] << 16 |
			  (uint32_t)t->addr[14] << 8 | t->addr[15],
		  t->port);
}

const char *sipsnap_state(const struct sip_target *t)
{
	if (t->gone)
		return "gone";

	return t->usable ? "usable" : "down";
}
