/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/exchange.h  An offer or an answer being worked on: what both have, and how
 *                         both end
 *
 * Private to userspace/media.
 */
#ifndef CAROM_MEDIA_EXCHANGE_H
#define CAROM_MEDIA_EXCHANGE_H

#include "media/group.h"
#include "media/moh.h"
#include "media/terms.h"

struct exchange {
	const struct media_opts *o;
	struct sdpx *sdp;
	struct media_call *call;
	struct party *from;    /**< who made the offer                    */
	struct party *to;      /**< who answers it                        */
	struct filter *filter; /**< NULL: all formats go on               */
	enum sdpx_rtcp rtcpv[SDPX_MEDIA_MAX];
	struct terms_edit *tev[SDPX_MEDIA_MAX];
	struct moh_edit mohv[SDPX_MEDIA_MAX];
	struct group_edit group;
	bool stored; /**< the call was, or it was tried                  */
	struct media_err *e;
};

/**
 * The SDP is rewritten, the call stored, the fast path told: in this order, so that the
 * store knows of a call before anybody is told of its ports
 *
 * @param reader  Whom the SDP goes to
 * @param out     Written at its position
 *
 * @return 0, or why not; e says it
 */
int exchange_finish(struct exchange *x, struct party *reader, struct mbuf *out);

/** Free what it has made */
void exchange_reset(struct exchange *x);

#endif
