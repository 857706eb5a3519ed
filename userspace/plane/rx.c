/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file plane/rx.c  Packets that came to a worker, and whose they are
 */
#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include "plane/core.h"

/** What the program's parser has found good is not looked at again; but for
 *  bounds, which nobody is believed */
struct datagram {
	uint8_t *data;
	size_t len;
	struct sa src;
	uint8_t dst[16];
	uint16_t port; /* that it came to */
};

enum {
	UDP_HDR = 8,
	IP6_HDR = 40,
	VLAN_TAG = 4,
	FETCH = 4, /* lines of what a handler looks at first */
};

static bool take_udp(struct datagram *d, uint8_t *p, const uint8_t *end)
{
	uint16_t w[3];

	if (end - p < UDP_HDR)
		return false;
	memcpy(w, p, sizeof(w));
	d->port = ntohs(w[1]);
	if (ntohs(w[2]) < UDP_HDR || ntohs(w[2]) > end - p)
		return false;
	sa_set_port(&d->src, ntohs(w[0]));
	d->data = p + UDP_HDR;
	d->len = (size_t)ntohs(w[2]) - UDP_HDR;

	return true;
}

static bool take_ipv4(struct datagram *d, uint8_t *p, const uint8_t *end)
{
	size_t hl;
	uint32_t a;

	if (end - p < 20)
		return false;
	hl = (size_t)(p[0] & 0x0f) * 4;
	if (hl < 20 || hl > (size_t)(end - p) || p[9] != IPPROTO_UDP)
		return false;
	memcpy(&a, p + 12, 4);
	sa_set_in(&d->src, ntohl(a), 0);
	memset(d->dst, 0, 10);
	memset(d->dst + 10, 0xff, 2);
	memcpy(d->dst + 12, p + 16, 4);

	return take_udp(d, p + hl, end);
}

static bool take_ipv6(struct datagram *d, uint8_t *p, const uint8_t *end)
{
	if (end - p < IP6_HDR || p[6] != IPPROTO_UDP)
		return false;
	sa_set_in6(&d->src, p + 8, 0);
	memcpy(d->dst, p + 24, 16);

	return take_udp(d, p + IP6_HDR, end);
}

static bool take_frame(struct datagram *d, uint8_t *p, size_t n)
{
	const uint8_t *end = p + n;
	uint16_t proto;

	if (n < ETH_HLEN)
		return false;
	memcpy(&proto, p + 12, 2);
	p += ETH_HLEN;
	while (proto == htons(ETH_P_8021Q) || proto == htons(ETH_P_8021AD)) {
		if (end - p < VLAN_TAG)
			return false;
		memcpy(&proto, p + 2, 2);
		p += VLAN_TAG;
	}
	if (proto == htons(ETH_P_IP))
		return take_ipv4(d, p, end);

	return proto == htons(ETH_P_IPV6) && take_ipv6(d, p, end);
}

static void deliver(struct worker *w, struct plane_port *port, uint8_t *data,
		    size_t len, size_t room, const struct sa *src)
{
	struct plane_pkt pkt = {
		.data = data, .len = len, .room = room, .now = w->now};

	pkt.src = *src;
	++w->st.rx;
	port->rxh(port, &pkt, port->arg);
}

/* To the worker whose port it is */
static void hand_over(struct worker *w, unsigned owner, uint32_t slot,
		      const struct datagram *d)
{
	struct worker *to = w->pl->workerv[owner];
	struct handed *h;
	uint64_t ticket;

	h = d->len <= sizeof(h->data) ? ring_claim(to->hand, &ticket) : NULL;
	if (!h) {
		++w->st.hand_full;
		return;
	}
	h->slot = slot;
	h->len = (uint32_t)d->len;
	h->src = d->src;
	memcpy(h->data, d->data, d->len);
	ring_publish(to->hand, ticket);
	worker_wake_later(w, to);
}

/** A frame of a batch, on its way to its port */
struct incoming {
	struct datagram d;
	uint32_t slot; /* NO_SLOT: it is no port's */
};

/* Whose is it? What is needed of the port is far away in memory when there are
 * thousands: it is asked for, and not waited for */
static void look_up(struct worker *w, const struct fp_xsk_pkt *f,
		    struct incoming *in)
{
	struct plane *pl = w->pl;

	in->slot = NO_SLOT;
	if (!take_frame(&in->d, f->data, f->len)) {
		++w->st.malformed;
		return;
	}
	if (fp_slot_of(pl->fp, in->d.dst, in->d.port, &in->slot)) {
		in->slot = NO_SLOT;
		++w->st.stray;
		return;
	}
	__builtin_prefetch(&pl->portv[in->slot]);
	__builtin_prefetch(&pl->ownerv[in->slot]);
}

static struct plane_port *ours(const struct worker *w,
			       const struct incoming *in)
{
	if (in->slot == NO_SLOT ||
	    __atomic_load_n(&w->pl->ownerv[in->slot], __ATOMIC_ACQUIRE) !=
		    w->id + 1)
		return NULL;

	return w->pl->portv[in->slot];
}

static void fetch_port(const struct worker *w, const struct incoming *in)
{
	const struct plane_port *port = ours(w, in);

	__builtin_prefetch(port);
	if (port)
		__builtin_prefetch((const uint8_t *)port + 64);
}

static void fetch_arg(const struct worker *w, const struct incoming *in)
{
	const struct plane_port *port = ours(w, in);

	for (unsigned i = 0; port && i < FETCH; i++)
		__builtin_prefetch((const uint8_t *)port->arg + 64 * i, 1);
}

static void fetch_hint(const struct worker *w, const struct incoming *in)
{
	const struct plane_port *port = ours(w, in);

	for (unsigned i = 0; port && port->hint && i < PLANE_HINTS; i++) {
		__builtin_prefetch(port->hint[i]);
		__builtin_prefetch((const uint8_t *)port->hint[i] + 64);
	}
}

static void take(struct worker *w, const struct incoming *in)
{
	struct plane *pl = w->pl;
	unsigned owner;

	if (in->slot == NO_SLOT)
		return;
	owner = __atomic_load_n(&pl->ownerv[in->slot], __ATOMIC_ACQUIRE);
	if (owner == w->id + 1)
		deliver(w, pl->portv[in->slot], in->d.data, in->d.len,
			FP_XSK_FRAME - HEADROOM, &in->d.src);
	else if (owner)
		hand_over(w, owner - 1, in->slot, &in->d);
	else
		++w->st.stray;
}

void rx_frames(struct worker *w, struct sock *s)
{
	struct fp_xsk_pkt v[FP_XSK_BATCH];
	struct incoming in[FP_XSK_BATCH];
	unsigned n = fp_xsk_recv(s->xsk, v);

	for (unsigned i = 0; i < n; i++)
		__builtin_prefetch(v[i].data);
	for (unsigned i = 0; i < n; i++)
		look_up(w, &v[i], &in[i]);
	for (unsigned i = 0; i < n; i++)
		fetch_port(w, &in[i]);
	for (unsigned i = 0; i < n; i++)
		fetch_arg(w, &in[i]);
	for (unsigned i = 0; i < n; i++)
		fetch_hint(w, &in[i]);
	for (unsigned i = 0; i < n; i++)
		take(w, &in[i]);
	fp_xsk_done(s->xsk);
}

/* As many as were there when we began: who sends to himself ends, too */
void rx_handed(struct worker *w)
{
	const struct handed *h;

	for (unsigned i = 0; i < HAND_CELLS; i++) {
		h = ring_front(w->hand);
		if (!h)
			return;
		++w->st.handed;
		/* one that has moved on is another's, who may be freeing it */
		if (__atomic_load_n(&w->pl->ownerv[h->slot],
				    __ATOMIC_ACQUIRE) == w->id + 1)
			deliver(w, w->pl->portv[h->slot], (uint8_t *)h->data,
				h->len, sizeof(h->data), &h->src);
		else
			++w->st.stray;
		ring_pop(w->hand);
	}
}

void rx_plain(struct worker *w, struct plane_port *port)
{
	static const size_t room = PLANE_PAYLOAD_MAX;
	union sockaddrs {
		struct sockaddr sa;
		struct sockaddr_in6 in6;
	} from;

	for (unsigned i = 0; i < PLAIN_BATCH; i++) {
		socklen_t len = sizeof(from);
		struct sa src;
		ssize_t n;

		n = recvfrom(port->fd, w->plain, room, MSG_DONTWAIT, &from.sa,
			     &len);
		++w->st.kicks;
		if (n < 0)
			return;
		if (!sa_set_sa(&src, &from.sa))
			deliver(w, port, w->plain, (size_t)n, room, &src);
	}
}
