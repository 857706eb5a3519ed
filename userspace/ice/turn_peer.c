/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ice/turn_peer.c  Who may send to us by a TURN server, and what goes either way
 *                        (RFC 8656 9 to 12)
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "ice/chandata.h"
#include "ice/turn_priv.h"

enum {
	INDICATION = 128, /* bytes around what is sent in one */
	MISMATCH = 437,
	WRONG_CREDENTIALS = 441,
	NO_ROOM = 508,
};

static struct turn_peer *find(const struct turn *t, const struct sa *addr)
{
	for (unsigned i = 0; i < t->peerc; i++) {
		if (sa_cmp(&t->peerv[i].addr, addr, SA_ALL))
			return (struct turn_peer *)&t->peerv[i];
	}

	return NULL;
}

/* A permission is of an address, whatever the port: the first that has it answers for
 * the others */
static struct turn_peer *keeper(struct turn *t, const struct turn_peer *p)
{
	for (unsigned i = 0; i < t->peerc; i++) {
		if (sa_cmp(&t->peerv[i].addr, &p->addr, SA_ADDR))
			return &t->peerv[i];
	}

	return NULL;
}

static void clear(struct turn_peer *p)
{
	req_close(&p->req);
	p->held = mem_deref(p->held);
}

void peers_close(struct turn *t)
{
	for (unsigned i = 0; i < t->peerc; i++)
		clear(&t->peerv[i]);
	t->peerc = 0;
}

/* Where there is no more room the oldest goes that has no channel */
static struct turn_peer *room(struct turn *t)
{
	unsigned i = 0;

	if (t->peerc < TURN_PEERS)
		return &t->peerv[t->peerc++];
	while (i < TURN_PEERS - 1 && t->peerv[i].bind)
		++i;
	clear(&t->peerv[i]);
	memmove(&t->peerv[i], &t->peerv[i + 1],
		(TURN_PEERS - 1 - i) * sizeof(t->peerv[0]));

	return &t->peerv[TURN_PEERS - 1];
}

static struct turn_peer *add(struct turn *t, const struct sa *addr)
{
	struct turn_peer *p = find(t, addr);

	if (p)
		return p;
	p = room(t);
	memset(p, 0, sizeof(*p));
	p->addr = *addr;

	return p;
}

int turn_permit(struct turn *t, const struct sa *peer)
{
	if (sa_af(peer) != t->af)
		return EAFNOSUPPORT;
	(void)add(t, peer);

	return 0;
}

int turn_bind(struct turn *t, const struct sa *peer)
{
	struct turn_peer *p;

	if (sa_af(peer) != t->af)
		return EAFNOSUPPORT;
	p = add(t, peer);
	p->bind = true;
	if (!p->channel)
		p->channel = (uint16_t)(CHANDATA_MIN +
					t->channels++ % (CHANDATA_MAX -
							 CHANDATA_MIN + 1));

	return 0;
}

uint16_t turn_channel(const struct turn *t, const struct sa *peer)
{
	const struct turn_peer *p = find(t, peer);

	return p && p->bound ? p->channel : 0;
}

void turn_only(struct turn *t, const struct sa *peer)
{
	struct turn_peer *p = find(t, peer), *k, one;

	if (!p)
		return;
	k = keeper(t, p);
	p->permitted = k->permitted;
	p->refused = k->refused;
	p->permit_due = k->permit_due;
	one = *p;
	for (unsigned i = 0; i < t->peerc; i++) {
		if (&t->peerv[i] != p)
			clear(&t->peerv[i]);
	}
	t->peerv[0] = one;
	t->peerc = 1;
}

void peers_resume(struct turn *t, const struct sa *addr, uint16_t channel)
{
	struct turn_peer *p = add(t, addr);

	p->permitted = true;
	if (channel < CHANDATA_MIN || channel > CHANDATA_MAX)
		return;
	p->bind = p->bound = true;
	p->channel = channel;
	t->channels = (uint16_t)(channel - CHANDATA_MIN + 1);
}

/* ---- what goes either way --------------------------------------------------- */

static int by_channel(struct turn *t, const struct turn_peer *p,
		      const uint8_t *data, size_t n)
{
	uint8_t buf[CHANDATA_HDR + TURN_DATAGRAM];

	chandata_put(buf, p->channel, n);
	memcpy(buf + CHANDATA_HDR, data, n);
	t->sendh(buf, CHANDATA_HDR + n, t->arg);

	return 0;
}

static int indicate(struct turn *t, const struct turn_peer *p,
		    const uint8_t *data, size_t n)
{
	struct mbuf *mb = mbuf_alloc(n + INDICATION);
	struct mbuf d = {.buf = (uint8_t *)data, .size = n, .end = n};
	uint8_t tid[STUN_TID_SIZE];
	int err;

	if (!mb)
		return ENOMEM;
	rand_bytes(tid, sizeof(tid));
	err = stun_msg_encode(mb, STUN_METHOD_SEND, STUN_CLASS_INDICATION, tid,
			      NULL, NULL, 0, false, 0x00, 2,
			      STUN_ATTR_XOR_PEER_ADDR, &p->addr, STUN_ATTR_DATA,
			      &d);
	if (!err)
		t->sendh(mb->buf, mb->end, t->arg);
	mem_deref(mb);

	return err;
}

static int hold(struct turn_peer *p, const uint8_t *data, size_t n)
{
	mem_deref(p->held);
	p->held = mbuf_alloc(n);

	return p->held ? mbuf_write_mem(p->held, data, n) : ENOMEM;
}

int turn_send(struct turn *t, const struct sa *peer, const uint8_t *data,
	      size_t n)
{
	struct turn_peer *p;
	const struct turn_peer *k;

	if (t->state != TURN_UP)
		return ENOTCONN;
	if (n > TURN_DATAGRAM)
		return EMSGSIZE;
	if (sa_af(peer) != t->af)
		return EAFNOSUPPORT;
	p = add(t, peer);
	k = keeper(t, p);
	if (p->bound)
		return by_channel(t, p, data, n);
	if (k->permitted)
		return indicate(t, p, data, n);

	return k->refused ? EACCES : hold(p, data, n);
}

bool peers_data(struct turn *t, const uint8_t *p, size_t n)
{
	uint16_t channel;
	struct sa from;
	size_t len;

	if (!chandata_get(&channel, &len, p, n))
		return false;
	for (unsigned i = 0; i < t->peerc; i++) {
		if (t->peerv[i].channel != channel)
			continue;
		from = t->peerv[i].addr;
		t->datah(&from, p + CHANDATA_HDR, len, t->arg);
		return true;
	}

	return false;
}

void peers_indicated(struct turn *t, const struct stun_msg *msg)
{
	const struct stun_attr *peer, *data;

	peer = stun_msg_attr(msg, STUN_ATTR_XOR_PEER_ADDR);
	data = stun_msg_attr(msg, STUN_ATTR_DATA);
	if (peer && data)
		t->datah(&peer->v.xor_peer_addr, mbuf_buf(&data->v.data),
			 mbuf_get_left(&data->v.data), t->arg);
}

/* ---- permissions and channels ------------------------------------------------ */

static void let_go(struct turn *t, struct turn_peer *p)
{
	struct mbuf *mb = p->held;

	p->held = NULL;
	if (mb)
		(void)indicate(t, p, mb->buf, mb->end);
	mem_deref(mb);
}

static void granted(struct turn *t, struct turn_peer *p, uint64_t now)
{
	if (p->req.ask == ASK_BIND) {
		p->bound = true;
		p->bind_due = now + TURN_BIND_MS;
		return;
	}
	p->permitted = true;
	p->refused = false;
	p->permit_due = now + TURN_PERMIT_MS;
	for (unsigned i = 0; i < t->peerc; i++) {
		if (sa_cmp(&t->peerv[i].addr, &p->addr, SA_ADDR))
			let_go(t, &t->peerv[i]);
	}
}

/* code 0: there was no answer. Without a channel indications go on; without a permission
 * nothing does */
static void denied(struct turn *t, struct turn_peer *p, uint16_t code,
		   uint64_t now)
{
	const bool later = code == NO_ROOM || !code;

	if (code == MISMATCH || code == WRONG_CREDENTIALS) {
		turn_over(t, TURN_LOST);
		return;
	}
	if (p->req.ask == ASK_BIND) {
		p->bound = false;
		p->bind_due = later ? now + TURN_AGAIN_MS : UINT64_MAX;
		return;
	}
	p->permitted = false;
	p->refused = true;
	p->permit_due = later ? now + TURN_AGAIN_MS : UINT64_MAX;
	for (unsigned i = 0; i < t->peerc; i++) {
		if (sa_cmp(&t->peerv[i].addr, &p->addr, SA_ADDR))
			t->peerv[i].held = mem_deref(t->peerv[i].held);
	}
}

bool peers_answered(struct turn *t, const struct stun_msg *msg, uint64_t now)
{
	uint16_t code = 0;

	for (unsigned i = 0; i < t->peerc; i++) {
		struct turn_peer *p = &t->peerv[i];

		switch (req_answered(t, &p->req, p, msg, &code, now)) {

		case REQ_OTHERS:
			continue;
		case REQ_AGAIN:
			break;
		case REQ_GRANTED:
			granted(t, p, now);
			break;
		case REQ_REFUSED:
			denied(t, p, code, now);
			break;
		}
		return true;
	}

	return false;
}

/* What it lacks, or what ends soon; one request at a time */
static void ask(struct turn *t, struct turn_peer *p, uint64_t now)
{
	const struct turn_peer *k = keeper(t, p);

	if (p->req.open)
		return;
	if (k == p && p->permit_due <= now)
		req_open(t, &p->req, ASK_PERMIT, p, now);
	else if (p->bind && k->permitted && p->bind_due <= now)
		req_open(t, &p->req, ASK_BIND, p, now);
}

static void when(struct turn *t, const struct turn_peer *p, uint64_t *next)
{
	const struct turn_peer *k = keeper(t, p);

	if (p->req.open) {
		turn_sooner(next, p->req.due);
		return;
	}
	if (k == p)
		turn_sooner(next, p->permit_due);
	if (p->bind && k->permitted)
		turn_sooner(next, p->bind_due);
}

void peers_tick(struct turn *t, uint64_t now, uint64_t *next)
{
	for (unsigned i = 0; i < t->peerc && t->state == TURN_UP; i++) {
		struct turn_peer *p = &t->peerv[i];

		if (!req_tick(t, &p->req, now))
			denied(t, p, 0, now);
		ask(t, p, now);
		when(t, p, next);
	}
}
