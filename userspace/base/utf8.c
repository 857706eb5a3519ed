/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* Bytes of the character at p; 0: it is none */
static size_t character(const uint8_t *p, size_t n)
{
	uint8_t low = 0x80, high = 0xbf; /* of the second byte */
	size_t len;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		len = 2;
	} else if (p[0] >= 0xe0 && p[0] <= 0xef) {
		len = 3;
		low = p[0] == 0xe0 ? 0xa0 : low;   /* else it is too long */
		high = p[0] == 0xed ? 0x9f : high; /* surrogates          */
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		len = 4;
		low = p[0] == 0xf0 ? 0x90 : low;
		high = p[0] == 0xf4 ? 0x8f : high;
	} else {
		return 0;
	}
	if (n < len || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;

	return len;
}

/* Most of it has nothing else: eight bytes at a time */
static size_t ascii(const char *p, size_t n)
{
	size_t i = 0;
	uint64_t w;

	for (; n - i >= sizeof(w); i += sizeof(w)) {
		memcpy(&w, p + i, sizeof(w));
		if (w & 0x8080808080808080ull)
			break;
	}

	return i;
}

size_t utf8_valid(const char *p, size_t n)
{
	size_t i = ascii(p, n), len;

	while (i < n && (len = character((const uint8_t *)p + i, n - i)))
		i += len;

	return i;
}

size_t utf8_scrub(char *p, size_t n)
{
	size_t bad = 0, i = 0;

	while ((i += utf8_valid(p + i, n - i)) < n) {
		p[i++] = '?';
		++bad;
	}

	return bad;
}
