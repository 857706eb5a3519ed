/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A media worker without thread, sockets or wires, in a time of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "sim_plane.h"

enum { NS_PER_MS = 1000000, EVENTS_MAX = 64, LEGS_MAX = 4 };

struct plane_port {
	struct le le;
	struct plane *pl;
	struct sa local;
	plane_rx_h *rxh;
	plane_event_h *eventh;
	void *arg;
};

struct plane_dst {
	struct sa remote;
};

struct event {
	struct le le;
	struct plane_port *port;
	unsigned type;
	struct sa src;
	size_t n;
	uint8_t p[];
};

/* The kernel's part of a leg is this alone */
struct fp {
	struct {
		struct sa local;
		struct fp_stream stream;
	} v[LEGS_MAX];
	size_t n;
};

struct plane {
	struct list ports, events;
	struct plane_tmr *timers, *quiet;
	uint64_t now; /* ns */
	uint8_t *out; /* that was reserved */
	bool full;
	struct {
		struct sa local, src;
		uint8_t p[64];
		size_t n; /* 0: none */
	} early;
	sim_sent_h *senth;
	void *arg;
	struct fp fp;
};

static void plane_destructor(void *arg)
{
	struct plane *pl = arg;

	list_flush(&pl->events);
	free(pl->out);
}

int sim_plane_alloc(struct plane **plp, sim_sent_h *senth, void *arg)
{
	struct plane *pl = mem_zalloc(sizeof(*pl), plane_destructor);

	if (!pl)
		return ENOMEM;
	pl->now = 1000000000000;
	pl->senth = senth;
	pl->arg = arg;
	*plp = pl;

	return 0;
}

unsigned plane_workers(const struct plane *pl)
{
	(void)pl;

	return 1;
}

struct fp *plane_fp(const struct plane *pl)
{
	return (struct fp *)&pl->fp;
}

static struct fp_stream *stream_of(const struct fp *fp, const struct sa *local)
{
	for (size_t i = 0; i < fp->n; i++) {
		if (sa_cmp(&fp->v[i].local, local, SA_ALL))
			return (struct fp_stream *)&fp->v[i].stream;
	}

	return NULL;
}

int fp_leg_stream(const struct fp *fp, const struct sa *local,
		  struct fp_stream *s)
{
	const struct fp_stream *has = stream_of(fp, local);

	memset(s, 0, sizeof(*s));
	if (has)
		*s = *has;

	return 0;
}

static void put_stream(struct fp *fp, const struct sa *local,
		       const struct fp_stream *s)
{
	struct fp_stream *has = stream_of(fp, local);

	if (!has) {
		if (fp->n == LEGS_MAX)
			abort();
		fp->v[fp->n].local = *local;
		has = &fp->v[fp->n++].stream;
	}
	*has = *s;
}

int fp_leg_stream_set(struct fp *fp, const struct sa *local,
		      const struct fp_stream *s)
{
	struct fp_stream has, set = *s;

	(void)fp_leg_stream(fp, local, &has);
	set.ssrc = has.ssrc;
	put_stream(fp, local, &set);

	return 0;
}

int fp_leg_state(struct fp *fp, const struct sa *local, enum leg_state state)
{
	(void)fp;
	(void)local;
	(void)state;

	return 0;
}

/* The kernel's own part: handing a stream over leaves it as it is */
void sim_rewrites(struct plane *pl, const struct sa *local, uint32_t ssrc)
{
	struct fp_stream s;

	(void)fp_leg_stream(&pl->fp, local, &s);
	s.ssrc = ssrc;
	put_stream(&pl->fp, local, &s);
}

/* ---- ports and destinations ----------------------------------------------- */

static struct plane_port *find(const struct plane *pl, const struct sa *local)
{
	struct le *le;

	LIST_FOREACH (&pl->ports, le) {
		struct plane_port *port = le->data;

		if (sa_cmp(&port->local, local, SA_ALL))
			return port;
	}

	return NULL;
}

static void port_destructor(void *arg)
{
	struct plane_port *port = arg;
	struct le *le = list_head(&port->pl->events);

	while (le) {
		struct event *e = le->data;

		le = le->next;
		if (e->port == port) {
			list_unlink(&e->le);
			mem_deref(e);
		}
	}
	list_unlink(&port->le);
}

int plane_port_open(struct plane_port **portp, struct plane *pl,
		    unsigned worker, const struct sa *local, plane_rx_h *rxh,
		    plane_event_h *eventh, void *arg)
{
	struct plane_port *port;
	(void)worker;

	if (find(pl, local))
		return EADDRINUSE;
	port = mem_zalloc(sizeof(*port), port_destructor);
	if (!port)
		return ENOMEM;
	port->pl = pl;
	port->local = *local;
	port->rxh = rxh;
	port->eventh = eventh;
	port->arg = arg;
	list_append(&pl->ports, &port->le, port);
	if (pl->early.n && sa_cmp(&pl->early.local, local, SA_ALL)) {
		sim_put(pl, local, &pl->early.src, pl->early.p, pl->early.n);
		pl->early.n = 0;
	}
	*portp = port;

	return 0;
}

void plane_port_hint(struct plane_port *port, const void *const *v)
{
	(void)port;
	(void)v;
}

bool plane_port_plain(const struct plane_port *port)
{
	(void)port;

	return false;
}

const struct sa *plane_port_local(const struct plane_port *port)
{
	return &port->local;
}

int plane_dst_alloc(struct plane_dst **dstp, struct plane *pl,
		    const struct sa *local, const struct sa *remote)
{
	struct plane_dst *dst = mem_zalloc(sizeof(*dst), NULL);
	(void)pl;
	(void)local;

	if (!dst)
		return ENOMEM;
	dst->remote = *remote;
	*dstp = dst;

	return 0;
}

const struct sa *plane_dst_remote(const struct plane_dst *dst)
{
	return &dst->remote;
}

/* ---- packets and events ----------------------------------------------------- */

void sim_full(struct plane *pl, bool full)
{
	pl->full = full;
}

void sim_put(struct plane *pl, const struct sa *local, const struct sa *src,
	     const uint8_t *p, size_t n)
{
	struct plane_port *port = find(pl, local);
	struct plane_pkt pkt = {
		.len = n, .room = n, .src = *src, .now = pl->now};

	if (!port)
		return;
	pkt.data = malloc(n ? n : 1);
	if (!pkt.data)
		abort();
	memcpy(pkt.data, p, n);
	port->rxh(port, &pkt, port->arg);
	free(pkt.data);
}

void sim_early(struct plane *pl, const struct sa *local, const struct sa *src,
	       const uint8_t *p, size_t n)
{
	if (n > sizeof(pl->early.p))
		abort();
	pl->early.local = *local;
	pl->early.src = *src;
	pl->early.n = n;
	memcpy(pl->early.p, p, n);
}

/* What was reserved and not sent is given up */
uint8_t *plane_reserve(struct plane_port *port, const struct plane_dst *dst)
{
	struct plane *pl = port->pl;

	if (!dst)
		abort();
	free(pl->out);
	pl->out = pl->full ? NULL : malloc(PLANE_PAYLOAD_MAX);

	return pl->out;
}

void plane_commit(struct plane_port *port, const struct plane_dst *dst,
		  size_t len)
{
	struct plane *pl = port->pl;
	uint8_t *out = pl->out;

	if (!out || len > PLANE_PAYLOAD_MAX)
		abort();
	pl->out = NULL;
	pl->senth(&port->local, &dst->remote, out, len, pl->arg);
	free(out);
}

bool plane_event(struct plane_port *port, unsigned type, const struct sa *src,
		 const uint8_t *p, size_t n)
{
	struct plane *pl = port->pl;
	struct event *e;

	if (n > PLANE_EVENT_MAX || list_count(&pl->events) >= EVENTS_MAX)
		return false;
	e = mem_zalloc(sizeof(*e) + n, NULL);
	if (!e)
		return false;
	e->port = port;
	e->type = type;
	if (src)
		e->src = *src;
	e->n = n;
	if (n)
		memcpy(e->p, p, n);
	list_append(&pl->events, &e->le, e);

	return true;
}

void sim_events(struct plane *pl)
{
	struct le *le;

	while ((le = list_head(&pl->events))) {
		struct event *e = le->data;

		list_unlink(&e->le);
		e->port->eventh(e->type, &e->src, e->p, e->n, e->port->arg);
		mem_deref(e);
	}
}

/* ---- time -------------------------------------------------------------------- */

static void unlink_tmr(struct plane_tmr *t)
{
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	t->link = NULL;
	t->next = NULL;
}

static void link_tmr(struct plane_tmr **list, struct plane_tmr *t)
{
	t->next = *list;
	t->link = list;
	if (t->next)
		t->next->link = &t->next;
	*list = t;
}

static void run_quiet(struct plane *pl)
{
	while (pl->quiet) {
		struct plane_tmr *t = pl->quiet;

		unlink_tmr(t);
		t->h(t->arg);
	}
}

static struct plane_tmr *first(const struct plane *pl);

/* As a worker does: what is due goes before what it is told */
static void run_late(struct plane *pl)
{
	struct plane_tmr *t;

	while ((t = first(pl)) && t->at * NS_PER_MS < pl->now) {
		unlink_tmr(t);
		t->h(t->arg);
	}
}

void plane_call(struct plane *pl, unsigned worker, plane_call_h *h, void *arg)
{
	(void)worker;
	run_late(pl);
	h(arg);
	run_quiet(pl);
}

uint64_t plane_now(const struct plane_port *port)
{
	return port->pl->now;
}

void plane_tmr_at(struct plane_tmr *tmr, struct plane_port *port, uint64_t at,
		  plane_call_h *h, void *arg)
{
	plane_tmr_stop(tmr);
	tmr->at = at;
	tmr->h = h;
	tmr->arg = arg;
	link_tmr(&port->pl->timers, tmr);
}

void plane_tmr_start(struct plane_tmr *tmr, struct plane_port *port,
		     uint32_t ms, plane_call_h *h, void *arg)
{
	plane_tmr_at(tmr, port, port->pl->now / NS_PER_MS + (ms ? ms : 1), h,
		     arg);
}

void plane_tmr_stop(struct plane_tmr *tmr)
{
	if (tmr->link)
		unlink_tmr(tmr);
}

void plane_quiet(struct plane_tmr *tmr, struct plane_port *port,
		 plane_call_h *h, void *arg)
{
	plane_tmr_stop(tmr);
	tmr->h = h;
	tmr->arg = arg;
	link_tmr(&port->pl->quiet, tmr);
}

/* The one that is due first */
static struct plane_tmr *first(const struct plane *pl)
{
	struct plane_tmr *best = pl->timers;

	for (struct plane_tmr *t = best; t; t = t->next) {
		if (t->at < best->at)
			best = t;
	}

	return best;
}

void sim_pass(struct plane *pl, uint64_t ns)
{
	const uint64_t end = pl->now + ns;

	for (;;) {
		struct plane_tmr *t = first(pl);

		if (!t || t->at * NS_PER_MS > end)
			break;
		/* the past comes in the next turn, which is no earlier */
		if (t->at * NS_PER_MS > pl->now)
			pl->now = t->at * NS_PER_MS;
		else if (t->at * NS_PER_MS < pl->now)
			pl->now += NS_PER_MS / 10;
		unlink_tmr(t);
		t->h(t->arg);
	}
	if (pl->now < end)
		pl->now = end;
}

void sim_late(struct plane *pl, uint64_t ns)
{
	pl->now += ns;
}

uint64_t sim_now(const struct plane *pl)
{
	return pl->now;
}

unsigned sim_timers(const struct plane *pl)
{
	unsigned n = 0;

	for (const struct plane_tmr *t = pl->timers; t; t = t->next)
		++n;

	return n;
}
