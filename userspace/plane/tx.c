/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file plane/tx.c  Packets that a worker sends
 */
#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include "plane/core.h"

enum { UDP_HDR = 8, IP4_HDR = 20, IP6_HDR = 40, TTL = 64 };

/* As it was between two changes. False: not known */
static bool read_hop(const struct plane_dst *dst, struct fp_hop *hop)
{
	uint32_t seq;
	bool known;

	do {
		seq = __atomic_load_n(&dst->seq, __ATOMIC_ACQUIRE);
		known = dst->known;
		*hop = dst->hop;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (seq & 1 ||
		 seq != __atomic_load_n(&dst->seq, __ATOMIC_RELAXED));

	return known;
}

static struct sock *sock_of(const struct worker *w, uint32_t port)
{
	for (unsigned i = 0; i < w->sockc; i++) {
		if (w->sockv[i]->port == port)
			return w->sockv[i];
	}

	return NULL;
}

static uint8_t *lost(struct worker *w)
{
	++w->st.tx_lost;
	w->out.port = NULL;

	return NULL;
}

/* One of our own ports: its worker's queue gets the packet when it is whole. A place that
 * is taken there and never filled would hold up all behind it */
static uint8_t *reserve_local(struct worker *w, const struct plane_dst *dst)
{
	unsigned owner = __atomic_load_n(&w->pl->ownerv[dst->slot],
					 __ATOMIC_ACQUIRE);

	if (!owner)
		return lost(w);
	w->out.owner = w->pl->workerv[owner - 1];

	return w->scratch + HEADROOM;
}

uint8_t *plane_reserve(struct plane_port *port, const struct plane_dst *dst)
{
	struct worker *w = port->w;
	struct fp_hop hop;
	uint8_t *frame;

	w->out.port = port;
	w->out.dst = dst;
	w->out.sock = NULL;
	w->out.owner = NULL;
	if (dst->slot != NO_SLOT)
		return reserve_local(w, dst);
	if (port->fd < 0 && read_hop(dst, &hop)) {
		w->out.sock = sock_of(w, hop.port);
		if (w->out.sock) {
			frame = fp_xsk_reserve(w->out.sock->xsk);
			if (!frame)
				return lost(w);
			return frame + HEADROOM;
		}
	}

	return w->scratch + HEADROOM;
}

/* ---- headers, written from the payload towards the front ---------------- */

static uint64_t sum_bytes(const uint8_t *p, size_t n)
{
	uint64_t sum = 0;
	uint32_t w;

	for (; n >= 4; n -= 4, p += 4) {
		memcpy(&w, p, 4);
		sum += w;
	}
	if (n >= 2) {
		uint16_t h;

		memcpy(&h, p, 2);
		sum += h;
		n -= 2;
		p += 2;
	}
	if (n) /* the last byte is the first of a word */
		sum += htons((uint16_t)(*p << 8));

	return sum;
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);

	return (uint16_t)sum;
}

static void put16(uint8_t *p, uint16_t v)
{
	v = htons(v);
	memcpy(p, &v, sizeof(v));
}

/* In full: RFC 768, RFC 8200 8.1. A sum of 0 is sent as 0xffff */
static void put_udp(uint8_t *udp, const struct sa *src, const struct sa *dst,
		    const uint8_t *addrs, size_t addrs_len, size_t len)
{
	uint64_t sum;
	uint16_t check;

	put16(udp, sa_port(src));
	put16(udp + 2, sa_port(dst));
	put16(udp + 4, (uint16_t)(UDP_HDR + len));
	put16(udp + 6, 0);
	sum = sum_bytes(addrs, addrs_len) + htons(IPPROTO_UDP) +
	      htons((uint16_t)(UDP_HDR + len)) + sum_bytes(udp, UDP_HDR + len);
	check = (uint16_t)~fold(sum);
	if (!check)
		check = 0xffff;
	memcpy(udp + 6, &check, sizeof(check));
}

static uint8_t *put_ipv4(uint8_t *udp, const struct plane_dst *d, uint8_t tos,
			 size_t len)
{
	uint8_t *ip = udp - IP4_HDR;
	uint32_t a;
	uint16_t check;

	/* an atomic datagram: no ID, never to be fragmented (RFC 6864) */
	memset(ip, 0, IP4_HDR);
	ip[0] = 0x45;
	ip[1] = tos;
	put16(ip + 2, (uint16_t)(IP4_HDR + UDP_HDR + len));
	ip[6] = 0x40;
	ip[8] = TTL;
	ip[9] = IPPROTO_UDP;
	a = htonl(sa_in(&d->local));
	memcpy(ip + 12, &a, 4);
	a = htonl(sa_in(&d->remote));
	memcpy(ip + 16, &a, 4);
	check = (uint16_t)~fold(sum_bytes(ip, IP4_HDR));
	memcpy(ip + 10, &check, sizeof(check));
	put_udp(udp, &d->local, &d->remote, ip + 12, 8, len);

	return ip;
}

static uint8_t *put_ipv6(uint8_t *udp, const struct plane_dst *d, uint8_t tos,
			 size_t len)
{
	uint8_t *ip = udp - IP6_HDR;

	memset(ip, 0, 8);
	ip[0] = (uint8_t)(0x60 | tos >> 4);
	ip[1] = (uint8_t)(tos << 4);
	put16(ip + 4, (uint16_t)(UDP_HDR + len));
	ip[6] = IPPROTO_UDP;
	ip[7] = TTL;
	sa_in6(&d->local, ip + 8);
	sa_in6(&d->remote, ip + 24);
	put_udp(udp, &d->local, &d->remote, ip + 8, 32, len);

	return ip;
}

static uint8_t *put_ip(uint8_t *payload, const struct plane_dst *d, int dscp,
		       size_t len)
{
	uint8_t tos = dscp > 0 ? (uint8_t)(dscp << 2) : 0;

	return sa_af(&d->local) == AF_INET6
		       ? put_ipv6(payload - UDP_HDR, d, tos, len)
		       : put_ipv4(payload - UDP_HDR, d, tos, len);
}

static uint8_t *put_ether(uint8_t *ip, const struct fp_hop *hop, bool v6)
{
	uint8_t *eth = ip - ETH_HLEN - (hop->vlan ? 4 : 0);

	memcpy(eth, hop->dmac, ETH_ALEN);
	memcpy(eth + ETH_ALEN, hop->smac, ETH_ALEN);
	if (hop->vlan) {
		put16(eth + 12, ETH_P_8021Q);
		put16(eth + 14, hop->vlan);
	}
	put16(ip - 2, v6 ? ETH_P_IPV6 : ETH_P_IP);

	return eth;
}

/* ---- ways out ----------------------------------------------------------- */

static void commit_local(struct worker *w, const struct plane_port *port,
			 const uint8_t *payload, size_t len)
{
	struct ring *to = w->out.owner->hand;
	uint64_t ticket;
	struct handed *h = ring_claim(to, &ticket);

	if (!h) {
		++w->st.hand_full;
		return;
	}
	h->slot = w->out.dst->slot;
	h->len = (uint32_t)len;
	h->src = port->local;
	memcpy(h->data, payload, len);
	ring_publish(to, ticket);
	++w->st.tx;
	/* our own queue is looked at in this turn */
	worker_wake_later(w, w->out.owner);
}

/* The IP stack knows how to find a neighbour, and other devices than ours */
static bool send_slow(struct worker *w, const struct plane_port *port,
		      const struct plane_dst *d, uint8_t *payload, size_t len)
{
	bool v6 = sa_af(&d->local) == AF_INET6;
	struct sa to = d->remote;
	uint8_t *ip;
	size_t n;

	++w->st.kicks;
	++w->st.tx_slow;
	if (port->fd >= 0)
		return sendto(port->fd, payload, len, MSG_DONTWAIT, &to.u.sa,
			      to.len) >= 0;
	ip = put_ip(payload, d, w->pl->conf.dscp, len);
	n = (size_t)(payload - ip) + len;
	sa_set_port(&to, 0);

	return w->raw[v6] >= 0 &&
	       sendto(w->raw[v6], ip, n, MSG_DONTWAIT, &to.u.sa, to.len) >= 0;
}

static bool send_fast(struct worker *w, const struct plane_dst *d,
		      uint8_t *payload, size_t len)
{
	bool v6 = sa_af(&d->local) == AF_INET6;
	struct sock *s = w->out.sock;
	struct fp_hop hop;
	uint8_t *ip, *eth;

	if (!read_hop(d, &hop) || hop.port != s->port)
		return false;
	ip = put_ip(payload, d, w->pl->conf.dscp, len);
	if ((size_t)(payload - ip) + len > hop.mtu)
		return false;
	eth = put_ether(ip, &hop, v6);
	fp_xsk_commit(s->xsk, (uint32_t)(eth - (payload - HEADROOM)),
		      (uint32_t)((size_t)(payload - eth) + len));
	s->dirty = true;

	return true;
}

void plane_commit(struct plane_port *port, const struct plane_dst *dst,
		  size_t len)
{
	struct worker *w = port->w;
	bool sent;

	if (w->out.port != port || w->out.dst != dst || len > PLANE_PAYLOAD_MAX)
		return;
	w->out.port = NULL;
	if (w->out.owner) {
		commit_local(w, port, w->scratch + HEADROOM, len);
		return;
	}
	if (w->out.sock)
		sent = send_fast(w, dst,
				 fp_xsk_reserved(w->out.sock->xsk) + HEADROOM,
				 len);
	else
		sent = send_slow(w, port, dst, w->scratch + HEADROOM, len);
	if (sent)
		++w->st.tx;
	else
		++w->st.tx_lost;
}

void tx_flush(struct worker *w)
{
	for (unsigned i = 0; i < w->sockc; i++) {
		struct sock *s = w->sockv[i];

		if (!s->dirty)
			continue;
		s->dirty = false;
		fp_xsk_flush(s->xsk);
	}
	for (; w->wakes; w->wakes &= w->wakes - 1)
		worker_wake(w->pl->workerv[__builtin_ctzll(w->wakes)]);
}
