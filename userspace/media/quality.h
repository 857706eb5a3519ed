/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/quality.h  How streams sound where they are heard: opinion scores (G.107)
 *
 * Where RTCP passes, who hears a stream reports on all of its way. Where media is encoded
 * here, there are two ways, and reports of each: what came to us is known of our own
 * count, and what goes out by the receiver's reports. Both together are the stream's.
 */
#ifndef CAROM_MEDIA_QUALITY_H
#define CAROM_MEDIA_QUALITY_H

#include <re.h>

struct stream;
struct media_call;

enum {
	QUALITY_MS = 5000, /**< between two looks, as between two reports     */
	QUALITY_LEAST_MS =
		1000, /**< that a look at the end may follow in      */
};

/** At one moment, or a sum of several */
struct quality_sample {
	double mos;       /**< 1 bad .. 4.5                               */
	double loss;      /**< share of packets, 0..1                     */
	double jitter_ms; /**< where it is heard                          */
	double rtt_ms;    /**< there and back, 0 not known                */
	uint64_t at;      /**< s, wall clock                              */
};

/** All of them. Zeroed: none */
struct quality {
	unsigned samples;
	struct quality_sample sum, low, high;
};

/** What was counted when a stream was looked at last */
struct quality_count {
	uint64_t at; /**< ms; 0: never                                 */
	uint64_t packets, lost, late;
	uint32_t reports; /**< of who hears it                            */
};

void quality_add(struct quality *q, const struct quality_sample *x);
/** @return false: there is no sample */
bool quality_average(struct quality_sample *x, const struct quality *q);

/** s has reported, in RTCP that passes, of how its peer sounds there */
void quality_reported(const struct stream *s);

/**
 * Look at the streams of a call that end and begin here
 *
 * @param now    ms, of media_now()
 * @param least  ms that have to have gone by since the last look
 */
void quality_look(struct media_call *c, uint64_t now, uint64_t least);

#endif
