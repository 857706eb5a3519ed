/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file rtp/translate.c  RTCP of streams whose SSRC and numbers change on the way
 */
#include <string.h>
#include "rtp/translate.h"

enum {
	SR = 200,
	RR,
	SDES,
	BYE,
	APP,
	RTPFB, /* RFC 4585 */
	PSFB,
	XR, /* RFC 3611 */
	SENDER_INFO = 20,
	BLOCK = 24,
	NACK = 1, /* of RTPFB: RFC 4585 6.2.1 */
	FIR = 4,  /* of PSFB: RFC 5104 4.3.1 */
	AFB = 15, /* of PSFB: REMB is one */
	FCI = 12, /* where feedback's own part begins */
};

struct translation {
	const struct rtcp_map *said, *heard;
};

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* An SSRC of the sender's own */
static bool own(const struct translation *t, uint8_t *p)
{
	if (!t->said->on || get32(p) != t->said->ssrc_in)
		return false;
	put32(p, t->said->ssrc_out);

	return true;
}

/* One that it hears: it knows it by what went out */
static bool other(const struct translation *t, uint8_t *p)
{
	if (!t->heard->on || get32(p) != t->heard->ssrc_out)
		return false;
	put32(p, t->heard->ssrc_in);

	return true;
}

/* The highest number has its cycles above it: it goes down, or up, with them */
static void block(const struct translation *t, uint8_t *p)
{
	if (other(t, p))
		put32(p + 8,
		      get32(p + 8) - (uint32_t)(int16_t)t->heard->seq_off);
}

static void report(const struct translation *t, uint8_t *p, size_t n,
		   unsigned blocks, size_t at)
{
	if (own(t, p + 4) && p[1] == SR && n >= 8 + SENDER_INFO)
		put32(p + 16, get32(p + 16) + t->said->ts_off);
	for (; blocks && at + BLOCK <= n; blocks--, at += BLOCK)
		block(t, p + at);
}

/* Chunks end in zeros, up to four bytes (RFC 3550 6.5) */
static void sdes(const struct translation *t, uint8_t *p, size_t n,
		 unsigned chunks)
{
	size_t at = 4;

	for (; chunks && at + 4 <= n; chunks--) {
		(void)own(t, p + at);
		at += 4;
		while (at + 2 <= n && p[at])
			at += 2 + (size_t)p[at + 1];
		at = (at + 4) & ~(size_t)3;
	}
}

static void ssrcs(const struct translation *t, uint8_t *p, size_t n,
		  unsigned count, size_t at, size_t step,
		  bool (*h)(const struct translation *, uint8_t *))
{
	for (; count && at + 4 <= n; count--, at += step)
		(void)h(t, p + at);
}

static void nack(const struct translation *t, uint8_t *p, size_t n)
{
	for (size_t at = FCI; at + 4 <= n; at += 4) {
		const uint16_t seq = (uint16_t)((p[at] << 8 | p[at + 1]) -
						t->heard->seq_off);

		p[at] = (uint8_t)(seq >> 8);
		p[at + 1] = (uint8_t)seq;
	}
}

static void feedback(const struct translation *t, uint8_t *p, size_t n,
		     unsigned format)
{
	bool known;

	if (n < FCI)
		return;
	(void)own(t, p + 4);
	known = other(t, p + 8);
	if (p[1] == RTPFB && format == NACK && known)
		nack(t, p, n);
	else if (p[1] == PSFB && format == FIR)
		ssrcs(t, p, n, (unsigned)(n / 8), FCI, 8, other);
	else if (p[1] == PSFB && format == AFB && n >= FCI + 8 &&
		 !memcmp(p + FCI, "REMB", 4))
		ssrcs(t, p, n, p[FCI + 4], FCI + 8, 4, other);
}

static void one(const struct translation *t, uint8_t *p, size_t n)
{
	const unsigned count = p[0] & 0x1f;

	if (n < 8)
		return;
	switch (p[1]) {
	case SR:
		report(t, p, n, count, 8 + SENDER_INFO);
		break;
	case RR:
		report(t, p, n, count, 8);
		break;
	case SDES:
		sdes(t, p, n, count);
		break;
	case BYE:
		ssrcs(t, p, n, count, 4, 4, own);
		break;
	case APP:
	case XR:
		(void)own(t, p + 4);
		break;
	case RTPFB:
	case PSFB:
		feedback(t, p, n, count);
		break;
	default:
		break;
	}
}

void rtcp_translate(uint8_t *p, size_t n, const struct rtcp_map *said,
		    const struct rtcp_map *heard)
{
	const struct translation t = {said, heard};

	if (!said->on && !heard->on)
		return;
	while (n >= 4 && p[0] >> 6 == 2) {
		const size_t len = 4 + (size_t)(p[2] << 8 | p[3]) * 4;

		if (len > n)
			return;
		one(&t, p, len);
		p += len;
		n -= len;
	}
}
