/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/tapcopy.c  What the agent opened goes to the recording, as if it had come
 *                        in the clear
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <re.h>
#include "media/terms.h"

enum { V4_HEAD = 20, V6_HEAD = 40, UDP_HEAD = 8, HOPS = 64, UDP = 17 };

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t sum16(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	if (n & 1)
		sum += (uint32_t)(p[n - 1] << 8);

	return sum;
}

static uint16_t folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);

	return (uint16_t)~sum;
}

static void put_v4(uint8_t *p, const struct sa *src, const struct sa *dst,
		   size_t udp)
{
	memset(p, 0, V4_HEAD);
	p[0] = 0x45;
	put16(p + 2, V4_HEAD + udp);
	p[6] = 0x40; /* do not fragment */
	p[8] = HOPS;
	p[9] = UDP;
	memcpy(p + 12, &src->u.in.sin_addr, 4);
	memcpy(p + 16, &dst->u.in.sin_addr, 4);
	put16(p + 10, folded(sum16(0, p, V4_HEAD)));
}

static void put_v6(uint8_t *p, const struct sa *src, const struct sa *dst,
		   size_t udp)
{
	memset(p, 0, V6_HEAD);
	p[0] = 0x60;
	put16(p + 4, udp);
	p[6] = UDP;
	p[7] = HOPS;
	memcpy(p + 8, &src->u.in6.sin6_addr, 16);
	memcpy(p + 24, &dst->u.in6.sin6_addr, 16);
}

/* Headers as the packet would have had them. @return where its payload is */
static size_t dress(uint8_t *p, const struct sa *src, const struct sa *dst,
		    const uint8_t *data, size_t n)
{
	const bool v6 = sa_af(dst) == AF_INET6;
	const size_t ip = v6 ? V6_HEAD : V4_HEAD, udp = UDP_HEAD + n;
	uint32_t sum;

	(v6 ? put_v6 : put_v4)(p, src, dst, udp);
	put16(p + ip, sa_port(src));
	put16(p + ip + 2, sa_port(dst));
	put16(p + ip + 4, udp);
	put16(p + ip + 6, 0);
	memcpy(p + ip + UDP_HEAD, data, n);
	/* over the addresses, the protocol, the length, and all of UDP */
	sum = sum16((uint32_t)(UDP + udp), p + (v6 ? 8 : 12), v6 ? 32 : 8);
	sum = folded(sum16(sum, p + ip, udp));
	put16(p + ip + 6, sum ? sum : 0xffff);

	return ip + UDP_HEAD;
}

void tapsink_copy(struct stream *s, const struct sa *src, const uint8_t *p,
		  size_t n, bool rtcp)
{
	uint8_t pkt[V6_HEAD + UDP_HEAD + PLANE_EVENT_MAX];
	struct tap tap = {.slot = s->slot[0]};
	struct sa dst = s->local;
	struct timespec now;

	if (!stream_opened(s) || !stream_tapped(s) || n > PLANE_EVENT_MAX ||
	    sa_af(src) != sa_af(&s->local))
		return;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	tap.time = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	if (rtcp && !s->mux)
		sa_set_port(&dst, (uint16_t)(sa_port(&dst) + 1));
	tap.payload = (uint16_t)dress(pkt, src, &dst, p, n);
	tap.caplen = (uint16_t)(tap.payload + n);
	tap.flags = (sa_af(src) == AF_INET6 ? TAP_V6 : 0) |
		    (rtcp ? TAP_RTCP : 0);
	tapsink_record(s, &tap, pkt);
}
