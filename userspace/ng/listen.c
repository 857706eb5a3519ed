/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/listen.c  UDP and TCP sockets of the ng protocol
 */
#include <string.h>
#include <re.h>
#include "base/log.h"
#include "ng/bencode.h"
#include "ng/core.h"
#include "ng/json.h"

enum {
	/** A burst of offers waits in the socket, not in a proxy's timeout */
	SOCKBUF = 1024 * 1024,
};

struct listener {
	struct le le;
	struct ng *ng;
	struct udp_sock *us;
	struct tcp_sock *ts;
};

struct conn {
	struct le le;
	struct ng *ng;
	struct tcp_conn *tc;
	struct sa peer;
	struct mbuf *mb; /* received and not yet answered: pos..end */
	struct tmr tmr;
};

static void listener_destructor(void *arg)
{
	struct listener *l = arg;

	list_unlink(&l->le);
	mem_deref(l->us);
	mem_deref(l->ts);
}

static void conn_destructor(void *arg)
{
	struct conn *c = arg;

	list_unlink(&c->le);
	tmr_cancel(&c->tmr);
	mem_deref(c->tc);
	mem_deref(c->mb);
}

static void udp_recv(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct listener *l = arg;
	struct mbuf *reply;
	struct pl msg;
	int err;

	pl_set_mbuf(&msg, mb);

	reply = mbuf_alloc(2048);
	if (!reply)
		return;

	err = ng_handle(l->ng, src, &msg, NG_DGRAM_MAX, reply);
	if (err) {
		ng_warn(&l->ng->bad, "%J: %s", src,
			err == EBADMSG ? "datagram without a cookie"
				       : strerror(err));
	} else {
		reply->pos = 0;
		err = udp_send(l->us, src, reply);
		if (err)
			ng_warn(&l->ng->bad, "reply to %J: %m", src, err);
	}
	mem_deref(reply);
}

static void idle(void *arg)
{
	struct conn *c = arg;

	log_info("ng: %J: closed, nothing heard for %u s", &c->peer,
		 c->ng->conf.idle);
	mem_deref(c);
}

/* Length of the message at the start of the buffer: EAGAIN, EBADMSG */
static int frame(const struct pl *pl, size_t *len)
{
	const char *sp = memchr(pl->p, ' ', min(pl->l, NG_COOKIE_MAX + 1u));
	struct pl body;
	size_t used;
	int err;

	if (!sp)
		return pl->l > NG_COOKIE_MAX ? EBADMSG : EAGAIN;

	body.p = sp + 1;
	body.l = pl->l - (size_t)(body.p - pl->p);
	if (!body.l)
		return EAGAIN;

	err = *body.p == '{' ? ng_json_scan(&body, &used)
			     : bencode_scan(&body, &used);
	if (err == EAGAIN && pl->l > NG_MSG_MAX)
		return EBADMSG;
	if (!err)
		*len = (size_t)(body.p - pl->p) + used;

	return err;
}

static int answer(struct conn *c, const struct pl *msg)
{
	struct mbuf *reply;
	int err;

	reply = mbuf_alloc(2048);
	if (!reply)
		return ENOMEM;

	err = ng_handle(c->ng, &c->peer, msg, SIZE_MAX, reply);
	if (!err) {
		reply->pos = 0;
		err = tcp_send(c->tc, reply);
	}
	mem_deref(reply);

	return err;
}

static void skip_space(struct mbuf *mb)
{
	while (mbuf_get_left(mb) && strchr(" \r\n\t", mb->buf[mb->pos]) &&
	       mb->buf[mb->pos])
		mb->pos++;
}

/* Answer what is complete. EBADMSG: no telling where the next one begins */
static int drain(struct conn *c)
{
	int err = 0;

	for (;;) {
		struct pl msg;
		size_t len;

		skip_space(c->mb);
		pl_set_mbuf(&msg, c->mb);
		if (!msg.l)
			return 0;

		err = frame(&msg, &len);
		if (err == EAGAIN)
			return 0;
		if (err) {
			/* The peer learns why, if there is a cookie at all */
			(void)answer(c, &msg);
			return EBADMSG;
		}

		msg.l = len;
		c->mb->pos += len;
		err = answer(c, &msg);
		if (err)
			return err;

		tmr_start(&c->tmr, c->ng->conf.idle * 1000ull, idle, c);
	}
}

/* What was answered makes room for what came */
static int append(struct mbuf *dst, const struct mbuf *src)
{
	const size_t left = mbuf_get_left(dst);
	int err;

	memmove(dst->buf, mbuf_buf(dst), left);
	dst->pos = dst->end = left;

	err = mbuf_write_mem(dst, mbuf_buf(src), mbuf_get_left(src));
	dst->pos = 0;

	return err;
}

static void tcp_recv(struct mbuf *mb, void *arg)
{
	struct conn *c = arg;
	int err;

	err = append(c->mb, mb);

	if (!err)
		err = drain(c);
	if (!err)
		return;

	ng_warn(&c->ng->bad, "%J: closed: %s", &c->peer,
		err == EBADMSG ? "not an ng message" : strerror(err));
	mem_deref(c);
}

static void tcp_closed(int err, void *arg)
{
	struct conn *c = arg;

	log_debug("ng: %J: closed by the peer: %m", &c->peer, err);
	mem_deref(c);
}

static void tcp_conn(const struct sa *peer, void *arg)
{
	struct listener *l = arg;
	struct ng *ng = l->ng;
	struct conn *c;
	int err = 0;

	if (list_count(&ng->connl) >= ng->conf.conns) {
		ng_warn(&ng->bad, "%J: refused, %u connections are open", peer,
			ng->conf.conns);
		tcp_reject(l->ts);
		return;
	}

	c = mem_zalloc(sizeof(*c), conn_destructor);
	if (!c) {
		tcp_reject(l->ts);
		return;
	}

	c->ng = ng;
	c->peer = *peer;
	list_append(&ng->connl, &c->le, c);

	c->mb = mbuf_alloc(2048);
	if (!c->mb)
		err = ENOMEM;
	if (!err)
		err = tcp_accept(&c->tc, l->ts, NULL, tcp_recv, tcp_closed, c);
	if (err) {
		ng_warn(&ng->bad, "%J: %m", peer, err);
		tcp_reject(l->ts);
		mem_deref(c);
		return;
	}

	tmr_start(&c->tmr, ng->conf.idle * 1000ull, idle, c);
}

int ng_listen(struct ng *ng, const struct sa *addr, bool udp, bool tcp)
{
	struct listener *l;
	int err = 0;

	if (!ng || !addr)
		return EINVAL;

	l = mem_zalloc(sizeof(*l), listener_destructor);
	if (!l)
		return ENOMEM;

	l->ng = ng;

	if (udp) {
		err = udp_listen(&l->us, addr, udp_recv, l);
		if (err)
			goto out;
		udp_rxsz_set(l->us, NG_MSG_MAX);
		(void)udp_sockbuf_set(l->us, SOCKBUF);
	}
	if (tcp)
		err = tcp_listen(&l->ts, addr, tcp_conn, l);

out:
	if (err) {
		log_error("ng: listening on %J: %m", addr, err);
		mem_deref(l);
		return err;
	}

	list_append(&ng->listenl, &l->le, l);

	return 0;
}

int ng_local(const struct ng *ng, unsigned n, struct sa *udp, struct sa *tcp)
{
	const struct listener *l = NULL;
	struct le *le;
	int err = 0;

	for (le = ng ? list_head(&ng->listenl) : NULL; le; le = le->next) {
		if (!n--) {
			l = le->data;
			break;
		}
	}
	if (!l)
		return ENOENT;

	if (udp)
		err = l->us ? udp_local_get(l->us, udp) : ENOENT;
	if (tcp && !err)
		err = l->ts ? tcp_local_get(l->ts, tcp) : ENOENT;

	return err;
}

uint32_t ng_conns(const struct ng *ng)
{
	return ng ? list_count(&ng->connl) : 0;
}
