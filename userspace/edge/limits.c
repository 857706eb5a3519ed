/* SPDX-License-Identifier: BSD-2-Clause */
/* Flood limits in force */
#include "edge/limits.h"

struct sip_limit limits_bucket(const struct limit *v)
{
	struct sip_limit b = {0, 0};

	if (!v->rate)
		return b;
	b.interval = 1000000000u / v->rate;
	b.burst = (v->burst ? v->burst - 1 : 0) * b.interval;
	return b;
}

struct limit limits_get(const struct limits *l, unsigned class)
{
	if (class >= SIP_CLASS_MAX)
		return (struct limit){0, 0};
	return l->by_hand[class] ? l->handv[class] : l->filev[class];
}

/* The kernel reads both words without a lock: for one message it may take the
 * one with the other's, which is a limit, too */
static void enforce(const struct limits *l, unsigned class)
{
	const struct limit v = limits_get(l, class);
	const struct sip_limit b = limits_bucket(&v);
	struct sip_limit *to = &fp_sip_conf(l->sip)->limit[class];

	__atomic_store_n(&to->burst, b.burst, __ATOMIC_RELAXED);
	__atomic_store_n(&to->interval, b.interval, __ATOMIC_RELEASE);
}

void limits_file(struct limits *l, const struct limit v[SIP_CLASS_MAX])
{
	bool changed = false;

	for (unsigned i = 0; i < SIP_CLASS_MAX; i++) {
		changed |= l->filev[i].rate != v[i].rate ||
			   l->filev[i].burst != v[i].burst;
		l->filev[i] = v[i];
		enforce(l, i);
	}
	if (changed)
		(void)fp_sip_forgive(l->sip);
}

void limits_set(struct limits *l, unsigned class, const struct limit *v)
{
	if (class >= SIP_CLASS_MAX)
		return;
	l->by_hand[class] = v;
	if (v)
		l->handv[class] = *v;
	enforce(l, class);
	/* a bucket knows when it will be empty, by the limit that was */
	(void)fp_sip_forgive(l->sip);
}
