/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/group.h  a=group:BUNDLE (RFC 9143): which sections of a party share a
 *                      transport, and what it is told of that
 *
 * Each party has a group of its own, or none: towards the other one its sections have
 * ports of their own. What is bundled is what we open by DTLS; of its streams one, the
 * carrier, has ports, keys and ICE for all. Private to userspace/media.
 */
#ifndef CAROM_MEDIA_GROUP_H
#define CAROM_MEDIA_GROUP_H

#include "media/call.h"

struct terms_edit;

enum { GROUP_LINE = SDPX_MEDIA_MAX * (GROUP_MID + 1) };

/** How an SDP changes for it: part of what edit_write() does. Zeroed: not at all */
struct group_edit {
	char line[GROUP_LINE]; /**< of the session, behind "a="; "" none */
	char textv[SDPX_MEDIA_MAX][GROUP_MID];
	struct pl midv[SDPX_MEDIA_MAX]; /**< a=mid that is put in; "" none */
	bool only[SDPX_MEDIA_MAX];      /**< becomes bundle-only           */
	bool refuse[SDPX_MEDIA_MAX];    /**< could be in the group alone   */
};

/**
 * An offer: what `from` has of a group is noted, and `to` is told of one where the
 * driver wants it, or has one
 *
 * @param tev, rtcpv  Per section, what `to` is told: changed
 *
 * @return 0, ENOMEM, ENOSPC (no mid is left)
 */
int group_offer(struct group_edit *g, const struct media_opts *o,
		const struct sdpx *sdp, struct party *from, struct party *to,
		struct terms_edit *const *tev, enum sdpx_rtcp *rtcpv);

/**
 * Its answer, which has come into force otherwise: sections join. What `from` is told
 *
 * @return 0, ENOMEM, or what stream_ports() says
 */
int group_answer(struct group_edit *g, const struct media_opts *o,
		 const struct sdpx *sdp, struct party *from, struct party *to,
		 struct terms_edit *const *tev, enum sdpx_rtcp *rtcpv);

/** To a stored stream, and from there */
int group_put(struct odict *o, const struct grouped *g);
void group_load(struct grouped *g, const struct odict *o);

#endif
