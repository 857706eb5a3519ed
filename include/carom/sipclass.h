/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * @file carom/sipclass.h  Flood limits: the class of a message, and the bucket
 *
 * One code for the kernel's packets and for the agent's connections.
 */
#ifndef CAROM_SIPCLASS_H
#define CAROM_SIPCLASS_H

#include "carom/sipmap.h"

#define SIP_HEAD(a, b, c, d)                                                   \
	((__u32)(a) | (__u32)(b) << 8 | (__u32)(c) << 16 | (__u32)(d) << 24)

/** What a message claims to be, by its first four bytes, the first one lowest.
 *  It need not be true: a limit is kept all the same */
static __inline__ __attribute__((always_inline)) __u32 sip_class(__u32 head)
{
	switch (head) {
	case SIP_HEAD('I', 'N', 'V', 'I'):
		return SIP_CLASS_INVITE;
	case SIP_HEAD('R', 'E', 'G', 'I'):
	case SIP_HEAD('S', 'U', 'B', 'S'):
	case SIP_HEAD('P', 'U', 'B', 'L'):
		return SIP_CLASS_REGISTER;
	case SIP_HEAD('A', 'C', 'K', ' '):
	case SIP_HEAD('B', 'Y', 'E', ' '):
	case SIP_HEAD('C', 'A', 'N', 'C'):
	case SIP_HEAD('N', 'O', 'T', 'I'):
	case SIP_HEAD('I', 'N', 'F', 'O'):
	case SIP_HEAD('P', 'R', 'A', 'C'):
	case SIP_HEAD('U', 'P', 'D', 'A'):
	case SIP_HEAD('R', 'E', 'F', 'E'):
		return SIP_CLASS_DIALOG;
	case SIP_HEAD('S', 'I', 'P', '/'):
		return SIP_CLASS_RESPONSE;
	}
	/* a method begins with a capital letter, by all that is registered */
	return (head & 0xff) - 'A' < 26 ? SIP_CLASS_OTHER : SIP_CLASS_JUNK;
}

/** The bucket leaks: `full` is when it will be empty, in ns of `now`'s clock. True:
 *  there was room for another message. Two CPUs may meet: then one token too many
 *  is given */
static __inline__ __attribute__((always_inline)) int sip_bucket_take(
	struct sip_bucket *bk, __u32 class, const struct sip_limit *l,
	__u64 now)
{
	__u64 full;

	class &= 7;
	if (class >= SIP_CLASS_MAX)
		return 1;
	full = bk->full[class];
	if (full < now)
		full = now;
	if (full - now > l->burst) {
		bk->dropped++;
		return 0;
	}
	bk->full[class] = full + l->interval;
	return 1;
}

#endif
