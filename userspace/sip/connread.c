/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages out of a connection's bytes */
#include <errno.h>
#include <string.h>
#include "sip/connread.h"
#include "sip/frame.h"
#include "sip/ws.h"

/* ---- messages ------------------------------------------------------------------ */

/* @return 0, ECONNRESET: it has been closed */
static int message(struct conn *c, const char *p, size_t n)
{
	const struct pl text = {p, n};

	if (!c->h->admit(c, &text, c->arg)) {
		if (++c->dropped >= CONN_DROPS)
			conn_close(c, CONN_END_CUT);
	} else {
		c->crlf = 0;
		++c->messages[0];
		conn_show(c, &text, false);
		c->h->message(c, &text, c->arg);
	}
	return c->state == CONN_CLOSED ? ECONNRESET : 0;
}

/* RFC 5626 4.4.1: a ping is twice CRLF, a pong once */
static int keepalive(struct conn *c, unsigned crlfs)
{
	static const struct pl ping = PL("\r\n");

	if (crlfs == 1 && c->h->pong && c->h->pong(c, c->arg)) {
		c->crlf = 0;
		return 0;
	}
	c->crlf += crlfs;
	if (c->crlf < 2)
		return 0;
	c->crlf = 0;
	return c->h->admit(c, &ping, c->arg)
		       ? conn_put(c, c->opcode, ping.p, ping.l)
		       : 0;
}

static int malformed(struct conn *c, const char *p, size_t head)
{
	if (head && message(c, p, head))
		return ECONNRESET;
	conn_close(c, CONN_END_MALFORMED);
	return ECONNRESET;
}

/* One off the front. @return 0, EAGAIN: the rest is to come, ECONNRESET */
static int sip_one(struct conn *c, struct mbuf *in)
{
	const char *p = (const char *)mbuf_buf(in);
	size_t len;
	int err = EAGAIN;

	switch (frame_next(&len, &c->looked, p, mbuf_get_left(in))) {
	case FRAME_MORE:
		break;
	case FRAME_CRLF:
		err = keepalive(c, 1);
		break;
	case FRAME_MESSAGE:
		err = message(c, p, len);
		break;
	case FRAME_BAD:
		err = malformed(c, p, len);
		break;
	}
	mbuf_advance(in, (ssize_t)len);
	return err;
}

/* ---- WebSocket ----------------------------------------------------------------- */

static int ws_close(struct conn *c, enum websock_scode code)
{
	const char status[2] = {(char)(code >> 8), (char)code};

	if (!conn_put(c, WEBSOCK_CLOSE, status, sizeof(status)))
		conn_close(c, code == WEBSOCK_NORMAL_CLOSURE
				      ? CONN_END_CLOSED
				      : CONN_END_MALFORMED);
	return ECONNRESET;
}

static int ws_upgrade(struct conn *c, struct mbuf *in)
{
	const char *p = (const char *)mbuf_buf(in);
	const size_t n = frame_head(&c->looked, p, mbuf_get_left(in));
	const struct pl head = {p, n};
	struct mbuf *reply = NULL;
	int err;

	if (n > WS_HEAD || (!n && mbuf_get_left(in) > WS_HEAD)) {
		conn_close(c, CONN_END_HANDSHAKE);
		return ECONNRESET;
	}
	if (!n)
		return EAGAIN;
	err = ws_handshake(&reply, &head);
	if (reply && conn_put(c, WEBSOCK_TEXT, (const char *)mbuf_buf(reply),
			      mbuf_get_left(reply)))
		err = ECONNRESET;
	mem_deref(reply);
	if (err) {
		conn_close(c, CONN_END_HANDSHAKE);
		return ECONNRESET;
	}
	mbuf_advance(in, (ssize_t)n);
	c->looked = 0;
	c->state = CONN_OPEN;
	c->h->wait(c, CONN_WAIT_FIRST, c->arg);
	c->h->open(c, c->arg);
	return c->state == CONN_CLOSED ? ECONNRESET : 0;
}

/* A message is what a WebSocket message holds (RFC 7118 5.2) */
static int ws_whole(struct conn *c, const struct pl *pl)
{
	size_t i = 0;

	while (i < pl->l && (pl->p[i] == '\r' || pl->p[i] == '\n'))
		++i;
	if (i < pl->l)
		return message(c, pl->p, pl->l);
	c->crlf = 0;
	return i >= 4 ? keepalive(c, 2) : 0;
}

static int ws_part(struct conn *c, const struct ws_frame *f)
{
	struct pl whole;
	int err;

	if ((f->opcode == WEBSOCK_CONT) != !!c->part)
		return ws_close(c, WEBSOCK_PROTOCOL_ERROR);
	if (f->opcode != WEBSOCK_CONT)
		c->opcode = f->opcode;
	if (f->fin && !c->part)
		return ws_whole(c, &f->payload);
	if (!c->part)
		c->part = mbuf_alloc(f->payload.l + 512);
	if (!c->part || c->part->end + f->payload.l > FRAME_MAX ||
	    mbuf_write_pl(c->part, &f->payload))
		return ws_close(c, WEBSOCK_MESSAGE_TOO_BIG);
	if (!f->fin)
		return 0;
	whole.p = (const char *)c->part->buf;
	whole.l = c->part->end;
	err = ws_whole(c, &whole);
	c->part = mem_deref(c->part);
	return err;
}

static int ws_control(struct conn *c, const struct ws_frame *f)
{
	if (f->opcode == WEBSOCK_CLOSE)
		return ws_close(c, WEBSOCK_NORMAL_CLOSURE);
	if (f->opcode == WEBSOCK_PONG)
		return 0;
	return c->h->admit(c, &f->payload, c->arg)
		       ? conn_put(c, WEBSOCK_PONG, f->payload.p, f->payload.l)
		       : 0;
}

static int ws_one(struct conn *c, struct mbuf *in)
{
	struct ws_frame f;
	size_t len;
	int err;

	err = ws_decode(&f, &len, mbuf_buf(in), mbuf_get_left(in), FRAME_MAX);
	if (err == EAGAIN)
		return err;
	if (err)
		return ws_close(c, err == EMSGSIZE ? WEBSOCK_MESSAGE_TOO_BIG
						   : WEBSOCK_PROTOCOL_ERROR);
	mbuf_advance(in, (ssize_t)len);
	return f.opcode >= WEBSOCK_CLOSE ? ws_control(c, &f) : ws_part(c, &f);
}

/* ---- bytes --------------------------------------------------------------------- */

static int one(struct conn *c, struct mbuf *in)
{
	if (!mbuf_get_left(in))
		return EAGAIN;
	if (c->state == CONN_UPGRADE)
		return ws_upgrade(c, in);
	return c->transp == MSG_WS || c->transp == MSG_WSS ? ws_one(c, in)
							   : sip_one(c, in);
}

/* What is left over waits for its rest */
static int keep(struct conn *c, struct mbuf *in)
{
	const size_t n = mbuf_get_left(in);

	if (!n) {
		c->rx = mem_deref(c->rx);
		return 0;
	}
	if (in != c->rx) {
		c->rx = mbuf_alloc(n + 1024);
		return c->rx ? mbuf_write_mem(c->rx, mbuf_buf(in), n) : ENOMEM;
	}
	memmove(in->buf, mbuf_buf(in), n);
	in->pos = in->end = n;
	return 0;
}

static int gather(struct conn *c, struct mbuf *mb)
{
	int err;

	if (!c->rx)
		return 0;
	err = mbuf_write_mem(c->rx, mbuf_buf(mb), mbuf_get_left(mb));
	c->rx->pos = 0;
	return err;
}

/* The time for a message runs from its first byte */
static void wait_on(struct conn *c, bool begun, bool more)
{
	if (c->rx || c->part) {
		if (!begun || more)
			c->h->wait(c, CONN_WAIT_REST, c->arg);
	} else if (c->messages[0] || c->active) {
		c->h->wait(c, CONN_WAIT_IDLE, c->arg);
	} else if (begun) {
		c->h->wait(c, CONN_WAIT_FIRST, c->arg);
	}
}

void connread_handler(struct mbuf *mb, void *arg)
{
	struct conn *c = mem_ref(arg);
	const uint64_t before = c->messages[0];
	const bool begun = c->rx || c->part;
	struct mbuf *in;
	int err = gather(c, mb);

	in = c->rx ? c->rx : mb;
	while (!err)
		err = c->state == CONN_CLOSED ? ECONNRESET : one(c, in);
	if (c->state == CONN_CLOSED)
		goto out;
	if (err != EAGAIN || keep(c, in))
		conn_close(c, CONN_END_CLOSED);
	else if (c->state == CONN_OPEN)
		wait_on(c, begun, c->messages[0] != before);
out:
	mem_deref(c);
}
