/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file dispatch/hash.c  Kamailio's hash of a Call-ID, and our own
 */
#include <stdint.h>
#include <sys/types.h>
#include <re.h>
#include "dispatch/dispatch.h"
#include "dispatch/hash.h"

/* Bytes shift in from the right, with their sign: Kamailio reads chars */
static uint32_t word(const char *p, size_t n)
{
	uint32_t v = 0;

	while (n--)
		v = (v << 8) + (uint32_t)(int8_t)*p++;

	return v;
}

static uint32_t fold(uint32_t v)
{
	return v ^ (v >> 3);
}

uint32_t ds_hash(const struct pl *key)
{
	const char *p = key ? key->p : NULL;
	size_t n = p ? key->l : 0;
	uint32_t h = 0;

	for (; n >= 4; p += 4, n -= 4)
		h += fold(word(p, 4));

	h += fold(word(p, n));
	h += (h >> 11) + (h >> 13) + (h >> 23);

	return h ? h : 1;
}

/* The last steps of splitmix64 (Steele, Lea, Flood 2014) */
uint64_t ds_mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;

	return x ^ (x >> 31);
}

/* FNV-1a, whose high bits are poor with short strings: hence the mixing */
uint64_t ds_id(const char *uri, uint32_t nth)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (; *uri; uri++)
		h = (h ^ (uint8_t)*uri) * 0x100000001b3ull;

	return ds_mix(ds_mix(h) + nth);
}
