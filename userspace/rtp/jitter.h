/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file rtp/jitter.h  When a packet is due, so that packets go on evenly
 *
 * Of the way that packets take, the shortest of the last seconds is the base; what others
 * take longer is jitter. A packet is due when nearly all would have come (97 of 100),
 * counted from its timestamp. Smooth streams are not delayed at all. The base follows the
 * sender's clock where that runs faster or slower than ours: the buffer neither grows nor
 * starves. Who holds packets back is rtp/order.h; here is no storage and no timer.
 */
#ifndef CAROM_RTP_JITTER_H
#define CAROM_RTP_JITTER_H

#include <stdbool.h>
#include <stdint.h>

enum {
	JITTER_BINS = 64,
	JITTER_BIN_MS = 4,
	JITTER_MAX_MS = 200, /**< of delay: what order.h has room for    */
};

struct jitter {
	uint64_t max; /* ns that packets are held at most, 0: never */
	bool started;
	uint32_t clock;
	uint32_t ts;   /* of the last packet                       */
	int64_t units; /* the same, without wrap                   */
	int64_t low
		[2]; /* ns: shortest way, in this window and the one before */
	uint64_t until;  /* ns: end of this window                   */
	unsigned astray; /* packets in a row that are far behind     */
	uint16_t binv[JITTER_BINS]; /* packets by how much longer they took */
	unsigned count;  /* in binv                                  */
	uint64_t target; /* ns                                       */

	/* for drift */
	bool anchored;
	int64_t low0;      /* ns: of the first window                  */
	uint64_t low0_at;  /* ns                                       */
	int32_t drift_ppb; /* the sender's clock: positive, ours is faster */

	/* for people */
	uint64_t late; /* packets that came when they had been due      */
	uint64_t held; /* ns: mean of the last packets                  */
};

/** @param max_ms  0..JITTER_MAX_MS; 0: everything is due when it comes */
void jitter_init(struct jitter *j, unsigned max_ms);

/** The next packet begins anew (another SSRC); what is known of the way stays */
void jitter_reset(struct jitter *j);

/**
 * A packet came
 *
 * @param ts     Its timestamp, in a clock of `clock` Hz
 * @param now    ns
 *
 * @return ns when it is due; `now` or before: at once
 */
uint64_t jitter_due(struct jitter *j, uint32_t ts, uint32_t clock,
		    uint64_t now);

#endif
