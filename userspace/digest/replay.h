/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file digest/replay.h  Nonce-counts that have been used (RFC 7616 3.4, nc)
 *
 * Of this edge alone: to share them would be state. So what was said to one edge
 * could be said once more to each other one, by somebody who can send from the
 * address that the nonce is good for. Only a right answer is remembered: strangers
 * can't fill the table. Where it is full, the nonce that was made first is forgotten,
 * and from then on no other is good there that was made as early and is not known:
 * it could be that one. So who has an account can make others ask for a new nonce, but
 * no count pass twice.
 *
 * Counts may come out of order, as packets do: a window of 64 below the highest.
 * The same request once more is a retransmission, which a proxy without state must
 * let through for as long as one may come (64 * T1).
 */
#ifndef CAROM_DIGEST_REPLAY_H
#define CAROM_DIGEST_REPLAY_H

#include <re.h>

enum { REPLAY_AGAIN = 32 /**< s that a retransmission may come late */ };

struct replay;

/**
 * @param rp  Pointer to the object (mem_deref when done)
 * @param n   Nonces to remember, 16..2^20; rounded up to a power of two
 *
 * @return 0, EINVAL, ENOMEM
 */
int replay_alloc(struct replay **rp, size_t n);

/**
 * Use a count
 *
 * @param id       Of the nonce, spread as by chance
 * @param count    1..2^32-1
 * @param request  Hash of what makes the request this one, and no other
 * @param now      s
 * @param made     s since 1970, 1..2^32-1: the nonce's time
 *
 * @return Whether it may be used: for the first time, or for the same request. If
 *         not, a newer nonce may
 */
bool replay_use(struct replay *r, uint64_t id, uint32_t count, uint64_t request,
		uint64_t now, uint64_t made);

#endif
