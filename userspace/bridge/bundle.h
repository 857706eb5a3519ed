/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file bridge/bundle.h  One transport that members of several bridges share
 *                        (BUNDLE, RFC 9143)
 *
 * It has the port and the SRTP contexts; what comes is handed to the member that it is
 * for: by the MID in its header, else by its SSRC, else by its payload type (RFC 9143
 * 9.2), RTCP by the SSRCs that it tells of. All of them are on one worker.
 */
#ifndef CAROM_BRIDGE_BUNDLE_H
#define CAROM_BRIDGE_BUNDLE_H

#include <re.h>
#include "plane/plane.h"

enum {
	BUNDLE_MEMBERS = 32,
	BUNDLE_SSRCS = 64, /**< that are remembered; the oldest goes first */
};

struct bundle;

/** STUN, DTLS that came: on the signalling loop. Types as of bridge_event_h */
typedef void(bundle_event_h)(unsigned type, const struct sa *src,
			     const uint8_t *p, size_t n, void *arg);

/** Figures of what came for none of the members */
struct bundle_stats {
	uint64_t unknown;   /**< RTP                     */
	uint64_t malformed; /**< neither RTP nor another */
};

/**
 * Open the transport's port. Members join with bridge_alloc() (bridge_member.bundle)
 *
 * @param bp      Pointer to the object (mem_deref when done). The port closes with the
 *                last member; events end at once
 * @param worker  0..plane_workers() - 1; its bridges' too
 *
 * @return 0, EINVAL, ENOMEM, or what plane_port_open() says
 */
int bundle_alloc(struct bundle **bp, struct plane *pl, unsigned worker,
		 const struct sa *local, bundle_event_h *eventh, void *arg);

/** Who has it needs it no more: no event from here on, the port goes with its members */
void bundle_close(struct bundle *b);

unsigned bundle_worker(const struct bundle *b);
const struct sa *bundle_local(const struct bundle *b);
/** Has its port a socket of its own? */
bool bundle_plain(const struct bundle *b);
void bundle_stats(const struct bundle *b, struct bundle_stats *st);

/** Send a datagram of the signalling loop's (STUN, DTLS). @return 0, EINVAL, ENOBUFS */
int bundle_send(struct bundle *b, const struct sa *dst, const uint8_t *p,
		size_t n);

#endif
