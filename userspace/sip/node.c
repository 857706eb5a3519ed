/* SPDX-License-Identifier: BSD-2-Clause */
/* A node: its listeners, and whose the messages are that come by them */
#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "carom/sipkey.h"
#include "sip/keepalive.h"
#include "sip/priv.h"

enum { ANSWER = 2048 /* bytes, at first */ };

static void destructor(void *arg)
{
	struct sip_node *n = arg;

	n->closedh = NULL;
	mem_deref(n->asks);
	mem_deref(n->transes);
	mem_deref(n->conns);
	for (size_t i = 0; i < n->listenc; i++)
		mem_deref(n->udpv[i]);
	mem_deref(n->agent);
	mem_deref(n->m);
	mem_deref(n->echo);
	mem_deref(n->out);
}

/* ---- where it came from --------------------------------------------------------- */

static bool inside(const struct sip_trust *net, const struct sa *sa)
{
	const bool v4 = sa_af(sa) == AF_INET;
	const uint8_t *a, *b;
	unsigned bits = net->bits, i = 0;

	if (sa_af(&net->addr) != sa_af(sa))
		return false;
	a = v4 ? (const uint8_t *)&sa->u.in.sin_addr
	       : (const uint8_t *)&sa->u.in6.sin6_addr;
	b = v4 ? (const uint8_t *)&net->addr.u.in.sin_addr
	       : (const uint8_t *)&net->addr.u.in6.sin6_addr;
	for (; bits >= 8; bits -= 8, i++)
		if (a[i] != b[i])
			return false;
	return !bits || !((a[i] ^ b[i]) >> (8 - bits));
}

bool sip_node_trusts(const struct sip_node *n, const struct sa *host)
{
	for (size_t i = 0; i < n->trustc; i++)
		if (inside(&n->trustv[i], host))
			return true;
	return false;
}

static bool via_source(struct sa *sa, const struct msg_via *v)
{
	const struct pl *host = v->received.l ? &v->received : &v->host;
	const uint32_t rport = v->rport.l ? pl_u32(&v->rport) : 0;
	const uint16_t port = rport && rport <= UINT16_MAX ? (uint16_t)rport
			      : v->port                    ? v->port
							   : 5060;
	struct pl plain = *host;

	if (plain.l > 2 && plain.p[0] == '[' && plain.p[plain.l - 1] == ']') {
		pl_advance(&plain, 1);
		--plain.l;
	}
	return !sa_set(sa, &plain, port);
}

/* An edge says in the Via below its own from where a request came to it; there may
 * be an edge in front of that one */
static void find_source(const struct sip_node *n, struct sip_in *in)
{
	sa_cpy(&in->src, &in->peer);
	in->src_transp = in->transp;
	in->direct = true;
	for (size_t i = 1; i < in->m->viac && sip_node_trusts(n, &in->src);
	     i++) {
		struct sa sa;

		if (in->m->viav[i].transp == MSG_TRANSP_MAX ||
		    !via_source(&sa, &in->m->viav[i]))
			return;
		sa_cpy(&in->src, &sa);
		in->src_transp = in->m->viav[i].transp;
		in->direct = false;
	}
}

void sip_node_tag_seed(struct siphash *h, const struct sip_node *n,
		       const struct pl *method)
{
	siphash_start(h, n->key[0], n->key[1]);
	siphash_word(h, SIP_KEY_TAG);
	sipkey_mem(h, method->p, method->l);
}

static void make_tag(const struct sip_node *n, struct sip_in *in)
{
	const struct msg *m = in->m;
	const struct pl partv[] = {m->callid, m->cseq, m->from_tag,
				   m->viav[0].branch};
	struct siphash h;
	uint64_t text[2];

	sip_node_tag_seed(&h, n, &m->met);
	for (size_t i = 0; i < ARRAY_SIZE(partv); i++)
		sipkey_mem(&h, partv[i].p, partv[i].l);
	sipkey_hex(siphash_end(&h), (__u64 *)text);
	memcpy(in->tag, SIP_TAG, SIP_TAG_LEN);
	memcpy(in->tag + SIP_TAG_LEN, text, SIP_HEX_LEN);
	in->tag[SIP_TAG_LEN + SIP_HEX_LEN] = '\0';
}

/* ---- whose it is ---------------------------------------------------------------- */

static const struct sip_method *find_method(const struct sip_node *n,
					    const struct pl *name)
{
	for (size_t i = 0; i < n->methodc; i++)
		if (!pl_strcmp(name, n->methodv[i].name))
			return &n->methodv[i];
	return NULL;
}

static int print_allow(struct re_printf *pf, const struct sip_node *n)
{
	int err = find_method(n, &(struct pl)PL("OPTIONS"))
			  ? re_hprintf(pf, "Allow: ")
			  : re_hprintf(pf, "Allow: OPTIONS");

	for (size_t i = 0; i < n->methodc && !err; i++)
		err = re_hprintf(pf, ", %s", n->methodv[i].name);
	return err ? err : re_hprintf(pf, "\r\n");
}

static void nobodys(const struct sip_in *in)
{
	const struct pl *met = &in->m->met;

	if (!pl_strcmp(met, "ACK"))
		return;
	if (!pl_strcmp(met, "OPTIONS"))
		(void)sip_answer(in, 200, "OK", "%H", print_allow, in->node);
	else if (!pl_strcmp(met, "CANCEL"))
		(void)sip_answer(in, 481, "Transaction Does Not Exist", NULL);
	else
		(void)sip_answer(in, 405, "Method Not Allowed", "%H",
				 print_allow, in->node);
}

static void request(struct sip_node *n, struct sip_in *in)
{
	const struct sip_method *met = find_method(n, &in->m->met);

	make_tag(n, in);
	find_source(n, in);
	if (!met) {
		nobodys(in);
		return;
	}
	if (met->mode == SIP_STATEFUL &&
	    trans_again(&in->trans, n->transes, in))
		return;
	met->h(in, met->arg);
}

/* What can't be used is answered where it can be told to whom */
static void faulty(struct sip_in *in, const struct msg_fault *f)
{
	const struct msg_via *v = &in->m->viav[0];

	if (!f->code || in->m->code || !in->m->viac || !v->host.l ||
	    !v->params.p || !pl_strcmp(&in->m->met, "ACK"))
		return;
	make_tag(in->node, in);
	(void)sip_answer(in, f->code, f->why, NULL);
}

void node_receive(struct sip_node *n, unsigned listener, const struct sa *peer,
		  const struct pl *text)
{
	struct sip_in in = {.node = n,
			    .m = n->m,
			    .listener = listener,
			    .transp = n->listenv[listener].transp,
			    .peer = *peer};
	struct msg_fault fault;
	int err;

	err = msg_decode(n->m, text, !msg_is_stream(in.transp), &fault);
	if (err == EBADMSG)
		faulty(&in, &fault);
	if (err)
		return;
	if (!n->m->code) {
		request(n, &in);
	} else {
		sa_cpy(&in.src, peer);
		in.src_transp = in.transp;
		in.direct = true;
		(void)asks_response(n->asks, &in);
	}
}

int sip_node_handle(struct sip_node *n, const char *method, enum sip_mode mode,
		    sip_request_h *h, void *arg)
{
	if (!n || !method)
		return EINVAL;
	for (size_t i = 0; i < n->methodc; i++) {
		if (strcmp(n->methodv[i].name, method) != 0)
			continue;
		if (h)
			return EEXIST;
		n->methodv[i] = n->methodv[--n->methodc];
		return 0;
	}
	if (!h)
		return 0;
	if (n->methodc == SIP_NODE_METHODS)
		return ENOSPC;
	n->methodv[n->methodc++] = (struct sip_method){method, mode, h, arg};
	return 0;
}

/* ---- sockets -------------------------------------------------------------------- */

static void udp_handler(const struct sa *src, const struct pl *text,
			unsigned listener, void *arg)
{
	struct sip_node *n = arg;
	struct mbuf *reply;

	/* a phone asks whether its flow is there by STUN (RFC 5626 4.4.2) */
	if (!keepalive(&reply, src, text))
		node_receive(n, listener, src, text);
	else if (reply)
		(void)sip_udp_post(n->udpv[listener], src, reply);
	mem_deref(reply);
}

static void lost_handler(const struct sa *dst, void *arg)
{
	const struct sip_node *n = arg;

	asks_lost(n->asks, dst, MSG_UDP, ECONNREFUSED);
}

void node_closed(struct sip_node *n, enum msg_transp transp,
		 const struct sa *peer)
{
	const struct sip_flow flow = {true, transp, *peer};

	if (n->asks)
		asks_lost(n->asks, peer, transp, ENOTCONN);
	if (n->closedh)
		n->closedh(&flow, n->closed_arg);
}

void sip_node_closed(struct sip_node *n, sip_closed_h *h, void *arg)
{
	n->closedh = h;
	n->closed_arg = arg;
}

void sip_node_watch(struct sip_node *n, sip_watch_h *h, void *arg)
{
	if (n)
		n->watcher = (struct sip_watcher){h, arg};
}

int node_send(struct sip_node *n, unsigned listener, const struct sa *dst,
	      struct mbuf *mb, bool make)
{
	if (listener >= n->listenc)
		return EINVAL;
	return n->listenv[listener].transp == MSG_UDP
		       ? sip_udp_send(n->udpv[listener], dst, mb)
		       : conns_send(n->conns, listener, dst, mb, make);
}

int node_answer(struct sip_node *n, unsigned listener, const struct sa *dst,
		struct mbuf *mb)
{
	if (listener >= n->listenc)
		return EINVAL;
	return n->listenv[listener].transp == MSG_UDP
		       ? sip_udp_post(n->udpv[listener], dst, mb)
		       : conns_send(n->conns, listener, dst, mb, false);
}

static int listen_at(struct sip_node *n, const struct sip_listen *l, char *why,
		     size_t sz)
{
	const unsigned i = (unsigned)n->listenc;
	int err;

	n->listenv[i] = *l;
	++n->listenc;
	if (l->transp == MSG_UDP)
		err = sip_udp_alloc(&n->udpv[i], &l->addr, i, udp_handler,
				    lost_handler, n);
	else
		err = conns_listen(n->conns, i);
	sip_udp_watch(n->udpv[i], &n->watcher);
	if (err)
		(void)re_snprintf(why, sz, "cannot listen at %s:%J: %m",
				  msg_transp_name(l->transp), &l->addr, err);
	return err;
}

const char *sip_node_agent(const struct sip_node *n)
{
	return n->agent;
}

unsigned sip_node_idle(const struct sip_node *n)
{
	return n->idle;
}

const struct sip_listen *sip_node_listener(const struct sip_node *n,
					   enum msg_transp transp, int af)
{
	for (size_t i = 0; i < n->listenc; i++)
		if (n->listenv[i].transp == transp &&
		    sa_af(&n->listenv[i].addr) == af)
			return &n->listenv[i];
	return NULL;
}

/* -------------------------------------------------------------------------------- */

static bool conf_good(const struct sip_node_conf *c)
{
	for (size_t i = 0; i < c->listenc; i++) {
		const enum msg_transp t = c->listenv[i].transp;

		if (t >= MSG_TRANSP_MAX ||
		    ((t == MSG_TLS || t == MSG_WSS) && !c->cert.certificate))
			return false;
	}
	return c->listenc && c->listenc <= SIP_NODE_LISTENERS &&
	       c->trustc <= SIP_NODE_TRUSTED && c->denyc <= SIP_NODE_DENIED &&
	       c->connections && c->per_source && c->idle;
}

static void take_networks(struct sip_node *n, const struct sip_node_conf *conf)
{
	if (conf->trustc)
		memcpy(n->trustv, conf->trustv,
		       conf->trustc * sizeof(n->trustv[0]));
	n->trustc = conf->trustc;
	if (conf->denyc)
		memcpy(n->denyv, conf->denyv,
		       conf->denyc * sizeof(n->denyv[0]));
	n->denyc = conf->denyc;
}

int sip_node_renew(struct sip_node *n, const struct sip_node_conf *conf,
		   char *why, size_t sz)
{
	int err;

	if (!n || !conf || conf->trustc > SIP_NODE_TRUSTED ||
	    conf->denyc > SIP_NODE_DENIED)
		return EINVAL;
	err = conns_renew(n->conns, &conf->cert, why, sz);
	if (!err)
		take_networks(n, conf);
	return err;
}

int sip_node_alloc(struct sip_node **np, const struct sip_node_conf *conf,
		   char *why, size_t sz)
{
	struct sip_node *n;
	int err = 0;

	if (!np || !conf || !conf_good(conf))
		return EINVAL;
	n = mem_zalloc(sizeof(*n), destructor);
	if (!n)
		return ENOMEM;
	n->m = mem_alloc(sizeof(*n->m), NULL);
	n->echo = mbuf_alloc(ANSWER);
	n->out = mbuf_alloc(ANSWER);
	if (!n->m || !n->echo || !n->out)
		err = ENOMEM;
	n->idle = conf->idle;
	n->key[0] = rand_u64();
	n->key[1] = rand_u64();
	take_networks(n, conf);
	if (!err && conf->agent)
		err = str_dup(&n->agent, conf->agent);
	if (!err)
		err = asks_alloc(&n->asks, n);
	if (!err)
		err = transes_alloc(&n->transes, n);
	if (!err)
		err = conns_alloc(&n->conns, n, conf, why, sz);
	for (size_t i = 0; i < conf->listenc && !err; i++)
		err = listen_at(n, &conf->listenv[i], why, sz);
	if (err)
		mem_deref(n);
	else
		*np = n;
	return err;
}
