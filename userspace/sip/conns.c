/* SPDX-License-Identifier: BSD-2-Clause */
/* A node's connections: those that come, and those that we make */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "sip/conntable.h"
#include "sip/priv.h"

enum {
	QUEUE = 64, /* messages until a connection is open            */
	QUEUE_BYTES = 131072,
};

struct conns {
	struct sip_node *node;
	struct conntable table;
	unsigned most;
};

struct pending {
	struct le le;
	struct mbuf *mb;
};

static const struct sip_limit no_limitv[SIP_CLASS_MAX];

static void destructor(void *arg)
{
	struct conns *cs = arg;

	conntable_close(&cs->table);
}

/* ---- what connections tell ------------------------------------------------------ */

static void wait_handler(struct conn *c, enum conn_wait wait, void *arg)
{
	struct conns *cs = arg;

	conntable_wait(&cs->table, c, wait);
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
	const enum msg_transp transp = c->transp;
	const struct sa peer = c->peer;
	(void)why;

	log_debug("sip: %s to %J is closed", msg_transp_name(transp), &peer);
	conntable_remove(&cs->table, c);
	node_closed(cs->node, transp, &peer);
}

static const struct conn_handlers handlers = {
	.open = open_handler,
	.admit = admit_handler,
	.message = message_handler,
	.wait = wait_handler,
	.close = close_handler,
};

/* ---- who comes ------------------------------------------------------------------ */

static void conn_handler(struct tcp_sock *sock, const struct sa *peer,
			 unsigned listener, void *arg)
{
	struct conns *cs = arg;
	struct conn *c = NULL;

	if (cs->table.n < cs->most &&
	    !conntable_accept(&c, &cs->table, sock,
			      cs->node->listenv[listener].transp, peer,
			      sip_node_trusts(cs->node, peer), &handlers, cs))
		conntable_add(&cs->table, c, listener, &cs->node->watcher);
	else
		tcp_reject(sock);
}

int conns_listen(struct conns *cs, unsigned listener)
{
	return conntable_listen(&cs->table, &cs->node->listenv[listener].addr,
				listener, conn_handler, cs);
}

/* ---- sending -------------------------------------------------------------------- */

static struct conn *find(const struct conns *cs, enum msg_transp transp,
			 const struct sa *peer)
{
	struct le *le = list_head(
		hash_list(cs->table.hash, sa_hash(peer, SA_ALL)));

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
	if (cs->table.n >= cs->most)
		return ENFILE;
	(void)re_snprintf(host, sizeof(host), "%j", dst);
	err = conn_connect(cp, l->transp == MSG_TLS ? cs->table.tls : NULL,
			   l->transp, dst, &l->addr,
			   cs->table.verify ? host : NULL, &handlers, cs);
	if (!err)
		conntable_add(&cs->table, *cp, listener, &cs->node->watcher);
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

int conns_renew(struct conns *cs, const struct cert_conf *cert, char *why,
		size_t sz)
{
	return conntable_renew(&cs->table, cert, why, sz);
}

int conns_alloc(struct conns **cp, struct sip_node *n,
		const struct sip_node_conf *conf, char *why, size_t sz)
{
	struct conns *cs = mem_zalloc(sizeof(*cs), destructor);
	int err;

	if (!cs)
		return ENOMEM;
	cs->node = n;
	cs->most = conf->connections;
	err = conntable_open(&cs->table, no_limitv, conf->per_source,
			     conf->idle, &conf->cert, why, sz);
	if (err)
		mem_deref(cs);
	else
		*cp = cs;
	return err;
}
