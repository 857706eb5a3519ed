/* SPDX-License-Identifier: BSD-2-Clause */
/* A node's connections: those that come, and those that we make */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "sip/priv.h"

enum {
	BUCKETS = 4096,
	TICK = 250,  /* ms between two looks at who is late            */
	EXPIRE = 40, /* ticks between two looks at sources           */
	BACKLOG = 1024,
	QUEUE = 64, /* messages until a connection is open            */
	QUEUE_BYTES = 131072,
};

struct conns {
	struct sip_node *node;
	struct tls *tls;
	bool verify;
	struct list listeners;
	struct hash *hash; /* by peer */
	unsigned connc, most;
	struct list waitv[CONN_WAITS];
	unsigned msv[CONN_WAITS];
	struct sources *sources;
	struct tmr tick;
	unsigned ticks;
};

struct clisten {
	struct le le;
	struct conns *conns;
	struct tcp_sock *sock;
	unsigned listener;
};

struct pending {
	struct le le;
	struct mbuf *mb;
};

static const struct sip_limit no_limitv[SIP_CLASS_MAX];

static void destructor(void *arg)
{
	struct conns *cs = arg;

	tmr_cancel(&cs->tick);
	list_flush(&cs->listeners);
	hash_flush(cs->hash);
	mem_deref(cs->hash);
	mem_deref(cs->sources);
	mem_deref(cs->tls);
}

/* ---- what connections tell ------------------------------------------------------ */

static void wait_handler(struct conn *c, enum conn_wait wait, void *arg)
{
	struct conns *cs = arg;

	c->wait = wait;
	c->due = tmr_jiffies() + cs->msv[wait];
	list_unlink(&c->wait_le);
	list_append(&cs->waitv[wait], &c->wait_le, c);
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
	struct conns *cs = arg;

	node_receive(cs->node, c->listener, &c->peer, text);
}

static void open_handler(struct conn *c, void *arg)
{
	struct pending *q;
	(void)arg;

	mem_ref(c);
	while (c->state != CONN_CLOSED &&
	       (q = list_ledata(list_head(&c->queue)))) {
		list_unlink(&q->le);
		c->queued -= mbuf_get_left(q->mb);
		(void)conn_send(c, q->mb);
		mem_deref(q);
	}
	mem_deref(c);
}

static void close_handler(struct conn *c, enum conn_end why, void *arg)
{
	struct conns *cs = arg;
	(void)why;

	log_debug("sip: %s to %J is closed", msg_transp_name(c->transp),
		  &c->peer);
	--cs->connc;
	hash_unlink(&c->hash_le);
	list_unlink(&c->wait_le);
	node_closed(cs->node, c->transp, &c->peer);
	mem_deref(c);
}

static const struct conn_handlers handlers = {
	.open = open_handler,
	.admit = admit_handler,
	.message = message_handler,
	.wait = wait_handler,
	.close = close_handler,
};

static void add(struct conns *cs, struct conn *c, unsigned listener)
{
	c->listener = listener;
	c->watcher = &cs->node->watcher;
	c->since = tmr_jiffies();
	hash_append(cs->hash, sa_hash(&c->peer, SA_ALL), &c->hash_le, c);
	++cs->connc;
	wait_handler(c, c->active ? CONN_WAIT_CONNECT : CONN_WAIT_OPEN, cs);
}

/* ---- who comes ------------------------------------------------------------------ */

static void conn_handler(const struct sa *peer, void *arg)
{
	const struct clisten *l = arg;
	struct conns *cs = l->conns;
	const enum msg_transp t = cs->node->listenv[l->listener].transp;
	const bool tls = t == MSG_TLS || t == MSG_WSS;
	struct source *src;
	struct conn *c = NULL;

	src = cs->connc < cs->most
		      ? source_join(cs->sources, peer,
				    sip_node_trusts(cs->node, peer))
		      : NULL;
	if (!src) {
		tcp_reject(l->sock);
		return;
	}
	if (conn_accept(&c, l->sock, tls ? cs->tls : NULL, t, peer, &handlers,
			cs)) {
		source_leave(src);
		return;
	}
	c->source = src;
	add(cs, c, l->listener);
}

static void clisten_destructor(void *arg)
{
	struct clisten *l = arg;

	list_unlink(&l->le);
	mem_deref(l->sock);
}

int conns_listen(struct conns *cs, unsigned listener)
{
	const struct sa *addr = &cs->node->listenv[listener].addr;
	struct clisten *l = mem_zalloc(sizeof(*l), clisten_destructor);
	int err;

	if (!l)
		return ENOMEM;
	l->conns = cs;
	l->listener = listener;
	err = tcp_sock_alloc(&l->sock, addr, conn_handler, l);
	if (!err)
		err = tcp_sock_bind(l->sock, addr);
	if (!err)
		err = tcp_sock_listen(l->sock, BACKLOG);
	if (err)
		mem_deref(l);
	else
		list_append(&cs->listeners, &l->le, l);
	return err;
}

/* ---- sending -------------------------------------------------------------------- */

static struct conn *find(const struct conns *cs, enum msg_transp transp,
			 const struct sa *peer)
{
	struct le *le = list_head(hash_list(cs->hash, sa_hash(peer, SA_ALL)));

	for (; le; le = le->next) {
		struct conn *c = le->data;

		if (c->transp == transp && c->state != CONN_CLOSED &&
		    sa_cmp(&c->peer, peer, SA_ALL))
			return c;
	}
	return NULL;
}

static void pending_destructor(void *arg)
{
	struct pending *q = arg;

	list_unlink(&q->le);
	mem_deref(q->mb);
}

static int enqueue(struct conn *c, struct mbuf *mb)
{
	struct pending *q;

	if (list_count(&c->queue) >= QUEUE || c->queued > QUEUE_BYTES)
		return ENOBUFS;
	q = mem_zalloc(sizeof(*q), pending_destructor);
	if (!q)
		return ENOMEM;
	q->mb = mem_ref(mb);
	list_append(&c->queue, &q->le, q);
	c->queued += mbuf_get_left(mb);
	return 0;
}

static int connect_to(struct conn **cp, struct conns *cs, unsigned listener,
		      const struct sa *dst)
{
	const struct sip_listen *l = &cs->node->listenv[listener];
	char host[64];
	int err;

	/* a browser can't be connected to */
	if (!msg_is_stream(l->transp))
		return ENOTCONN;
	if (cs->connc >= cs->most)
		return ENFILE;
	(void)re_snprintf(host, sizeof(host), "%j", dst);
	err = conn_connect(cp, l->transp == MSG_TLS ? cs->tls : NULL, l->transp,
			   dst, &l->addr, cs->verify ? host : NULL, &handlers,
			   cs);
	if (!err)
		add(cs, *cp, listener);
	return err;
}

int conns_send(struct conns *cs, unsigned listener, const struct sa *dst,
	       struct mbuf *mb, bool make)
{
	struct conn *c = find(cs, cs->node->listenv[listener].transp, dst);
	int err = 0;

	if (!c && !make)
		return ENOTCONN;
	if (!c)
		err = connect_to(&c, cs, listener, dst);
	if (err)
		return err;
	return c->state == CONN_OPEN ? conn_send(c, mb) : enqueue(c, mb);
}

/* --------------------------------------------------------------------------------- */

static void tick_handler(void *arg)
{
	struct conns *cs = arg;
	const uint64_t now = tmr_jiffies();
	struct conn *c;

	tmr_start(&cs->tick, TICK, tick_handler, cs);
	/* each list is in the order of its times */
	for (unsigned i = 0; i < CONN_WAITS; i++)
		while ((c = list_ledata(list_head(&cs->waitv[i]))) &&
		       c->due <= now)
			conn_close(c, CONN_END_IDLE);
	if (++cs->ticks % EXPIRE == 0)
		sources_expire(cs->sources, now * 1000000);
}

int conns_renew(struct conns *cs, const struct cert_conf *cert, char *why,
		size_t sz)
{
	struct tls *tls = NULL;
	int err = cert_load(&tls, cert, why, sz);

	if (err)
		return err;
	mem_deref(cs->tls);
	cs->tls = tls;
	cs->verify = cert->ca;
	return 0;
}

int conns_alloc(struct conns **cp, struct sip_node *n,
		const struct sip_node_conf *conf, char *why, size_t sz)
{
	static const unsigned msv[CONN_WAITS] = {3000, 10000, 30000, 10000};
	struct conns *cs = mem_zalloc(sizeof(*cs), destructor);
	int err;

	if (!cs)
		return ENOMEM;
	cs->node = n;
	cs->most = conf->connections;
	memcpy(cs->msv, msv, sizeof(cs->msv));
	cs->msv[CONN_WAIT_IDLE] = conf->idle * 1000;
	tmr_init(&cs->tick);
	err = hash_alloc(&cs->hash, BUCKETS);
	if (!err)
		err = sources_alloc(&cs->sources, no_limitv, conf->per_source);
	if (!err)
		err = conns_renew(cs, &conf->cert, why, sz);
	if (err) {
		mem_deref(cs);
		return err;
	}
	tmr_start(&cs->tick, TICK, tick_handler, cs);
	*cp = cs;
	return 0;
}
