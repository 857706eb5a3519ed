/* SPDX-License-Identifier: BSD-2-Clause */
/* Are they still there? OPTIONS to each contact, which keeps NATs open, too
 *
 * All of them once in an interval, spread over it: a look at the clock ten times a
 * second, and each time as many contacts as are due. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "registrar/priv.h"

enum {
	TICK = 100,   /* ms */
	AWAY = 32768, /* that are asked at a time */
};

struct alive {
	struct registrar *r;
	struct tmr tick;
	size_t at;    /* where in the table                               */
	uint64_t due; /* thousandths of contacts that are due             */
	struct list pings;
	unsigned pingc;
};

struct ping {
	struct le le;
	struct alive *a;
	struct sip_ask *ask;
	uint64_t sent; /* us */
	bool edge;     /* what answers may be an edge */
	bool flow;     /* by a connection, or not at all */
	size_t aorl, idl;
	char text[]; /* AOR, id */
};

static void destructor(void *arg)
{
	struct alive *a = arg;

	tmr_cancel(&a->tick);
	list_flush(&a->pings);
}

static void ping_destructor(void *arg)
{
	struct ping *p = arg;

	list_unlink(&p->le);
	mem_deref(p->ask);
}

uint64_t alive_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* ---- what comes of it ------------------------------------------------------------- */

static void lost(const struct ping *p, bool gone)
{
	struct registrar *r = p->a->r;
	const struct pl aor = {p->text, p->aorl},
			id = {p->text + p->aorl, p->idl};
	const unsigned n = location_alive(r->loc, &aor, &id, 0);

	++r->stats.alive_lost;
	if (gone || n >= r->conf.alive_failures)
		(void)location_remove(r->loc, &aor, &id, LOCATION_PROBATION,
				      NULL, NULL);
}

static void answered(const struct ping *p)
{
	struct registrar *r = p->a->r;
	const uint64_t us = alive_now() - p->sent;
	const struct pl aor = {p->text, p->aorl},
			id = {p->text + p->aorl, p->idl};

	++r->stats.alive_answered;
	r->stats.rtt_sum += us;
	(void)location_alive(r->loc, &aor, &id,
			     us && us < UINT32_MAX ? (uint32_t)us : 1);
}

bool alive_is_answer(const struct binding *b, uint16_t code)
{
	return !b->path.l ||
	       !(code == 408 || code == 430 || code == 502 || code == 503);
}

static void ask_handler(int err, const struct sip_in *resp, void *arg)
{
	struct ping *p = arg;
	const struct binding by = {.path = {NULL, p->edge}};

	if (!err && alive_is_answer(&by, resp->m->code))
		answered(p);
	else
		lost(p, p->flow && err == ENOTCONN);
	--p->a->pingc;
	mem_deref(p);
}

/* ---- asking ------------------------------------------------------------------------ */

const char *alive_why_not(const struct binding *b)
{
	if (!b->direct && !b->path.l)
		return "the edge that it registered by keeps the way to itself "
		       "(no Path)";

	return b->direct && b->elsewhere
		       ? "it registered at another node: ask that one"
		       : NULL;
}

int alive_options(struct sip_ask **ap, struct registrar *r,
		  const struct binding *b, sip_ask_h *h, void *arg)
{
	struct sip_way way = {.uri = b->uri, .route = b->path};
	struct mbuf *mb = mbuf_alloc(512);
	struct pl lines;
	int err;

	if (!mb)
		return ENOMEM;
	if (b->direct)
		way.flow = (struct sip_flow){true, b->transp, b->src};
	err = mbuf_printf(mb,
			  "From: <sip:%s>;tag=%08x\r\nTo: <%r>\r\n"
			  "Call-ID: %016llx\r\nCSeq: 1 OPTIONS\r\n",
			  r->domainv[0], rand_u32(), &b->uri, rand_u64());
	lines = (struct pl){(const char *)mb->buf, mb->end};
	if (!err)
		err = sip_ask(ap, r->node, "OPTIONS", &way, &lines, NULL, h,
			      arg);
	mem_deref(mb);
	return err;
}

static struct ping *ping_alloc(struct alive *a, const struct binding *b)
{
	struct ping *p = mem_zalloc(sizeof(*p) + b->aor.l + b->id.l,
				    ping_destructor);

	if (!p)
		return NULL;
	p->a = a;
	p->edge = b->path.l > 0;
	/* a connection that a phone made for good, or that we can't make anew */
	p->flow = b->direct && (b->reg_id || b->transp >= MSG_WS);
	memcpy(p->text, b->aor.p, b->aor.l);
	memcpy(p->text + b->aor.l, b->id.p, b->id.l);
	p->aorl = b->aor.l;
	p->idl = b->id.l;
	list_append(&a->pings, &p->le, p);
	return p;
}

static bool look(const struct binding *b, void *arg)
{
	struct alive *a = arg;
	struct ping *p;
	int err;

	/* one that came to another node is that one's to ask */
	if (alive_why_not(b) || b->elsewhere || a->pingc >= AWAY)
		return false;
	p = ping_alloc(a, b);
	if (!p)
		return false;
	p->sent = alive_now();
	err = alive_options(&p->ask, a->r, b, ask_handler, p);
	if (!err) {
		++a->r->stats.alive_sent;
		++a->pingc;
		return false;
	}
	/* what can't be asked tells nothing */
	if (err == ENOTCONN || err == ECONNREFUSED || err == EHOSTUNREACH ||
	    err == ENETUNREACH)
		lost(p, p->flow && err == ENOTCONN);
	mem_deref(p);
	return false;
}

static void tick_handler(void *arg)
{
	struct alive *a = arg;
	const uint64_t n = location_count(a->r->loc, NULL);
	const uint64_t interval = a->r->conf.alive_interval;

	tmr_start(&a->tick, TICK, tick_handler, a);
	a->due += n * TICK / interval;
	if (a->due < 1000)
		return;
	location_some(a->r->loc, &a->at, (size_t)(a->due / 1000), look, a);
	a->due %= 1000;
}

void alive_renew(struct alive *a)
{
	if (!a->r->conf.alive_interval)
		tmr_cancel(&a->tick);
	else if (!tmr_isrunning(&a->tick))
		tmr_start(&a->tick, TICK, tick_handler, a);
}

int alive_alloc(struct alive **ap, struct registrar *r)
{
	struct alive *a = mem_zalloc(sizeof(*a), destructor);

	if (!a)
		return ENOMEM;
	a->r = r;
	tmr_init(&a->tick);
	*ap = a;
	alive_renew(a);
	return 0;
}
