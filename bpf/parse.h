/* SPDX-License-Identifier: GPL-2.0-only */
/* From a frame to UDP: Ethernet, up to two 802.1Q tags, IPv4 or IPv6.
 * Nothing here writes to the packet. */
#ifndef CAROM_BPF_PARSE_H
#define CAROM_BPF_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "maps.h"

#define IP_MF_OFFSET 0x3fff /* more-fragments flag and fragment offset */
#define VLAN_TAG_LEN 4

/* An address as both families see it: IPv4 stands in w[0] alone */
struct addr {
	__be32 w[4];
};

/* A UDP packet for a media port. Offsets count from the frame's start */
struct frame {
	struct addr src, dst;
	__be16 sport, dport;
	__u16 l2_len;  /* Ethernet and tags                       */
	__u16 l3_len;  /* IP header                               */
	__u16 ip_len;  /* IP header and all that the IP header claims */
	__u16 udp_len; /* UDP header and payload                  */
	__u8 v6;
	__u8 tos, ttl;
	__u8 ttl_out; /* to leave with                           */
};

/* parse_frame(): not a reason but a plain answer */
#define PARSE_PASS -1 /* not for the media plane: the host's, untouched */
#define PARSE_OK -2
#define PARSE_SIP -3 /* not media, but of an address that SIP comes to */

/* EtherType behind up to two tags. Returns the length of the L2 header, or 0
 * where the frame ends first */
static __always_inline __u16 parse_l2(void *data, void *end, __be16 *proto)
{
	struct ethhdr *eth = data;
	__u16 len = sizeof(*eth);

	if ((void *)(eth + 1) > end)
		return 0;
	*proto = eth->h_proto;
#pragma unroll
	for (int i = 0; i < 2; i++) {
		__be16 *tag = data + len;

		if (*proto != bpf_htons(ETH_P_8021Q) &&
		    *proto != bpf_htons(ETH_P_8021AD))
			break;
		if ((void *)(tag + 2) > end)
			return 0;
		*proto = tag[1];
		len += VLAN_TAG_LEN;
	}
	return len;
}

/* The media address that a packet is for, or NULL */
static __always_inline struct local *local_find(const struct addr *a, bool v6)
{
	__be32 mapped = bpf_htonl(0xffff);
	__be32 w0 = v6 ? a->w[0] : 0, w1 = v6 ? a->w[1] : 0;
	__be32 w2 = v6 ? a->w[2] : mapped, w3 = v6 ? a->w[3] : a->w[0];
	__u32 h = local_hash(w0, w1, w2, w3);

	for (int i = 0; i < CAROM_LOCAL_PROBES; i++) {
		__u32 idx = (h + i) & (CAROM_LOCALS - 1);
		struct local *l = bpf_map_lookup_elem(&locals, &idx);
		__be32 *w;

		if (!l || l->used == LOCAL_FREE)
			return NULL;
		w = (__be32 *)l->addr;
		if (l->used == LOCAL_USED && w[3] == w3 && w[2] == w2 &&
		    w[1] == w1 && w[0] == w0)
			return l;
	}
	return NULL;
}

/* UDP header at `udp`; its length must fit in what the IP header left. Ports
 * outside the media range are not ours to judge, unless SIP comes to them */
static __always_inline int parse_udp(struct udphdr *udp, void *end,
				     struct frame *f, const struct local *l)
{
	__u16 port;

	if ((void *)(udp + 1) > end)
		return CAROM_R_TRUNCATED;
	port = bpf_ntohs(udp->dest);
	f->sport = udp->source;
	f->dport = udp->dest;
	f->udp_len = bpf_ntohs(udp->len);
	if (port < l->port_min || port > l->port_max) {
		/* the host takes 0 for a jumbogram of any length */
		if (l->sip && f->v6 && !f->udp_len)
			return CAROM_R_MALFORMED;
		if (!l->sip || f->udp_len < sizeof(*udp) ||
		    f->udp_len > f->ip_len - f->l3_len)
			return PARSE_PASS;
		return PARSE_SIP;
	}
	if (f->udp_len < sizeof(*udp) || f->udp_len > f->ip_len - f->l3_len)
		return CAROM_R_MALFORMED;
	return PARSE_OK;
}

static __always_inline int parse_ipv4(struct iphdr *ip, void *end,
				      struct frame *f, struct local **local)
{
	if ((void *)(ip + 1) > end)
		return PARSE_PASS;
	if (ip->protocol != IPPROTO_UDP)
		return PARSE_PASS;
	f->src.w[0] = ip->saddr;
	f->dst.w[0] = ip->daddr;
	*local = local_find(&f->dst, false);
	if (!*local)
		return PARSE_PASS;

	f->ip_len = bpf_ntohs(ip->tot_len);
	if (ip->frag_off & bpf_htons(IP_MF_OFFSET))
		return CAROM_R_FRAGMENT;
	if (ip->version != 4 || ip->ihl < 5)
		return CAROM_R_MALFORMED;
	if (ip->ihl > 5)
		return CAROM_R_IP_OPTIONS;
	f->l3_len = sizeof(*ip);
	f->tos = ip->tos;
	f->ttl = ip->ttl;
	if (f->ip_len < sizeof(*ip) + sizeof(struct udphdr))
		return CAROM_R_MALFORMED;
	if ((void *)ip + f->ip_len > end)
		return CAROM_R_TRUNCATED;
	return parse_udp((void *)(ip + 1), end, f, *local);
}

/* Headers that may stand between IPv6 and UDP */
static __always_inline bool ipv6_ext(__u8 nexthdr)
{
	return nexthdr == IPPROTO_HOPOPTS || nexthdr == IPPROTO_ROUTING ||
	       nexthdr == IPPROTO_DSTOPTS;
}

static __always_inline int parse_ipv6(struct ipv6hdr *ip, void *end,
				      struct frame *f, struct local **local)
{
	__u32 len;
	int rc;

	if ((void *)(ip + 1) > end)
		return PARSE_PASS;
	if (ip->nexthdr != IPPROTO_UDP && ip->nexthdr != IPPROTO_FRAGMENT &&
	    !ipv6_ext(ip->nexthdr))
		return PARSE_PASS;
	__builtin_memcpy(&f->src, &ip->saddr, sizeof(f->src));
	__builtin_memcpy(&f->dst, &ip->daddr, sizeof(f->dst));
	*local = local_find(&f->dst, true);
	if (!*local)
		return PARSE_PASS;

	len = bpf_ntohs(ip->payload_len) + sizeof(*ip);
	f->ip_len = len;
	f->v6 = 1;
	if (ip->version != 6)
		return CAROM_R_MALFORMED;
	if (len > 0xffff)
		return CAROM_R_TRUNCATED;
	if (ip->nexthdr == IPPROTO_FRAGMENT)
		return CAROM_R_FRAGMENT;
	if (ip->nexthdr != IPPROTO_UDP)
		return CAROM_R_IP_OPTIONS;
	f->l3_len = sizeof(*ip);
	f->tos = ip->priority << 4 | ip->flow_lbl[0] >> 4;
	f->ttl = ip->hop_limit;
	if (f->ip_len < sizeof(*ip) + sizeof(struct udphdr))
		return CAROM_R_MALFORMED;
	if ((void *)ip + f->ip_len > end)
		return CAROM_R_TRUNCATED;
	rc = parse_udp((void *)(ip + 1), end, f, *local);
	/* IPv6 knows no "no checksum" outside tunnels (RFC 8200 8.1) */
	if (rc == PARSE_OK && !((struct udphdr *)(ip + 1))->check)
		return CAROM_R_MALFORMED;
	return rc;
}

/* PARSE_OK or PARSE_SIP with *local set, PARSE_PASS, or the reason why not */
static __always_inline int parse_frame(void *data, void *end, struct frame *f,
				       struct local **local)
{
	__be16 proto;
	__u16 l2 = parse_l2(data, end, &proto);

	f->l2_len = l2;
	if (!l2)
		return PARSE_PASS;
	if (proto == bpf_htons(ETH_P_IP))
		return parse_ipv4(data + l2, end, f, local);
	if (proto == bpf_htons(ETH_P_IPV6))
		return parse_ipv6(data + l2, end, f, local);
	if (l2 > ETH_HLEN + VLAN_TAG_LEN && (proto == bpf_htons(ETH_P_8021Q) ||
					     proto == bpf_htons(ETH_P_8021AD)))
		return CAROM_R_VLAN_DEPTH;
	return PARSE_PASS;
}

#endif
