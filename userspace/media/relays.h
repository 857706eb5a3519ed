/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/relays.h  Allocations at the TURN server: some are kept ready, so that an offer
 *                       need not wait for one
 *
 * A stream takes one when its side of ICE begins (media/terms_ice.c), and leaves it when it
 * ends or when it has come to a pair that is better. If the server is away, or has no more,
 * calls go on without; it is asked again, ever more rarely. Private to userspace/media.
 */
#ifndef CAROM_MEDIA_RELAYS_H
#define CAROM_MEDIA_RELAYS_H

#include "media/relayport.h"

struct relays;

/** Figures */
struct relays_stats {
	uint64_t ready, used; /**< now                                      */
	uint64_t pairs;       /**< of those used: whose pair is by it         */
	uint64_t allocated;   /**< that there were                          */
	uint64_t missing;     /**< times that a stream wanted one, and none was
				   ready                                    */
	uint64_t failed[TURN_WHYS]; /**< by why                             */
	uint64_t rx, tx; /**< packets by them                          */
};

/** Begin; without a server nothing is done. conf is copied.
 *  @return 0, EINVAL (e says why), ENOMEM */
int relays_alloc(struct relays **rsp, struct media *m,
		 const struct media_turn_conf *conf, struct media_err *e);
/** This process ends: those that are in use stay */
void relays_close(struct relays *rs);

void relays_stats(const struct relays *rs, struct relays_stats *st);
const struct sa *relays_server(const struct relays *rs);
/** How the server stands, in a word or two */
const char *relays_text(const struct relays *rs);

/** A stream wants one for its checks: s->relay; none, if there is none for its interface */
void relays_take(struct stream *s);
/** It needs it no more, or loses it with its port */
void relays_give(struct stream *s);
/** Checks have come to a pair. What is not needed any more goes after a while */
void relays_nominated(struct stream *s);
/** One of a former process, if its stored object has any */
void relays_resume(struct stream *s, const struct odict *o);

/** Is the pair that it has come to by the relay? */
bool stream_relayed(const struct stream *s);
/** What came by it, beside what the kernel counted at a leg of the stream's */
void stream_relay_add(const struct stream *s, struct fp_leg_stats *st);
/** CLOCK_MONOTONIC ns when something of its media came by it last, 0 never */
uint64_t stream_relay_heard(const struct stream *s);

#endif
