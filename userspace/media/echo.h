/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file media/echo.h  Parties that hear themselves, and parties that nobody hears
 *                     (media-echo)
 *
 * It holds from the answer on, for the rest of the call or until a driver says otherwise.
 * Private to userspace/media.
 */
#ifndef CAROM_MEDIA_ECHO_H
#define CAROM_MEDIA_ECHO_H

#include "media/call.h"

/**
 * Can what an answer wants be had? Who passes keys of its own would get back what it cannot
 * read; an offer that wants it has us end them
 *
 * @return 0, ENOTSUP (e says why)
 */
int echo_check(const struct media_opts *o, const struct party *from,
	       const struct party *to, struct media_err *e);

/** What an offer or answer wants comes into force. @param sender, reader  Whose SDP it has,
 *  and who gets it */
void echo_take(const struct media_opts *o, struct party *sender,
	       struct party *reader);

/** Must keys end here for it? */
bool echo_wanted(const struct media_opts *o, const struct party *a,
		 const struct party *b);

/** Does what a stream sends go back to it? Not while a fax gateway is between the two */
bool echo_back(const struct stream *s);
/** Is what it sends discarded, as it or its peer wants it? */
bool echo_sunk(const struct stream *s);
/** Whom what it sends is for: itself, where it goes back; else its peer, NULL: none */
struct stream *echo_far(const struct stream *s);

#endif
