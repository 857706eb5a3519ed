/* SPDX-License-Identifier: BSD-2-Clause */
#include <re.h>
#include "base/ports.h"

enum { FIRST = 1024, TRIES = 32 };

void ports_add(struct ports *p, uint16_t min, uint16_t max)
{
	for (size_t i = 0; i < p->n; i++)
		if (min >= p->v[i].min && max <= p->v[i].max)
			return;
	/* too many: what lies between is left out, too */
	if (p->n == PORT_RANGES) {
		p->v[0].min = MIN(min, p->v[0].min);
		p->v[0].max = MAX(max, p->v[0].max);
		return;
	}
	p->v[p->n].min = min;
	p->v[p->n++].max = max;
}

bool ports_have(const struct ports *p, uint16_t port)
{
	for (size_t i = 0; i < p->n; i++)
		if (port >= p->v[i].min && port <= p->v[i].max)
			return true;
	return false;
}

/* Each as likely as any other: whoever forges an answer has to guess it */
uint16_t ports_other(const struct ports *p)
{
	uint32_t n = 0, port;

	if (!p->n)
		return 0;
	for (unsigned i = 0; i < TRIES; i++) {
		port = rand_u16();
		if (port >= FIRST && !ports_have(p, (uint16_t)port))
			return (uint16_t)port;
	}
	/* there are few, or none */
	for (port = FIRST; port <= UINT16_MAX; port++)
		n += !ports_have(p, (uint16_t)port);
	n = n ? rand_u32() % n + 1 : 0;
	for (port = FIRST; n && port <= UINT16_MAX; port++)
		if (!ports_have(p, (uint16_t)port) && !--n)
			return (uint16_t)port;
	return 0;
}
