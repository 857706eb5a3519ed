/* SPDX-License-Identifier: BSD-2-Clause */
/* 200: the bindings there are, and what else the phone is to know */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "base/put.h"
#include "registrar/priv.h"

struct promise {
	struct registrar *r;
	struct sip_later *later;
	bool outbound, gruu;
	uint32_t flow_timer; /* s; 0: the flow is an edge's                */
	struct pl aor, path;
	char text[];
};

static void destructor(void *arg)
{
	struct promise *p = arg;

	mem_deref(p->later);
}

int promise_alloc(struct promise **pp, const struct reg *g)
{
	struct promise *p = mem_alloc(sizeof(*p) + g->aor.l + g->path.l,
				      destructor);
	int err;

	if (!p)
		return ENOMEM;
	p->later = NULL;
	p->r = g->r;
	p->outbound = g->outbound;
	p->gruu = g->gruu;
	/* in time before the connection is closed (RFC 5626 7) */
	p->flow_timer = g->outbound && g->in->direct && g->in->transp != MSG_UDP
				? max(sip_node_idle(g->in->node) * 2 / 3, 1u)
				: 0;
	memcpy(p->text, g->aor.p, g->aor.l);
	if (g->path.l)
		memcpy(p->text + g->aor.l, g->path.p, g->path.l);
	p->aor = (struct pl){p->text, g->aor.l};
	p->path = (struct pl){p->text + g->aor.l, g->path.l};
	err = sip_later(&p->later, g->in);
	if (err)
		mem_deref(p);
	else
		*pp = p;
	return err;
}

struct sip_later *promise_later(struct promise *p)
{
	return p->later;
}

struct writer {
	const struct promise *p;
	struct mbuf *mb;
	uint64_t now;
	int err;
};

static int gruus(struct mbuf *mb, const struct writer *w,
		 const struct binding *b)
{
	int err = mbuf_write_str(mb, ";pub-gruu=\"");

	err = err ? err : gruu_public(mb, &b->aor, &b->instance);
	err = err ? err : mbuf_write_str(mb, "\";temp-gruu=\"");
	err = err ? err : gruu_temporary(mb, w->p->r, b);
	return err ? err : mbuf_write_str(mb, "\"");
}

static bool contact(const struct binding *b, void *arg)
{
	struct writer *w = arg;
	struct mbuf *mb = w->mb;
	int err;

	err = PUT(mb, "Contact: <");
	err = err ? err : mbuf_write_pl(mb, &b->uri);
	err = err ? err : PUT(mb, ">;expires=");
	err = err ? err : put_u64(mb, b->expires - w->now);
	if (!err && b->q < LOCATION_Q)
		err = mbuf_printf(mb, ";q=0.%03u", b->q);
	if (!err && b->instance.l)
		err = mbuf_printf(mb, ";+sip.instance=\"<%r>\"", &b->instance);
	if (!err && b->reg_id)
		err = mbuf_printf(mb, ";reg-id=%u", b->reg_id);
	if (!err && w->p->gruu && b->instance.l)
		err = gruus(mb, w, b);
	if (!err)
		err = PUT(mb, "\r\n");
	w->err = err;
	return err;
}

static int date(struct mbuf *mb, uint64_t now)
{
	static const char dayv[][4] = {"Sun", "Mon", "Tue", "Wed",
				       "Thu", "Fri", "Sat"};
	static const char monthv[][4] = {"Jan", "Feb", "Mar", "Apr",
					 "May", "Jun", "Jul", "Aug",
					 "Sep", "Oct", "Nov", "Dec"};
	const time_t t = (time_t)now;
	struct tm tm;

	if (!gmtime_r(&t, &tm))
		return 0;
	return mbuf_printf(mb, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n",
			   dayv[tm.tm_wday], tm.tm_mday, monthv[tm.tm_mon],
			   1900 + tm.tm_year, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* The same for all answers of a second */
static int dated(struct registrar *r, uint64_t now)
{
	if (r->date->end && r->date_at == now)
		return 0;
	mbuf_rewind(r->date);
	r->date_at = now;
	return date(r->date, now);
}

static int lines(struct writer *w)
{
	const struct promise *p = w->p;
	struct registrar *r = p->r;
	struct mbuf *mb = w->mb;
	int err;

	(void)location_find(r->loc, &p->aor, contact, w);
	err = w->err;
	/* RFC 3327 5.3 */
	if (!err && p->path.l)
		err = mbuf_printf(mb, "Path: %r\r\n", &p->path);
	if (!err && r->service_route)
		err = mbuf_printf(mb, "Service-Route: %s\r\n",
				  r->service_route);
	if (!err && p->outbound)
		err = PUT(mb, "Require: outbound\r\n");
	if (!err && p->flow_timer)
		err = mbuf_printf(mb, "Flow-Timer: %u\r\n", p->flow_timer);
	err = err ? err : PUT(mb, "Supported: path, outbound, gruu\r\n");
	err = err ? err : dated(r, w->now);
	return err ? err : mbuf_write_mem(mb, r->date->buf, r->date->end);
}

int promise_keep(struct promise *p)
{
	struct writer w = {
		.p = p, .mb = p->r->lines, .now = (uint64_t)time(NULL)};
	int err;

	mbuf_rewind(w.mb);
	err = lines(&w);
	return err ? err : sip_later_lines(p->later, 200, "OK", w.mb);
}
