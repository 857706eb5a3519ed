/* SPDX-License-Identifier: GPL-2.0-only */
/* SIP, forwarded without state: read, decided on, edited, sent. What is not
 * plain goes up to the agent as it came (docs/sip.md) */
#ifndef CAROM_BPF_SIP_H
#define CAROM_BPF_SIP_H

#include "sip_admit.h"
#include "sip_challenge.h"
#include "sip_hop.h"
#include "sip_odd.h"
#include "sip_request.h"
#include "sip_response.h"
#include "sip_write.h"

/* Counted by what it is, and for the node that it goes to */
static __always_inline void sip_count_message(struct sip_work *w,
					      const struct trip *t)
{
	const struct scan *s = &w->b.s;
	__u32 key = s->method;
	struct sip_target *x;
	struct sip_count *c;

	if (!(s->flags & SCAN_REQUEST))
		key = SIP_COUNT_RESPONSE + s->code / 100 - 1;
	else if (s->to_tag.len)
		key += SIP_COUNT_DIALOG;
	c = bpf_map_lookup_elem(&sip_counts, &key);
	if (c) {
		c->packets++;
		c->bytes += t->f.ip_len;
	}
	if (w->target == ~0u)
		return;
	key = w->target;
	x = bpf_map_lookup_elem(&sip_targets, &key);
	if (!x)
		return;
	if (s->flags & SCAN_REQUEST)
		__sync_fetch_and_add(&x->requests, 1);
	else
		__sync_fetch_and_add(&x->responses, 1);
}

/* A copy for whoever captures: of each n'th message that was read, before it is
 * edited. Where it goes is known of those that are forwarded here */
__noinline int sip_copy(int rc)
{
	const struct sip_conf *conf = sip_settings();
	struct trip *t = trip_here();
	struct sip_work *w = sip_here();
	struct sip_copy *c = (void *)w;
	__u32 n;

	if (!w || !t || !conf || !conf->copy_every ||
	    bpf_get_prandom_u32() % conf->copy_every)
		return 0;
	c->time = t->now;
	__builtin_memcpy(c->src, w->src.addr, 16);
	__builtin_memcpy(c->dst, w->dst.addr, 16);
	__builtin_memset(c->to, 0, 16);
	c->tport = 0;
	if (rc == CAROM_R_SIP_FORWARDED) {
		__builtin_memcpy(c->to, w->next.addr, 16);
		c->tport = w->next.port;
	}
	c->sport = w->src.port;
	c->dport = w->dst.port;
	c->reason = rc;
	c->flags = 0;
	n = w->b.len;
	asm volatile("" : "+r"(n));
	n = ((n - 1) & (SCAN_BUF - 1)) + 1;
	/* no wake-up: the agent looks several times a second */
	if (bpf_ringbuf_output(&sip_copies, w, sizeof(*c) + n,
			       BPF_RB_NO_WAKEUP))
		count(CAROM_R_SIP_COPY_LOST, t->f.ip_len);
	else
		count(CAROM_R_SIP_COPIED, t->f.ip_len);
	return 0;
}

/* Read and decide: nothing is written yet */
static __always_inline int sip_decide(struct xdp_md *ctx, struct sip_work *w)
{
	int rc = scan_message(&w->b);

	if (rc != SCAN_OK)
		return sip_odd(rc);
	rc = w->b.s.flags & SCAN_REQUEST ? sip_request() : sip_response();
	if (rc == CAROM_R_SIP_FORWARDED)
		rc = sip_leave(ctx);
	if (rc == CAROM_R_SIP_FORWARDED)
		rc = sip_edit();
	return rc;
}

/* A packet for an address that SIP comes to, of which trip_make() has read the
 * headers. Its reason, or PARSE_PASS where the port is not SIP's */
static __always_inline int sip(struct xdp_md *ctx)
{
	struct sip_work *w = sip_here();
	const struct sip_conf *conf;
	struct trip *t = trip_here();
	int rc;

	if (!w || !t)
		return PARSE_PASS;
	rc = sip_admit(ctx);
	if (rc != CAROM_R_SIP_FORWARDED)
		return rc;
	if (w->flags & WORK_REGISTRAR)
		return sip_challenge(ctx, w);
	rc = sip_decide(ctx, w);
	conf = sip_settings();
	if (conf && conf->copy_every)
		sip_copy(rc);
	if (rc == CAROM_R_SIP_FORWARDED)
		rc = sip_write(ctx);
	if (rc == CAROM_R_SIP_FORWARDED)
		sip_count_message(w, t);
	if (conf && conf->hop_every)
		sip_hop(rc);
	return rc;
}

#endif
