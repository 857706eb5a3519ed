/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bpf/sides.c  The ways in and out of the bed, and a leg between two
 */
#include <string.h>
#include <linux/bpf.h>
#include "sides.h"

void sides_init(const struct bed *bed, struct side sides[SIDES])
{
	const struct side all[SIDES] = {
		{"lan4", LAN4, A4, bed->mac_lan, mac_a, bed->lan, 0},
		{"lan6", LAN6, A6, bed->mac_lan, mac_a, bed->lan, 0},
		{"wan4", WAN4, B4, bed->mac_wan, mac_b, bed->wan, 0},
		{"wan6", WAN6, B6, bed->mac_wan, mac_b, bed->wan, 0},
		{"tag4", TAG4, T4, bed->mac_tag, mac_t, bed->wan, TAG_ID},
		{"tag6", TAG6, T6, bed->mac_tag, mac_t, bed->wan, TAG_ID},
	};

	memcpy(sides, all, sizeof(all));
}

bool side_v6(const struct side *s)
{
	return strchr(s->local, ':') != NULL;
}

struct fp_leg side_leg(const struct side *in, const struct side *out)
{
	return leg_plain(addr(in->local, IN_PORT), addr(in->peer, PEER_PORT),
			 addr(out->local, OUT_PORT),
			 addr(out->peer, PEER_PORT));
}

struct spec side_in(const struct side *in, const void *payload, size_t len)
{
	struct spec s = {
		.dmac = in->our_mac,
		.smac = in->peer_mac,
		.vlan = {in->vlan},
		.src = in->peer,
		.dst = in->local,
		.sport = PEER_PORT,
		.dport = IN_PORT,
		.ttl = 57,
		.payload = payload,
		.paylen = len,
	};

	return s;
}

/* A translated IPv4 header has no ID and must not be fragmented; a translated
 * IPv6 header has no flow label */
struct spec side_out(const struct side *out, const struct spec *in)
{
	bool v6_in = strchr(in->dst, ':') != NULL;
	struct spec s = *in;

	s.dmac = out->peer_mac;
	s.smac = out->our_mac;
	memset(s.vlan, 0, sizeof(s.vlan));
	s.vlan[0] = out->vlan;
	s.tpid = 0;
	s.src = out->local;
	s.dst = out->peer;
	s.sport = OUT_PORT;
	s.dport = PEER_PORT;
	s.ttl = 64;
	if (v6_in != side_v6(out)) {
		s.id = 0;
		s.frag = 0x4000;
		s.flow = 0;
	}
	if (s.sum == SUM_PARTIAL || (s.sum == SUM_ZERO && side_v6(out)))
		s.sum = SUM_RIGHT;
	return s;
}

int side_action(const struct side *in, const struct side *out)
{
	return in->dev == out->dev ? XDP_TX : XDP_REDIRECT;
}

struct gold side_gold(const char *what, const struct side *in,
		      const struct side *out, const void *payload, size_t len)
{
	struct gold g = {
		.what = what,
		.in = side_in(in, payload, len),
		.in_dev = in->dev,
		.action = side_action(in, out),
		.reason = CAROM_R_RELAYED,
	};

	g.out = side_out(out, &g.in);
	return g;
}

struct gold side_drop(const char *what, const struct side *in, int reason,
		      const void *payload, size_t len)
{
	struct gold g = {
		.what = what,
		.in = side_in(in, payload, len),
		.in_dev = in->dev,
		.action = XDP_DROP,
		.reason = reason,
	};

	if (reason >= 0 && reason < CAROM_R_LEG_MAX)
		g.charged = addr(in->local, IN_PORT);
	return g;
}
