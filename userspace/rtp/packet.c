/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file rtp/packet.c  RTP headers, and what a datagram is
 */
#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
#include "rtp/packet.h"

enum rtp_kind rtp_kind(const uint8_t *p, size_t n)
{
	static const uint8_t cookie[4] = {0x21, 0x12, 0xa4, 0x42};

	if (n < RTCP_HEADER)
		return RTP_NONE;
	if (p[0] < 4)
		return memcmp(p + 4, cookie, 4) ? RTP_NONE : RTP_STUN;
	if (p[0] >= 20 && p[0] <= 63)
		return RTP_DTLS;
	if (p[0] >> 6 != 2)
		return RTP_NONE;
	if (p[1] >= 192 && p[1] <= 223)
		return RTP_CONTROL;

	return n < RTP_HEADER ? RTP_NONE : RTP_MEDIA;
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);

	return ntohl(v);
}

static void put32(uint8_t *p, uint32_t v)
{
	v = htonl(v);
	memcpy(p, &v, 4);
}

int rtp_read(struct rtp_head *h, const uint8_t *p, size_t n)
{
	size_t off, len = n;

	if (n < RTP_HEADER || p[0] >> 6 != 2)
		return EBADMSG;
	off = RTP_HEADER + (size_t)(p[0] & 0x0f) * 4;
	if (p[0] & 0x10) {
		if (off + 4 > n)
			return EBADMSG;
		off += 4 + ((size_t)p[off + 2] << 8 | p[off + 3]) * 4;
	}
	if (off > n)
		return EBADMSG;
	if (p[0] & 0x20) {
		if (!p[n - 1] || off + p[n - 1] > n)
			return EBADMSG;
		len -= p[n - 1];
	}
	h->marker = p[1] >> 7;
	h->pt = p[1] & 0x7f;
	h->seq = (uint16_t)(p[2] << 8 | p[3]);
	h->ts = get32(p + 4);
	h->ssrc = get32(p + 8);
	h->off = off;
	h->len = len - off;

	return 0;
}

void rtp_edit(uint8_t *p, const struct rtp_head *h)
{
	p[1] = (uint8_t)((h->marker ? 0x80 : 0) | (h->pt & 0x7f));
	p[2] = (uint8_t)(h->seq >> 8);
	p[3] = (uint8_t)h->seq;
	put32(p + 4, h->ts);
	put32(p + 8, h->ssrc);
}

void rtp_write(uint8_t *p, const struct rtp_head *h)
{
	p[0] = 0x80;
	rtp_edit(p, h);
}
