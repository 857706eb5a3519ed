/* SPDX-License-Identifier: GPL-2.0-only */
/* Both ends of a hop, for HEP: the message as it came and as it left. What goes up
 * to the agent the agent has itself */
#ifndef CAROM_BPF_SIP_HOP_H
#define CAROM_BPF_SIP_HOP_H

#include "sip_edit.h"
#include "sip_select.h"
#include "sip_write.h"

/* Into the ring: a struct sip_copy with `n` bytes of text behind it */
static __always_inline void sip_hop_put(struct sip_copy *c,
					const struct trip *t, int rc,
					__u32 flags, __u32 n)
{
	c->time = t->now;
	c->reason = rc;
	c->flags = flags;
	c->len = n;
	asm volatile("" : "+r"(n));
	n = ((n - 1) & (SCAN_BUF - 1)) + 1;
	/* no wake-up: the agent looks several times a second */
	if (bpf_ringbuf_output(&sip_hops, c, sizeof(*c) + n, BPF_RB_NO_WAKEUP))
		count(CAROM_R_SIP_HOP_LOST, t->f.ip_len);
	else
		count(CAROM_R_SIP_HOP, t->f.ip_len);
}

__noinline int sip_hop_came(int rc)
{
	struct trip *t = trip_here();
	struct sip_work *w = sip_here();
	struct sip_copy *c = (void *)w;

	if (!w || !t)
		return 0;
	__builtin_memcpy(c->src, w->src.addr, 16);
	__builtin_memcpy(c->dst, w->dst.addr, 16);
	__builtin_memset(c->to, 0, 16);
	c->sport = w->src.port;
	c->dport = w->dst.port;
	c->tport = 0;
	if (rc == CAROM_R_SIP_FORWARDED) {
		__builtin_memcpy(c->to, w->next.addr, 16);
		c->tport = w->next.port;
		/* it left with one less */
		if (w->b.s.flags & SCAN_REQUEST)
			sip_edit_hops(w, w->b.s.max_forwards);
	}
	sip_hop_put(c, t, rc, 0, w->b.len);
	return 0;
}

/* The pieces lie in front; behind them belongs what was not touched. A message that
 * has outgrown the scratch is not shown in part */
__noinline int sip_hop_left(int rc)
{
	struct trip *t = trip_here();
	struct sip_work *w = sip_here();
	const struct sip_listener *l;
	__u32 key, rest;

	if (!w || !t)
		return 0;
	key = w->out;
	l = bpf_map_lookup_elem(&sip_listeners, &key);
	rest = w->b.len - w->done;
	if (!l || w->len + rest > SCAN_BUF) {
		count(CAROM_R_SIP_HOP_LOST, t->f.ip_len);
		return 0;
	}
	sip_copy_blocks(w->front, w->len, w->b.data, w->done, SCAN_BUF - 1,
			rest);
	__builtin_memcpy(w->left.src, l->addr, 16);
	__builtin_memcpy(w->left.dst, w->next.addr, 16);
	__builtin_memset(w->left.to, 0, 16);
	w->left.sport = l->port;
	w->left.dport = w->next.port;
	w->left.tport = 0;
	sip_hop_put(&w->left, t, rc, SIP_COPY_LEFT, w->len + rest);
	return 0;
}

/* Calls are sampled whole: each edge that shares the key picks the same ones */
__noinline int sip_hop(int rc)
{
	const struct sip_conf *conf = sip_settings();
	struct sip_work *w = sip_here();

	if (!conf || !w || !conf->hop_every ||
	    (rc != CAROM_R_SIP_FORWARDED && rc != CAROM_R_SIP_FORGED &&
	     rc != CAROM_R_SIP_NOT_OURS))
		return 0;
	if (sip_hash_call(w, conf) % conf->hop_every)
		return 0;
	sip_hop_came(rc);
	if (rc == CAROM_R_SIP_FORWARDED)
		sip_hop_left(rc);
	return 0;
}

#endif
