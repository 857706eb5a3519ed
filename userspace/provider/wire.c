/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include "provider/wireconn.h"

static void destructor(void *arg)
{
	struct wire *w = arg;

	list_flush(&w->links);
	for (size_t i = 0; i < w->n; i++) {
		mem_deref(w->v[i].udp);
		mem_deref(w->v[i].tcp);
	}
	mem_deref(w->tls);
	mem_deref(w->timers);
}

/* ---- what comes ------------------------------------------------------------ */

void wire_message(struct wire *w, enum msg_transp transp, const struct sa *peer,
		  unsigned listener, const struct pl *text)
{
	struct wire_in in = {.wire = w, .transp = transp, .listener = listener};
	struct msg_fault fault = {0, NULL};
	struct msg m;

	if (msg_decode(&m, text, transp == MSG_UDP, &fault))
		return;
	in.m = &m;
	in.peer = *peer;
	w->msgh(&in, w->arg);
}

static void udp_handler(const struct sa *src, const struct pl *text,
			unsigned listener, void *arg)
{
	struct wire *w = arg;

	if (flow_datagram(w, src, text))
		return;
	if (!w->admith || w->admith(MSG_UDP, src, w->arg))
		wire_message(w, MSG_UDP, src, listener, text);
}

static void lost_handler(const struct sa *dst, void *arg)
{
	struct wire *w = arg;

	flow_lost(w, MSG_UDP, dst, "unreachable (ICMP)");
	w->failh(MSG_UDP, dst, "unreachable (ICMP)", w->arg);
}

static void conn_handler(const struct sa *peer, void *arg)
{
	struct port *p = arg;
	struct wire *w = p->wire;

	if ((w->admith && !w->admith(p->transp, peer, w->arg)) ||
	    link_accept(w, p, peer))
		tcp_reject(p->tcp);
}

/* ---- opening ---------------------------------------------------------------- */

/* The kernel would choose among ports of which some are media's: the fast path takes
 * what comes there */
static int open_udp(struct port *p, const struct wire_conf *c,
		    const struct sa *addr)
{
	const unsigned listener = (unsigned)(p - p->wire->v);
	int err = EADDRINUSE;

	if (sa_port(addr))
		return sip_udp_alloc(&p->udp, addr, listener, udp_handler,
				     lost_handler, p->wire);
	for (unsigned i = 0; i < PORT_TRIES && err == EADDRINUSE; i++) {
		struct sa sa = *addr;

		sa_set_port(&sa, ports_other(&c->avoid));
		err = sip_udp_alloc(&p->udp, &sa, listener, udp_handler,
				    lost_handler, p->wire);
	}
	return err;
}

static int listen_at(struct wire *w, const struct wire_conf *c,
		     const struct wire_listen *l)
{
	struct port *p = &w->v[w->n];
	int err;

	p->wire = w;
	p->transp = l->transp;
	p->addr = l->addr;
	p->any = sa_is_any(&l->addr);
	++w->n;
	if (l->transp != MSG_UDP) {
		err = tcp_listen(&p->tcp, &l->addr, conn_handler, p);
		return err ? err : tcp_local_get(p->tcp, &p->addr);
	}
	err = open_udp(p, c, &l->addr);
	if (err)
		return err;
	sip_udp_watch(p->udp, &w->watcher);
	return sip_udp_local(p->udp, &p->addr);
}

void wire_watch(struct wire *w, sip_watch_h *h, void *arg)
{
	if (w)
		w->watcher = (struct sip_watcher){h, arg};
}

int wire_reload(struct wire *w, const struct wire_conf *conf, char *why,
		size_t sz)
{
	struct wiretls *t = NULL;
	const int err = wiretls_alloc(&t, &conf->cert, why, sz);

	if (err)
		return err;
	w->verify = conf->verify;
	mem_deref(w->tls);
	w->tls = t;
	return 0;
}

int wire_alloc(struct wire **wp, const struct wire_conf *conf, wire_msg_h *msgh,
	       wire_fail_h *failh, wire_admit_h *admith, void *arg, char *why,
	       size_t sz)
{
	struct wire *w;
	int err;

	if (!wp || !conf || !msgh || !failh || !why)
		return EINVAL;
	w = mem_zalloc(sizeof(*w), destructor);
	if (!w)
		return ENOMEM;
	list_init(&w->links);
	list_init(&w->flows);
	w->msgh = msgh;
	w->failh = failh;
	w->admith = admith;
	w->arg = arg;
	w->connections = conf->connections;
	w->idle = conf->idle;
	w->connect = conf->connect;
	err = timers_alloc(&w->timers);
	if (!err)
		err = wire_reload(w, conf, why, sz);
	for (size_t i = 0; i < conf->listenc && !err; i++) {
		err = listen_at(w, conf, &conf->listenv[i]);
		if (err)
			(void)re_snprintf(why, sz, "cannot listen at %J: %m",
					  &conf->listenv[i].addr, err);
	}
	if (err)
		mem_deref(w);
	else
		*wp = w;
	return err;
}

struct timers *wire_timers(const struct wire *w)
{
	return w ? w->timers : NULL;
}

/* ---- our side ---------------------------------------------------------------- */

static const struct port *port_of(const struct wire *w, enum msg_transp transp,
				  int af)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].transp == transp && sa_af(&w->v[i].addr) == af)
			return &w->v[i];
	return NULL;
}

/* To connect from: the address of any of our sockets */
const struct port *wire_near(const struct wire *w, enum msg_transp transp,
			     int af)
{
	const struct port *p = port_of(w, transp, af);

	for (size_t i = 0; i < w->n && !p; i++)
		if (sa_af(&w->v[i].addr) == af)
			p = &w->v[i];
	return p;
}

void wire_have(const struct wire *w, uint32_t have[2])
{
	have[0] = have[1] = 0;
	for (size_t i = 0; i < w->n; i++) {
		uint32_t *h = &have[sa_af(&w->v[i].addr) == AF_INET6];

		*h |= 1u << w->v[i].transp | 1u << MSG_TCP | 1u << MSG_TLS;
	}
}

/* The address that the kernel would send from */
static int source(struct sa *src, const struct sa *dst)
{
	const uint16_t port = sa_port(src);
	int err = 0, fd;

	fd = socket(sa_af(dst), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	src->len = sizeof(src->u);
	if (connect(fd, &dst->u.sa, dst->len) ||
	    getsockname(fd, &src->u.sa, &src->len))
		err = errno;
	(void)close(fd);
	sa_set_port(src, port);
	return err;
}

int wire_sentby(const struct wire *w, enum msg_transp transp,
		const struct sa *dst, char text[WIRE_SENTBY])
{
	const struct port *p = wire_near(w, transp, sa_af(dst));
	struct sa sa;
	int err = 0;

	if (!p)
		return EAFNOSUPPORT;
	sa = p->addr;
	if (p->any)
		err = source(&sa, dst);
	if (!err && re_snprintf(text, WIRE_SENTBY, "%J", &sa) < 0)
		err = EOVERFLOW;
	return err;
}

bool wire_self(const struct wire *w, const struct pl *host, uint16_t port)
{
	struct sa sa;

	if (!msg_host_addr(&sa, host, port ? port : 5060))
		return false;
	for (size_t i = 0; i < w->n; i++)
		if (sa_cmp(&w->v[i].addr, &sa, SA_ALL))
			return true;
	return false;
}

/* ---- sending ------------------------------------------------------------------ */

int wire_send(struct wire *w, enum msg_transp transp, const struct sa *dst,
	      const char *host, struct mbuf *mb)
{
	const struct port *p;

	if (!w || !dst || !mb)
		return EINVAL;
	if (transp != MSG_UDP)
		return link_send(w, transp, dst, host, mb);
	p = port_of(w, MSG_UDP, sa_af(dst));
	return p ? sip_udp_send(p->udp, dst, mb) : EAFNOSUPPORT;
}
