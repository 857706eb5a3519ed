/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/absent.h  Sections that a party is not shown (sdp-media-remove)
 *
 * Both sides of a call count their sections alike here. In what a party is sent those
 * that it does not know are left out; in what it says they are put back, with port 0, as
 * if it had refused them. Private to userspace/media.
 */
#ifndef CAROM_MEDIA_ABSENT_H
#define CAROM_MEDIA_ABSENT_H

#include "media/call.h"

/**
 * Which sections of an offer its receiver is not shown: those of a kind that is to be
 * removed, from when they are new to it on, for the rest of the call. One that it has been
 * shown cannot vanish (RFC 3264 8): it is refused to it
 *
 * @param refusev  Set to true for these
 *
 * @return 0, ENOTSUP (it would be shown none; e says so), ENOMEM
 */
int absent_offer(bool refusev[SDPX_MEDIA_MAX], const struct media_opts *o,
		 const struct sdpx *sdp, struct party *to, struct media_err *e);

/** Is it one that its party does not know? */
bool absent_is(const struct stream *s);

/**
 * The SDP of a party with the sections that it does not know
 *
 * @param textp  Set to an allocated string; NULL: it knows them all, body is whole
 *
 * @return 0, ENOMEM
 */
int absent_fill(char **textp, const struct pl *body, const struct party *p);

/** Put into the store and read again */
int absent_put(struct odict *o, const struct stream *s);
int absent_load(struct stream *s, const struct odict *o);

#endif
