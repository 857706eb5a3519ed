/* SPDX-License-Identifier: GPL-2.0-only */
/* The branch of our Via: what a response must bring back to be believed */
#ifndef CAROM_BPF_SIP_BRANCH_H
#define CAROM_BPF_SIP_BRANCH_H

#include "sip_next.h"

/* Sixteen digits of the hash, two of the listener that the request came to: the
 * response leaves by it */
#define BRANCH_DIGITS 18

/* The hash for a message whose Via `which` is the one behind ours. The response
 * goes to `reply`, which the caller has put into sip_work.next */
__noinline __u64 sip_branch(__u32 which, __u32 listener)
{
	const struct sip_conf *conf = sip_settings();
	struct sip_work *w = sip_here();
	const struct scan_via *v;
	struct siphash h;

	if (!w || !conf)
		return 0;
	v = &w->b.s.via[scan_slot(which, 1)];
	siphash_start(&h, conf->key[0], conf->key[1]);
	siphash_word(&h, SIP_KEY_BRANCH);
	sip_hash_span(&h, &w->b, v->branch.off, v->branch.len);
	sip_hash_span(&h, &w->b, v->host.off, v->host.len);
	siphash_word(&h, v->port);
	sipkey_addr(&h, w->next.addr, w->next.port);
	sip_hash_span(&h, &w->b, w->b.s.callid.off, w->b.s.callid.len);
	siphash_word(&h, listener);
	return siphash_end(&h);
}

/* A lower-case hexadecimal digit's value, or 16 */
static __always_inline __u32 branch_digit(__u8 c)
{
	if ((__u32)c - '0' < 10)
		return c - '0';
	return (__u32)c - 'a' < 6 ? c - 'a' + 10 : 16;
}

/* The listener that a branch of ours names, or ~0 */
static __always_inline __u32 branch_listener(const struct sip_work *w)
{
	const struct scan_span *br = &w->b.s.via[0].branch;
	__u32 off = br->off + SIP_COOKIE_LEN + SIP_HEX_LEN, hi, lo;

	if (br->len != SIP_COOKIE_LEN + BRANCH_DIGITS)
		return ~0u;
	hi = branch_digit(scan_at(&w->b, off));
	lo = branch_digit(scan_at(&w->b, off + 1));
	return hi < 16 && lo < 16 ? hi << 4 | lo : ~0u;
}

/* Does the topmost Via have this branch? */
static __always_inline bool branch_is(const struct sip_work *w, __u64 hash)
{
	__u32 off = w->b.s.via[0].branch.off + SIP_COOKIE_LEN;
	__u64 text[2];

	sipkey_hex(hash, text);
	return scan_word(&w->b, off) == text[0] &&
	       scan_word(&w->b, off + 8) == text[1];
}

#endif
