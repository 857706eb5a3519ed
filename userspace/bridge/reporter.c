/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/reporter.c  RTCP towards a member that we encode for (RFC 3550 6)
 *
 * What it is sent begins here, and what it sends ends here: so the reports are ours.
 */
#include <string.h>
#include <time.h>
#include "bridge/member.h"

enum { INTERVAL_MS = 5000 };

static uint64_t wall(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);

	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Of 0..INTERVAL_MS - 1; no chance that anybody could use (xorshift) */
static uint32_t chance(struct reporter *r)
{
	r->chance ^= r->chance << 13;
	r->chance ^= r->chance >> 17;
	r->chance ^= r->chance << 5;

	return r->chance % INTERVAL_MS;
}

static bool reports(const struct member *m)
{
	const struct program *p = m->prog;

	return p->conf.codec && p->dst_rtcp && !p->conf.silent &&
	       !program_rtcp_locked(p) && (m->rep.out.at || m->rep.in.started);
}

/* fb: behind it */
static void report(struct member *m, const uint8_t *fb, size_t fbn)
{
	const struct program *p = m->prog;
	struct plane_port *port = p->conf.mux ? m->port : m->rtcp_port;
	struct srtpx *tx = program_rtcp_tx(p);
	struct reporter *r = &m->rep;
	uint8_t *out;
	size_t n;

	out = port ? plane_reserve(port, p->dst_rtcp) : NULL;
	if (!out)
		return;
	if (!r->out.at)
		r->out.ssrc = p->conf.ssrc;
	n = report_write(out, &r->out, &r->in, m->b->cname,
			 p->conf.codec->clock, plane_now(port), wall());
	if (fbn)
		memcpy(out + n, fb, fbn);
	n += fbn;
	if (p->conf.shown)
		member_event(m, BRIDGE_REPORT, &p->conf.rtcp, out, n);
	if (tx && srtpx_protect_rtcp(tx, out, &n, PLANE_PAYLOAD_MAX))
		return;
	plane_commit(port, p->dst_rtcp, n);
}

static void fire(void *arg)
{
	struct member *m = arg;

	plane_tmr_start(&m->rep.tmr, m->port, INTERVAL_MS / 2 + chance(&m->rep),
			fire, m);
	if (reports(m))
		report(m, NULL, 0);
}

void reporter_feedback(struct member *m, const uint8_t *p, size_t n)
{
	if (reports(m))
		report(m, p, n);
}

/* The first after half of the time (RFC 3550 6.2) */
static void start(struct member *m)
{
	struct reporter *r = &m->rep;

	if (r->on)
		return;
	r->on = true;
	r->chance = m->prog->conf.ssrc | 1;
	plane_tmr_start(&r->tmr, m->port, (INTERVAL_MS / 2 + chance(r)) / 2,
			fire, m);
}

void reporter_heard(struct member *m, const struct rtp_head *h, uint64_t now)
{
	const struct bridge_pt *bp = &m->prog->conf.ptv[h->pt];

	if (bp->act != BRIDGE_DECODE)
		return;
	start(m);
	report_packet(&m->rep.in, h->ssrc, h->seq, h->ts,
		      m->prog->sourcev[bp->codec].clock, now);
}

void reporter_sent(struct member *m, uint32_t ts, size_t octets)
{
	struct report_out *out = &m->rep.out;

	start(m);
	if (out->ssrc != m->tx.ssrc)
		*out = (struct report_out){.ssrc = m->tx.ssrc};
	++out->packets;
	out->octets += (uint32_t)octets;
	out->ts = ts;
	out->at = plane_now(m->port);
}

void reporter_read(struct member *m, const uint8_t *p, size_t n, uint64_t now)
{
	report_read(&m->rep.out, &m->rep.in, p, n, now, wall());
}
