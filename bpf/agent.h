/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets that the agent gets: all of a leg in LEG_AGENT, and STUN and DTLS of
 * any leg with PATH_ALIEN. They go by AF_XDP, or up to the host where the agent
 * has a plain socket at the port */
#ifndef CAROM_BPF_AGENT_H
#define CAROM_BPF_AGENT_H

#include "rewrite.h"
#include "trip.h"

/* STUN by its cookie, DTLS by its first byte (RFC 7983). `p` is the UDP payload,
 * of which RTCP_HDR_LEN bytes are there */
static __always_inline bool agent_alien(const __u8 *p)
{
	if (p[0] < 4)
		return *(__be32 *)(p + 4) == bpf_htonl(0x2112a442);
	return p[0] >= 20 && p[0] <= 63;
}

/* Where it goes: trip.action. CAROM_R_AGENT, or that nobody is there */
static __always_inline int agent_way(struct xdp_md *ctx, struct trip *t,
				     __u16 flags)
{
	__u32 ifindex = ctx->ingress_ifindex, idx;
	struct device *dev;

	t->plain = !!(flags & PATH_PLAIN);
	if (t->plain) {
		t->action = XDP_PASS;
		return CAROM_R_AGENT;
	}
	dev = bpf_map_lookup_elem(&devices, &ifindex);
	if (!dev || ctx->rx_queue_index >= CAROM_QUEUES)
		return CAROM_R_AGENT_ABSENT;
	idx = xsk_index(dev->port, ctx->rx_queue_index);
	t->action = bpf_redirect_map(&xsks, idx, XDP_DROP);
	return t->action == XDP_REDIRECT ? CAROM_R_AGENT : CAROM_R_AGENT_ABSENT;
}

/* It came by another leg of ours, and has to look as if it came by wire: as that
 * leg sends it, but for the MAC addresses, which stay */
__noinline int agent_dress(struct xdp_md *ctx)
{
	struct trip *t = trip_here();
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u32 mac[3], slot;
	__u8 on;
	int rc;

	if (!t || data + ETH_HLEN > end)
		return CAROM_R_MALFORMED;
	__builtin_memcpy(mac, data, sizeof(mac));
	slot = t->slot;
	on = t->on;
	t->slot = t->behind;
	t->on = t->behind_on;
	t->f.ttl_out = t->f.ttl;
	rc = rewrite_any(ctx);
	t->slot = slot;
	t->on = on;
	if (rc != CAROM_R_RELAYED)
		return rc;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + ETH_HLEN > end)
		return CAROM_R_MALFORMED;
	__builtin_memcpy(data, mac, sizeof(mac));
	return CAROM_R_AGENT;
}

#endif
