/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/bundle.c  A transport that members share, made on the signalling loop
 */
#include <errno.h>
#include <string.h>
#include "bridge/member.h"

enum { TYPE_MASK = (1 << BUNDLE_TAG) - 1 };

static void destructor(void *arg)
{
	struct bundle *b = arg;

	mem_deref(b->port);
	mem_deref(b->rx);
	mem_deref(b->tx);
}

/* Whose event it is: one that has left hears no more of it */
static void event_handler(unsigned type, const struct sa *src, const uint8_t *p,
			  size_t n, void *arg)
{
	struct bundle *b = arg;
	const unsigned tag = type >> BUNDLE_TAG;

	if (!tag && b->eventh) {
		b->eventh(type, src, p, n, b->arg);
		return;
	}
	for (unsigned i = 0; tag && i < BUNDLE_MEMBERS; i++) {
		const struct member *m = b->ownv[i];

		if (!m || m->tag != tag)
			continue;
		if (m->b->eventh)
			m->b->eventh(m->b, m->side, type & TYPE_MASK, src, p, n,
				     m->b->arg);
		return;
	}
}

static struct member *any_member(const struct bundle *b)
{
	for (unsigned i = 0; i < BUNDLE_MEMBERS; i++) {
		if (b->mv[i])
			return b->mv[i];
	}

	return NULL;
}

static void media(struct bundle *b, struct plane_pkt *pkt)
{
	const uint32_t ssrc = bundle_ssrc(pkt->data);
	bool learn = false;
	struct member *m = bundle_find(b, pkt->data, pkt->len, &learn);

	if (!m)
		++b->st.unknown;
	/* what a stranger could write decides nothing for what comes next */
	else if (member_media(m, pkt) && learn)
		bundle_learn(b, ssrc, m);
}

static void control(struct bundle *b, struct plane_pkt *pkt)
{
	struct member *m = any_member(b);
	size_t n = pkt->len;
	int err = 0;

	if (!m)
		return;
	if (m->prog->conf.locked) {
		++m->st.locked;
		return;
	}
	if (m->prog->rx)
		err = srtpx_unprotect_rtcp(m->prog->rx, pkt->data, &n);
	if (err)
		member_refused(m, err);
	else
		bundle_reports(b, &pkt->src, pkt->data, n, pkt->now);
}

static void receive(struct plane_port *port, struct plane_pkt *pkt, void *arg)
{
	const enum rtp_kind kind = rtp_kind(pkt->data, pkt->len);
	struct bundle *b = arg;

	switch (kind) {
	case RTP_MEDIA:
		media(b, pkt);
		break;
	case RTP_CONTROL:
		control(b, pkt);
		break;
	case RTP_STUN:
	case RTP_DTLS:
		if (pkt->len <= PLANE_EVENT_MAX)
			(void)plane_event(port, kind, &pkt->src, pkt->data,
					  pkt->len);
		break;
	case RTP_NONE:
		++b->st.malformed;
		break;
	}
}

int bundle_alloc(struct bundle **bp, struct plane *pl, unsigned worker,
		 const struct sa *local, bundle_event_h *eventh, void *arg)
{
	struct bundle *b;
	int err;

	if (!bp || !pl || !local || worker >= plane_workers(pl))
		return EINVAL;
	b = mem_zalloc(sizeof(*b), destructor);
	if (!b)
		return ENOMEM;
	b->pl = pl;
	b->worker = worker;
	b->local = *local;
	b->eventh = eventh;
	b->arg = arg;
	err = plane_port_open(&b->port, pl, worker, local, receive,
			      event_handler, b);
	if (err)
		mem_deref(b);
	else
		*bp = b;

	return err;
}

void bundle_close(struct bundle *b)
{
	if (!b)
		return;
	b->eventh = NULL;
	mem_deref(b);
}

unsigned bundle_worker(const struct bundle *b)
{
	return b->worker;
}

const struct sa *bundle_local(const struct bundle *b)
{
	return &b->local;
}

bool bundle_plain(const struct bundle *b)
{
	return b && plane_port_plain(b->port);
}

void bundle_stats(const struct bundle *b, struct bundle_stats *st)
{
	*st = b->st;
}

/* ---- members --------------------------------------------------------------- */

struct change {
	struct bundle *b;
	struct member *m;
	unsigned at;
};

static void join_call(void *arg)
{
	struct change *c = arg;

	c->b->mv[c->at] = c->m;
}

int bundle_join(struct bundle *b, struct member *m)
{
	struct change c = {.b = b, .m = m};

	while (c.at < BUNDLE_MEMBERS && b->ownv[c.at])
		++c.at;
	if (c.at >= BUNDLE_MEMBERS)
		return ENOSPC;
	b->ownv[c.at] = m;
	m->tag = ++b->tags;
	m->bundle = mem_ref(b);
	m->port = mem_ref(b->port);
	plane_call(b->pl, b->worker, join_call, &c);

	return 0;
}

static void leave_call(void *arg)
{
	const struct change *c = arg;

	c->b->mv[c->at] = NULL;
	for (unsigned i = 0; i < BUNDLE_SSRCS; i++) {
		if (c->b->ownerv[i].m == c->m)
			c->b->ownerv[i].m = NULL;
		if (c->b->sentv[i].m == c->m)
			c->b->sentv[i].m = NULL;
	}
}

void bundle_leave(struct bundle *b, struct member *m)
{
	struct change c = {.b = b, .m = m};

	while (c.at < BUNDLE_MEMBERS && b->ownv[c.at] != m)
		++c.at;
	if (c.at < BUNDLE_MEMBERS) {
		b->ownv[c.at] = NULL;
		plane_call(b->pl, b->worker, leave_call, &c);
	}
	m->bundle = NULL;
	m->port = mem_deref(m->port);
	mem_deref(b);
}

static int context(struct srtpx **xp, struct srtpx_key *has,
		   const struct srtpx_key *key, bool resumed, uint32_t first)
{
	struct srtpx *x;
	int err;

	if (key->suite == SRTPX_NONE || (*xp && srtpx_same_key(has, key)))
		return 0;
	err = srtpx_alloc(&x, key);
	if (err)
		return err;
	if (resumed)
		srtpx_resume(x, first);
	mem_deref(*xp);
	*xp = x;
	*has = *key;

	return 0;
}

/* One context for all: its counters of SRTCP, and what makes a replay, are those of an
 * SSRC under a key, whichever section that is of */
int bundle_keys(struct bundle *b, struct program *p)
{
	const struct bridge_member *m = &p->conf;
	int err = context(&b->rx, &b->rx_key, &m->rx, m->resumed, 0);

	if (!err)
		err = context(&b->tx, &b->tx_key, &m->tx, m->resumed,
			      program_resume_index());
	if (err)
		return err;
	if (m->rx.suite != SRTPX_NONE)
		p->rx = mem_ref(b->rx);
	if (m->tx.suite != SRTPX_NONE)
		p->tx = mem_ref(b->tx);

	return 0;
}

int bundle_send(struct bundle *b, const struct sa *dst, const uint8_t *p,
		size_t n)
{
	return b ? datagram_send(b->pl, b->worker, b->port, dst, p, n) : EINVAL;
}
