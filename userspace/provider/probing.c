/* SPDX-License-Identifier: BSD-2-Clause */
/* One OPTIONS to a provider: its address looked up, sent, answered */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <sys/random.h>
#include "provider/core.h"
#include "provider/where.h"

struct probing {
	struct provider *p;
	bool count; /* for its health                                       */
	struct list waits;
	struct where *where;
	struct trans *trans;
	uint64_t sent;  /* us                                              */
	uint64_t begun; /* ms                                              */
};

struct probe_wait {
	struct le le;
	struct providers *ps;
	struct probe_wait **wp;
	probe_done_h *h;
	void *arg;
};

static uint64_t now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void wait_destructor(void *arg)
{
	struct probe_wait *w = arg;

	list_unlink(&w->le);
	--w->ps->waiting;
}

static void answer_waits(struct list *waits, const struct health_result *r)
{
	struct probe_wait *w;

	while ((w = list_ledata(list_head(waits)))) {
		probe_done_h *h = w->h;
		void *arg = w->arg;

		*w->wp = NULL;
		mem_deref(w);
		h(r, arg);
	}
}

static void destructor(void *arg)
{
	struct probing *g = arg;

	mem_deref(g->where);
	trans_release(g->trans);
	--g->p->all->probing;
	g->p->probing = NULL;
}

/* ---- the end ------------------------------------------------------------------ */

static void done(struct probing *g, const struct health_result *r)
{
	struct provider *p = g->p;
	struct list waits = g->waits;
	struct le *le;

	++p->all->probes[r->ok ? 1 : 2];
	/* their elements know the list that they are in */
	LIST_FOREACH (&waits, le)
		le->list = &waits;
	list_init(&g->waits);
	if (g->count) {
		mem_deref(g);
		provider_result(p, r);
	} else {
		mem_deref(g);
	}
	/* what they do may be the end of the provider */
	answer_waits(&waits, r);
}

static void fail(struct probing *g, const char *fmt, ...)
{
	struct health_result r = {.ok = false};
	va_list ap;

	va_start(ap, fmt);
	(void)re_vsnprintf(r.reason, sizeof(r.reason), fmt, ap);
	va_end(ap);
	done(g, &r);
}

void probing_cancel(struct provider *p)
{
	static const struct health_result gone = {
		.reason = "the provider was changed"};
	struct probing *g = p->probing;
	struct list waits;
	struct le *le;

	if (!g)
		return;
	waits = g->waits;
	LIST_FOREACH (&waits, le)
		le->list = &waits;
	list_init(&g->waits);
	mem_deref(g);
	answer_waits(&waits, &gone);
}

/* ---- the answer ------------------------------------------------------------------ */

static void response(int err, const char *why, const struct wire_in *in,
		     void *arg)
{
	struct probing *g = arg;
	const struct codes *accept = &g->p->rec->probe.codes;
	struct health_result r = {.ok = false};

	if (err) {
		fail(g, "%s", why);
		return;
	}
	if (in->m->code < 200)
		return; /* the answer is still to come */
	r.code = in->m->code;
	r.rtt = (uint32_t)MAX(now_us() - g->sent, 1u);
	r.ok = !accept->n || codes_have(accept, r.code);
	(void)re_snprintf(r.reason, sizeof(r.reason), "%u %r", r.code,
			  &in->m->phrase);
	done(g, &r);
}

/* ---- the question ---------------------------------------------------------------- */

static int write_uri(struct mbuf *mb, const struct record *r)
{
	const bool six = strchr(r->hostname, ':') != NULL;
	int err = mbuf_printf(mb, "sip:%s%s%s", six ? "[" : "", r->hostname,
			      six ? "]" : "");

	if (!err && r->port)
		err = mbuf_printf(mb, ":%u", r->port);
	if (!err && (r->transp == MSG_TCP || r->transp == MSG_TLS))
		err = mbuf_printf(mb, ";transport=%s",
				  r->transp == MSG_TCP ? "tcp" : "tls");
	return err;
}

static int write_rest(struct mbuf *mb, const struct probing *g,
		      const struct pl *uri, const char *sentby)
{
	uint32_t id[3];

	if (getrandom(id, sizeof(id), 0) != sizeof(id))
		return EIO;
	return mbuf_printf(mb,
			   "Max-Forwards: 70\r\n"
			   "From: <%s>;tag=%08x\r\n"
			   "To: <%r>\r\n"
			   "Call-ID: %08x%08x\r\n"
			   "CSeq: 1 OPTIONS\r\n"
			   "Contact: <sip:%s>\r\n"
			   "Accept: application/sdp\r\n"
			   "User-Agent: Carom\r\n"
			   "Content-Length: 0\r\n\r\n",
			   g->p->all->from, id[0], uri, id[1], id[2], sentby);
}

static int send_to(struct probing *g, const struct locate_found *f)
{
	struct providers *ps = g->p->all;
	const struct record *rec = g->p->rec;
	struct trans_req r = {.method = "OPTIONS",
			      .transp = f->transp,
			      .dst = f->addr,
			      .host = rec->hostname};
	struct mbuf *uri = mbuf_alloc(256), *rest = mbuf_alloc(512);
	const uint64_t gone = tmr_jiffies() - g->begun;
	char sentby[WIRE_SENTBY];
	int err = uri && rest ? write_uri(uri, rec) : ENOMEM;

	/* the time that the name took is part of it */
	r.timeout = rec->probe.timeout > gone
			    ? (uint32_t)(rec->probe.timeout - gone)
			    : 1;
	if (!err)
		err = wire_sentby(ps->wire, f->transp, &f->addr, sentby);
	if (!err) {
		r.uri = (struct pl){(char *)uri->buf, uri->end};
		err = write_rest(rest, g, &r.uri, sentby);
	}
	if (!err) {
		r.rest = (struct pl){(char *)rest->buf, rest->end};
		g->sent = now_us();
		err = trans_send(&g->trans, ps->transs, &r, response, g);
	}
	mem_deref(uri);
	mem_deref(rest);
	return err;
}

static void found(const struct locate_found *f, const char *why, void *arg)
{
	struct probing *g = arg;
	int err;

	if (!f) {
		fail(g, "%s", why);
		return;
	}
	provider_found(g->p, &f->addr);
	err = send_to(g, f);
	if (err == EAFNOSUPPORT)
		fail(g, "no socket of that address family to ask from");
	else if (err)
		fail(g, "%m", err);
}

static int begin(struct probing *g)
{
	const struct record *r = g->p->rec;
	struct where_ask a = {.locator = g->p->all->locator,
			      .wire = g->p->all->wire,
			      .port = r->port,
			      .transp = r->transp,
			      .key = hash_joaat_str(r->id)};

	pl_set_str(&a.host, r->hostname);
	return where_find(&g->where, &a, found, g);
}

int probing_start(struct provider *p, bool count)
{
	struct probing *g;
	int err;

	if (p->probing) {
		p->probing->count |= count;
		return 0;
	}
	g = mem_zalloc(sizeof(*g), destructor);
	if (!g)
		return ENOMEM;
	g->p = p;
	g->count = count;
	g->begun = tmr_jiffies();
	list_init(&g->waits);
	p->probing = g;
	++p->all->probing;
	++p->all->probes[0];
	err = begin(g);
	if (err)
		mem_deref(g);
	return err;
}

int provider_probe(struct probe_wait **wp, struct provider *p, bool count,
		   probe_done_h *h, void *arg)
{
	struct probe_wait *w;
	int err;

	if (!wp || !p || !h)
		return EINVAL;
	if (p->all->waiting >= PROBES_ASKED)
		return EBUSY;
	err = probing_start(p, count);
	if (err)
		return err;
	w = mem_zalloc(sizeof(*w), wait_destructor);
	if (!w)
		return ENOMEM;
	w->ps = p->all;
	++p->all->waiting;
	w->wp = wp;
	w->h = h;
	w->arg = arg;
	list_append(&p->probing->waits, &w->le, w);
	*wp = w;
	return 0;
}
