/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fax/udptl.c  UDPTL: what is received (ITU-T T.38 9.1)
 *
 * The encoding is that of the aligned packed rules (X.691): a length below 128 is
 * one byte, below 16384 two; what would be longer does not fit a datagram.
 */
#include <errno.h>
#include <string.h>
#include "fax/udptl_priv.h"

enum {
	COPIES = 0x00, /* error-recovery: secondary-ifp-packets          */
	PARITY = 0x80, /* or fec-info                                    */
	ANEW = 512,    /* so far behind, the far end has begun anew      */
};

/** What is left of a datagram */
struct in {
	const uint8_t *p;
	size_t n;
};

/** An element whose bytes lie in the datagram */
struct piece {
	const uint8_t *p;
	size_t n;
};

static int read_byte(struct in *in, uint8_t *b)
{
	if (!in->n)
		return EBADMSG;
	*b = *in->p++;
	--in->n;

	return 0;
}

static int read_length(struct in *in, size_t *len)
{
	uint8_t hi, lo;

	if (read_byte(in, &hi))
		return EBADMSG;
	*len = hi;
	if (!(hi & 0x80))
		return 0;
	if ((hi & 0x40) || read_byte(in, &lo))
		return EBADMSG;
	*len = (size_t)(hi & 0x3f) << 8 | lo;

	return 0;
}

static int read_piece(struct in *in, struct piece *pc)
{
	if (read_length(in, &pc->n) || pc->n > in->n)
		return EBADMSG;
	pc->p = in->p;
	in->p += pc->n;
	in->n -= pc->n;

	return 0;
}

/** What stands behind the primary */
struct recovery {
	uint8_t kind;
	unsigned span;
	size_t total; /* as many as the datagram has                      */
	size_t n;     /* of those we keep                                 */
	struct piece v[UDPTL_WINDOW];
};

/* fec-npackets is an INTEGER: its length, then its bytes */
static int read_span(struct in *in, unsigned *span)
{
	uint8_t len, b;

	if (read_byte(in, &len) || len != 1 || read_byte(in, &b))
		return EBADMSG;
	*span = b;

	return 0;
}

static int read_recovery(struct in *in, struct recovery *r)
{
	struct piece pc;

	r->n = r->total = 0;
	r->span = 0;
	if (read_byte(in, &r->kind))
		return EBADMSG;
	r->kind &= PARITY;
	if (r->kind == PARITY && read_span(in, &r->span))
		return EBADMSG;
	if (read_length(in, &r->total))
		return EBADMSG;
	for (size_t i = 0; i < r->total; i++) {
		if (read_piece(in, &pc))
			return EBADMSG;
		if (r->n < UDPTL_WINDOW)
			r->v[r->n++] = pc;
	}

	return 0;
}

/* ---- the window ----------------------------------------------------------- */

static void keep(struct udptl *u, uint16_t seq, const uint8_t *p, size_t n)
{
	struct udptl_kept *k = &u->rxv[seq % UDPTL_WINDOW];

	k->seq = seq;
	k->n = (uint16_t)n;
	memcpy(k->v, p, n);
}

static const struct udptl_kept *kept(const struct udptl *u, uint16_t seq)
{
	const struct udptl_kept *k = &u->rxv[seq % UDPTL_WINDOW];

	return k->n && k->seq == seq ? k : NULL;
}

/* A packet that is missing and can be had. Those of length 0 are no IFP packets */
static void recover(struct udptl *u, uint16_t seq, const uint8_t *p, size_t n)
{
	if (!n || n > UDPTL_IFP_MAX || kept(u, seq))
		return;
	keep(u, seq, p, n);
}

/* The i'th copy is of the packet i + 1 before this one */
static void take_copies(struct udptl *u, uint16_t seq, const struct recovery *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const uint16_t of = (uint16_t)(seq - 1 - i);

		if ((int16_t)(of - u->expected) < 0)
			break;
		recover(u, of, r->v[i].p, r->v[i].n);
	}
}

/* Parity i is of every total'th packet before seq + i, span of them. One that is
 * missing is what the others leave of it */
static bool take_parity(struct udptl *u, uint16_t seq, const struct recovery *r,
			size_t i)
{
	const struct piece *pc = &r->v[i];
	uint8_t v[UDPTL_IFP_MAX];
	uint16_t missing = 0;
	unsigned holes = 0;

	if (!pc->n || pc->n > sizeof(v))
		return false;
	memcpy(v, pc->p, pc->n);
	for (unsigned k = 1; k <= r->span; k++) {
		const uint16_t of = (uint16_t)(seq + i - k * r->total);
		const struct udptl_kept *x = kept(u, of);

		if (!x) {
			missing = of;
			++holes;
			continue;
		}
		if (x->n > pc->n)
			return false; /* not the packets that it is of */
		for (size_t b = 0; b < x->n; b++)
			v[b] ^= x->v[b];
	}
	if (holes != 1 || (int16_t)(missing - u->expected) < 0 ||
	    (int16_t)(missing - seq) >= 0)
		return false;
	recover(u, missing, v, pc->n);

	return true;
}

/* What one parity brings back may be what another one lacks */
static void take_parities(struct udptl *u, uint16_t seq,
			  const struct recovery *r)
{
	bool more = r->n == r->total && r->span * r->total <= UDPTL_WINDOW;

	while (more) {
		more = false;
		for (size_t i = 0; i < r->n; i++)
			more |= take_parity(u, seq, r, i);
	}
}

/* ---- in order ------------------------------------------------------------- */

static void hand_on(struct udptl *u, const uint8_t *p, size_t n, uint16_t seq)
{
	++u->st.received;
	u->h(p, n, seq, u->arg);
}

/* Up to seq, without it */
static void hand_on_recovered(struct udptl *u, uint16_t seq)
{
	uint16_t gap = (uint16_t)(seq - u->expected);

	/* no further back than the window reaches */
	if (gap >= UDPTL_WINDOW) {
		u->st.lost += gap - (UDPTL_WINDOW - 1);
		u->expected = (uint16_t)(seq - (UDPTL_WINDOW - 1));
	}
	for (; u->expected != seq; u->expected++) {
		const struct udptl_kept *k = kept(u, u->expected);

		if (!k) {
			++u->st.lost;
			continue;
		}
		++u->st.recovered;
		hand_on(u, k->v, k->n, k->seq);
	}
}

static void forget(struct udptl *u)
{
	for (size_t i = 0; i < UDPTL_WINDOW; i++)
		u->rxv[i].n = 0;
}

/* @return whether the packet is one to be handed on */
static bool begin(struct udptl *u, uint16_t seq)
{
	const int16_t ahead = (int16_t)(seq - u->expected);

	if (!u->started || ahead < -ANEW) {
		forget(u);
		/* it begins with 0 (9.1); who joins late gets none of before */
		u->expected = seq > UDPTL_DEPTH_MAX ? seq : 0;
		u->started = true;
		return true;
	}
	if (ahead >= 0)
		return true;
	++u->st.late;

	return false;
}

int udptl_receive(struct udptl *u, const uint8_t *p, size_t n)
{
	struct in in = {p, n};
	struct recovery r;
	struct piece primary;
	uint8_t hi, lo;
	uint16_t seq;

	if (!u || !p)
		return EINVAL;
	++u->st.datagrams;
	if (read_byte(&in, &hi) || read_byte(&in, &lo) ||
	    read_piece(&in, &primary) || !primary.n ||
	    primary.n > UDPTL_IFP_MAX) {
		++u->st.malformed;
		return EBADMSG;
	}
	seq = (uint16_t)(hi << 8 | lo);
	if (read_recovery(&in, &r)) {
		++u->st.malformed;
		r.n = 0;
	}
	if (!begin(u, seq))
		return 0;
	if (u->expected != seq && r.n) {
		if (r.kind == PARITY)
			take_parities(u, seq, &r);
		else
			take_copies(u, seq, &r);
	}
	hand_on_recovered(u, seq);
	keep(u, seq, primary.p, primary.n);
	u->expected = (uint16_t)(seq + 1);
	hand_on(u, primary.p, primary.n, seq);

	return 0;
}

void udptl_stats(const struct udptl *u, struct udptl_stats *st)
{
	*st = u->st;
}

int udptl_alloc(struct udptl **up, const struct udptl_conf *conf,
		udptl_ifp_h *h, void *arg)
{
	struct udptl *u;

	if (!up || !conf || !h || conf->depth > UDPTL_DEPTH_MAX ||
	    (conf->ec == UDPTL_EC_FEC &&
	     (!conf->span || conf->span > UDPTL_SPAN_MAX)))
		return EINVAL;
	u = mem_zalloc(sizeof(*u), NULL);
	if (!u)
		return ENOMEM;
	u->conf = *conf;
	u->h = h;
	u->arg = arg;
	*up = u;

	return 0;
}
