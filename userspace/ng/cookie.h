/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/cookie.h  Replies kept for requests that are sent again
 *
 * A request is the same when source address and port, cookie and body are:
 * two proxies behind one address may well count cookies alike, and a restarted
 * client may begin to count anew.
 */
#ifndef CAROM_NG_COOKIE_H
#define CAROM_NG_COOKIE_H

#include <re.h>

struct cookies;

/**
 * @param cp    Pointer to the object (mem_deref when done)
 * @param max   Replies kept at most; the oldest goes first
 * @param size  Bytes of replies kept at most
 * @param ttl   Milliseconds that a reply is kept
 */
int cookies_alloc(struct cookies **cp, uint32_t max, size_t size, uint32_t ttl);

/**
 * Look for the reply to a request
 *
 * @param msg  The whole request, cookie and body
 * @param now  Milliseconds, monotonic
 *
 * @return the whole reply, valid until the next call; NULL: none
 */
const struct pl *cookies_find(struct cookies *c, const struct sa *src,
			      const struct pl *msg, uint64_t now);

/** Keep a reply. A reply too large to be kept is not, without error */
int cookies_add(struct cookies *c, const struct sa *src, const struct pl *msg,
		const struct pl *reply, uint64_t now);

#endif
