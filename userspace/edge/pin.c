/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a call's request to a name went */
#include <errno.h>
#include <ctype.h>
#include "carom/siphash.h"
#include "edge/pin.h"

enum { PINS = 4096 };

struct pins {
	struct {
		uint64_t id;    /* of call and name                       */
		uint64_t until; /* ms                                     */
		struct sa addr;
		enum msg_transp transp;
	} v[PINS];
};

int pins_alloc(struct pins **pp)
{
	*pp = mem_zalloc(sizeof(**pp), NULL);
	return *pp ? 0 : ENOMEM;
}

/* Names are the same in any letter case */
static uint64_t id_of(const struct locate_want *w)
{
	struct siphash h;

	siphash_start(&h, w->key,
		      (uint64_t)w->port << 32 | (uint64_t)w->transp << 1 |
			      w->secure);
	for (size_t i = 0; i < w->host.l; i++)
		siphash_word(&h,
			     (uint64_t)tolower((unsigned char)w->host.p[i]));
	siphash_word(&h, w->host.l);
	return siphash_end(&h);
}

bool pins_find(const struct pins *p, const struct locate_want *w,
	       struct locate_found *f, uint64_t now)
{
	const uint64_t id = id_of(w);
	const size_t i = id % PINS;

	if (p->v[i].id != id || p->v[i].until <= now)
		return false;
	f->addr = p->v[i].addr;
	f->transp = p->v[i].transp;
	f->expires = p->v[i].until;
	return true;
}

void pins_put(struct pins *p, const struct locate_want *w,
	      const struct locate_found *f, uint64_t now)
{
	const uint64_t id = id_of(w);
	const size_t i = id % PINS;

	p->v[i].id = id;
	p->v[i].until = now + PIN_TIME;
	p->v[i].addr = f->addr;
	p->v[i].transp = f->transp;
}
