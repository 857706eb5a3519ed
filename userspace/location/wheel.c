/* SPDX-License-Identifier: BSD-2-Clause */
/* When bindings expire: a slot for each second */
#include <string.h>
#include "location/priv.h"

enum { TICK = 500 /* ms */ };

void wheel_add(struct location *l, struct entry *e)
{
	/* one whose time is over is found in the next second */
	const uint32_t when = e->expires > l->wheel_at ? e->expires
						       : l->wheel_at + 1;
	struct entry **slot = &l->wheelv[when % WHEEL];

	e->wheel = *slot;
	e->wheelp = slot;
	if (e->wheel)
		e->wheel->wheelp = &e->wheel;
	*slot = e;
}

void wheel_remove(struct entry *e)
{
	if (!e->wheelp)
		return;
	*e->wheelp = e->wheel;
	if (e->wheel)
		e->wheel->wheelp = e->wheelp;
	e->wheel = NULL;
	e->wheelp = NULL;
}

/* The store forgets it by itself; nobody else need be asked. Where a change is
 * under way, that may be its refresh */
static void expire(struct location *l, struct entry *e)
{
	struct aor *a = e->aor;

	wheel_remove(e);
	if (a->busy) {
		wheel_add(l, e);
		return;
	}
	entry_out(l, e);
	watch_tell(l, LOCATION_EXPIRED, e);
	mem_deref(e);
	aor_put(l, a);
}

static void turn(struct location *l, uint32_t second)
{
	struct entry *e = l->wheelv[second % WHEEL], *next;

	/* those that watch may change bindings, of the same slot too: so each is
	 * looked for anew */
	while (e) {
		next = e->wheel;
		if (e->expires <= second) {
			expire(l, e);
			next = l->wheelv[second % WHEEL];
			while (next && (next->expires > second))
				next = next->wheel;
		}
		e = next;
	}
}

static void tick_handler(void *arg)
{
	struct location *l = arg;
	const uint32_t now = (uint32_t)l->now();

	tmr_start(&l->tick, TICK, tick_handler, l);
	/* after a jump of the clock each slot is looked at once */
	if (now > l->wheel_at + WHEEL)
		l->wheel_at = now - WHEEL;
	while (l->wheel_at < now)
		turn(l, ++l->wheel_at);
}

void wheel_start(struct location *l)
{
	tmr_start(&l->tick, TICK, tick_handler, l);
}
