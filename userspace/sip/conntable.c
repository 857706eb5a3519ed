/* SPDX-License-Identifier: BSD-2-Clause */
/* The connections of an edge or a node, and their time */
#include <errno.h>
#include <string.h>
#include <time.h>
#include "sip/conntable.h"

enum {
	BUCKETS = 4096,
	TICK = 250, /* ms between two looks at who is late           */
	BACKLOG = 1024,
	EXPIRE = 40, /* ticks between two looks at sources            */
};

struct listener {
	struct le le;
	struct tcp_sock *sock;
	unsigned listener;
	conntable_h *h;
	void *arg;
};

/* ---- time ---------------------------------------------------------------------- */

static enum conn_end late(const struct conn *c)
{
	if (!c->due)
		return CONN_END_CUT;
	switch (c->wait) {
	case CONN_WAIT_CONNECT:
		return CONN_END_FAILED;
	case CONN_WAIT_OPEN:
		return CONN_END_HANDSHAKE;
	case CONN_WAIT_REST:
		return CONN_END_LATE;
	default:
		return CONN_END_IDLE;
	}
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void tick_handler(void *arg)
{
	struct conntable *t = arg;
	const uint64_t now = tmr_jiffies();
	struct conn *c;

	tmr_start(&t->tick, TICK, tick_handler, t);
	/* each list is in the order of its times */
	for (unsigned i = 0; i < CONN_WAITS; i++)
		while ((c = list_ledata(list_head(&t->waitv[i]))) &&
		       c->due <= now)
			conn_close(c, late(c));
	if (++t->ticks % EXPIRE == 0)
		sources_expire(t->sources, now_ns());
}

void conntable_wait(struct conntable *t, struct conn *c, enum conn_wait wait)
{
	/* it is to be closed: nothing that comes by it puts that off */
	if (c->wait_le.list && !c->due)
		return;
	c->wait = wait;
	c->due = tmr_jiffies() + t->msv[wait];
	list_unlink(&c->wait_le);
	list_append(&t->waitv[wait], &c->wait_le, c);
}

void conntable_cut(struct conntable *t, struct conn *c)
{
	c->due = 0;
	list_unlink(&c->wait_le);
	list_prepend(&t->waitv[c->wait], &c->wait_le, c);
}

/* ---- who comes and goes --------------------------------------------------------- */

int conntable_accept(struct conn **cp, struct conntable *t,
		     struct tcp_sock *sock, enum msg_transp transp,
		     const struct sa *peer, bool free,
		     const struct conn_handlers *h, void *arg)
{
	const bool tls = transp == MSG_TLS || transp == MSG_WSS;
	struct source *src = source_join(t->sources, peer, free);
	int err;

	if (!src)
		return EAGAIN;
	err = conn_accept(cp, sock, tls ? t->tls : NULL, transp, peer, h, arg);
	if (err)
		source_leave(src);
	else
		(*cp)->source = src;
	return err;
}

void conntable_add(struct conntable *t, struct conn *c, unsigned listener,
		   const struct sip_watcher *watcher)
{
	c->listener = listener;
	c->watcher = watcher;
	c->since = tmr_jiffies();
	hash_append(t->hash, sa_hash(&c->peer, SA_ALL), &c->hash_le, c);
	++t->n;
	conntable_wait(t, c, c->active ? CONN_WAIT_CONNECT : CONN_WAIT_OPEN);
}

void conntable_remove(struct conntable *t, struct conn *c)
{
	--t->n;
	hash_unlink(&c->hash_le);
	list_unlink(&c->wait_le);
	mem_deref(c);
}

static void conn_handler(const struct sa *peer, void *arg)
{
	const struct listener *l = arg;

	l->h(l->sock, peer, l->listener, l->arg);
}

static void listener_destructor(void *arg)
{
	struct listener *l = arg;

	list_unlink(&l->le);
	mem_deref(l->sock);
}

int conntable_listen(struct conntable *t, const struct sa *addr,
		     unsigned listener, conntable_h *h, void *arg)
{
	struct listener *l = mem_zalloc(sizeof(*l), listener_destructor);
	int err;

	if (!l)
		return ENOMEM;
	l->listener = listener;
	l->h = h;
	l->arg = arg;
	err = tcp_sock_alloc(&l->sock, addr, conn_handler, l);
	if (!err)
		err = tcp_sock_bind(l->sock, addr);
	if (!err)
		err = tcp_sock_listen(l->sock, BACKLOG);
	if (err)
		mem_deref(l);
	else
		list_append(&t->listeners, &l->le, l);
	return err;
}

/* ---- start and end -------------------------------------------------------------- */

int conntable_renew(struct conntable *t, const struct cert_conf *cert,
		    char *why, size_t sz)
{
	struct tls *tls = NULL;
	int err = cert_load(&tls, cert, why, sz);

	if (err)
		return err;
	mem_deref(t->tls);
	t->tls = tls;
	t->verify = cert->ca;
	return 0;
}

int conntable_open(struct conntable *t,
		   const struct sip_limit limitv[SIP_CLASS_MAX],
		   unsigned per_source, unsigned idle,
		   const struct cert_conf *cert, char *why, size_t sz)
{
	static const unsigned msv[CONN_WAITS] = {3000, 10000, 30000, 10000};
	int err;

	memcpy(t->msv, msv, sizeof(t->msv));
	t->msv[CONN_WAIT_IDLE] = idle * 1000;
	tmr_init(&t->tick);
	err = hash_alloc(&t->hash, BUCKETS);
	if (!err)
		err = sources_alloc(&t->sources, limitv, per_source);
	if (!err)
		err = conntable_renew(t, cert, why, sz);
	if (!err)
		tmr_start(&t->tick, TICK, tick_handler, t);
	return err;
}

void conntable_close(struct conntable *t)
{
	tmr_cancel(&t->tick);
	list_flush(&t->listeners);
	hash_flush(t->hash);
	t->hash = mem_deref(t->hash);
	t->sources = mem_deref(t->sources);
	t->tls = mem_deref(t->tls);
}
