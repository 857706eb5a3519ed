/* SPDX-License-Identifier: BSD-2-Clause */
/* The connections of a wire */
#include <errno.h>
#include <string.h>
#include "provider/wireconn.h"

enum {
	QUEUE = 262144,  /* bytes that wait for a connection to open        */
	PER_SOURCE = 64, /* connections that one host may make              */
};

/* A connection, and what waits for it */
struct link {
	struct le le;
	struct wire *wire;
	struct conn *conn;
	char *host;        /* that its certificate had to have; or NULL     */
	unsigned listener; /* it came to; WIRE_NONE: we made it             */
	struct mbuf *wait; /* messages, one behind the other                */
	struct tmr tmr;
};

static void link_destructor(void *arg)
{
	struct link *l = arg;

	if (l->le.list)
		--l->wire->linkc;
	list_unlink(&l->le);
	tmr_cancel(&l->tmr);
	mem_deref(l->conn);
	mem_deref(l->wait);
	mem_deref(l->host);
}

/* ---- what a connection tells -------------------------------------------------- */

static void open_handler(struct conn *c, void *arg)
{
	struct link *l = arg;
	struct mbuf *mb = l->wait;

	l->wait = NULL;
	if (!mb)
		return;
	mb->pos = 0;
	(void)conn_send(c, mb);
	mem_deref(mb);
}

static bool admit_handler(struct conn *c, const struct pl *text, void *arg)
{
	(void)c;
	(void)text;
	(void)arg;
	return true;
}

static void message_handler(struct conn *c, const struct pl *text, void *arg)
{
	const struct link *l = arg;

	wire_message(l->wire, c->transp, &c->peer, l->listener, text);
}

static bool pong_handler(struct conn *c, void *arg)
{
	const struct link *l = arg;

	return flow_pong(l->wire, c->transp, &c->peer);
}

static void late_handler(void *arg)
{
	struct link *l = arg;

	conn_close(l->conn, l->conn->state == CONN_OPENING ? CONN_END_LATE
							   : CONN_END_IDLE);
}

static void wait_handler(struct conn *c, enum conn_wait wait, void *arg)
{
	struct link *l = arg;
	const struct wire *w = l->wire;
	(void)c;

	switch (wait) {

	case CONN_WAIT_CONNECT:
	case CONN_WAIT_OPEN:
	case CONN_WAIT_FIRST:
	case CONN_WAIT_REST:
		tmr_start(&l->tmr, w->connect, late_handler, l);
		break;
	default:
		tmr_start(&l->tmr, w->idle * 1000ull, late_handler, l);
		break;
	}
}

static const char *reason(const struct link *l, enum conn_end end, char *text,
			  size_t sz)
{
	const char *why = wiretls_why(l->wire->tls);

	if (why)
		return why;
	if (end == CONN_END_LATE)
		return "connection: no answer";
	if (l->conn->err == EPROTO)
		return "TLS handshake failed";
	(void)re_snprintf(text, sz, "connection: %m",
			  l->conn->err ? l->conn->err : ECONNRESET);
	return text;
}

static void end_handler(void *arg)
{
	mem_deref(arg);
}

static void close_handler(struct conn *c, enum conn_end end, void *arg)
{
	struct link *l = arg;
	struct wire *w = l->wire;
	const enum msg_transp transp = c->transp;
	const struct sa peer = c->peer;
	char text[96], why[96];

	str_ncpy(why, reason(l, end, text, sizeof(text)), sizeof(why));
	/* it is out of the list at once, and gone when its caller has returned */
	if (l->le.list)
		--w->linkc;
	list_unlink(&l->le);
	tmr_start(&l->tmr, 0, end_handler, l);
	flow_lost(w, transp, &peer, why);
	if (end != CONN_END_IDLE)
		w->failh(transp, &peer, why, w->arg);
}

static const struct conn_handlers handlers = {
	.open = open_handler,
	.admit = admit_handler,
	.message = message_handler,
	.pong = pong_handler,
	.wait = wait_handler,
	.close = close_handler,
};

/* ---- making them ----------------------------------------------------------------- */

static int link_alloc(struct link **lp, struct wire *w, unsigned listener)
{
	struct link *l;

	if (w->linkc >= w->connections)
		return ENFILE;
	l = mem_zalloc(sizeof(*l), link_destructor);
	if (!l)
		return ENOMEM;
	tmr_init(&l->tmr);
	l->wire = w;
	l->listener = listener;
	*lp = l;
	return 0;
}

static void join(struct wire *w, struct link *l)
{
	list_append(&w->links, &l->le, l);
	++w->linkc;
	l->conn->watcher = &w->watcher;
	tmr_start(&l->tmr, w->connect, late_handler, l);
}

/* Half of the places are for those that we make, and nobody has all of the rest */
static bool has_room(const struct wire *w, const struct sa *peer)
{
	unsigned all = 0, his = 0;
	struct le *le;

	LIST_FOREACH (&w->links, le) {
		const struct link *l = le->data;

		if (l->listener == WIRE_NONE)
			continue;
		++all;
		his += sa_cmp(&l->conn->peer, peer, SA_ADDR);
	}
	return all < (w->connections + 1) / 2 && his < PER_SOURCE;
}

int link_accept(struct wire *w, struct port *p, const struct sa *peer)
{
	struct link *l = NULL;
	int err;

	if (!has_room(w, peer))
		return ENFILE;
	err = link_alloc(&l, w, (unsigned)(p - w->v));

	if (!err)
		err = conn_accept(&l->conn, p->tcp,
				  p->transp == MSG_TLS ? wiretls_tls(w->tls)
						       : NULL,
				  p->transp, peer, &handlers, l);
	if (err)
		mem_deref(l);
	else
		join(w, l);
	return err;
}

static int link_make(struct link **lp, struct wire *w, enum msg_transp transp,
		     const struct sa *dst, const char *host)
{
	const struct port *from = wire_near(w, transp, sa_af(dst));
	struct link *l = NULL;
	int err;

	if (!from)
		return EAFNOSUPPORT;
	err = link_alloc(&l, w, WIRE_NONE);
	if (err)
		return err;
	if (host)
		err = str_dup(&l->host, host);
	if (!err)
		err = conn_connect(&l->conn,
				   transp == MSG_TLS ? wiretls_tls(w->tls)
						     : NULL,
				   transp, dst, &from->addr,
				   w->verify ? host : NULL, &handlers, l);
	if (err) {
		mem_deref(l);
		return err;
	}
	join(w, l);
	*lp = l;
	return 0;
}

/* One that was made for another name has shown another certificate */
static struct link *find(const struct wire *w, enum msg_transp transp,
			 const struct sa *dst, const char *host)
{
	struct le *le;

	LIST_FOREACH (&w->links, le) {
		struct link *l = le->data;

		if (l->conn->transp != transp ||
		    !sa_cmp(&l->conn->peer, dst, SA_ALL) ||
		    l->conn->state == CONN_CLOSED)
			continue;
		if (transp != MSG_TLS || !host || l->listener != WIRE_NONE ||
		    !str_casecmp(l->host ? l->host : "", host))
			return l;
	}
	return NULL;
}

int link_send(struct wire *w, enum msg_transp transp, const struct sa *dst,
	      const char *host, struct mbuf *mb)
{
	struct link *l = find(w, transp, dst, host);
	int err = l ? 0 : link_make(&l, w, transp, dst, host);

	if (err)
		return err;
	if (l->conn->state == CONN_OPEN) {
		tmr_start(&l->tmr, w->idle * 1000ull, late_handler, l);
		return conn_send(l->conn, mb);
	}
	if (!l->wait)
		l->wait = mbuf_alloc(mbuf_get_left(mb) + 512);
	if (!l->wait)
		return ENOMEM;
	if (l->wait->end + mbuf_get_left(mb) > QUEUE)
		return ENOBUFS;
	return mbuf_write_mem(l->wait, mbuf_buf(mb), mbuf_get_left(mb));
}

int link_ping(struct wire *w, enum msg_transp transp, const struct sa *dst,
	      const char *host)
{
	struct link *l = find(w, transp, dst, host);

	if (!l || l->conn->state != CONN_OPEN)
		return ENOTCONN;
	tmr_start(&l->tmr, w->idle * 1000ull, late_handler, l);
	return conn_ping(l->conn);
}
