/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/bridge.c  A bridge, made and changed on the signalling loop
 */
#include <errno.h>
#include <string.h>
#include "bridge/member.h"

enum { CNAME_LEN = 16 }; /* characters: 95 bits */

/* Waits must not outlive what they are about; no packet that comes now begins another */
static void stop(void *arg)
{
	struct bridge *b = arg;

	for (unsigned i = 0; i < 2; i++) {
		b->mv[i].on = false;
		plane_tmr_stop(&b->mv[i].rx.tmr);
		plane_tmr_stop(&b->mv[i].rep.tmr);
		plane_tmr_stop(&b->mv[i].play_tmr);
		plane_tmr_stop(&b->mv[i].fax_tmr);
		noise_over(&b->mv[i]);
	}
}

/* Timers send by the ports, and the worker runs them until it is told: they go first */
static void destructor(void *arg)
{
	struct bridge *b = arg;

	plane_call(b->pl, b->worker, stop, b);
	for (unsigned i = 0; i < 2; i++) {
		if (b->mv[i].bundle)
			bundle_leave(b->mv[i].bundle, &b->mv[i]);
		else
			mem_deref(b->mv[i].port);
		mem_deref(b->mv[i].rtcp_port);
	}
	for (unsigned i = 0; i < 2; i++) {
		mem_deref(b->mv[i].player);
		mem_deref(b->mv[i].fax);
		mem_deref(b->mv[i].prog);
		mem_deref(b->mv[i].rx.order);
	}
}

static void set_others(struct bridge *b)
{
	for (unsigned i = 0; i < 2; i++)
		b->mv[i].other = &b->mv[b->mv[i].prog->conf.echo ? i : !i];
}

/* What a packet of a member's needs, here and on its way out */
static void set_hints(struct bridge *b)
{
	for (unsigned i = 0; i < 2; i++) {
		struct member *m = &b->mv[i], *to = m->other;
		const struct program *p = m->prog, *q = to->prog;
		const void *v[PLANE_HINTS] = {
			p,  p->rx, m->rx.order, &p->conf.ptv[0],
			to, q,     q->tx,       q->dst,
		};

		memcpy(m->hintv, v, sizeof(v));
	}
}

static void event_handler(unsigned type, const struct sa *src, const uint8_t *p,
			  size_t n, void *arg)
{
	struct member *m = arg;

	if (m->b->eventh)
		m->b->eventh(m->b, m->side, type, src, p, n, m->b->arg);
}

static int open_ports(struct member *m)
{
	const struct bridge_member *conf = &m->prog->conf;
	struct bridge *b = m->b;
	struct sa rtcp = conf->local;
	int err;

	if (conf->bundle)
		return bundle_join(conf->bundle, m);
	err = plane_port_open(&m->port, b->pl, b->worker, &conf->local,
			      member_receive, event_handler, m);
	if (!err)
		plane_port_hint(m->port, m->hintv);
	if (err || conf->t38 || (conf->mux && !m->prog->dst_rtcp))
		return err;
	sa_set_port(&rtcp, (uint16_t)(sa_port(&rtcp) + 1));
	err = plane_port_open(&m->rtcp_port, b->pl, b->worker, &rtcp,
			      member_receive_rtcp, event_handler, m);
	/* the range of the interface may end with the RTP port */
	return err == ENOENT ? 0 : err;
}

/* All ports are there, and known by us: a packet of one member's goes out by the other's.
 * The clocks begin */
static void start(void *arg)
{
	struct bridge *b = arg;

	for (unsigned i = 0; i < 2; i++) {
		b->mv[i].on = true;
		fax_start(&b->mv[i]);
	}
}

int bridge_alloc(struct bridge **bp, struct plane *pl, unsigned worker,
		 const struct bridge_member mv[2], bridge_event_h *eventh,
		 void *arg)
{
	struct bridge *b;
	int err = 0;

	if (!bp || !pl || !mv || worker >= plane_workers(pl))
		return EINVAL;
	for (unsigned i = 0; i < 2; i++) {
		if (mv[i].bundle && bundle_worker(mv[i].bundle) != worker)
			return EINVAL;
	}
	b = mem_zalloc(sizeof(*b), destructor);
	if (!b)
		return ENOMEM;
	b->pl = pl;
	b->worker = worker;
	b->eventh = eventh;
	b->arg = arg;
	rand_str(b->cname, CNAME_LEN + 1);
	for (unsigned i = 0; i < 2 && !err; i++) {
		struct member *m = &b->mv[i];

		m->b = b;
		m->side = i;
		err = order_alloc(&m->rx.order, WAIT_NS, member_ordered, m);
		if (!err)
			err = program_alloc(&m->prog, pl, &mv[i],
					    &mv[mv[i].echo ? i : !i]);
		jitter_init(&m->rx.jitter, mv[i].jitter_ms);
		if (!err)
			err = fax_alloc(&m->fax, m, &mv[i]);
	}
	/* both have to be whole before a packet comes to either */
	if (!err) {
		set_others(b);
		set_hints(b);
	}
	for (unsigned i = 0; i < 2 && !err; i++)
		err = open_ports(&b->mv[i]);
	if (err) {
		mem_deref(b);
		return err;
	}
	plane_call(pl, worker, start, b);
	*bp = b;

	return 0;
}

/* ---- changes ------------------------------------------------------------ */

struct swap {
	struct bridge *b;
	struct program *progv[2]; /* new ones go in, old ones come out */
	struct gateway *fax;      /* the same, where not NULL          */
	struct member *fax_m;
};

/* Contexts of keys that stay have counters that must go on */
static void keep_context(struct srtpx **new, const struct srtpx_key *key,
			 struct srtpx **old, const struct srtpx_key *was)
{
	struct srtpx *x = *new;

	if (!*old || !srtpx_same_key(key, was))
		return;
	*new = *old;
	*old = x;
}

static void keep_keys(struct program *new, struct program *old)
{
	const struct bridge_member *c = &new->conf, *was = &old->conf;

	keep_context(&new->rx, &c->rx, &old->rx, &was->rx);
	keep_context(&new->tx, &c->tx, &old->tx, &was->tx);
	keep_context(&new->rtcp_rx, &c->rtcp_rx, &old->rtcp_rx, &was->rtcp_rx);
	keep_context(&new->rtcp_tx, &c->rtcp_tx, &old->rtcp_tx, &was->rtcp_tx);
}

static void swap_call(void *arg)
{
	struct swap *s = arg;

	for (unsigned i = 0; i < 2; i++)
		digits_change(&s->b->mv[i], s->progv[i]);
	for (unsigned i = 0; i < 2; i++) {
		struct member *m = &s->b->mv[i];
		struct program *old = m->prog;

		keep_keys(s->progv[i], old);
		noise_over(m);
		m->prog = s->progv[i];
		s->progv[i] = old;
		m->rx.timed = false;
		m->tx.accn = 0;
	}
	if (s->fax) {
		struct gateway *old = s->fax_m->fax;

		s->fax_m->fax = s->fax;
		s->fax = old;
	}
	set_others(s->b);
	set_hints(s->b);
}

/* The encoder of one depends on what the other sends: both are made anew */
int bridge_change(struct bridge *b, unsigned side,
		  const struct bridge_member *m)
{
	struct bridge_member mv[2];
	struct swap s = {.b = b};
	int err = 0;

	if (!b || side > 1 || !m || m->t38 != b->mv[side].prog->conf.t38 ||
	    m->bundle != b->mv[side].bundle)
		return EINVAL;
	mv[side] = *m;
	mv[!side] = b->mv[!side].prog->conf;
	for (unsigned i = 0; i < 2 && !err; i++)
		err = program_alloc(&s.progv[i], b->pl, &mv[i],
				    &mv[mv[i].echo ? i : !i]);
	s.fax_m = &b->mv[side];
	if (!err && !fax_conf_same(&m->fax, &b->mv[side].prog->conf.fax))
		err = fax_alloc(&s.fax, s.fax_m, m);
	if (!err)
		plane_call(b->pl, b->worker, swap_call, &s);
	mem_deref(s.fax);
	mem_deref(s.progv[0]);
	mem_deref(s.progv[1]);

	return err;
}

struct copying {
	struct member *m;
	bool on;
};

static void copy_call(void *arg)
{
	struct copying *c = arg;

	c->m->copy = c->on;
}

void bridge_copy(struct bridge *b, unsigned side, bool on)
{
	struct copying c = {.on = on};

	if (!b || side > 1 || b->mv[side].copy == on)
		return;
	c.m = &b->mv[side];
	plane_call(b->pl, b->worker, copy_call, &c);
}

bool bridge_plain(const struct bridge *b)
{
	return b && plane_port_plain(b->mv[0].port);
}

void bridge_stats(const struct bridge *b, unsigned side,
		  struct bridge_stats *st)
{
	const struct member *m = &b->mv[side];
	const struct source *s = &m->prog->sourcev[0];

	*st = m->st;
	st->undue = m->rx.jitter.late;
	st->target_us = (uint32_t)(m->rx.jitter.target / 1000);
	st->held_us = (uint32_t)(m->rx.jitter.held / 1000);
	st->drift_ppb = m->rx.jitter.drift_ppb;
	st->rtt_us = m->rep.out.rtt_us;
	st->far_lost = m->rep.out.lost;
	st->far_reports = m->rep.out.reports;
	if (m->prog->conf.codec)
		st->far_jitter_us = (uint32_t)((uint64_t)m->rep.out.jitter *
					       1000000 /
					       m->prog->conf.codec->clock);
	if (m->rep.in.started && s->clock)
		st->jitter_us = (uint32_t)((uint64_t)(m->rep.in.jitter >> 4) *
					   1000000 / s->clock);
}

int bridge_send(struct bridge *b, unsigned side, bool rtcp,
		const struct sa *dst, const uint8_t *p, size_t n)
{
	struct plane_port *port;

	if (!b || side > 1)
		return EINVAL;
	port = rtcp ? b->mv[side].rtcp_port : b->mv[side].port;

	return port ? datagram_send(b->pl, b->worker, port, dst, p, n) : EINVAL;
}
