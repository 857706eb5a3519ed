/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/relay.c  From a leg to a TURN server and back
 */
#include <errno.h>
#include <string.h>
#include "bridge/relay.h"
#include "ice/chandata.h"
#include "rtp/packet.h"

/* leg, channel and figures are the worker's */
struct relay {
	struct plane *pl;
	unsigned worker;
	struct plane_port
		*port; /* the worker may have a packet before it is set */
	struct plane_dst *server;
	struct plane_dst *leg; /* NULL: nobody's */
	uint16_t channel;
	struct relay_stats st;
	relay_event_h *eventh;
	void *arg;
};

static void destructor(void *arg)
{
	struct relay *r = arg;

	mem_deref(r->port);
	mem_deref(r->leg);
	mem_deref(r->server);
}

static void event_handler(unsigned type, const struct sa *src, const uint8_t *p,
			  size_t n, void *arg)
{
	struct relay *r = arg;
	(void)src;

	r->eventh(type, p, n, r->arg);
}

static void tell(struct relay *r, struct plane_port *port, unsigned type,
		 const struct plane_pkt *pkt)
{
	if (pkt->len > PLANE_EVENT_MAX)
		++r->st.dropped;
	else
		(void)plane_event(port, type, &pkt->src, pkt->data, pkt->len);
}

static void from_leg(struct relay *r, struct plane_port *port,
		     const struct plane_pkt *pkt)
{
	uint8_t *out;

	++r->st.tx;
	r->st.tx_bytes += pkt->len;
	if (!r->channel) {
		tell(r, port, RELAY_LEG, pkt);
		return;
	}
	if (pkt->len + CHANDATA_HDR > PLANE_PAYLOAD_MAX) {
		++r->st.dropped;
		return;
	}
	out = plane_reserve(port, r->server);
	if (!out)
		return;
	chandata_put(out, r->channel, pkt->len);
	memcpy(out + CHANDATA_HDR, pkt->data, pkt->len);
	plane_commit(port, r->server, CHANDATA_HDR + pkt->len);
}

static int to_leg(struct relay *r, struct plane_port *port, const uint8_t *p,
		  size_t n, uint64_t now)
{
	uint8_t *out = plane_reserve(port, r->leg);

	if (!out)
		return ENOBUFS;
	memcpy(out, p, n);
	plane_commit(port, r->leg, n);
	++r->st.rx;
	r->st.rx_bytes += n;
	r->st.heard = now;

	return 0;
}

/* Checks of ICE come by the channel, too; they are not the leg's */
static void from_server(struct relay *r, struct plane_port *port,
			const struct plane_pkt *pkt)
{
	const uint8_t *p = pkt->data + CHANDATA_HDR;
	uint16_t channel;
	size_t n;

	if (r->leg && chandata_get(&channel, &n, pkt->data, pkt->len) &&
	    channel == r->channel && rtp_kind(p, n) != RTP_STUN)
		(void)to_leg(r, port, p, n, pkt->now);
	else
		tell(r, port, RELAY_SERVER, pkt);
}

static void receive(struct plane_port *port, struct plane_pkt *pkt, void *arg)
{
	struct relay *r = arg;

	if (sa_cmp(&pkt->src, plane_dst_remote(r->server), SA_ALL))
		from_server(r, port, pkt);
	else if (r->leg && sa_cmp(&pkt->src, plane_dst_remote(r->leg), SA_ALL))
		from_leg(r, port, pkt);
	else
		++r->st.dropped;
}

int relay_alloc(struct relay **rp, struct plane *pl, unsigned worker,
		const struct sa *local, const struct sa *server,
		relay_event_h *eventh, void *arg)
{
	struct relay *r;
	int err;

	if (!rp || !pl || !local || !server || !eventh ||
	    worker >= plane_workers(pl))
		return EINVAL;
	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;
	r->pl = pl;
	r->worker = worker;
	r->eventh = eventh;
	r->arg = arg;
	err = plane_dst_alloc(&r->server, pl, local, server);
	if (!err)
		err = plane_port_open(&r->port, pl, worker, local, receive,
				      event_handler, r);
	if (err)
		mem_deref(r);
	else
		*rp = r;

	return err;
}

/* ---- from the signalling loop ------------------------------------------------- */

struct change {
	struct relay *r;
	struct plane_dst *leg; /* the old one, when it is done */
	uint16_t channel;
};

static void way_call(void *arg)
{
	struct change *c = arg;
	struct plane_dst *old = c->r->leg;

	c->r->leg = c->leg;
	c->r->channel = c->channel;
	c->leg = old;
}

int relay_way(struct relay *r, const struct sa *leg, uint16_t channel)
{
	struct change c = {.r = r, .channel = channel};
	int err = 0;

	if (!r)
		return EINVAL;
	if (leg)
		err = plane_dst_alloc(&c.leg, r->pl, plane_port_local(r->port),
				      leg);
	if (err)
		return err;
	plane_call(r->pl, r->worker, way_call, &c);
	mem_deref(c.leg);

	return 0;
}

struct sending {
	struct relay *r;
	const uint8_t *p;
	size_t n;
	int err;
};

static void send_call(void *arg)
{
	struct sending *s = arg;
	uint8_t *out = plane_reserve(s->r->port, s->r->server);

	if (!out) {
		s->err = ENOBUFS;
		return;
	}
	memcpy(out, s->p, s->n);
	plane_commit(s->r->port, s->r->server, s->n);
}

static void pass_call(void *arg)
{
	struct sending *s = arg;

	s->err = s->r->leg ? to_leg(s->r, s->r->port, s->p, s->n,
				    plane_now(s->r->port))
			   : ENOTCONN;
}

static int call(struct relay *r, plane_call_h *h, const uint8_t *p, size_t n)
{
	struct sending s = {.r = r, .p = p, .n = n};

	if (!r || !p || n > PLANE_PAYLOAD_MAX)
		return EINVAL;
	plane_call(r->pl, r->worker, h, &s);

	return s.err;
}

int relay_send(struct relay *r, const uint8_t *p, size_t n)
{
	return call(r, send_call, p, n);
}

int relay_pass(struct relay *r, const uint8_t *p, size_t n)
{
	return call(r, pass_call, p, n);
}

bool relay_plain(const struct relay *r)
{
	return r && plane_port_plain(r->port);
}

void relay_stats(const struct relay *r, struct relay_stats *st)
{
	*st = r->st;
}
