/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/enter.c  A stream that the kernel relayed before goes on here
 */
#include "bridge/member.h"

enum {
	NS_PER_MS = 1000000,
	PACKET_MS = 10, /* the last packet lasts so long at least */
};

void sender_enter(struct member *m, uint32_t clock, const struct rtp_head *h)
{
	const struct member *from = m->other;
	const uint64_t now = plane_now(m->port);
	struct sender *tx = &m->tx;
	struct fp_stream s;
	uint64_t ms = PACKET_MS;

	if (tx->started || !m->prog->conf.go_on ||
	    fp_leg_stream(plane_fp(m->b->pl), &from->prog->conf.local, &s) ||
	    !s.time)
		return;
	if (now > s.time)
		ms += (now - s.time) / NS_PER_MS;
	tx->started = true;
	tx->passing = true;
	tx->rewrite = s.active;
	tx->ssrc = s.ssrc;
	tx->ssrc_in = s.ssrc_in;
	tx->seq = s.seq_last;
	tx->seq_off = s.seq_off;
	tx->ts_off = s.ts_off;
	tx->ts = s.ts_last + (uint32_t)(ms * clock / 1000);
	if (!h)
		return;
	/* what comes follows on the last that was relayed, which it may be counted
	 * as itself by now */
	tx->ts_in = h->ts;
	if (!s.active) {
		tx->ssrc = tx->ssrc_in = h->ssrc;
		tx->seq = (uint16_t)(h->seq - 1);
	}
	if (tx->ssrc_in == h->ssrc)
		tx->ts = h->ts + tx->ts_off;
}
