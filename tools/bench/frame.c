// SPDX-License-Identifier: BSD-2-Clause
/* An RTP packet of 20 ms G.711, from Ethernet up */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "common.h"

enum { IP = BENCH_ETH, UDP = IP + BENCH_IP, RTP = UDP + BENCH_UDP };

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

static uint32_t sum(const uint8_t *p, size_t len)
{
	uint32_t s = 0;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		s += (uint32_t)(p[i] << 8 | p[i + 1]);
	return s;
}

static uint16_t fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

/* Addresses, protocol and length, as RFC 768 has them */
static uint32_t pseudo(const uint8_t *f)
{
	return sum(f + IP + 12, 8) + IPPROTO_UDP + BENCH_FRAME - UDP;
}

void frame_make(uint8_t *f, const struct frame_addr *a,
		const struct frame_flow *fl)
{
	uint16_t check;

	memcpy(f, a->dmac, 6);
	memcpy(f + 6, a->smac, 6);
	put16(f + 12, ETH_P_IP);

	memset(f + IP, 0, BENCH_IP + BENCH_UDP);
	f[IP] = 0x45;
	put16(f + IP + 2, BENCH_FRAME - IP);
	put16(f + IP + 6, 0x4000);
	f[IP + 8] = 64;
	f[IP + 9] = IPPROTO_UDP;
	memcpy(f + IP + 12, &a->saddr, 4);
	memcpy(f + IP + 16, &a->daddr, 4);
	put16(f + IP + 10, fold(sum(f + IP, BENCH_IP)));

	put16(f + UDP, fl->sport);
	put16(f + UDP + 2, fl->dport);
	put16(f + UDP + 4, BENCH_FRAME - UDP);

	put16(f + RTP, 0x8000 | BENCH_PT);
	put16(f + RTP + 2, fl->seq);
	put32(f + RTP + 4, fl->ts);
	put32(f + RTP + 8, fl->ssrc);
	memset(f + BENCH_HEAD, 0xd5, BENCH_VOICE);

	check = fold(pseudo(f) + sum(f + UDP, BENCH_FRAME - UDP));
	put16(f + UDP + 6, check ? check : 0xffff);
}

uint32_t frame_csum(const uint8_t *f)
{
	uint32_t s = pseudo(f) + sum(f + UDP + 4, 2) + sum(f + RTP, 2) +
		     sum(f + BENCH_HEAD, BENCH_VOICE);

	return (uint16_t)~fold(s);
}
