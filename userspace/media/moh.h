/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/moh.h  Music on hold: what who is put on hold hears
 *
 * A party's proxy says with its offer or answer what its peer is to hear while the party
 * holds it: from the answer to an offer that is sendonly or inactive, or without an address,
 * until the answer to one that is not (RFC 3264 8.4, RFC 6337 5.3).
 */
#ifndef CAROM_MEDIA_MOH_H
#define CAROM_MEDIA_MOH_H

#include "media/call.h"

/** How hold shows in a section of an SDP that goes out */
struct moh_edit {
	bool on;
	enum sdp_dir dir; /**< instead of the SDP's                     */
	bool zero;        /**< c= is 0.0.0.0, or ::                     */
};

/**
 * What the options say holds for a party's peers from now on; where they say nothing, what
 * there is stays
 *
 * @return 0; EINVAL, ENOTSUP (no media workers), what sounds_get() says; e says which
 */
int moh_take(struct party *p, const struct media_opts *o, struct media_err *e);

/** An offer of p's goes on: who is held is told that we send */
void moh_offer(struct moh_edit v[SDPX_MEDIA_MAX], const struct party *p,
	       const struct sdpx *sdp);
/** The answer to p's offer goes back: it has to fit that (RFC 3264 6.1) */
void moh_answer(struct moh_edit v[SDPX_MEDIA_MAX], const struct party *p,
		const struct sdpx *sdp);

/**
 * Streams are as agreed: music begins and ends. Before call_apply(). What cannot be played
 * is logged, and no reason to fail
 *
 * @return Has anything changed?
 */
bool moh_look(struct media_call *c);

/** Add it to a stored party, and read it again. A blob is not kept. @return 0, ENOMEM */
int moh_put(struct odict *o, const struct party *p);
int moh_load(struct party *p, const struct odict *o);

#endif
