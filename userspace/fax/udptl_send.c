/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fax/udptl_send.c  UDPTL: what is sent (ITU-T T.38 9.1)
 */
#include <errno.h>
#include <string.h>
#include "fax/udptl_priv.h"

enum {
	SHORT = 0x80, /* lengths below are one byte                        */
	HEAD = 2,     /* sequence number                                   */
	COPIES_HEAD = 2,
	PARITY_HEAD = 4,
};

static size_t piece_size(size_t n)
{
	return n + (n < SHORT ? 1 : 2);
}

static size_t put_piece(uint8_t *out, const uint8_t *p, size_t n)
{
	size_t k = 0;

	if (n >= SHORT)
		out[k++] = (uint8_t)(SHORT | n >> 8);
	out[k++] = (uint8_t)n;
	memcpy(out + k, p, n);

	return k + n;
}

static const struct udptl_kept *sent_before(const struct udptl *u, unsigned ago)
{
	return &u->txv[(uint16_t)(u->seq - ago) % UDPTL_WINDOW];
}

/* Those that fit, youngest first */
static size_t put_copies(struct udptl *u, uint8_t *out, size_t room)
{
	/* FEC comes here, too, where there is no room for any */
	const unsigned depth = u->conf.ec == UDPTL_EC_REDUNDANCY ? u->conf.depth
								 : 0;
	const unsigned want = depth < u->sent ? depth : u->sent;
	size_t k = COPIES_HEAD;
	unsigned n = 0;

	out[0] = 0x00;
	for (; n < want; n++) {
		const struct udptl_kept *x = sent_before(u, n + 1);

		if (k + piece_size(x->n) > room)
			break;
		k += put_piece(out + k, x->v, x->n);
	}
	out[1] = (uint8_t)n;
	if (n < want)
		++u->st.trimmed;

	return k;
}

/* The parity of every n'th packet before the one that follows this by i */
static size_t parity(const struct udptl *u, uint8_t v[UDPTL_IFP_MAX],
		     unsigned i, unsigned n, unsigned span)
{
	size_t len = 0;

	memset(v, 0, UDPTL_IFP_MAX);
	for (unsigned k = 1; k <= span; k++) {
		const struct udptl_kept *x = sent_before(u, k * n - i);

		for (size_t b = 0; b < x->n; b++)
			v[b] ^= x->v[b];
		if (x->n > len)
			len = x->n;
	}

	return len;
}

/* All of them or none: what a parity is of follows from how many there are */
static size_t put_parities(struct udptl *u, uint8_t *out, size_t room)
{
	unsigned span = u->conf.span, n = u->conf.depth;
	uint8_t v[UDPTL_IFP_MAX];
	size_t k = PARITY_HEAD;

	/* in the beginning there are not so many packets */
	if (n * span > u->sent)
		n = u->sent / span;
	out[0] = 0x80;
	out[1] = 1;
	out[2] = (uint8_t)(n ? span : 0);
	out[3] = (uint8_t)n;
	for (unsigned i = 0; i < n; i++) {
		const size_t len = parity(u, v, i, n, span);

		if (k + piece_size(len) > room) {
			++u->st.trimmed;
			out[2] = out[3] = 0;
			return PARITY_HEAD;
		}
		k += put_piece(out + k, v, len);
	}

	return k;
}

static size_t room_of(const struct udptl *u)
{
	const size_t max = u->conf.max_datagram;

	return max && max < UDPTL_DATAGRAM_MAX ? max : UDPTL_DATAGRAM_MAX;
}

int udptl_send(struct udptl *u, const uint8_t *ifp, size_t n, uint8_t *out,
	       size_t *lenp)
{
	struct udptl_kept *k;
	size_t len = HEAD, room;

	if (!u || !ifp || !out || !lenp)
		return EINVAL;
	if (!n || n > UDPTL_IFP_MAX)
		return EMSGSIZE;
	out[0] = (uint8_t)(u->seq >> 8);
	out[1] = (uint8_t)u->seq;
	len += put_piece(out + len, ifp, n);
	room = room_of(u) > len ? room_of(u) - len : 0;
	/* without error correction: no copies, which has to be said */
	if (u->conf.ec == UDPTL_EC_FEC && room >= PARITY_HEAD)
		len += put_parities(u, out + len, room);
	else
		len += put_copies(u, out + len, room);
	k = &u->txv[u->seq % UDPTL_WINDOW];
	k->seq = u->seq++;
	k->n = (uint16_t)n;
	memcpy(k->v, ifp, n);
	if (u->sent < UDPTL_WINDOW)
		++u->sent;
	++u->st.sent;
	*lenp = len;

	return 0;
}
