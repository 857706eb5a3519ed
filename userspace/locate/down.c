/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses that refused lately: few, or the network is broken altogether */
#include "locate/down.h"

static size_t place(const struct sa *addr)
{
	return sa_hash(addr, SA_ALL) % DOWN_GIVEN;
}

void down_given(struct down *d, const struct sa *addr)
{
	d->givenv[place(addr)] = *addr;
}

void down_mark(struct down *d, const struct sa *addr, uint64_t until)
{
	size_t at = 0;

	if (!sa_cmp(&d->givenv[place(addr)], addr, SA_ALL))
		return;
	for (size_t i = 0; i < DOWN_ADDRS; i++) {
		if (d->v[i].until && sa_cmp(&d->v[i].addr, addr, SA_ALL)) {
			at = i;
			break;
		}
		if (d->v[i].until < d->v[at].until)
			at = i;
	}
	d->v[at].addr = *addr;
	d->v[at].until = until;
}

bool down_is(const struct down *d, const struct sa *addr, uint64_t now)
{
	for (size_t i = 0; i < DOWN_ADDRS; i++)
		if (d->v[i].until > now && sa_cmp(&d->v[i].addr, addr, SA_ALL))
			return true;
	return false;
}
