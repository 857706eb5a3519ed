/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file provider/loop.h  A call that comes back to us (RFC 3261 16.3 item 4, RFC 5393)
 *
 * A provider, or a route, may lead back here. The branch of our Via says what the call
 * was routed by: where the same comes again it would go the same way for ever. One that
 * comes back changed (a number rewritten) is no loop yet, but is not let through without
 * end: with a failover at each turn it would become thousands.
 */
#ifndef CAROM_PROVIDER_LOOP_H
#define CAROM_PROVIDER_LOOP_H

#include <re.h>
#include "sip/msg.h"

enum {
	LOOP_MARK = 32,
	LOOP_TURNS = 4, /**< times that a call may have been here          */
};

/** This process's own; who has not seen the key can make no mark */
struct loop {
	uint64_t key[2];
};

int loop_init(struct loop *l);

/** What the branch of our Via says of an INVITE, as it came */
void loop_mark(const struct loop *l, char mark[LOOP_MARK], const struct msg *m,
	       bool inbound);

/** Has it been here, to be routed by the same; or LOOP_TURNS times, by whatever? */
bool loop_found(const struct loop *l, const struct msg *m, bool inbound);

#endif
