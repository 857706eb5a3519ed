/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bpf/pkt.c  Frames, built from what they should say
 */
#include <string.h>
#include <arpa/inet.h>
#include "pkt.h"

static const uint8_t mac_none[6] = {2, 0, 0, 0, 0, 0x77};

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v & 0xff;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

uint64_t sum_bytes(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? p[i] : (uint64_t)p[i] << 8;
	return sum;
}

uint16_t sum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static uint64_t pseudo_sum(const uint8_t *ip, uint16_t len)
{
	if (ip[0] >> 4 == 6)
		return sum_bytes(ip + 8, 32) + 17 + len;
	return sum_bytes(ip + 12, 8) + 17 + len;
}

uint16_t udp_verify(const uint8_t *ip)
{
	const uint8_t *udp = ip + (ip[0] >> 4 == 6 ? 40 : 4 * (ip[0] & 15));
	uint16_t len = udp[4] << 8 | udp[5];

	return ~sum_fold(pseudo_sum(ip, len) + sum_bytes(udp, len));
}

static bool is_v6(const struct spec *s)
{
	return strchr(s->src, ':') != NULL;
}

size_t pkt_l3(const struct spec *s)
{
	size_t n = 14;

	for (int i = 0; i < 4 && s->vlan[i]; i++)
		n += 4;
	return n;
}

size_t pkt_l4(const struct spec *s)
{
	return pkt_l3(s) + (is_v6(s) ? 40 : 4 * (s->ihl ? s->ihl : 5));
}

static void build_l2(uint8_t *p, const struct spec *s)
{
	memcpy(p, s->dmac ? s->dmac : mac_none, 6);
	memcpy(p + 6, s->smac ? s->smac : mac_none, 6);
	p += 12;
	for (int i = 0; i < 4 && s->vlan[i]; i++, p += 4) {
		put16(p, i == 0 && s->tpid ? s->tpid : 0x8100);
		put16(p + 2, s->vlan[i]);
	}
	put16(p, is_v6(s) ? 0x86dd : 0x0800);
}

static void build_ipv4(uint8_t *ip, const struct spec *s, size_t udp_len)
{
	uint8_t ihl = s->ihl ? s->ihl : 5;

	memset(ip, 0, 20);
	memset(ip + 20, 1, 4u * ihl - 20); /* option "no operation" */
	ip[0] = 0x40 | ihl;
	ip[1] = s->tos;
	put16(ip + 2, 4 * ihl + udp_len);
	put16(ip + 4, s->id);
	put16(ip + 6, s->frag);
	ip[8] = s->ttl ? s->ttl : 64;
	ip[9] = s->proto ? s->proto : 17;
	inet_pton(AF_INET, s->src, ip + 12);
	inet_pton(AF_INET, s->dst, ip + 16);
	put16(ip + 10, ~sum_fold(sum_bytes(ip, 4u * ihl)));
}

static void build_ipv6(uint8_t *ip, const struct spec *s, size_t udp_len)
{
	put32(ip, 6u << 28 | (uint32_t)s->tos << 20 | s->flow);
	put16(ip + 4, udp_len);
	ip[6] = s->proto ? s->proto : 17;
	ip[7] = s->ttl ? s->ttl : 64;
	inet_pton(AF_INET6, s->src, ip + 8);
	inet_pton(AF_INET6, s->dst, ip + 24);
}

static uint16_t udp_sum(const uint8_t *ip, const uint8_t *udp, size_t len,
			enum pkt_sum how)
{
	uint64_t pseudo = pseudo_sum(ip, len);
	uint16_t sum = ~sum_fold(pseudo + sum_bytes(udp, len));

	if (!sum)
		sum = 0xffff;
	switch (how) {
	case SUM_ZERO:
		return 0;
	case SUM_PARTIAL:
		return sum_fold(pseudo);
	case SUM_WRONG:
		return sum ^ 0x0400;
	default:
		return sum;
	}
}

void pkt_build(struct pkt *p, const struct spec *s)
{
	size_t l3 = pkt_l3(s), l4 = pkt_l4(s), udp_len = 8 + s->paylen;
	uint8_t *udp = p->b + l4;

	build_l2(p->b, s);
	if (is_v6(s))
		build_ipv6(p->b + l3, s, udp_len);
	else
		build_ipv4(p->b + l3, s, udp_len);
	put16(udp, s->sport);
	put16(udp + 2, s->dport);
	put16(udp + 4, s->jumbo ? 0 : udp_len);
	put16(udp + 6, 0);
	if (s->paylen)
		memcpy(udp + 8, s->payload, s->paylen);
	put16(udp + 6, udp_sum(p->b + l3, udp, udp_len, s->sum));
	p->len = l4 + udp_len;
	memset(p->b + p->len, 0x5a, s->pad);
	p->len += s->pad;
}

size_t rtp_build(uint8_t *buf, const struct rtpspec *r, size_t len)
{
	buf[0] = 0x80;
	buf[1] = (r->marker ? 0x80 : 0) | r->pt;
	put16(buf + 2, r->seq);
	put32(buf + 4, r->ts);
	put32(buf + 8, r->ssrc);
	for (size_t i = 0; i < len; i++)
		buf[12 + i] = (uint8_t)(i * 73 + (i >> 8) + 29);
	return 12 + len;
}

size_t rtcp_build(uint8_t *buf, uint32_t ssrc)
{
	buf[0] = 0x80;
	buf[1] = 201;
	put16(buf + 2, 1);
	put32(buf + 4, ssrc);
	return 8;
}
