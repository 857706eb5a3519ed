/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection: opening, sending, closing. What it reads: connread.c */
#include <errno.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include "sip/connread.h"
#include "sip/ws.h"

enum { UNANSWERED = 30000 /* ms until a peer that is gone is noticed */ };

static void destructor(void *arg)
{
	struct conn *c = arg;

	c->state = CONN_CLOSED;
	list_unlink(&c->wait_le);
	hash_unlink(&c->hash_le);
	list_flush(&c->queue);
	source_leave(c->source);
	mem_deref(c->tls);
	mem_deref(c->tcp);
	mem_deref(c->rx);
	mem_deref(c->part);
}

void conn_close(struct conn *c, enum conn_end why)
{
	if (c->state == CONN_CLOSED)
		return;
	c->state = CONN_CLOSED;
	c->h->close(c, why, c->arg);
}

/* ---- opening ------------------------------------------------------------------- */

static void settle(const struct conn *c)
{
	const int fd = tcp_conn_fd(c->tcp);
	const unsigned ms = UNANSWERED;
	int one = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
}

static void estab_handler(void *arg)
{
	struct conn *c = arg;

	settle(c);
	if (c->transp == MSG_WS || c->transp == MSG_WSS) {
		c->state = CONN_UPGRADE;
		return;
	}
	c->state = CONN_OPEN;
	c->h->wait(c, c->active ? CONN_WAIT_IDLE : CONN_WAIT_FIRST, c->arg);
	c->h->open(c, c->arg);
}

static void close_handler(int err, void *arg)
{
	struct conn *c = arg;

	c->err = err;
	conn_close(c, c->state == CONN_OPEN ? CONN_END_CLOSED
		      : c->active           ? CONN_END_FAILED
					    : CONN_END_HANDSHAKE);
}

static int alloc(struct conn **cp, enum msg_transp transp,
		 const struct sa *peer, const struct conn_handlers *h,
		 void *arg)
{
	struct conn *c = mem_zalloc(sizeof(*c), destructor);

	if (!c)
		return ENOMEM;
	c->transp = transp;
	sa_cpy(&c->peer, peer);
	c->h = h;
	c->arg = arg;
	c->opcode = WEBSOCK_TEXT;
	*cp = c;
	return 0;
}

int conn_accept(struct conn **cp, struct tcp_sock *sock, struct tls *tls,
		enum msg_transp transp, const struct sa *peer,
		const struct conn_handlers *h, void *arg)
{
	struct conn *c = NULL;
	int err = alloc(&c, transp, peer, h, arg);

	if (err)
		return err;
	err = tcp_accept(&c->tcp, sock, estab_handler, connread_handler,
			 close_handler, c);
	if (!err)
		tcp_conn_txqsz_set(c->tcp, CONN_TX);
	if (!err && tls)
		err = tls_start_tcp(&c->tls, tls, c->tcp, 0);
	if (err)
		mem_deref(c);
	else
		*cp = c;
	return err;
}

int conn_connect(struct conn **cp, struct tls *tls, enum msg_transp transp,
		 const struct sa *peer, const struct sa *laddr,
		 const char *host, const struct conn_handlers *h, void *arg)
{
	struct conn *c = NULL;
	struct sa from;
	int err = alloc(&c, transp, peer, h, arg);

	if (err)
		return err;
	c->active = true;
	sa_cpy(&from, laddr);
	sa_set_port(&from, 0);
	err = tcp_conn_alloc(&c->tcp, peer, estab_handler, connread_handler,
			     close_handler, c);
	if (!err)
		err = tcp_conn_bind(c->tcp, &from);
	if (!err)
		tcp_conn_txqsz_set(c->tcp, CONN_TX);
	if (!err)
		err = tcp_conn_connect(c->tcp, peer);
	if (!err && tls)
		err = tls_start_tcp(&c->tls, tls, c->tcp, 0);
	if (!err && tls && host)
		err = tls_set_verify_server(c->tls, host);
	if (err)
		mem_deref(c);
	else
		*cp = c;
	return err;
}

/* ---- sending ------------------------------------------------------------------- */

static int send_frame(struct conn *c, enum websock_opcode opcode,
		      const uint8_t *p, size_t n)
{
	uint8_t head[WS_FRAME_HEAD];
	const size_t len = ws_head(head, opcode, n);
	struct mbuf *mb = mbuf_alloc(len + n);
	int err;

	if (!mb)
		return ENOMEM;
	err = mbuf_write_mem(mb, head, len);
	if (!err && n)
		err = mbuf_write_mem(mb, p, n);
	mb->pos = 0;
	if (!err)
		err = tcp_send(c->tcp, mb);
	mem_deref(mb);
	return err;
}

int conn_put(struct conn *c, enum websock_opcode opcode, const char *p,
	     size_t n)
{
	struct mbuf mb = {.buf = (uint8_t *)(uintptr_t)p, .size = n, .end = n};
	const bool ws = c->state != CONN_UPGRADE &&
			(c->transp == MSG_WS || c->transp == MSG_WSS);
	int err;

	err = ws ? send_frame(c, opcode, mb.buf, n) : tcp_send(c->tcp, &mb);
	if (err)
		conn_close(c, err == ENOSPC ? CONN_END_SLOW : CONN_END_CLOSED);
	return err;
}

void conn_show(const struct conn *c, const struct pl *text, bool sent)
{
	struct sip_passed p = {.transp = c->transp, .text = *text};
	struct sa here;

	if (!sip_watched(c->watcher) || tcp_conn_local_get(c->tcp, &here))
		return;
	sa_cpy(&p.src, sent ? &here : &c->peer);
	sa_cpy(&p.dst, sent ? &c->peer : &here);
	c->watcher->h(&p, c->watcher->arg);
}

int conn_send(struct conn *c, struct mbuf *mb)
{
	if (c->state != CONN_OPEN)
		return ENOTCONN;
	++c->messages[1];
	/* first: a connection that fails is gone with its addresses */
	conn_show(c,
		  &(struct pl){(const char *)mbuf_buf(mb), mbuf_get_left(mb)},
		  true);
	return conn_put(c, c->opcode, (const char *)mbuf_buf(mb),
			mbuf_get_left(mb));
}

int conn_ping(struct conn *c)
{
	static const struct pl ping = PL("\r\n\r\n");

	return c->state == CONN_OPEN ? conn_put(c, c->opcode, ping.p, ping.l)
				     : ENOTCONN;
}
