/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * @file carom/sipaddr.h  IP addresses as SIP writes them, read without a library
 *
 * For BPF and for userspace alike. Strict: what has more than one reading (leading
 * zeros, a zone, an IPv4 address inside an IPv6 one) is no address here.
 */
#ifndef CAROM_SIPADDR_H
#define CAROM_SIPADDR_H

#include "carom/sipscan.h"

#define SCAN_IP4_MAX 15
#define SCAN_IP6_MAX 39

/** "192.0.2.1", in host order; ~0ULL where it is none */
SCAN_INLINE __u64 scan_ip4(const struct scan_buf *b, __u32 off, __u32 len)
{
	__u32 ip = 0, octet = 0, digits = 0, dots = 0;

	if (!b || !len || len > SCAN_IP4_MAX)
		return ~0ULL;
	for (__u32 i = 0; i < SCAN_IP4_MAX && i < len; i++) {
		__u32 c = scan_at(b, off + i);

		if (c == '.') {
			if (!digits)
				return ~0ULL;
			ip = ip << 8 | octet;
			dots++;
			octet = digits = 0;
			continue;
		}
		/* no fourth digit, and none behind a leading zero */
		if (c - '0' > 9 || (digits && !octet))
			return ~0ULL;
		octet = octet * 10 + (c - '0');
		digits++;
		if (octet > 255)
			return ~0ULL;
	}
	if (dots != 3 || !digits)
		return ~0ULL;
	return ip << 8 | octet;
}

SCAN_INLINE void scan_ip6_group(struct scan_ip6 *a)
{
	a->hi = a->hi << 16 | a->lo >> 48;
	a->lo = a->lo << 16 | a->value;
	a->groups++;
	a->value = 0;
	a->digits = 0;
}

/* The value of a hexadecimal digit, or 16 */
SCAN_INLINE __u32 scan_hex(__u32 c)
{
	if (c - '0' <= 9)
		return c - '0';
	c |= 0x20;
	return c - 'a' <= 5 ? c - 'a' + 10 : 16;
}

/* Takes the character at off; `next` is the one behind it, 0 at the end. Returns
 * 0, 1 to skip the next one too, or -1. A function of its own, with its state in
 * memory, for the verifier would follow each way through each character */
SCAN_FN int scan_ip6_take(struct scan_buf *b, __u32 off, __u32 next)
{
	struct scan_ip6 *a;
	__u32 c, d;

	if (!b)
		return -1;
	a = &b->six;
	c = scan_at(b, off);
	if (c != ':') {
		d = scan_hex(c);
		if (d > 15 || a->digits == 4)
			return -1;
		a->value = a->value << 4 | d;
		a->digits++;
		return 0;
	}
	if (a->digits)
		scan_ip6_group(a);
	else if (a->groups || a->gap || next != ':')
		return -1; /* a colon follows a group, or begins a "::" */
	if (next != ':')
		return next ? 0 : -1; /* it separates two groups */
	if (a->gap)
		return -1;
	a->gap = 1;
	a->fhi = a->hi;
	a->flo = a->lo;
	a->front = a->groups;
	a->hi = 0;
	a->lo = 0;
	a->groups = 0;
	return 1;
}

/* value << bits over 128 bits, bits in 0..112 */
SCAN_INLINE void scan_shift(__u64 *hi, __u64 *lo, __u32 bits)
{
	if (bits >= 64) {
		*hi = *lo << (bits & 63);
		*lo = 0;
	} else if (bits) {
		*hi = *hi << bits | *lo >> (64 - bits);
		*lo <<= bits;
	}
}

/* The address that was read, in network order. Returns -1 where groups are
 * missing, or too many */
SCAN_INLINE int scan_ip6_end(struct scan_buf *b)
{
	struct scan_ip6 *a = &b->six;
	__u64 fhi = a->fhi, flo = a->flo;

	if (a->digits)
		scan_ip6_group(a);
	/* "::" stands for one group or more */
	if (a->gap ? a->front + a->groups > 7 : a->groups != 8)
		return -1;
	if (a->gap && a->front) {
		scan_shift(&fhi, &flo, (8 - a->front) * 16);
		a->hi |= fhi;
		a->lo |= flo;
	}
	for (int i = 0; i < 8; i++) {
		b->ip[i] = a->hi >> (56 - 8 * i);
		b->ip[8 + i] = a->lo >> (56 - 8 * i);
	}
	return 0;
}

/**
 * "2001:db8::1" without brackets (RFC 4291 2.2, forms 1 and 2) into b->ip, in
 * network order
 *
 * @return 0, or -1 where it is none
 */
SCAN_FN int scan_ip6(struct scan_buf *b, __u32 off, __u32 len)
{
	int skip = 0;

	if (!b || len < 2 || len > SCAN_IP6_MAX)
		return -1;
	__builtin_memset(&b->six, 0, sizeof(b->six));
	for (__u32 i = 0; i < SCAN_IP6_MAX && i < len; i++) {
		if (skip > 0) {
			skip = 0;
			continue;
		}
		skip = scan_ip6_take(b, off + i,
				     i + 1 < len ? scan_at(b, off + i + 1) : 0);
		if (skip < 0)
			return -1;
	}
	return scan_ip6_end(b);
}

/* ::ffff:a.b.c.d, which is how we write IPv4 addresses */
SCAN_INLINE int scan_ip6_mapped(const struct scan_buf *b)
{
	const __u64 *ip = (const __u64 *)b->ip;

	return !ip[0] && (ip[1] & 0xffffffff) == 0xffff0000;
}

/**
 * A host, IPv4 or IPv6 (`v6`), into b->ip: 16 bytes in network order, IPv4 as
 * ::ffff:a.b.c.d
 *
 * @return 0, or -1 where it is a name, or no address
 */
SCAN_INLINE int scan_host(struct scan_buf *b, __u32 off, __u32 len, __u32 v6)
{
	__u64 ip;

	if (!b)
		return -1;
	if (v6) {
		if (scan_ip6(b, off, len))
			return -1;
		return scan_ip6_mapped(b) ? -1 : 0;
	}
	ip = scan_ip4(b, off, len);
	if (ip == ~0ULL)
		return -1;
	for (int i = 0; i < 10; i++)
		b->ip[i] = 0;
	b->ip[10] = b->ip[11] = 0xff;
	for (int i = 0; i < 4; i++)
		b->ip[12 + i] = ip >> (24 - 8 * i);
	return 0;
}

#endif
