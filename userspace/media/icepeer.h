/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/icepeer.h  What a party says of its side of ICE (RFC 8839, 8838)
 */
#ifndef CAROM_MEDIA_ICEPEER_H
#define CAROM_MEDIA_ICEPEER_H

#include "ice/full.h"
#include "media/sdp.h"

/** What a party says of its side of ICE */
struct ice_peer {
	char ufrag[LITE_NAME_MAX + 1];
	char pwd[LITE_NAME_MAX + 1];
	char mid[32]; /**< of its section, "" none                        */
	bool lite;    /**< a=ice-lite                                     */
	bool trickle; /**< a=ice-options:trickle: more candidates may come */
	bool ended;   /**< until a=end-of-candidates                      */
	struct {
		struct sa addr;
		uint32_t prio;
	} candv[FULL_CANDS]; /**< of the first component                    */
	unsigned candc;
};

/** What a section says. @return whether it takes part in ICE */
bool icepeer_read(struct ice_peer *p, const struct sdpx *sdp, size_t i);

/** The candidates of a section, or of the session, beside those that there are, and
 *  whether they were the last (RFC 8838 13) */
void icepeer_add(struct ice_peer *p, const struct sdpx *sdp, size_t i);

#endif
