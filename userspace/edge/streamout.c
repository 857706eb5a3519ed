/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages to connections, and connections made for them */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "edge/streams.h"

enum {
	QUEUE = 64, /* messages that wait for a connection       */
	QUEUE_BYTES = 262144,
	REFUSED = 300000, /* ms that a refusal is remembered           */
};

/* A message that waits */
struct pending {
	struct le le;
	struct mbuf *mb;
	struct forward_out instead; /* its mb may be NULL                  */
};

static void pending_destructor(void *arg)
{
	struct pending *q = arg;

	list_unlink(&q->le);
	mem_deref(q->mb);
	mem_deref(q->instead.mb);
}

/* ---- finding ------------------------------------------------------------------- */

struct wanted {
	const struct forward_out *out;
	struct conn *other; /* of another listener                         */
};

static bool fits(struct le *le, void *arg)
{
	struct conn *c = le->data;
	struct wanted *w = arg;

	if (c->transp != w->out->transp || c->state == CONN_CLOSED ||
	    !sa_cmp(&c->peer, &w->out->dst, SA_ALL))
		return false;
	if (c->listener == w->out->listener)
		return true;
	w->other = c;
	return false;
}

static struct conn *find(struct streams *s, const struct forward_out *out)
{
	struct wanted w = {.out = out};
	struct le *le = hash_lookup(s->table.hash, sa_hash(&out->dst, SA_ALL),
				    fits, &w);

	if (le)
		return le->data;
	/* a flow is the very connection; else any one to there will do */
	return out->flow ? NULL : w.other;
}

bool streams_has(struct streams *s, enum msg_transp transp,
		 const struct sa *peer, unsigned listener)
{
	const struct forward_out out = {.transp = transp,
					.dst = *peer,
					.listener = listener,
					.flow = true};

	return s && find(s, &out);
}

/* ---- connecting ---------------------------------------------------------------- */

static struct refusal *refusal(struct streams *s, const struct sa *sa)
{
	return &s->refusalv[sa_hash(sa, SA_ALL) % REFUSALS];
}

bool streams_worth(struct streams *s, const struct sa *dst)
{
	const struct refusal *r = refusal(s, dst);

	return !r->when || !sa_cmp(&r->addr, dst, SA_ALL) ||
	       tmr_jiffies() - r->when > REFUSED;
}

static int connect_to(struct conn **cp, struct streams *s,
		      const struct forward_out *out)
{
	const struct policy *p = s->policy;
	const int own = policy_own_listener(p, out->transp, sa_af(&out->dst));
	const unsigned i = own >= 0 ? (unsigned)own : out->listener;
	char host[256] = "";
	int err;

	if (!msg_is_stream(out->transp) ||
	    p->listenerv[i].transp != out->transp)
		return EPROTONOSUPPORT;
	if (!streams_room(s, policy_trusted(p, &out->dst)))
		return ENFILE;
	if (s->table.verify && out->host.l)
		(void)pl_strcpy(&out->host, host, sizeof(host));
	else if (s->table.verify)
		(void)re_snprintf(host, sizeof(host), "%j", &out->dst);
	err = conn_connect(cp, out->transp == MSG_TLS ? s->table.tls : NULL,
			   out->transp, &out->dst, &p->listenerv[i].addr,
			   *host ? host : NULL, streams_handlers(), s);
	if (err)
		count_up(s->count, COUNT_STREAM_FAILED);
	else
		streams_add(s, *cp, i);
	return err;
}

/* ---- waiting ------------------------------------------------------------------- */

static int enqueue(struct conn *c, struct mbuf *mb, stream_else_h *elseh,
		   void *arg)
{
	const size_t n = mbuf_get_left(mb);
	struct pending *q;
	int err = 0;

	if (list_count(&c->queue) >= QUEUE || c->queued + n > QUEUE_BYTES)
		return ENOBUFS;
	q = mem_zalloc(sizeof(*q), pending_destructor);
	if (!q)
		return ENOMEM;
	q->mb = mem_ref(mb);
	if (elseh)
		err = elseh(&q->instead, arg);
	if (err) {
		mem_deref(q);
		return err;
	}
	list_append(&c->queue, &q->le, q);
	c->queued += n;
	return 0;
}

void streamout_flush(struct conn *c)
{
	struct pending *q;

	mem_ref(c);
	while ((q = list_ledata(list_head(&c->queue)))) {
		list_unlink(&q->le);
		c->queued -= mbuf_get_left(q->mb);
		/* what a connection that fails has taken is gone with it */
		(void)conn_send(c, q->mb);
		mem_deref(q);
		if (c->state == CONN_CLOSED)
			break;
	}
	mem_deref(c);
}

void streamout_fail(struct streams *s, struct conn *c)
{
	struct pending *q;

	if (c->active && c->wait == CONN_WAIT_CONNECT) {
		struct refusal *r = refusal(s, &c->peer);

		sa_cpy(&r->addr, &c->peer);
		r->when = tmr_jiffies();
	}
	while ((q = list_ledata(list_head(&c->queue)))) {
		list_unlink(&q->le);
		if (q->instead.mb)
			s->failh(&c->peer, &q->instead, s->arg);
		mem_deref(q);
	}
	c->queued = 0;
}

int streams_send(struct streams *s, const struct forward_out *out,
		 stream_else_h *elseh, void *arg)
{
	struct conn *c;
	int err = 0;

	if (!s || !out || !out->mb)
		return EINVAL;
	c = find(s, out);
	if (!c && out->flow)
		return ENOTCONN;
	if (!c)
		err = connect_to(&c, s, out);
	if (err)
		return err;
	return c->state == CONN_OPEN ? conn_send(c, out->mb)
				     : enqueue(c, out->mb, elseh, arg);
}
