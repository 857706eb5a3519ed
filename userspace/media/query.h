/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/query.h  What the files of the query command share
 */
#ifndef CAROM_MEDIA_QUERY_H
#define CAROM_MEDIA_QUERY_H

#include <re.h>
#include "media/call.h"

/** Packets, bytes and errors, of RTP and of RTCP */
struct sums {
	uint64_t packets[2], bytes[2], errors[2];
};

/** One port of a stream (0 RTP, 1 RTCP), in rtpengine's keys */
int query_port(struct odict *arr, const struct stream *s, unsigned i,
	       struct sums *sum, struct odict *ssrcs);

/** What the agent does for a stream, where it has it, in `o` */
int query_agent(struct odict *o, const struct stream *s);

/** The TURN server, where there is one, and what is had of it */
int statistics_turn(struct odict *out, const struct media *m);

/** Media workers and their figures */
int statistics_workers(struct odict *out, const struct media *m);

#endif
