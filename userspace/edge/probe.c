/* SPDX-License-Identifier: BSD-2-Clause */
/* OPTIONS to targets: sent in turn, spread over the interval */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <sys/random.h>
#include "base/log.h"
#include "edge/options.h"
#include "edge/probe.h"

enum {
	TICK = 100,   /* ms */
	AGAIN = 1000, /* ms until one that failed is asked again, and it is not
			 known yet what to think of it */
};

/* One request under way */
struct ping {
	struct le le;
	struct probe *probe;
	struct ds_set *set;
	struct ds_target *target;
	char branch[40];
	uint64_t sent; /* us */
	struct tmr tmr;
};

/* When a target's turn is next */
struct turn {
	struct le le;
	struct ds_target *target;
	uint64_t due; /* ms */
	bool here;
};

struct probe {
	struct probe_conf conf;
	struct ds_conf ds;
	struct ds_sets *sets;
	struct list pings, turns;
	struct tmr tmr;
	probe_send_h *sendh;
	probe_change_h *changeh;
	void *arg;
};

static uint64_t now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void ping_destructor(void *arg)
{
	struct ping *g = arg;

	tmr_cancel(&g->tmr);
	list_unlink(&g->le);
	mem_deref(g->target);
	mem_deref(g->set);
}

static void turn_destructor(void *arg)
{
	struct turn *t = arg;

	list_unlink(&t->le);
	mem_deref(t->target);
}

static void destructor(void *arg)
{
	struct probe *p = arg;

	tmr_cancel(&p->tmr);
	list_flush(&p->pings);
	list_flush(&p->turns);
	mem_deref(p->sets);
}

/* Its next turn comes before the others': whether it is dead should be known soon,
 * however long the interval is */
static void soon(struct probe *p, const struct ds_target *t)
{
	const uint64_t due = tmr_jiffies() + AGAIN;
	struct le *le;

	LIST_FOREACH (&p->turns, le) {
		struct turn *u = le->data;

		if (u->target == t && u->due > due)
			u->due = due;
	}
}

/* Code 0: there was no answer */
static void result(struct ping *g, bool ok, uint16_t code, uint32_t rtt_us)
{
	struct probe *p = g->probe;
	const struct ds_status *st = ds_target_status(g->target);
	const enum ds_state before = st->state;
	bool changed;

	ds_target_note(g->target, code, rtt_us);
	changed = ds_target_result(g->target, &p->ds, ok, rtt_us,
				   tmr_jiffies());
	if (st->state == DS_TRYING)
		soon(p, g->target);
	if (!changed)
		return;
	log_info("dispatcher: set %u: %s is %s: %s", ds_set_id(g->set),
		 ds_target_uri(g->target), ds_state_name(st->state),
		 st->reason);
	(void)ds_set_build(g->set);
	p->changeh(g->set, g->target, before, p->arg);
}

static void timeout(void *arg)
{
	struct ping *g = arg;

	result(g, false, 0, 0);
	mem_deref(g);
}

int probe_now(struct probe *p, struct ds_set *set, struct ds_target *t)
{
	struct mbuf *mb = NULL;
	struct ping *g = NULL;
	uint64_t id[2];
	char via[80];
	int err;

	if (!p || !set || !t)
		return EINVAL;
	if (!ds_target_addr(t))
		return ENOENT;
	g = mem_zalloc(sizeof(*g), ping_destructor);
	mb = mbuf_alloc(512);
	if (!g || !mb) {
		err = ENOMEM;
		goto out;
	}
	tmr_init(&g->tmr);
	g->probe = p;
	g->set = mem_ref(set);
	g->target = mem_ref(t);
	/* random: who can't see the request can't answer it */
	if (getrandom(id, sizeof(id), 0) != sizeof(id)) {
		err = EIO;
		goto out;
	}
	(void)re_snprintf(g->branch, sizeof(g->branch), "z9hG4bK%016llx",
			  id[0]);
	err = p->sendh(t, NULL, via, sizeof(via), p->arg);
	if (!err)
		err = options_make(mb, t, via, g->branch, p->conf.from);
	if (err)
		goto out;
	mb->pos = 0;
	list_append(&p->pings, &g->le, g);
	g->sent = now_us();
	tmr_start(&g->tmr, p->conf.timeout, timeout, g);
	/* what can't be sent is not answered either: the timeout says so */
	(void)p->sendh(t, mb, via, sizeof(via), p->arg);
	g = NULL;
out:
	mem_deref(mb);
	mem_deref(g);
	return err;
}

static bool accepted(const struct probe *p, uint16_t code)
{
	for (size_t i = 0; i < p->conf.acceptc; i++)
		if (code >= p->conf.acceptv[i].min &&
		    code <= p->conf.acceptv[i].max)
			return true;
	return false;
}

bool probe_response(struct probe *p, const struct pl *branch, uint16_t code)
{
	struct le *le;

	if (!p || !branch)
		return false;
	LIST_FOREACH (&p->pings, le) {
		struct ping *g = le->data;

		if (pl_strcmp(branch, g->branch))
			continue;
		if (code < 200)
			return true; /* the answer is still to come */
		result(g, accepted(p, code), code,
		       (uint32_t)(now_us() - g->sent));
		mem_deref(g);
		return true;
	}
	return false;
}

/* ---- turns -------------------------------------------------------------- */

static bool wanted(const struct probe *p, const struct ds_target *t)
{
	const struct ds_status *st = ds_target_status(t);

	return ds_target_addr(t) && !(ds_target_flags(t) & DS_F_NOPING) &&
	       st->state != DS_DISABLED && (!p->conf.marked || st->probing);
}

static struct turn *turn_of(struct probe *p, struct ds_target *t, uint64_t now,
			    size_t nth)
{
	struct turn *u;
	struct le *le;

	LIST_FOREACH (&p->turns, le) {
		u = le->data;
		if (u->target == t)
			return u;
	}
	u = mem_zalloc(sizeof(*u), turn_destructor);
	if (!u)
		return NULL;
	u->target = mem_ref(t);
	/* who is new is asked soon, but not all at once */
	u->due = now + nth * TICK % (p->conf.interval * 1000u);
	list_append(&p->turns, &u->le, u);
	return u;
}

static void take_turns(struct probe *p, struct ds_set *set, uint64_t now)
{
	for (size_t k = 0; k < ds_set_count(set); k++) {
		struct ds_target *t = ds_set_target(set, k);
		struct turn *u;

		if (!wanted(p, t))
			continue;
		u = turn_of(p, t, now, k);
		if (!u)
			return;
		u->here = true;
		if (now < u->due)
			continue;
		u->due = now + p->conf.interval * 1000u;
		(void)probe_now(p, set, t);
	}
}

static void tick(void *arg)
{
	struct probe *p = arg;
	const uint64_t now = tmr_jiffies();
	struct le *le;

	tmr_start(&p->tmr, TICK, tick, p);
	LIST_FOREACH (&p->turns, le)
		((struct turn *)le->data)->here = false;
	for (size_t i = 0; i < ds_sets_count(p->sets); i++)
		take_turns(p, ds_sets_at(p->sets, i), now);
	le = list_head(&p->turns);
	while (le) {
		struct turn *u = le->data;

		le = le->next;
		if (!u->here)
			mem_deref(u);
	}
}

int probe_alloc(struct probe **pp, const struct probe_conf *conf,
		const struct ds_conf *ds, struct ds_sets *sets,
		probe_send_h *sendh, probe_change_h *changeh, void *arg)
{
	struct probe *p;

	if (!pp || !conf || !ds || !sets || !sendh || !changeh)
		return EINVAL;
	p = mem_zalloc(sizeof(*p), destructor);
	if (!p)
		return ENOMEM;
	p->conf = *conf;
	p->ds = *ds;
	p->sets = mem_ref(sets);
	list_init(&p->pings);
	list_init(&p->turns);
	tmr_init(&p->tmr);
	p->sendh = sendh;
	p->changeh = changeh;
	p->arg = arg;
	if (conf->interval)
		tmr_start(&p->tmr, TICK, tick, p);
	*pp = p;
	return 0;
}

uint32_t probe_timeout(const struct probe *p)
{
	return p ? p->conf.timeout : 0;
}

void probe_set(struct probe *p, const struct probe_conf *conf,
	       const struct ds_conf *ds)
{
	if (!p || !conf || !ds)
		return;
	p->conf = *conf;
	p->ds = *ds;
	/* the turns were made for the interval that was */
	list_flush(&p->turns);
	tmr_cancel(&p->tmr);
	if (conf->interval)
		tmr_start(&p->tmr, TICK, tick, p);
}
