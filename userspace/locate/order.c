/* SPDX-License-Identifier: BSD-2-Clause */
/* Which of several records comes first */
#include "carom/siphash.h"
#include "locate/locate.h"

/* In place of a random number: the same for the same key */
static uint64_t chance(uint64_t key, uint64_t nth)
{
	struct siphash h;

	siphash_start(&h, key, nth);
	return siphash_end(&h);
}

static uint32_t total(const struct dns_set *set, const uint8_t *v, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += set->recv[v[i]].weight;
	return sum;
}

/* Of records of one priority, the lightest first: one to the front */
static void draw(const struct dns_set *set, uint8_t *v, size_t n, uint64_t r)
{
	const uint32_t sum = total(set, v, n);
	size_t i = 0;
	uint8_t chosen;

	if (sum) {
		uint32_t left = (uint32_t)(r % (sum + 1));

		while (i < n - 1 && set->recv[v[i]].weight < left)
			left -= set->recv[v[i++]].weight;
	} else {
		i = r % n;
	}
	chosen = v[i];
	for (; i; i--)
		v[i] = v[i - 1];
	v[0] = chosen;
}

void locate_order_srv(uint8_t orderv[DNS_RECORDS], const struct dns_set *set,
		      uint64_t key)
{
	size_t n = set->recc, end;

	for (size_t i = 0; i < n; i++)
		orderv[i] = (uint8_t)i;
	for (size_t i = 0; i < n; i++) {
		const uint16_t pri = set->recv[orderv[i]].priority;

		end = i + 1;
		while (end < n && set->recv[end].priority == pri)
			end++;
		draw(set, orderv + i, end - i, chance(key, i));
	}
}

void locate_order_addr(uint8_t orderv[DNS_RECORDS], const struct dns_set *set,
		       uint64_t key)
{
	const size_t n = set->recc;
	const size_t first = n ? chance(key, DNS_RECORDS) % n : 0;

	for (size_t i = 0; i < n; i++)
		orderv[i] = (uint8_t)((first + i) % n);
}
