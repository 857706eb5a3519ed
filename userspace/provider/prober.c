/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is asked when: a wheel of ticks, and so many a second */
#include <errno.h>
#include <string.h>
#include "provider/core.h"

static uint64_t interval(const struct provider *p)
{
	return p->rec->probe.interval * 1000ull;
}

static void place(struct provider *p)
{
	struct prober *pr = &p->all->prober;
	/* the first tick behind it, and never the slot that is being emptied */
	const uint64_t tick = MAX(p->due / PROBER_TICK, pr->tick) + 1;

	list_unlink(&p->turn);
	list_append(&pr->wheelv[tick % PROBER_WHEEL], &p->turn, p);
}

void prober_turn(struct provider *p, uint64_t ms)
{
	const uint64_t due = tmr_jiffies() + ms;

	if (!interval(p) || p->rec->disabled || (p->turn.list && p->due <= due))
		return;
	p->due = due;
	place(p);
}

/* Who is new is asked within an interval, each at a time of its own: 10,000 that
 * come at once are spread over it, the same way after each start */
void prober_begin(struct provider *p)
{
	const uint64_t iv = interval(p);

	list_unlink(&p->turn);
	if (!iv || p->rec->disabled)
		return;
	/* one that nothing is known of, among few, need not wait for that */
	p->due = tmr_jiffies() +
		 hash_joaat_str(p->rec->id) %
			 MIN(iv, 100 + p->all->n * 1000 / p->all->rate);
	place(p);
}

/* The next turn, by up to a tenth earlier or later: whatever made many of them meet
 * does not last */
static void again(struct provider *p)
{
	const uint64_t iv = interval(p);

	p->due = tmr_jiffies() + iv - iv / 10 + rand_u32() % (iv / 5 + 1);
	place(p);
}

static void ask(struct provider *p)
{
	/* first, for what comes of it may ask for an earlier one */
	again(p);
	if (!p->probing)
		(void)probing_start(p, true);
}

static void run(struct providers *ps)
{
	struct prober *pr = &ps->prober;

	pr->credit += ps->rate * PROBER_TICK;
	/* what was not used is not kept: no burst later */
	pr->credit = MIN(pr->credit, MAX(ps->rate * PROBER_TICK, 1000u));
	while (pr->credit >= 1000 && ps->probing < PROBER_FLIGHT) {
		struct provider *p = list_ledata(list_head(&pr->ready));

		if (!p)
			break;
		list_unlink(&p->turn);
		pr->credit -= 1000;
		ask(p);
	}
}

static void turn(struct prober *pr, uint64_t now)
{
	struct list *slot = &pr->wheelv[pr->tick % PROBER_WHEEL];
	struct le *le = list_head(slot);

	while (le) {
		struct provider *p = le->data;

		le = le->next;
		if (p->due > now)
			continue; /* another round of the wheel */
		list_unlink(&p->turn);
		list_append(&pr->ready, &p->turn, p);
	}
}

static void tick(void *arg)
{
	struct providers *ps = arg;
	struct prober *pr = &ps->prober;
	const uint64_t now = tmr_jiffies(), to = now / PROBER_TICK;

	tmr_start(&pr->tmr, PROBER_TICK, tick, ps);
	/* after a long sleep each slot is looked at once */
	if (to > pr->tick + PROBER_WHEEL)
		pr->tick = to - PROBER_WHEEL;
	while (pr->tick < to) {
		++pr->tick;
		turn(pr, now);
	}
	run(ps);
}

void prober_start(struct providers *ps)
{
	struct prober *pr = &ps->prober;

	for (size_t i = 0; i < PROBER_WHEEL; i++)
		list_init(&pr->wheelv[i]);
	list_init(&pr->ready);
	pr->tick = tmr_jiffies() / PROBER_TICK;
	tmr_init(&pr->tmr);
	tmr_start(&pr->tmr, PROBER_TICK, tick, ps);
}

void prober_stop(struct providers *ps)
{
	tmr_cancel(&ps->prober.tmr);
}
