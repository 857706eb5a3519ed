/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file fuzz/sipedge.h  The bed as a SIP edge, for the fuzzers
 *
 * Listeners at LAN4, LAN6 and WAN4; rules by event, user, domain and method; set 0
 * has B4, set 1 has B6. The agent's policy is the same.
 */
#ifndef TESTS_FUZZ_SIPEDGE_H
#define TESTS_FUZZ_SIPEDGE_H

#include "frame.h"
#include "sipbed.h"

/** From where an input's second byte says that it comes */
struct sipedge_from {
	const char *src, *dst;
	uint16_t sport;
	bool wan;
};

/** A run, and what became of the frame */
struct sipedge_run {
	int action, reason; /**< reason: -1 for none                     */
	struct pkt out;
	uint64_t bytes; /**< that the reason was counted with            */
};

/** LLVMFuzzerInitialize() of a target that has the bed */
struct sipbed *sipedge_open(void);

/** force_rport, Record-Route, TTL and the like: as the first byte says */
void sipedge_configure(struct sipbed *s, uint8_t how);

const struct sipedge_from *sipedge_from(uint8_t byte);

/** A frame from there with this message in it */
void sipedge_frame(struct pkt *p, struct sipbed *s,
		   const struct sipedge_from *f, const void *text, size_t n,
		   enum pkt_sum sum);

/**
 * Put it through. A frame that goes up is as it came, one verdict is counted, of a
 * class that says the same; what is forwarded is as sipedge.c's check() wants it
 */
void sipedge_put(struct sipbed *s, struct sipedge_run *r, int dev,
		 const struct pkt *in);

#endif
