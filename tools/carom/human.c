/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file human.c  Figures as people read them
 */
#include "human.h"

/* 999.95 would round up to "1000.0 k": change unit half a digit before */
static double scale(double n, const char **unit)
{
	static const char *const unitv[] = {"", "k", "M", "G", "T", "P"};
	size_t i = 0;

	while (n >= 999.95 && i < ARRAY_SIZE(unitv) - 1) {
		n /= 1000.0;
		++i;
	}

	*unit = unitv[i];

	return n;
}

const char *human_num(struct human *h, double n)
{
	const char *unit;

	if (n < 9999.5) {
		(void)snprintf(h->s, sizeof(h->s), "%.0f", n);
		return h->s;
	}

	n = scale(n, &unit);
	(void)snprintf(h->s, sizeof(h->s), "%.1f %s", n, unit);

	return h->s;
}

const char *human_bits(struct human *h, double bps)
{
	const char *unit;

	bps = scale(bps, &unit);
	(void)snprintf(h->s, sizeof(h->s),
		       unit[0] ? "%.1f %sbit/s" : "%.0f %sbit/s", bps, unit);

	return h->s;
}

const char *human_age(struct human *h, uint64_t ms)
{
	unsigned long long s = ms / 1000;

	if (ms == UINT64_MAX)
		(void)snprintf(h->s, sizeof(h->s), "never");
	else if (ms < 1000)
		(void)snprintf(h->s, sizeof(h->s), "%u ms", (unsigned)ms);
	else if (s < 60)
		(void)snprintf(h->s, sizeof(h->s), "%u.%u s", (unsigned)s,
			       (unsigned)(ms % 1000 / 100));
	else if (s < 3600)
		(void)snprintf(h->s, sizeof(h->s), "%llu m %02llu s", s / 60,
			       s % 60);
	else if (s < 86400)
		(void)snprintf(h->s, sizeof(h->s), "%llu h %02llu m", s / 3600,
			       s % 3600 / 60);
	else
		(void)snprintf(h->s, sizeof(h->s), "%llu d %02llu h", s / 86400,
			       s % 86400 / 3600);

	return h->s;
}

const char *human_sa(struct human *h, const struct sa *sa)
{
	if (!sa_isset(sa, SA_ADDR))
		(void)snprintf(h->s, sizeof(h->s), "-");
	else
		(void)re_snprintf(h->s, sizeof(h->s), "%J", sa);

	return h->s;
}
