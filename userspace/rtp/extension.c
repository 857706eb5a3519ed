/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file rtp/extension.c  Elements of an RTP header's extension
 */
#include <string.h>
#include "rtp/extension.h"
#include "rtp/packet.h"

enum {
	EXT_BIT = 0x10,
	EXT_HEADER = 4,
	ONE_BYTE = 0xbede, /* RFC 8285 4.2 */
	TWO_BYTE =
		0x1000, /* and its last four bits, which are the application's: 4.3 */
	STOP_ID = 15, /* with one byte: nothing behind it is looked at */
};

/** Where an extension lies */
struct ext {
	size_t off; /* of its header      */
	size_t end; /* one past its words */
	unsigned form;
};

/* Of SRTP, too, whose padding cannot be seen. @return false: there is none; off is 0
 * where it is no RTP */
static bool find(struct ext *x, const uint8_t *p, size_t n)
{
	size_t off;

	x->off = 0;
	if (n < RTP_HEADER || p[0] >> 6 != 2)
		return false;
	off = RTP_HEADER + (size_t)(p[0] & 0x0f) * 4;
	x->end = off;
	if (p[0] & EXT_BIT) {
		if (off + EXT_HEADER > n)
			return false;
		x->form = (unsigned)p[off] << 8 | p[off + 1];
		x->end += EXT_HEADER +
			  ((size_t)p[off + 2] << 8 | p[off + 3]) * 4;
	}
	if (x->end > n)
		return false;
	x->off = off;

	return p[0] & EXT_BIT;
}

static bool in_one(const struct ext *x, const uint8_t *p, uint8_t id,
		   const uint8_t **val, size_t *len)
{
	for (size_t i = x->off + EXT_HEADER; i < x->end;) {
		const size_t k = (size_t)(p[i] & 0x0f) + 1;

		if (!p[i]) { /* padding */
			++i;
			continue;
		}
		if (p[i] >> 4 == STOP_ID || i + 1 + k > x->end)
			return false;
		if (p[i] >> 4 == id) {
			*val = p + i + 1;
			*len = k;
			return true;
		}
		i += 1 + k;
	}

	return false;
}

static bool in_two(const struct ext *x, const uint8_t *p, uint8_t id,
		   const uint8_t **val, size_t *len)
{
	for (size_t i = x->off + EXT_HEADER; i < x->end;) {
		if (!p[i]) {
			++i;
			continue;
		}
		if (i + 2 > x->end || i + 2 + p[i + 1] > x->end)
			return false;
		if (p[i] == id) {
			*val = p + i + 2;
			*len = p[i + 1];
			return true;
		}
		i += 2 + (size_t)p[i + 1];
	}

	return false;
}

bool rtp_ext_find(const uint8_t *p, size_t n, uint8_t id, const uint8_t **val,
		  size_t *len)
{
	struct ext x;

	if (!id || !find(&x, p, n))
		return false;
	if (x.form == ONE_BYTE)
		return in_one(&x, p, id, val, len);

	return (x.form & 0xfff0) == TWO_BYTE && in_two(&x, p, id, val, len);
}

size_t rtp_ext_put(uint8_t *p, size_t n, size_t room, uint8_t id,
		   const uint8_t *val, size_t len)
{
	const size_t words = (1 + len + 3) / 4;
	struct ext x = {0};
	const uint8_t *was;
	size_t add, had, k;
	const bool there = find(&x, p, n);

	if (!x.off || (there && x.form != ONE_BYTE) ||
	    (there && in_one(&x, p, id, &was, &k)))
		return n;
	add = words * 4 + (there ? 0 : EXT_HEADER);
	had = there ? (x.end - x.off - EXT_HEADER) / 4 : 0;
	if (n + add > room || had + words > UINT16_MAX)
		return n;
	memmove(p + x.end + add, p + x.end, n - x.end);
	memset(p + x.end, 0, add);
	p[0] |= EXT_BIT;
	p[x.off] = ONE_BYTE >> 8;
	p[x.off + 1] = ONE_BYTE & 0xff;
	p[x.off + 2] = (uint8_t)((had + words) >> 8);
	p[x.off + 3] = (uint8_t)(had + words);
	k = there ? x.end : x.end + EXT_HEADER;
	p[k] = (uint8_t)(id << 4 | (len - 1));
	memcpy(p + k + 1, val, len);

	return n + add;
}
