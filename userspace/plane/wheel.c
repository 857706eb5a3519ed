/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file plane/wheel.c  A worker's timers: a wheel of one millisecond a cog
 */
#include "plane/core.h"

#define NS_PER_MS 1000000u

static void unlink_tmr(struct plane_tmr *t)
{
	if (!t->link)
		return;
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	t->next = NULL;
	t->link = NULL;
}

void plane_tmr_stop(struct plane_tmr *t)
{
	unlink_tmr(t);
	t->h = NULL;
}

void plane_tmr_at(struct plane_tmr *t, struct plane_port *port, uint64_t at,
		  plane_call_h *h, void *arg)
{
	struct worker *w = port->w;
	struct plane_tmr **head;

	unlink_tmr(t);
	if (at < w->wheel_at)
		at = w->wheel_at;
	if (at < w->wheel_due)
		w->wheel_due = at;
	t->at = at;
	t->h = h;
	t->arg = arg;
	head = &w->wheel[at % WHEEL];
	t->next = *head;
	t->link = head;
	if (t->next)
		t->next->link = &t->next;
	*head = t;
}

void plane_tmr_start(struct plane_tmr *t, struct plane_port *port, uint32_t ms,
		     plane_call_h *h, void *arg)
{
	plane_tmr_at(t, port, port->w->now / NS_PER_MS + (ms ? ms : 1), h, arg);
}

void plane_quiet(struct plane_tmr *t, struct plane_port *port, plane_call_h *h,
		 void *arg)
{
	struct worker *w = port->w;

	unlink_tmr(t);
	t->h = h;
	t->arg = arg;
	t->next = w->quiet;
	t->link = &w->quiet;
	if (t->next)
		t->next->link = &t->next;
	w->quiet = t;
}

/* Who asks again meanwhile is asked in the next turn */
void wheel_quiet(struct worker *w)
{
	struct plane_tmr *list = w->quiet;

	if (!list || ring_front(w->hand))
		return;
	for (unsigned i = 0; i < w->sockc; i++) {
		if (fp_xsk_pending(w->sockv[i]->xsk))
			return;
	}
	w->quiet = NULL;
	list->link = &list;
	while (list) {
		struct plane_tmr *t = list;
		plane_call_h *h = t->h;

		unlink_tmr(t);
		h(t->arg);
	}
}

/* All of one cog that are due. A handler may stop or start any timer: look from
 * the start again; what it starts is due later */
static void run_cog(struct worker *w, uint64_t ms)
{
	struct plane_tmr *t = w->wheel[ms % WHEEL];

	while (t) {
		plane_call_h *h = t->h;

		if (t->at > ms) {
			t = t->next;
			continue;
		}
		unlink_tmr(t);
		h(t->arg);
		t = w->wheel[ms % WHEEL];
	}
}

void wheel_run(struct worker *w)
{
	uint64_t now = w->now / NS_PER_MS;

	/* after a long sleep one turn finds all */
	if (w->wheel_at + WHEEL < now)
		w->wheel_at = now - WHEEL;
	while (w->wheel_at <= now) {
		uint64_t ms = w->wheel_at++;

		run_cog(w, ms);
	}
}

/* What was looked through once has no timer in it until one is started there */
int wheel_wait(struct worker *w, int most)
{
	const uint64_t now = plane_clock() / NS_PER_MS;
	const uint64_t end = w->wheel_at +
			     (most < WHEEL ? (uint64_t)most : WHEEL);
	uint64_t ms = w->wheel_due > w->wheel_at ? w->wheel_due : w->wheel_at;

	for (; ms < end; ms++) {
		for (const struct plane_tmr *t = w->wheel[ms % WHEEL]; t;
		     t = t->next) {
			if (t->at > ms)
				continue;
			w->wheel_due = ms;
			return ms > now ? (int)(ms - now) : 0;
		}
	}
	if (w->wheel_due < end)
		w->wheel_due = end;

	return most;
}
