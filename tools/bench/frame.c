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
static uint32_t pseudo(const uint8_t *f, size_t udp_len)
{
	return sum(f + IP + 12, 8) + IPPROTO_UDP + (uint32_t)udp_len;
}

size_t frame_wrap(uint8_t *f, const struct frame_addr *a,
		  const struct frame_flow *fl, size_t len)
{
	const size_t udp_len = BENCH_UDP + len;
	uint16_t check;

	/* the sum is of whole words */
	f[RTP + len] = 0;
	memcpy(f, a->dmac, 6);
	memcpy(f + 6, a->smac, 6);
	put16(f + 12, ETH_P_IP);

	memset(f + IP, 0, BENCH_IP + BENCH_UDP);
	f[IP] = 0x45;
	put16(f + IP + 2, (uint16_t)(BENCH_IP + udp_len));
	put16(f + IP + 6, 0x4000);
	f[IP + 8] = 64;
	f[IP + 9] = IPPROTO_UDP;
	memcpy(f + IP + 12, &a->saddr, 4);
	memcpy(f + IP + 16, &a->daddr, 4);
	put16(f + IP + 10, fold(sum(f + IP, BENCH_IP)));

	put16(f + UDP, fl->sport);
	put16(f + UDP + 2, fl->dport);
	put16(f + UDP + 4, (uint16_t)udp_len);
	check = fold(pseudo(f, udp_len) + sum(f + UDP, udp_len + (len & 1)));
	put16(f + UDP + 6, check ? check : 0xffff);
	return UDP + udp_len;
}

uint8_t *frame_rtp(uint8_t *f, const struct frame_flow *fl, uint8_t pt)
{
	put16(f + RTP, (uint16_t)(0x8000 | pt));
	put16(f + RTP + 2, fl->seq);
	put32(f + RTP + 4, fl->ts);
	put32(f + RTP + 8, fl->ssrc);
	return f + RTP;
}

void frame_make(uint8_t *f, const struct frame_addr *a,
		const struct frame_flow *fl)
{
	(void)frame_rtp(f, fl, BENCH_PT);
	memset(f + BENCH_HEAD, 0xd5, BENCH_VOICE);
	(void)frame_wrap(f, a, fl, BENCH_RTP + BENCH_VOICE);
}

uint32_t frame_csum(const uint8_t *f)
{
	uint32_t s = pseudo(f, BENCH_FRAME - UDP) + sum(f + UDP + 4, 2) +
		     sum(f + RTP, 2) + sum(f + BENCH_HEAD, BENCH_VOICE);

	return (uint16_t)~fold(s);
}
