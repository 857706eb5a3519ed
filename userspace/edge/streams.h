/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file edge/streams.h  The table of connections; for stream.c and streamout.c alone
 */
#ifndef CAROM_EDGE_STREAMS_H
#define CAROM_EDGE_STREAMS_H

#include "sip/conntable.h"
#include "edge/stream.h"

enum { REFUSALS = 256 };

/** TCP to there was refused, not long ago */
struct refusal {
	struct sa addr;
	uint64_t when; /**< ms                                           */
};

struct streams {
	struct stream_conf conf;
	struct policy *policy;
	struct count *count;
	stream_msg_h *msgh;
	stream_fail_h *failh;
	void *arg;
	const struct sip_watcher *watcher;
	struct conntable table;
	struct refusal refusalv[REFUSALS]; /**< by the address's hash    */
};

/** Is there room for one more, of a peer that we trust or not? */
bool streams_room(const struct streams *s, bool trusted);

const struct conn_handlers *streams_handlers(void);

/** A new connection */
void streams_add(struct streams *s, struct conn *c, unsigned listener);

/** It is open: send what waits */
void streamout_flush(struct conn *c);

/** It is closed: do what is to be done instead */
void streamout_fail(struct streams *s, struct conn *c);

#endif
