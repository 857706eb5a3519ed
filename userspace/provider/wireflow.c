/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include "provider/wireconn.h"
#include "provider/wireflow.h"

enum { STUN_HEAD = 20 };

struct wire_flow {
	struct le le; /* of the wire's                                     */
	struct wire *w;
	enum msg_transp transp;
	struct sa dst;
	char *host;
	uint32_t timer; /* s                                                */
	bool answers;
	unsigned asked; /* times, without an answer                        */
	uint8_t tid[STUN_TID_SIZE];
	struct sa mapped; /* where its datagrams come from, as seen there   */
	struct timer tmr;
	wire_flow_h *h;
	void *arg;
};

static void destructor(void *arg)
{
	struct wire_flow *f = arg;

	timer_stop(&f->tmr);
	list_unlink(&f->le);
	mem_deref(f->host);
}

static void broke(struct wire_flow *f, const char *why)
{
	timer_stop(&f->tmr);
	list_unlink(&f->le);
	f->h(why, f->arg);
}

/* ---- asking ------------------------------------------------------------------------ */

static void ask(void *arg);

/* Not all at once: between four fifths of the time and all of it (4.4.1) */
static void wait(struct wire_flow *f)
{
	f->asked = 0;
	timer_start(f->w->timers, &f->tmr,
		    f->timer * 800ull + rand_u32() % (f->timer * 200 + 1), ask,
		    f);
}

static void silent(void *arg)
{
	broke(arg, "flow: no answer to a keep-alive");
}

static int send_datagram(struct wire_flow *f, struct mbuf *mb)
{
	static const struct pl filler = PL("\r\n\r\n");
	int err;

	if (f->answers)
		err = stun_msg_encode(mb, STUN_METHOD_BINDING,
				      STUN_CLASS_REQUEST, f->tid, NULL, NULL, 0,
				      false, 0x00, 0);
	else
		err = mbuf_write_pl(mb, &filler);
	mb->pos = 0;
	return err ? err : wire_send(f->w, MSG_UDP, &f->dst, NULL, mb);
}

static void bind_again(void *arg)
{
	struct wire_flow *f = arg;
	struct mbuf *mb = mbuf_alloc(64);

	if (mb)
		(void)send_datagram(f, mb);
	mem_deref(mb);
	timer_start(f->w->timers, &f->tmr, FLOW_STUN << f->asked,
		    f->asked + 1 < FLOW_STUN_TRIES ? bind_again : silent, f);
	++f->asked;
}

static void ask_by_udp(struct wire_flow *f)
{
	struct mbuf *mb;

	if (f->answers) {
		if (getrandom(f->tid, sizeof(f->tid), 0) != sizeof(f->tid))
			wait(f);
		else
			bind_again(f);
		return;
	}
	mb = mbuf_alloc(64);
	if (mb)
		(void)send_datagram(f, mb);
	mem_deref(mb);
	wait(f);
}

static void ask(void *arg)
{
	struct wire_flow *f = arg;

	if (f->transp == MSG_UDP) {
		ask_by_udp(f);
		return;
	}
	++f->asked;
	if (f->answers)
		timer_start(f->w->timers, &f->tmr, FLOW_PONG, silent, f);
	else
		wait(f);
	/* it may be told of the connection's end in here */
	(void)link_ping(f->w, f->transp, &f->dst, f->host);
}

/* ---- what comes --------------------------------------------------------------------- */

static struct wire_flow *find(const struct wire *w, enum msg_transp transp,
			      const struct sa *peer)
{
	struct le *le;

	LIST_FOREACH (&w->flows, le) {
		struct wire_flow *f = le->data;

		if (f->transp == transp && sa_cmp(&f->dst, peer, SA_ALL))
			return f;
	}
	return NULL;
}

bool flow_pong(const struct wire *w, enum msg_transp transp,
	       const struct sa *peer)
{
	struct wire_flow *f = find(w, transp, peer);

	if (f && f->asked)
		wait(f);
	return f != NULL;
}

void flow_lost(const struct wire *w, enum msg_transp transp,
	       const struct sa *peer, const char *why)
{
	struct wire_flow *f;

	while ((f = find(w, transp, peer)))
		broke(f, why);
}

/* A NAT that gives us another address has forgotten the old one (4.4.2) */
static void bound(struct wire_flow *f, const struct sa *mapped)
{
	if (mapped && sa_isset(&f->mapped, SA_ALL) &&
	    !sa_cmp(&f->mapped, mapped, SA_ALL)) {
		broke(f, "flow: a NAT has changed its mind");
		return;
	}
	if (mapped)
		f->mapped = *mapped;
	wait(f);
}

static void answered(struct wire_flow *f, const struct stun_msg *msg)
{
	struct stun_attr *a = stun_msg_attr(msg, STUN_ATTR_XOR_MAPPED_ADDR);

	if (!f->asked || stun_msg_method(msg) != STUN_METHOD_BINDING ||
	    stun_msg_class(msg) != STUN_CLASS_SUCCESS_RESP ||
	    memcmp(stun_msg_tid(msg), f->tid, sizeof(f->tid)) != 0)
		return;
	if (!a)
		a = stun_msg_attr(msg, STUN_ATTR_MAPPED_ADDR);
	bound(f, a ? &a->v.sa : NULL);
}

bool flow_datagram(const struct wire *w, const struct sa *src,
		   const struct pl *text)
{
	struct stun_unknown_attr ua;
	struct stun_msg *msg = NULL;
	struct wire_flow *f;
	struct mbuf *mb;

	/* SIP begins with a letter */
	if (text->l < STUN_HEAD || (uint8_t)*text->p >= 0x40)
		return false;
	f = find(w, MSG_UDP, src);
	mb = f ? mbuf_alloc(text->l) : NULL;
	if (mb && !mbuf_write_pl(mb, text)) {
		mb->pos = 0;
		if (!stun_msg_decode(&msg, mb, &ua))
			answered(f, msg);
	}
	mem_deref(msg);
	mem_deref(mb);
	return true;
}

/* ---- making one ------------------------------------------------------------------------ */

int wire_flow_alloc(struct wire_flow **fp, struct wire *w,
		    const struct wire_flow_conf *c, wire_flow_h *h, void *arg)
{
	struct wire_flow *f;

	if (!fp || !w || !c || !h)
		return EINVAL;
	f = mem_zalloc(sizeof(*f), destructor);
	if (!f)
		return ENOMEM;
	f->w = w;
	f->transp = c->transp;
	f->dst = c->dst;
	f->timer = c->timer               ? c->timer
		   : c->transp == MSG_UDP ? FLOW_TIMER_UDP
					  : FLOW_TIMER_TCP;
	f->answers = c->answers;
	f->h = h;
	f->arg = arg;
	if (c->host && str_dup(&f->host, c->host)) {
		mem_deref(f);
		return ENOMEM;
	}
	list_append(&w->flows, &f->le, f);
	wait(f);
	*fp = f;
	return 0;
}
