/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UDP frames, read and mended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include "frame.h"

uint16_t frame_get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

uint32_t frame_get32(const uint8_t *p)
{
	return (uint32_t)frame_get16(p) << 16 | frame_get16(p + 2);
}

static void put16(uint8_t *p, size_t v)
{
	p[0] = v >> 8;
	p[1] = v & 0xff;
}

bool frame_is_addr(const uint8_t *p, bool v6, const char *text)
{
	uint8_t b[16];

	return inet_pton(v6 ? AF_INET6 : AF_INET, text, b) == 1 &&
	       !memcmp(p, b, v6 ? 16 : 4);
}

static bool is_tag(uint16_t type)
{
	return type == 0x8100 || type == 0x88a8;
}

bool frame_find(struct frame *f, const struct pkt *p)
{
	size_t l2 = 14, hdr;

	while (l2 + 4 <= p->len && is_tag(frame_get16(p->b + l2 - 2)))
		l2 += 4;
	f->l2 = l2;
	f->ip = p->b + l2;
	f->end = p->b + p->len;
	f->v6 = frame_get16(p->b + l2 - 2) == 0x86dd;
	if (!f->v6 && frame_get16(p->b + l2 - 2) != 0x0800)
		return false;
	hdr = f->v6 ? 40 : 20;
	if (f->ip + hdr + 8 > f->end)
		return false;
	f->iplen = f->v6 ? 40u + frame_get16(f->ip + 4)
			 : frame_get16(f->ip + 2);
	f->proto = f->ip[f->v6 ? 6 : 9];
	f->ttl = f->ip[f->v6 ? 7 : 8];
	f->tos = f->v6 ? frame_get16(f->ip) >> 4 & 0xff : f->ip[1];
	f->src = f->ip + (f->v6 ? 8 : 12);
	f->dst = f->ip + (f->v6 ? 24 : 16);
	f->udp = f->ip + hdr;
	f->sport = frame_get16(f->udp);
	f->dport = frame_get16(f->udp + 2);
	f->udplen = frame_get16(f->udp + 4);
	f->check = frame_get16(f->udp + 6);
	f->payload = f->udp + 8;
	return true;
}

bool frame_look(struct frame *f, const struct pkt *p)
{
	size_t hdr;

	if (!frame_find(f, p))
		return false;
	hdr = f->udp - f->ip;
	return (f->v6 ? f->ip[0] >> 4 == 6
		      : f->ip[0] == 0x45 &&
				!(frame_get16(f->ip + 6) & 0x3fff)) &&
	       f->proto == 17 && f->iplen >= hdr + 8 &&
	       f->ip + f->iplen <= f->end && f->udplen >= 8 &&
	       f->udplen <= f->iplen - hdr;
}

bool frame_ip_right(const struct frame *f)
{
	return f->v6 || sum_fold(sum_bytes(f->ip, 20)) == 0xffff;
}

static uint16_t partial(const struct frame *f)
{
	return sum_fold(sum_bytes(f->src, f->v6 ? 32 : 8) + 17 + f->udplen);
}

bool frame_is_partial(const struct frame *f)
{
	return f->check == partial(f);
}

static void mend_sum(const struct frame *f, uint8_t *udp, unsigned how)
{
	put16(udp + 6, 0);
	if (how == 1 && udp + f->udplen <= f->end) {
		uint16_t sum = udp_verify(f->ip);

		put16(udp + 6, sum ? sum : 0xffff);
	} else if (how == 3) {
		put16(udp + 6, partial(f));
	}
}

void frame_mend(struct pkt *p, uint8_t how)
{
	uint8_t *ip, *udp;
	struct frame f;

	if (!frame_find(&f, p))
		return;
	ip = p->b + (f.ip - p->b);
	udp = p->b + (f.udp - p->b);
	if (how & MEND_LENGTH) {
		put16(udp + 4, f.end - f.udp);
		put16(ip + (f.v6 ? 4 : 2), f.end - (f.v6 ? f.udp : f.ip));
		frame_find(&f, p);
	}
	/* udp_verify() goes by the version and header length that it reads */
	if (how & MEND_SUM && ip[0] >> 4 == (f.v6 ? 6 : 4) &&
	    (f.v6 || ip[0] == 0x45))
		mend_sum(&f, udp, how & MEND_SUM);
	if (how & MEND_IP_SUM && !f.v6) {
		put16(ip + 10, 0);
		put16(ip + 10, (uint16_t)~sum_fold(sum_bytes(ip, 20)));
	}
}
