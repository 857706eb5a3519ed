/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "base/timers.h"

struct timers {
	struct list slotv[TIMERS_SLOTS];
	struct list due; /* taken out of its slot, about to be called       */
	uint64_t tick;   /* number of the last one                          */
	struct tmr tmr;
};

static void destructor(void *arg)
{
	struct timers *w = arg;

	tmr_cancel(&w->tmr);
	for (size_t i = 0; i < TIMERS_SLOTS; i++)
		list_clear(&w->slotv[i]);
	list_clear(&w->due);
}

static void turn(struct timers *w, uint64_t now)
{
	struct le *le = list_head(&w->slotv[w->tick % TIMERS_SLOTS]);

	while (le) {
		struct timer *t = le->data;

		le = le->next;
		if (t->due > now)
			continue; /* another round */
		list_unlink(&t->le);
		list_append(&w->due, &t->le, t);
	}
}

static void handler(void *arg)
{
	struct timers *w = arg;
	const uint64_t now = tmr_jiffies(), to = now / TIMERS_TICK;
	struct timer *t;

	tmr_start(&w->tmr, TIMERS_TICK, handler, w);
	/* after a long sleep each slot is looked at once */
	if (to > w->tick + TIMERS_SLOTS)
		w->tick = to - TIMERS_SLOTS;
	while (w->tick < to) {
		++w->tick;
		turn(w, now);
	}
	/* one by one: each may stop others that are due, too */
	mem_ref(w);
	while ((t = list_ledata(list_head(&w->due)))) {
		list_unlink(&t->le);
		t->h(t->arg);
	}
	mem_deref(w);
}

int timers_alloc(struct timers **wp)
{
	struct timers *w;

	if (!wp)
		return EINVAL;
	w = mem_zalloc(sizeof(*w), destructor);
	if (!w)
		return ENOMEM;
	for (size_t i = 0; i < TIMERS_SLOTS; i++)
		list_init(&w->slotv[i]);
	list_init(&w->due);
	w->tick = tmr_jiffies() / TIMERS_TICK;
	tmr_init(&w->tmr);
	tmr_start(&w->tmr, TIMERS_TICK, handler, w);
	*wp = w;
	return 0;
}

void timer_start(struct timers *w, struct timer *t, uint64_t ms,
		 void (*h)(void *arg), void *arg)
{
	uint64_t tick;

	if (!w || !t || !h)
		return;
	list_unlink(&t->le);
	t->due = tmr_jiffies() + ms;
	t->h = h;
	t->arg = arg;
	/* the first tick behind it, and never one that has been */
	tick = MAX(t->due / TIMERS_TICK, w->tick) + 1;
	list_append(&w->slotv[tick % TIMERS_SLOTS], &t->le, t);
}

void timer_stop(struct timer *t)
{
	if (t)
		list_unlink(&t->le);
}
