/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/leave.c  Legs given back to the kernel, without a packet lost or a step
 */
#include <errno.h>
#include <time.h>
#include "bridge/member.h"

enum { LOOK_NS = 20000 };

struct leave {
	struct bridge *b;
	struct fp *fp;
	struct plane_tmr tmr;
	bool left; /* written by the worker, atomically */
};

bool bridge_stream(const struct bridge *b, unsigned side, uint32_t *ssrc)
{
	const struct sender *tx = &b->mv[side].tx;

	*ssrc = tx->ssrc;

	return tx->started && (!tx->passing || tx->rewrite);
}

/* The kernel goes on behind the last packet that the receiver had: of the same sender
 * by the same offsets, of what we encoded by new ones */
static void hand_stream(const struct leave *l, const struct member *from,
			const struct member *to)
{
	const struct sender *tx = &to->tx;
	struct fp_stream s = {.active = true,
			      .seq_last = tx->seq,
			      .ts_last = tx->ts,
			      .time = plane_now(from->port)};

	if (!tx->started || (tx->passing && !tx->rewrite))
		return;
	if (tx->passing) {
		s.ssrc_in = tx->ssrc_in;
		s.seq_off = tx->seq_off;
		s.ts_off = tx->ts_off;
	} else if (from->rx.timed) {
		/* what would be decoded next is the next of what was encoded */
		s.ssrc_in = from->rx.ssrc;
		s.seq_off = (uint16_t)(tx->seq + 1 -
				       order_next(from->rx.order));
		s.ts_off = tx->ts + send_pending(to) - from->rx.ts;
	} else {
		/* any other SSRC makes the kernel find offsets of its own */
		s.ssrc_in = ~from->rx.ssrc;
	}
	(void)fp_leg_stream_set(l->fp, &from->prog->conf.local, &s);
}

static void flip(const struct leave *l, const struct member *m)
{
	struct sa rtcp = m->prog->conf.local;

	(void)fp_leg_state(l->fp, &m->prog->conf.local, LEG_RELAY);
	sa_set_port(&rtcp, (uint16_t)(sa_port(&rtcp) + 1));
	if (m->rtcp_port)
		(void)fp_leg_state(l->fp, &rtcp, LEG_RELAY);
}

static void quiet(void *arg)
{
	struct leave *l = arg;
	struct member *mv = l->b->mv;

	/* what waits for a packet that is missing waits no more */
	for (unsigned i = 0; i < 2; i++) {
		order_reset(mv[i].rx.order);
		noise_over(&mv[i]);
		/* the kernel makes no event of a tone, nor the end of one */
		digits_over(&mv[i]);
	}
	for (unsigned i = 0; i < 2; i++)
		hand_stream(l, &mv[i], mv[i].other);
	/* should they come again, they follow on what the kernel sends from now on */
	for (unsigned i = 0; i < 2; i++) {
		mv[i].prog->conf.go_on = !mv[i].prog->tx;
		mv[i].tx.started = mv[i].tx.passing = false;
		mv[i].rx.timed = false;
	}
	for (unsigned i = 0; i < 2; i++)
		flip(l, &mv[i]);
	__atomic_store_n(&l->left, true, __ATOMIC_RELEASE);
}

static void ask(void *arg)
{
	struct leave *l = arg;

	plane_quiet(&l->tmr, l->b->mv[0].port, quiet, l);
}

static void unask(void *arg)
{
	struct leave *l = arg;

	plane_tmr_stop(&l->tmr);
}

int bridge_leave(struct bridge *b, struct fp *fp, unsigned ms)
{
	const struct timespec look = {.tv_nsec = LOOK_NS};
	struct leave l = {.b = b, .fp = fp};
	const uint64_t until = tmr_jiffies() + ms;

	if (!b || !fp)
		return EINVAL;
	plane_call(b->pl, b->worker, ask, &l);
	while (!__atomic_load_n(&l.left, __ATOMIC_ACQUIRE) &&
	       tmr_jiffies() <= until)
		(void)nanosleep(&look, NULL);
	/* whether it has come meanwhile is known when the worker has looked up */
	plane_call(b->pl, b->worker, unask, &l);

	return l.left ? 0 : ETIMEDOUT;
}
