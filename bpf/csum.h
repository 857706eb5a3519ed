/* SPDX-License-Identifier: GPL-2.0-only */
/* Internet checksums: incremental (RFC 1624) and in full */
#ifndef CAROM_BPF_CSUM_H
#define CAROM_BPF_CSUM_H

#include "parse.h"

#define CSUM_CHUNK 512 /* bpf_csum_diff() takes no more before 6.13 */
#define CSUM_CHUNKS 8

struct csum_buf {
	__u8 data[CSUM_CHUNK * CSUM_CHUNKS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct csum_buf);
} csum_scratch SEC(".maps");

static __always_inline __u16 csum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* The same of at most sixteen 32-bit words, a sum below 2^36: after the first
 * step it is below 0x110000, after the second at most 0x1000f */
static __always_inline __u16 csum_fold_few(__u64 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static __always_inline __u64 csum_addr(const struct addr *a, bool v6)
{
	__u64 sum = a->w[0];

	if (v6)
		sum += (__u64)a->w[1] + a->w[2] + a->w[3];
	return sum;
}

/* Pseudo-header: addresses, protocol, UDP length (RFC 768, RFC 8200 8.1).
 * The same for both families, as the zeros between do not count */
static __always_inline __u64 csum_pseudo(const struct addr *src,
					 const struct addr *dst, bool v6,
					 __u16 udp_len)
{
	return csum_addr(src, v6) + csum_addr(dst, v6) +
	       bpf_htons(IPPROTO_UDP) + bpf_htons(udp_len);
}

/* HC' = ~(~HC + ~m + m'), RFC 1624 eqn. 3; `gone` and `come` are plain sums */
static __always_inline __u16 csum_update(__u16 check, __u64 gone, __u64 come)
{
	__u64 sum = (__u16)~check;

	sum += (__u16)~csum_fold(gone);
	sum += come;
	return ~csum_fold(sum);
}

/* A UDP checksum of 0 means "none": 0xffff is the same sum */
static __always_inline __u16 csum_udp_result(__u16 check)
{
	return check ? check : 0xffff;
}

/* IPv6 has no header checksum: translation would hide that this one is wrong */
static __always_inline bool ipv4_sum_right(const struct xdp_md *ctx, __u32 l2)
{
	__be16 *w = (void *)(long)ctx->data + (l2 & 31);
	__u64 sum = 0;

	if ((void *)(w + 10) > (void *)(long)ctx->data_end)
		return false;
#pragma unroll
	for (int i = 0; i < 10; i++)
		sum += w[i];
	return csum_fold(sum) == 0xffff;
}

/* Sum of `len` bytes of the packet from `off` on; ~0 if they can't be read */
static __noinline __u64 csum_packet(struct xdp_md *ctx, __u32 off, __u32 len)
{
	__u32 zero = 0;
	struct csum_buf *b = bpf_map_lookup_elem(&csum_scratch, &zero);
	__u64 sum = 0;

	if (!b)
		return ~0ULL;
	for (int i = 0; i < CSUM_CHUNKS; i++) {
		__u32 n = len < CSUM_CHUNK ? len : CSUM_CHUNK;

		if (!n)
			break;
		/* 6.1's verifier forgets n > 0 across a mask: say it so */
		asm volatile("" : "+r"(n));
		n = ((n - 1) & (CSUM_CHUNK - 1)) + 1;
		*(__u32 *)(b->data + ((n - 1) & (CSUM_CHUNK - 4))) = 0;
		if (bpf_xdp_load_bytes(ctx, off, b->data, n))
			return ~0ULL;
		sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)b->data,
					    ((n - 1) & (CSUM_CHUNK - 4)) + 4,
					    0);
		off += n;
		len -= n;
	}
	return len ? ~0ULL : sum;
}

#endif
