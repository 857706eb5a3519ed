/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file rtp/order.h  Packets put in order, without delay for those that are
 *
 * A packet that is next goes through at once, with no copy. One that came too soon
 * waits for those before it, for a bounded time; what did not come is told as a
 * loss. No thread, no timer: the caller asks.
 */
#ifndef CAROM_RTP_ORDER_H
#define CAROM_RTP_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ORDER_SLOTS = 16,    /**< packets that wait at most             */
	ORDER_BYTES = 1500,  /**< of one of them                        */
	ORDER_RESTART = 512, /**< a jump of more is a new start         */
	ORDER_BEHIND = 100,  /**< behind by more, two packets in a row are a new
				start, too (RFC 3550 A.1)                */
};

struct order;

/** A packet in order
 *
 * @param lost  Packets before it that did not come
 */
typedef void(order_h)(const uint8_t *p, size_t n, unsigned lost, void *arg);

/**
 * @param wait_ns  How long a packet waits for those before it
 *
 * @return 0, EINVAL, ENOMEM
 */
int order_alloc(struct order **op, uint64_t wait_ns, order_h *h, void *arg);

/**
 * A packet came
 *
 * @param due  ns: it is held back until then; `now` or before: it is not. No more than
 *             ORDER_SLOTS can be held, and none of over ORDER_BYTES
 *
 * @return false: late or a duplicate, and dropped
 */
bool order_put(struct order *o, uint16_t seq, const uint8_t *p, size_t n,
	       uint64_t now, uint64_t due);

/** Time has passed. @return ns until it has to be asked again, 0: nothing waits */
uint64_t order_tick(struct order *o, uint64_t now);

/** The next packet begins anew (another SSRC) */
void order_reset(struct order *o);

/** The sequence number behind the last packet that went through */
uint16_t order_next(const struct order *o);

struct order_stats {
	uint64_t lost, late, duplicate, reordered;
};

const struct order_stats *order_stats(const struct order *o);

#endif
