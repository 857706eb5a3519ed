/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file sipsnap.h  SIP's counters at one moment, and between two
 */
#ifndef CAROM_SIPSNAP_H
#define CAROM_SIPSNAP_H

#include "carom.h"
#include "fastpath/sip.h"

/** A target as the kernel has it */
struct sipsnap_target {
	unsigned set, number; /**< indices                               */
	uint32_t id;          /**< of the set, in the dispatcher list     */
	struct sip_target t;
};

struct sipsnap {
	uint64_t time; /**< CLOCK_MONOTONIC ns                            */
	bool on;       /**< the kernel forwards                           */
	unsigned listeners;
	struct sip_count kindv[SIP_COUNT_MAX];
	struct sipsnap_target *targetv; /**< in order of set and number   */
	size_t targetc;
};

/** Messages a second */
struct sipsnap_rate {
	double dialogs, requests, responses, received;
};

/** @param sp  Pointer to the object (mem_deref when done). @return 0 or errno */
int sipsnap_take(struct sipsnap **sp, const struct fp_sip *sip);

/** Messages of a kind (SIP_COUNT_*) a second; a counter that fell began anew */
double sipsnap_kind(const struct sipsnap *a, const struct sipsnap *b,
		    unsigned kind);

/** Of b's i'th target; one that was not in a, or became another, began at 0 */
struct sipsnap_rate sipsnap_rate(const struct sipsnap *a,
				 const struct sipsnap *b, size_t i);

/** Address of a target */
void sipsnap_addr(const struct sip_target *t, struct sa *sa);

/** "usable", "down", "gone" */
const char *sipsnap_state(const struct sip_target *t);

#endif
